"""A lesson's deadline, from the file that a release has next to the notebook."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

FILE = "deadline.toml"
LONGEST = 300
"""How many characters of a sentence are shown at most."""


@dataclass(frozen=True)
class Deadline:
    """When a lesson is due.

    Attributes
    ----------
    due : datetime
        In the time zone (UTC offset) that the teacher used.
    late : str
        A sentence on what being late costs; empty if the release does not say.
    """

    due: datetime
    late: str = ""

    def sentence(self, now: datetime) -> str:
        """Return the date, and how much time is left or how long ago it was."""
        date = f"{self.due:%Y-%m-%d %H:%M} ({self.due.tzname()})"
        if now > self.due:
            return f"was due {date}, {_length(now - self.due)} ago"
        return f"due {date}, in {_length(self.due - now)}"


def _length(time: timedelta) -> str:
    """Return a length of time in its largest unit, rounded down so as not to promise too much."""
    units = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
    for unit, one in units.items():
        if count := time // one:
            return f"{count} {unit}{'s' * (count > 1)}"
    return "less than a minute"


def read_deadline(folder: Path, assignment: str) -> Deadline | None:
    """Return the deadline in a folder if there is one and it belongs to the assignment, else None.

    Raises
    ------
    ValueError
        If the file is damaged; the message names it.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        if written["assignment"] != assignment:
            return None  # one folder may hold several notebooks
        due, late = written["due"], written.get("late", "")
        if not isinstance(due, datetime) or due.tzinfo is None or not isinstance(late, str):
            raise ValueError("a value has the wrong type")
    except (OSError, ValueError, KeyError, RecursionError):
        raise ValueError(f"{path} cannot be read: ask your teacher for the date") from None
    # A terminal would interpret unprintable characters as commands.
    return Deadline(due, "".join(filter(str.isprintable, late))[:LONGEST])
