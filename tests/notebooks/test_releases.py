"""A release needs no answer but in its exercises; `test_bootstrap` executes each of them."""

import ast

import pytest

from grading.release.source import source_notebook
from helpers.lessons import LESSONS

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


@each_lesson
def test_the_story_needs_no_answer(lesson):
    """With it, and with the executed solution, all of a release runs but the exercises."""
    for cell in source_notebook(lesson).cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            assert not names_needed(cell.source) & set(lesson.exercises), cell.id


def names_needed(source):
    """Return the names that a cell reads; what it only tries (`if_answered`) is left out."""
    tree = ast.parse(source)
    tried = {
        (node.lineno, node.col_offset)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "if_answered"
        for node in ast.walk(call)
        if isinstance(node, ast.Name)
    }
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and (node.lineno, node.col_offset) not in tried
    }
