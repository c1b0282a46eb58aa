"""Work that was handed in on a learning platform: its ZIP file, or a folder."""

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

# Canvas keeps an underscore of a student's name; an answer in a text field has no second number.
CANVAS_FILE = re.compile(
    r"(?P<who>[^/]+?)(?P<late>_LATE)?_(?P<number>\d+)_(?:\d+_(?P<file>[^/]+)|(?:text|link)\.html)"
)
# Where an assignment is anonymous Canvas names nobody; the number is the file's, and the file's own
# name may begin with one, as a lesson's does.
CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<who>anon_(?=\d*[A-Za-z])[0-9A-Za-z]{5})_(?:\d+_)?(?P<file>[^/]+)"
)
BLACKBOARD_FILE = re.compile(
    r"(?:.*/)?(?P<who>[^/]+)_attempt_(?P<time>\d{4}(?:-\d{2}){5})_(?P<file>[^/]+)"
)
# Blackboard's own account of an attempt, which lies beside its files.
BLACKBOARD_ATTEMPT = re.compile(r"(?:.*/)?[^/]+_attempt_\d{4}(?:-\d{2}){5}\.txt")
MOODLE_FILE = re.compile(
    r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<file>.+)"
)
# What students without a group hand in where groups do; the name is in the site's language.
MOODLE_NO_GROUP = re.compile(r"[^/]+_assignsubmission_(?:file|onlinetext)(?:[_/].*)?")
# Lies beside the numbered folders of Gradescope's export of all submissions.
OF_GRADESCOPE = "submission_metadata.yml"
# Some browsers add the ending of what they take a notebook's text for.
NOTEBOOK = re.compile(r".*\.ipynb(?:\.json|\.txt)?", re.IGNORECASE | re.DOTALL)
MOST_FILES = 100_000
# What zipfile raises over an entry that is damaged, encrypted, or packed in a way that it lacks.
BAD_ENTRY = (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError, OSError)
BY_A_GROUP = (
    "was handed in by a group, whose number is no student's: put a copy into a folder of each "
    "member's name, and collect the folder around them"
)
# Written by systems and editors, besides what begins with a dot; nobody handed it in.
OF_SYSTEMS = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}

_Files = Iterable[tuple[str, Callable[[], bytes]]]


@dataclass(frozen=True)
class SubmittedFile:
    """One student's file, as it was handed in.

    Attributes
    ----------
    student : str
    name : str
        With the folders below the student's.
    read : callable
        Returns its bytes.
    given : str
        The name under which the platform has given it out.
    time : str
        When it was handed in, as nbgrader's ``timestamp.txt`` has it; empty where nothing says so.

    Raises
    ------
    Refused
        By `read`, if there is no reading it.
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

    What cannot be taken is left out, and costs nobody else anything. Of several notebooks of a
    student the one with the assignment's name is taken; if none has it, none of them is. Of several
    attempts on Blackboard the last one with a notebook counts.

    Parameters
    ----------
    source : Path
        A ZIP file of Canvas's or Moodle's, that file unpacked, or a folder with one folder a
        student.
    assignment : str
    course : Path
    roster : Roster or None
        Translates the platform's numbers; without one, they are the students' names here.
    refused : dict of str to str, optional
        Is given why nothing was taken, by student, of those who have handed in something.

    Returns
    -------
    taken : dict of str to str
        Whose work was taken, and the name under which the platform has given it out.
    problems : list of str
        A sentence for every file that was not; files of systems and editors are not counted.

    Raises
    ------
    Refused
        If the source as a whole cannot be read.
    ValueError
        If the roster cannot name anybody of Moodle's.
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
    """Return a sentence that names students whose folders have names that the roster has not."""
    if roster is None:
        return []
    known = {unicodedata.normalize("NFC", name) for name in roster.our_names()}
    unknown = [told(student) for student in students if student not in known]
    if not unknown:
        return []
    return [
        f"{listed(unknown)}: the roster has no such student, so that no grade will reach anybody; "
        "the work was taken, but is each folder named after its student?"
    ]


def _times_not_known(taken: list[SubmittedFile], roster: Roster | None) -> list[str]:
    """Return a sentence where Moodle says when work was handed in, in words not known here."""
    if roster is None:
        return []
    files = [MOODLE_FILE.fullmatch(one.given) for one in taken if not one.time]
    written = [said for file in files if file and (said := roster.time_written(file["number"]))]
    if not written:
        return []
    return [
        f"when {len(written)} students handed in is not known, and lateness costs them nothing: "
        f"the worksheet says it in words that are not known here, such as {told(written[0])!r}; "
        "download it again with Moodle in English"
    ]


def _last_attempt(files: list[SubmittedFile]) -> list[SubmittedFile]:
    """Return the files of a student's last attempt with a notebook, where times tell attempts."""
    last = max((one.time for one in files if _is_notebook(one)), default="")
    return [one for one in files if one.time == last] if last else files


