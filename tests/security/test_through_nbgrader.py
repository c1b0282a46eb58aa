"""Attacks on the parts around the sandbox, through nbgrader: rows 16 to 19, 23 and 24."""

import codecs
import errno
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import nbformat
import psutil
import pytest
import small_course
from nbgrader.api import Gradebook
from rich.console import Console
from submissions import (
    BROKEN,
    GOOD,
    LOUD,
    put_submission,
    through_a_platform,
    through_the_exchange,
    workers_of,
)

from grading.batch.assignment import grade_assignment, regrade_receipt
from grading.batch.pool import GRADED_AGAIN, autograde
from grading.intake.submissions import Refused, read_checked
from grading.judging.verdicts import CANNOT_GRADE
from grading.paths import ROOT
from grading.records.nbgrader_csv import neutral
from grading.records.receipts import receipt_path, recorded_verdicts
from grading.sandbox.commands import find_bubblewrap
from grading.settings import nbgrader_config
from grading.steps.outcomes import REFUSED, SUCCESS
from grading.steps.run_nbgrader import autograde_one, nbgrader_api

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")


@pytest.fixture
def course(released, tmp_path):
    """Return a copy of the course folder in which nobody has handed in anything."""
    return shutil.copytree(released, tmp_path / "course")


def grades(course, student):
    """Return each score, and whether a person must look at it."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(small_course.NAME, student)
        return {
            grade.name: (grade.auto_score, grade.needs_manual_grade)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


RIGHT = {"test_double": (2.0, False), "test_total": (1.0, False)}


def test_scores_go_to_the_gradebook_that_the_settings_name(course, tmp_path, monkeypatch):
    """The gradebook of a server has an address of this form."""
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    config = nbgrader_config()
    config.CourseDirectory.db_url = elsewhere
    monkeypatch.setattr("grading.settings.nbgrader_config", lambda root: config)
    (course / "gradebook.db").unlink()
    put_submission(course, "ada", GOOD)
    assert nbgrader_api(course).generate_assignment(small_course.NAME)["success"]
    assert autograde_one(course, small_course.NAME, "ada") == SUCCESS
    assert not (course / "gradebook.db").exists()
    with Gradebook(elsewhere) as gradebook:
        assert gradebook.find_submission(small_course.NAME, "ada").score == 3.0


@pytest.fixture(scope="module")
def batch(released, tmp_path_factory):
    """Return a course folder after one batch of good, broken and hostile submissions."""
    folder = shutil.copytree(released, tmp_path_factory.mktemp("batch") / "course")
    for name, content in BROKEN.items():
        put_submission(folder, name, content=content)
    put_submission(folder, "good", GOOD)
    beside = put_submission(folder, "modules", GOOD).parent
    for name in ("helpers.py", "sitecustomize.py", "numpy.py"):
        (beside / name).write_text("raise SystemExit('mine')")
    secret = folder / "secret.txt"
    secret.write_text("of the instructor")
    beside = put_submission(folder, "links", GOOD).parent
    (beside / "data.csv").symlink_to(secret)
    whole = folder / "submitted" / "good" / small_course.NAME
    (folder / "submitted" / "whole-link").mkdir()
    (folder / "submitted" / "whole-link" / small_course.NAME).symlink_to(whole)
    linked = put_submission(folder, "linked")
    linked.symlink_to(whole / f"{small_course.NAME}.ipynb")
    zipped = put_submission(folder, "zipped").parent
    (zipped / "../../sums.zip").resolve().write_bytes(b"PK")
    (zipped / "sums.zip").write_bytes(b"PK")
    put_submission(folder, "=HYPERLINK(1)", small_course.notebook(LOUD, small_course.TOTAL))
    put_submission(folder, "bom", content=codecs.BOM_UTF8 + nbformat.writes(GOOD).encode())
    put_submission(folder, "utf-16", content=nbformat.writes(GOOD).encode("utf-16"))
    accented = small_course.notebook(f"# é\n{small_course.DOUBLE}", small_course.TOTAL)
    put_submission(folder, "latin-1", content=nbformat.writes(accented).encode("latin-1"))
    named = put_submission(folder, "renamed", GOOD)
    named.rename(named.with_name("sums (1).ipynb"))
    (put_submission(folder, "no-time", GOOD).parent / "timestamp.txt").write_text("last Tuesday")
    tasks = [
        (small_course.NAME, path.name) for path in (folder / "submitted").iterdir() if path.is_dir()
    ]
    outcomes = {student: outcome for (_, student), outcome in autograde(tasks, folder)}
    assert len(outcomes) == len(tasks)
    return SimpleNamespace(folder=folder, outcomes=outcomes)


@pytest.mark.parametrize("name", [*BROKEN, "linked", "whole-link", "zipped"])
def test_invalid_notebooks_are_refused_by_name(batch, name):
    """Row 17."""
    assert batch.outcomes[name].status == REFUSED
    assert ".ipynb" in batch.outcomes[name].sentence or "zip" in batch.outcomes[name].sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("latin-1", r"sums\.ipynb is not UTF-8 \(byte 0xe9 at position \d+\): "),
        ("renamed", r"Found sums \(1\)\.ipynb, expected sums\.ipynb: rename"),
        ("no-time", r"timestamp\.txt contains 'last Tuesday', which is not a time: "),
    ],
)
def test_a_refusal_says_what_to_do(batch, name, sentence):
    assert batch.outcomes[name].status == REFUSED
    assert re.match(sentence, batch.outcomes[name].sentence), batch.outcomes[name]


@pytest.mark.parametrize("name", ["bom", "utf-16"])
def test_a_mark_that_editors_on_windows_write_costs_nothing(batch, name):
    assert batch.outcomes[name] == SUCCESS
    assert grades(batch.folder, name) == RIGHT


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "OSError: [Errno 28] No space left"),
        (MemoryError(), "MemoryError"),
        (ImportError("No module named 'torch'"), "ImportError: No module named 'torch'"),
        (RuntimeError("of some other kind"), "RuntimeError: of some other kind"),
    ],
    ids=lambda case: type(case).__name__,
)
def test_a_fault_of_the_machine_is_reported_and_gives_no_score(course, monkeypatch, fault, told):
    put_submission(course, "student", GOOD)
    assert autograde_one(course, small_course.NAME, "student") == SUCCESS

    def fail(*_):
        raise fault

    monkeypatch.setattr("grading.steps.preprocessors.write_receipt", fail)
    outcome = autograde_one(course, small_course.NAME, "student")
    assert outcome.status == CANNOT_GRADE
    assert outcome.sentence.startswith(f"sums.ipynb: {told}")
    assert grades(course, "student") == {"test_double": (None, True), "test_total": (None, True)}


def test_a_missing_sandbox_is_reported_with_what_to_install(course):
    put_submission(course, "student", GOOD)
    outcome = autograde_one(course, small_course.NAME, "student", "of no known kind")
    assert outcome.status == CANNOT_GRADE
    assert outcome.sentence.startswith("No sandbox for students' code is available.")


@pytest.mark.parametrize("student", ["good", "modules", "links"])
def test_the_rest_of_the_batch_is_graded(batch, student):
    assert batch.outcomes[student] == SUCCESS
    assert grades(batch.folder, student) == RIGHT


def test_files_beside_the_notebook_are_not_taken(batch):
    """Row 16."""
    _, notes = recorded_verdicts(batch.folder, small_course.NAME, "modules")
    assert sum("was ignored" in note for note in notes) == 3


def test_no_link_is_followed(batch):
    copies = batch.folder.rglob("data.csv")
    assert not [path for path in copies if "instructor" in path.read_text()]


def test_scripts_and_formulas_are_neutral_where_teachers_look(batch):
    """Row 23."""
    student = "=HYPERLINK(1)"
    assert grades(batch.folder, student)["test_double"] == (0.0, False)
    api = nbgrader_api(batch.folder)
    result = api.generate_feedback(small_course.NAME, student)
    assert result["success"], result
    page = batch.folder / "feedback" / student / small_course.NAME / f"{small_course.NAME}.html"
    text = page.read_text()
    assert "document.title" in text  # it can still be read, as text
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL | re.IGNORECASE)
    assert not [script for script in scripts if "document.title" in script]
    command = [sys.executable, "-m", "nbgrader", "export"]
    command += [f"--CourseDirectory.root={batch.folder}", f"--to={batch.folder / 'grades.csv'}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    rows = (batch.folder / "grades.csv").read_text().splitlines()
    assert any(",'=HYPERLINK(1)," in row for row in rows)
    assert not any(",=" in row for row in rows)


def test_text_that_begins_like_a_formula_is_marked_as_text():
    assert [neutral(text) for text in ("=1", "@a", "b=1", None, -1.5)] == [
        "'=1",
        "'@a",
        "b=1",
        "",
        "-1.5",
    ]


DUE = "2020-01-01 00:00:00 UTC"


@pytest.fixture
def due_course(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment(small_course.NAME, duedate=DUE)
    return course


def hours_late(course, student):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return gradebook.find_submission(small_course.NAME, student).total_seconds_late / 3600


def test_a_forged_time_stamp_does_not_pass_the_exchange(due_course, tmp_path):
    """Row 18: the time in a student's folder is overwritten when it is handed in."""
    through_the_exchange(due_course, nbgrader_config(), "late", tmp_path)
    assert autograde_one(due_course, small_course.NAME, "late") == SUCCESS
    assert hours_late(due_course, "late") > 0


