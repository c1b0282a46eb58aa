"""Check submitted files before anything else reads them: links and broken files are refused."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

from nbgrader.utils import parse_utc

Task = tuple[str, str]
"""A lesson's name and a student's."""
LARGEST = 20 * 2**20  # bytes; a notebook with its pictures has two
# UTF-32's marks come before UTF-16's, with which they begin.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "UTF-8",
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
LONGEST_TIME = 200


class Refused(ValueError):
    """A submission that is not graded; the message names the file and says why."""


def read_checked(path: Path, course: Path) -> dict:
    """Return the JSON of a submitted notebook.

    Parameters
    ----------
    path : Path
    course : Path
        The course's folder; no part of the path below it may be a link.

    Raises
    ------
    Refused
        If it is anything but a notebook of format 4 and of ordinary size.
    """
    below = [path, *path.parents]
    if path.is_relative_to(course):
        below = below[: len(path.relative_to(course).parts)]
    if any(part.is_symlink() for part in below):
        raise Refused(f"{path.name} is a link, or lies in a folder that is one")
    if not path.is_file():
        raise Refused(f"{path.name} is no file")
    size = path.stat().st_size
    if size > LARGEST:
        raise Refused(f"{path.name} has {size:,} bytes; the most is {LARGEST:,}")
    if not size:
        raise Refused(f"{path.name} is empty")
    return _notebook(path.read_bytes(), path.name)


def _notebook(content: bytes, name: str) -> dict:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            raise Refused(
                f"{name} begins with a byte order mark (BOM) of {encoding}: "
                "save it as UTF-8 without one"
            )
    if b"\0" in content:
        raise Refused(f"{name} holds null bytes: it is no notebook")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(
            f"{name} is not UTF-8 (byte 0x{content[error.start]:02x} at position {error.start}): "
            "save it as UTF-8"
        ) from None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(f"{name} is not JSON: it is no notebook, or was cut short") from None
    if not isinstance(document, dict) or "nbformat" not in document:
        raise Refused(f"{name} is JSON, but no notebook")
    if document["nbformat"] != 4:
        raise Refused(
            f"{name} has the notebook format {str(document['nbformat'])[:20]}, not 4: "
            "open it in JupyterLab and save it again"
        )
    if not isinstance(document.get("cells"), list):
        raise Refused(f"{name} has no list of cells")
    return document


def check_folder(folder: Path, expected: list[str]) -> None:
    """Check a submission's folder before nbgrader reads it.

    Parameters
    ----------
    folder : Path
    expected : list of str
        Names of the assignment's notebooks; any of them will do, and any name if there are none.

    Raises
    ------
    Refused
        If no notebook is there, if all have other names, or if ``timestamp.txt`` holds no time.
    """
    found = sorted(item.name for item in folder.iterdir())
    notebooks = [name for name in found if name.endswith(".ipynb")]
    if not notebooks:
        holds = f"holds {', '.join(found)}" if found else "is empty"
        raise Refused(f"No notebook (.ipynb) was handed in: the folder {holds}")
    if expected and not set(notebooks) & set(expected):
        raise Refused(
            f"Found {', '.join(notebooks)}, expected {' or '.join(expected)}: "
            "rename the notebook and grade again"
        )
    stamp = folder / "timestamp.txt"
    # Links are removed before nbgrader reads the folder; what they point to stays unread here.
    if stamp.is_file() and not stamp.is_symlink() and not folder.is_symlink():
        _check_time(stamp)


def _check_time(path: Path) -> None:
    """Refuse a time that nbgrader cannot read: it would fail without naming the file."""
    with path.open("rb") as file:
        content = file.read(LONGEST_TIME)
    text = content.decode("utf-8", errors="backslashreplace").strip()
    try:
        if text:  # nbgrader takes an empty file for no time at all
            parse_utc(text)
    except Exception:  # dateutil raises several kinds
        raise Refused(
            f"{path.name} holds {text!r}, which is no time: write one such as "
            "2030-01-31 12:00:00 UTC into it, or delete the file"
        ) from None


def files_not_taken(folder: Path, notebook: str) -> list[str]:
    """Return a sentence for every file of a submission that is not taken."""
    known = {notebook, "timestamp.txt", "submission_secret.txt", ".ipynb_checkpoints"}
    return [
        f"{item.name} was not taken: {'a link' if item.is_symlink() else 'no notebook of ours'}"
        for item in sorted(folder.iterdir())
        if item.name not in known
    ]


def drop_links(folder: Path) -> None:
    """Take links out of a submission: nbgrader copies the files beside a notebook, links followed.

    A link holds no work of a student's, only the name of a file that may be somebody else's.
    """
    for path in folder.rglob("*"):
        if path.is_symlink():
            path.unlink()


def submitted(assignment: str, course: Path, students: list[str] | None = None) -> list[Task]:
    """Return the submissions of an assignment, of all students or of those named."""
    folders = sorted((course / "submitted").glob(f"*/{assignment}"))
    found = [folder.parent.name for folder in folders]
    return [(assignment, student) for student in found if not students or student in students]
