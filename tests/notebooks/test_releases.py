"""Only exercises of a release need an answer; `test_bootstrap` executes each release."""

import ast

import pytest

from grading.release.source import source_notebook
from helpers.lessons import LESSONS

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


@each_lesson
def test_the_story_needs_no_answer(lesson):
    """Together with the executed solution, this shows that everything but the exercises runs."""
    for cell in source_notebook(lesson).cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            assert not names_needed(cell.source) & set(lesson.exercises), cell.id


def names_needed(source):
    """Return the names that a cell reads, except those that it only tries (`if_answered`).

    The body of a function is left out, too, if the cell defines it and nothing else calls it.
    """
    tree = ast.parse(source)
    calls = [
        call
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "if_answered"
    ]
    tried = {id(node) for call in calls for node in ast.walk(call)}
    elsewhere = read_outside(tree, tried)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name not in elsewhere:
            named = {part.id for call in calls for part in ast.walk(call) if is_name(part)}
            if node.name in named:
                tried |= {id(part) for part in ast.walk(node)}
    return read_outside(tree, tried)


def read_outside(tree, left_out):
    return {node.id for node in ast.walk(tree) if is_name(node) and id(node) not in left_out}


def is_name(node):
    return isinstance(node, ast.Name)


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("if_answered(lambda: mine(1), 'nothing')", False),
        ("def table():\n    return mine(1)\n\n\nif_answered(table, 'nothing')", False),
        ("def table():\n    return mine(1)\n\n\nif_answered(table, 'nothing')\ntable()", True),
        ("def table():\n    return mine(1)\n\n\ntable()", True),
        ("mine(1)", True),
    ],
)
def test_names_that_a_cell_only_tries_are_not_needed(source, needed):
    assert ("mine" in names_needed(source)) is needed
