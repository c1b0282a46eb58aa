"""An interrupted batch continues where it stopped: each submission is graded once, and right."""

import contextlib
import io
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import psutil
import pytest
import small_course
from nbgrader.api import Gradebook
from rich.console import Console
from submissions import GOOD, fork_servers, put_submission, workers_of

from grading.batch.assignment import grade_assignment
from grading.batch.pool import GRADED_AGAIN, mark_of
from grading.batch.resume import graded_already
from grading.paths import ROOT
from grading.records.receipts import receipt_path, recorded_verdicts
from grading.sandbox.commands import find_bubblewrap

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

WRONG = small_course.notebook("def double(numbers):\n    return numbers", small_course.TOTAL)
POINTS = {"ada": 3.0, "bob": 1.0, "céline": 3.0, "дарья": 1.0}


@pytest.fixture(scope="module")
def submitted_course(released, tmp_path_factory):
    """Return a course folder in which four students have handed in, and none has been graded."""
    folder = shutil.copytree(released, tmp_path_factory.mktemp("submitted_course") / "course")
    for student, points in POINTS.items():
        put_submission(folder, student, GOOD if points == 3.0 else WRONG)
    return folder


@pytest.fixture(scope="module")
def graded(submitted_course, tmp_path_factory):
    folder = shutil.copytree(submitted_course, tmp_path_factory.mktemp("graded") / "course")
    assert grade_here(folder)
    return folder


@pytest.fixture
def course(graded, tmp_path):
    """Return a copy of the course folder in which everybody is graded."""
    return shutil.copytree(graded, tmp_path / "course")


def grade_here(course, **options):
    console = Console(width=100, file=io.StringIO())
    return grade_assignment(small_course.NAME, [], course, 2, "bubblewrap", console, **options)


def left(course):
    """Return the students who would be graded now."""
    return set(POINTS) - graded_already(small_course.NAME, list(POINTS), course, "bubblewrap")


def points(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: submission.score
            for submission in gradebook.assignment_submissions(small_course.NAME)
        }


def graded_at(course):
    return {
        student: json.loads(
            receipt_path(course, student, small_course.NAME, small_course.NAME).read_text()
        )["graded_at"]
        for student in POINTS
    }


def test_what_has_not_changed_is_not_graded_again(course):
    assert left(course) == set()
    before = graded_at(course)
    assert grade_here(course)
    assert graded_at(course) == before
    assert points(course) == POINTS


def test_a_copy_beside_a_notebook_is_not_a_new_submission(course):
    path = course / "submitted" / "ada" / small_course.NAME / f"{small_course.NAME}.ipynb"
    shutil.copy(path, path.with_stem(f"{path.stem}-Copy1"))
    assert left(course) == set()
    path.unlink()
    assert left(course) == {"ada"}


def test_a_new_submission_is_graded_and_the_others_are_not(course):
    """Row 24: the next command mentions gradings that an interrupted command had begun."""
    before = graded_at(course)
    mark = mark_of(course, (small_course.NAME, "bob"))
    mark.parent.mkdir(exist_ok=True)
    mark.touch()  # as an interrupted command leaves it
    put_submission(course, "bob", GOOD)
    assert left(course) == {"bob"}
    assert grade_here(course)
    assert points(course) == POINTS | {"bob": 3.0}
    changed = {name for name, at in graded_at(course).items() if at != before[name]}
    assert changed == noted(course) == {"bob"}
    assert begun(course) == set()


def _tests(course):
    path = course / "solutions" / small_course.NAME / "hidden_tests.py"
    path.write_text(path.read_text() + "\n# changed\n")


def _gradebook(course):
    (course / "gradebook.db").unlink()


def _receipts(course):
    shutil.rmtree(course / "receipts")


def _scores(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(small_course.NAME):
            for grade in (g for notebook in submission.notebooks for g in notebook.grades):
                grade.auto_score = 0.0
        gradebook.db.commit()


def _cut_short(course):
    for student in POINTS:
        path = course / "autograded" / student / small_course.NAME / f"{small_course.NAME}.ipynb"
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:1000])


def _of_another_run(course):
    for student in POINTS:
        path = course / "autograded" / student / small_course.NAME / f"{small_course.NAME}.ipynb"
        path.chmod(0o600)
        path.write_text(path.read_text().replace('"receipt_key": "', '"receipt_key": "0'))


@pytest.mark.parametrize(
    "change",
    [_tests, _gradebook, _receipts, _scores, _cut_short, _of_another_run],
    ids=lambda change: change.__name__.strip("_"),
)
def test_a_submission_without_a_complete_grade_is_graded_again(course, change):
    change(course)
    assert left(course) == set(POINTS)


