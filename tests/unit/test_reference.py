"""The course's own answers, run one cell at a time."""

from nbformat.v4 import new_code_cell, new_notebook

from grading.judging.reference import run_cell


def solution(*sources):
    marks = {"nbgrader": {"grade_id": "double", "solution": True}}
    *above, answer = sources
    cells = [*map(new_code_cell, above), new_code_cell(answer, metadata=marks)]
    return new_notebook(cells=cells)


def test_a_cell_finds_the_imports_above_it_and_nothing_else():
    names = run_cell(solution("import math\nused = 1", "def double(x): return 2 * x"), "double")
    assert {"math", "double"} <= set(names)
    assert "used" not in names


def test_annotations_are_those_of_a_kernel():
    """As text, they would be evaluated later, where pydantic does not find the cell's names."""
    names = run_cell(solution("", "def double(x: int) -> int: return 2 * x"), "double")
    assert names["double"].__annotations__ == {"x": int, "return": int}
