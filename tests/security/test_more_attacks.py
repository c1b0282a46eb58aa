"""Attacks in a batch, graded together with an honest answer: false replies and their senders.

Each must end as listed, and the honest answer must keep its points; no receipt mentions a second
attempt that its notes do not explain.
"""

import shutil

import pytest
import small_course
from attacks import RIGHT, WRONG, Attack, _function, forging
from submissions import GOOD, left_over, put_submission

from grading.batch import pool
from grading.paths import ROOT
from grading.records.receipts import read_receipt, receipt_path
from grading.sandbox.commands import find_bubblewrap

DEPENDS_ON = ("grading/inside", "grading/sandbox/launch.py")  # this code runs in other processes

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

KERNEL = "kernel = get_ipython().kernel\n"
ATTACKS = (
    Attack(
        7,
        "changes a reply while it is made",
        """
import sys

def profiler(frame, event, value):
    if frame.f_code.co_name == "_outcome" and event == "return" and isinstance(value, dict):
        value.pop("result", None)
        value["passed"] = True

sys.setprofile(profiler)
"""
        + WRONG,
        "tampered",
        "neither a result nor an error",
    ),
    Attack(
        7,
        "answers before it is asked, and again",
        KERNEL
        + """
from grading.inside.wire import encode

def send(stream, ident, parent):
    early = encode({"nonce": "0" * 16, "result": encode([2])})
    for _ in range(3):
        kernel.session.send(stream, "question_reply", {}, parent, ident=ident, buffers=[early])

kernel.shell_handlers["question_request"] = send
"""
        + RIGHT,
        "tampered",
        "another question",
    ),
    Attack(
        7,
        "sends messages of no form",
        KERNEL
        + """
for kind, content in (
    ("display_data", {"data": {"text/plain": ["a", {"b": 1}], "text/html": 5}}),
    ("error", {"ename": 1, "evalue": [], "traceback": {"a": 1}}),
    ("clear_output", None),
    ("stream", {"name": 3}),
):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
"""
        + RIGHT,
        "crashed",
    ),
    Attack(
        9,
        "stops the process that passes its questions on",
        "import os, signal\n" + _function("os.kill(os.getppid(), signal.SIGSTOP)", "return []"),
        "timed out",
    ),
    Attack(
        10,
        "ends when its answer is thrown away",
        "import os\nclass Bye(list):\n    __del__ = lambda self: os._exit(3)\n"
        + _function("return Bye()"),
        "crashed",
    ),
    Attack(10, "closes all files", "import os\nos.closerange(0, 1000)\n" + RIGHT, "crashed"),
    Attack(
        12,
        "forks, and both answer",
        "import os\n" + _function("os.fork()", "return [2 * number for number in numbers]"),
        "passed",
    ),
    Attack(
        26,
        "codes beyond their categories",
        forging(
            """b'{"series": [null, [null, "range", [0, 2, 1]], ["category", [[null, "numpy", """
            """["<i8", [1], 0]], false, ["|i1", [2], 1]]]]}'""",
            "(bytes(8), bytes([100, 120]))",
        ),
        "tampered",
    ),
    Attack(
        26,
        "an index without end",
        forging("""b'{"index": [null, "range", [0, 1000000000000000000000000, 1]]}'"""),
        "tampered",
    ),
    Attack(
        4,
        "a class that tells no name",
        "class Meta(type):\n    __name__ = property(lambda self: 1 / 0)\n"
        "    __module__ = property(lambda self: 5)\nclass Odd(metaclass=Meta): pass\n"
        + _function("return Odd()"),
        "failed",
        "The answer is a value that cannot be sent",
    ),
    Attack(
        4,
        "what is no number is its own key",
        _function("return {float('nan'): 1, float('nan'): 2}"),
        "failed",
        "got {nan: 2}",
    ),
    Attack(
        34,
        "leaves an input that cannot be read",
        _function("doubled = [2 * number for number in numbers]", "numbers.append(numbers)")
        + "    return doubled\n",
        "failed",
        "What is left of the input cannot be read",
    ),
    Attack(
        31,
        "cannot import two hundred modules",
        "".join(f"import nothing_{number}\n" for number in range(200)) + RIGHT,
        "passed",
    ),
)
LIMITS = """
c.GradeInSandbox.cell_seconds = 60
c.GradeInSandbox.test_seconds = 15
c.GradeInSandbox.memory_bytes = 2**30
c.GradeInSandbox.processes = 200
"""
NOTES = {
    "cannot import two hundred modules": " and 195 more)",
    "sends messages of no form": "cell double: crashed",
    "closes all files": "cell double: crashed",
}
"""For each attack, what the teacher is told beside the verdict; about all others, nothing."""


def of(student):
    return student.replace(" ", "-").replace(",", "")


@pytest.fixture(scope="module", params=["cold", "warm"])
def course(request, released, tmp_path_factory):
    """Return a course in which all attacks and one honest answer were graded as one batch."""
    folder = shutil.copytree(released, tmp_path_factory.mktemp("batch") / "course")
    settings = (ROOT / "nbgrader_config.py").read_text()
    (folder / "nbgrader_config.py").write_text(settings + LIMITS)
    for attack in ATTACKS:
        answers = small_course.notebook(attack.answer, small_course.TOTAL)
        put_submission(folder, of(attack.name), answers)
    put_submission(folder, "honest", GOOD)
    students = [*(of(attack.name) for attack in ATTACKS), "honest"]
    tasks = [(small_course.NAME, student) for student in students]
    # `autograde` starts warm kernels; `_graded`, which it calls, does not.
    grading = pool.autograde if request.param == "warm" else pool._graded
    ended = dict(grading(tasks, folder, 2, "bubblewrap"))
    assert all(outcome.graded for outcome in ended.values()), ended
    return folder


def receipt_in(course, student):
    return read_receipt(receipt_path(course, student, small_course.NAME, small_course.NAME))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.row} {attack.name}")
def test_an_attack_in_a_batch_ends_as_it_must(attack, course):
    receipt = receipt_in(course, of(attack.name))
    double, total = receipt["tests"]
    assert double["status"] == attack.status, double
    assert attack.says in double["message"]
    assert double["points"] == (2.0 if attack.status == "passed" else 0.0)
    assert (total["status"], total["points"]) == ("passed", 1.0)
    told = NOTES.get(attack.name)
    assert len(receipt["notes"]) == (told is not None)
    assert all(told in note and len(note) < 500 for note in receipt["notes"])


def test_an_honest_student_among_attacks_has_all_points(course):
    receipt = receipt_in(course, "honest")
    assert [test["status"] for test in receipt["tests"]] == ["passed", "passed"]
    assert receipt["notes"] == []
    assert not left_over()
