"""Deadlines, extensions and times of handing in: what they take off, without grading again."""

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
    """Take off for lateness what is due by today's deadline, extensions and time stamps.

    Parameters
    ----------
    assignment : str
    students : list of str
        Who has no submission in the gradebook is left out.
    course : Path
    problems : list of str, optional
        Is given a sentence for each student whose ``timestamp.txt`` holds no time; what was taken
        off from their points stays.

    Returns
    -------
    dict of str to tuple of float
        Points taken off before and now, of those for whom it has changed.

    Raises
    ------
    ValueError
        If ``deadlines.toml`` says what cannot be meant.
    """
    put_due_date(assignment, course)
    config = course_config(course)
    directory = CourseDirectory(config=config)
    step = AssignLatePenalties(config=config)
    step.log = logging.getLogger("grading.deadlines")
    step.log.setLevel(logging.ERROR)  # who is late is no warning to whoever grades
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
                    problems.append(f"{student}: the time of handing in is not known: {refused}")
                continue
            # The gradebook may be on a server, and the work on another machine.
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
    """Take off anew from everyone's points what is due by today's dates, extensions and times.

    A person may have given points since, of which a share is taken off as well.

    Returns
    -------
    dict of str to tuple of float
        As `refresh_penalties` does.

    Raises
    ------
    ValueError
        If ``deadlines.toml`` says what cannot be meant.
    """
    directory = course_directory(course)
    if not has_gradebook(directory.db_url):
        return {}
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        students = [one.student_id for one in gradebook.assignment_submissions(assignment)]
    return refresh_penalties(assignment, students, course, problems)


def last_moment(written: str) -> datetime:
    """Return a time with its time zone, this machine's unless it says another; a day's is its end.

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
    except (OverflowError, ValueError):  # the first and the last year have days of no time zone
        raise ValueError(
            f"{written!r} is no day and no time: write 2030-02-07, to the end of which it goes, or "
            "2030-02-07T18:00"
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
        If the gradebook knows no such assignment or student, the assignment has no deadline,
        the extension would end before it, or ``deadlines.toml`` says what cannot be meant.
    """
    must_have_gradebook(course_directory(course))
    put_due_date(assignment, course)
    directory = CourseDirectory(config=course_config(course))
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            due: datetime | None = gradebook.find_assignment(assignment).duedate
            gradebook.find_student(student)
        except MissingEntry as missing:
            raise ValueError(f"the gradebook does not know it: {missing}") from None
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
