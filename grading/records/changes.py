"""Whose grade has changed since, by how much, and for what reason: read from the receipts."""

from __future__ import annotations

import glob
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from grading.records.receipts import (
    EARLIER,
    all_receipts,
    changed_since,
    unreadable_receipts,
    verdicts_of,
)

COLUMNS = (
    "student",
    "notebook",
    "when",
    "before",
    "after",
    "difference",
    "exercises",
    "because",
    "earlier_receipt",
    "receipt",
)
TAKEN_BACK = "what was handed in since is not graded"


def changes(assignment: str, course: Path, since: datetime | None = None) -> pd.DataFrame:
    """Return the grades by program that have changed when they were graded again.

    Points that a person has given, and penalties, are not in it.

    Parameters
    ----------
    assignment : str
    course : Path
    since : datetime, optional
        With a time zone; what changed earlier is left out.

    Returns
    -------
    DataFrame
        A row for each change, in the order in which they happened. ``before`` and ``after`` are
        points, NaN where something could not be graded or a grade was taken back; ``exercises``
        names those that ended in another way; the paths are relative to the course's folder.
        Receipts that cannot be read are left out: see `unreadable`.
    """
    students = who_has_receipts(assignment, course)
    rows = [row for student in students for row in _of(student, assignment, course)]
    if since is not None:
        rows = [row for row in rows if datetime.fromisoformat(row["when"]) >= since]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["when", "student"], ignore_index=True)


def unreadable(assignment: str, course: Path) -> list[Path]:
    """Return the receipts that `changes` leaves out, for they cannot be read."""
    return [
        path
        for student in who_has_receipts(assignment, course)
        for path in unreadable_receipts(course, student, assignment)
    ]


def who_has_receipts(assignment: str, course: Path) -> list[str]:
    """Return who has receipts of an assignment."""
    folders = sorted((course / "receipts").glob(f"*/{glob.escape(assignment)}"))
    return [folder.parent.name for folder in folders]


def _of(student: str, assignment: str, course: Path) -> list[dict[str, Any]]:
    latest: dict[str, tuple[Path, dict[str, Any]]] = {}
    rows = []
    for path, receipt in all_receipts(course, student, assignment):
        earlier = latest.get(receipt["notebook"])
        latest[receipt["notebook"]] = (path, receipt)
        if earlier and (row := _row(*earlier, path, receipt, course)):
            rows.append(row)
    taken_back = (one for one in latest.values() if one[0].parent.name == EARLIER)
    return [*rows, *(_taken_back(path, receipt, course) for path, receipt in taken_back)]


def _taken_back(path: Path, receipt: dict[str, Any], course: Path) -> dict[str, Any]:
    """Return that a grade is gone, and no other has come yet."""
    verdicts = verdicts_of(receipt)
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return {
        "student": receipt["student"],
        "notebook": receipt["notebook"],
        "when": when.isoformat(timespec="milliseconds"),
        "before": sum(_points(verdict) for verdict in verdicts),
        "after": float("nan"),
        "difference": float("nan"),
        "exercises": ", ".join(verdict.exercise for verdict in verdicts),
        "because": TAKEN_BACK,
        "earlier_receipt": path.relative_to(course).as_posix(),
        "receipt": "",
    }


def _row(
    earlier: Path, before: dict[str, Any], path: Path, after: dict[str, Any], course: Path
) -> dict[str, Any] | None:
    """Return what has changed from one receipt to the next; None if no exercise did."""
    then = {verdict.exercise: verdict for verdict in verdicts_of(before)}
    now = {verdict.exercise: verdict for verdict in verdicts_of(after)}
    moved = [
        name
        for name in [*then, *(name for name in now if name not in then)]
        if _end(then.get(name)) != _end(now.get(name))
    ]
    if not moved:
        return None
    points = [sum(_points(verdict) for verdict in found.values()) for found in (then, now)]
    return {
        "student": after["student"],
        "notebook": after["notebook"],
        "when": after["graded_at"],
        "before": points[0],
        "after": points[1],
        "difference": points[1] - points[0],
        "exercises": ", ".join(moved),
        "because": ", ".join(changed_since(before, after)) or "it was graded anew",
        "earlier_receipt": earlier.relative_to(course).as_posix(),
        "receipt": path.relative_to(course).as_posix(),
    }


def _end(verdict: Any) -> tuple[str, float | None] | None:
    return verdict and (verdict.status, verdict.points)


def _points(verdict: Any) -> float:
    return float("nan") if verdict.points is None else verdict.points
