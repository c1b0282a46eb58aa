"""The course changes while it is taught: tests, deadlines, questions; no point may be lost."""

import contextlib
import csv
import io
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import nbformat
import pytest
import small_course
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from rich.console import Console
from submissions import put_submission

from grading.batch.assignment import grade_assignment
from grading.paths import ROOT
from grading.records.assignment_report import write_assignment_report
from grading.records.changes import changes
from grading.records.deadlines import extend, refresh_everyone, refresh_penalties
from grading.records.export import export_grades
from grading.records.gradebook import forget
from grading.records.receipts import EARLIER, all_receipts, drop_copies
from grading.sandbox.commands import find_bubblewrap
from grading.settings import course_config
from grading.steps.preprocessors import GradeInSandbox
from grading.steps.run_nbgrader import GradingError, generate_release, nbgrader_api

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

NAME = small_course.NAME
# A right answer that a hidden test once refused: the exercise does not ask for a tuple.
LISTS = """def double(numbers):
    return [2 * number for number in numbers] if isinstance(numbers, list) else None
"""
TOO_STRICT = small_course.HIDDEN_TESTS.replace(
    "        equal(unchanged(answer, numbers), expected",
    "        assert answer((3,)) == [6], 'It takes no tuples.'\n"
    "        equal(unchanged(answer, numbers), expected",
)


def written(text):
    marks = {"grade": True, "grade_id": "why", "locked": False, "schema_version": 3, "points": 4}
    marks |= {"solution": True, "task": False}
    return new_markdown_cell(text, id="why", metadata={"nbgrader": marks})


def lesson(double, text):
    notebook = small_course.notebook(double, small_course.TOTAL)
    notebook.cells.append(written(text))
    return notebook


@pytest.fixture
def course(tmp_path):
    """Return a course with a written question, and with a test that refuses a right answer."""
    room = tmp_path / "course" / "solutions" / NAME
    room.mkdir(parents=True)
    solution = small_course.solution()
    solution.cells.append(written("*Your answer goes here.*"))
    nbformat.write(solution, room / f"{NAME}.ipynb")
    (room / "hidden_tests.py").write_text(TOO_STRICT)
    folder = tmp_path / "course"
    generate_release(NAME, folder)
    put_submission(folder, "ada", lesson(small_course.DOUBLE, "Because it is so."))
    put_submission(folder, "bob", lesson(LISTS, "By chance."))
    return folder


def graded(course, **options):
    said = io.StringIO()
    console = Console(width=200, file=said)
    complete = grade_assignment(NAME, [], course, 2, "bubblewrap", console, **options)
    assert complete, said.getvalue()
    return said.getvalue()


def gradebook(course):
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}")


def read_by_a_person(course, student, points, comment):
    with gradebook(course) as opened:
        mark = opened.find_grade("why", NAME, NAME, student)
        mark.manual_score, mark.needs_manual_grade = points, False
        opened.find_comment("why", NAME, NAME, student).manual_comment = comment
        opened.db.commit()


def marks(course, student):
    with gradebook(course) as opened:
        notebook = opened.find_submission_notebook(NAME, NAME, student)
        return {mark.name: (mark.score, mark.needs_manual_grade) for mark in notebook.grades}


def test_a_test_that_is_mended_changes_grades_and_nothing_that_a_person_did(course):
    graded(course)
    assert marks(course, "bob")["test_double"] == (0.0, False)
    for student, points in (("ada", 3.5), ("bob", 1.0)):
        read_by_a_person(course, student, points, f"read by me, {student}")
    feedback = course / "feedback" / "bob" / NAME / f"{NAME}.html"
    assert nbgrader_api(course).generate_feedback(NAME)["success"]
    assert "It takes no tuples." in feedback.read_text()

    tests = course / "solutions" / NAME / "hidden_tests.py"
    tests.write_text(small_course.HIDDEN_TESTS)
    said = graded(course)
    assert "because the hidden tests have changed: ada, bob" in said
    assert re.search(r"│ bob +│ [^│]+ │ +1 │ +3 │ double +│ the hidden tests have changed", said)
    assert not re.search(r"│ ada +│ \d{4}-", said)
    assert marks(course, "bob") == {
        "test_double": (2.0, False),
        "test_total": (1.0, False),
        "why": (1.0, False),
    }
    assert marks(course, "ada")["why"] == (3.5, False)
    with gradebook(course) as opened:
        assert opened.find_comment("why", NAME, NAME, "bob").manual_comment == "read by me, bob"
    assert "It takes no tuples." not in feedback.read_text()

    (row,) = changes(NAME, course).to_dict("records")
    assert (row["student"], row["before"], row["after"]) == ("bob", 1.0, 3.0)
    assert (row["exercises"], row["because"]) == ("double", "the hidden tests have changed")
    for name in ("earlier_receipt", "receipt"):
        assert (course / row[name]).is_file()
    assert EARLIER in row["earlier_receipt"]
    assert changes(NAME, course, since=datetime(2099, 1, 1, tzinfo=UTC)).empty

    assert "2 of 2 are graded already" in graded(course)
    said = graded(course, again=True)
    assert "because --again asks for it: ada, bob" in said
    assert "grades that have changed" not in said
    # Nothing has changed: of this grade only the first receipt and the newest are kept.
    path, newest = all_receipts(course, "bob", NAME)[-1]
    shutil.copy(path, path.parent / EARLIER / "between.json")
    drop_copies(course, newest)
    assert [len(all_receipts(course, student, NAME)) for student in ("ada", "bob")] == [3, 3]


