"""Deadlines: what `deadlines.toml` says, what is taken off, and what students are told."""

import os
import re
import shutil
import tomllib
from datetime import UTC, datetime, time, timedelta

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin
from typer.testing import CliRunner

from course import app
from grading.intake.collect import collect
from grading.intake.submissions import DEADLINE, files_not_taken
from grading.records.deadlines import extend, refresh_everyone, refresh_penalties
from grading.records.late import (
    Deadlines,
    DeadlinesPlugin,
    Late,
    deadline_text,
    put_due_date,
    read_deadlines,
)
from grading.release.languages import LANGUAGES
from grading.settings import course_config, course_directory
from helpers.deadlines import FILE, Deadline, read_deadline
from helpers.lessons import LESSONS
from helpers.status import course_status, deadlines, status_page

NAME = LESSONS[0].name
DUE = datetime.fromisoformat("2030-01-31T23:59:00+01:00")
POLICY = "[late]\nper_day = 0.1\ndays = 7\n"
POINTS = 20.0


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return a course in which one student has reached 20 points; tests work on copies."""
    folder = tmp_path_factory.mktemp("graded")
    (folder / "solutions" / NAME).mkdir(parents=True)
    with Gradebook(course_directory(folder).db_url) as gradebook:
        gradebook.add_assignment(NAME)
        gradebook.add_notebook(NAME, NAME)
        gradebook.add_grade_cell("test", NAME, NAME, max_score=POINTS, cell_type="code")
        gradebook.add_student("ada")
        gradebook.add_submission(NAME, "ada")
        gradebook.find_grade("test", NAME, NAME, "ada").auto_score = POINTS
        gradebook.db.commit()
    return folder


@pytest.fixture
def course(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "course")


def set_deadline(course, due=DUE, policy=POLICY, name=NAME):
    (course / "deadlines.toml").write_text(f"{policy}[due]\n{name} = {due.isoformat()}\n")


def hand_in(course, when):
    folder = course / "submitted" / "ada" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "timestamp.txt").write_text(when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC"))


def taken_off(course):
    """Return the points that are taken off now."""
    refresh_penalties(NAME, ["ada"], course)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return gradebook.find_submission(NAME, "ada").late_submission_penalty or 0.0


def ledger(due, handed_in):
    """Calculate by hand: two points of twenty for each started day, all after seven days."""
    late, points = handed_in - due, 0.0
    if late > timedelta(days=7):
        return POINTS
    while late > timedelta(0):
        points, late = points + 2, late - timedelta(days=1)
    return points


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(microseconds=1), 2),
        (timedelta(seconds=1), 2),
        (timedelta(days=1), 2),
        (timedelta(days=1, seconds=1), 4),
        (timedelta(days=7), 14),
        (timedelta(days=7, seconds=1), 20),
        (timedelta(days=400), 20),
    ],
)
def test_what_is_taken_off_is_what_a_ledger_says(course, late, expected):
    set_deadline(course)
    hand_in(course, DUE + late)
    assert ledger(DUE, DUE + late) == expected
    assert taken_off(course) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("due", "handed_in", "expected"),
    [
        # The next day at the same local time: 23 hours later in spring, 25 in autumn.
        ("2030-03-30T23:59:00+01:00", "2030-03-31T23:59:00+02:00", 2),
        ("2030-10-26T23:59:00+02:00", "2030-10-27T23:59:00+01:00", 4),
        ("2030-10-26T23:59:00+02:00", "2030-10-27T22:59:00+01:00", 2),
    ],
)
def test_a_day_has_24_hours_also_when_the_clocks_change(course, due, handed_in, expected):
    due, handed_in = map(datetime.fromisoformat, (due, handed_in))
    set_deadline(course, due)
    hand_in(course, handed_in)
    assert taken_off(course) == pytest.approx(expected) == ledger(due, handed_in)


def test_an_extension_moves_the_beginning_of_being_late(course):
    set_deadline(course)
    hand_in(course, DUE + timedelta(days=3, seconds=1))
    assert taken_off(course) == pytest.approx(8)
    assert extend(NAME, "ada", DUE + timedelta(days=3), course) == DUE
    assert taken_off(course) == pytest.approx(2)
    extend(NAME, "ada", DUE + timedelta(days=4), course)
    assert taken_off(course) == 0


def test_a_day_of_an_extension_counts_to_its_end_and_a_time_as_it_is(course):
    def until(written):
        ended = CliRunner().invoke(app, ["extend", "ada", "1", written, "--course", str(course)])
        return ended.exit_code, " ".join(ended.output.split())

    set_deadline(course)
    day = DUE.astimezone().date() + timedelta(days=3)
    hand_in(course, datetime.combine(day, time(12)).astimezone())
    assert until(f"{day}T11:59")[0] == 0
    assert taken_off(course) == pytest.approx(2)
    status, said = until(str(day))
    assert status == 0
    assert f"until {day} 23:59" in said
    assert taken_off(course) == 0
    status, said = until("07.02.2030")
    assert status == 2
    assert "'07.02.2030' is neither a day nor a time: write 2030-02-07" in said


def test_a_date_that_is_not_in_the_file_is_the_gradebook_s(course):
    (course / "deadlines.toml").write_text(POLICY)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.find_assignment(NAME).duedate = datetime(2030, 1, 31)
        gradebook.db.commit()
    assert put_due_date(NAME, course) == datetime(2030, 1, 31, tzinfo=UTC)
    set_deadline(course, name="1")  # a lesson by its number
    assert put_due_date(NAME, course) == DUE
    (course / "deadlines.toml").unlink()
    assert put_due_date(NAME, course) == DUE


def test_a_date_of_what_is_not_released_yet_adds_nothing_to_the_gradebook(course):
    (course / "solutions" / "mine").mkdir()
    set_deadline(course, name="mine")
    assert put_due_date("mine", course) == DUE
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert [one.name for one in gradebook.assignments] == [NAME]


@pytest.mark.parametrize(("method", "expected"), [("none", 0), ("zero", POINTS)])
def test_without_a_policy_it_is_nbgrader_s_own(course, method, expected):
    setting = f"c.LateSubmissionPlugin.penalty_method = {method!r}\n"
    (course / "nbgrader_config.py").write_text(setting)
    set_deadline(course, policy="")
    hand_in(course, DUE + timedelta(days=1))
    assert taken_off(course) == expected


def test_a_teacher_s_own_plugin_stays(course):
    assert course_config(course).AssignLatePenalties.plugin_class is DeadlinesPlugin
    setting = "c.AssignLatePenalties.plugin_class = 'nbgrader.plugins.LateSubmissionPlugin'\n"
    (course / "nbgrader_config.py").write_text(setting)
    named = course_config(course).AssignLatePenalties.plugin_class
    assert named == f"nbgrader.plugins.{LateSubmissionPlugin.__name__}"
    set_deadline(course)
    hand_in(course, DUE + timedelta(days=1))
    assert taken_off(course) == 0


def test_no_points_and_points_below_zero_cost_nothing(tmp_path):
    (tmp_path / "deadlines.toml").write_text(POLICY)
    config = course_config(tmp_path)
    plugin = DeadlinesPlugin(config=config)
    assert plugin.late_submission_penalty("ada", -2.0, 1.0) is None
    assert plugin.late_submission_penalty("ada", 0.0, 1.0) is None
    assert plugin.late_submission_penalty("ada", 5.0, 1.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("late = 3", "late = 3 is not a table"),
        ("[late", "is not valid TOML"),
        ("[lat]\nper_day = 0.1", "lat = {'per_day': 0.1}: at the top may be late and due"),
        ("[late]\nperday = 0.1", "perday = 0.1: in [late] may be per_day and days"),
        ("[late]\nper_day = 10", "per_day = 10 is not a share: write a number from 0 to 1"),
        ("[late]\nper_day = -0.1", "per_day = -0.1"),
        ("[late]\nper_day = nan", "per_day = nan"),
        ("[late]\nper_day = true", "per_day = True"),
        ("[late]\ndays = -1", "days = -1 is not a number of days: write a whole number"),
        ("[late]\ndays = 1.5", "days = 1.5"),
        ("[due]\n1 = 2030-01-31T23:59:00", "1 = 2030-01-31 23:59:00 is not a time"),
        ("[due]\n1 = 2030-01-31", "such as 2030-01-31T23:59:00+01:00"),
        ("[due]\n1 = 0001-01-01T00:00:00+14:00", "out of range"),
        ("[due]\nelse = 2030-01-31T23:59:00Z", "is for an assignment that does not exist"),
        (f"[due]\n1 = 2030-01-31T23:59:00Z\n{NAME} = 2030-01-31T23:59:00Z", "a second date"),
    ],
)
def test_invalid_values_are_named_with_a_remedy(course, text, says):
    (course / "deadlines.toml").write_text(text)
    with pytest.raises(ValueError, match=r"deadlines\.toml") as refused:
        read_deadlines(course)
    assert says in str(refused.value)


def test_a_course_without_the_file_has_no_deadlines(tmp_path):
    assert read_deadlines(tmp_path) == Deadlines(None, {})


def test_a_command_ends_with_the_sentence(course):
    (course / "deadlines.toml").write_text("[late]\nper_day = 10\n")
    until = ["extend", "ada", "1", "2030-02-07", "--course", str(course)]
    result = CliRunner().invoke(app, until)
    assert result.exit_code == 2
    assert "per_day = 10 is not a share" in result.output


@pytest.mark.parametrize(
    ("late", "says"),
    [
        (
            Late(0.1, 7),
            "Late: 10 % of the points reached are taken off for each day (24 hours) begun",
        ),
        (Late(0.1, 7), "; after 7 days nothing counts."),
        (Late(0.075, 1), "7.5 % of the points reached"),
        (Late(0.075, 1), "after 1 day nothing counts."),
        (Late(0.0, None), "Late: all counts."),
        (Late(0.5, 0), "Late: nothing counts."),
    ],
)
def test_what_students_are_told_is_what_is_taken_off(late, says):
    assert says in late.sentence


def test_a_release_s_file_is_read_by_people_and_programs(tmp_path):
    text = deadline_text(NAME, DUE, Late(0.1, 7))
    first, second, *_ = text.splitlines()
    assert first == "# Hand in by Thursday 31 January 2030, 23:59 (UTC+01:00)."
    assert second.removeprefix("# ") == Late(0.1, 7).sentence
    assert tomllib.loads(text)["due"] == DUE
    (tmp_path / FILE).write_text(text)
    assert read_deadline(tmp_path, NAME) == Deadline(DUE, Late(0.1, 7).sentence)
    assert read_deadline(tmp_path, "another") is None
    mine = 'mine "or" \\ yours'
    (tmp_path / FILE).write_text(deadline_text(mine, DUE, None))
    assert read_deadline(tmp_path, mine) == Deadline(DUE)


@pytest.mark.parametrize(
    "late", [Late(0.1, 7), Late(0.1, 1), Late(0.1), Late(0.0, 0), Late(), None]
)
def test_a_release_s_file_says_the_same_in_every_language(tmp_path, late):
    english = tomllib.loads(deadline_text(NAME, DUE, late))
    for language in LANGUAGES:
        text = deadline_text(NAME, DUE, late, language)
        first, *_ = text.splitlines()
        assert first == "# Entrega hasta el jueves 31 de enero de 2030, 23:59 (UTC+01:00)."
        said = tomllib.loads(text)
        assert said.keys() == english.keys()
        for key in ("assignment", "due"):
            assert said[key] == english[key]
        if late:
            assert said["late"].startswith("Con retraso")
            assert re.findall(r"\d+", said["late"]) == re.findall(r"\d+", late.sentence)
            assert f"# {said['late']}\n" in text


def test_a_deadline_file_in_a_submission_is_accepted(tmp_path):
    for name in ("a.ipynb", DEADLINE, "b.txt"):
        (tmp_path / name).touch()
    assert DEADLINE == FILE
    assert files_not_taken(tmp_path, "a.ipynb") == ["b.txt was ignored: not the notebook"]


def test_a_folder_that_is_handed_in_whole_is_collected_without_a_complaint(tmp_path):
    folder = tmp_path / "work" / "ada"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text('{"cells": []}')
    (folder / DEADLINE).touch()
    taken, problems = collect(tmp_path / "work", NAME, tmp_path / "course")
    assert (list(taken), problems) == (["ada"], [])


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (timedelta(days=3, hours=2), "due 2030-01-31 23:59 (UTC+01:00), in 3 days"),
        (timedelta(hours=23), "in 23 hours"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(0), "in less than a minute"),
        (timedelta(seconds=-1), "was due 2030-01-31 23:59 (UTC+01:00), less than a minute ago"),
        (timedelta(days=-2), "2 days ago"),
    ],
)
def test_the_remaining_time_is_shown(left, says):
    assert says in Deadline(DUE).sentence(DUE - left)


def saved(folder, lesson, text):
    """Write a lesson's notebook as it was released, with this text in a file beside it."""
    (folder / lesson.name).mkdir()
    (folder / lesson.name / f"{lesson.name}.ipynb").write_text('{"cells": []}')
    (folder / lesson.name / FILE).write_text(text)


