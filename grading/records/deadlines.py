"""Deadlines, extensions and submission times: compute penalties without grading again."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties

from grading.intake.notebooks import Refused
from grading.intake.submissions import time_of
from grading.records.handed_in import has_gradebook, must_have_gradebook
from grading.records.late import put_due_date
from grading.settings import course_config, course_directory


def refresh_penalties(
    assignment: str, students: list[str], course: Path, problems: list[str] | None = None
) -> dict[str, tuple[float, float]]:
    """Compute penalties for lateness from the current deadline, extensions and time stamps.

    Parameters
    ----------
    assignment : str
    students : list of str
        Students without a submission in the gradebook are left out.
    course : Path
    problems : list of str, optional
        Gets a sentence for each student whose ``timestamp.txt`` contains no time; their penalty is
        not changed.

    Returns
    -------
    dict of str to tuple of float
        The penalty before and now, for the students for whom it has changed.

    Raises
    ------
    ValueError
        If ``deadlines.toml`` contains a mistake.
    """
    put_due_date(assignment, course)
    config = course_config(course)
    directory = CourseDirectory(config=config)
    step = AssignLatePenalties(config=config)
    step.log = logging.getLogger("grading.deadlines")
    step.log.setLevel(logging.ERROR)  # late work is no reason to warn an instructor
    changed = {}
    for student in students:
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            try:
                submission = gradebook.find_submission(assignment, student)
            except MissingEntry:
                continue
            before = submission.late_submission_penalty or 0.0
            folder = directory.format_path(directory.submitted_directory, student, assignment)
            try:
                stamp = time_of(Path(folder))
            except Refused as refused:
                if problems is not None:
                    problems.append(f"{student}: the time of handing in is unknown: {refused}")
                continue
            # Not if the work is on another machine; the gradebook may be on a server.
            if stamp or Path(folder).is_dir():
                submission.timestamp = stamp
                gradebook.db.commit()
            notebooks = [notebook.name for notebook in submission.notebooks]
        for notebook in notebooks:
            names = {"student": student, "assignment": assignment, "notebook": notebook}
            resources = {"nbgrader": {**names, "db_url": directory.db_url}}
            step.preprocess(new_notebook(), resources)
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            now = gradebook.find_submission(assignment, student).late_submission_penalty or 0.0
        if now != before:
            changed[student] = (before, now)
    return changed


def refresh_everyone(
    assignment: str, course: Path, problems: list[str] | None = None
) -> dict[str, tuple[float, float]]:
    """Compute everyone's penalties from the current dates, extensions and times.

    A person may have given points since the last time, and penalties are a share of all points.

    Returns
    -------
    dict of str to tuple of float
        As from `refresh_penalties`.

    Raises
    ------
    ValueError
        If ``deadlines.toml`` contains a mistake.
    """
    directory = course_directory(course)
    if not has_gradebook(directory.db_url):
        return {}
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        students = [one.student_id for one in gradebook.assignment_submissions(assignment)]
    return refresh_penalties(assignment, students, course, problems)


def last_moment(written: str) -> datetime:
    """Return a written time with its time zone (default: this machine's); for a day, its end.

    Raises
    ------
    ValueError
        If it is neither a day nor a time.
    """
    try:
        return datetime.combine(date.fromisoformat(written), time.max).astimezone()
    except (OverflowError, ValueError):
        pass
    try:
        return datetime.fromisoformat(written).astimezone()
    except (OverflowError, ValueError):  # a time zone may lead out of the first or the last year
        raise ValueError(
            f"{written!r} is neither a day nor a time: write 2030-02-07, which means the end of "
            "that day, or 2030-02-07T18:00"
        ) from None


def extend(assignment: str, student: str, until: datetime, course: Path) -> datetime:
    """Let a student hand in later than the others; return the assignment's own deadline.

    Parameters
    ----------
    assignment, student : str
    until : datetime
        With a time zone.
    course : Path

    Raises
    ------
    ValueError
        If the assignment or the student is not in the gradebook, the assignment has no deadline,
        the extension would end before it, or ``deadlines.toml`` contains a mistake.
    """
    must_have_gradebook(course_directory(course))
    put_due_date(assignment, course)
    directory = CourseDirectory(config=course_config(course))
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            due: datetime | None = gradebook.find_assignment(assignment).duedate
            gradebook.find_student(student)
        except MissingEntry as missing:
            raise ValueError(f"not in the gradebook: {missing}") from None
        if due is None:
            raise ValueError(
                f"{assignment} has no deadline: set one, such as "
                f"{assignment} = 2030-01-31T23:59:00+01:00 below [due] in deadlines.toml"
            )
        due = due.replace(tzinfo=UTC)
        if until < due:
            raise ValueError(f"{until.isoformat()} is before the deadline, {due.isoformat()}")
        submission = gradebook.update_or_create_submission(assignment, student)
        submission.extension = until - due if until > due else timedelta(0)
        gradebook.db.commit()
    return due
