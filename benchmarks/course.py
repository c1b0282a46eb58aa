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
    """Run ``make demo`` in a clone of what is committed, its set-up included."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "course"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        return {"course.demo_seconds": _command_seconds("demo", clone, data)}


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
