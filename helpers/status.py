"""How far a student has come, according to their saved notebooks and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.checks.core import CheckFailed
from helpers.deadlines import Deadline, read_deadline
from helpers.lessons import LESSONS, Lesson

NOT_ATTEMPTED, WRONG, PASSED, WRITTEN = "not attempted", "wrong", "passed", "written"
DONE = (PASSED, WRITTEN)
STUB = "*Your answer goes here.*"
_CALL = re.compile(r"""\bcheck\(\s*["'](\w+)["']\s*\)""")


@dataclass(frozen=True)
class LessonStatus:
    """What a saved notebook says about its exercises.

    Attributes
    ----------
    lesson : Lesson
    path : Path or None
        The notebook; None if there is none that can be read.
    exercises : dict of str to str
        ``"passed"``, ``"wrong"`` or ``"not attempted"``, as the visible check said when it last
        ran; ``"written"`` for a text that a person will read.
    deadline : Deadline or None
        From the file next to the notebook; None if there is none.
    problem : str
        Why that file cannot be read; empty otherwise.
    """

    lesson: Lesson
    path: Path | None
    exercises: dict[str, str]
    deadline: Deadline | None = None
    problem: str = ""

    @property
    def done(self) -> list[str]:
        return [name for name, status in self.exercises.items() if status in DONE]

    @property
    def points(self) -> int:
        """Points of the exercises that are done. The grade depends on hidden tests instead."""
        return sum(self.lesson.exercises[name] for name in self.done)

    @property
    def minutes_left(self) -> int:
        """The share of the lesson's minutes for the points still missing, in steps of five."""
        left = 1 - self.points / self.lesson.points
        return 5 * round(self.lesson.minutes * left / 5)


def course_status(folder: Path) -> list[LessonStatus]:
    """Return the status of every lesson, from the notebooks in a folder.

    Raises
    ------
    OSError
        If the folder contains no notebook of the course.
    """
    found = [lesson_status(lesson, folder) for lesson in LESSONS]
    if not any(status.path for status in found):
        raise OSError(
            f"{folder.resolve()} contains no notebook of the course; give a folder that does"
        )
    return found


def lesson_status(lesson: Lesson, folder: Path) -> LessonStatus:
    """Return the status of one lesson; if there are several copies, of the one saved last."""
    path, exercises = _last_saved(lesson, folder)
    beside = path.parent if path else folder / lesson.name
    try:
        return LessonStatus(lesson, path, exercises, read_deadline(beside, lesson.name))
    except ValueError as damaged:
        return LessonStatus(lesson, path, exercises, problem=str(damaged))


def _last_saved(lesson: Lesson, folder: Path) -> tuple[Path | None, dict[str, str]]:
    paths = [folder / f"{lesson.name}.ipynb", folder / lesson.name / f"{lesson.name}.ipynb"]
    saved = sorted(
        (path for path in paths if path.is_file()), key=lambda path: path.stat().st_mtime
    )
    exercises = dict.fromkeys(lesson.exercises, NOT_ATTEMPTED)
    for path in reversed(saved):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            exercises |= dict(_found(cells, lesson))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # written only in part, or not a notebook
        return path, exercises
    return None, exercises


def _found(cells: list[dict[str, Any]], lesson: Lesson) -> Iterable[tuple[str, str]]:
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            called = _CALL.search(source)
            if called and called[1] in lesson.exercises:
                yield called[1], _checked(called[1], cell.get("outputs", []))
        else:
            # An editor may lose either the cell's id or its metadata.
            names = {cell.get("id"), cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")}
            for name in names & lesson.exercises.keys():
                yield name, WRITTEN if source.strip() not in ("", STUB) else NOT_ATTEMPTED


def _checked(name: str, outputs: list[dict[str, Any]]) -> str:
    """Return what a check found when its cell was last run.

    `check` shows a result only if the answer passed. Otherwise it raises an exception, whose class
    is the same in every language.
    """
    for output in outputs:
        text = output.get("evalue") or "".join(output.get("data", {}).get("text/plain", ""))
        if text.startswith(f"{name}: "):
            raised = output.get("ename")
            if raised is None:
                return PASSED
            return WRONG if raised == CheckFailed.__name__ else NOT_ATTEMPTED
    return NOT_ATTEMPTED


def next_exercise(found: list[LessonStatus]) -> str:
    """Return a sentence on what to do next: the first wrong answer, else the first missing one."""
    for status in found:
        for name, state in status.exercises.items():
            if state == WRONG:
                return f"Next: {name} in {status.lesson.name}, which is not right yet."
    for status in found:
        for name, state in status.exercises.items():
            if state == NOT_ATTEMPTED:
                return f"Next: {name} in {status.lesson.name}."
    return "Everything is done."


def summary(found: list[LessonStatus]) -> str:
    """Return one sentence that sums up the progress in all lessons."""
    done = sum(len(status.done) for status in found)
    exercises = sum(len(status.exercises) for status in found)
    points = sum(status.points for status in found)
    possible = sum(status.lesson.points for status in found)
    hours = sum(status.minutes_left for status in found) / 60
    return (
        f"{done} of {exercises} exercises done, worth {points} of {possible} points, judging by "
        f"the visible checks and your texts; about {hours:.0f} hours left."
    )


def deadlines(found: list[LessonStatus], now: datetime) -> list[str]:
    """Return a line for each deadline, then what being late costs; nothing if there are none."""
    dated = [(status.lesson.name, status.deadline) for status in found if status.deadline]
    lines = [f"{name}: {deadline.sentence(now)}" for name, deadline in dated]
    late = [deadline.late for _, deadline in dated if deadline.late]
    problems = [status.problem for status in found if status.problem]
    return lines + list(dict.fromkeys([*late, *problems]))  # each sentence only once


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Transformers for Text Classification: my progress</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; }
progress { width: 100%; height: 1em; }
ul { list-style: none; padding: 0; columns: 2; }
section { border-top: 1px solid #888; padding: 0.5em 0; break-inside: avoid; }
</style>
</head>
<body>
<main>
<h1>My progress</h1>
<p>{{ summary }}</p>
<p><strong>{{ next }}</strong></p>
{% for line in deadlines %}<p>{{ line }}</p>
{% endfor %}{% for status in found %}<section>
<h2>{{ status.lesson.number }}. {{ status.lesson.title }}</h2>
<progress aria-label="{{ status.lesson.title }}: exercises done" value="{{ status.done|length }}"
max="{{ status.exercises|length }}"></progress>
<p>{{ status.points }} of {{ status.lesson.points }} points{% if status.minutes_left %},
about {{ status.minutes_left }} minutes left{% endif %}{% if not status.path %},
no notebook here{% endif %}</p>
<ul>{% for name, state in status.exercises.items() %}
<li>{{ signs[state] }} {{ name }} ({{ state }})</li>{% endfor %}</ul>
</section>{% endfor %}
</main>
</body>
</html>
"""
SIGNS = {PASSED: "✓", WRITTEN: "✓", WRONG: "✗", NOT_ATTEMPTED: "…"}


def status_page(found: list[LessonStatus]) -> str:
    """Return one self-contained HTML page."""
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(PAGE)
    return page.render(
        found=found,
        signs=SIGNS,
        summary=summary(found),
        next=next_exercise(found),
        deadlines=deadlines(found, datetime.now(UTC)),
    )
