"""Deadlines and penalties for lateness, which a teacher sets in ``deadlines.toml``.

The file is in the course's folder and is optional. Its dates are copied into nbgrader's gradebook,
where nbgrader checks whether work is late. nbgrader's step for penalties uses the policy.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.dates import format_datetime
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin

from grading.intake.names import assignment_name
from grading.settings import course_directory

DEADLINES = "deadlines.toml"
DAY = 24 * 60 * 60.0
_WORDS = {
    "en": {
        "due": "Hand in by {} ({}).",
        "date": "EEEE d MMMM y, HH:mm",
        "read": "For you to read: what counts is what your teacher has.",
        "nothing": "Late: nothing counts.",
        "taken": "Late: {:g} % of the points reached are taken off for each day (24 hours) begun",
        "all": "Late: all counts",
        "day": "; after {} day nothing counts.",
        "days": "; after {} days nothing counts.",
    },
    "es": {
        "due": "Entrega hasta el {} ({}).",
        "date": "EEEE d 'de' MMMM 'de' y, HH:mm",
        "read": "Solo para leer: cuenta la fecha que tiene tu docente.",
        "nothing": "Con retraso: no cuenta nada.",
        "taken": "Con retraso: se descuenta el {:g} % de los puntos obtenidos por cada día "
        "(24 horas) empezado",
        "all": "Con retraso: cuenta todo",
        "day": "; después de {} día no cuenta nada.",
        "days": "; después de {} días no cuenta nada.",
    },
}
"""What a release says about its deadline, and how it writes a date, by language."""
TIME = "write a time with its offset, such as 2030-01-31T23:59:00+01:00"


@dataclass(frozen=True)
class Late:
    """What being late costs.

    Attributes
    ----------
    per_day : float
        Share of the points that is taken off per day of 24 hours; a day that has begun counts.
    days : int or None
        After so many days nothing counts; None if work always counts.
    """

    per_day: float = 0.0
    days: int | None = None

    def share(self, seconds: float) -> float:
        """Return the share of the points that is taken off."""
        if self.days is not None and seconds > self.days * DAY:
            return 1.0
        return min(1.0, self.per_day * math.ceil(seconds / DAY))

    @property
    def sentence(self) -> str:
        """The sentence for students; it does not depend on the lesson."""
        return self.sentence_in("en")

    def sentence_in(self, language: str) -> str:
        """Return the same sentence in a language of the course."""
        words = _WORDS[language]
        if self.days == 0:
            return words["nothing"]
        said = words["taken"].format(100 * self.per_day) if self.per_day else words["all"]
        if self.days is None:
            return f"{said}."
        return said + words["day" if self.days == 1 else "days"].format(self.days)


@dataclass(frozen=True)
class Deadlines:
    """The contents of ``deadlines.toml``.

    Attributes
    ----------
    late : Late or None
        None if nbgrader's own settings determine what being late costs.
    due : dict of str to datetime
        Dates by assignment, with the time zones (UTC offsets) that the teacher wrote.
    """

    late: Late | None = None
    due: Mapping[str, datetime] = field(default_factory=dict)


def read_deadlines(course: Path) -> Deadlines:
    """Return the contents of the file in a course's folder; empty if there is no file.

    Raises
    ------
    ValueError
        If it cannot be read or contains a mistake; the message names the file, key and value.
    """
    path = course / DEADLINES
    if not path.is_file():
        return Deadlines()
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None
    _check_keys(written, ("late", "due"), path, "")
    late = _table(written, "late", path)
    return Deadlines(
        None if late is None else _late(late, path),
        _dates(_table(written, "due", path) or {}, path, course),
    )


def _table(written: dict[str, Any], name: str, path: Path) -> dict[str, Any] | None:
    found = written.get(name)
    if found is not None and not isinstance(found, dict):
        raise ValueError(
            f"{path}: {name} = {found!r} is not a table: write [{name}] above its lines"
        )
    return found


def _check_keys(written: dict[str, Any], known: tuple[str, ...], path: Path, table: str) -> None:
    """Refuse an unknown key: after a typo, the policy would be ignored without any message."""
    for key, value in written.items():
        if key not in known:
            where = f"in [{table}]" if table else "at the top"
            may_be = " and ".join(known)
            raise ValueError(f"{path}: unknown key {key} = {value!r}: {where} may be {may_be}")


def _late(written: dict[str, Any], path: Path) -> Late:
    _check_keys(written, ("per_day", "days"), path, "late")
    per_day, days = written.get("per_day", 0.0), written.get("days")
    # In Python a bool is also an int, so compare types. NaN fails the comparison with the bounds.
    if type(per_day) not in (int, float) or not 0 <= per_day <= 1:
        raise ValueError(
            f"{path}: per_day = {per_day!r} is not a share: write a number from 0 to 1, "
            "such as 0.1 for 10 % per day"
        )
    if days is not None and (type(days) is not int or days < 0):
        raise ValueError(
            f"{path}: days = {days!r} is not a number of days: write a whole number from 0 on, "
            "or remove the line if late work always counts"
        )
    return Late(float(per_day), days)


def _dates(written: dict[str, Any], path: Path, course: Path) -> dict[str, datetime]:
    directory = course_directory(course)
    dates: dict[str, datetime] = {}
    for key, value in written.items():
        name = assignment_name(key)
        folder = Path(directory.format_path(directory.source_directory, ".", name))
        if name in dates:
            raise ValueError(f"{path}: {key} = {value} is a second date of {name}: keep one")
        if not folder.is_dir():
            raise ValueError(
                f"{path}: {key} = {value} is for an assignment that does not exist: correct the "
                f"name, remove the line, or create the folder {folder}"
            )
        dates[name] = _date(key, value, path)
    return dates


def _date(key: str, value: object, path: Path) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{path}: {key} = {value} is not a time with a time zone: {TIME}")
    try:
        value.astimezone(UTC)
    except OverflowError:  # in the first or the last year that Python supports
        raise ValueError(f"{path}: {key} = {value} is out of range: {TIME}") from None
    return value


class DeadlinesPlugin(LateSubmissionPlugin):
    """Takes off what ``deadlines.toml`` says; if it has no ``[late]``, what nbgrader would."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        late = read_deadlines(Path(CourseDirectory(config=self.config).root)).late
        if late is None:
            penalty: float | None = super().late_submission_penalty(
                student_id, score, total_seconds_late
            )
            return penalty
        # nbgrader limits a penalty to the score, even if the score is negative.
        return score * late.share(total_seconds_late) if score > 0 else None


