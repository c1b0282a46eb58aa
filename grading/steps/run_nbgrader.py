"""nbgrader's steps over a course folder: release, autograde, feedback."""

from __future__ import annotations

import logging
import shutil
import warnings
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from grading.intake.submissions import Refused
from grading.paths import solution_path
from grading.sandbox.commands import SandboxMissing
from grading.settings import course_config
from helpers.lessons import Lesson


class GradingError(RuntimeError):
    """One of nbgrader's steps failed; the text is its log."""


def nbgrader_api(
    course: Path, sandbox: str = "", elsewhere: dict[str, Any] | None = None
) -> NbGraderAPI:
    """Return nbgrader's interface to the course in a folder, with this repository's settings."""
    config = course_config(course)
    config.GradeInSandbox.elsewhere = elsewhere or {}
    if sandbox:
        config.GradeInSandbox.sandbox = sandbox
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    api.log_level = logging.WARNING
    return api


def release(lessons: list[Lesson], course: Path) -> None:
    """Generate the assignments of a course folder from the repository's solution notebooks."""
    api = nbgrader_api(course)
    for lesson in lessons:
        path = solution_path(lesson, course)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(solution_path(lesson), path)
        _checked(api.generate_assignment(lesson.name), f"the release of {lesson.name}")


def autograde_one(
    course: Path,
    assignment: str,
    student: str,
    sandbox: str = "",
    elsewhere: dict[str, Any] | None = None,
) -> str:
    """Grade one submission: its scores go to the gradebook, its receipt beside it.

    Parameters
    ----------
    course : Path
    assignment, student, sandbox : str
    elsewhere : dict of str to dict, optional
        What another machine has found out, by notebook; then it is only recorded.

    Returns
    -------
    str
        Why it could not be graded, or nothing.
    """
    # nbgrader adds rows in an order that SQLAlchemy remarks on, and that does no harm.
    warnings.simplefilter("ignore", SAWarning)
    # As nbgrader's own messages, for folders that hold no notebook of the assignment's name.
    folder = course / "submitted" / student / assignment
    if not list(folder.glob("*.ipynb")):
        strange = ", ".join(sorted(item.name for item in folder.iterdir())) or "nothing"
        return f"no notebook was handed in, but {strange}"
    result = nbgrader_api(course, sandbox, elsewhere).autograde(assignment, student)
    return "" if result["success"] else _reason(result)


def _reason(result: dict) -> str:
    """Return the line of nbgrader's log that says what went wrong."""
    text = f"{result.get('log') or ''}{result.get('error') or ''}"
    lines = [line.strip() for line in text.splitlines()]
    named = (Refused.__name__, SandboxMissing.__name__)
    for line in lines:
        kind, _, reason = line.partition(": ")
        if kind.rpartition(".")[2] in named:
            return reason
    return next((line for line in reversed(lines) if line), "nbgrader does not say why")


def generate_feedback(lesson: Lesson, course: Path) -> None:
    """Write the feedback pages of everyone who was graded."""
    result = nbgrader_api(course).generate_feedback(lesson.name)
    _checked(result, f"the feedback on {lesson.name}")


def _checked(result: dict, what: str) -> None:
    if not result["success"]:
        raise GradingError(f"{what}: {result.get('error') or ''}{result.get('log') or ''}")
