"""nbgrader's gradebook: read the scores, and take back those of an earlier submission."""

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
    """Return the gradebook, one row per exercise of what was handed in.

    Returns
    -------
    DataFrame
        Columns ``student``, ``lesson``, ``exercise``, ``score`` (NaN where a person has yet to
        grade), ``points``, and ``status``, as in `grading.judging.verdicts`, from the receipt;
        empty where there is none, and for what a person grades.
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
    """Return who handed in nothing, for each lesson that others have handed in.

    Parameters
    ----------
    scores : DataFrame
        As `scores` returns.
    course : Path
    """
    found = {lesson: nothing_from(lesson, course) for lesson in sorted(set(scores["lesson"]))}
    return {lesson: students for lesson, students in found.items() if students}


def is_ungraded(submission: SubmittedAssignment) -> bool:
    """Return whether a submission has no score yet.

    Either a program was to grade something of it, and nobody has, or nobody has graded anything.
    Beside graded answers, those that a person is to read wait, and count 0 so far.
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
    """Remove what a submission that cannot be graded now has of an earlier grading.

    These are its automatic scores, its receipts and the pages that tell of the earlier grade.
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
    """Another program has held the gradebook for too long."""


def wait_until_free(address: str, say: Callable[[str], None]) -> None:
    """Wait for a gradebook that another program is writing to.

    Parameters
    ----------
    address : str
        The gradebook's; a server sees to this itself, so that only SQLite's files are looked at.
    say : callable
        Is told, once, that there is something to wait for.

    Raises
    ------
    GradebookBusyError
        If it is still held after `grading.settings.LOCK_SECONDS`.
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
                f"another program has held {url.database} for {settings.LOCK_SECONDS:g} seconds: "
                "end it (formgrader, nbgrader, a database browser with unsaved changes), and "
                "give the command again; nothing was changed"
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
    """What the gradebook held of one exercise before it was graded again.

    Attributes
    ----------
    auto_score, manual_score : float or None
    done : bool
        Whether nobody has to look at it.
    answer : str
        Hash of the answer that a person has read; empty where it was not kept.
    """

    auto_score: float | None
    manual_score: float | None
    done: bool
    answer: str

    def still_done(self, auto_score: float | None, answer: str) -> bool:
        """Tell whether a person's points stand: they were given to the same work."""
        if self.manual_score is None or not self.done or auto_score != self.auto_score:
            return False
        return auto_score is not None or (bool(answer) and answer == self.answer)


def marks(names: dict[str, str], receipt: dict[str, Any]) -> dict[str, Mark]:
    """Return what the gradebook holds of a submitted notebook, by exercise.

    Parameters
    ----------
    names : dict
        ``student``, ``assignment``, ``notebook`` and ``db_url``.
    receipt : dict
        The newest one, which knows the answers that a person has read, and the automatic scores
        also where a grading that was ended has taken them out of the gradebook.
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
            if mark.name  # an earlier release may have left one whose question is gone
        }


def _exercise(cell: str) -> str:
    return cell.removeprefix("test_")


def read_again(
    names: dict[str, str],
    before: dict[str, Mark],
    reached: dict[str, float | None],
    answers: dict[str, str],
) -> None:
    """Have a person look again at what they have graded and is another now.

    This comes before the new receipt is written: from then on, what the gradebook calls done is
    about the work of that receipt, also if the grader is ended at once.

    Parameters
    ----------
    names : dict
        As for `marks`.
    before : dict of str to Mark
        What the gradebook held until now.
    reached : dict of str to float or None
        Points by program, by exercise.
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

    Points by hand stay, and so does that they were given: it is not known yet whether the work is
    another, and may not be for a while, if the grader is ended or the work is refused.
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
