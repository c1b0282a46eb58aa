"""Lists of a class as learning platforms export them, to match their names with ours."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

# Columns that may hold the name by which our gradebook knows a student, best first.
OURS = ("SIS Login ID", "Username", "ID number", "SIS User ID", "Email address", "ID", "Identifier")
PARTICIPANT = "Participant "


@dataclass(frozen=True)
class Roster:
    """A platform's table of a class.

    Attributes
    ----------
    columns : list of str
    rows : list of dict of str to str
        A student each; what Canvas puts between the header and the students is left out.
    """

    columns: list[str]
    rows: list[dict[str, str]]

    def students(self, known: set[str]) -> dict[str, dict[str, str]]:
        """Return the row of each student of ours, by the column that names most of them.

        Raises
        ------
        ValueError
            If some are in no row; the message names them and the column that was looked at.
        """
        named = [column for column in OURS if column in self.columns]
        if not named:
            raise ValueError(f"the roster has none of the columns {', '.join(OURS)}")
        column = max(named, key=lambda name: len(known & {row[name] for row in self.rows}))
        found = {row[column]: row for row in self.rows if row[column] in known}
        missing = sorted(known - set(found))
        if missing:
            raise ValueError(f"not in the roster's column {column!r}: {', '.join(missing)}")
        return found

    def our_name(self, column: str, value: str) -> str | None:
        """Return our gradebook's name for the student with this value in a platform's column."""
        for row in self.rows:
            if row.get(column, "").removeprefix(PARTICIPANT) == value:
                return next((row[name] for name in OURS if row.get(name)), None)
        return None


def read_roster(path: Path) -> Roster:
    """Read a CSV file: Canvas's gradebook export, or Moodle's grading worksheet or grade export.

    Raises
    ------
    ValueError
        If it is empty, or no text in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8; export it again, or save it as UTF-8") from None
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=separator, restval="")
    columns = [name.strip() for name in reader.fieldnames or []]
    if not columns:
        raise ValueError(f"{path} is empty")
    reader.fieldnames = columns
    # Canvas puts the points possible, and notes on posting, between the header and the students.
    rows = [row for row in reader if "ID" not in columns or row["ID"].strip()]
    return Roster(columns, rows)
