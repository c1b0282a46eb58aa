"""Grade a batch on a Dask cluster. A task is one submitted notebook; only this machine records.

A task contains everything that a grade depends on, as bytes, and returns plain data. The result is
the same on every machine, however often the task is run. Only this machine runs nbgrader's steps
and writes the gradebook and the receipts, as if the notebook had been graded here.
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import dataclasses
import json
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Generator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import distributed
import nbformat
from nbgrader.coursedir import CourseDirectory

from grading.batch.pool import (
    GRADED_AGAIN,
    costly_libraries,
    make_mark,
    mark_of,
    warm_batch,
    worker_pool,
)
from grading.intake.notebooks import Refused, notebook_of
from grading.intake.realign import realign
from grading.intake.submissions import Task
from grading.judging.session import grade
from grading.judging.verdicts import CANNOT_GRADE, described
from grading.records.gradebook import forget
from grading.records.receipts import digest, environment_lock, grader_code, seed_of
from grading.sandbox.commands import find_sandbox
from grading.sandbox.limits import Limits, processors
from grading.settings import course_config
from grading.steps.outcomes import Outcome
from grading.steps.preprocessors import GradeInSandbox, answer_key, submission_contents
from grading.steps.run_nbgrader import GradingError, autograde_one, check_submission

CONNECT_SECONDS = 30
IN_FLIGHT = 500
"""Most submissions sent to the cluster at once: enough for workers that join later, but not so many
that they fill the memory."""

BEGUN = "course-submission-begun"
"""The topic of the events by which workers report that they start a task. A task starts twice if
its first worker was lost."""

_loading = threading.Lock()
_recording = threading.Lock()


@dataclass
class Begun:
    """How often each task has started, and the file that tells the next run that it has."""

    times: collections.Counter[str] = field(default_factory=collections.Counter)
    marks: dict[str, Path] = field(default_factory=dict)

    def tell(self, key: str) -> None:
        """Handle a worker's report that it starts a task."""
        self.times[key] += 1
        if key in self.marks:
            make_mark(self.marks[key])


class WarmKernels(distributed.WorkerPlugin):
    """Gives each worker warm kernels; `costly` as for `warm_batch`."""

    idempotent = True

    def __init__(self, costly: Collection[str] = ("helpers", "transformers")):
        self.name = "-".join(["course-warm-kernels", *costly])
        self._costly = costly

    def setup(self, worker: distributed.Worker) -> None:
        self._warm = contextlib.ExitStack()
        self._warm.enter_context(warm_batch("", processors(), self._costly))

    def teardown(self, worker: distributed.Worker) -> None:
        self._warm.close()


def autograde_on(
    scheduler: str, tasks: list[Task], course: Path, sandbox: str = ""
) -> Generator[tuple[Task, Outcome]]:
    """Grade submissions on a cluster; yield each one, with its outcome, when it is recorded.

    Parameters
    ----------
    scheduler : str
        Address of a Dask scheduler, ``tcp://host:port`` or ``tls://host:port``.
    tasks : list of Task
    course : Path
        The course's folder on this machine.
    sandbox : str
        The kind that every worker must use; if empty, the first kind that works there.

    Raises
    ------
    GradingError
        If no scheduler answers at the address, or it has no workers.
    """
    config = course_config(course)
    directory = CourseDirectory(config=config)
    limits_of = GradeInSandbox(config=config).limits
    with _client(scheduler) as client, worker_pool(processors()) as recorders:
        client.register_plugin(WarmKernels(costly_libraries(tasks, course)))
        begun = Begun()
        client.subscribe_topic(BEGUN, lambda event: begun.tell(event[1]))
        sending = concurrent.futures.ThreadPoolExecutor(IN_FLIGHT)
        try:
            running = {
                sending.submit(
                    _graded, task, client, begun, recorders, directory, limits_of(task[0]), sandbox
                ): task
                for task in tasks
            }
            for done in concurrent.futures.as_completed(running):
                yield running[done], done.result()
        finally:
            sending.shutdown(wait=False, cancel_futures=True)


def _client(scheduler: str) -> distributed.Client:
    try:
        distributed.comm.get_address_host_port(scheduler)  # type: ignore[attr-defined]  # it is there
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GradingError(f"no Dask scheduler answers at {scheduler!r}: {error}") from error
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        client.close()
        raise GradingError(f"the scheduler at {scheduler} has no workers: start some") from None
    return client


def _graded(
    task: Task,
    client: distributed.Client,
    begun: Begun,
    recorders: concurrent.futures.Executor,
    directory: CourseDirectory,
    limits: Limits,
    sandbox: str,
) -> Outcome:
    """Have one submission graded on the cluster, record the result here, return the outcome."""
    assignment, student = task
    course = Path(directory.root)
    folder = Path(directory.format_path(directory.submitted_directory, student, assignment))
    mark, found = mark_of(course, task), {}
    again = mark.exists()
    try:
        check_submission(directory, assignment, student)
        for path in sorted(folder.glob("*.ipynb")):
            names = {"student": student, "assignment": assignment, "notebook": path.stem}
            asked = _asked(names, client, begun, directory, limits, sandbox)
            if again and GRADED_AGAIN not in asked["notes"]:
                asked["notes"] = [*asked["notes"], GRADED_AGAIN]
            found[path.stem] = asked
    except Refused:
        found = {}  # `autograde_one` will refuse it for the same reason
    except Exception as error:
        return _recorded(recorders, _not_graded, course, student, assignment, described(error))
    outcome = _recorded(recorders, autograde_one, course, assignment, student, sandbox, found)
    mark.unlink(missing_ok=True)
    return outcome


