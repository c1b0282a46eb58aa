"""Remove all records of a student from a course's folder, if the student asks to be forgotten."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange
from nbgrader.utils import notebook_hash
from traitlets.config import Config

from grading.intake.names import fault_of
from grading.records.collected import forget_name
from grading.records.handed_in import has_gradebook
from grading.settings import course_config

STEPS = ("submitted", "autograded", "feedback")


def forget_student(student: str, course: Path) -> list[str]:
    """Remove a student from the gradebook, from the course's folder and from nbgrader's exchange.

    Returns
    -------
    list of str
        What was removed. Backups, reports, exported tables and files, downloads and what a learning
        platform keeps are not searched.

    Raises
    ------
    ValueError
        If this cannot be a student's name, or there is nothing to remove.
    """
    if fault := fault_of(student):
        raise ValueError(f"{student!r} cannot be a student's name: {fault}")
    config = course_config(course)
    directory = CourseDirectory(config=config)
    removed = []
    own = _folders(student, directory)
    if not has_gradebook(directory.db_url) and not any(map(os.path.lexists, own)):
        raise ValueError(f"there is nothing of {student!r} in {course}")
    places = [*_exchanged(student, directory, config), *own]
    # The gradebook first: if it cannot be written, nothing has been removed yet.
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            gradebook.remove_student(student)
            removed.append(f"{student} in the gradebook")
        except MissingEntry:
            pass
    for path in places:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            removed.append(str(path))
        elif path.is_file() or path.is_symlink():
            path.unlink()
            removed.append(str(path))
    if forget_name(student, course):
        removed.append("the names of files that were collected")
    if not removed:
        raise ValueError(f"there is nothing of {student!r} in {course}")
    return removed


def _folders(student: str, directory: CourseDirectory) -> list[Path]:
    """Return the folders of a course that may contain something of a student."""
    root = Path(directory.root)
    own = [root / getattr(directory, f"{step}_directory") / student for step in STEPS]
    return [*own, root / "receipts" / student]


def _exchanged(student: str, directory: CourseDirectory, config: Config) -> list[Path]:
    """Return a student's files in nbgrader's exchange: what was handed in, and feedback."""
    root = Path(config.Exchange.get("root", Exchange.root.default_value)) / directory.course_id
    handed_in = [
        path for path in (root / "inbound").glob("*") if path.name.split("+")[0] == student
    ]
    submitted = Path(directory.root) / directory.submitted_directory / student
    secrets = [path.read_text() for path in submitted.glob("*/submission_secret.txt")]
    secrets += [
        path.read_text() for folder in handed_in for path in folder.glob("submission_secret.txt")
    ]
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        notebooks = [one.name for each in gradebook.assignments for one in each.notebooks]
    pages = {
        root / "feedback" / f"{notebook_hash(secret=secret, notebook_id=notebook)}.html"
        for secret in secrets
        for notebook in notebooks
    }
    return [*handed_in, *sorted(page for page in pages if page.is_file())]
