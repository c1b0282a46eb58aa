"""How fast a class is graded: stock `nbgrader autograde` and `course grade`, on the same work.

Forty students hand in a lesson: each exercise is the reference's answer or one of its variants,
right or wrong, by chance. Stock nbgrader has its own settings, but for a limit on time that lets
the lesson's cells finish: one notebook after the other, in a kernel with the rights of whoever
grades, the visible checks as its tests. `course grade` has the sandbox on, and asks the hidden
tests on top. Both run as commands of their own, in turn: half of the class by nbgrader, all by us,
the other half. What their processes hold is read once a second, shared pages counted once.

What a cluster's workers add to each other is measured with work that waits instead of computing:
three workers on a machine of two processors would else measure the machine.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import distributed
import matplotlib.figure as plots
import nbformat

import grading.session
from benchmarks.record import Figure, put_into
from grading.cluster import WarmKernels, autograde_on
from grading.course import autograde_one, draws_maps, nbgrader_api, release, submitted, warm_batch
from grading.paths import ROOT, release_path, solution_path
from grading.play import submit, with_answers
from grading.prove import variants_folder
from grading.sandbox import Sandbox, held_bytes, processes_below
from helpers.lessons import Lesson, lesson_named

sys.path.append(str(ROOT / "tests" / "security"))  # what waits is the tests' small course

import sums
from handed import handed_in

FILES = (
    "benchmarks/grading.py",
    "grading/cluster.py",
    "grading/course.py",
    "grading/inside/relay.py",
    "grading/inside/warm.py",
    "grading/sandbox.py",
    "grading/session.py",
    "grading/warm.py",
    "tests/security/sums.py",
)
DOCS = ROOT / "docs" / "grading-at-scale.md"
PICTURE = ROOT / "docs" / "figures" / "grading_cost.png"
LESSONS = ("01_dataset_exploration", "03_feature_extraction")
STUDENTS = 40
SIZES = (10, 40, 100, 400)
WORKERS = 2
WAITING = 24
WAIT = 8  # seconds
COURSE = [sys.executable, "-W", "ignore", "-c", "from course import app; app()"]
NBGRADER = [sys.executable, "-W", "ignore", "-m", "nbgrader"]


def measure(data: str) -> dict[str, Figure]:
    """Grade the classes, and write the tables of docs/grading-at-scale.md.

    Parameters
    ----------
    data : {"mirror", "embedded"}
        The sandbox reads the embedded data.

    Returns
    -------
    dict of str to Figure
        Ratios of throughput, seconds a notebook, and bytes.
    """
    if data != "embedded":
        return {}
    figures, lines = {}, []
    for number, name in enumerate(LESSONS):
        key = f"lesson{name[1]}"
        lesson = lesson_named(name)
        stock, ours = compared(lesson)
        parts = breakdown(lesson)
        ratio = stock[0] / ours[0]
        figures |= {
            f"grading.speedup_{key}": Figure(ratio, "ratio", STUDENTS, data),
            f"grading.seconds_{key}": Figure(ours[0] / STUDENTS, "s", STUDENTS, data),
            f"grading.seconds_{key}_nbgrader": Figure(stock[0] / STUDENTS, "s", STUDENTS, data),
            f"grading.memory_{key}": Figure(ours[1] / 2**30, "GiB", STUDENTS, data),
            f"grading.memory_{key}_nbgrader": Figure(stock[1] / 2**30, "GiB", STUDENTS, data),
        }
        for part, seconds in parts.items():
            figures[f"grading.{part}_{key}"] = Figure(seconds, "s", 1, data)
        lines.append(_row(number + 1, stock, ours, ratio, parts))
    sizes = cost_by_size(lesson_named(LESSONS[0]))
    for size, seconds in sizes.items():
        figures[f"grading.seconds_of_{size}"] = Figure(seconds, "s", size, data)
    efficiency = dask_efficiency(3)
    figures["grading.dask_efficiency_3"] = Figure(efficiency, "ratio", WAITING, data)
    put_into(DOCS, "dask", DASK.format(efficiency))
    put_into(DOCS, "speed", "\n".join([*HEAD, *lines]))
    put_into(DOCS, "sizes", _sizes_text(sizes))
    draw_cost(sizes, PICTURE)
    return figures


HEAD = (
    "| lesson | nbgrader, s a notebook | ours | ratio | nbgrader, GiB | ours | once: import "
    "| start | run | ask | record |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)

DASK = (
    f"of {WAITING} submissions whose notebooks sleep for {WAIT} seconds, three Dask workers graded "
    "{:.2f} times as many a minute as three times one worker."
)


def _row(place, stock, ours, ratio, parts) -> str:
    cells = [
        LESSONS[place - 1],
        f"{stock[0] / STUDENTS:.1f}",
        f"{ours[0] / STUDENTS:.1f}",
        f"{ratio:.1f}",
        f"{stock[1] / 2**30:.1f}",
        f"{ours[1] / 2**30:.1f}",
        *(f"{parts[part]:.1f}" for part in ("import", "start", "run", "ask", "record")),
    ]
    return f"| {' | '.join(cells)} |"


def _sizes_text(sizes: dict[int, float]) -> str:
    rows = ["| submissions | seconds | seconds each | by the model |", "|---|---|---|---|"]
    model = capacity_model(sizes)
    for size, taken in sizes.items():
        rows.append(f"| {size} | {taken:.0f} | {taken / size:.2f} | {model(size):.0f} |")
    return "\n".join(rows)


def capacity_model(sizes: dict[int, float]) -> Callable[[int], float]:
    """Return seconds by class size, a straight line through the two smallest classes."""
    (few, quick), (more, slow) = sorted(sizes.items())[:2]
    each = (slow - quick) / (more - few)
    return lambda size: quick + each * (size - few)


def draw_cost(sizes: dict[int, float], path: Path) -> None:
    """Draw what classes took, and what the two smallest of them foretell."""
    figure = plots.Figure(figsize=(5.4, 3.2), layout="constrained")
    axes = figure.subplots()
    ends = [0, max(sizes)]
    axes.plot(ends, [capacity_model(sizes)(size) / 60 for size in ends], "--", color="#777777")
    axes.plot(sizes.keys(), [taken / 60 for taken in sizes.values()], "o", color="#0072B2")
    axes.set(xlabel="submissions", ylabel="minutes", xlim=(0, None), ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def compared(lesson: Lesson) -> tuple[tuple[float, int], tuple[float, int]]:
    """Return the seconds that stock nbgrader and we took, and the most bytes that each held."""
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        first, mine, second = (Path(folder, name) for name in ("first", "mine", "second"))
        half = STUDENTS // 2
        hand_in(lesson, mine, range(STUDENTS))
        stock_course(lesson, first, range(half))
        stock_course(lesson, second, range(half, STUDENTS))
        grade = [*COURSE, "grade", lesson.name, "--workers", str(WORKERS), "--course"]
        runs = [
            timed(stock_command(lesson), first),
            timed([*grade, str(mine)], ROOT),
            timed(stock_command(lesson), second),
        ]
    return (runs[0][0] + runs[2][0], max(runs[0][1], runs[2][1])), runs[1]


def hand_in(lesson: Lesson, course: Path, students: range) -> None:
    """Make a course folder with its release, and have students hand in."""
    release([lesson], course)
    released = nbformat.read(release_path(lesson, course), as_version=4)
    solved = nbformat.read(solution_path(lesson, course), as_version=4)
    for number in students:
        submit(mixed(lesson, released, solved, number), lesson, f"student-{number:03}", course)


def mixed(lesson, released, solved, number):
    """Return the work of one student, whose answers are right or wrong by chance."""
    chance = random.Random(number)
    answers = {cell.id: cell.source for cell in solved.cells if cell.id in lesson.exercises}
    for exercise in lesson.exercises:
        variants = sorted((variants_folder(lesson) / exercise).glob("*_*.py"))
        if variants and chance.random() < 0.5:
            answers[exercise] = chance.choice(variants).read_text()
    return with_answers(released, answers)


def stock_course(lesson: Lesson, course: Path, students: range) -> None:
    """Make a folder as stock nbgrader has it, with the same work handed in."""
    source = course / "source" / lesson.name
    source.mkdir(parents=True)
    shutil.copy(solution_path(lesson), source)
    # Our rubrics stand where nbgrader's do not, which it would refuse to release.
    made = [*NBGRADER, "generate_assignment", lesson.name]
    made.append("--ClearMarkScheme.enforce_metadata=False")
    subprocess.run(made, cwd=course, check=True, capture_output=True, env=with_scripts())
    released = nbformat.read(course / "release" / lesson.name / f"{lesson.name}.ipynb", 4)
    solved = nbformat.read(solution_path(lesson), as_version=4)
    for number in students:
        submit(mixed(lesson, released, solved, number), lesson, f"student-{number:03}", course)


def stock_command(lesson: Lesson) -> list[str]:
    return [*NBGRADER, "autograde", lesson.name, "--create", "--Execute.timeout=600"]


def with_scripts() -> dict[str, str]:
    """Return the variables by which nbgrader finds `alembic`, which it starts by name."""
    return {
        **os.environ,
        "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
    }


def timed(command: list[str], folder: Path) -> tuple[float, int]:
    """Run a command; return the seconds that it took, and the most memory that it held."""
    started, most = time.monotonic(), 0
    with subprocess.Popen(
        command, cwd=folder, env=with_scripts(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        threading.Thread(target=process.stdout.read, daemon=True).start()
        while process.poll() is None:
            most = max(most, held_bytes(processes_below(process.pid), 0))
            time.sleep(1)
    if process.returncode not in (0, 1):  # 1: somebody's work needs a person
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - started, most


class Timed(Sandbox):
    """A sandbox that adds up where its time goes."""

    spent: dict[str, float] = {}  # noqa: RUF012 - of one notebook, all its boxes together

    def __init__(self, *arguments):
        self._add("start", lambda: super(Timed, self).__init__(*arguments))

    def run(self, code: str, seconds: float):
        return self._add("run", lambda: super(Timed, self).run(code, seconds))

    def ask(self, question: bytes, seconds: float):
        return self._add("ask", lambda: super(Timed, self).ask(question, seconds))

    def _add(self, part: str, work: Callable):
        started = time.monotonic()
        try:
            return work()
        finally:
            self.spent[part] = self.spent.get(part, 0.0) + time.monotonic() - started


def breakdown(lesson: Lesson) -> dict[str, float]:
    """Return the seconds that each part of grading one notebook takes, the machine to itself."""
    with tempfile.TemporaryDirectory(prefix="one-") as folder, ExitStack() as stack:
        course = Path(folder)
        hand_in(lesson, course, range(2))
        started = time.monotonic()
        stack.enter_context(
            warm_batch("bubblewrap", WORKERS, draws_maps([(lesson.name, "")], course))
        )
        with Sandbox("bubblewrap", grading.session.Limits()):
            imported = time.monotonic() - started
        original = grading.session.Sandbox
        stack.callback(setattr, grading.session, "Sandbox", original)
        grading.session.Sandbox = Timed
        for student in ("student-000", "student-001"):  # the first has what is done only once
            Timed.spent = {}
            started = time.monotonic()
            problem = autograde_one(course, lesson.name, student, "bubblewrap")
            assert not problem, problem
        whole = time.monotonic() - started
        parts = dict(Timed.spent)
    return {"import": imported, **parts, "record": whole - sum(parts.values())}


def cost_by_size(lesson: Lesson) -> dict[int, float]:
    """Return the seconds that classes of several sizes take."""
    taken = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="size-") as folder:
            hand_in(lesson, Path(folder), range(size))
            command = [*COURSE, "grade", lesson.name, "--workers", str(WORKERS)]
            taken[size], _ = timed([*command, "--course", folder], ROOT)
    return taken


def dask_efficiency(workers: int) -> float:
    """Return the throughput of several Dask workers over that of one, times their number."""
    alone, together = (_seconds_on_cluster(number) for number in (1, workers))
    return alone / (workers * together)


def _seconds_on_cluster(workers: int) -> float:
    """Return how long a class takes whose notebooks wait, on workers that have started."""
    with tempfile.TemporaryDirectory(prefix="waits-") as folder, ExitStack() as stack:
        course = Path(folder)
        sums.write_course(course)
        made = nbgrader_api(course).generate_assignment(sums.NAME)
        assert made["success"], made
        answer = f"import time\ntime.sleep({WAIT})\n{sums.DOUBLE}"
        for number in range(WAITING):
            handed_in(course, f"student-{number:02}", sums.notebook(answer, sums.TOTAL))
        cluster = stack.enter_context(
            distributed.LocalCluster(workers, threads_per_worker=1, dashboard_address=None)
        )
        with distributed.Client(cluster, set_as_default=False) as client:
            client.wait_for_workers(workers)
            client.register_plugin(WarmKernels())
        started = time.monotonic()
        problems = dict(
            autograde_on(cluster.scheduler_address, submitted(sums.NAME, course), course)
        )
        taken = time.monotonic() - started
    assert not any(problems.values()), problems
    return taken
