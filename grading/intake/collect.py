"""Work that was handed in on a learning platform: its ZIP file, or a folder."""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grading.intake.names import fault_of, same_elsewhere, told
from grading.intake.rosters import Roster
from grading.intake.submissions import LARGEST, Refused, kind_of_file

CANVAS_FILE = re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)")
MOODLE_FILE = re.compile(r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_file_?/?(?P<file>.+)")
MOST_FILES = 100_000
# What zipfile raises over an entry that is damaged, encrypted, or packed in a way that it lacks.
BAD_ENTRY = (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError, OSError)


@dataclass(frozen=True)
class SubmittedFile:
    """One student's file, as it was handed in."""

    student: str
    name: str
    content: bytes


def collect(
    source: Path, assignment: str, course: Path, roster: Roster | None = None
) -> tuple[list[str], list[str]]:
    """Put work from a platform's download into a course's ``submitted``.

    What cannot be taken is left out, and costs nobody else anything.

    Parameters
    ----------
    source : Path
        A ZIP file of Canvas's or Moodle's, that file unpacked, or a folder with one folder a
        student.
    assignment : str
    course : Path
    roster : Roster or None
        Translates the platform's numbers; without one, they are the students' names here.

    Returns
    -------
    students : list of str
        Whose work was taken.
    problems : list of str
        A sentence for every file that was not.

    Raises
    ------
    Refused
        If the source as a whole cannot be read.
    """
    problems: list[str] = []
    taken: dict[str, str] = {}  # students by what their names are on every file system
    for one in _submitted_files(source, roster, problems):
        place = course / "submitted" / one.student / assignment / f"{assignment}.ipynb"
        fault = _fault(one, taken) or _not_written(one.content, place)
        if fault:
            problems.append(f"{told(one.student)}: {told(one.name)} {fault}, and was left out")
        else:
            taken[same_elsewhere(one.student)] = one.student
    return sorted(taken.values()), problems


def _fault(one: SubmittedFile, taken: dict[str, str]) -> str:
    """Return why a file is not taken, or an empty text."""
    earlier = taken.get(same_elsewhere(one.student))
    if not one.name.endswith(".ipynb"):
        return "is no notebook"
    if earlier == one.student:
        return "is a second notebook"
    if earlier is not None:
        return f"is of a name that only case or Unicode form tell from {told(earlier)!r}"
    return ""


def _not_written(content: bytes, place: Path) -> str:
    """Write a file whole or not at all; return why it could not be written, or an empty text."""
    new = place.with_suffix(".new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(content)
        new.replace(place)  # instead of a link that may lie there, not through it
    except OSError as error:
        new.unlink(missing_ok=True)
        return f"could not be written ({error.strerror})"
    return ""


def _submitted_files(
    source: Path, roster: Roster | None, problems: list[str]
) -> Iterator[SubmittedFile]:
    files = _zipped(source, problems) if source.is_file() else _unpacked(source, problems)
    for name, content in files:
        parts = PurePosixPath(name).parts
        if ".." in parts or PurePosixPath(name).is_absolute():
            problems.append(f"{told(name)} names a place of its own, and was left out")
            continue
        who = _student(name, roster)
        if who is None:
            problems.append(f"{told(name)} belongs to nobody that is known, and was left out")
        elif fault := fault_of(who[0]):
            student = told(who[0])
            problems.append(f"{told(name)}: {student!r} cannot be a student's name: {fault}")
        else:
            yield SubmittedFile(*who, content)


def _student(name: str, roster: Roster | None) -> tuple[str, str] | None:
    """Return a student and the file's own name, from the name that a platform has given it."""
    for pattern, column in ((MOODLE_FILE, "Identifier"), (CANVAS_FILE, "ID")):
        match = pattern.fullmatch(name)
        if match:
            number = match["number"]
            student = roster.our_name(column, number) if roster else number
            return (student, match["file"]) if student else None
    student, _, file = name.partition("/")
    return (student, file) if file else None


def _zipped(source: Path, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(source)
    except BAD_ENTRY:
        raise Refused(f"{told(source.name)} is no ZIP file, or a damaged one") from None
    with archive:
        items = archive.infolist()
        if len(items) > MOST_FILES:
            raise Refused(f"{told(source.name)} has {len(items):,} files; {MOST_FILES:,} at most")
        for item in items:
            name = told(item.filename)
            if item.is_dir():
                continue
            if item.file_size > LARGEST:
                problems.append(f"{name} has {item.file_size:,} bytes, and was left out")
                continue
            try:
                with archive.open(item) as file:
                    content = file.read(LARGEST + 1)
            except BAD_ENTRY:
                problems.append(f"{name} is damaged or encrypted, and was left out")
                continue
            if len(content) > LARGEST:  # the archive's own table said less
                problems.append(f"{name} is larger than it says, and was left out")
            else:
                yield item.filename, content


def _unpacked(source: Path, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode):
            continue
        if not stat.S_ISREG(found.st_mode):
            what = kind_of_file(found.st_mode)
            problems.append(f"{told(name)} is {what}, and was left out")
        elif found.st_size > LARGEST:
            problems.append(f"{told(name)} has {found.st_size:,} bytes, and was left out")
        else:
            try:
                # What lies there may have been replaced by a pipe, which would be waited for.
                with open(path, "rb", opener=_without_waiting) as file:
                    yield name, file.read(LARGEST + 1)
            except OSError as error:
                problems.append(f"{told(name)} cannot be read ({error.strerror})")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