def test_a_new_answer_is_read_again_and_an_old_one_is_not(course):
    graded(course)
    for student in ("ada", "bob"):
        read_by_a_person(course, student, 2.0, "read")
    put_submission(course, "ada", lesson(small_course.DOUBLE, "Because I thought again."))
    put_submission(course, "bob", lesson(small_course.DOUBLE, "By chance."))
    forget(course, "bob", NAME)  # as if it was refused, or the grader was interrupted, in between
    said = graded(course)
    assert "because it was handed in again: ada" in said
    assert marks(course, "ada")["why"] == (2.0, True)
    assert marks(course, "bob")["why"] == (2.0, False)


def test_the_grader_s_own_code_is_part_of_a_receipt(course, monkeypatch):
    graded(course)
    assert "2 of 2 are graded already" in graded(course)
    monkeypatch.setattr("grading.batch.resume.grader_code", lambda: "another")
    assert "because the grader's code has changed: ada, bob" in graded(course)


def late(course, student):
    with gradebook(course) as opened:
        return opened.find_submission(NAME, student).total_seconds_late


def test_deadlines_extensions_and_time_stamps_count_without_grading_again(course, monkeypatch):
    monkeypatch.setattr(
        "nbgrader.plugins.LateSubmissionPlugin.late_submission_penalty",
        lambda self, student, score, seconds: seconds / 3600,
    )
    stamp = course / "submitted" / "ada" / NAME / "timestamp.txt"
    stamp.write_text("2030-01-02 02:00:00 UTC")
    graded(course)
    assert late(course, "ada") == 0
    with gradebook(course) as opened:
        opened.find_assignment(NAME).duedate = datetime(2030, 1, 2)
        opened.db.commit()
    receipts = {student: all_receipts(course, student, NAME) for student in ("ada", "bob")}
    said = graded(course)
    assert "2 of 2 are graded already" in said
    assert "ada: taken off for lateness: 2 instead of 0" in said
    stamp.write_text("2030-01-02 01:00:00 UTC")
    assert refresh_penalties(NAME, ["ada", "bob", "nobody"], course) == {"ada": (2.0, 1.0)}
    due = extend(NAME, "ada", datetime(2030, 1, 3, tzinfo=UTC), course)
    assert due == datetime(2030, 1, 2, tzinfo=UTC)
    assert refresh_penalties(NAME, ["ada"], course) == {"ada": (1.0, 0.0)}
    assert {student: all_receipts(course, student, NAME) for student in receipts} == receipts


def test_no_file_s_date_says_who_is_late(course):
    """A machine's clock may be wrong; the time that was recorded on arrival counts."""
    for stamp, student in (("2030-01-02 02:00:00 UTC", "ada"), ("2030-01-02 04:00:00 UTC", "bob")):
        (course / "submitted" / student / NAME / "timestamp.txt").write_text(stamp)
    for number, path in enumerate(sorted((course / "submitted").rglob("*.*"))):
        os.utime(path, (4e9, 4e9) if number % 2 else (0, 0))
    write_deadline(course, "2030-01-02T03:00:00Z")
    graded(course)
    assert (late(course, "ada"), late(course, "bob")) == (0, 3600)


