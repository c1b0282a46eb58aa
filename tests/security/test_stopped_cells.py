"""Cells that stop early must not cost names of the release, nor names of the student's own.

Each fault is at the top of four cells of one notebook: the bootstrap, the imports, a cell of the
story and an answer. Below it are what the release has there, and something of the student's own.
The answer says which of all these names it cannot see.
"""

import pytest
import small_course
from nbformat.v4 import new_code_cell

from grading.intake.realign import realign
from grading.judging.session import grade
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.contents import environment
from grading.sandbox.warm import warm_kernels

DEPENDS_ON = ("grading/inside",)  # this code runs in other processes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here"),
]

# What the release has, by cell, and what a student writes below it. `len` is called so that these
# names cannot be set by running a part of a cell again.
RELEASED = {
    "bootstrap": "import string\n\nlong_training()",
    "imports": "import math\nfrom collections import Counter\n\nwidth = len('abc')",
    "story": "from functools import reduce\nlengths = [len(word) for word in ('a', 'bc')]",
}
OWN = {
    "bootstrap": "import colorsys\nCOLOURS = 3",
    "imports": "import bisect\n\ndef found(names):\n    return bisect.bisect(names, 3)",
    "story": "import heapq\nSMALL = {'a': 1}",
}
NAMES = ["string", "math", "Counter", "width", "reduce", "lengths"]
NAMES += ["colorsys", "COLOURS", "bisect", "found", "heapq", "SMALL", "textwrap"]
ANSWER = """import textwrap

def double(numbers):
    gone = [name for name in {names} if name not in globals()]
    assert not gone, f"{{gone}} gone"
    return [2 * number for number in numbers]
"""
# For each fault: its code, what the note says, and the name that it leaves.
TROUBLES = {
    "a package": ("import polars as pl\nframe = pl.DataFrame({'a': [1]})", "'polars'", ""),
    "one of several": ("import re, polars, ast", "'polars'", "ast"),
    "tensorflow": ("import tensorflow as tf\nprint(tf.__version__)", "'tensorflow'", ""),
    "colab": (
        "from google.colab import drive\ndrive.mount('/content/drive')",
        "'google.colab'",
        "",
    ),
    "%pip": ("%pip install polars\nimport polars", "'polars'", ""),
    "!pip": ("!pip install -q polars\nimport polars", "'polars'", ""),
    "widget": ("%matplotlib widget", "%matplotlib widget", ""),
    "no magic": ("%of_an_extension", "`%of_an_extension` not found", ""),
    "extension": ("%load_ext of_nobody", "'of_nobody'", ""),
    "shell": ("files = !ls\nimport polars", "'polars'", ""),
    "no helper": ("import helpers.nope", "'helpers.nope'", ""),
    "instead": ("try:\n    import polars\nexcept ImportError:\n    polars = None", None, "polars"),
    "instead, below": (
        "import polars\ntry:\n    import re2\nexcept ImportError:\n    !pip install re2\n"
        "    re2 = 0\nelse:\n    pass",
        "'polars'",
        "re2",
    ),
}


def release():
    """Return the release of the small course, with three more cells before its exercises."""
    made = small_course.release()
    made.cells[1:1] = [new_code_cell(source, id=name) for name, source in RELEASED.items()]
    made.cells[1].metadata["tags"] = ["lesson-only"]
    return made


def handed_in(trouble, name):
    made = release()
    for cell in made.cells:
        if cell.id in OWN:
            cell.source = f"{trouble}\n{cell.source}\n{OWN[cell.id]}"
        elif cell.id == "double":
            names = [*NAMES, *([name] if name else [])]
            cell.source = f"{trouble}\n{ANSWER.format(names=names)}"
        elif cell.id == "total":
            cell.source = small_course.TOTAL
    return made


def without_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata.clear()
        cell.pop("id")
    return notebook


@pytest.fixture(scope="module", autouse=True)
def kernels():
    with warm_kernels(environment(), []):
        yield


@pytest.mark.parametrize("lose", [False, True], ids=["with metadata", "without"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_cell_that_stops_early_costs_no_name(trouble, lose, key):
    source, missing, name = TROUBLES[trouble]
    notebook = handed_in(source, name)
    aligned, _ = realign(without_metadata(notebook) if lose else notebook, release())
    result = grade(aligned, key, 3, small_course.LIMITS, "bubblewrap")
    ended = {verdict.exercise: (verdict.status, verdict.text) for verdict in result.verdicts}
    assert {exercise: status for exercise, (status, _) in ended.items()} == {
        "double": "passed",
        "total": "passed",
    }, ended
    assert len(result.notes) == (missing is not None)
    assert (missing or "") in " ".join(result.notes)


def test_a_student_s_own_fault_above_an_answer_stays_one(key):
    aligned, _ = realign(handed_in("1 / 0", ""), release())
    result = grade(aligned, key, 3, small_course.LIMITS, "bubblewrap")
    assert [verdict.status for verdict in result.verdicts] == ["error", "passed"]
    assert result.notes == []
