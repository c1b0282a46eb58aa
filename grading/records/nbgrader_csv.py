"""Grades as a CSV file in which a spreadsheet finds no formulas to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin

from grading.intake.texts import one_line
from grading.records.gradebook import is_ungraded
from grading.records.handed_in import has_work
from grading.records.whole import write_table

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
# Spreadsheets in East Asian languages also accept the wide forms of these signs.
FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class NeutralCsvExport(CsvExportPlugin):
    """nbgrader's CSV export, made safe.

    Names with a comma are quoted, and names that begin like a formula are marked as text.
    """

    def export(self, gradebook: Gradebook) -> None:
        rows = [[neutral(row[column]) for column in COLUMNS] for row in self._rows(gradebook)]
        write_table(Path(self.to or "grades.csv"), [COLUMNS, *rows])

    def _rows(self, gradebook: Gradebook) -> Iterator[dict[str, Any]]:
        for assignment in gradebook.assignments:
            for student in gradebook.students:
                chosen = not self.assignment or assignment.name in map(str, self.assignment)
                if chosen and (not self.student or student.id in map(str, self.student)):
                    yield _row(gradebook, assignment, student, self.parent.coursedir)


def _row(
    gradebook: Gradebook, assignment: Any, student: Any, directory: CourseDirectory
) -> dict[str, Any]:
    row = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "timestamp": None,
        "student_id": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "raw_score": None,
        "late_submission_penalty": 0.0,
        "score": None,
        "max_score": assignment.max_score,
    }
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:  # nothing was handed in; a person must decide what to do
        return row
    penalty = submission.late_submission_penalty or 0.0
    if is_ungraded(submission) or not has_work(student.id, assignment.name, directory, submission):
        return row | {"timestamp": submission.timestamp}
    return row | {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
    }


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table in which a spreadsheet finds no formulas."""
    rows = [
        ["" if pd.isna(value) else neutral(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    write_table(path, [list(table.columns), *rows])


def neutral(value: Any) -> str:
    """Return a cell's text in one line, marked as text if a spreadsheet would compute it.

    Text that begins with a dash or a plus and a space, like a list in a teacher's comment, stays as
    it is, unless it could call or fetch something.
    """
    text = "" if value is None else one_line(value)
    if not isinstance(value, str) or not text.startswith(FORMULA_SIGNS):
        return text
    is_prose = text.startswith(("- ", "+ ")) and not set(text) & set("=(|!@")
    return text if is_prose or text in ("-", "+") else f"'{text}"
