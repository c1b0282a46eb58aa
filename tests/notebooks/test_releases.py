"""A release as a student first runs it: only the exercises' own cells stop."""

import nbformat
import pytest
from nbclient import NotebookClient

from grading.paths import release_path
from helpers.lessons import LESSONS


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_untouched_release_stops_only_at_the_exercises(lesson, tmp_path):
    notebook = nbformat.read(release_path(lesson), as_version=4)
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
