"""Collect work that was handed in on a learning platform, from its ZIP file or a folder."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path, PurePosixPath

from grading.intake.names import fault_of, same_elsewhere, told
from grading.intake.notebooks import LARGEST, Refused
from grading.intake.rosters import Roster
from grading.intake.submissions import DEADLINE, kind_of_file
from grading.intake.texts import listed

# Canvas keeps underscores in a student's name. An answer in a text field has no second number.
CANVAS_FILE = re.compile(
    r"(?P<who>[^/]+?)(?P<late>_LATE)?_(?P<number>\d+)_(?:\d+_(?P<file>[^/]+)|(?:text|link)\.html)"
)
# For an anonymous assignment Canvas names no students. The number is the file's; the file's own
# name may begin with another number, like a lesson's name.
CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<who>anon_(?=\d*[A-Za-z])[0-9A-Za-z]{5})_(?:\d+_)?(?P<file>[^/]+)"
)
BLACKBOARD_FILE = re.compile(
    r"(?:.*/)?(?P<who>[^/]+)_attempt_(?P<time>\d{4}(?:-\d{2}){5})_(?P<file>[^/]+)"
)
# Blackboard's own description of an attempt, which is next to the attempt's files.
BLACKBOARD_ATTEMPT = re.compile(r"(?:.*/)?[^/]+_attempt_\d{4}(?:-\d{2}){5}\.txt")
MOODLE_FILE = re.compile(
    r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<file>.+)"
)
# Work of students without a group, if groups hand in; the name is in the site's language.
MOODLE_NO_GROUP = re.compile(r"[^/]+_assignsubmission_(?:file|onlinetext)(?:[_/].*)?")
# A file next to the numbered folders in Gradescope's export of all submissions.
OF_GRADESCOPE = "submission_metadata.yml"
# Some browsers mistake a notebook for JSON or plain text, and add that ending to its name.
NOTEBOOK = re.compile(r".*\.ipynb(?:\.json|\.txt)?", re.IGNORECASE | re.DOTALL)
MOST_FILES = 100_000
# Exceptions of zipfile for an entry that is damaged, encrypted, or packed in an unknown way.
BAD_ENTRY = (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError, OSError)
BY_A_GROUP = (
    "was handed in by a group, whose number is not a student's: put a copy into a folder with each "
    "member's name, and collect the folder that contains these"
)
# Files that operating systems and editors write, apart from those that begin with a dot.
OF_SYSTEMS = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}

_Files = Iterable[tuple[str, Callable[[], bytes]]]


@dataclass(frozen=True)
class SubmittedFile:
    """One student's file, as it was handed in.

    Attributes
    ----------
    student : str
    name : str
        Relative to the student's folder.
    read : callable
        Returns its bytes.
    given : str
        The file's name in the platform's download.
    time : str
        When it was handed in, in the form of nbgrader's ``timestamp.txt``; empty if unknown.

    Raises
    ------
    Refused
        By `read`, if the file cannot be read.
    """

    student: str
    name: str
    read: Callable[[], bytes]
    given: str = ""
    time: str = ""


def collect(
    source: Path,
    assignment: str,
    course: Path,
    roster: Roster | None = None,
    refused: dict[str, str] | None = None,
) -> tuple[dict[str, str], list[str]]:
    """Put work from a platform's download into a course's ``submitted``.

    Work that cannot be taken is left out; the work of all others is taken. If a student has several
    notebooks, the one with the assignment's name is taken; if none has it, none is taken. If there
    are several attempts on Blackboard, the last one with a notebook counts.

    Parameters
    ----------
    source : Path
        A ZIP file from Canvas or Moodle, that file unpacked, or a folder with one folder per
        student.
    assignment : str
    course : Path
    roster : Roster or None
        Translates the platform's numbers; without one, these are the students' names here.
    refused : dict of str to str, optional
        Gets the reason, by student, if someone has handed in something but nothing was taken.

    Returns
    -------
    taken : dict of str to str
        By student whose work was taken, the name of the file in the platform's download.
    problems : list of str
        A sentence for every file that was not taken, except files of systems and editors.

    Raises
    ------
    Refused
        If the source as a whole cannot be read.
    ValueError
        If the roster has no names for Moodle's numbers.
    """
    problems: list[str] = []
    with _opened(source) as files:
        handed_in = _by_student(files, roster, problems)
        taken: dict[str, SubmittedFile] = {}
        for student, found in sorted(handed_in.items()):
            told_before = len(problems)
            one = _taken(_last_attempt(found), assignment, course, problems)
            if one:
                taken[student] = one
            elif refused is not None:
                why = (said.removeprefix(f"{told(student)}: ") for said in problems[told_before:])
                refused[student] = "; ".join(why)
    problems += _times_not_known(list(taken.values()), roster)
    problems += _in_no_row(taken, roster)
    return {student: one.given for student, one in taken.items()}, problems


def _in_no_row(students: Iterable[str], roster: Roster | None) -> list[str]:
    """Return a sentence that lists students who are not in the roster, by their folders' names."""
    if roster is None:
        return []
    known = {unicodedata.normalize("NFC", name) for name in roster.our_names()}
    unknown = [told(student) for student in students if student not in known]
    if not unknown:
        return []
    return [
        f"{listed(unknown)}: the roster has no such student, so nobody will get the grade; the "
        "work was taken, but is each folder named after its student?"
    ]


