"""Check that every step can work with the names of students, files and assignments."""

from __future__ import annotations

import unicodedata

from grading.intake.texts import clean, in_order, one_line
from helpers.lessons import lesson_named

LONGEST_NAME = 128  # characters; nbgrader's gradebook does not store longer names
LONGEST_IN_BYTES = 255  # file systems do not accept longer names
# Some of these end an attribute or a tag in formgrader's pages, which print names as they are. For
# others nbgrader treats a name as a pattern: a student "a[b]" would be graded on the work of "ab".
UNSAFE = '<>"\\/[]*?'


def fault_of(name: str) -> str:
    """Return why a student cannot have this name here, or an empty text."""
    if name != clean(name) or not in_order(name) or set(name) & {"\n", "\t"}:
        return "it contains control characters, or bytes that are not text"
    if not name or name.startswith("."):
        return "it is empty, or begins with a dot"
    if name != name.strip():
        return "it begins or ends with a space, which nbgrader removes"
    if len(name) > LONGEST_NAME or len(name.encode()) > LONGEST_IN_BYTES:
        return f"it has {len(name)} characters; the most is {LONGEST_NAME}"
    unsafe = [sign for sign in UNSAFE if sign in name]
    if unsafe:
        return f"it contains {' '.join(unsafe)}, which nbgrader would read as a pattern or as HTML"
    return ""


def told(name: str) -> str:
    """Return a name in the form for messages: cleaned, and cut if it is long."""
    line = one_line(name)
    return f"{line[:60]}…" if len(line) > 60 else line


def same_elsewhere(name: str) -> str:
    """Return a form of a name that is equal for names which some file systems treat as the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def assignment_name(name: str) -> str:
    """Return a lesson's full name, or the name itself for a teacher's own assignment."""
    try:
        return lesson_named(name).name
    except ValueError:
        return name
