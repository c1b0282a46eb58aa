"""A notebook that Colab or VS Code has saved is graded like the notebook itself."""

import json

import nbformat
import pytest
from editors import saved_by_colab, saved_by_vs_code

from grading.batch.made_up_class import half_right, submit
from grading.batch.pool import autograde
from grading.intake.realign import realign
from grading.paths import release_path, solution_path
from grading.records.gradebook import scores
from grading.release.languages import translated_path
from grading.sandbox.commands import NO_SANDBOX, find_bubblewrap
from grading.steps.outcomes import SUCCESS
from grading.steps.run_nbgrader import release
from helpers.lessons import LESSONS, lesson_named


def pasted_in_vs_code(notebook):
    """Return a notebook whose cells were pasted into a new one in VS Code, without their ids."""
    saved = saved_by_vs_code(notebook)
    saved |= {"nbformat_minor": 2}
    saved["metadata"]["orig_nbformat"] = 4
    for cell in saved["cells"]:
        cell["metadata"] = {"vscode": {"languageId": "python"}}
        del cell["id"]
    return saved


EDITORS = [saved_by_colab, saved_by_vs_code, pasted_in_vs_code]


def read(saved):
    """Return a saved notebook as the grader reads it."""
    return nbformat.reads(json.dumps(saved), as_version=4)


def handed_in(lesson, path):
    """Return the submission of a student with half of it right, and with a written answer."""
    notebook = nbformat.read(path, as_version=4)
    solved = half_right(lesson, notebook, nbformat.read(solution_path(lesson), as_version=4))
    (written,) = (name for name in lesson.exercises if name.startswith("written_"))
    (cell,) = (cell for cell in solved.cells if cell.id == written)
    cell.source = "In my own words:\n\n- the first reason;\n- the second."
    return solved


def aligned(notebook, lesson):
    """Return the release's own cells, with what the student has put into them."""
    cells = realign(notebook, nbformat.read(release_path(lesson), as_version=4))[0].cells
    return {cell.id: cell for cell in cells if not cell.id.startswith("own-")}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("save", EDITORS, ids=lambda save: save.__name__)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_answer_is_found_in_what_an_editor_saved(lesson, save, language):
    path = release_path(lesson) if language == "en" else translated_path(lesson, language)
    notebook = handed_in(lesson, path)
    found, expected = aligned(read(save(notebook)), lesson), aligned(notebook, lesson)
    assert list(found) == list(expected)
    for exercise in lesson.exercises:
        assert found[exercise].source == expected[exercise].source
    graded = [name for name, cell in expected.items() if "nbgrader" in cell.metadata]
    assert [found[name] for name in graded] == [expected[name] for name in graded]


@pytest.mark.slow
def test_what_an_editor_saved_has_the_scores_of_the_original(tmp_path):
    lesson = lesson_named("2")
    release([lesson], tmp_path)
    original = handed_in(lesson, release_path(lesson, tmp_path))
    spanish = handed_in(lesson, translated_path(lesson, "es"))
    copies = {save.__name__: save(original) for save in EDITORS}
    copies["spanish_saved_by_colab"] = saved_by_colab(spanish)
    submit(original, lesson, "original", tmp_path)
    for student, saved in copies.items():
        path = tmp_path / "submitted" / student / lesson.name / f"{lesson.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(saved, indent=1))
    tasks = [(lesson.name, student) for student in ("original", *copies)]
    # These submissions are our own, so they may be run without a sandbox if there is none.
    sandbox = "bubblewrap" if find_bubblewrap() else NO_SANDBOX
    assert dict(autograde(tasks, tmp_path, sandbox=sandbox)) == dict.fromkeys(tasks, SUCCESS)
    table = scores(tmp_path).pivot(index="exercise", columns="student", values="score")
    assert 0 < table["original"].sum() < lesson.points
    for student in copies:
        assert table[student].equals(table["original"]), table
