"""Class lists that learning platforms export, to match their names with ours.

Canvas's gradebook has English columns in every language, because its own import looks for them. The
columns of Moodle's grading worksheet are in the downloading user's language. So they are found by
their contents and their order, which is fixed in Moodle's code.
"""

from __future__ import annotations

import codecs
import csv
import functools
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from babel.dates import get_month_names

# Columns that may contain a student's name in our gradebook, best first.
OURS = ("SIS Login ID", "Username", "ID number", "SIS User ID", "Email address", "ID", "Identifier")
# "Participant 17", "Participante 17", "Teilnehmer/in17": in Moodle's first column.
PARTICIPANT = re.compile(r"\D*?\s*(\d+)")
_WORDS_BEFORE = re.compile(r"\D+\d+")
_POINTS = re.compile(r"\d+(?:[.,]\d+)?")
# "Friday, 30 January 2026, 8:30 PM", "viernes, 30 de enero de 2026, 20:30": times as written by
# Moodle's packs for four languages; and "Friday, January 30, 2026, 8:30 PM" in the US.
_CLOCK = r"(?P<year>\d{4}), (?P<hour>\d{1,2}):(?P<minute>\d\d)(?:\s?(?P<half>[AP])M)?"
_TIMES = (
    re.compile(rf".*?(?P<day>\d{{1,2}})\.? (?:de )?(?P<month>[^\W\d]+) (?:de )?{_CLOCK}"),
    re.compile(rf".*?(?P<month>[^\W\d]+) (?P<day>\d{{1,2}}), {_CLOCK}"),
)
_LANGUAGES = ("en", "es", "fr", "de")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class Roster:
    """A platform's table of a class.

    Attributes
    ----------
    columns : list of str
    rows : list of dict of str to str
        One per student, without the rows that Canvas puts between the header and the students.
    points_possible : dict of str to str
        By column, from Canvas's row with that name; empty for other platforms.
    separator : str
        The character between the columns of the file.
    """

    columns: list[str]
    rows: list[dict[str, str]]
    points_possible: dict[str, str] = field(default_factory=dict)
    separator: str = ","

    def students(self, known: set[str]) -> dict[str, dict[str, str]]:
        """Return the rows of our students who are in the table, by student.

        They are looked up first in the column with most of their names, and then in the others.
        Each row belongs to one student: another student's name in another column does not count.

        Raises
        ------
        ValueError
            If the table has no column that could contain their names.
        """
        columns = self._naming()
        if not columns:
            raise ValueError(f"the roster has none of the columns {', '.join(OURS)}")
        named = Counter(
            {column: len(known & {row[column] for row in self.rows}) for column in columns}
        )
        found: dict[str, dict[str, str]] = {}
        given: set[int] = set()
        for column, _ in named.most_common():
            for row in self.rows:
                # One student's login may be another's number, and a student may have two names.
                if row[column] in known and row[column] not in found and id(row) not in given:
                    found[row[column]] = row
                    given.add(id(row))
        return found

    def names(self, rows: Iterable[dict[str, str]]) -> list[str]:
        """Return the students' names in some rows, each from the best column that is not empty."""
        columns = [*self._naming(), self.columns[0]]
        return [next((row[name] for name in columns if row[name]), "") for row in rows]

    def our_name(self, platform: str, number: str) -> str | None:
        """Return our gradebook's name for a student who has a number on a platform.

        Parameters
        ----------
        platform : {"canvas", "moodle"}
        number : str

        Raises
        ------
        ValueError
            If the table has no such numbers, like Moodle's export of all grades.
        """
        if platform == "moodle" and self.participants() is None:
            raise ValueError(
                "the roster has no column of Moodle's participants, such as 'Participant 17': use "
                "the assignment's own grading worksheet"
            )
        column = "ID" if platform == "canvas" else self.participants()
        if column not in self.columns:
            raise ValueError(
                "the roster has no column ID, which Canvas's export of its gradebook has: use "
                "that export without changes"
            )
        for row in self.rows:
            match = PARTICIPANT.fullmatch(row[column])
            if match and match[1] == number:
                return self._name_of(row, column)
        return None

    def _name_of(self, row: dict[str, str], numbers: str) -> str | None:
        """Return our name for the student of a row, which no other student may have.

        Raises
        ------
        ValueError
            If students with other numbers have the same name.
        """
        naming = next((name for name in self._naming() if row[name]), None)
        if naming is None:
            return None
        same = {other[numbers] for other in self.rows if other[naming] == row[naming]}
        if len(same) > 1:
            raise ValueError(
                f"{len(same)} students of the roster have {row[naming]!r} in column {naming!r}: "
                "export it again and use it without changes; a spreadsheet may shorten long numbers"
            )
        return row[naming]

    def handed_in(self, number: str) -> datetime | None:
        """Return when the student with a number in Moodle handed in, if the worksheet says so.

        It has no time zone, so this machine's is used, as for dates that a teacher writes.
        """
        written = self.time_written(number)
        return _time(written) if written else None

    def time_written(self, number: str) -> str:
        """Return the worksheet's text for when a student handed in; empty if there is none."""
        participants, column = self.participants(), self._last_modified
        if participants is None or column is None:
            return ""
        for row in self.rows:
            match = PARTICIPANT.fullmatch(row[participants])
            if match and match[1] == number and _has_digit(row[column]):
                return row[column].strip()
        return ""

    @functools.cached_property
    def _last_modified(self) -> str | None:
        """Return Moodle's column with the time of the last modification.

        The column of maximal points is followed by whether a grade can be changed, and then by this
        column. If grading has a workflow, its state comes before these two. The time of the grade
        is a later column. So with a workflow there are two columns with times; otherwise, this is
        the first column after the one that says whether a grade can be changed.
        """
        maximum = self.maximum()
        place = self.columns.index(maximum) + 2 if maximum else len(self.columns)
        following = self.columns[place:]
        times = [column for column in following if self._holds_times(column)]
        with_workflow = len(times) > 1 and times[0] == following[1]
        return times[0] if with_workflow else next(iter(following), None)

    def _holds_times(self, column: str) -> bool:
        written = {row[column].strip() for row in self.rows}
        return all(text == "-" or _has_digit(text) for text in written)

    def has_group(self, name: str) -> bool:
        """Return whether Moodle's worksheet has a group, but no student, with this name.

        Groups are in columns between the students' names and the grades. Work of a group has the
        group's number, which may also be the number of a student in another group.
        """
        return _plain(name) in self._groups

    @functools.cached_property
    def _groups(self) -> set[str]:
        """All values in the columns that may contain groups, except students' names."""
        first, last = self.participants(), self.grade()
        if first is None or last is None:
            return set()
        start, end = self.columns.index(first) + 1, self.columns.index(last)
        students = {_plain(row[self.columns[start]]) for row in self.rows}
        others = {_plain(row[one]) for row in self.rows for one in self.columns[start + 1 : end]}
        return others - students

    def our_names(self) -> set[str]:
        """Return everything in the table that may be a name in our gradebook."""
        columns = self._naming()
        return {row[column] for row in self.rows for column in columns} - {""}

    def participants(self) -> str | None:
        """Return the column with Moodle's own numbers, in whatever language its name is."""
        return self._participants

    @functools.cached_property
    def _participants(self) -> str | None:
        return self._column(_WORDS_BEFORE.fullmatch)

    def maximum(self) -> str | None:
        """Return Moodle's column of maximal points: one number for all, after the grades.

        But everyone may also have the same grade, and in a table with one row all columns have only
        one value. So it is the last such column, and the column before it may contain only points.
        """
        participants = self.participants()
        found = None
        for before, column in zip(self.columns, self.columns[1:], strict=False):
            values = {row[column] for row in self.rows}
            if (
                len(values) == 1
                and all(map(_POINTS.fullmatch, values))
                and all(not row[before] or _POINTS.fullmatch(row[before]) for row in self.rows)
                and participants not in (None, before)
            ):
                found = column
        return found

    def grade(self) -> str | None:
        """Return Moodle's column of grades, which comes before that of the maximal points."""
        maximum = self.maximum()
        if maximum:
            return self.columns[self.columns.index(maximum) - 1]
        return "Grade" if "Grade" in self.columns else None

    def _naming(self) -> list[str]:
        """Return the columns that may contain our names, best first."""
        participants = self.participants()  # in German, their column is "ID", as in Canvas
        found = [name for name in OURS if name in self.columns and name != participants]
        others = (self._column(EMAIL.fullmatch), participants)
        return found + [name for name in others if name and name not in found]

    def _column(self, fits: Callable[[str], object]) -> str | None:
        """Return the first column whose values all fit, apart from empty ones."""
        for column in self.columns:
            written = [row[column] for row in self.rows if row[column]]
            if written and all(map(fits, written)):
                return column
        return None


