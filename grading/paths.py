"""Paths of the files and folders of a course, given its root folder."""

from pathlib import Path

from helpers.lessons import Lesson

ROOT = Path(__file__).resolve().parent.parent


def source_path(lesson: Lesson, root: Path = ROOT) -> Path:
    return root / "solutions" / lesson.name / f"{lesson.name}.py"


def solution_path(lesson: Lesson, root: Path = ROOT) -> Path:
    return root / "solutions" / lesson.name / f"{lesson.name}.ipynb"


def hidden_tests_path(lesson: Lesson, root: Path = ROOT) -> Path:
    return root / "solutions" / lesson.name / "hidden_tests.py"


def private_path(root: Path = ROOT) -> Path:
    """Return the folder of a course's private overlay, which may not exist."""
    return root / "private"


def release_path(lesson: Lesson, root: Path = ROOT) -> Path:
    return root / "notebooks" / lesson.name / f"{lesson.name}.ipynb"