def write_deadline(course, due):
    text = f"[late]\nper_day = 0.25\ndays = 3\n\n[due]\n{NAME} = {due}\n"
    (course / "deadlines.toml").write_text(text)


def test_a_date_that_is_changed_after_grading_counts_for_those_graded_already(course):
    """Each started day costs a quarter; the date in the copy that a student hands in is ignored."""
    folder = course / "submitted" / "ada" / NAME
    (folder / "timestamp.txt").write_text("2030-01-02 22:30:00 UTC")
    (folder / "deadline.toml").write_text("assignment = 'sums'\ndue = 2099-01-01T00:00:00Z\n")
    write_deadline(course, "2030-01-01T23:00:00+01:00")
    graded(course)
    assert late(course, "ada") == 24.5 * 3600
    receipts = all_receipts(course, "ada", NAME)
    assert "deadline.toml" not in str(receipts)
    assert files_in(course, "autograded/ada") == [f"{NAME}.ipynb", "timestamp.txt"]
    read_by_a_person(course, "ada", 3.0, "read")
    # Two started days, of the three points from the program and the three from a person.
    assert refresh_everyone(NAME, course) == {"ada": (1.5, 3.0)}
    write_deadline(course, "2030-01-01T23:30:00+01:00")
    said = graded(course)
    assert "2 of 2 are graded already" in said
    assert "ada: taken off for lateness: 1.5 instead of 3" in said
    extend(NAME, "ada", datetime(2030, 1, 3, tzinfo=UTC), course)
    assert refresh_penalties(NAME, ["ada"], course) == {"ada": (1.5, 0.0)}
    assert all_receipts(course, "ada", NAME) == receipts


def test_a_release_carries_its_deadline_and_loses_it_with_the_date(course):
    write_deadline(course, "2030-01-31T23:59:00+01:00")
    assert by_nbgrader(course)["success"]
    assert released(course) == ["deadline.toml", f"{NAME}.ipynb"]
    text = (course / "notebooks" / NAME / "deadline.toml").read_text()
    assert text.startswith(
        "# Hand in by Thursday 31 January 2030, 23:59 (UTC+01:00).\n# Late: 25 %"
    )
    with gradebook(course) as opened:
        assert opened.find_assignment(NAME).duedate == datetime(2030, 1, 31, 22, 59)
    spanish = course / "notebooks" / "es" / NAME / "deadline.toml"
    assert not spanish.exists()  # the course has no release in that language
    spanish.parent.mkdir(parents=True)
    assert by_nbgrader(course)["success"]
    assert "jueves 31 de enero de 2030, 23:59" in spanish.read_text(encoding="utf-8")
    (course / "deadlines.toml").write_text("[due]\nsums = 2030-01-31\n")
    result = by_nbgrader(course)
    assert not result["success"]
    assert "the old release stays" in str(result)
    assert released(course) == ["deadline.toml", f"{NAME}.ipynb"]
    (course / "deadlines.toml").unlink()  # the gradebook keeps the date
    assert by_nbgrader(course)["success"]
    text = (course / "notebooks" / NAME / "deadline.toml").read_text()
    assert "22:59 (UTC)" in text
    assert "late" not in text.lower()
    with gradebook(course) as opened:
        opened.find_assignment(NAME).duedate = None
        opened.db.commit()
    assert by_nbgrader(course)["success"]
    assert released(course) == [f"{NAME}.ipynb"]
    assert not spanish.exists()


@pytest.mark.parametrize(
    ("student", "until", "says"),
    [("nobody", 3, "nobody"), ("ada", 1, "before the deadline"), ("ada", 3, "has no deadline")],
)
def test_an_extension_that_cannot_be_granted_says_why(course, student, until, says):
    graded(course)
    if "no deadline" not in says:
        with gradebook(course) as opened:
            opened.find_assignment(NAME).duedate = datetime(2030, 1, 2)
            opened.db.commit()
    with pytest.raises(ValueError, match=says):
        extend(NAME, student, datetime(2030, 1, until, tzinfo=UTC), course)