@pytest.mark.parametrize("student", ["Zoë", "王伟", "Ольга", "أمل"])
def test_the_exchange_takes_names_in_many_scripts(course, tmp_path, student):
    through_the_exchange(course, nbgrader_config(), student, tmp_path)
    path = course / "submitted" / student / small_course.NAME / f"{small_course.NAME}.ipynb"
    assert nbformat.read(path, as_version=4).cells == GOOD.cells


def test_a_forged_time_stamp_does_not_pass_a_collection_of_files(due_course):
    """Row 18: of the files of a learning platform, only its own time counts."""
    through_a_platform(due_course, nbgrader_config(), "late")
    assert autograde_one(due_course, small_course.NAME, "late") == SUCCESS
    assert 24 * 33 < hours_late(due_course, "late") < 24 * 34


@pytest.mark.parametrize(
    ("again", "after"),
    [
        ({"content": b"broken"}, {"test_double": (None, True), "test_total": (None, True)}),
        (
            {"notebook": small_course.notebook("import os\nos._exit(1)", small_course.TOTAL)},
            {"test_double": (0.0, False), "test_total": (1.0, False)},
        ),
    ],
    ids=["unreadable", "crashes"],
)
def test_a_bad_resubmission_leaves_no_old_score(course, again, after):
    """Row 19."""
    put_submission(course, "student", GOOD)
    assert autograde_one(course, small_course.NAME, "student") == SUCCESS
    assert grades(course, "student") == RIGHT
    receipt = receipt_path(course, "student", small_course.NAME, small_course.NAME)
    assert receipt.is_file()
    put_submission(course, "student", **again)
    autograde_one(course, small_course.NAME, "student")
    assert grades(course, "student") == after
    assert receipt.is_file() == ("notebook" in again)


