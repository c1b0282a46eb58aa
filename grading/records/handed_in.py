"""Who has handed in something: the others have an empty field or a dash everywhere, never 0."""

from __future__ import annotations

import os
from pathlib import Path

from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url

from grading.records.collected import read_refused
from grading.records.receipts import receipt_path
from grading.settings import course_directory

NOTHING = "handed in nothing"
REFUSED = "refused: {}"


def has_work(
    student: str,
    assignment: str,
    directory: CourseDirectory,
    submission: SubmittedAssignment | None = None,
) -> bool:
    """Return whether a student has handed in something.

    A submission in the gradebook alone does not say so: `course extend` makes one for a student who
    has yet to hand in. Folders alone do not say so either, for the gradebook may be on a server and
    the work on another machine. So any trace counts: a folder, a receipt, a time, points, or that
    `course collect` refused it.

    Parameters
    ----------
    student, assignment : str
    directory : CourseDirectory
    submission : SubmittedAssignment, optional
        What the gradebook holds of it, if anything.
    """
    course = Path(directory.root)
    places = (
        directory.format_path(directory.submitted_directory, student, assignment),
        receipt_path(course, student, assignment, "any").parent,
    )
    if any(map(os.path.lexists, places)) or (submission is not None and _is_used(submission)):
        return True
    return student in read_refused(course, assignment)


def refused_from(assignment: str, course: Path) -> dict[str, str]:
    """Return whose work `course collect` refused, and of whom no other lies there: with why."""
    directory = course_directory(course)

    def has_other(student: str) -> bool:
        place = directory.format_path(directory.submitted_directory, student, assignment)
        return os.path.lexists(place)

    refused = read_refused(course, assignment)
    return {student: why for student, why in refused.items() if not has_other(student)}


def _is_used(submission: SubmittedAssignment) -> bool:
    """Return whether a submission in the gradebook is more than an extension."""
    return submission.timestamp is not None or any(
        score is not None
        for notebook in submission.notebooks
        for mark in notebook.grades
        for score in (mark.auto_score, mark.manual_score)
    )


def nothing_from(assignment: str, course: Path) -> list[str]:
    """Return the students whom the gradebook knows and who have handed in nothing, in order."""
    directory = course_directory(course)
    if not has_gradebook(directory.db_url):
        return []
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        rows = {row.student.id: row for row in gradebook.assignment_submissions(assignment)}
        students = sorted(student.id for student in gradebook.students)
        return [
            student
            for student in students
            if not has_work(student, assignment, directory, rows.get(student))
        ]


def must_have_gradebook(directory: CourseDirectory) -> None:
    """Refuse a folder without a gradebook.

    Raises
    ------
    ValueError
        It says what to do.
    """
    if not has_gradebook(directory.db_url):
        raise ValueError(
            f"there is no gradebook of {directory.root}: give the course's folder with --course, "
            "or grade something first"
        )


def has_gradebook(address: str) -> bool:
    """Return whether there is a gradebook; nbgrader would make one where SQLite's file is not.

    An empty one is in the way of `course restore`, and hides that a folder is no course's.
    """
    url = make_url(address)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()
