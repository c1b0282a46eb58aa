"""Measure figures and write them into benchmarks/results.json.

``python -m benchmarks baselines --data mirror`` measures one topic on one kind of data; without
arguments the lessons' scores are measured, on the real data only where COURSE_MIRROR is set.
``python -m benchmarks accuracy attacks grading class_size`` measures the grader, which uses no data
of a lesson. A topic may have parts: ``course.cold`` is the function ``cold`` of the module
``course``.

``--list`` names the scores that are out of date and what has changed since; ``--stale`` measures
exactly these again, the shortest first, and can be interrupted. ``--release`` is for the release
job: it fails while a score is out of date. ``--vouch NAME … --reason "…"`` records that a change
cannot have affected a score.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import shlex
import subprocess
import sys
import time

from benchmarks import record
from benchmarks.record import ROOT, keep
from grading.release.readme import missing_figures

# Scores of the lessons (`make results`). Each is a module of this package with `measure`.
KINDS = ("embedded", "mirror")
SCORES = ("baselines", "fine_tuning", "error_analysis", "frozen", "new_problem")
# Speed (`make bench`): on the real data if it is available, otherwise on the embedded data.
# `dropout` takes 25 minutes, so it is only measured if it is named.
SPEED = ("features", "fine_tuning_speed", "serving", "dropout")
# About the course's tools (`make bench`): the names of these figures do not contain the data.
TOOLS = ("accuracy", "attacks", "grading", "class_size", "growth", "start", "course")
# Only measured if they are named.
LONG = (
    "course.cold",
    "course.test",
    "course.demo",
    "grading.lesson_1",
    "grading.lesson_3",
    "grading.dask",
)
# Only measured if they are named, on each kind of data; hours, in steps that are kept.
LONG_SCORES = ("language_models", "language_model_speed")
TOPICS = SCORES + SPEED + TOOLS + LONG + LONG_SCORES


def main() -> int:
    """Measure the named topics on the named data and record the figures, or manage the record."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("topics", nargs="*", metavar="topic", help=", ".join(TOPICS))
    parser.add_argument("--data", choices=KINDS, action="append")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--list", action="store_true", help="name the scores that are out of date")
    ways.add_argument("--stale", action="store_true", help="measure the scores that --list names")
    ways.add_argument("--release", action="store_true", help="as --list; fails if there are any")
    ways.add_argument("--vouch", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--reason", default="", help="why a change cannot have moved these scores")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.topics) - set(TOPICS))
    if unknown:
        parser.error(f"no topic {unknown[0]!r}; choose from {', '.join(TOPICS)}")
    if arguments.list or arguments.release:
        return show_stale(refuse=arguments.release)
    if arguments.stale:
        return measure_stale()
    if arguments.vouch:
        try:
            record.vouch(arguments.vouch, arguments.reason)
        except ValueError as error:
            parser.error(str(error))
        return 0
    at_hand = [kind for kind in KINDS if kind == "embedded" or os.environ.get("COURSE_MIRROR")]
    for topic in arguments.topics or SCORES:
        kinds = arguments.data or (at_hand[-1:] if topic in SPEED else at_hand)
        for kind in ("embedded",) if topic in TOOLS + LONG else kinds:
            measure_topic(topic, kind)
    return 0


def measure_topic(topic: str, data: str) -> None:
    """Measure one topic on one kind of data, and record its figures."""
    name, _, part = topic.partition(".")
    module = importlib.import_module(f"benchmarks.{name}")
    started = time.perf_counter()
    figures = getattr(module, part or "measure")(data)
    seconds = time.perf_counter() - started
    if not figures:
        print(f"{topic}: nothing to measure on this data ({data})")
        return
    if data == "embedded" and topic not in TOOLS + LONG:
        figures = {f"{name}.embedded": figure for name, figure in figures.items()}
    keep(figures, f"python -m benchmarks {topic} --data {data}", seconds)
    for name, figure in figures.items():
        print(f"{name:44} {figure.value:10.4f} {figure.unit}")


def show_stale(refuse: bool) -> int:
    """Print what is out of date, and timings that are old; return an exit status.

    Parameters
    ----------
    refuse : bool
        Fail if a score is out of date, as a release must. Missing figures always fail.
    """
    missing, old = missing_figures(), record.stale()
    for name in missing:
        print(f"{name}: missing, and README asks for it: measure its topic", file=sys.stderr)
    for name, changed in old.items():
        print(f"{name}: out of date, for something has changed: {changed}")
    if not old:
        print("No score is out of date.")
    if refuse:
        for name, days in record.old_timings().items():
            print(f"{name}: note that it was timed {days} days ago")
    return 1 if missing or (refuse and old) else 0


def measure_stale() -> int:
    """Measure what is out of date, the shortest command first; each figure is recorded at once."""
    figures, old = record.read()["figures"], record.stale()
    # The duration of a test is unknown, because it proves other things as well: tests come last.
    commands = {figures[name]["command"]: figures[name]["seconds"] or math.inf for name in old}
    for number, command in enumerate(sorted(commands, key=commands.get), start=1):
        print(f"[{number} of {len(commands)}] {command}", flush=True)
        words = [sys.executable, *shlex.split(command)[1:]]
        if subprocess.run(words, cwd=ROOT, check=False).returncode:
            print(f"{command} failed; what was measured before is kept", file=sys.stderr)
            return 1
    return show_stale(refuse=False)


if __name__ == "__main__":
    sys.exit(main())
