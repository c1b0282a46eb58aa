"""The time for classes of several sizes, compared with the model of docs/grading-at-scale.md.

The students are those of `grading.py`. Each class is graded by its own run of `course grade`, with
the sandbox on and without results of an earlier run. The two smallest classes determine the model's
two numbers, and the others test it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib.figure as plots

from benchmarks.grading import COURSE, DOCS, WORKERS, hand_in, timed
from benchmarks.record import Figure, put_into
from grading.paths import ROOT
from helpers.lessons import lesson_named

PICTURE = ROOT / "docs" / "figures" / "grading_cost.png"
LESSON = "01_dataset_exploration"
SIZES = (10, 40, 100, 400)


def measure(data: str) -> dict[str, Figure]:
    """Grade classes of several sizes; write the table and figure of docs/grading-at-scale.md.

    Parameters
    ----------
    data : {"mirror", "embedded"}
        The sandbox uses the embedded data.

    Returns
    -------
    dict of str to Figure
        Seconds by size, the model's two numbers, and its largest error, as a share.
    """
    if data != "embedded":
        return {}
    taken = {size: seconds_of(size) for size in SIZES}
    start, each = capacity(taken)
    put_into(DOCS, "sizes", table(taken, start, each))
    draw(taken, start, each, PICTURE)
    off = max(abs(foretold(size, start, each) / taken[size] - 1) for size in SIZES[2:])
    return {
        **{f"grading.seconds_of_{n}": Figure(s, "s", n, data) for n, s in taken.items()},
        "grading.model_start": Figure(start, "s", len(SIZES), data),
        "grading.model_each": Figure(each, "s", len(SIZES), data),
        "grading.model_off": Figure(off, "share", len(SIZES) - 2, data, kind="timing"),
    }


def seconds_of(size: int) -> float:
    """Return the seconds that a class takes."""
    with tempfile.TemporaryDirectory(prefix="size-") as folder:
        hand_in(lesson_named(LESSON), Path(folder), range(size))
        command = [*COURSE, "grade", LESSON, "--workers", str(WORKERS), "--course", folder]
        seconds, _ = timed(command, ROOT)
    print(f"{size} submissions: {seconds:.1f} s", file=sys.stderr, flush=True)
    return seconds


def capacity(taken: dict[int, float]) -> tuple[float, float]:
    """Return the start and the seconds per submission and worker, from the two smallest classes."""
    (few, quick), (more, slow) = sorted(taken.items())[:2]
    slope = (slow - quick) / (more - few)
    return quick - slope * few, slope * WORKERS


def foretold(size: int, start: float, each: float) -> float:
    """Return the seconds that the model predicts for a class."""
    return start + size * each / WORKERS


def table(taken: dict[int, float], start: float, each: float) -> str:
    """Return the Markdown table of measured and predicted seconds, and the model's numbers."""
    rows = ["| submissions | seconds | seconds each | by the model |", "|---|---|---|---|"]
    for size, seconds in taken.items():
        model = foretold(size, start, each)
        rows.append(f"| {size} | {seconds:.0f} | {seconds / size:.2f} | {model:.0f} |")
    numbers = f"Start: {start:.1f} s. A submission: {each:.2f} s on each of {WORKERS} workers."
    return "\n".join([*rows, "", numbers])


def draw(taken: dict[int, float], start: float, each: float, path: Path) -> None:
    """Draw the seconds of all classes, and the line that the two smallest predict."""
    figure = plots.Figure(figsize=(5.4, 3.2), layout="constrained")
    axes = figure.subplots()
    ends = [0, max(taken)]
    model = [foretold(size, start, each) / 60 for size in ends]
    axes.plot(ends, model, "--", color="#777777", label="model")
    minutes = [seconds / 60 for seconds in taken.values()]
    axes.plot(list(taken), minutes, "o", color="#0072B2", label="measured")
    axes.set(xlabel="submissions", ylabel="minutes", xlim=(0, None), ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
