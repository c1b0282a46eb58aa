"""Grade a batch on this machine: several submissions at the same time, with warm kernels."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import hashlib
import os
import time
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any

import nbgrader.api
import psutil

from grading.intake.submissions import Task
from grading.judging.verdicts import CANNOT_GRADE
from grading.records.receipts import add_note
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.contents import environment
from grading.sandbox.limits import (
    THREAD_VARIABLES,
    Limits,
    processors,
    share_processors,
    threads_of,
)
from grading.sandbox.warm import COSTLY, warm_kernels
from grading.sandbox.workers import open_pool
from grading.settings import adapt_gradebooks
from grading.steps.outcomes import Outcome
from grading.steps.run_nbgrader import autograde_one, taken_back

WORKER_ENDED = Outcome(CANNOT_GRADE, "The process that graded it was killed three times.")

GRADED_AGAIN = "It was graded again after its worker was killed."


def autograde(
    tasks: list[Task], course: Path, workers: int = 2, sandbox: str = ""
) -> Generator[tuple[Task, Outcome]]:
    """Grade submissions in parallel; yield each one, with its outcome, when it is done.

    If a worker is killed, its whole pool ends. The remaining submissions are then graded in another
    pool, and if that ends, too, one by one. If a submission was being graded when its worker ended,
    its receipt says so: no student's code should be able to end a worker, and if it ever happens,
    it must be noticed. The receipt also says so if the whole command was killed meanwhile.
    """
    warm = warm_batch(sandbox, workers, costly_libraries(tasks, course))
    with warm if len(tasks) > 1 else contextlib.nullcontext():
        left = tasks
        for _ in range(2):
            broken = []
            for task, outcome in _graded(left, course, workers, sandbox):
                if outcome is None:
                    broken.append(task)
                else:
                    yield task, outcome
            left = broken
        for alone in left:
            ((task, outcome),) = _graded([alone], course, 1, sandbox)
            yield task, outcome or taken_back(WORKER_ENDED, course, *task)


def _graded(
    tasks: list[Task], course: Path, workers: int, sandbox: str
) -> Iterator[tuple[Task, Outcome | None]]:
    """Yield each submission with its outcome, or None if its worker was killed."""
    try:
        with worker_pool(workers) as pool:
            running = _begun(pool, tasks, course, sandbox)
            for done in concurrent.futures.as_completed(running):
                try:
                    yield running[done], done.result()
                except concurrent.futures.process.BrokenProcessPool:
                    yield running[done], None
    except _NoWorkersError:
        time.sleep(1)  # until the killed process has ended and can be started again
        yield from ((task, None) for task in tasks)


class _NoWorkersError(Exception):
    """The process from which workers are forked was killed while they started."""


def _begun(
    pool: concurrent.futures.Executor, tasks: list[Task], course: Path, sandbox: str
) -> dict[concurrent.futures.Future[Any], Task]:
    try:
        return {pool.submit(_grade_marked, course, *task, sandbox): task for task in tasks}
    except (EOFError, ConnectionError) as error:
        raise _NoWorkersError from error


def mark_of(course: Path, task: Task) -> Path:
    """Return the file that exists while a submission is being graded.

    It is next to the receipts, where the next run finds it if this one is killed.
    """
    name = hashlib.sha256(repr(task).encode("utf-8", "surrogatepass")).hexdigest()
    return course / "receipts" / ".begun" / name


def make_mark(mark: Path) -> None:
    """Create the file that says that grading has started; a full disk must not stop grading."""
    with contextlib.suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _grade_marked(course: Path, assignment: str, student: str, sandbox: str) -> Outcome:
    """Grade a submission, and note in its receipt if this had been started before."""
    mark = mark_of(course, (assignment, student))
    again = mark.exists()
    make_mark(mark)
    outcome = autograde_one(course, assignment, student, sandbox)
    if again and outcome.graded:
        add_note(course, assignment, student, GRADED_AGAIN)
    mark.unlink(missing_ok=True)
    return outcome


def worker_pool(
    workers: int,
) -> contextlib.AbstractContextManager[concurrent.futures.Executor]:
    """Open a pool that grades; see `grading.sandbox.workers.open_pool`.

    If the batch is stopped, unfinished submissions are graded next time.
    """
    return open_pool(workers, __name__, keep_engines)


def keep_engines() -> None:
    """Reuse SQLAlchemy's engines: nbgrader creates a new one a dozen times per submission.

    An engine keeps the statements that it has compiled. Connections are still closed as before.
    """
    adapt_gradebooks()
    nbgrader.api.create_engine = functools.cache(nbgrader.api.create_engine)


def workers_here(limits: Limits) -> int:
    """Return how many submissions can be graded in parallel if each uses all its memory."""
    room = int(psutil.virtual_memory().available) // limits.memory_bytes
    return max(1, min(processors(), room))


def costly_libraries(tasks: list[Task], course: Path) -> list[str]:
    """Return which libraries in `grading.sandbox.warm.COSTLY` the lessons of some tasks use."""
    names = {assignment for assignment, _ in tasks}
    solutions = (course / "solutions" / name / f"{name}.ipynb" for name in names)
    texts = [path.read_text("utf-8") for path in solutions if path.is_file()]
    return [library for library, mark in COSTLY.items() if any(mark in text for text in texts)]


@contextlib.contextmanager
def warm_batch(sandbox: str, workers: int, costly: Collection[str]) -> Iterator[None]:
    """Provide warm kernels if the sandbox allows it, each with its share of the processors.

    `costly` says which libraries the notebooks use; see `grading.sandbox.warm.warm_kernels`.
    """
    outside = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    # Set this before the libraries are imported: afterwards their number of threads is fixed.
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
