"""Find out from the receipts whose grade has changed, by how much, and why."""

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
EARLIEST = datetime.min.replace(tzinfo=UTC)
TAKEN_BACK = "newer work is not graded yet"


def changes(assignment: str, course: Path, since: datetime | None = None) -> pd.DataFrame:
    """Return the automatic grades that have changed when submissions were graded again.

    Points that a person has given, and penalties, are not included.

    Parameters
    ----------
    assignment : str
    course : Path
    since : datetime, optional
        With a time zone; earlier changes are left out. If the clock was set back, a change gets at
        least the time of the receipts before it.

    Returns
    -------
    DataFrame
        One row per change, in the order in which they happened; for one notebook, in the order of
        its receipts, even if the clock was set back. ``before`` and ``after`` are points, NaN if
        something could not be graded or a grade was taken back; ``exercises`` lists those with a
        different result; the paths are relative to the course's folder. Receipts that cannot be
        read are left out: see `unreadable`.
    """
    students = who_has_receipts(assignment, course)
    found = [one for student in students for one in _of(student, assignment, course)]
    found.sort(key=lambda one: (one[0], one[1]["student"]))
    rows = [row for when, row in found if since is None or when >= since]
    return pd.DataFrame(rows, columns=COLUMNS)


def new_changes(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return what `changes` finds now but did not find before, without comparing times."""

    def named(found: pd.DataFrame) -> list[tuple[str, bool]]:
        # The newest receipt is moved when another one comes; earlier ones keep their paths.
        return list(zip(found["earlier_receipt"], found["receipt"] == "", strict=True))

    known = set(named(before))
    return now.loc[[one not in known for one in named(now)]]


def unreadable(assignment: str, course: Path) -> list[Path]:
    """Return the receipts that `changes` leaves out because they cannot be read."""
    return [
        path
        for student in who_has_receipts(assignment, course)
        for path in unreadable_receipts(course, student, assignment)
    ]


def who_has_receipts(assignment: str, course: Path) -> list[str]:
    """Return the students who have receipts of an assignment."""
    folders = sorted((course / "receipts").glob(f"*/{glob.escape(assignment)}"))
    return [folder.parent.name for folder in folders]


def _of(student: str, assignment: str, course: Path) -> list[tuple[datetime, dict[str, Any]]]:
    """Return a student's changes with their times, which for one notebook never decrease."""
    latest: dict[str, tuple[Path, dict[str, Any]]] = {}
    times: dict[str, datetime] = {}
    found = []

    def note(row: dict[str, Any] | None, notebook: str, when: str) -> None:
        times[notebook] = max(datetime.fromisoformat(when), times.get(notebook, EARLIEST))
        if row:
            found.append((times[notebook], row))

    for path, receipt in all_receipts(course, student, assignment):
        notebook = receipt["notebook"]
        earlier = latest.get(notebook)
        latest[notebook] = (path, receipt)
        row = _row(*earlier, path, receipt, course) if earlier else None
        note(row, notebook, receipt["graded_at"])
    for path, receipt in latest.values():
        if path.parent.name == EARLIER:
            row = _taken_back(path, receipt, course)
            note(row, receipt["notebook"], row["when"])
    return found


def _taken_back(path: Path, receipt: dict[str, Any], course: Path) -> dict[str, Any]:
    """Return the row for a grade that was taken back, with no new grade yet."""
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
    """Return the row for what changed between two receipts; None if no exercise changed."""
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
        "because": ", ".join(changed_since(before, after)) or "it was graded again",
        "earlier_receipt": earlier.relative_to(course).as_posix(),
        "receipt": path.relative_to(course).as_posix(),
    }


def _end(verdict: Any) -> tuple[str, float | None] | None:
    return verdict and (verdict.status, verdict.points)


def _points(verdict: Any) -> float:
    return float("nan") if verdict.points is None else verdict.points
