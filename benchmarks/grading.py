"""How fast a class is graded: stock `nbgrader autograde` and `course grade`, on the same work.

Forty students hand in a lesson. Of ten, one hands in the blank release, one the answers from an
editor that drops metadata and cell ids, and eight have the reference's answer or one of its
variants, right or wrong, by chance. Stock nbgrader has its own sanitizing, its own executor and its
own settings, except for a limit on time that lets the lesson's cells finish: one notebook after the
other, every cell of it, in a kernel with the instructor's rights. The hidden tests are between its
marks in the graded cells, and are asserts in the student's process. `course grade` uses the
sandbox, asks the same tests from outside, and leaves out what only the story computes (cells tagged
`lesson-only`). No result of an earlier run is used.

Both are run as separate commands, in turn: nbgrader grades half of its share, we grade the class,
and nbgrader grades the other half. Stock nbgrader does not work in parallel, so its seconds grow
with the submissions; it grades the first twenty (four in lesson 3), and its seconds for forty are
its start, once, and forty times the seconds of these. Ours grades all forty, start included. The
memory of the processes is read every three seconds, with shared pages counted once.

How much a cluster's workers add to each other is measured with notebooks that wait instead of
computing; otherwise, three workers on a machine of two processors would measure the machine.
Everything else is as on a cluster: scheduler, workers, sandboxes, questions, and one machine that
records.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import mean

import distributed
import nbformat
import psutil
from nbformat import NotebookNode

import grading.judging.session
from benchmarks.record import RESULTS, Figure, put_into
from grading.batch.cluster import WarmKernels, autograde_on
from grading.batch.made_up_class import blank, stripped, submit, with_answers
from grading.batch.pool import costly_libraries, keep_engines, warm_batch
from grading.intake.realign import LESSON_ONLY
from grading.intake.submissions import submitted
from grading.judging.session import graded_exercise
from grading.paths import ROOT, hidden_tests_path, release_path, solution_path
from grading.proof.prove import variants_folder
from grading.sandbox.box import Sandbox
from grading.sandbox.memory import held_bytes, processes_below
from grading.steps.run_nbgrader import autograde_one, nbgrader_api, release
from helpers.lessons import Lesson, lesson_named

sys.path.append(str(ROOT / "tests" / "security"))  # for the small course whose notebooks wait

import small_course
from submissions import put_submission

DOCS = ROOT / "docs" / "grading-at-scale.md"
STUDENTS = 40
STOCK = {"01_dataset_exploration": 20, "03_feature_extraction": 4}
"""How many submissions stock nbgrader grades."""
WORKERS = 2
TAKEN_APART = 5
WAITING = 12
WAIT = 5  # seconds
COURSE = [sys.executable, "-W", "ignore", "-c", "from course import app; app()"]
NBGRADER = [sys.executable, "-W", "ignore", "-m", "nbgrader"]
# The hidden test of a graded cell, in the form that nbgrader's own way of grading needs.
IN_CELL = """
### BEGIN HIDDEN TESTS
from pathlib import Path
from grading.judging.testing import Answer, load_tests, run_test
hidden_test = load_tests(Path({path!r}))[{exercise!r}]
assert run_test(hidden_test, Answer({exercise}), seed=0) == 1.0
### END HIDDEN TESTS"""
PR_SET_CHILD_SUBREAPER = 36
PARTS = ("start", "run", "ask", "record")


def measure(data: str) -> dict[str, Figure]:
    """Grade the classes, and write the tables of docs/grading-at-scale.md.

    Parameters
    ----------
    data : {"mirror", "embedded"}
        The sandbox uses the embedded data.

    Returns
    -------
    dict of str to Figure
        Ratios of throughput, seconds per submission, and memory.
    """
    return {**lesson_1(data), **lesson_3(data), **dask(data)}


def lesson_1(data: str) -> dict[str, Figure]:
    """Measure lesson 1 only; like `measure`."""
    return _measured(lesson_named("1"), data)


def lesson_3(data: str) -> dict[str, Figure]:
    """Measure lesson 3 only; like `measure`."""
    return _measured(lesson_named("3"), data)