def test_a_renamed_resubmission_leaves_no_old_score(course):
    """Row 19."""
    path = put_submission(course, "student", GOOD)
    assert autograde_one(course, small_course.NAME, "student") == SUCCESS
    path.rename(path.with_name("mine.ipynb"))
    assert autograde_one(course, small_course.NAME, "student").status == REFUSED
    assert grades(course, "student") == {"test_double": (None, True), "test_total": (None, True)}
    assert not receipt_path(course, "student", small_course.NAME, small_course.NAME).exists()


def test_a_receipt_gives_the_same_scores_again(batch):
    console = SimpleNamespace(print=lambda *a, **k: None)
    path = receipt_path(batch.folder, "good", small_course.NAME, small_course.NAME)
    assert regrade_receipt(path, batch.folder, console)
    put_submission(batch.folder, "good", small_course.notebook(small_course.DOUBLE, "pass"))
    with pytest.raises(ValueError, match="submission"):
        regrade_receipt(path, batch.folder, console)
    put_submission(batch.folder, "good", GOOD)


def test_course_grade_first_lists_what_needs_a_person_and_fails(batch):
    console = Console(width=120, record=True)
    wanted = ["good", "empty"]
    complete = grade_assignment(small_course.NAME, wanted, batch.folder, 1, "bubblewrap", console)
    said = console.export_text()
    assert not complete
    assert said.index("empty: not graded: sums.ipynb is empty") < said.index("3 / 3")
    with pytest.raises(ValueError, match="nobody"):
        grade_assignment(small_course.NAME, ["nobody"], batch.folder, 1, "bubblewrap", console)


def test_what_cannot_be_graded_has_no_score_and_waits_for_a_person(course):
    tests = course / "solutions" / small_course.NAME / "hidden_tests.py"
    tests.write_text(small_course.HIDDEN_TESTS.replace("sum(numbers)", "sum(nobody)"))
    put_submission(course, "student", GOOD)
    assert autograde_one(course, small_course.NAME, "student") == SUCCESS
    assert grades(course, "student") == {"test_double": (2.0, False), "test_total": (None, True)}
    found, _ = recorded_verdicts(course, small_course.NAME, "student")
    assert [verdict.status for verdict in found] == ["passed", "cannot grade"]


def test_no_grade_is_lost_if_a_worker_is_killed(course):
    """Row 24."""
    slow = "import time\ntime.sleep(2)\n" + small_course.DOUBLE
    put_submission(course, "student", small_course.notebook(slow, small_course.TOTAL))
    ended = []
    grading = threading.Thread(
        target=lambda: ended.extend(autograde([(small_course.NAME, "student")], course, workers=1))
    )
    grading.start()
    worker = _worker_with_a_box(time.monotonic() + 120)
    worker.kill()
    grading.join(300)
    assert ended == [((small_course.NAME, "student"), SUCCESS)]
    assert grades(course, "student") == RIGHT
    _, notes = recorded_verdicts(course, small_course.NAME, "student")
    assert notes == [GRADED_AGAIN]


def _worker_with_a_box(deadline):
    while time.monotonic() < deadline:
        # A process that a worker has started may have ended before its name is read.
        with suppress(psutil.NoSuchProcess):
            for worker in workers_of(psutil.Process()):
                if any("bwrap" in child.name() for child in worker.children()):
                    return worker
        time.sleep(0.1)
    raise AssertionError("no worker has opened a box")


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large.ipynb"
    with open(path, "wb") as file:
        os.truncate(file.fileno(), 50 * 2**20)
    with pytest.raises(Refused, match=r"large\.ipynb"):
        read_checked(path, tmp_path)
