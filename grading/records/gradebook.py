"""nbgrader's gradebook: read scores, and remove those of an earlier submission."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from nbgrader.api import (
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.engine import make_url

from grading import settings
from grading.records.handed_in import has_work, nothing_from
from grading.records.receipts import receipt_path, recorded_verdicts, set_aside
from grading.settings import course_directory
from helpers.lessons import LESSONS


def scores(course: Path) -> pd.DataFrame:
    """Return the gradebook, one row per exercise of each submission.

    Returns
    -------
    DataFrame
        Columns ``student``, ``lesson``, ``exercise``, ``score`` (NaN if a person must still grade
        it), ``points``, and ``status``, which is the one in the receipt (see
        `grading.judging.verdicts`), or empty if there is none or a person grades the exercise.
    """
    rows = []
    exercises = {name: lesson for lesson in LESSONS for name in lesson.exercises}
    directory = course_directory(course)
    with Gradebook(directory.db_url) as gradebook:
        for submission in gradebook.db.query(SubmittedAssignment).all():
            names = (submission.student.id, submission.assignment.name)
            if not has_work(*names, directory, submission):
                continue
            verdicts, _ = recorded_verdicts(course, submission.assignment.name, names[0])
            statuses = {verdict.exercise: verdict.status for verdict in verdicts}
            for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                exercise = grade.name.removeprefix("test_")
                pending = grade.needs_manual_grade and grade.manual_score is None
                rows.append(
                    {
                        "student": submission.student.id,
                        "lesson": exercises[exercise].name,
                        "exercise": exercise,
                        "score": float("nan") if pending else grade.score,
                        "points": grade.max_score,
                        "status": statuses.get(exercise, ""),
                    }
                )
    columns = ["student", "lesson", "exercise", "score", "points", "status"]
    return pd.DataFrame(rows, columns=columns)


def nothing_by_lesson(scores: pd.DataFrame, course: Path) -> dict[str, list[str]]:
    """Return the students who handed in nothing, for each lesson that others have handed in.

    Parameters
    ----------
    scores : DataFrame
        From the function `scores`.
    course : Path
    """
    found = {lesson: nothing_from(lesson, course) for lesson in sorted(set(scores["lesson"]))}
    return {lesson: students for lesson, students in found.items() if students}


def is_ungraded(submission: SubmittedAssignment) -> bool:
    """Return whether a submission has no score yet.

    It has none if something that must be graded automatically is not graded, or if nothing at all
    is graded. Otherwise, answers that a person must still read count as 0 so far.
    """
    marks = [(mark, notebook) for notebook in submission.notebooks for mark in notebook.grades]
    nothing = bool(marks) and not any(_has_score(mark) for mark, _ in marks)
    return nothing or any(_waits_for_a_program(mark, notebook) for mark, notebook in marks)


def _has_score(mark: Grade) -> bool:
    return mark.auto_score is not None or mark.manual_score is not None


def _waits_for_a_program(mark: Grade, notebook: SubmittedNotebook) -> bool:
    answers = {cell.name for cell in notebook.notebook.solution_cells}
    return not _has_score(mark) and mark.cell.cell_type == "code" and mark.name not in answers


def forget(course: Path, student: str, assignment: str) -> None:
    """Remove the results of an earlier grading of a submission that cannot be graded now.

    These are its automatic scores, its receipts and the pages that show the earlier grade.
    """
    directory = course_directory(course)
    address = directory.db_url
    for path in receipt_path(course, student, assignment, "any").parent.glob("*.json"):
        set_aside(path)
        names = {"student": student, "assignment": assignment, "notebook": path.stem}
        forget_scores({**names, "db_url": address})
    for step in (directory.autograded_directory, directory.feedback_directory):
        folder = Path(directory.format_path(step, student, assignment))
        if folder.is_dir():
            shutil.rmtree(folder)


class GradebookBusyError(ValueError):
    """Another program has locked the gradebook for too long."""


def wait_until_free(address: str, say: Callable[[str], None]) -> None:
    """Wait for a gradebook that another program is writing to.

    Parameters
    ----------
    address : str
        The gradebook's address. A database server handles locks itself, so only SQLite's files are
        checked.
    say : callable
        Called once with a sentence if there is something to wait for.

    Raises
    ------
    GradebookBusyError
        If it is still locked after `grading.settings.LOCK_SECONDS`.
    """
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or not Path(url.database).exists():
        return
    end = time.monotonic() + settings.LOCK_SECONDS
    if _is_free(url.database, 1.0):
        return
    say(f"Another program is writing to {url.database}: waiting for it.")
    while not _is_free(url.database, 5.0):
        if time.monotonic() > end:
            raise GradebookBusyError(
                f"another program has locked {url.database} for {settings.LOCK_SECONDS:g} seconds: "
                "close it (formgrader, nbgrader, a database browser with unsaved changes), and "
                "repeat the command; nothing was changed"
            )


def _is_free(path: str, seconds: float) -> bool:
    connection = sqlite3.connect(path, timeout=seconds, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
    finally:
        connection.close()
    return True


@dataclass(frozen=True)
class Mark:
    """What the gradebook contained for one exercise before it was graded again.

    Attributes
    ----------
    auto_score, manual_score : float or None
    done : bool
        Whether no person needs to look at it.
    answer : str
        Hash of the answer that a person has read; empty if it was not stored.
    """

    auto_score: float | None
    manual_score: float | None
    done: bool
    answer: str

    def still_done(self, auto_score: float | None, answer: str) -> bool:
        """Tell whether a person's points are still valid: they were given for the same answer."""
        if self.manual_score is None or not self.done or auto_score != self.auto_score:
            return False
        return auto_score is not None or (bool(answer) and answer == self.answer)


