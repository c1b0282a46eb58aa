"""A lesson of two exercises, small enough to be attacked many times."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading.sandbox.limits import Limits

NAME = "sums"
SECRET = "nobody-in-the-box-may-read-this"

DOUBLE = "def double(numbers):\n    return [2 * number for number in numbers]\n"
TOTAL = "def total(numbers):\n    return sum(numbers)\n"
STUB = '    raise NotImplementedError("your answer goes here")\n'

HIDDEN_TESTS = f'''
"""Hidden tests; {SECRET}."""

from grading.testing import equal, grades, unchanged


@grades("double")
def _(answer, rng):
    for size in (0, 1, 5, 9):
        numbers = rng.integers(-1000, 1000, size).tolist()
        expected = [number + number for number in numbers]
        equal(unchanged(answer, numbers), expected, f"double of {{numbers}}")


@grades("total")
def _(answer, rng):
    numbers = rng.integers(-1000, 1000, 6).tolist()
    equal(answer(numbers), sum(numbers), f"total of {{numbers}}")
'''

# The same tests in the form of nbgrader's own grader: in graded cells, removed from the release.
CHECKS = ("assert double([1, 2]) == [2, 4]", "assert total([1, 2]) == 3")
IN_CELLS = (
    f"""
### BEGIN HIDDEN TESTS
# {SECRET}
import numpy as np

rng = np.random.default_rng()
for size in (0, 1, 5, 9):
    numbers = rng.integers(-1000, 1000, size).tolist()
    kept, expected = list(numbers), [number + number for number in numbers]
    got = double(numbers)
    assert got == expected, f"double of {{kept}}: expected {{expected}}, got {{got}}"
    assert numbers == kept, f"double changes {{kept}} to {{numbers}}"
### END HIDDEN TESTS""",
    """
### BEGIN HIDDEN TESTS
import numpy as np

numbers = np.random.default_rng().integers(-1000, 1000, 6).tolist()
expected, got = sum(numbers), total(numbers)
assert got == expected, f"total of {numbers}: expected {expected}, got {got}"
### END HIDDEN TESTS""",
)

# Small, so that tests reach them quickly. `SHORT` leaves enough time to see a cell loop.
LIMITS = Limits(
    cell_seconds=30,
    test_seconds=30,
    notebook_seconds=400,
    memory_bytes=2**30,
    processes=120,
    scratch_bytes=48 * 2**20,
    file_bytes=32 * 2**20,
    output_bytes=200_000,
)
SHORT = {"cell_seconds": 5, "test_seconds": 5}


def _cell(source: str, name: str, points: int = 0) -> NotebookNode:
    marks = {
        "grade": bool(points),
        "grade_id": name,
        "locked": bool(points),
        "schema_version": 3,
        "solution": not points,
        "task": False,
    }
    if points:
        marks["points"] = points
    return new_code_cell(source, id=name, metadata={"nbgrader": marks})


def notebook(double: str, total: str, hidden: tuple[str, str] = ("", "")) -> NotebookNode:
    """Return the lesson with these two answers, and with these hidden tests in its graded cells."""
    made = new_notebook(
        cells=[
            new_markdown_cell("# Sums", id="intro"),
            _cell(double, "double"),
            _cell(CHECKS[0] + hidden[0], "test_double", 2),
            _cell(total, "total"),
            _cell(CHECKS[1] + hidden[1], "test_total", 1),
        ]
    )
    made.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return made


def solution(hidden: tuple[str, str] = ("", "")) -> NotebookNode:
    """Return the instructor's notebook, with its answers between nbgrader's marks."""

    def marked(source: str) -> str:
        head, body = source.split("\n", 1)
        return f"{head}\n    ### BEGIN SOLUTION\n    # {SECRET}\n{body}    ### END SOLUTION\n"

    return notebook(marked(DOUBLE), marked(TOTAL), hidden)


def release() -> NotebookNode:
    """Return what a student gets."""
    return notebook(DOUBLE.split("\n")[0] + f"\n{STUB}", TOTAL.split("\n")[0] + f"\n{STUB}")


def write_course(folder: Path) -> None:
    """Write the instructor's part of a course folder."""
    room = folder / "solutions" / NAME
    room.mkdir(parents=True)
    nbformat.write(solution(), room / f"{NAME}.ipynb")
    (room / "hidden_tests.py").write_text(HIDDEN_TESTS)