def _times_not_known(taken: list[SubmittedFile], roster: Roster | None) -> list[str]:
    """Return a sentence if Moodle says when work was handed in, but in an unknown language."""
    if roster is None:
        return []
    files = [MOODLE_FILE.fullmatch(one.given) for one in taken if not one.time]
    written = [said for file in files if file and (said := roster.time_written(file["number"]))]
    if not written:
        return []
    return [
        f"{len(written)} students get no penalty for lateness, because the worksheet says when "
        f"they handed in in words that are not known here, such as {told(written[0])!r}; "
        "download it again with Moodle in English"
    ]


def _last_attempt(files: list[SubmittedFile]) -> list[SubmittedFile]:
    """Return the files of a student's last attempt with a notebook; attempts differ in time."""
    last = max((one.time for one in files if _is_notebook(one)), default="")
    return [one for one in files if one.time == last] if last else files


def _is_notebook(one: SubmittedFile) -> bool:
    return bool(NOTEBOOK.fullmatch(one.name))


def _by_student(
    files: _Files, roster: Roster | None, problems: list[str]
) -> dict[str, list[SubmittedFile]]:
    """Return the files by student."""
    found: dict[str, list[SubmittedFile]] = {}
    files = _as_given(files)
    in_folders = _are_canvas_s([name for name, _ in files])
    written: dict[str, str] = {}  # students by their names as every file system sees them
    for name, read in files:
        parts = PurePosixPath(name).parts
        if BLACKBOARD_ATTEMPT.fullmatch(name):
            continue
        if ".." in parts or PurePosixPath(name).is_absolute():
            problems.append(f"{told(name)} is a path outside the download, and was left out")
            continue
        if in_folders and CANVAS_FILE.fullmatch(parts[-1]):
            name = parts[-1]
        try:
            who = _student(name, roster)
        except Refused as refused:
            problems.append(f"{told(name)} was left out: it {refused}")
            continue
        # File names on a Mac have another Unicode form than names from a platform or a person.
        student = unicodedata.normalize("NFC", who[0])
        other = written.setdefault(same_elsewhere(student), student)
        if fault := fault_of(student):
            problems.append(f"{told(name)}: {told(student)!r} cannot be a student's name: {fault}")
        elif other != student:
            problems.append(
                f"{told(student)}: {told(who[1])} was left out, because on some systems this name "
                f"is the same as {told(other)!r}"
            )
        else:
            one = SubmittedFile(student, who[1], read, name, _time(name, roster))
            found.setdefault(student, []).append(one)
    return found


def _are_canvas_s(names: list[str]) -> bool:
    """Tell whether all files are Canvas's, unpacked into one folder.

    A file in a student's own folder may have a similar name, such as `lab_3_1_final.ipynb`.
    """
    notebooks = [PurePosixPath(name) for name in names if NOTEBOOK.fullmatch(name)]
    canvas_s = sum(bool(CANVAS_FILE.fullmatch(path.name)) for path in notebooks)
    return len({path.parent for path in notebooks}) == 1 and 2 * canvas_s > len(notebooks)