def marks(names: dict[str, str], receipt: dict[str, Any]) -> dict[str, Mark]:
    """Return what the gradebook contains for a submitted notebook, by exercise.

    Parameters
    ----------
    names : dict
        ``student``, ``assignment``, ``notebook`` and ``db_url``.
    receipt : dict
        The newest one. It has hashes of the answers that a person has read. It also has the
        automatic scores, even if a grading that was killed has removed them from the gradebook.
    """
    answers = receipt.get("answers", {})
    reached = {test["exercise"]: test["points"] for test in receipt.get("tests", [])}
    with Gradebook(names["db_url"]) as gradebook:
        try:
            found = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
        except MissingEntry:
            return {}
        return {
            mark.name: Mark(
                reached.get(_exercise(mark.name)) if mark.auto_score is None else mark.auto_score,
                mark.manual_score,
                not mark.needs_manual_grade,
                answers.get(mark.name, ""),
            )
            for mark in found.grades
            if mark.name  # skip marks of questions that an earlier release had
        }


def _exercise(cell: str) -> str:
    return cell.removeprefix("test_")


def read_again(
    names: dict[str, str],
    before: dict[str, Mark],
    reached: dict[str, float | None],
    answers: dict[str, str],
) -> None:
    """Mark answers that a person has graded, and that have changed since, to be read again.

    Call this before the new receipt is written. Then everything that the gradebook marks as done is
    about the work in that receipt, even if the grader is killed right afterwards.

    Parameters
    ----------
    names : dict
        As for `marks`.
    before : dict of str to Mark
        What the gradebook contained until now.
    reached : dict of str to float or None
        Points of automatic tests, by exercise.
    answers : dict of str to str
        Hashes of the answers that a person reads, by cell.
    """
    changed = {
        name
        for name, mark in before.items()
        if not mark.still_done(reached.get(_exercise(name)), answers.get(name, ""))
    }
    with Gradebook(names["db_url"]) as gradebook, contextlib.suppress(MissingEntry):
        found = gradebook.find_submission_notebook(
            names["notebook"], names["assignment"], names["student"]
        )
        for score in found.grades:
            if score.name in changed and score.manual_score is not None:
                score.needs_manual_grade = True
        gradebook.db.commit()


def forget_scores(names: dict[str, str]) -> None:
    """Remove a submission's automatic scores from the gradebook.

    Points that a person gave stay, and their answers stay marked as read: it is not known yet
    whether the work has changed, and if the grader is killed or the work is refused, it may not be
    known for a while.
    """
    with Gradebook(names["db_url"]) as gradebook, contextlib.suppress(MissingEntry):
        found = gradebook.find_submission_notebook(
            names["notebook"], names["assignment"], names["student"]
        )
        for score in found.grades:
            score.auto_score = None
            if score.manual_score is None:
                score.needs_manual_grade = True
        gradebook.db.commit()