def test_another_sandbox_or_limit_counts_as_not_graded(course):
    assert graded_already(small_course.NAME, list(POINTS), course, "docker") == set()


# A shell that starts the tests in the background makes them and their children ignore Ctrl-C.
GRADE = """import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from course import app
app()"""
COMMAND = [sys.executable, "-W", "ignore", "-c", GRADE, "grade"]


@contextlib.contextmanager
def grading(course):
    """Grade in another process, as a teacher does; tests may kill it."""
    process = subprocess.Popen(
        [*COMMAND, small_course.NAME, "--course", str(course), "--workers", "2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield psutil.Process(process.pid), process
    finally:
        process.kill()
        process.said, _ = process.communicate()


def at_work(coordinator):
    """Return the workers of a batch and the processes they fork from; none once it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [*workers_of(coordinator), *fork_servers(coordinator)]
    return []


def living(processes):
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not true after {seconds} seconds"
        time.sleep(0.05)


KILLS = int(os.environ.get("COURSE_TEST_KILLS", "4"))


def test_killed_at_random_points_each_is_graded_once_and_rightly(submitted_course, tmp_path):
    """The command, its workers and their server, killed by kill -9; COURSE_TEST_KILLS times.

    Row 24: if somebody was being graded at that moment, the report says so, whichever run ends it.
    """
    chance = random.Random(KILLS)
    killed, rounds = 0, itertools.count()  # in some rounds everything ends before a kill
    while killed < KILLS:
        course = shutil.copytree(submitted_course, tmp_path / f"course-{next(rounds)}")
        ended, interrupted = False, set()
        while not ended:
            with grading(course) as (coordinator, process):
                wait_until(lambda c=coordinator: at_work(c) or not living([c]))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(0, 15) if killed < KILLS else 300)
                ended = process.poll() is not None
                if not ended:
                    among = [coordinator, *at_work(coordinator)]
                    victim = chance.choice(among)
                    victim.kill()
                    killed += 1
                    if victim.pid != coordinator.pid:
                        process.wait(300)
                        ended = True
                below = among[1:] if not ended else []
            wait_until(lambda below=below: not living(below))
            assert_no_stale_score(course)
            interrupted |= left(course) & begun(course)
        assert interrupted <= noted(course)
        assert begun(course) == set()
        assert process.returncode == 0, process.said.decode()
        assert points(course) == POINTS
        assert left(course) == set()


def begun(course):
    """Return the students whose grading has begun and not ended, as the next run will see it."""
    return {name for name in POINTS if mark_of(course, (small_course.NAME, name)).exists()}


def noted(course):
    """Return the students whose receipt says that grading was begun twice."""
    notes = {name: recorded_verdicts(course, small_course.NAME, name)[1] for name in POINTS}
    return {name for name, told in notes.items() if GRADED_AGAIN in told}


def assert_no_stale_score(course):
    """Everyone who has points has those of their own submission."""
    done = graded_already(small_course.NAME, list(POINTS), course, "bubblewrap")
    reached = points(course)
    assert {student: reached[student] for student in done} == {s: POINTS[s] for s in done}
    assert all(score in (0.0, 1.0, 2.0, 3.0) for score in reached.values())


def test_a_batch_leaves_no_temporary_folder(submitted_course, tmp_path, monkeypatch):
    """Each worker used to leave copies of the helpers and the test splits, batch after batch."""
    course = shutil.copytree(submitted_course, tmp_path / "course")
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # a socket's path must be short
        monkeypatch.setenv("TMPDIR", place)
        with grading(course) as (_, process):
            assert process.wait(300) == 0
        assert os.listdir(place) == []


def test_ctrl_c_stops_at_once_and_the_same_command_goes_on(submitted_course, tmp_path):
    course = shutil.copytree(submitted_course, tmp_path / "course")
    # A student who is still being graded when the first receipt appears, even on a busy machine.
    slow = "import time\n\ntime.sleep(10)\n" + WRONG.cells[1].source
    put_submission(course, "дарья", small_course.notebook(slow, small_course.TOTAL))
    with grading(course) as (coordinator, process):
        wait_until(lambda: list((course / "receipts").glob("*/*/*.json")), 200)
        workers = at_work(coordinator)
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes of the group
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 130, said.decode()
        assert "repeat the command to grade the rest" in " ".join(said.decode().split())
        assert time.monotonic() - started < 15
        wait_until(lambda: not living(workers))
    assert_no_stale_score(course)
    interrupted = left(course) & begun(course)
    assert grade_here(course)
    assert interrupted <= noted(course)
    assert begun(course) == set()
    assert points(course) == POINTS