def put_due_date(assignment: str, course: Path) -> datetime | None:
    """Write an assignment's date into the gradebook, if the file has one.

    Parameters
    ----------
    assignment : str
        If it is not in the gradebook, it is not added: nbgrader adds it when it is released.
    course : Path

    Returns
    -------
    datetime or None
        The date that counts: the file's, or the gradebook's (in UTC) if the file has none.

    Raises
    ------
    ValueError
        See `read_deadlines`.
    """
    due = read_deadlines(course).due.get(assignment)
    directory = course_directory(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            known = gradebook.find_assignment(assignment)
        except MissingEntry:
            return due
        if due is None:
            recorded: datetime | None = known.duedate
            return recorded and recorded.replace(tzinfo=UTC)
        known.duedate = due.astimezone(UTC).replace(tzinfo=None)  # as nbgrader stores it
        gradebook.db.commit()
    return due


def deadline_text(assignment: str, due: datetime, late: Late | None, language: str = "en") -> str:
    """Return the deadline file of a released notebook: lines for people, and for programs."""
    words = _WORDS[language]
    seconds = ":ss" if due.second else ""
    day = format_datetime(due, words["date"] + seconds, locale=language)
    said = late.sentence_in(language) if late else ""
    lines = [f"# {words['due'].format(day, due.tzname())}"]
    lines += [f"# {said}"] if late else []
    lines += [
        f"# {words['read']}",
        f"assignment = {_quoted(assignment)}",
        f"due = {due.isoformat()}",
    ]
    lines += [f"late = {_quoted(said)}"] if late else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # TOML writes a text as JSON does
