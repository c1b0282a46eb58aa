"""Students who handed in nothing are named in a class's table, with a dash, and in no figure."""

import io
import re
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook
from rich.console import Console
from typer.testing import CliRunner

from grading import cli
from grading.batch import demo
from grading.records.class_report import gradebook_table, write_report
from grading.records.deadlines import extend
from grading.records.gradebook import nothing_by_lesson, scores
from grading.records.handed_in import nothing_from
from grading.settings import nbgrader_config

LESSON, NEXT = "03_feature_extraction", "04_fine_tuning"
STRANGE = "<b>[red]eve"


@pytest.fixture
def course(tmp_path):
    """Return a course in which one of four students is graded, and one has only an extension."""
    nbgrader_config()  # puts the environment's scripts on PATH; nbgrader needs one of them
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        for lesson in (LESSON, NEXT):  # nobody has handed in the next lesson yet
            gradebook.add_assignment(lesson, duedate="2030-01-02 00:00:00 UTC")
            gradebook.add_notebook(lesson, lesson)
        gradebook.add_grade_cell("test_project", LESSON, LESSON, max_score=3, cell_type="code")
        for student in ("ada", "bob", "extended", STRANGE):
            gradebook.add_student(student)
        mark = gradebook.add_submission(LESSON, "ada").notebooks[0].grades[0]
        mark.auto_score, mark.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    extend(LESSON, "extended", datetime(2030, 1, 3, tzinfo=UTC), tmp_path)
    return tmp_path


def test_the_table_of_a_class_has_dashes_and_nothing_to_read(course):
    found = scores(course)
    assert list(found["student"]) == ["ada"]
    nothing = nothing_by_lesson(found, course)
    assert nothing == {LESSON: [STRANGE, "bob", "extended"]}
    table = gradebook_table(found, nothing)
    assert list(table.loc["ada"]) == ["2 / 3", "2 / 3", 0]
    for student in nothing[LESSON]:
        assert list(table.loc[student]) == ["–", "–", 0]


def test_the_page_of_a_class_names_them_and_shows_that_they_have_no_points(course):
    found = scores(course)
    write_report(found, "A class", course / "report.html", nothing_by_lesson(found, course))
    page = (course / "report.html").read_text(encoding="utf-8")
    assert f"<li>{LESSON}: &lt;b&gt;[red]eve, bob, extended</li>" in page
    assert "<b>" not in page
    map_of_points, table = page.split("<h2>Gradebook</h2>")
    assert table.count("<td>–</td>") == 6
    for student in ("bob", "extended", "&lt;b&gt;[red]eve"):
        row = f'<th scope="row">{student}</th><td class="nothing">–</td><td>–</td>'
        assert row in map_of_points
    assert '<th scope="row">ada</th><td class="s7">2</td><td>2 / 3</td>' in map_of_points


def test_the_demo_s_terminal_names_them(course):
    said = io.StringIO()
    demo._show(course, Console(width=200, file=said))
    assert f"{LESSON}: 3 handed in nothing: <b>[red]eve, bob, extended" in said.getvalue()
    assert re.search(r"bob +– +– +0", said.getvalue())


def test_asking_makes_no_gradebook(tmp_path):
    assert nothing_from(LESSON, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ["export", "1", "csv", "scores.csv"],
        ["feedback", "1"],
        ["report", "1"],
        ["extend", "ada", "1", "2030-01-01"],
        ["forget", "ada", "--yes"],
    ],
)
def test_a_command_in_another_folder_says_so_and_leaves_nothing_there(
    command, tmp_path, monkeypatch
):
    """If it created a gradebook there, `course restore` would refuse the folder."""
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(cli.commands, command)
    assert ended.exit_code == 2
    assert ended.output.startswith("✗ ")
    assert "Traceback" not in ended.output
    assert not list(tmp_path.iterdir())
    ended = CliRunner().invoke(cli.commands, [*command, "--course", "cuorse"])
    assert ended.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_work_is_not_collected_into_a_folder_without_a_course(tmp_path):
    (tmp_path / "in").mkdir()
    command = ["collect", "1", str(tmp_path / "in"), "--course", str(tmp_path / "cuorse")]
    ended = CliRunner().invoke(cli.commands, command)
    assert ended.exit_code == 2
    assert "correct --course, or create it" in " ".join(ended.output.split())
    assert not (tmp_path / "cuorse").exists()
