"""A release as a student first runs it: only the exercises' own cells stop."""

import ast

import nbformat
import pytest
from nbclient import NotebookClient

from grading.build import source_notebook
from grading.paths import release_path
from grading.realign import realign
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


@pytest.mark.slow
@each_lesson
def test_untouched_release_stops_only_at_the_exercises(lesson, tmp_path):
    notebook = nbformat.read(release_path(lesson), as_version=4)
    if lesson.story_trains:
        # nbval runs such a story whole, and the test above ties the two.
        notebook, _ = realign(notebook, notebook)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=900, allow_errors=True, resources=resources).execute()
    for cell in notebook.cells:
        errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        exercise = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("test_")
        if exercise not in lesson.exercises:
            assert not errors, f"{cell.id}: {errors[0].ename}: {errors[0].evalue}"
            continue
        for error in errors:
            # A stub of a variable stops itself; a check says that nothing was attempted.
            assert error.ename in ("NotImplementedError", "CheckFailed")
            if error.ename == "CheckFailed":
                assert error.evalue.startswith(f"{exercise}: not attempted.")
        if cell.metadata.nbgrader.grade and cell.cell_type == "code":
            assert errors, f"the check of {exercise} passes on an untouched stub"