def _as_given(files: _Files) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the files that somebody handed in, without files that systems add.

    Raises
    ------
    Refused
        If they come from Gradescope, whose folders are numbered by submission, not by student.
    """
    own = [(name, read) for name, read in files if not _of_a_system(name)]
    if any(PurePosixPath(name).name == OF_GRADESCOPE and name.count("/") < 2 for name, _ in own):
        raise Refused(
            f"this is Gradescope's export, whose folders are numbered: rename each to the name of "
            f"its student, which is in {OF_GRADESCOPE}, delete that file, and collect the folder "
            "that contains them"
        )
    return own


def _taken(
    files: list[SubmittedFile], assignment: str, course: Path, problems: list[str]
) -> SubmittedFile | None:
    """Write a student's notebook, if it can be read and it is clear which one counts; return it."""
    notebooks = [one for one in files if _is_notebook(one)]
    exact = [one for one in notebooks if one.name == f"{assignment}.ipynb"]
    exact = exact or [one for one in notebooks if one.name.endswith(f"/{assignment}.ipynb")]
    for one in files:
        if one not in notebooks and PurePosixPath(one.name).name != DEADLINE:
            problems.append(f"{told(one.student)}: {told(one.name)} is not a notebook")
    chosen = exact or notebooks
    if len(chosen) != 1:
        if chosen:
            named = ", ".join(told(one.name) for one in chosen)
            around = chosen[0].student
            folders = {PurePosixPath(one.name).parent for one in chosen}
            more = f"; or, if the students' folders are in {told(around)}, collect that folder"
            problems.append(
                f"{told(around)}: it is not clear which of these counts, so none was taken: "
                f"{named}; keep one, named {assignment}.ipynb{more if len(folders) > 1 else ''}"
            )
        return None
    (one,) = chosen
    for other in notebooks:
        if other is not one:
            problems.append(f"{told(one.student)}: {told(other.name)} is a second notebook")
    place = course / "submitted" / one.student / assignment / f"{assignment}.ipynb"
    try:
        content = one.read()
        same = place.is_file() and not place.is_symlink() and place.read_bytes() == content
        fault = _not_written(content, place)
    except Refused as refused:
        fault = str(refused)
    except OSError as error:
        fault = f"could not be compared with the existing file ({error.strerror})"
    if fault:
        problems.append(f"{told(one.student)}: {told(one.name)} {fault}, and was left out")
        return None
    if fault := _put_time(one.time, place.parent / "timestamp.txt", same):
        problems.append(f"{told(one.student)}: the time of handing in {fault}")
    return one


def _put_time(time: str, place: Path, same: bool) -> str:
    """Write when something was handed in; return why this failed, or an empty text.

    If the platform does not say when, the time of earlier, different work is removed.
    """
    if time:
        return _not_written(time.encode(), place)
    try:
        if not same:
            place.unlink(missing_ok=True)
    except OSError as error:
        return f"is still that of earlier work: delete {place} ({error.strerror})"
    return ""


