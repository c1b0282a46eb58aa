"""Measure figures and write them into results.json.

``python -m benchmarks baselines --data mirror`` measures one topic on one kind of data; without
arguments the lessons' scores are measured, on the real data only where COURSE_MIRROR is set.
``python -m benchmarks accuracy attacks grading class_size`` is about the grader, which no data of a
lesson's has to do with. A topic may have parts: ``course.cold`` is the function ``cold`` of
the module ``course``.
"""

from __future__ import annotations

import argparse
import importlib
import os
import time

from benchmarks.record import keep

# Scores of the lessons (`make results`). Each is a module of this package with FILES and measure.
KINDS = ("embedded", "mirror")
SCORES = ("baselines", "fine_tuning", "error_analysis", "frozen", "new_problem")
# Speed (`make bench`): on the real data where it is at hand, else on the embedded. `dropout`
# takes 25 minutes and is asked for by name.
SPEED = ("features", "fine_tuning_speed", "serving", "dropout")
# About the course's tools (`make bench`): the names of these figures do not say which data.
TOOLS = ("accuracy", "attacks", "grading", "class_size", "growth", "start", "course")
# Asked for by name alone.
LONG = (
    "course.cold",
    "course.test",
    "course.demo",
    "grading.lesson_1",
    "grading.lesson_3",
    "grading.dask",
)
TOPICS = SCORES + SPEED + TOOLS + LONG


def main() -> None:
    """Measure the topics named, on the data named, and keep what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="topic", help=", ".join(TOPICS))
    parser.add_argument("--data", choices=KINDS, action="append")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.topics) - set(TOPICS))
    if unknown:
        parser.error(f"no topic {unknown[0]!r}; choose from {', '.join(TOPICS)}")
    at_hand = [kind for kind in KINDS if kind == "embedded" or os.environ.get("COURSE_MIRROR")]
    for topic in arguments.topics or SCORES:
        kinds = arguments.data or (at_hand[-1:] if topic in SPEED else at_hand)
        for kind in ("embedded",) if topic in TOOLS + LONG else kinds:
            measure_topic(topic, kind)


def measure_topic(topic: str, data: str) -> None:
    """Measure one topic on one kind of data, and keep its figures."""
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
    keep(figures, f"python -m benchmarks {topic} --data {data}", seconds, module.FILES)
    for name, figure in figures.items():
        print(f"{name:44} {figure.value:10.4f} {figure.unit}")


if __name__ == "__main__":
    main()
