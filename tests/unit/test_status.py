"""`course status`: what saved notebooks show about a student's progress."""

import json
import os
import shutil

import nbformat
import pytest
from typer.testing import CliRunner

from course import app
from grading.paths import ROOT, release_path, solution_path
from helpers.checks.core import CheckFailed, CheckNotAttempted, run_check
from helpers.lessons import LESSONS, lesson_named
from helpers.status import course_status, lesson_status, next_exercise, status_page

LESSON = lesson_named("2")


def saved(folder, changes):
    """Write the release with some checks' outputs and texts, as a student would have saved it."""
    notebook = nbformat.read(release_path(LESSON), as_version=4)
    for cell in notebook.cells:
        for name, what in changes.items():
            if f'check("{name}")' in cell.source:
                cell.outputs = what
            elif cell.get("id") == name and cell.cell_type == "markdown":
                cell.source = what
    path = folder / f"{LESSON.name}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def shown(result):
    return [nbformat.v4.new_output("display_data", {"text/plain": str(result)})]


def failed(result):
    """Return the output of a failed check, in the form that `check` itself gives this result."""
    kind = CheckFailed if result.status == "wrong" else CheckNotAttempted
    return [nbformat.v4.new_output("error", ename=kind.__name__, evalue=str(result), traceback=[])]


def one_hot(*_):
    return None


def test_status_follows_what_the_checks_said_and_what_was_written(tmp_path):
    wrong, untouched = (run_check("one_hot", given) for given in ({"one_hot": one_hot}, {}))
    assert (wrong.status, untouched.status) == ("wrong", "not attempted")
    saved(
        tmp_path,
        {
            "build_vocabulary": shown(type(wrong)("build_vocabulary", "passed", "Well.")),
            "one_hot": failed(wrong),
            "wordpiece": failed(type(wrong)("wordpiece", "not attempted", "Replace it.")),
            "written_tokenizers": "Mine differ.",
        },
    )
    found = lesson_status(LESSON, tmp_path)
    assert found.exercises == {
        "build_vocabulary": "passed",
        "one_hot": "wrong",
        "wordpiece": "not attempted",
        "pad_batch": "not attempted",
        "padding_waste": "not attempted",
        "compare_tokenizers": "not attempted",
        "written_tokenizers": "written",
    }
    assert found.points == 2
    assert found.minutes_left == 85  # 12 of 14 points of 100 minutes, in steps of five
    assert next_exercise([found]) == f"Next: one_hot in {LESSON.name}, which is not right yet."


def test_executed_solutions_are_done_and_releases_are_not():
    done = course_status(ROOT / "solutions")
    assert [status.points for status in done] == [lesson.points for lesson in LESSONS]
    assert sum(status.minutes_left for status in done) == 0
    assert next_exercise(done) == "Everything is done."
    fresh = course_status(ROOT / "notebooks")
    assert not any(status.done for status in fresh)
    assert "summarize_dataset" in next_exercise(fresh)


def test_of_two_copies_the_one_saved_last_counts(tmp_path):
    old = tmp_path / LESSON.name / f"{LESSON.name}.ipynb"
    old.parent.mkdir()
    shutil.copy(solution_path(LESSON), old)
    os.utime(old, (1e9, 1e9))
    new = saved(tmp_path, {})
    assert lesson_status(LESSON, tmp_path).path == new
    new.write_text('{"cells": [')  # the editor was killed while it saved
    found = lesson_status(LESSON, tmp_path)
    assert (found.path, found.points) == (old, LESSON.points)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}']
)
def test_a_notebook_that_cannot_be_read_is_ignored(tmp_path, content):
    (tmp_path / f"{LESSON.name}.ipynb").write_text(content)
    assert lesson_status(LESSON, tmp_path).path is None


def test_a_copy_without_cell_ids_still_counts(tmp_path):
    notebook = json.loads(solution_path(LESSON).read_text())
    for cell in notebook["cells"]:
        cell.pop("id")
    (tmp_path / f"{LESSON.name}.ipynb").write_text(json.dumps(notebook))
    assert lesson_status(LESSON, tmp_path).points == LESSON.points


def test_command_prints_a_table_and_writes_a_page(tmp_path):
    saved(tmp_path / "mine", {})
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["status", str(tmp_path / "mine"), "--page", str(page)])
    assert result.exit_code == 0, result.output
    assert "0 of 7" in result.output
    assert "Next: summarize_dataset" in result.output
    assert "0 of 48 exercises done, worth 0 of 115 points" in page.read_text()


def test_a_folder_without_notebooks_is_named(tmp_path):
    result = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert result.exit_code == 1
    assert str(tmp_path) in result.output.replace("\n", "")


def test_page_shows_nothing_of_what_was_written(tmp_path):
    saved(tmp_path, {"written_tokenizers": "<script>document.title = 'mine'</script>"})
    page = status_page(course_status(tmp_path))
    assert "document.title" not in page
    assert "written_tokenizers (written)" in page


def test_checks_that_answered_in_spanish_count_as_well(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", "es")
    wrong = run_check("one_hot", {"one_hot": one_hot})
    assert "todavía no" in str(wrong)
    passed = type(wrong)("build_vocabulary", "passed", "Bien.")
    outputs = {
        "build_vocabulary": shown(passed),
        "one_hot": failed(wrong),
        "wordpiece": failed(run_check("wordpiece", {})),
    }
    saved(tmp_path, outputs)
    monkeypatch.delenv("COURSE_LANGUAGE")
    found = lesson_status(LESSON, tmp_path).exercises
    assert [found[name] for name in outputs] == ["passed", "wrong", "not attempted"]
