"""Grading on a Dask cluster with a real scheduler and workers: one is killed, one is stopped."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import distributed
import pytest
import small_course
from rich.console import Console
from submissions import put_submission

from grading.batch.assignment import grade_assignment
from grading.batch.cluster import autograde_on, course_lock, grade_contents
from grading.batch.pool import GRADED_AGAIN, autograde, make_mark, mark_of
from grading.intake.submissions import submitted
from grading.judging.verdicts import CANNOT_GRADE
from grading.paths import ROOT
from grading.sandbox.commands import find_bubblewrap
from grading.steps.outcomes import SUCCESS
from grading.steps.run_nbgrader import GradingError

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

ANSWERS = (
    small_course.DOUBLE,
    "def double(numbers):\n    return numbers",
    "def double(numbers):\n    raise KeyError(3)",
    "import os\ndef double(numbers):\n    os._exit(3)",
)
STUDENTS = [f"student-{number:02}" for number in range(60)]


@pytest.fixture(scope="module")
def submitted_course(released, tmp_path_factory):
    """Return a course folder in which sixty students have handed in, and none has been graded."""
    folder = shutil.copytree(released, tmp_path_factory.mktemp("submitted_course") / "course")
    for number, student in enumerate(STUDENTS):
        answer = f"# {student}\n{ANSWERS[number % len(ANSWERS)]}"
        put_submission(folder, student, small_course.notebook(answer, small_course.TOTAL))
    put_submission(folder, "unreadable", content=b"no notebook")
    return folder


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start a scheduler and three workers on this machine; return its address and the workers."""
    file = tmp_path_factory.mktemp("cluster") / "scheduler.json"
    variables = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s",
        "OMP_NUM_THREADS": "1",
    }

    def start(*arguments):
        command = [sys.executable, "-W", "ignore", "-m", "dask", *arguments]
        command += ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
        return subprocess.Popen(
            command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    scheduler = start("scheduler", "--port", "0")
    workers = [start("worker", "--nthreads", "1", "--no-nanny") for _ in range(3)]
    try:
        end = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < end, "the scheduler does not start"
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(3, timeout=120)
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def receipts(course):
    """Return all receipts without the parts that differ from run to run."""
    found = {}
    for path in sorted((course / "receipts").glob("*/*/*.json")):
        receipt = json.loads(path.read_text())
        del receipt["graded_at"], receipt["seconds"]
        for test in receipt["tests"]:
            del test["seconds"]
        found[receipt["student"]] = receipt
    return found


def graded_outputs(course, student):
    path = course / "autograded" / student / small_course.NAME / f"{small_course.NAME}.ipynb"
    return [cell.get("outputs") for cell in json.loads(path.read_text())["cells"]]


def test_a_cluster_that_loses_workers_gives_the_receipts_of_one_machine(
    submitted_course, cluster, tmp_path
):
    address, (first, second, _) = cluster
    there = shutil.copytree(submitted_course, tmp_path / "there")
    here = shutil.copytree(submitted_course, tmp_path / "here")
    tasks = submitted(small_course.NAME, there)
    outcomes = {}
    for (_, student), outcome in autograde_on(address, tasks, there):
        outcomes[student] = outcome
        if len(outcomes) == 10:
            first.kill()
        if len(outcomes) == 20:
            os.kill(second.pid, signal.SIGSTOP)
    assert len(outcomes) == 61
    on_one_machine = dict(autograde(submitted(small_course.NAME, here), here))
    assert {student: outcome for (_, student), outcome in on_one_machine.items()} == outcomes
    assert "not JSON" in outcomes.pop("unreadable").sentence
    assert set(outcomes.values()) == {SUCCESS}
    found = receipts(there)
    again = {student for student, one in found.items() if GRADED_AGAIN in one["notes"]}
    assert again, "two workers were lost, but no receipt says that somebody was graded again"
    for student in again:
        found[student]["notes"].remove(GRADED_AGAIN)
    assert len(found) == 60
    assert found == receipts(here)
    for student in STUDENTS[:4]:
        assert graded_outputs(there, student) == graded_outputs(here, student)


def test_course_grade_takes_the_scheduler_s_address(submitted_course, cluster, tmp_path):
    """Row 9. Row 24. Row 29: a loop, and texts that slow down patterns; the worker goes on."""
    address, (*_, third) = cluster
    course = shutil.copytree(submitted_course, tmp_path / "course")
    seconds = small_course.SHORT["test_seconds"]
    (course / "nbgrader_config.py").write_text(f"c.GradeInSandbox.test_seconds = {seconds}\n")
    hard = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
    texts = (f"# {'<' * 150_000}", "\\begin{a}" * 16_000)
    hard.cells += [
        small_course.new_markdown_cell(text, id=f"hard-{n}") for n, text in enumerate(texts)
    ]
    put_submission(course, "hard", hard)
    loop = "def double(numbers):\n    while True:\n        pass"
    put_submission(course, "loops", small_course.notebook(loop, small_course.TOTAL))
    make_mark(mark_of(course, (small_course.NAME, "hard")))  # as an interrupted run leaves it
    said = io.StringIO()
    wanted = ["hard", "loops", *STUDENTS[:2]]
    console = Console(width=120, file=said)
    started = time.monotonic()
    assert grade_assignment(small_course.NAME, wanted, course, 1, "", console, scheduler=address)
    assert time.monotonic() - started < 60
    assert "3 / 3" in said.getvalue()
    statuses = {
        student: [test["status"] for test in receipt["tests"]]
        for student, receipt in receipts(course).items()
    }
    assert statuses["hard"] == ["passed", "passed"]
    again = [name for name, one in receipts(course).items() if GRADED_AGAIN in one["notes"]]
    assert again == ["hard"]
    assert not list((course / "receipts" / ".begun").iterdir())
    assert statuses["loops"] == ["timed out", "passed"]
    assert third.poll() is None
    assert grade_assignment(small_course.NAME, wanted, course, 1, "", console, scheduler=address)
    assert "4 of 4 are graded already" in said.getvalue()


def test_an_address_without_a_scheduler_is_named_in_an_error(submitted_course, monkeypatch):
    monkeypatch.setattr("grading.batch.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(GradingError, match=r"tcp://127\.0\.0\.1:9"):
        list(autograde_on("tcp://127.0.0.1:9", [(small_course.NAME, "a")], submitted_course))


def test_a_scheduler_without_workers_is_an_error_that_says_so(submitted_course, monkeypatch):
    monkeypatch.setattr("grading.batch.cluster.CONNECT_SECONDS", 1)
    alone = distributed.LocalCluster(n_workers=0, dashboard_address=None)
    with alone, pytest.raises(GradingError, match="start some"):
        list(autograde_on(alone.scheduler_address, [(small_course.NAME, "a")], submitted_course))


def test_a_worker_with_another_version_refuses():
    with pytest.raises(GradingError, match="another version"):
        grade_contents({}, 0, {}, "", course_lock() + "0")


def test_a_submission_that_the_cluster_cannot_grade_keeps_no_old_score(
    submitted_course, cluster, tmp_path, monkeypatch
):
    address, _ = cluster
    course = shutil.copytree(submitted_course, tmp_path / "course")
    task = (small_course.NAME, STUDENTS[0])
    assert dict(autograde_on(address, [task], course)) == {task: SUCCESS}
    monkeypatch.setattr("grading.batch.cluster.course_lock", lambda: "of another version")
    ((_, outcome),) = autograde_on(address, [task], course)
    assert outcome.status == CANNOT_GRADE
    assert "another version" in outcome.sentence
    assert not list(Path(course, "receipts", STUDENTS[0]).glob("*/*.json"))  # earlier ones stay
    monkeypatch.undo()
    with contextlib.closing(autograde_on(address, [task], course)) as again:
        assert dict(again) == {task: SUCCESS}