def _is_notebook(one: SubmittedFile) -> bool:
    return bool(NOTEBOOK.fullmatch(one.name))


def _by_student(
    files: _Files, roster: Roster | None, problems: list[str]
) -> dict[str, list[SubmittedFile]]:
    """Return whose files these are."""
    found: dict[str, list[SubmittedFile]] = {}
    files = _as_given(files)
    in_folders = _are_canvas_s([name for name, _ in files])
    written: dict[str, str] = {}  # students by what their names are on every file system
    for name, read in files:
        parts = PurePosixPath(name).parts
        if BLACKBOARD_ATTEMPT.fullmatch(name):
            continue
        if ".." in parts or PurePosixPath(name).is_absolute():
            problems.append(f"{told(name)} names a place of its own, and was left out")
            continue
        if in_folders and CANVAS_FILE.fullmatch(parts[-1]):
            name = parts[-1]
        try:
            who = _student(name, roster)
        except Refused as refused:
            problems.append(f"{told(name)} was left out: it {refused}")
            continue
        # A Mac's file names are of another Unicode form than what a platform or a person writes.
        student = unicodedata.normalize("NFC", who[0])
        other = written.setdefault(same_elsewhere(student), student)
        if fault := fault_of(student):
            problems.append(f"{told(name)}: {told(student)!r} cannot be a student's name: {fault}")
        elif other != student:
            problems.append(
                f"{told(student)}: {told(who[1])} is of a name that only case tells from "
                f"{told(other)!r}, and was left out"
            )
        else:
            one = SubmittedFile(student, who[1], read, name, _time(name, roster))
            found.setdefault(student, []).append(one)
    return found


def _are_canvas_s(names: list[str]) -> bool:
    """Tell whether somebody unpacked Canvas's files into one folder, and handed that in.

    A file in a student's own folder may be named alike: such as `lab_3_1_final.ipynb`.
    """
    notebooks = [PurePosixPath(name) for name in names if NOTEBOOK.fullmatch(name)]
    canvas_s = sum(bool(CANVAS_FILE.fullmatch(path.name)) for path in notebooks)
    return len({path.parent for path in notebooks}) == 1 and 2 * canvas_s > len(notebooks)


