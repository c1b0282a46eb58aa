"""Find out which submissions of a batch are graded already, so that a stopped batch can continue.

This uses only the files that grading writes anyway. A submission is done if its receipt is about
the files that are there now, if the gradebook has the receipt's points, and if the graded notebook,
which is written last, contains the receipt's key.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory

from grading.intake.submissions import submitted
from grading.judging.verdicts import CANNOT_GRADE
from grading.records.receipts import (
    CHANGES,
    MISSING,
    OVERLAY,
    changed_since,
    digest,
    environment_lock,
    grader_code,
    read_receipt,
    receipt_key,
    seed_of,
    verdicts_of,
)
from grading.settings import course_config
from grading.steps.preprocessors import RECEIPT_KEY, GradeInSandbox, submission_contents

NEW = "not graded before"
NOT_COMPLETE = "its grade is not complete"


def reasons_to_grade(
    assignment: str, students: list[str], course: Path, sandbox: str
) -> dict[str, str]:
    """Return the students whose submission must be graded, and why.

    Parameters
    ----------
    assignment : str
    students : list of str
    course : Path
        The course's folder.
    sandbox : str
        The kind with which it would be graded; empty if any kind will do.

    Returns
    -------
    dict of str to str
        The reason by student, without students for whom nothing has changed.
    """
    config = course_config(course)
    directory = CourseDirectory(config=config)
    limits = vars(GradeInSandbox(config=config).limits(assignment))
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        found = {
            student: _reason(assignment, student, directory, gradebook, limits, sandbox)
            for student in students
        }
    return {student: reason for student, reason in found.items() if reason}


def out_of_date(assignment: str, course: Path) -> dict[str, str]:
    """Return the students whose work or lesson has changed since it was graded, and what changed.

    Changes of the grader or of its environment do not count; students without a grade are left out.
    """
    students = [student for _, student in submitted(assignment, course)]
    parts = ("submission", "tests", "release", "solution", *OVERLAY)
    about = {CHANGES[name] for name in parts} | set(MISSING.values())
    reasons = reasons_to_grade(assignment, students, course, "")
    return {student: why for student, why in reasons.items() if about & set(why.split(", "))}


def graded_already(assignment: str, students: list[str], course: Path, sandbox: str) -> set[str]:
    """Return the students whose submission is graded and unchanged; see `reasons_to_grade`."""
    return set(students) - reasons_to_grade(assignment, students, course, sandbox).keys()


def _reason(
    assignment: str,
    student: str,
    directory: CourseDirectory,
    gradebook: Gradebook,
    limits: dict[str, float],
    sandbox: str,
) -> str:
    """Return why a submission must be graded, or an empty text if it need not be."""
    receipts = sorted((Path(directory.root) / "receipts" / student / assignment).glob("*.json"))
    submitted = Path(directory.format_path(directory.submitted_directory, student, assignment))
    if not receipts:
        return NEW
    release = Path(directory.format_path(directory.release_directory, ".", assignment))
    expected = {path.stem for path in release.glob("*.ipynb")}
    # Other notebooks there, such as a copy that an editor made, are not graded.
    handed_in = {path.stem for path in submitted.glob("*.ipynb")} & expected
    if {path.stem for path in receipts} != handed_in:
        return CHANGES["submission"]
    graded = Path(directory.format_path(directory.autograded_directory, student, assignment))
    try:
        for path in receipts:
            receipt = read_receipt(path)
            changes = changed_since(receipt, _now(receipt, directory, limits, sandbox))
            if changes:
                return ", ".join(changes)
            notebook = json.loads((graded / f"{path.stem}.ipynb").read_bytes())
            if notebook["metadata"][RECEIPT_KEY] != receipt_key(receipt):
                return NOT_COMPLETE
            if not _recorded(receipt, gradebook):
                return NOT_COMPLETE
    except (OSError, ValueError, KeyError, TypeError, MissingEntry):
        return NOT_COMPLETE  # something is missing or was only partly written
    return ""


def _now(
    receipt: dict[str, Any], directory: CourseDirectory, limits: dict[str, float], sandbox: str
) -> dict[str, Any]:
    """Return what the receipt would contain if its submission were graded now."""
    contents = submission_contents(directory, receipt)
    return {
        "sha256": {name: digest(content) for name, content in contents.items()},
        "grader": grader_code(),
        "environment": environment_lock(),
        "seed": seed_of(contents),
        "limits": limits,
        "sandbox": sandbox or receipt["sandbox"],
    }


def _recorded(receipt: dict[str, Any], gradebook: Gradebook) -> bool:
    """Return whether everything could be graded and the gradebook has the receipt's points."""
    verdicts = verdicts_of(receipt)
    if any(verdict.status == CANNOT_GRADE for verdict in verdicts):
        return False
    notebook = gradebook.find_submission_notebook(
        receipt["notebook"], receipt["assignment"], receipt["student"]
    )
    scores = [grade.auto_score for grade in notebook.grades if grade.auto_score is not None]
    return math.isclose(sum(scores), sum(v.points or 0.0 for v in verdicts), abs_tol=1e-6)
