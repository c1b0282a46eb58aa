"""Check submitted files before anything else reads them: links and broken files are refused."""

from __future__ import annotations

import glob
import os
import stat
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from grading.intake.names import fault_of, told
from grading.intake.notebooks import LARGEST, Refused, notebook_of
from grading.intake.texts import MOST_NAMED, listed, one_line

Task = tuple[str, str]
"""The names of a lesson and of a student."""
LONGEST_TIME = 200
# nbgrader's own files, which a submission may contain in addition to its notebook.
OF_NBGRADER = ("timestamp.txt", "submission_secret.txt")
DEADLINE = "deadline.toml"
"""The file with a release's deadline. It may come back with a submission, but is not read then."""


def read_submission(path: Path, course: Path) -> bytes:
    """Return the bytes of a submitted notebook, which are then checked, hashed and graded.

    Parameters
    ----------
    path : Path
    course : Path
        The course's folder; no part of the path below it may be a link.

    Raises
    ------
    Refused
        If it is not an ordinary file, or is too large.
    """
    below = [path, *path.parents]
    if path.is_relative_to(course):
        below = below[: len(path.relative_to(course).parts)]
    name = told(path.name)
    if any(part.is_symlink() for part in below):
        raise Refused(f"{name} is a link, or is in a folder that is a link")
    try:
        _must_be_file(path.lstat().st_mode, name)
        # The file may have been replaced by a pipe, and reading that would wait forever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        raise Refused(f"{name} cannot be opened ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _must_be_file(found.st_mode, name)
        if found.st_size > LARGEST:
            raise Refused(f"{name} has {found.st_size:,} bytes; the most is {LARGEST:,}")
        return file.read(LARGEST + 1)  # it may be growing


def read_checked(path: Path, course: Path) -> NotebookNode:
    """Return a submitted notebook.

    Raises
    ------
    Refused
        See `read_submission` and `grading.intake.notebooks.notebook_of`.
    """
    return notebook_of(read_submission(path, course), told(path.name))


def _must_be_file(mode: int, name: str) -> None:
    if not stat.S_ISREG(mode):
        raise Refused(f"{name} is not a file but {kind_of_file(mode)}")


def kind_of_file(mode: int) -> str:
    """Return in words what something is, from its mode, if it is not an ordinary file."""
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a link",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def check_folder(folder: Path, expected: list[str]) -> None:
    """Check a submission's folder before nbgrader reads it.

    Parameters
    ----------
    folder : Path
    expected : list of str
        Names of the assignment's notebooks. One of them is enough; if empty, any name will do.

    Raises
    ------
    Refused
        If there is no notebook, all have other names, or ``timestamp.txt`` contains no time.
    """
    if not folder.is_dir():
        raise Refused(f"What was handed in as {told(folder.name)} is not a folder")
    found = sorted(item.name for item in folder.iterdir())
    notebooks = [name for name in found if name.endswith(".ipynb")]
    if not notebooks:
        holds = f"contains {_named(found)}" if found else "is empty"
        raise Refused(f"No notebook (.ipynb) was handed in: the folder {holds}")
    if expected and not set(notebooks) & set(expected):
        raise Refused(
            f"Found {_named(notebooks)}, expected {' or '.join(expected)}: "
            "rename the notebook and grade again"
        )
    time_of(folder)


def _named(names: list[str]) -> str:
    """Return the names of a student's files as a list for a sentence."""
    return listed([told(name) for name in names])


def time_of(folder: Path) -> datetime | None:
    """Return when a submission was handed in, in UTC; None if no ``timestamp.txt`` says so.

    Raises
    ------
    Refused
        If the file contains no time: nbgrader would fail without naming the file.
    """
    path = folder / "timestamp.txt"
    # Links are removed before nbgrader reads the folder, so they are not followed here either.
    if not os.path.lexists(path) or path.is_symlink() or folder.is_symlink():
        return None
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise Refused(f"{path.name} is not a file but {kind_of_file(mode)}: delete it")
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_TIME + 1)
    except OSError as error:
        raise Refused(f"{path.name} cannot be read ({error.strerror})") from None
    text = content[:LONGEST_TIME].decode("utf-8", errors="backslashreplace").strip()
    try:
        if len(content) > LONGEST_TIME:
            raise ValueError("nbgrader would read all of it")
        return parse_utc(text) if text else None  # nbgrader ignores an empty file, too
    except Exception:  # dateutil raises several kinds
        raise Refused(
            f"{path.name} contains '{one_line(text)}', which is not a time: write a time such as "
            "2030-01-31 12:00:00 UTC into it, or delete the file"
        ) from None


def check_name(student: str) -> None:
    """Refuse a student's name that some step could not work with.

    Raises
    ------
    Refused
        The message says what is wrong with the name.
    """
    if fault := fault_of(student):
        raise Refused(f"{told(student)!r} cannot be a student's name: {fault}; rename the folder")


def files_not_taken(folder: Path, notebook: str) -> list[str]:
    """Return a sentence per ignored file of a submission; one sentence counts those after ten."""
    known = {notebook, *OF_NBGRADER, DEADLINE, ".ipynb_checkpoints"}
    found = sorted(item.name for item in folder.iterdir() if item.name not in known)
    notes = [f"{told(name)} was ignored: not the notebook" for name in found[:MOST_NAMED]]
    more = len(found) - len(notes)
    return [*notes, f"{more:,} more files were ignored"] if more else notes


def drop_what_is_no_file(folder: Path) -> None:
    """Remove links, pipes, sockets and devices from a submission: nbgrader would copy everything.

    A link contains no work of a student, but may lead to somebody else's file. A named pipe would
    make nbgrader wait forever.
    """
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        # Notebooks are not copied, and `read_submission` reports what is wrong with them.
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode) and path.suffix != ".ipynb":
            path.unlink()


def drop_others(folder: Path, kept: set[str]) -> None:
    """Remove a student's own files that nbgrader has copied next to a graded notebook.

    formgrader serves that folder, so an HTML page in it would run with the teacher's rights.

    Parameters
    ----------
    folder : Path
    kept : set of str
        Paths relative to the folder, of files that belong to the assignment itself.
    """
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in kept and not _of_nbgrader(name):
            path.unlink()


def _of_nbgrader(name: str) -> bool:
    return name in OF_NBGRADER or ("/" not in name and name.endswith(".ipynb"))


def submitted(assignment: str, course: Path, students: list[str] | None = None) -> list[Task]:
    """Return the submissions of an assignment, of all students or only of some."""
    folders = sorted((course / "submitted").glob(f"*/{glob.escape(assignment)}"))
    found = [folder.parent.name for folder in folders]
    return [(assignment, student) for student in found if not students or student in students]
