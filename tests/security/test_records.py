"""A course's records are backed up and restored, and a student's are removed on request."""

import contextlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile

import nbformat
import pytest
import small_course
from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from rich.console import Console
from submissions import GOOD, put_submission, through_the_exchange
from typer.testing import CliRunner

import grading.records.gradebook
from course import app
from grading.batch.assignment import grade_assignment
from grading.batch.pool import autograde
from grading.intake.submissions import submitted
from grading.paths import ROOT
from grading.records.backup import MANIFEST, back_up, restore
from grading.records.collected import read_names, write_names, zip_feedback
from grading.records.export import grades
from grading.records.forgetting import forget_student
from grading.records.gradebook import Mark, forget_scores, marks, read_again
from grading.records.receipts import (
    EARLIER,
    all_receipts,
    newest_receipt,
    receipt_path,
    recorded_verdicts,
    set_aside,
)
from grading.sandbox.commands import find_bubblewrap
from grading.settings import course_directory, nbgrader_config
from grading.steps.run_nbgrader import GradingError, generate_release, nbgrader_api

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

NAME = small_course.NAME
WRONG = small_course.notebook("def double(numbers):\n    return numbers", small_course.TOTAL)
POINTS = {"ada": 3.0, "bob": 1.0, "céline": 3.0}


@pytest.fixture(scope="module")
def graded(released, tmp_path_factory):
    folder = shutil.copytree(released, tmp_path_factory.mktemp("graded") / "course")
    for student, points in POINTS.items():
        put_submission(folder, student, GOOD if points == 3.0 else WRONG)
    outcomes = dict(autograde(submitted(NAME, folder), folder))
    assert all(outcome.graded for outcome in outcomes.values()), outcomes
    assert nbgrader_api(folder).generate_feedback(NAME)["success"]
    write_names(folder, NAME, {student: f"{student}_1_2_a.ipynb" for student in POINTS})
    return folder


@pytest.fixture
def course(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "course")


def points(course):
    return {grade.student: grade.score for grade in grades(NAME, course)}


def by_command(*arguments, **options):
    """Run one of the commands as an instructor does; a traceback fails the test."""
    outcome = CliRunner().invoke(app, [*map(str, arguments)], **options)
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit)
    return outcome


def files(course):
    return {
        path.relative_to(course).as_posix(): path.read_bytes()
        for path in course.rglob("*")
        if path.is_file() and path.name != "gradebook.db"
    }


def test_a_backup_brings_everything_back(course, tmp_path):
    count = back_up(course, tmp_path / "b.zip")
    there = tmp_path / "there"
    assert restore(tmp_path / "b.zip", there) == count
    assert files(there) == files(course)
    assert points(there) == POINTS
    assert recorded_verdicts(there, NAME, "bob") == recorded_verdicts(course, NAME, "bob")
    assert not list(there.glob(".restore-*"))


