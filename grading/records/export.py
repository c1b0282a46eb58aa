"""Write grades for learning platforms: Canvas, Moodle, Gradescope, or a plain table.

Canvas and Moodle take back tables that they gave out; Gradescope takes one
``results.json`` per submission.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from grading.intake.names import fault_of
from grading.intake.rosters import Roster, read_roster
from grading.intake.texts import clean
from grading.records.gradebook import is_ungraded
from grading.records.nbgrader_csv import neutral
from grading.records.receipts import recorded_verdicts
from grading.settings import course_directory

CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


@dataclass(frozen=True)
class Grade:
    """What one student has reached in one assignment.

    Attributes
    ----------
    student, last_name, first_name, email : str
    score : float or None
        Penalties for lateness taken off, never below 0; None where it was not graded.
    max_score : float
    waiting : int
        Answers that a person has yet to read; they count 0 so far.
    """

    student: str
    last_name: str
    first_name: str
    email: str
    score: float | None
    max_score: float
    waiting: int

    @property
    def written(self) -> str:
        """The score as a table holds it: an empty field where there is none, never 0."""
        return "" if self.score is None else f"{self.score:g}"


def grades(assignment: str, course: Path) -> list[Grade]:
    """Return the grades of everyone who handed in an assignment.

    Raises
    ------
    ValueError
        If nobody was graded.
    """
    with Gradebook(course_directory(course).db_url) as gradebook:
        found = [_grade(submission) for submission in gradebook.assignment_submissions(assignment)]
    if not found:
        raise ValueError(f"the gradebook holds no submission of {assignment}; grade it first")
    return sorted(found, key=lambda grade: grade.student)


def _grade(submission: Any) -> Grade:
    student = submission.student
    marks = [mark for notebook in submission.notebooks for mark in notebook.grades]
    return Grade(
        student.id,
        student.last_name or "",
        student.first_name or "",
        student.email or "",
        None
        if is_ungraded(submission)
        else max(0.0, submission.score - (submission.late_submission_penalty or 0.0)),
        submission.max_score,
        sum(mark.needs_manual_grade for mark in marks),
    )


def export_grades(
    assignment: str, platform: str, to: Path, roster: Path | None, course: Path
) -> list[Grade]:
    """Write an assignment's grades for a platform.

    Parameters
    ----------
    assignment : str
    platform : {"canvas", "moodle", "gradescope", "csv"}
    to : Path
        A folder for Gradescope, a file for the others.
    roster : Path or None
        What Canvas or Moodle has given out.
    course : Path

    Returns
    -------
    list of Grade
        What was written. Who was not graded has an empty field, and no file for Gradescope.

    Raises
    ------
    ValueError
        If there are no grades, or the roster is missing or does not fit.
    """
    found = grades(assignment, course)
    if platform == "csv":
        write_csv(found, assignment, to)
    elif platform == "gradescope":
        write_gradescope(found, assignment, course, to)
    elif roster is None:
        raise ValueError(f"{platform} takes back only its own table: give it with --roster")
    else:
        write = write_canvas if platform == "canvas" else write_moodle
        write(found, assignment, read_roster(roster), to)
    return found


def write_csv(found: list[Grade], assignment: str, path: Path) -> None:
    """Write a plain table, which Moodle's *Import grades* reads too."""
    header = ["username", "lastname", "firstname", "email", assignment, "maximum", "waiting"]
    rows = []
    for grade in found:
        names = (grade.student, grade.last_name, grade.first_name, grade.email)
        rows.append([*names, grade.written, f"{grade.max_score:g}", str(grade.waiting)])
    _write([header, *rows], path)


def write_canvas(found: list[Grade], assignment: str, roster: Roster, path: Path) -> None:
    """Write the table that Canvas's gradebook imports: its own columns, with these scores.

    Raises
    ------
    ValueError
        If the roster has not one column of the assignment's name, or not every student.
    """
    ours = re.compile(rf"{re.escape(assignment)}(?: \(\d+\))?", re.IGNORECASE)
    columns = [column for column in roster.columns if ours.fullmatch(column)]
    if len(columns) != 1:
        numbered = [column for column in roster.columns if re.search(r"\(\d+\)$", column)]
        raise ValueError(
            f"the roster has {len(columns)} columns named {assignment}; it has "
            f"{', '.join(numbered) or 'no assignments'}"
        )
    rows = roster.students({grade.student for grade in found})
    kept = [column for column in CANVAS_COLUMNS if column in roster.columns]
    lines = [[rows[grade.student][column] for column in kept] + [grade.written] for grade in found]
    _write([[*kept, columns[0]], *lines], path)


def write_moodle(found: list[Grade], assignment: str, roster: Roster, path: Path) -> None:
    """Fill in the column *Grade* of Moodle's grading worksheet; its other columns stay.

    Raises
    ------
    ValueError
        If it has no such column, or not every student.
    """
    if "Grade" not in roster.columns:
        raise ValueError("the roster has no column 'Grade': it is no grading worksheet of Moodle's")
    rows = roster.students({grade.student for grade in found})
    lines = [{**rows[grade.student], "Grade": grade.written} for grade in found]
    _write([roster.columns, *([line[name] for name in roster.columns] for line in lines)], path)


def write_gradescope(found: list[Grade], assignment: str, course: Path, folder: Path) -> None:
    """Write one ``results.json`` per student, each in a folder of the student's name."""
    for grade in found:
        if grade.score is None or fault_of(grade.student):  # a name may lead out of the folder
            continue
        ended, _ = recorded_verdicts(course, assignment, grade.student)
        tests = [
            {
                "name": verdict.exercise,
                "score": verdict.points or 0.0,
                "max_score": verdict.max_points,
                "status": "passed" if verdict.points == verdict.max_points else "failed",
                "output": verdict.text,
                "output_format": "text",
            }
            for verdict in ended
        ]
        results = {"score": grade.score, "stdout_visibility": "hidden", "tests": tests}
        place = folder / grade.student / "results.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        text = clean(json.dumps(results, indent=1, ensure_ascii=False))
        place.write_text(text + "\n", encoding="utf-8")


def _write(rows: list[list[str]], path: Path) -> None:
    """Write a CSV file that a spreadsheet opens without computing anything."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([neutral(cell) for cell in row] for row in rows)
