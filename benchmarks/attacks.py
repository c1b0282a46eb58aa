"""The table of attacks in docs/security.md, played to stock nbgrader.

It gets the submissions that `tests/security` hands to this course's grader, of the same small
lesson, each together with an honest one that is graded after it; that every row holds here is
proved by those tests, which write the figure. Stock nbgrader is its own `nbgrader autograde` with
its own settings; the same hidden tests are plain asserts in its graded cells, between its marks for
hidden tests. Because it runs students' code with the rights of the person who grades, all of it is
put into a box of ours, with the course's folder in memory. The box protects the machine and nobody
in it: it has no network, but a listener of its own; room, processes and memory for more than the
attacks use up, except that a process that takes more than `BOX.memory_bytes` is ended. Limits on a
cell's time are those of the tests where an attack loops.

An attack is survived if the attacked exercise has the points that it deserves, the other exercise
and the honest submission have theirs, nothing was found, opened or reached, the teacher's files are
as they were, and nothing runs on. A row of the table is survived if all its attacks are.
"""

from __future__ import annotations

import io
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
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from benchmarks import stock_nbgrader as told
from benchmarks.record import Figure, put_into
from grading.paths import ROOT
from grading.sandbox.commands import bubblewrap_command, find_bubblewrap
from grading.sandbox.contents import HOME, environment
from grading.sandbox.limits import Limits
from grading.sandbox.memory import held_bytes, processes_below

sys.path.append(str(ROOT / "tests" / "security"))  # the submissions are those of the tests
import small_course
import submissions
from attacks import ATTACKS, CONNECT, OPEN_FILES, RIGHT, WRONG, Attack

DEPENDS_ON = ("benchmarks/stock_nbgrader.py",)  # is sent into a box as text
DOCS = ROOT / "docs" / "security.md"
HOLDS = "holds"
BOX = Limits(memory_bytes=2 * 2**30, processes=1000, scratch_bytes=384 * 2**20)
RUN_SECONDS = 600.0
LARGEST_MEGABYTES = 20.0
GAMBLES = 10
HONEST = "zoe"
# What an attack was after, by row, where its own outputs must show that it did not get it.
SOUGHT = {
    5: "hidden tests are found",
    6: "the teacher's files are opened",
    8: "the network is reached",
    13: "there is no quota",
    16: "modules of the student's own are imported",
}

Fair = tuple[set[float | None], set[float | None]]
"""The points that the attacked exercise may have, and those that the other one may have."""
ALL: Fair = ({2.0}, {1.0})
NOTHING: Fair = ({0.0, None}, {0.0, None})


@dataclass(frozen=True)
class Case:
    """One attack, as both graders meet it.

    Attributes
    ----------
    row : int
    name : str
    rounds : tuple of dict
        What is handed in before each run of the grader: content by path below `submitted/`; a
        `Path` is what a link names.
    fair : dict of str to Fair
        By student.
    shows : str
        What the attacked cells must show for nothing to have been found.
    loops : bool
        A cell has five seconds.
    steady : bool
        Every round must end the same.
    refused : bool
        The run must name the students as not graded.
    killed : bool
        The grader is killed while it grades, and started again.
    shown : bool
        What teachers open is looked at as well.
    prepare : callable or None
        Takes the course's folder and the grader's settings, before anything is graded.
    """

    row: int
    name: str
    rounds: tuple[dict[str, bytes | Path], ...]
    fair: dict[str, Fair]
    shows: str = ""
    loops: bool = False
    steady: bool = False
    refused: bool = False
    killed: bool = False
    shown: bool = False
    prepare: Callable[[Path, Config], None] | None = None

    @property
    def student(self) -> str:
        return next(iter(self.fair))


@dataclass
class Ended:
    """How a course is after a case.

    Attributes
    ----------
    rounds : list of dict
        Points by student and cell, after each run.
    said : str
        What the attacked cells show.
    harm : list of str
        What happened besides points.
    stamps : dict of str to str
    reached : int
        Connections that a listener on the machine has seen.
    megabytes : float
        What the graded notebooks take.
    log : str
    """

    rounds: list[dict[str, dict[str, float | None]]] = field(default_factory=list)
    said: str = ""
    harm: list[str] = field(default_factory=list)
    stamps: dict[str, str] = field(default_factory=dict)
    reached: int = 0
    megabytes: float = 0.0
    log: str = ""


