"""The table of attacks in docs/security.md, tried on stock nbgrader and on otter-grader.

They get the submissions that `tests/security` hands in to this course's grader, for the same small
lesson, each together with an honest one that is graded after it. (Those tests prove that every row
holds here, and record that figure.) Stock nbgrader is its own `nbgrader autograde` with its own
settings; the same hidden tests are plain asserts in its graded cells, between its marks for hidden
tests. otter-grader is its own `otter run`, which needs no container; the same tests are in its own
test files, in the form of functions that raise.

Because both run students' code with the rights of the person who grades, everything runs in a box
of ours, with the course's folder in memory. The box protects the machine, but nothing inside the
box. It has no network except a listener of its own, and enough disk space, processes and memory for
more than the attacks use; but a box that holds more than `BOX.memory_bytes` is ended. If an attack
loops, the limits on time are those of the tests.

An attack is survived if the attacked exercise has the points that it deserves, the other exercise
and the honest submission have theirs, nothing was found, opened or reached, the teacher's files are
unchanged, and no process is left running. A row of the table is survived if all its attacks that
apply to a grader are; rows in which none applies are counted separately.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from benchmarks import stock_nbgrader as told
from benchmarks.attack_cases import HONEST, NBGRADER, OTTER, Case, cases, honest, small_course
from benchmarks.record import Figure, put_into
from grading.paths import ROOT
from grading.sandbox.commands import bubblewrap_command, find_bubblewrap
from grading.sandbox.contents import HOME, environment
from grading.sandbox.limits import Limits
from grading.sandbox.memory import held_bytes, processes_below

DEPENDS_ON = ("benchmarks/stock_nbgrader.py", "benchmarks/stock_otter.py")  # run in a box
DOCS = ROOT / "docs" / "security.md"
HOLDS, NOT_HERE = "holds", "does not apply"
BOX = Limits(memory_bytes=2 * 2**30, processes=1000, scratch_bytes=384 * 2**20)
PROGRAMS = "/programs"
"""The folder in the box with `stock_nbgrader.py` and `stock_otter.py`."""
RUN_SECONDS = 600.0
LARGEST_MEGABYTES = 20.0
OTTER_RELEASE = "otter-grader==7.0.0"
OTTER_FOLDER = ROOT / "build" / "otter"
# otter-grader has a limit for a submission, not for a cell. Starting takes it ten seconds, and
# much longer on a busy machine.
OTTER_LOOP_SECONDS = 120.0
WORKERS = 4  # boxes at the same time: they mostly wait for kernels to start, or for limits
# By row, what an attack has achieved if its outputs do not show that it failed.
SOUGHT = {
    5: "hidden tests are found",
    6: "the teacher's files are opened",
    8: "the network is reached",
    13: "there is no quota",
    16: "modules of the student's own are imported",
}
# The same for rows where the grader's log shows it.
IN_LOG = {
    7: "a student's pickle is loaded by the grader",
    32: "escapes of a student's reach the terminal",
    33: "a student writes into the grader's own output",
}


@dataclass
class Ended:
    """The state of a course after a case.

    Attributes
    ----------
    rounds : list of dict
        Points by student and cell, after each run.
    said : str
        What the attacked cells show.
    harm : list of str
        Damage apart from wrong points.
    stamps : dict of str to str
    reached : int
        Connections to a listener on the machine.
    megabytes : float
        The size of the graded notebooks.
    seconds : float
        The processor time of all of the grader's processes.
    log : str
    """

    rounds: list[dict[str, dict[str, float | None]]] = field(default_factory=list)
    said: str = ""
    harm: list[str] = field(default_factory=list)
    stamps: dict[str, str] = field(default_factory=dict)
    reached: int = 0
    megabytes: float = 0.0
    seconds: float = 0.0
    log: str = ""


def survived(case: Case, ended: Ended) -> list[str]:
    """Return the harm that an attack has done; nothing if it was survived."""
    if not ended.rounds:
        return [*ended.harm, "nobody is graded"]
    last, found = ended.rounds[-1], list(ended.harm)
    for student in case.fair:
        who = f"{_shown(student)}: " if len(case.fair) > 1 else ""
        found += [who + what for what in _treated(case, student, last.get(student, {}), ended.log)]
    if last.get(HONEST) != {"test_double": 2.0, "test_total": 1.0}:
        found.append("the next submission is not graded")
    if case.steady and any(run != ended.rounds[0] for run in ended.rounds):
        found.append("the points change from run to run")
    if case.row in SOUGHT and (case.shows not in ended.said or ended.reached):
        found.append(SOUGHT[case.row])
    if case.unwanted and case.unwanted in ended.log:
        found.append(IN_LOG[case.row])
    if ended.megabytes > LARGEST_MEGABYTES:
        found.append(f"{ended.megabytes:.0f} MB are left behind")
    if case.seconds and ended.seconds > case.seconds:
        found.append(f"two notebooks take {ended.seconds:.0f} s of the processor")
    if case.prepare and (ended.stamps.get("ada") or "2001").startswith("2001"):
        found.append("the forged time counts")
    return found


def _treated(case: Case, student: str, got: dict[str, float | None], log: str) -> list[str]:
    """Return what is wrong in the treatment of a student."""
    named = _names(student, log)
    if case.may_be_refused and named and not any(score is not None for score in got.values()):
        return []
    found = []
    for cell, allowed in zip(("test_double", "test_total"), case.fair[student], strict=True):
        if got.get(cell) not in allowed:
            found.append(_unfair(cell, got.get(cell), allowed))
    if not named and (case.refused or (case.may_be_refused and found)):
        found.append("nobody is told")
    return found


def _shown(student: str) -> str:
    """Return a name in a form that a table in Markdown can contain."""
    written = ascii(student)[1:-1]
    return written if len(written) <= 20 else f"{written[:10]}… ({len(student)} characters)"


def _unfair(cell: str, score: float | None, allowed: set[float | None]) -> str:
    what = "the exercise" if cell == "test_double" else "the other exercise"
    if score is None:
        return f"{what} is not graded"
    best = max(filter(None, allowed), default=0.0)
    return f"{what} has {score:g} points instead of {best:g}"


def _names(student: str, log: str) -> bool:
    """Return whether a log says that something is wrong with a student's submission."""
    lines = [line for line in log.splitlines() if "ERROR]" in line or "WARNING]" in line]
    written = {student, ascii(student)[1:-1]}
    return any(f"{name}'" in line or f"/{name}/" in line for line in lines for name in written)