def test_status_says_when_lessons_are_due_and_what_being_late_costs(tmp_path):
    for lesson in LESSONS[:2]:
        saved(tmp_path, lesson, deadline_text(lesson.name, DUE, Late(0.1, 7)))
    found = deadlines(course_status(tmp_path), DUE - timedelta(days=2))
    date = "due 2030-01-31 23:59 (UTC+01:00), in 2 days"
    assert found == [f"{lesson.name}: {date}" for lesson in LESSONS[:2]] + [Late(0.1, 7).sentence]
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["status", str(tmp_path), "--page", str(page)])
    assert result.exit_code == 0, result.output
    for said in (result.output, page.read_text()):
        assert said.count("due 2030-01-31 23:59 (UTC+01:00), ") == 2
        assert said.count(Late(0.1, 7).sentence) == 1


def test_status_without_deadlines_says_nothing_of_them(tmp_path):
    (tmp_path / f"{NAME}.ipynb").write_text('{"cells": []}')
    found = course_status(tmp_path)
    assert deadlines(found, DUE) == []
    assert "due" not in status_page(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "due = ",
        "a = " + "[" * 100_000,
        f"assignment = '{NAME}'\ndue = 2030-01-31T23:59:00\n",
        f"assignment = '{NAME}'\ndue = 2030-01-31\n",
        f"assignment = '{NAME}'\ndue = 2030-01-31T23:59:00Z\nlate = 3\n",
    ],
)
def test_a_damaged_file_costs_one_line(tmp_path, text):
    saved(tmp_path, LESSONS[0], text)
    result = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert result.output.count("cannot be read: ask your teacher for the date") == 1
    assert "Next: " in result.output


