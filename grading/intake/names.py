"""Names of students, files and assignments: which of them every step can work with."""

from __future__ import annotations

import unicodedata

from grading.intake.texts import clean, in_order, one_line
from helpers.lessons import lesson_named

LONGEST_NAME = 128  # characters; what nbgrader's gradebook keeps of a student's name
LONGEST_IN_BYTES = 255  # what file systems take
# They end an attribute or a tag in formgrader's pages, which print names as they are; and nbgrader
# takes a name for a pattern: it would grade a student named "a[b]" on the work of "ab".
UNSAFE = '<>"\\/[]*?'


def fault_of(name: str) -> str:
    """Return why a student cannot have this name here, or an empty text."""
    if name != clean(name) or not in_order(name) or set(name) & {"\n", "\t"}:
        return "it holds control characters, or bytes that are no text"
    if not name or name.startswith("."):
        return "it is empty, or begins with a dot"
    if name != name.strip():
        return "it begins or ends with a space, which nbgrader takes away"
    if len(name) > LONGEST_NAME or len(name.encode()) > LONGEST_IN_BYTES:
        return f"it has {len(name)} characters; the most is {LONGEST_NAME}"
    unsafe = [sign for sign in UNSAFE if sign in name]
    if unsafe:
        return f"it holds {' '.join(unsafe)}, which nbgrader would take for a pattern or for HTML"
    return ""


def told(name: str) -> str:
    """Return a name as a message quotes it: cleaned, and cut where it is long."""
    line = one_line(name)
    return f"{line[:60]}…" if len(line) > 60 else line


def same_elsewhere(name: str) -> str:
    """Return what two names share that some file systems take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def assignment_name(name: str) -> str:
    """Return a lesson's name, or the name itself: a teacher's own assignment is no lesson."""
    try:
        return lesson_named(name).name
    except ValueError:
        return name