def _notebook(notebook: nbformat.NotebookNode, student: str = "ada") -> dict[str, bytes]:
    return {
        f"{student}/{small_course.NAME}/{small_course.NAME}.ipynb": nbformat.writes(
            notebook
        ).encode()
    }


def _answer(source: str) -> dict[str, bytes]:
    return _notebook(small_course.notebook(source, small_course.TOTAL))


def _of_attack(attack: Attack) -> Case:
    fair = {"ada": (set(attack.deserves), {1.0})}
    loops = attack.status == "timed out"
    return Case(attack.row, attack.name, (_answer(attack.answer),), fair, attack.shows, loops)


def cases(paths: list[str], port: int) -> list[Case]:
    """Return every attack of the table.

    Parameters
    ----------
    paths : list of str
        Files that no student may open.
    port : int
        Where something listens on the machine of whoever grades.
    """
    wrong: dict[str, Fair] = {"ada": ({0.0}, {1.0})}
    right: dict[str, Fair] = {"ada": ALL}
    good, steady = _notebook(submissions.GOOD), {"ada": ({0.0, 2.0}, {1.0})}
    beside = {
        f"ada/{small_course.NAME}/{name}.py": b"raise SystemExit('mine')"
        for name in ("helpers", "sitecustomize", "numpy")
    }
    crash = _answer("import os\nos._exit(1)")
    broken = {next(iter(good)): b"broken"}
    slow = _answer("import time\ntime.sleep(3)\n" + small_course.DOUBLE)
    loud = _notebook(small_course.notebook(submissions.LOUD, small_course.TOTAL), "=HYPERLINK(1)")
    open_files = OPEN_FILES.format(paths=paths)
    made = [
        *map(_of_attack, ATTACKS),
        Case(1, "skips its tests", (_notebook(submissions.skipped(WRONG)),), wrong),
        Case(1, "skips them, and is right", (_notebook(submissions.skipped(RIGHT)),), right),
        Case(6, "opens files", (_answer(open_files),), wrong, "got ['opened']"),
        Case(8, "connects", (_answer(CONNECT.format(port=port)),), wrong, "got ['reached']"),
        Case(14, "cells moved about", (_notebook(submissions.moved_about()),), right),
        Case(14, "a graded cell deleted", (_notebook(submissions.deleted()),), right),
        Case(15, "all metadata lost", (_notebook(submissions.stripped()),), right),
        Case(16, "modules beside the notebook", (good | beside,), right),
        _no_notebooks(),
        Case(18, "through the exchange", ({},), right, prepare=_through_the_exchange),
        Case(18, "through a platform", ({},), right, prepare=_through_a_platform),
        Case(19, "crashes after a good one", (good, crash), wrong),
        Case(19, "unreadable after a good one", (good, broken), {"ada": NOTHING}),
        # It is right in about half of its runs: five would agree by chance once in sixteen times.
        Case(22, "gambles", (_answer(submissions.GAMBLE),) * GAMBLES, steady, steady=True),
        Case(23, "scripts and a formula", (loud,), {"=HYPERLINK(1)": wrong["ada"]}, shown=True),
        Case(24, "killed half-way", (slow,), right, killed=True),
    ]
    return sorted(made, key=lambda case: case.row)


def _no_notebooks() -> Case:
    name = f"{small_course.NAME}/{small_course.NAME}"
    files: dict[str, bytes | Path] = {
        f"{student}/{name}.ipynb": content for student, content in submissions.BROKEN.items()
    }
    files |= {
        f"linked/{name}.ipynb": Path("..", "..", HONEST, f"{name}.ipynb"),
        f"whole-link/{small_course.NAME}": Path("..", HONEST, small_course.NAME),
        f"archive/{small_course.NAME}/{small_course.NAME}.zip": b"PK",
    }
    fair = {path.partition("/")[0]: NOTHING for path in files}
    return Case(17, "no notebooks", (files,), fair, refused=True)


def _through_the_exchange(course: Path, config: Config) -> None:
    with tempfile.TemporaryDirectory() as folder:
        submissions.through_the_exchange(course, config, "ada", Path(folder))


def _through_a_platform(course: Path, config: Config) -> None:
    submissions.through_a_platform(course, config, "ada")


