"""What a figure depends on: the meaning of the code that its measurement reaches."""

import pytest

from benchmarks.meaning import WHOLE, Sources, constant

FILES = {
    "pool/__init__.py": "",
    "pool/mean.py": '''"""Averages."""
import numpy as np
from pool.sizes import ROWS, hidden

LIMIT = 3


def mean(values):
    """Return the mean."""
    # Of all of them.
    return np.mean(values[:LIMIT]) * ROWS


def other(hidden):
    return hidden
''',
    "pool/sizes.py": "ROWS = 2\n\n\ndef hidden():\n    return 7\n",
    "pool/worker.py": "def work():\n    return 1\n\n\nif __name__ == '__main__':\n    work()\n",
    "measure.py": """import sys

from pool.mean import mean


def measure():
    from pool import sizes

    return mean([sizes.hidden()])


def by_name():
    return [sys.executable, "-m", "pool.worker"]
""",
}
START = [("measure", "measure")]


@pytest.fixture
def repository(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def code(root, starts=START, declared=()):
    return Sources(root).reached(starts, declared).code


def change(root, name, old, new):
    text = (root / name).read_text()
    assert old in text
    (root / name).write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pool/mean.py", "# Of all of them.", "# Of the first ones."),
        ("pool/mean.py", "# Of all of them.\n", "\n\n"),
        ("pool/mean.py", "Return the mean.", "Return the average of some values."),
        ("pool/mean.py", '"""Averages."""\n', ""),
        ("pool/mean.py", "    return hidden\n", "    return hidden + 1\n"),
        ("pool/worker.py", "return 1", "return 2"),
        ("measure.py", "import sys\n", "import sys  # for its path\n"),
    ],
)
def test_changes_without_a_meaning_have_no_effect(repository, name, old, new):
    before = code(repository)
    change(repository, name, old, new)
    assert code(repository) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pool/mean.py", "LIMIT = 3", "LIMIT = 4"),
        ("pool/sizes.py", "ROWS = 2", "ROWS = 3"),
        ("pool/sizes.py", "return 7", "return 8"),
        ("pool/mean.py", "np.mean(", "np.median("),
        ("pool/mean.py", "import numpy as np", "import cupy as np"),
        ("pool/sizes.py", "ROWS = 2\n", "ROWS = 2\nprint(ROWS)\n"),
    ],
)
def test_reached_code_counts_however_far_away(repository, name, old, new):
    before = code(repository)
    change(repository, name, old, new)
    assert code(repository) != before


def test_a_file_may_move_and_be_split(repository):
    before = code(repository)
    (repository / "rooms").mkdir()
    (repository / "pool" / "sizes.py").rename(repository / "rooms" / "shape.py")
    change(repository, "rooms/shape.py", "ROWS = 2\n", "")
    (repository / "rooms" / "counts.py").write_text("ROWS = 2\n")
    change(
        repository,
        "pool/mean.py",
        "from pool.sizes import ROWS, hidden\n",
        "from rooms.counts import ROWS\n",
    )
    change(repository, "measure.py", "from pool import sizes\n", "from rooms import shape\n")
    change(repository, "measure.py", "sizes.hidden()", "shape.hidden()")
    assert code(repository) == before


def test_a_parameter_is_not_the_function_of_the_same_name(repository):
    found = Sources(repository).reached([("pool.mean", "other")]).places
    assert found == (("pool.mean", "other"),)


def test_a_module_named_in_a_string_is_reached_as_a_program(repository):
    starts = [("measure", "by_name")]
    before = code(repository, starts)
    change(repository, "pool/worker.py", "'__main__':\n    work()", "'__main__':\n    work() or 2")
    assert code(repository, starts) != before


def test_libraries_are_distinguished_from_modules_of_the_repository(repository):
    assert Sources(repository).reached(START).libraries == ("numpy",)


def test_a_declared_file_counts_as_a_whole_and_one_name_of_it_alone(repository):
    whole, alone = ["pool/mean.py"], ["pool/mean.py:mean"]
    before = [code(repository, [], declared) for declared in (whole, alone)]
    change(repository, "pool/mean.py", "    return hidden\n", "    return hidden + 1\n")
    after = [code(repository, [], declared) for declared in (whole, alone)]
    assert after[0] != before[0]
    assert after[1] == before[1]
    (repository / "numbers.json").write_text('{"a": 1, "b": 2}')
    before = code(repository, [], ["*.json"])
    (repository / "numbers.json").write_text('{\n "b": 2,\n "a": 1}\n')
    assert code(repository, [], ["*.json"]) == before
    (repository / "numbers.json").write_text('{"a": 1, "b": 3}')
    assert code(repository, [], ["*.json"]) != before


@pytest.mark.parametrize("declared", ["pool/gone.py", "gone/*.py"])
def test_a_declared_file_that_is_missing_is_an_error(repository, declared):
    with pytest.raises(FileNotFoundError, match="gone"):
        code(repository, [], [declared])


def test_a_start_that_is_missing_is_an_error(repository):
    with pytest.raises(FileNotFoundError, match="gone"):
        code(repository, [("gone", WHOLE)])


def test_a_constant_is_read_without_running_the_file(repository):
    (repository / "topic.py").write_text('import gone\nDEPENDS_ON = ("a", "b")\n')
    assert constant(repository / "topic.py", "DEPENDS_ON") == ("a", "b")
    assert constant(repository / "topic.py", "OTHER") is None