def _as_given(files: _Files) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the files that somebody handed in, without what systems put beside them.

    Raises
    ------
    Refused
        If they are Gradescope's, which numbers folders by submission, not by student.
    """
    own = [(name, read) for name, read in files if not _of_a_system(name)]
    if any(PurePosixPath(name).name == OF_GRADESCOPE and name.count("/") < 2 for name, _ in own):
        raise Refused(
            f"this is Gradescope's export, whose folders are numbered: give each the name of its "
            f"student, which {OF_GRADESCOPE} says, delete that file, and collect the folder around "
            "them"
        )
    return own


def _taken(
    files: list[SubmittedFile], assignment: str, course: Path, problems: list[str]
) -> SubmittedFile | None:
    """Write a student's notebook, if it is clear which it is and it can be read; return it."""
    notebooks = [one for one in files if _is_notebook(one)]
    exact = [one for one in notebooks if one.name == f"{assignment}.ipynb"]
    exact = exact or [one for one in notebooks if one.name.endswith(f"/{assignment}.ipynb")]
    for one in files:
        if one not in notebooks and PurePosixPath(one.name).name != DEADLINE:
            problems.append(f"{told(one.student)}: {told(one.name)} is no notebook")
    chosen = exact or notebooks
    if len(chosen) != 1:
        if chosen:
            named = ", ".join(told(one.name) for one in chosen)
            around = chosen[0].student
            folders = {PurePosixPath(one.name).parent for one in chosen}
            more = f"; or, if the students' folders are in {told(around)}, collect that folder"
            problems.append(
                f"{told(around)}: nobody can tell which of these counts, and none was taken: "
                f"{named}; leave one, named {assignment}.ipynb{more if len(folders) > 1 else ''}"
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
        fault = f"could not be compared with what lies there ({error.strerror})"
    if fault:
        problems.append(f"{told(one.student)}: {told(one.name)} {fault}, and was left out")
        return None
    if fault := _put_time(one.time, place.parent / "timestamp.txt", same):
        problems.append(f"{told(one.student)}: the time of handing in {fault}")
    return one


def _put_time(time: str, place: Path, same: bool) -> str:
    """Write when something was handed in; return why not, or an empty text.

    Where the platform does not say, the time of other work that lay there before is removed.
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
    """Write a file whole or not at all; return why it could not be written, or an empty text."""
    new = place.with_suffix(".new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)  # it may be a link, too
        new.write_bytes(content)
        new.replace(place)  # instead of a link that may lie there, not through it
    except OSError as error:
        return f"could not be written ({error.strerror})"
    finally:
        with contextlib.suppress(OSError):  # a part of it, where the disk is full
            new.unlink(missing_ok=True)
    return ""


def _of_a_system(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part in OF_SYSTEMS or (part[0] == "." and part != "..") for part in parts)


def _student(name: str, roster: Roster | None) -> tuple[str, str]:
    """Return a student and the file's own name, from the name that a platform has given it.

    Raises
    ------
    Refused
        If nobody can tell whose it is; the message goes on behind the file's name.
    """
    if anonymous := CANVAS_ANONYMOUS.fullmatch(name):
        if roster is None:
            return anonymous["who"], anonymous["file"]
        raise Refused(
            "is of an assignment that is anonymous in Canvas, and is nobody's in the roster: turn "
            "that off there and download again"
        )
    for pattern, platform in ((MOODLE_FILE, "moodle"), (CANVAS_FILE, "canvas")):
        if match := pattern.fullmatch(name):
            return _by_number(match, platform, roster), match["file"] or name
    if MOODLE_NO_GROUP.fullmatch(name):
        raise Refused(BY_A_GROUP)
    if blackboard := BLACKBOARD_FILE.fullmatch(name):
        student = _by_login(blackboard["who"], roster)
        if student is None:
            raise Refused("is of a login that the roster does not have")
        return student, blackboard["file"]
    student, _, file = name.partition("/")
    if not file:
        raise Refused(
            "is in no student's folder, and not named as Canvas, Moodle or Blackboard do: put it "
            "into a folder with the student's name"
        )
    return student, file


def _by_number(match: re.Match[str], platform: str, roster: Roster | None) -> str:
    """Return our name for a student whom a platform's name for a file numbers.

    Raises
    ------
    Refused
        If the roster does not have the number, or if it is that of a group.
    """
    number = match["number"]
    if roster is None:
        return number
    if platform == "moodle" and roster.has_group(PurePosixPath(match["who"]).name):
        raise Refused(BY_A_GROUP)
    student = roster.our_name(platform, number)
    if student is None:
        raise Refused(f"is of number {number}, which the roster does not have")
    return student


def _by_login(who: str, roster: Roster | None) -> str | None:
    """Return the login behind an assignment's name, where both may hold underscores.

    The roster knows the login, and the longest that fits it is meant; without a roster it is what
    stands behind the last underscore.
    """
    parts = who.split("_")
    if roster is None:
        return parts[-1]
    known = roster.our_names()
    endings = ("_".join(parts[start:]) for start in range(len(parts)))
    return next((ending for ending in endings if ending in known), None)


def marked_late(given: str) -> bool:
    """Return whether Canvas's name for a file says that it came late."""
    match = CANVAS_ANONYMOUS.fullmatch(given) or CANVAS_FILE.fullmatch(given)
    return bool(match and match["late"])


def _time(name: str, roster: Roster | None) -> str:
    """Return when a file was handed in, where its name says so, or Moodle's worksheet."""
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
    """Give the files of a ZIP or a folder, by name; they are read when they are asked for."""
    if not source.is_file():
        yield _unpacked(source)
        return
    try:
        archive = zipfile.ZipFile(source)
    except BAD_ENTRY:
        raise Refused(f"{told(source.name)} is no ZIP file, or a damaged one") from None
    with archive:
        items = archive.infolist()
        if len(items) > MOST_FILES:
            raise Refused(f"{told(source.name)} has {len(items):,} files; {MOST_FILES:,} at most")
        # Some programs on Windows separate folders by a backslash, which the format does not allow.
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
        # What lies there may have been replaced by a pipe, which would be waited for.
        with open(path, "rb", opener=_without_waiting) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(f"cannot be read ({error.strerror})") from None
    if len(content) > LARGEST:
        raise Refused(f"has more than {LARGEST:,} bytes")
    return content


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