def survived(case: Case, ended: Ended) -> list[str]:
    """Return what an attack has done that it must not; nothing if it was survived."""
    if not ended.rounds:
        return [*ended.harm, "nobody is graded"]
    last, found = ended.rounds[-1], list(ended.harm)
    for student, fair in case.fair.items():
        who = f"{student}: " if len(case.fair) > 1 else ""
        got = last.get(student, {})
        for cell, allowed in zip(("test_double", "test_total"), fair, strict=True):
            score = got.get(cell)
            if score not in allowed:
                found.append(f"{who}{_unfair(cell, score, allowed)}")
        if case.refused and not _names(student, ended.log):
            found.append(f"{who}nobody is told")
    if last.get(HONEST) != {"test_double": 2.0, "test_total": 1.0}:
        found.append("the next submission is not graded")
    if case.steady and any(run != ended.rounds[0] for run in ended.rounds):
        found.append("the points change from run to run")
    if case.shows not in ended.said or ended.reached:
        found.append(SOUGHT[case.row])
    if ended.megabytes > LARGEST_MEGABYTES:
        found.append(f"{ended.megabytes:.0f} MB are left behind")
    if case.prepare and (ended.stamps.get("ada") or "2001").startswith("2001"):
        found.append("the forged time counts")
    return found


def _unfair(cell: str, score: float | None, allowed: set[float | None]) -> str:
    what = "the exercise" if cell == "test_double" else "the other exercise"
    if score is None:
        return f"{what} is not graded"
    best = max(filter(None, allowed), default=0.0)
    return f"{what} has {score:g} points instead of {best:g}"


def _names(student: str, log: str) -> bool:
    """Tell whether a log says of a student that something is wrong."""
    lines = (line for line in log.splitlines() if "ERROR]" in line or "WARNING]" in line)
    return any(f"{student}'" in line or f"/{student}/" in line for line in lines)


class Stock:
    """nbgrader as it comes."""

    paths = (
        f"{HOME}/course/gradebook.db",
        f"{HOME}/course/solutions/{small_course.NAME}/{small_course.NAME}.ipynb",
        f"{HOME}/course/submitted/{HONEST}/{small_course.NAME}/{small_course.NAME}.ipynb",
        f"{HOME}/.cache/huggingface/token",
        "/etc/shadow",
    )
    port = told.PORT

    def __init__(self, folder: Path):
        self.released = folder / "stock"
        room = self.released / "solutions" / small_course.NAME
        room.mkdir(parents=True)
        nbformat.write(
            small_course.solution(small_course.IN_CELLS), room / f"{small_course.NAME}.ipynb"
        )
        _release(self.config(self.released))

    @staticmethod
    def config(course: Path) -> Config:
        """Return nbgrader's own settings, but for the names of two folders."""
        config = Config()
        config.CourseDirectory.root = str(course)
        config.CourseDirectory.course_id = small_course.NAME
        config.CourseDirectory.source_directory = "solutions"
        config.CourseDirectory.release_directory = "notebooks"
        return config

    def play(self, case: Case, course: Path) -> Ended:
        """Grade a course's submissions in a box."""
        lines = ["c = get_config()"]
        settings = {"source_directory": "solutions", "release_directory": "notebooks"}
        settings["course_id"] = small_course.NAME
        lines += [f"c.CourseDirectory.{name} = {value!r}" for name, value in settings.items()]
        if case.loops:
            lines.append(f"c.Execute.timeout = {small_course.SHORT['cell_seconds']}")
        (course / "nbgrader_config.py").write_text("\n".join(lines))
        plan = {
            "limits": {
                "processes": BOX.processes,
                "file_bytes": BOX.file_bytes,
                "memory_bytes": 2**40,  # of one process; all together are watched
                "user": 2**30 + os.getpid() * 64 if os.geteuid() == 0 else None,
            },
            "rounds": len(case.rounds),
            "seconds": RUN_SECONDS,
            "student": case.student,
            "killed": case.killed,
            "shown": case.shown,
        }
        return _in_a_box(_packed(course), plan)