class Nbgrader:
    """nbgrader without changes."""

    name = NBGRADER
    program = "stock_nbgrader.py"
    paths = (
        f"{HOME}/course/gradebook.db",
        f"{HOME}/course/solutions/{small_course.NAME}/{small_course.NAME}.ipynb",
        f"{HOME}/course/submitted/{HONEST}/{small_course.NAME}/{small_course.NAME}.ipynb",
        f"{HOME}/.cache/huggingface/token",
        "/etc/shadow",
    )
    python, shared, variables = Path(sys.executable), {}, environment()
    loop_seconds = RUN_SECONDS  # a cell has its own limit

    def __init__(self, folder: Path):
        self.released = folder / "nbgrader"
        _write_solution(self.released, small_course.IN_CELLS)
        _release(self.config(self.released))

    @staticmethod
    def config(course: Path) -> Config:
        """Return nbgrader's own settings, except for the names of two folders."""
        config = Config()
        config.CourseDirectory.root = str(course)
        config.CourseDirectory.course_id = small_course.NAME
        config.CourseDirectory.source_directory = "solutions"
        config.CourseDirectory.release_directory = "notebooks"
        return config

    def prepare(self, case: Case, course: Path) -> None:
        """Write the settings for a case, and do what must be done before grading."""
        lines = ["c = get_config()"]
        settings = {"source_directory": "solutions", "release_directory": "notebooks"}
        settings["course_id"] = small_course.NAME
        lines += [f"c.CourseDirectory.{name} = {value!r}" for name, value in settings.items()]
        if case.loops:
            lines.append(f"c.Execute.timeout = {small_course.SHORT['cell_seconds']}")
        (course / "nbgrader_config.py").write_text("\n".join(lines))
        if case.prepare:
            case.prepare(course, self.config(course))


