import nbformat

from grading.steps.preprocessors import answer_key

SOLUTION = nbformat.writes(nbformat.v4.new_notebook()).encode()
TESTS = """
from grading.testing import grades

@grades("double")
def _(answer, rng):
    return {share}
"""


def key_of(path, share):
    path.write_text(TESTS.format(share=share))
    return answer_key({"solution": SOLUTION, "tests": path.read_bytes()}, path)


def test_one_key_serves_a_class(tmp_path):
    path = tmp_path / "hidden_tests.py"
    assert key_of(path, 0.5) is key_of(path, 0.5)


def test_tests_that_have_changed_make_another_key(tmp_path):
    path = tmp_path / "hidden_tests.py"
    shares = [key_of(path, share).tests["double"](None, None) for share in (0.5, 0.25)]
    assert shares == [0.5, 0.25]


def test_without_tests_the_key_has_none(tmp_path):
    key = answer_key({"solution": SOLUTION, "tests": b""}, tmp_path / "hidden_tests.py")
    assert key.tests == {}
