"""What a release says of its deadline: the file beside the notebook, read for a student."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

FILE = "deadline.toml"
LONGEST = 300
"""Characters that are shown of a sentence."""


@dataclass(frozen=True)
class Deadline:
    """When a lesson is due.

    Attributes
    ----------
    due : datetime
        With the offset in which the teacher gave it.
    late : str
        A sentence on what being late costs; empty where the release says nothing of it.
    """

    due: datetime
    late: str = ""

    def sentence(self, now: datetime) -> str:
        """Return the date and what is left of the time, or how long ago it was."""
        date = f"{self.due:%Y-%m-%d %H:%M} ({self.due.tzname()})"
        if now > self.due:
            return f"was due {date}, {_length(now - self.due)} ago"
        return f"due {date}, in {_length(self.due - now)}"


def _length(time: timedelta) -> str:
    """Return a length of time in its largest unit, rounded down: nobody has more than that."""
    units = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
    for unit, one in units.items():
        if count := time // one:
            return f"{count} {unit}{'s' * (count > 1)}"
    return "less than a minute"


def read_deadline(folder: Path, assignment: str) -> Deadline | None:
    """Return the deadline that lies in a folder, if there is one and it is the assignment's.

    Raises
    ------
    ValueError
        If an editor has damaged the file; the message names it.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        if written["assignment"] != assignment:
            return None  # several notebooks may lie in one folder
        due, late = written["due"], written.get("late", "")
        if not isinstance(due, datetime) or due.tzinfo is None or not isinstance(late, str):
            raise ValueError("a value is not of its kind")
    except (OSError, ValueError, KeyError, RecursionError):
        raise ValueError(f"{path} cannot be read: ask your teacher for the date") from None
    # A terminal takes some characters for commands.
    return Deadline(due, "".join(filter(str.isprintable, late))[:LONGEST])
