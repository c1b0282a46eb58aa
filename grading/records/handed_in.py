"""Find out who has handed in something. All others have an empty field or a dash, never 0."""

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

    A submission in the gradebook is not enough: `course extend` creates one for a student who has
    not handed in yet. It is not enough to look at folders either, because the gradebook may be on a
    server and the work on another machine. So each of these counts: a folder, a receipt, a time,
    points, or that `course collect` refused the work.

    Parameters
    ----------
    student, assignment : str
    directory : CourseDirectory
    submission : SubmittedAssignment, optional
        The submission in the gradebook, if there is one.
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
    """Return why `course collect` refused work, by student, if the student has no other work."""
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
    """Return the students in the gradebook who have handed in nothing, in order."""
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
        The message says what to do.
    """
    if not has_gradebook(directory.db_url):
        raise ValueError(
            f"there is no gradebook in {directory.root}: give the course's folder with --course, "
            "or grade something first"
        )


def has_gradebook(address: str) -> bool:
    """Return whether there is a gradebook. If SQLite's file is missing, nbgrader would create it.

    An empty gradebook would prevent `course restore`, and hide that a folder is not a course's.
    """
    url = make_url(address)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()