def _recorded(
    recorders: concurrent.futures.Executor, record: Callable[..., Outcome], *arguments: Any
) -> Outcome:
    """Record an outcome in a process of a pool; if it was killed, in a process of a new pool."""
    ended = (BrokenProcessPool, EOFError, ConnectionError)
    try:
        return recorders.submit(record, *arguments).result()
    except ended:
        pass
    try:
        with _recording, worker_pool(1) as alone:
            return alone.submit(record, *arguments).result()
    except ended:
        return Outcome(CANNOT_GRADE, "The process that records its grade was killed twice.")


def _not_graded(course: Path, student: str, assignment: str, why: str) -> Outcome:
    forget(course, student, assignment)
    return Outcome(CANNOT_GRADE, f"Not graded on the cluster: {why}")


def _asked(
    names: dict[str, str],
    client: distributed.Client,
    begun: Begun,
    directory: CourseDirectory,
    limits: Limits,
    sandbox: str,
) -> dict[str, Any]:
    """Have one notebook graded on the cluster.

    If a worker is lost, Dask gives its task to another worker. No student's code should be able to
    end a worker; if it ever happens, the receipt says so.
    """
    contents = submission_contents(directory, names)
    notebook_of(contents["submission"], f"{names['notebook']}.ipynb")  # refused here, not there
    hashes = {name: digest(content) for name, content in contents.items()}
    key = f"{names['assignment']}-{names['student']}-{digest(*contents.values())[:16]}"
    course, task = Path(directory.root), (names["assignment"], names["student"])
    begun.marks[key] = mark_of(course, task)
    sent = client.submit(
        _grade_told,
        key,
        # The secret stays here: workers need only the seed, which is computed from it.
        {name: _light(name, text) for name, text in contents.items() if name != "secret"},
        seed_of(contents),
        dataclasses.asdict(limits),
        sandbox,
        course_lock(),
        key=key,
    )
    found = sent.result() | {"sha256": hashes}
    del begun.marks[key]  # a late report would leave a mark behind
    if begun.times[key] > 1:
        found["notes"] = [*found["notes"], GRADED_AGAIN]
    return found


def _light(name: str, content: bytes) -> bytes:
    """Return a notebook without outputs, which do not affect grades; other files as they are."""
    if name in ("tests", "private"):
        return content
    if name == "submission":
        return json.dumps(notebook_of(content, "the submission")).encode()
    notebook = nbformat.reads(content.decode(), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return nbformat.writes(notebook).encode()


def _grade_told(key: str, *arguments: Any) -> dict[str, Any]:
    """Report that a task starts, and run it."""
    distributed.get_worker().log_event(BEGUN, key)
    return grade_contents(*arguments)


def grade_contents(
    contents: dict[str, bytes], seed: int, limits: dict[str, Any], sandbox: str, lock: str
) -> dict[str, Any]:
    """Grade one notebook from everything that its grade depends on; runs on a worker.

    Parameters
    ----------
    contents : dict of str to bytes
        ``submission``, ``release``, ``solution`` and ``tests``; also ``private`` if there is one.
    seed : int
    limits : dict
        Fields of `grading.sandbox.limits.Limits`.
    sandbox : str
        As for `grading.sandbox.commands.find_sandbox`.
    lock : str
        The `course_lock` of the machine that asks.

    Returns
    -------
    dict
        ``verdicts``, ``outputs`` by a cell's index as text, ``notes``, ``sandbox``, ``seconds``.

    Raises
    ------
    GradingError
        If this machine has another version of the course or of its environment.
    """
    if lock != course_lock():
        where = f"the worker on {platform.node()}"
        raise GradingError(
            f"{where} has another version of the course or of its environment: install the same"
        )
    submission = notebook_of(contents["submission"], "the submission")
    release = nbformat.reads(contents["release"].decode(), as_version=4)
    notebook, _ = realign(submission, release)
    with tempfile.TemporaryDirectory() as folder, _loading:
        tests = Path(folder) / "hidden_tests.py"
        if contents["tests"]:
            tests.write_bytes(contents["tests"])
        key = answer_key(contents, tests)
    kind = find_sandbox(sandbox)
    started = time.monotonic()
    graded = grade(notebook, key, seed, Limits(**limits), kind)
    return {
        "sandbox": kind,
        "seconds": time.monotonic() - started,
        "verdicts": [dataclasses.asdict(verdict) for verdict in graded.verdicts],
        "outputs": {str(index): outputs for index, outputs in graded.outputs.items()},
        "notes": graded.notes,
    }


def course_lock() -> str:
    """Return a hash of the environment and of the grader's code, to compare machines."""
    return digest(environment_lock().encode(), grader_code().encode())