@functools.cache
def _months() -> dict[str, int]:
    return {
        name.lower(): number
        for language in _LANGUAGES
        for number, name in get_month_names(locale=language).items()
    }


def _time(written: str) -> datetime | None:
    """Return the time in a text that Moodle wrote for people; None if it cannot be read."""
    match = next((found for form in _TIMES if (found := form.fullmatch(written.strip()))), None)
    month = _months().get(match["month"].lower()) if match else None
    if not match or month is None:
        return None
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "P" else 0)
    try:
        moment = datetime(int(match["year"]), month, int(match["day"]), hour, int(match["minute"]))
        return moment.astimezone()
    except (OverflowError, ValueError):
        return None


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _plain(text: str) -> str:
    """Return only a name's letters and digits: Moodle removes other characters in file names."""
    return "".join(filter(str.isalnum, text.casefold()))


def read_roster(path: Path) -> Roster:
    """Read a CSV file: Canvas's gradebook export, or Moodle's grading worksheet or grade export.

    Raises
    ------
    ValueError
        If it is empty, or not a table in UTF-8 or UTF-16.
    """
    text = _text_of(path)
    header = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separator = max(",;\t", key=header.count)
    # A cell may contain several lines, and characters at which Python would split a line.
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="")
    try:
        columns = [name.strip() for name in reader.fieldnames or []]
        if not columns:
            raise ValueError(f"{path} is empty")
        reader.fieldnames = columns
        # Spreadsheets also save empty rows.
        lines = [row for row in reader if any(row[name].strip() for name in columns)]
    except csv.Error as error:
        raise ValueError(f"{path} is not a table in CSV ({error}); export it again") from None
    # Canvas puts the points possible, and notes on posting, between the header and the students.
    rows = [row for row in lines if "ID" not in columns or row["ID"].strip()]
    possible = next((row for row in lines if "Points Possible" in row[columns[0]]), {})
    return Roster(columns, rows, possible, separator)


def _text_of(path: Path) -> str:
    """Return a table's text, without the line that tells spreadsheets the separator."""
    content = path.read_bytes()
    # Spreadsheets save "Unicode text" in UTF-16, with a byte order mark at the beginning.
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8; export it again, or save it as UTF-8") from None
    return re.sub(r"\A\"?sep=.\"?[\r\n]+", "", text)