def test_a_backup_that_is_made_while_grading_goes_on_can_be_graded_on(course, tmp_path):
    for number in range(6):
        put_submission(course, f"more-{number}", GOOD)
    done = []

    def grade():
        done.extend(autograde(submitted(NAME, course), course))

    grading = threading.Thread(target=grade)
    grading.start()
    backups = 0
    while grading.is_alive():
        back_up(course, tmp_path / f"{backups}.zip")
        backups += 1
        grading.join(1.0)
    assert len(done) == 9
    for number in (0, backups // 2, backups - 1):
        there = tmp_path / f"there-{number}"
        restore(tmp_path / f"{number}.zip", there)
        with contextlib.closing(autograde(submitted(NAME, there), there)) as again:
            assert all(outcome.graded for _, outcome in again)
        assert points(there) == POINTS | {f"more-{n}": 3.0 for n in range(6)}


def changed(source, to, name, content):
    """Copy a backup, with other content under one of its names."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(to, "w") as new:
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return to


def test_what_has_changed_in_a_backup_is_named_and_nothing_is_put_back(course, tmp_path):
    back_up(course, tmp_path / "b.zip")
    name = f"submitted/bob/{NAME}/{NAME}.ipynb"
    other = changed(tmp_path / "b.zip", tmp_path / "c.zip", name, b"{}")
    with pytest.raises(ValueError, match=r"bob.* has changed since it was backed up"):
        restore(other, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []
    manifest = json.dumps({"sha256": {"../evil": "0"}}).encode()
    other = changed(tmp_path / "b.zip", tmp_path / "d.zip", MANIFEST, manifest)
    with pytest.raises(ValueError, match="a path outside the course"):
        restore(other, tmp_path / "there")
    whole = (tmp_path / "b.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a course's backup, or is damaged"):
        restore(tmp_path / "half.zip", tmp_path / "there")


def test_a_folder_with_a_course_in_it_is_not_overwritten(course, tmp_path):
    back_up(course, tmp_path / "b.zip")
    before = files(course)
    with pytest.raises(ValueError, match="exists already: restore into an empty folder"):
        restore(tmp_path / "b.zip", course)
    assert files(course) == before
    assert points(course) == POINTS
    with pytest.raises(FileExistsError, match="choose another name"):
        back_up(course, tmp_path / "b.zip")


def test_nothing_is_left_of_a_student_who_is_forgotten(course, tmp_path, monkeypatch):
    through_the_exchange(course, nbgrader_config(), "mallory", tmp_path)
    config = nbgrader_config()
    config.Exchange.root = str(tmp_path / "exchange")
    monkeypatch.setattr("grading.settings.nbgrader_config", lambda root: config)
    outcomes = dict(autograde([(NAME, "mallory")], course))
    assert outcomes[(NAME, "mallory")].graded
    assert nbgrader_api(course).generate_feedback(NAME, "mallory")["success"]
    there = CourseDirectory(config=config, root=str(course), student_id="mallory")
    there.assignment_id = NAME
    ExchangeFactory(config=config).ReleaseFeedback(
        coursedir=there, authenticator=Authenticator(config=config), config=config
    ).start()
    write_names(course, NAME, {"mallory": "mallory_1_2_a.ipynb"})

    def left():
        """Return what remains outside of the student's own folders."""
        places = (course, tmp_path / "exchange")
        named = [path for place in places for path in place.rglob("*mallory*")]
        return [*named, *(tmp_path / "exchange").rglob("*.html")]

    assert len(left()) == 6  # work, its grade, feedback, receipts; handed in; given back
    removed = forget_student("mallory", course)
    assert any("gradebook" in what for what in removed)
    assert left() == []
    assert "mallory" not in read_names(course, NAME)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert "mallory" not in {student.id for student in gradebook.students}
    assert points(course) == POINTS
    with pytest.raises(ValueError, match="there is nothing of 'mallory'"):
        forget_student("mallory", course)


@pytest.mark.parametrize("name", ["../ada", "", ".", "a*"])
def test_a_name_that_leads_elsewhere_is_refused(course, name):
    before = files(course)
    with pytest.raises(ValueError, match="cannot be a student's name"):
        forget_student(name, course)
    assert files(course) == before


def say_when_graded(course, students=()):
    said = io.StringIO()
    console = Console(width=200, file=said)
    complete = grade_assignment(NAME, list(students), course, 1, "bubblewrap", console)
    return complete, said.getvalue()


def test_a_refused_student_loses_the_old_page_and_others_keep_theirs(course, tmp_path):
    page = course / "feedback" / "bob" / NAME
    assert page.is_dir()
    put_submission(course, "bob", content=b"{")
    for run in range(2):  # every run is told, even if there is nothing left to remove
        complete, said = say_when_graded(course)
        taken_back = re.search(
            r"│ bob +│ [^│]+ │ +1 │ +– │ double, total │ newer work is not", said
        )
        assert bool(taken_back) == (run == 0)
        assert not complete
        assert "bob: not graded" in said
        assert re.search(r"│ ada +│ +3 / 3 │", said)
        assert not page.exists()
    given, missing = zip_feedback(NAME, course, tmp_path / "feedback.zip")
    assert (given, missing) == (["ada", "céline"], [])
    assert by_command("changes", NAME, "--to", tmp_path / "changes.csv", "--course", course)
    assert "bob,sums," in (tmp_path / "changes.csv").read_text()


def damaged(course, student):
    """Cut off the end of a student's receipt, as a full disk or an old version may have done."""
    path = receipt_path(course, student, NAME, NAME)
    path.write_text(path.read_text()[:100])
    return path


def test_a_receipt_that_cannot_be_read_is_named_and_hides_no_other(course):
    path = damaged(course, "bob")
    complete, said = say_when_graded(course, ["bob"])
    assert complete, said
    assert points(course) == POINTS
    (aside,) = (path.parent / EARLIER).glob("*.json")
    assert [one["student"] for _, one in all_receipts(course, "bob", NAME)] == ["bob"]
    outcome = by_command("changes", NAME, "--course", str(course))
    assert outcome.exit_code == 0
    assert f"receipts/bob/{NAME}/{EARLIER}/{aside.name} cannot be read" in outcome.output
    assert "no grade has changed" in outcome.output


COMMANDS = {
    "grade": ["grade", NAME],
    "export": ["export", NAME, "csv", "out.csv"],
    "feedback": ["feedback", NAME],
    "forget": ["forget", "bob", "--yes"],
    "backup": ["backup", "b.zip"],
    "extend": ["extend", "bob", NAME, "2031-01-01"],
    "report": ["report", NAME],
}


@pytest.fixture
def held(course, monkeypatch):
    """Return a course whose gradebook is held by another program and not released."""
    monkeypatch.setattr("grading.settings.LOCK_SECONDS", 0.1)
    monkeypatch.chdir(course)
    other = sqlite3.connect(course / "gradebook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield course
    other.close()


def test_every_command_says_that_another_program_holds_the_gradebook(held, monkeypatch):
    waited = grading.records.gradebook._is_free
    # The waiting itself is tested where a class is graded.
    monkeypatch.setattr("grading.records.gradebook._is_free", lambda path, _: waited(path, 0.05))
    before = files(held)
    for command in COMMANDS.values():
        outcome = by_command(*command)
        assert outcome.exit_code == 2, command
        assert "nothing was changed" in " ".join(outcome.output.split()), command
    assert files(held) == before


def test_every_command_ends_in_a_sentence_where_the_gradebook_is_taken_later(held, monkeypatch):
    monkeypatch.setattr("grading.records.gradebook.wait_until_free", lambda *_: None)
    monkeypatch.setattr("grading.batch.assignment.wait_until_free", lambda *_: None)
    before = files(held)
    for name in ("grade", "export", "forget", "extend", "report"):
        outcome = by_command(*COMMANDS[name])
        assert outcome.exit_code == 2, name
        assert "cannot be used (database is locked)" in outcome.output, name
    assert files(held) == before


def test_a_written_answer_waits_again_only_if_it_has_changed(course):
    names = {"student": "bob", "assignment": NAME, "notebook": NAME}
    names["db_url"] = course_directory(course).db_url

    def mark():
        return marks(names, newest_receipt(course, names))["test_double"]

    with Gradebook(names["db_url"]) as gradebook:
        score = gradebook.find_grade("test_double", NAME, NAME, "bob")
        score.manual_score, score.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    before = mark()
    set_aside(receipt_path(course, "bob", NAME, NAME))
    forget_scores(names)  # the grader may be interrupted at this point
    assert mark() == before == Mark(0.0, 1.5, True, "")
    read_again(names, {"test_double": before}, {"double": 0.0}, {})
    assert mark().done
    read_again(names, {"test_double": before}, {"double": 2.0}, {})
    assert not mark().done


def test_feedback_that_is_stopped_ends_in_a_sentence(course, monkeypatch):
    """nbgrader catches Ctrl-C itself, like every exception."""

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("grading.steps.safe_html.rendered", stopped)
    outcome = by_command("feedback", NAME, "--course", course)
    assert outcome.exit_code == 130
    assert outcome.output == "Stopped before the end. Repeat the command to do all of it again.\n"


def test_an_export_names_outdated_grades_and_waiting_answers(course, monkeypatch):
    """Handed in again, collected, and exported before it is graded: the old grade is exported."""
    monkeypatch.chdir(course)
    put_submission(course, "bob", GOOD)
    outcome = by_command("export", NAME, "csv", "scores.csv")
    said = " ".join(outcome.output.split())
    assert outcome.exit_code == 1
    assert "out of date (it was handed in again) until `course grade`: the grades of bob " in said
    with Gradebook(course_directory(course).db_url) as gradebook:
        gradebook.find_grade("test_double", NAME, NAME, "ada").needs_manual_grade = True
        gradebook.db.commit()
    said = " ".join(by_command("export", NAME, "csv", "scores.csv").output.split())
    assert "1 answers wait for a person: 0 so far, or what an earlier answer was given: ada" in said


def test_a_notebook_of_several_that_is_missing_is_named(released, tmp_path):
    course = shutil.copytree(released, tmp_path / "course")
    source = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
    for cell in source.cells[1:]:
        cell.metadata.nbgrader.grade_id += "_too"
    nbformat.write(source, course / "solutions" / NAME / "more.ipynb")
    generate_release(NAME, course)
    put_submission(course, "bob", GOOD)
    assert say_when_graded(course, ["bob"])[0]
    for _ in range(2):  # the second time, it has been graded already
        _, said = say_when_graded(course, ["bob"])
        assert "bob: more.ipynb was not handed in, and counts 0" in said
    assert "graded already" in said

    (course / "solutions" / NAME / "more.ipynb").unlink()
    with pytest.raises(GradingError, match=r"more\.ipynb .* the old release stays"):
        generate_release(NAME, course)
    assert (course / "notebooks" / NAME / "more.ipynb").is_file()


def test_the_commands_of_the_records_from_one_end_to_the_other(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course)

    def given(*arguments, status=0, **options):
        outcome = by_command(*arguments, **options)
        assert outcome.exit_code == status, outcome.output
        return " ".join(outcome.output.split())

    assert "no grade has changed" in given("changes", NAME)
    path, receipt = all_receipts(course, "bob", NAME)[0]
    earlier = json.loads(path.read_text()) | {"graded_at": "2026-01-01T00:00:00.000+00:00"}
    earlier["tests"][0] |= {"status": "passed", "points": 2.0}
    (path.parent / EARLIER).mkdir()
    (path.parent / EARLIER / "before.json").write_text(json.dumps(earlier))
    assert "1 students; --to FILE.csv" in given("changes", NAME, "--to", "changes.csv")
    row = (course / "changes.csv").read_text().splitlines()[1]
    assert row.startswith(f"bob,{NAME},{receipt['graded_at']},3.0,1.0,-2.0,double,it was graded")
    assert "no grade has changed" in given("changes", NAME, "--since", "2099-01-01")

    assert "there are no receipts of sum in" in given("changes", "sum", status=2)

    said = given("regrade", path)
    assert "✓ double: 0.0 points, failed" in said
    assert "note" not in said
    earlier["grader"] = "another"
    (path.parent / EARLIER / "before.json").write_text(json.dumps(earlier))
    said = given("regrade", path.parent / EARLIER / "before.json", status=1)
    assert "now double" in said
    assert "the grader's code differs from the receipt's" in said

    given("backup", tmp_path / "b.zip")
    assert "choose another name" in given("backup", tmp_path / "b.zip", status=2)
    there = tmp_path / "there"
    assert "files were restored to" in given("restore", tmp_path / "b.zip", "--course", there)
    assert points(there) == POINTS

    write_names(course, NAME, {"ada": "ada_1_2_a.ipynb", "bob": "bob_3_4_b.ipynb"})
    assert "feedback.zip: 3 students" in given("feedback", NAME, "--zip", "feedback.zip")
    with zipfile.ZipFile(course / "feedback.zip") as archive:
        assert "bob_3_4_b.html" in archive.namelist()
    given("forget", "bob", status=1, input="n\n")
    assert points(course) == POINTS
    said = given("forget", "bob", "--yes")
    assert "removed: bob in the gradebook" in said
    assert "may name the student: backups, reports (ASSIGNMENT.html)" in said
    assert "downloaded/" in said
    assert points(course) == {"ada": 3.0, "céline": 3.0}
    assert "nothing of 'bob'" in given("forget", "bob", "--yes", status=2)


def test_missing_parts_of_a_course_are_named(released, tmp_path):
    folder = shutil.copytree(released, tmp_path / "course")
    put_submission(folder, "ada", GOOD)
    (folder / "solutions" / NAME / "hidden_tests.py").unlink()
    asked = r"hidden_tests\.py is missing, which grades test_double, test_total of sums\.ipynb"
    with pytest.raises(GradingError, match=asked):
        say_when_graded(folder)
    for step in ("solutions", "notebooks"):
        shutil.rmtree(folder / step)
    with pytest.raises(GradingError, match=r"solutions/sums has no notebook with the answers"):
        say_when_graded(folder)
    assert not (folder / "autograded").exists()


@pytest.mark.slow
def test_a_package_without_the_rest_of_the_repository_grades(released, tmp_path):
    """As if the course was installed by pip, and a term is graded in a folder of its own."""
    for package in ("grading", "helpers"):
        shutil.copytree(ROOT / package, tmp_path / "site" / package)
    shutil.copy(ROOT / "course.py", tmp_path / "site")
    folder = shutil.copytree(released, tmp_path / "term")
    put_submission(folder, "ada", GOOD)
    command = [sys.executable, "-W", "ignore", "-c", "from course import app; app()"]
    outcome = subprocess.run(
        [*command, "grade", NAME],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert points(folder) == {"ada": 3.0}