def _write_solution(course: Path, hidden: tuple[str, str] = ("", "")) -> None:
    room = course / "solutions" / small_course.NAME
    room.mkdir(parents=True)
    nbformat.write(small_course.solution(hidden), room / f"{small_course.NAME}.ipynb")


def _release(config: Config) -> None:
    # nbgrader starts `alembic` by name, which is not found if the environment is not activated.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    result = api.generate_assignment(small_course.NAME)
    if not result["success"]:
        raise RuntimeError(f"the release was not made: {result}")


OTTER_TEST = """
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points}
all_or_nothing = True


@test_case()
def shown({name}):
{check}


@test_case(hidden=True)
def hidden({name}):
{hidden}
"""
# otter-grader needs the address of "localhost".
LOOKED_UP = {"hosts": "127.0.0.1 localhost\n", "nsswitch.conf": "hosts: files\n"}


class Otter:
    """otter-grader without changes, in an environment of its own."""

    name = OTTER
    program = "stock_otter.py"
    paths = (
        f"{HOME}/course/autograder.zip",
        f"{HOME}/course/tests/double.py",
        *Nbgrader.paths[1:],
    )
    loop_seconds = OTTER_LOOP_SECONDS

    def __init__(self, folder: Path):
        self.python = otter_python()
        self.shared = {str(OTTER_FOLDER): str(OTTER_FOLDER)}
        for name, text in LOOKED_UP.items():
            (folder / name).write_text(text)
            self.shared[str(folder / name)] = f"/etc/{name}"
        scripts = self.python.parent
        self.variables = environment() | {"PATH": f"{scripts}:/usr/bin:/bin"}
        self.released = folder / "otter"
        _write_solution(self.released)
        tests = self.released / "tests"
        tests.mkdir()
        for number, (name, points) in enumerate((("double", 2), ("total", 1))):
            source = _as_function(small_course.CHECKS[number], small_course.IN_CELLS[number])
            (tests / f"{name}.py").write_text(OTTER_TEST.format(name=name, points=points, **source))
        # otter's own way for answers that draw numbers: each cell starts with the same seed.
        settings = self.released / "otter_config.json"
        settings.write_text(json.dumps({"seed": 1}))
        command = [scripts / "otter", "generate", "-t", "tests", "-c", settings.name]
        subprocess.run([*command, "--no-environment"], cwd=self.released, check=True)

    def prepare(self, case: Case, course: Path) -> None:
        """Nothing in otter-grader depends on the case."""


def _as_function(check: str, hidden: str) -> dict[str, str]:
    """Return a check and a hidden test of nbgrader as bodies of functions."""

    def indented(source: str) -> str:
        return "\n".join(f"    {line}" for line in source.strip().splitlines())

    return {"check": indented(check), "hidden": indented(hidden)}


