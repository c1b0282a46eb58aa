"""nbgrader's steps over a course folder: release, autograde, feedback, gradebook."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import logging
import multiprocessing
import os
import shutil
import signal
import threading
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import nbgrader.api
import pandas as pd
import psutil
import sqlalchemy
from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from grading.intake.submissions import Refused
from grading.judging.verdicts import Verdict
from grading.paths import solution_path
from grading.records.receipts import read_receipt, receipt_path, verdicts_of
from grading.release.build import nbgrader_config
from grading.sandbox.box import (
    THREAD_VARIABLES,
    Limits,
    SandboxMissing,
    environment,
    find_bubblewrap,
)
from grading.sandbox.warm import COSTLY, warm_kernels
from helpers.lessons import LESSONS, Lesson

Task = tuple[str, str]
"""A lesson's name and a student's."""


class GradingError(RuntimeError):
    """One of nbgrader's steps failed; the text is its log."""


def nbgrader_api(
    course: Path, sandbox: str = "", elsewhere: dict[str, Any] | None = None
) -> NbGraderAPI:
    """Return nbgrader's interface to the course in a folder, with this repository's settings."""
    config = nbgrader_config()
    config.GradeInSandbox.elsewhere = elsewhere or {}
    config.CourseDirectory.root = str(course.resolve())
    if sandbox:
        config.GradeInSandbox.sandbox = sandbox
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    api.log_level = logging.WARNING
    return api


def release(lessons: list[Lesson], course: Path) -> None:
    """Generate the assignments of a course folder from the repository's solution notebooks."""
    api = nbgrader_api(course)
    for lesson in lessons:
        path = solution_path(lesson, course)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(solution_path(lesson), path)
        _checked(api.generate_assignment(lesson.name), f"the release of {lesson.name}")


def submitted(assignment: str, course: Path, students: list[str] | None = None) -> list[Task]:
    """Return the submissions of an assignment, of all students or of those named."""
    folders = sorted((course / "submitted").glob(f"*/{assignment}"))
    found = [folder.parent.name for folder in folders]
    return [(assignment, student) for student in found if not students or student in students]


def autograde(
    tasks: list[Task], course: Path, workers: int = 2, sandbox: str = ""
) -> Iterator[tuple[Task, str]]:
    """Grade submissions side by side; yield each as it is done, with what went wrong, or nothing.

    A worker that is killed takes its pool with it: what was left is graded in another one, and what
    is left then one by one.
    """
    warm = warm_batch(sandbox, workers, costly_libraries(tasks, course))
    with warm if len(tasks) > 1 else contextlib.nullcontext():
        left = tasks
        for _ in range(2):
            broken = []
            for task, problem in _graded(left, course, workers, sandbox):
                if problem is None:
                    broken.append(task)
                else:
                    yield task, problem
            left = broken
        for alone in left:
            ((task, problem),) = _graded([alone], course, 1, sandbox)
            ended = "the process that graded it was ended, three times"
            yield task, problem if problem is not None else ended


def _graded(
    tasks: list[Task], course: Path, workers: int, sandbox: str
) -> Iterator[tuple[Task, str | None]]:
    """Yield each submission with its problem, or None where its worker was ended."""
    with worker_pool(workers) as pool:
        running = {pool.submit(autograde_one, course, *task, sandbox): task for task in tasks}
        for done in concurrent.futures.as_completed(running):
            try:
                yield running[done], done.result()
            except concurrent.futures.process.BrokenProcessPool:
                yield running[done], None


@contextlib.contextmanager
def worker_pool(workers: int) -> Iterator[concurrent.futures.Executor]:
    """Open a pool of processes that share this machine's processors, and that end at once.

    Whoever stops the batch does not wait: what is under way has no score, and is graded next time.
    """
    # A fresh interpreter a worker: nbgrader changes the working folder of its process.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, context, begin_work, (threads_of(workers),)
    )
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - others:
            worker.kill()
        raise
    pool.shutdown()


def begin_work(threads: int) -> None:
    """Begin as a worker: with its share of the processors, and not longer than who started it."""
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for who started it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    share_processors(threads)
    keep_engines()


def keep_engines() -> None:
    """Open a gradebook with the engine of the last time: a dozen times a submission it is new.

    An engine keeps the statements that it has compiled. Its connections are closed as before.
    """
    nbgrader.api.create_engine = functools.cache(sqlalchemy.create_engine)


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_here(limits: Limits) -> int:
    """Return how many submissions this machine grades side by side: as each may use its limit."""
    room = psutil.virtual_memory().available // limits.memory_bytes
    return max(1, min(processors(), room))


