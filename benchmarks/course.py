"""The whole course: all solution notebooks, one after the other, on the embedded data and model.

``python -m benchmarks course`` is the student's second time: what the notebooks keep on disk is
taken from the user's own cache, which `course build` fills. ``course.cold`` starts with empty
caches. ``course.test`` and ``course.demo`` run ``make test`` here and ``make demo`` in a fresh
clone; they take long, so none of the three is part of ``make bench``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from benchmarks.record import ROOT, Figure
from grading.paths import solution_path
from helpers.lessons import LESSONS, Lesson

FIRST_GRADES = "01_dataset_exploration.html"
"""What `make demo` prints below the first table of grades."""


def measure(data: str) -> dict[str, Figure]:
    """Execute all lessons with the user's own cache.

    Parameters
    ----------
    data : {"embedded"}

    Returns
    -------
    dict of str to Figure
        Seconds of each lesson and of all, kernels started anew.
    """
    with copy_of_course() as course:
        return _all_lessons(course, environment(course), "seconds_warm", data)


def cold(data: str) -> dict[str, Figure]:
    """Execute all lessons with caches that are empty at the first."""
    with copy_of_course() as course, tempfile.TemporaryDirectory() as caches:
        return _all_lessons(course, environment(course, Path(caches)), "seconds_cold", data)


def test(data: str) -> dict[str, Figure]:
    """Run ``make test`` here."""
    return {"course.test_seconds": _command_seconds("test", ROOT, data)}


def demo(data: str) -> dict[str, Figure]:
    """Run ``make demo`` in a clone of what is committed, its set-up included.

    Returns
    -------
    dict of str to Figure
        Seconds until the first grades are on the screen, and until it ends.
    """
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "course"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        first, whole = seconds_until(FIRST_GRADES, ["make", "demo"], clone)
    return {
        "course.demo_first_grades": Figure(first, "s", 1, data),
        "course.demo_seconds": Figure(whole, "s", 1, data),
    }


def seconds_until(said: str, command: list[str], folder: Path) -> tuple[float, float]:
    """Return after how many seconds a command prints a text, and after how many it ends.

    Raises
    ------
    RuntimeError
        If it fails, or never prints the text.
    """
    started = time.perf_counter()
    first = None
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            print(line, end="", flush=True)
            if first is None and said in line:
                first = time.perf_counter() - started
    if running.returncode or first is None:
        raise RuntimeError(f"{command} ended with {running.returncode}; {said!r}: {first} s")
    return first, time.perf_counter() - started


@contextmanager
def copy_of_course() -> Iterator[Path]:
    """Give a copy of the course without anything hidden, built or compiled, as a clone has it."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        hidden = shutil.ignore_patterns(".*", "build", "__pycache__")
        shutil.copytree(ROOT, course, ignore=hidden)
        yield course


def environment(course: Path, caches: Path | None = None) -> dict[str, str]:
    """Return the environment of a kernel that imports the copy and takes no network or mirror.

    With `caches`, what the course, Numba and Matplotlib keep between runs lies in that folder.
    """
    kept = {name: value for name, value in os.environ.items() if name != "COURSE_MIRROR"}
    kept |= {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(course)}
    if caches:
        names = ("COURSE_CACHE", "NUMBA_CACHE_DIR", "MPLCONFIGDIR")
        kept |= {name: str(caches / name.lower()) for name in names}
    return kept


def open_notebook(lesson: Lesson, course: Path) -> NotebookClient:
    """Return a client for a lesson's solution within a copy of the course."""
    path = solution_path(lesson, course)
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    quiet = ["--HistoryManager.hist_file=:memory:", "--Application.log_level=ERROR"]
    return NotebookClient(notebook, timeout=3600, resources=folder, extra_arguments=quiet)


def _all_lessons(
    course: Path, variables: dict[str, str], name: str, data: str
) -> dict[str, Figure]:
    seconds = {}
    for lesson in LESSONS:
        started = time.perf_counter()
        open_notebook(lesson, course).execute(env=variables)
        seconds[f"course.lesson_{lesson.number}.{name}"] = time.perf_counter() - started
    seconds[f"course.{name}"] = sum(seconds.values())
    return {key: Figure(value, "s", 1, data) for key, value in seconds.items()}


def _command_seconds(target: str, folder: Path, data: str) -> Figure:
    started = time.perf_counter()
    subprocess.run(["make", target], cwd=folder, check=True)
    return Figure(time.perf_counter() - started, "s", 1, data)