def _not_written(content: bytes, place: Path) -> str:
    """Write a file completely or not at all; return why this failed, or an empty text."""
    new = place.with_suffix(".new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)  # it might be a link
        new.write_bytes(content)
        new.replace(place)  # replaces a link, instead of writing to the link's target
    except OSError as error:
        return f"could not be written ({error.strerror})"
    finally:
        with contextlib.suppress(OSError):  # an incomplete file, if the disk is full
            new.unlink(missing_ok=True)
    return ""


def _of_a_system(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part in OF_SYSTEMS or (part[0] == "." and part != "..") for part in parts)


def _student(name: str, roster: Roster | None) -> tuple[str, str]:
    """Return a student and the file's own name, from its name in a platform's download.

    Raises
    ------
    Refused
        If it is not clear whose file it is; the message continues after the file's name.
    """
    if anonymous := CANVAS_ANONYMOUS.fullmatch(name):
        if roster is None:
            return anonymous["who"], anonymous["file"]
        raise Refused(
            "is from an assignment that is anonymous in Canvas, so it matches nobody in the "
            "roster: turn that off there and download again"
        )
    for pattern, platform in ((MOODLE_FILE, "moodle"), (CANVAS_FILE, "canvas")):
        if match := pattern.fullmatch(name):
            return _by_number(match, platform, roster), match["file"] or name
    if MOODLE_NO_GROUP.fullmatch(name):
        raise Refused(BY_A_GROUP)
    if blackboard := BLACKBOARD_FILE.fullmatch(name):
        student = _by_login(blackboard["who"], roster)
        if student is None:
            raise Refused("is from a login that is not in the roster")
        return student, blackboard["file"]
    student, _, file = name.partition("/")
    if not file:
        raise Refused(
            "is not in a student's folder, and has no name from Canvas, Moodle or Blackboard: put "
            "it into a folder with the student's name"
        )
    return student, file


def _by_number(match: re.Match[str], platform: str, roster: Roster | None) -> str:
    """Return our name for the student whose number is in a file's name from a platform.

    Raises
    ------
    Refused
        If the number is not in the roster, or belongs to a group.
    """
    number = match["number"]
    if roster is None:
        return number
    if platform == "moodle" and roster.has_group(PurePosixPath(match["who"]).name):
        raise Refused(BY_A_GROUP)
    student = roster.our_name(platform, number)
    if student is None:
        raise Refused(f"is from the number {number}, which is not in the roster")
    return student


def _by_login(who: str, roster: Roster | None) -> str | None:
    """Return the login that follows an assignment's name; both may contain underscores.

    With a roster, it is the longest login there that fits; without one, the part after the last
    underscore.
    """
    parts = who.split("_")
    if roster is None:
        return parts[-1]
    known = roster.our_names()
    endings = ("_".join(parts[start:]) for start in range(len(parts)))
    return next((ending for ending in endings if ending in known), None)


def marked_late(given: str) -> bool:
    """Return whether a file's name from Canvas says that it was handed in late."""
    match = CANVAS_ANONYMOUS.fullmatch(given) or CANVAS_FILE.fullmatch(given)
    return bool(match and match["late"])


def _time(name: str, roster: Roster | None) -> str:
    """Return when a file was handed in, if its name or Moodle's worksheet says so."""
    moodle = MOODLE_FILE.fullmatch(name)
    if moodle and roster and (moment := roster.handed_in(moodle["number"])):
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    match = BLACKBOARD_FILE.fullmatch(name)
    if match is None:
        return ""
    year, month, day, hour, minute, second = match["time"].split("-")
    return f"{year}-{month}-{day} {hour}:{minute}:{second} UTC"


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[_Files]:
    """Yield the names of the files in a ZIP or a folder, each with a function that reads it."""
    if not source.is_file():
        yield _unpacked(source)
        return
    try:
        archive = zipfile.ZipFile(source)
    except BAD_ENTRY:
        raise Refused(f"{told(source.name)} is not a ZIP file, or is damaged") from None
    with archive:
        items = archive.infolist()
        if len(items) > MOST_FILES:
            raise Refused(f"{told(source.name)} has {len(items):,} files; {MOST_FILES:,} at most")
        # Some programs on Windows separate folders by a backslash, against the ZIP format's rules.
        yield [
            (item.filename.replace("\\", "/"), functools.partial(_zipped, archive, item))
            for item in items
            if not item.is_dir() and not item.filename.endswith("\\")
        ]


def _zipped(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> bytes:
    if item.file_size > LARGEST:
        raise Refused(f"has {item.file_size:,} bytes; the most is {LARGEST:,}")
    try:
        with archive.open(item) as file:
            content = file.read(LARGEST + 1)
    except BAD_ENTRY:
        raise Refused("is damaged or encrypted") from None
    if len(content) > LARGEST:  # the archive's own table said less
        raise Refused("is larger than it says")
    return content


def _unpacked(source: Path) -> _Files:
    return [
        (path.relative_to(source).as_posix(), functools.partial(_read, path))
        for path in sorted(source.rglob("*"))
        if not stat.S_ISDIR(path.lstat().st_mode)
    ]


def _read(path: Path) -> bytes:
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise Refused(f"is {kind_of_file(mode)}")
    try:
        # The file may have been replaced by a pipe, and reading that would wait forever.
        with open(path, "rb", opener=_without_waiting) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(f"cannot be read ({error.strerror})") from None
    if len(content) > LARGEST:
        raise Refused(f"has more than {LARGEST:,} bytes")
    return content


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