def by_nbgrader_s_export(course):
    """Return the rows of nbgrader's own table, with the student's name as key."""
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", "export"]
    command += [f"--CourseDirectory.root={course}", f"--to={course / 'nbgrader.csv'}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with open(course / "nbgrader.csv", newline="", encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def test_a_student_without_a_submission_is_named_and_has_no_score(course):
    before = graded(course)
    assert "nothing" not in before
    with gradebook(course) as opened:
        opened.find_assignment(NAME).duedate = datetime(2030, 1, 2)
        for student in ("eve", "<b>fay"):
            opened.add_student(student)
        opened.db.commit()
    extend(NAME, "eve", datetime(2030, 1, 3, tzinfo=UTC), course)

    said = graded(course)
    for student in ("eve", "<b>fay"):
        assert re.search(rf"│ {student} +│ +– │ handed in nothing +│", said)
    exported = export_grades(NAME, "csv", course / "out.csv", None, course)
    assert exported.nothing == ["<b>fay", "eve"]
    rows = [line.split(",") for line in (course / "out.csv").read_text().splitlines()[1:]]
    assert {row[0]: row[4] for row in rows} == {"<b>fay": "", "ada": "3", "bob": "1", "eve": ""}
    rows = by_nbgrader_s_export(course)
    assert {student: row["score"] for student, row in rows.items()} == {
        "<b>fay": "",
        "ada": "3.0",
        "bob": "1.0",
        "eve": "",
    }
    write_assignment_report(NAME, course, course / "report.html")
    page = (course / "report.html").read_text(encoding="utf-8")
    assert "2, without points and left out of the figures below:\n&lt;b&gt;fay, eve." in page
    assert "2 submissions, 2 exercises graded by program,\nmedian 2 of 3 points." in page

    # The extension is used, and that submission alone is graded: no other is checked.
    put_submission(course, "eve", lesson(small_course.DOUBLE, "Later."))
    said = io.StringIO()
    console = Console(width=200, file=said)
    assert grade_assignment(NAME, ["eve"], course, 1, "bubblewrap", console)
    assert re.search(r"│ eve +│ +3 / 3 │", said.getvalue())
    assert "handed in nothing" not in said.getvalue()
    exported = export_grades(NAME, "csv", course / "out.csv", None, course)
    assert exported.nothing == ["<b>fay"]


def source_of(course):
    return course / "solutions" / NAME / f"{NAME}.ipynb"


def files_in(course, step):
    return sorted(path.name for path in (course / step / NAME).iterdir())


def released(course):
    return files_in(course, "notebooks")


def with_another_question(course, question="half", points=2):
    """Add a question and its hidden test to the source of a course."""
    source = nbformat.read(source_of(course), as_version=4)
    solution = "def half(x):\n    ### BEGIN SOLUTION\n    return x // 2\n    ### END SOLUTION"
    source.cells += [
        small_course._cell(solution, question),
        small_course._cell(f"assert {question}(4) == 2", f"test_{question}", points),
    ]
    nbformat.write(source, source_of(course))
    tests = course / "solutions" / NAME / "hidden_tests.py"
    test = '\n\n@grades("half")\ndef _(answer, rng):\n    equal(answer(8), 4, "half of 8")\n'
    tests.write_text(small_course.HIDDEN_TESTS + test)


def by_nbgrader(course):
    """Make the release in the way of formgrader's button and nbgrader's own command."""
    return nbgrader_api(course).generate_assignment(NAME, force=True)


def test_a_question_that_is_added_reaches_the_submissions_and_costs_no_point(course):
    graded(course)
    read_by_a_person(course, "ada", 3.0, "read")
    with_another_question(course)
    assert by_nbgrader(course)["success"]
    assert released(course) == [f"{NAME}.ipynb"]
    assert marks(course, "ada") == {
        "test_double": (2.0, False),
        "test_total": (1.0, False),
        "why": (3.0, False),
        "test_half": (0.0, True),
    }
    said = graded(course)
    assert "the release has changed" in said
    assert marks(course, "ada") == {
        "test_double": (2.0, False),
        "test_total": (1.0, False),
        "why": (3.0, False),
        "test_half": (0.0, False),
    }
    answered = lesson(small_course.DOUBLE, "Because it is so.")
    answered.cells.append(nbformat.v4.new_code_cell("def half(x):\n    return x // 2"))
    put_submission(course, "ada", answered)
    graded(course)
    assert marks(course, "ada")["test_half"] == (2.0, False)
    assert marks(course, "ada")["why"] == (3.0, False)


def test_a_question_with_points_is_not_taken_out(course):
    graded(course)
    before = marks(course, "ada")
    source = nbformat.read(source_of(course), as_version=4)
    del source.cells[1:3]
    nbformat.write(source, source_of(course))
    result = by_nbgrader(course)
    assert not result["success"]
    said = str(result)
    assert "test_double would be removed from sums, but students have points for it" in said
    assert "the old release stays" in said
    assert released(course) == [f"{NAME}.ipynb"]
    assert marks(course, "ada") == before

    # What the refusal advises, and fewer points for a question that a person has graded.
    read_by_a_person(course, "ada", 3.0, "read")
    source = small_course.solution()
    source.cells.append(written("*Your answer goes here.*"))
    source.cells[2].metadata.nbgrader.points, source.cells[-1].metadata.nbgrader.points = 0, 2
    nbformat.write(source, source_of(course))
    result = by_nbgrader(course)
    assert result["success"]
    said = "why now gives 2 points at most, but more were given by hand to ada: they stay"
    assert said in result["log"]
    graded(course)
    assert marks(course, "ada") == {
        "test_double": (0.0, False),
        "test_total": (1.0, False),
        "why": (3.0, False),
    }


def test_a_question_without_points_can_be_taken_out_again(course):
    with_another_question(course)
    generate_release(NAME, course)
    graded(course)
    source = nbformat.read(source_of(course), as_version=4)
    del source.cells[-2:]
    nbformat.write(source, source_of(course))
    assert by_nbgrader(course)["success"]
    assert set(marks(course, "ada")) == {"test_double", "test_total", "why"}
    graded(course)
    assert marks(course, "ada")["test_double"] == (2.0, False)


def test_a_source_that_cannot_be_released_leaves_the_old_release(course):
    graded(course)
    before = marks(course, "ada")
    source = nbformat.read(source_of(course), as_version=4)
    source.cells[2].metadata.nbgrader["grade_id"] = "total"  # this id exists already
    nbformat.write(source, source_of(course))
    result = by_nbgrader(course)
    assert not result["success"]
    assert released(course) == [f"{NAME}.ipynb"]
    assert marks(course, "ada") == before


@contextlib.contextmanager
def held(course, seconds):
    """Hold a gradebook as another program that writes to it does."""
    script = (
        "import sqlite3, sys, time\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\n"
        "time.sleep(float(sys.argv[2]))\nconnection.execute('COMMIT')"
    )
    command = [sys.executable, "-c", script, str(course / "gradebook.db"), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        yield
        holder.kill()


def test_a_gradebook_that_another_program_holds_is_waited_for(course):
    graded(course)
    with held(course, 8):
        said = graded(course, again=True)
    assert "Another program is writing to" in said
    assert marks(course, "ada")["test_double"] == (2.0, False)


def test_a_gradebook_that_is_never_let_go_of_ends_in_a_sentence(course, monkeypatch):
    graded(course)
    before = marks(course, "ada")
    monkeypatch.setattr("grading.settings.LOCK_SECONDS", 2.0)
    with held(course, 600), pytest.raises(ValueError, match="nothing was changed"):
        graded(course, again=True)
    assert marks(course, "ada") == before


def test_grading_without_a_release_makes_it_and_wipes_nothing(course):
    graded(course)
    before = marks(course, "ada")
    shutil.rmtree(course / "notebooks")
    assert "2 of 2 are graded already" in graded(course)
    assert released(course) == [f"{NAME}.ipynb"]
    shutil.rmtree(course / "notebooks")
    source_of(course).write_text("{")
    with pytest.raises(GradingError, match="cannot be released"):
        graded(course)
    assert marks(course, "ada") == before


def test_a_course_s_own_settings_count_and_cannot_turn_off_the_sandbox(
    course, monkeypatch, tmp_path
):
    users = tmp_path / "jupyter"
    users.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(users))
    (users / "nbgrader_config.py").write_text(
        "c.CourseDirectory.course_id = 'mine'\n"
        f"c.CourseDirectory.db_url = 'sqlite:///{tmp_path / 'users.db'}'\n"
        "c.Autograde.autograde_preprocessors = []\n"
    )
    (course / "nbgrader_config.py").write_text(
        f"c.CourseDirectory.db_url = 'sqlite:///{tmp_path / 'courses.db'}'\n"
    )
    graded(course)
    config = course_config(course)
    assert config.CourseDirectory.course_id == "mine"
    assert GradeInSandbox in config.Autograde.autograde_preprocessors
    assert (tmp_path / "courses.db").is_file()
    assert not (tmp_path / "users.db").exists()
    with Gradebook(f"sqlite:///{tmp_path / 'courses.db'}") as opened:
        assert opened.find_submission(NAME, "ada").score == 3.0