def threads_of(workers: int) -> int:
    """Return how many threads each of some workers' kernels has."""
    return max(1, processors() // workers)


def costly_libraries(tasks: list[Task], course: Path) -> list[str]:
    """Return what a lesson among the tasks uses of `grading.sandbox.warm.COSTLY`."""
    names = {assignment for assignment, _ in tasks}
    solutions = (course / "solutions" / name / f"{name}.ipynb" for name in names)
    texts = [path.read_text("utf-8") for path in solutions if path.is_file()]
    return [library for library, mark in COSTLY.items() if any(mark in text for text in texts)]


@contextlib.contextmanager
def warm_batch(
    sandbox: str, workers: int, costly: Collection[str] = ("transformers",)
) -> Iterator[None]:
    """Have kernels start warm, if the sandbox allows for it, each with its share of processors.

    `costly` says which libraries the notebooks use; see `grading.sandbox.warm.warm_kernels`.
    """
    outside = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    # A box says how many threads its kernel has, which cannot change once the libraries have them.
    share_processors(threads_of(workers))
    possible = sandbox in ("", "bubblewrap") and find_bubblewrap()
    try:
        with warm_kernels(environment(), costly) if possible else contextlib.nullcontext():
            yield
    finally:
        for name, value in outside.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def share_processors(threads: int) -> None:
    """Give each worker's kernel its share: more threads than processors wait for each other."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)


def autograde_one(
    course: Path,
    assignment: str,
    student: str,
    sandbox: str = "",
    elsewhere: dict[str, Any] | None = None,
) -> str:
    """Grade one submission: its scores go to the gradebook, its receipt beside it.

    Parameters
    ----------
    course : Path
    assignment, student, sandbox : str
    elsewhere : dict of str to dict, optional
        What another machine has found out, by notebook; then it is only recorded.

    Returns
    -------
    str
        Why it could not be graded, or nothing.
    """
    # nbgrader adds rows in an order that SQLAlchemy remarks on, and that does no harm.
    warnings.simplefilter("ignore", SAWarning)
    # As nbgrader's own messages, for folders that hold no notebook of the assignment's name.
    folder = course / "submitted" / student / assignment
    if not list(folder.glob("*.ipynb")):
        strange = ", ".join(sorted(item.name for item in folder.iterdir())) or "nothing"
        return f"no notebook was handed in, but {strange}"
    result = nbgrader_api(course, sandbox, elsewhere).autograde(assignment, student)
    return "" if result["success"] else _reason(result)


def _reason(result: dict) -> str:
    """Return the line of nbgrader's log that says what went wrong."""
    text = f"{result.get('log') or ''}{result.get('error') or ''}"
    lines = [line.strip() for line in text.splitlines()]
    named = (Refused.__name__, SandboxMissing.__name__)
    for line in lines:
        kind, _, reason = line.partition(": ")
        if kind.rpartition(".")[2] in named:
            return reason
    return next((line for line in reversed(lines) if line), "nbgrader does not say why")


def generate_feedback(lesson: Lesson, course: Path) -> None:
    """Write the feedback pages of everyone who was graded."""
    result = nbgrader_api(course).generate_feedback(lesson.name)
    _checked(result, f"the feedback on {lesson.name}")


def _checked(result: dict, what: str) -> None:
    if not result["success"]:
        raise GradingError(f"{what}: {result.get('error') or ''}{result.get('log') or ''}")


def verdicts(course: Path, assignment: str, student: str) -> tuple[list[Verdict], list[str]]:
    """Return how a submission's tests ended and what there is to note, from its receipts."""
    ended: list[Verdict] = []
    notes: list[str] = []
    folder = receipt_path(course, student, assignment, "any").parent
    for path in sorted(folder.glob("*.json")):
        receipt = read_receipt(path)
        ended += verdicts_of(receipt)
        notes += receipt["notes"]
    return ended, notes


def scores(course: Path) -> pd.DataFrame:
    """Return the gradebook, one row an exercise of a submission.

    Returns
    -------
    DataFrame
        Columns ``student``, ``lesson``, ``exercise``, ``score`` (NaN where a person has yet to
        grade), ``points``.
    """
    rows = []
    exercises = {name: lesson for lesson in LESSONS for name in lesson.exercises}
    with Gradebook(nbgrader_api(course).coursedir.db_url) as gradebook:
        for submission in gradebook.db.query(SubmittedAssignment).all():
            for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                exercise = grade.name.removeprefix("test_")
                pending = grade.needs_manual_grade and grade.manual_score is None
                rows.append(
                    {
                        "student": submission.student.id,
                        "lesson": exercises[exercise].name,
                        "exercise": exercise,
                        "score": float("nan") if pending else grade.score,
                        "points": grade.max_score,
                    }
                )
    return pd.DataFrame(rows, columns=["student", "lesson", "exercise", "score", "points"])