def test_a_sentence_is_shown_and_never_run(tmp_path):
    late = "\\u001b[2J<script>document.title = 'mine'</script>[red]"
    saved(
        tmp_path, LESSONS[0], f'assignment = "{NAME}"\ndue = {DUE.isoformat()}\nlate = "{late}"\n'
    )
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["status", str(tmp_path), "--page", str(page)])
    assert "\x1b[2J" not in result.output
    assert "</script>[red]" in result.output
    assert "<script>" not in page.read_text()


def test_an_invalid_time_is_named_and_affects_no_other_student(course):
    with Gradebook(course_directory(course).db_url) as gradebook:
        gradebook.add_student("bob")
        gradebook.add_submission(NAME, "bob")
        gradebook.find_grade("test", NAME, NAME, "bob").auto_score = POINTS
        gradebook.db.commit()
    set_deadline(course)
    hand_in(course, DUE + timedelta(seconds=1))
    stamp = course / "submitted" / "ada" / NAME / "timestamp.txt"
    shutil.copytree(course / "submitted" / "ada", course / "submitted" / "bob")
    assert refresh_everyone(NAME, course) == {"ada": (0, 2), "bob": (0, 2)}
    hand_in(course, DUE + timedelta(days=1, seconds=1))
    (course / "submitted" / "bob" / NAME / "timestamp.txt").write_text("at some time")
    problems = []
    assert refresh_everyone(NAME, course, problems) == {"ada": (2, 4)}
    assert len(problems) == 1
    assert "bob: the time of handing in is unknown: timestamp.txt contains" in problems[0]
    stamp.unlink()
    os.mkfifo(stamp)  # a program that opens it would wait for ever
    export = ["export", "1", "csv", str(course / "out.csv")]
    for command in (export, ["extend", "ada", "1", "2031-01-01"]):
        ended = CliRunner().invoke(app, [*command, "--course", str(course)])
        assert ended.exit_code == 1, ended.output
        assert "ada: the time of handing in is unknown: timestamp.txt is not a file" in ended.output


def test_a_date_counts_at_an_export_where_nbgrader_says_what_being_late_costs(course):
    setting = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
    (course / "nbgrader_config.py").write_text(setting)
    set_deadline(course, policy="")
    hand_in(course, DUE + timedelta(days=1))
    table = course / "out.csv"
    for due, score in ((DUE, "0"), (DUE + timedelta(days=2), "20")):
        set_deadline(course, due, policy="")
        ended = CliRunner().invoke(app, ["export", "1", "csv", str(table), "--course", str(course)])
        assert ended.exit_code == 0, ended.output
        assert table.read_text().splitlines()[1].split(",")[4] == score
