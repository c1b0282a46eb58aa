"""Work that was handed in on a learning platform: its ZIP file, or a folder."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grading.intake.rosters import Roster
from grading.intake.submissions import LARGEST, Refused

CANVAS_FILE = re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)")
MOODLE_FILE = re.compile(r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_file_?/?(?P<file>.+)")
# A student's name must be able to name a folder.
NAME = re.compile(r"[^./\\\0][^/\\\0]*")


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
    """
    problems: list[str] = []
    taken: dict[str, SubmittedFile] = {}
    for one in _submitted_files(source, roster, problems):
        if not one.name.endswith(".ipynb"):
            problems.append(f"{one.student}: {one.name} is no notebook, and was left out")
        elif one.student in taken:
            problems.append(f"{one.student}: {one.name} is a second notebook, and was left out")
        else:
            taken[one.student] = one
    for student, one in taken.items():
        place = course / "submitted" / student / assignment / f"{assignment}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(one.content)
    return sorted(taken), problems


def _submitted_files(
    source: Path, roster: Roster | None, problems: list[str]
) -> Iterator[SubmittedFile]:
    files = _zipped(source, problems) if source.is_file() else _unpacked(source, problems)
    for name, content in files:
        parts = PurePosixPath(name).parts
        if ".." in parts or PurePosixPath(name).is_absolute():
            problems.append(f"{name} names a place of its own, and was left out")
            continue
        who = _student(name, roster)
        if who is None:
            problems.append(f"{name} belongs to nobody that is known, and was left out")
        elif not NAME.fullmatch(who[0]):
            problems.append(f"{name}: {who[0]!r} cannot name a folder, and was left out")
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
    except zipfile.BadZipFile:
        raise Refused(f"{source.name} is no ZIP file") from None
    with archive:
        for item in archive.infolist():
            if item.is_dir():
                continue
            if item.file_size > LARGEST:
                problems.append(f"{item.filename} has {item.file_size:,} bytes, and was left out")
                continue
            with archive.open(item) as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:  # the archive's own table said less
                problems.append(f"{item.filename} is larger than it says, and was left out")
            else:
                yield item.filename, content


def _unpacked(source: Path, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_symlink():
            problems.append(f"{name} is a link, and was left out")
        elif path.is_file() and path.stat().st_size > LARGEST:
            problems.append(f"{name} has {path.stat().st_size:,} bytes, and was left out")
        elif path.is_file():
            yield name, path.read_bytes()