def otter_python() -> Path:
    """Return the Python that has otter-grader; create its environment if it is missing.

    It is a separate environment, so that the course's own is not changed. It also finds the
    course's packages, after its own, because some attacks import them.
    """
    python, ready = OTTER_FOLDER / "bin" / "python", OTTER_FOLDER / f"{OTTER_RELEASE}.ready"
    if ready.is_file():
        return python
    print(f"installing {OTTER_RELEASE} in {OTTER_FOLDER.relative_to(ROOT)}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", OTTER_FOLDER], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt"]
    subprocess.run([*install, OTTER_RELEASE, "ipykernel"], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = OTTER_FOLDER / "lib" / version / "site-packages"
    (packages / "course.pth").write_text(sysconfig.get_path("purelib"))
    ready.touch()
    return python


NAMELESS = itertools.cycle(range(2**30 + os.getpid() * 64, 2**30 + os.getpid() * 64 + 64))
"""Users without a name, one for each box, so that the kernel counts their processes apart."""
PREPARING = threading.Lock()  # nbgrader's commands change the folder in which they run
Grader = Nbgrader | Otter
GRADERS = (Nbgrader, Otter)


def play(grader: Grader, case: Case, folder: Path) -> list[str]:
    """Try a case on a course of its own, and return the harm that it has done; see `survived`."""
    course = Path(shutil.copytree(grader.released, Path(folder, "course"), dirs_exist_ok=True))
    (course / "submitted").mkdir()
    with PREPARING:
        grader.prepare(case, course)
    for number, files in enumerate(case.rounds):
        for path, content in {**files, **honest()}.items():
            target = course / "rounds" / str(number) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                target.symlink_to(content)
            else:
                target.write_bytes(content)
    seconds = grader.loop_seconds if case.loops else RUN_SECONDS
    plan = {
        "limits": {
            "processes": BOX.processes,
            "file_bytes": BOX.file_bytes,
            "memory_bytes": 2**40,  # of one process; the sum of all is watched
            "user": next(NAMELESS) if os.geteuid() == 0 else None,
        },
        "rounds": len(case.rounds),
        "seconds": seconds,
        "student": case.student,
        "killed": case.killed,
        "shown": case.shown,
        "loops": case.loops,
    }
    return survived(case, _in_a_box(grader, _packed(course), plan))


def _in_a_box(grader: Grader, course: bytes, plan: dict[str, Any]) -> Ended:
    """Run a grader's program on a course in a box of its own."""
    process = subprocess.Popen(
        [*_box_of(grader), grader.python, f"{PROGRAMS}/{grader.program}", json.dumps(plan)],
        env=grader.variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    harm: list[str] = []
    watching = threading.Thread(target=_watch, args=(process, harm), daemon=True)
    watching.start()
    try:
        seconds = 120 + (plan["rounds"] + 1) * 2 * plan["seconds"]
        answer, errors = process.communicate(course, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        answer, errors = process.communicate()
        harm.append("it does not end")
    watching.join()
    if harm:
        return Ended(harm=harm)
    if not answer:
        raise RuntimeError(f"the box sent no results: {errors[-2000:].decode(errors='replace')}")
    return Ended(**json.loads(answer.splitlines()[-1]))


def _box_of(grader: Grader) -> list[str]:
    """Return the command of a box that has a grader's environment and program as well."""
    command = bubblewrap_command(BOX, find_bubblewrap() or "bwrap")
    shared = grader.shared | {
        str(ROOT / name): f"{PROGRAMS}/{Path(name).name}" for name in DEPENDS_ON
    }
    added = []
    for inside in shared.values():
        for folder in [*reversed(Path(inside).parents)][1:]:
            added += ["--dir", str(folder), "--chmod", "0755", str(folder)]
    for outside, inside in shared.items():
        added += ["--ro-bind", outside, inside]
    place = command.index("--remount-ro")  # nothing can be added after it
    return [*command[:place], *added, *command[place:]]


def _watch(process: subprocess.Popen, harm: list[str]) -> None:
    """End a box that holds more memory than it may; no process in the box does this."""
    while process.poll() is None:
        within = processes_below(process.pid)
        if held_bytes(within, BOX.memory_bytes) + _unmapped_bytes(within) > BOX.memory_bytes:
            harm.append(f"more than {BOX.memory_bytes / 2**30:g} GiB are taken")
            process.kill()
            return
        time.sleep(0.1)


def _unmapped_bytes(processes: list[psutil.Process]) -> int:
    """Return the memory of files without a name, which processes need not map."""
    sizes: dict[int, int] = {}
    for process in processes:
        for opened in Path(f"/proc/{process.pid}/fd").glob("*"):
            with contextlib.suppress(OSError):
                if os.readlink(opened).startswith("/memfd:"):
                    found = opened.stat()
                    sizes[found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())


def _packed(course: Path) -> bytes:
    """Return a folder as a tar file, with links as links."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as packed:
        packed.add(course, arcname=".")
    return whole.getvalue()


Tried = list[tuple[str, list[str]]]
"""Attacks by name, each with the harm that it has done."""


def measure(data: str, rows: set[int] | None = None) -> dict[str, Figure]:
    """Try every attack on both graders, and write the table of the outcomes.

    Parameters
    ----------
    data : {"mirror", "embedded"}
        The lesson is a small one made for this: it counts as embedded.
    rows : set of int or None
        Only these rows; then nothing is written.

    Returns
    -------
    dict of str to Figure
        Counts of rows: those that apply to each grader, and those that it survives.
    """
    if data != "embedded":
        return {}
    with tempfile.TemporaryDirectory() as folder:
        graders = [kind(Path(folder)) for kind in GRADERS]
        with ThreadPoolExecutor(WORKERS) as pool:
            waiting = {one.name: _start(pool, one, Path(folder), rows) for one in graders}
            found = {name: _by_row(started) for name, started in waiting.items()}
    if rows:
        return {}
    write_table(found)
    figures = {}
    for name, word in ((NBGRADER, "nbgrader"), (OTTER, "otter")):
        tried = [attacks for attacks in found[name].values() if attacks]
        held = sum(not any(effects for _, effects in attacks) for attacks in tried)
        figures[f"grading.attacks_meant_{word}"] = Figure(
            len(tried), "count", len(found[name]), "embedded"
        )
        figures[f"grading.attacks_survived_{word}"] = Figure(held, "count", len(tried), "embedded")
    return figures


def _start(
    pool: ThreadPoolExecutor, grader: Grader, folder: Path, rows: set[int] | None
) -> list[tuple[Case, Future | None]]:
    """Start to try every attack; return None for attacks that do not apply to a grader."""
    return [
        (case, None if grader.name in case.lacks else pool.submit(_told, grader, case, folder))
        for case in cases(list(grader.paths), told.PORT)
        if not rows or case.row in rows
    ]


def _told(grader: Grader, case: Case, folder: Path) -> list[str]:
    """Try an attack, and print the harm that it has done."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as room:
        effects = play(grader, case, Path(room))
    seconds, said = time.monotonic() - started, "; ".join(effects) or HOLDS
    attack = f"{grader.name:12} {case.row:2} {case.name:30.30}"
    print(f"{attack} {seconds:5.0f} s {said}", flush=True)
    return effects


def _by_row(started: list[tuple[Case, Future | None]]) -> dict[int, Tried]:
    """Return the harm of every attack, by row; rows that do not apply to a grader are empty."""
    found: dict[int, Tried] = {}
    for case, future in started:
        tried = found.setdefault(case.row, [])
        if future is not None:
            tried.append((case.name, future.result()))
    return found


EXPLAINED = (
    f"otter-grader is release {OTTER_RELEASE.partition('==')[2]}, with its own runner without "
    "containers (`otter run`), one process for each submission, in a box like that of stock "
    "nbgrader. Its usual way (`otter grade`) puts each submission into a Docker container, "
    "together with its tests: attacks on points end the same there; the teacher's files, processes "
    "and memory are better protected. If an attack loops, the submission is killed as `otter grade "
    "--timeout` does; otter's seed is set.\n\n"
    "An attack *does not apply* if a grader has no such part: neither has replies to questions "
    "(rows 26 and 27, and three attacks of row 7), and otter-grader has no submission times (row "
    "18) and no feedback pages (row 28, and the scripts of row 23). Such attacks are not run, and "
    "a row in which none applies counts neither as held nor as lost: {counts}. The second column "
    "counts the attacks that were run on stock nbgrader and on otter-grader."
)


def write_table(found: dict[str, dict[int, Tried]]) -> None:
    """Write the table with the outcome of each row's attacks into docs/security.md."""
    one, other = found[NBGRADER], found[OTTER]
    counts = ", ".join(
        f"{sum(map(bool, tried.values()))} of {len(tried)} rows apply to {name}"
        for name, tried in ((f"stock {NBGRADER}", one), (OTTER, other))
    )
    lines = [EXPLAINED.format(counts=counts), ""]
    lines += [
        f"| # | attacks | this grader | stock {NBGRADER} | {OTTER} |",
        "|---|---|---|---|---|",
    ]
    for row in sorted(one):
        played = f"{len(one[row])}, {len(other[row])}"
        lines.append(f"| {row} | {played} | {HOLDS} | {_cell(one[row])} | {_cell(other[row])} |")
    put_into(DOCS, "attacks", "\n".join(lines))


def _cell(tried: Tried) -> str:
    """Return the harm of a row's attacks; attacks with the same effect share a sentence."""
    if not tried:
        return NOT_HERE
    effects: dict[str, list[str]] = {}
    for name, done in tried:
        if done:
            effects.setdefault(", ".join(dict.fromkeys(done)), []).append(name)
    if not effects:
        return HOLDS
    if len(tried) == 1:
        return next(iter(effects))
    return "; ".join(f"*{', '.join(names)}*: {effect}" for effect, names in effects.items())