def _in_a_box(course: bytes, plan: dict[str, Any]) -> Ended:
    """Run `stock_nbgrader.py` on a course in a box of its own."""
    code = Path(told.__file__).read_text()
    command = bubblewrap_command(BOX, find_bubblewrap() or "bwrap")
    process = subprocess.Popen(
        [*command, sys.executable, "-c", code, json.dumps(plan)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    harm: list[str] = []
    watching = threading.Thread(target=_watch, args=(process, harm), daemon=True)
    watching.start()
    try:
        seconds = 60 + plan["rounds"] * 2 * RUN_SECONDS
        answer, errors = process.communicate(course, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        answer, errors = process.communicate()
        harm.append("it does not come to an end")
    watching.join()
    if harm:
        return Ended(harm=harm)
    if not answer:
        raise RuntimeError(f"the box has told nothing: {errors[-2000:].decode(errors='replace')}")
    return Ended(**json.loads(answer))


def _watch(process: subprocess.Popen, harm: list[str]) -> None:
    """End a box that holds more memory than it may: nothing in it does."""
    while process.poll() is None:
        if held_bytes(processes_below(process.pid), BOX.memory_bytes) > BOX.memory_bytes:
            harm.append(f"more than {BOX.memory_bytes / 2**30:g} GiB are taken")
            process.kill()
            return
        time.sleep(0.1)


def _packed(course: Path) -> bytes:
    """Return a folder as a tar file, links as links."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as packed:
        packed.add(course, arcname=".")
    return whole.getvalue()


def _release(config: Config) -> None:
    # nbgrader starts `alembic` by name, which an environment that is not activated does not find.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    result = api.generate_assignment(small_course.NAME)
    if not result["success"]:
        raise RuntimeError(f"the release was not made: {result}")


def play(grader: Stock, case: Case, folder: Path) -> list[str]:
    """Play a case on a course of its own and return what it has done; see `survived`."""
    course = Path(shutil.copytree(grader.released, Path(folder, "course"), dirs_exist_ok=True))
    (course / "submitted").mkdir()
    if case.prepare:
        case.prepare(course, grader.config(course))
    for number, files in enumerate(case.rounds):
        for path, content in {**files, **_notebook(submissions.GOOD, HONEST)}.items():
            target = course / "rounds" / str(number) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                target.symlink_to(content)
            else:
                target.write_bytes(content)
    return survived(case, grader.play(case, course))


def measure(data: str, rows: set[int] | None = None) -> dict[str, Figure]:
    """Play every attack to stock nbgrader, and write the table of what became of them.

    Parameters
    ----------
    data : {"mirror", "embedded"}
        The lesson is a small one of its own: it counts as embedded.
    rows : set of int or None
        Only these rows; nothing is written then.

    Returns
    -------
    dict of str to Figure
        Counts of rows.
    """
    if data != "embedded":
        return {}
    found: dict[int, list[tuple[str, list[str]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        stock = Stock(Path(folder))
        for case in cases(list(stock.paths), stock.port):
            if rows and case.row not in rows:
                continue
            started = time.monotonic()
            with tempfile.TemporaryDirectory(dir=folder) as room:
                effects = play(stock, case, Path(room))
            seconds = time.monotonic() - started
            said = "; ".join(effects) or HOLDS
            print(f"{case.row:2} {case.name:30.30} {seconds:5.0f} s {said}", flush=True)
            found.setdefault(case.row, []).append((case.name, effects))
    if rows:
        return {}
    write_table(found)
    survived = sum(not any(effects for _, effects in tried) for tried in found.values())
    return {
        "grading.attacks_survived_nbgrader": Figure(survived, "count", len(found), "embedded"),
    }


def write_table(found: dict[int, list[tuple[str, list[str]]]]) -> None:
    """Put the table of what became of each row's attacks into docs/security.md."""
    lines = ["| # | attacks | this grader | stock nbgrader |", "|---|---|---|---|"]
    for row, tried in sorted(found.items()):
        lines.append(f"| {row} | {len(tried)} | {HOLDS} | {_cell(tried)} |")
    put_into(DOCS, "attacks", "\n".join(lines))


def _cell(tried: list[tuple[str, list[str]]]) -> str:
    """Return what a row's attacks have done, those with the same effect together."""
    effects: dict[str, list[str]] = {}
    for name, done in tried:
        if done:
            effects.setdefault(", ".join(dict.fromkeys(done)), []).append(name)
    if not effects:
        return HOLDS
    if len(tried) == 1:
        return next(iter(effects))
    return "; ".join(f"*{', '.join(names)}*: {effect}" for effect, names in effects.items())