def dask(data: str) -> dict[str, Figure]:
    """Measure how much a cluster's workers add to each other; like `measure`."""
    if data != "embedded":
        return {}
    efficiency = dask_efficiency(3)
    put_into(DOCS, "dask", DASK.format(efficiency))
    return {"grading.dask_efficiency_3": Figure(efficiency, "share", WAITING, data, kind="timing")}


def _measured(lesson: Lesson, data: str) -> dict[str, Figure]:
    if data != "embedded":
        return {}
    sample, key = STOCK[lesson.name], f"lesson{lesson.name[1]}"
    stock, ours = compared(lesson, sample)
    print(f"{lesson.name}: {stock}, {ours}", file=sys.stderr, flush=True)
    of_one = breakdown(lesson)
    figures = {
        f"grading.speedup_{key}": Figure(stock[0] / ours[0], "ratio", STUDENTS, data),
        f"grading.seconds_{key}": Figure(ours[0] / STUDENTS, "s", STUDENTS, data),
        f"grading.seconds_{key}_nbgrader": Figure(stock[0] / STUDENTS, "s", sample, data),
        f"grading.memory_{key}": Figure(ours[1] / 2**30, "GiB", STUDENTS, data),
        f"grading.memory_{key}_nbgrader": Figure(stock[1] / 2**30, "GiB", sample, data),
    }
    for part, value in of_one.items():
        unit = "GiB" if part == "idle" else "s"
        figures[f"grading.{part}_{key}"] = Figure(value, unit, TAKEN_APART, data)
    known = json.loads(RESULTS.read_text())["figures"]
    values = {name: figure["value"] for name, figure in known.items()}
    write_tables(values | {name: figure.value for name, figure in figures.items()})
    return figures


def write_tables(values: dict[str, float]) -> None:
    """Write the page's tables from figures by name, for the lessons that have been measured."""
    speeds, parts = [], []
    for name in STOCK:
        lesson, key = lesson_named(name), f"lesson{name[1]}"
        if f"grading.speedup_{key}" not in values:
            continue
        speed = [f"seconds_{key}_nbgrader", f"seconds_{key}", f"speedup_{key}"]
        memory = [f"memory_{key}_nbgrader", f"memory_{key}", f"idle_{key}"]
        cells = _numbers([values[f"grading.{column}"] for column in (*speed, *memory)])
        speeds.append(f"| {name} | {left_out(lesson)} | {cells} |")
        times = [values[f"grading.{part}_{key}"] for part in ("import", *PARTS)]
        parts.append(f"| {name} | {_numbers(times, 2)} | {sum(times[1:]):.2f} |")
    put_into(DOCS, "speed", "\n".join([*SPEED_HEAD, *speeds]))
    put_into(DOCS, "parts", "\n".join([*PARTS_HEAD, *parts]))


SPEED_HEAD = (
    "| lesson | cells left out by us | nbgrader, s per submission | ours | ratio "
    "| nbgrader, GiB at most | ours | idle |",
    "|---|---|---|---|---|---|---|---|",
)
PARTS_HEAD = (
    "| lesson | once: import | start | run | ask | record | together |",
    "|---|---|---|---|---|---|---|",
)
DASK = (
    f"Of {WAITING} submissions whose notebooks wait for {WAIT} seconds, three Dask workers graded "
    "{:.2f} times as many per minute as three times one worker."
)


def _numbers(values, digits: int = 1) -> str:
    return " | ".join(f"{value:.{digits}f}" for value in values)


