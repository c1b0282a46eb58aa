"""How long a student waits for the first figure of lessons 1 to 3, from the start of the kernel.

Warm: everything that lessons keep on disk exists. Cold: nothing does. The course's, Numba's and
Matplotlib's caches are empty and the course's own modules are not compiled, as in a fresh clone. In
both cases the libraries are installed and compiled, and the system may still have their files in
memory.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.course import copy_of_course, environment, open_notebook
from benchmarks.record import Figure
from helpers.lessons import Lesson, lesson_named

TIMED = [lesson_named(number) for number in ("1", "2", "3")]
RUNS = 3


def measure(data: str) -> dict[str, Figure]:
    """Measure each lesson once cold and then warm, on the embedded data and model.

    Parameters
    ----------
    data : {"embedded"}

    Returns
    -------
    dict of str to Figure
        Seconds; warm ones are medians of `RUNS`, with the least and the most.
        ``start.first_figure_warm`` and ``_cold`` are those of lesson 1.
    """
    found = {}
    for lesson in TIMED:
        with copy_of_course() as course, tempfile.TemporaryDirectory() as caches:
            variables = environment(course, Path(caches))
            cold, *warm = (
                seconds_to_first_figure(lesson, course, variables) for _ in range(1 + RUNS)
            )
        name = "start.first_figure" if lesson == TIMED[0] else f"start.lesson_{lesson.number}"
        found[f"{name}_cold"] = Figure(cold, "s", 1, data)
        found[f"{name}_warm"] = Figure(median(warm), "s", RUNS, data, min(warm), max(warm))
    return found


def seconds_to_first_figure(lesson: Lesson, course: Path, variables: dict[str, str]) -> float:
    """Run a lesson's cells in a fresh kernel until one shows a picture."""
    started = time.perf_counter()
    client = open_notebook(lesson, course)
    with client.setup_kernel(env=variables):
        for index, cell in enumerate(client.nb.cells):
            cell = client.execute_cell(cell, index)
            if any("image/png" in output.get("data", {}) for output in cell.get("outputs", ())):
                return time.perf_counter() - started
    raise ValueError(f"{lesson.name} shows no figure")