def left_out(lesson: Lesson) -> str:
    """Return how many of a lesson's code cells only the story needs, and the number of all."""
    cells = nbformat.read(solution_path(lesson), as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    return f"{sum(LESSON_ONLY in cell.metadata.get('tags', []) for cell in code)} of {len(code)}"


def compared(lesson: Lesson, sample: int) -> tuple[tuple[float, int], tuple[float, int]]:
    """Return the seconds for the class and the most bytes held, for stock nbgrader and for us."""
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        first, mine, second = (Path(folder, name) for name in ("first", "mine", "second"))
        half = sample // 2
        hand_in(lesson, mine, range(STUDENTS))
        stock_course(lesson, first, range(half))
        stock_course(lesson, second, range(half, sample))
        grade = [*COURSE, "grade", lesson.name, "--workers", str(WORKERS), "--course", str(mine)]
        stock = [*NBGRADER, "autograde", lesson.name, "--create", "--Execute.timeout=600"]
        start, _ = timed([*stock, "--student=nobody"], first)
        runs = [timed(stock, first), timed(grade, ROOT), timed(stock, second)]
    each = (runs[0][0] + runs[2][0] - 2 * start) / sample
    return (start + STUDENTS * each, max(runs[0][1], runs[2][1])), runs[1]


def hand_in(lesson: Lesson, course: Path, students: range) -> None:
    """Create a course folder with its release, and let students hand in."""
    release([lesson], course)
    _submit(lesson, course, students, release_path(lesson, course))


def _submit(lesson: Lesson, course: Path, students: range, released: Path) -> None:
    notebook = nbformat.read(released, as_version=4)
    solved = nbformat.read(solution_path(lesson), as_version=4)
    for number in students:
        submit(work(lesson, notebook, solved, number), lesson, f"student-{number:03}", course)


def work(lesson: Lesson, released: NotebookNode, solved: NotebookNode, number: int) -> NotebookNode:
    """Return what one student hands in."""
    if number % 10 in (3, 8):
        return (blank if number % 10 == 3 else stripped)(lesson, released, solved)
    chance = random.Random(number)
    answers = {cell.id: cell.source for cell in solved.cells if cell.id in lesson.exercises}
    for exercise in lesson.exercises:
        variants = sorted((variants_folder(lesson) / exercise).glob("*_*.py"))
        if variants and chance.random() < 0.5:
            answers[exercise] = chance.choice(variants).read_text()
    return with_answers(released, answers)


def stock_course(lesson: Lesson, course: Path, students: range) -> None:
    """Create a folder in the form of stock nbgrader, with the same work handed in."""
    source = course / "source" / lesson.name / f"{lesson.name}.ipynb"
    source.parent.mkdir(parents=True)
    notebook = nbformat.read(solution_path(lesson), as_version=4)
    path = str(hidden_tests_path(lesson))
    for cell in notebook.cells:
        exercise = graded_exercise(cell)
        if exercise:
            cell.source += IN_CELL.format(path=path, exercise=exercise)
    nbformat.write(notebook, source)
    # Our rubrics are in cells in which nbgrader expects none, so it would refuse to release them.
    made = [*NBGRADER, "generate_assignment", lesson.name]
    made.append("--ClearMarkScheme.enforce_metadata=False")
    subprocess.run(made, cwd=course, check=True, capture_output=True, env=variables())
    _submit(lesson, course, students, course / "release" / lesson.name / f"{lesson.name}.ipynb")


def variables() -> dict[str, str]:
    """Return the environment variables of both graders: embedded data, no waiting for a network."""
    outside = {name: os.environ[name] for name in os.environ if name != "COURSE_MIRROR"}
    # nbgrader starts `alembic` by name.
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    return {**outside, "HF_HUB_OFFLINE": "1", "PATH": path}


def timed(command: list[str], folder: Path) -> tuple[float, int]:
    """Run a command; return the seconds that it took, and the most memory that it held."""
    # A kernel in a box has no parent outside of it; this makes it a child of this process.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started, most = time.monotonic(), 0
    with subprocess.Popen(
        command, cwd=folder, env=variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        said: list[bytes] = []
        reading = threading.Thread(target=lambda: said.append(process.stdout.read()), daemon=True)
        reading.start()
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
                break
            reap(besides=process.pid)
            most = max(most, held_bytes(processes_below(os.getpid())[1:], 0))
    seconds = time.monotonic() - started
    reading.join(5)
    if process.returncode not in (0, 1):  # 1: a person must look at somebody's work
        text = b"".join(said).decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {text}")
    return seconds, most


def reap(besides: int) -> None:
    """Wait for kernels that have ended and that have become children of this process."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
            if child.pid != besides and child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)


class Timed(Sandbox):
    """A sandbox that measures how long each part takes."""

    spent: dict[str, float] = {}  # noqa: RUF012 - of one notebook, all its boxes together

    def __init__(self, *arguments):
        self._add("start", lambda: super(Timed, self).__init__(*arguments))

    def run(self, *arguments):
        return self._add("run", lambda: super(Timed, self).run(*arguments))

    def ask(self, *arguments):
        return self._add("ask", lambda: super(Timed, self).ask(*arguments))

    def _add(self, part: str, work: Callable):
        started = time.monotonic()
        try:
            return work()
        finally:
            self.spent[part] = self.spent.get(part, 0.0) + time.monotonic() - started


def breakdown(lesson: Lesson) -> dict[str, float]:
    """Return the mean seconds of a submission's parts, one at a time on the machine.

    `import` is needed once per batch; `idle` is the memory of its warm process, in GiB.
    """
    spent: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="one-") as folder, ExitStack() as stack:
        course = Path(folder)
        hand_in(lesson, course, range(TAKEN_APART + 1))
        costly = costly_libraries([(lesson.name, "")], course)
        started = time.monotonic()
        stack.enter_context(warm_batch("bubblewrap", WORKERS, costly))
        with Sandbox("bubblewrap", grading.judging.session.Limits()):
            imported = time.monotonic() - started
        idle = held_bytes(warm_processes(), 0) / 2**30
        keep_engines()
        stack.callback(setattr, grading.judging.session, "Sandbox", grading.judging.session.Sandbox)
        grading.judging.session.Sandbox = Timed
        for _, student in submitted(lesson.name, course):
            Timed.spent = {}
            started = time.monotonic()
            outcome = autograde_one(course, lesson.name, student, "bubblewrap")
            whole = time.monotonic() - started
            if not outcome.graded:
                raise RuntimeError(outcome.sentence)
            spent.append({**Timed.spent, "record": whole - sum(Timed.spent.values())})
    # The first submission includes what is done only once, such as the hidden tests' own imports.
    parts = {part: mean(one.get(part, 0.0) for one in spent[1:]) for part in PARTS}
    return {"import": imported, "idle": idle, **parts}


def warm_processes() -> list[psutil.Process]:
    """Return the children of this process from which kernels are forked."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended in the meantime
            if "grading.inside.warm" in child.cmdline():
                found.append(child)
    return found


def dask_efficiency(workers: int) -> float:
    """Return the throughput of several Dask workers divided by their number times one worker's."""
    alone, together = (_seconds_on_cluster(number) for number in (1, workers))
    return alone / (workers * together)


def _seconds_on_cluster(workers: int) -> float:
    """Return how long a class takes whose notebooks wait, on workers with warm kernels."""
    with tempfile.TemporaryDirectory(prefix="waits-") as folder, ExitStack() as stack:
        course = Path(folder)
        small_course.write_course(course)
        made = nbgrader_api(course).generate_assignment(small_course.NAME)
        if not made["success"]:
            raise RuntimeError(str(made))
        first = [f"first-{number}" for number in range(workers)]
        for student in (*first, *(f"student-{number:02}" for number in range(WAITING))):
            answer = f"# {student}\nimport time\ntime.sleep({WAIT})\n{small_course.DOUBLE}"
            put_submission(course, student, small_course.notebook(answer, small_course.TOTAL))
        cluster = stack.enter_context(
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None
            )
        )
        with distributed.Client(cluster, set_as_default=False) as client:
            client.wait_for_workers(workers)
            client.register_plugin(WarmKernels())
        tasks = submitted(small_course.NAME, course)
        # One submission per worker first, to wait until its warm process is ready.
        _graded_on(cluster, [task for task in tasks if task[1] in first], course)
        return _graded_on(cluster, [task for task in tasks if task[1] not in first], course)


def _graded_on(cluster: distributed.LocalCluster, tasks: list, course: Path) -> float:
    started = time.monotonic()
    outcomes = dict(autograde_on(cluster.scheduler_address, tasks, course))
    if not all(outcome.graded for outcome in outcomes.values()):
        raise RuntimeError(str(outcomes))
    return time.monotonic() - started
