"""How a hidden test can end, and how a student and a teacher are told."""

from __future__ import annotations

import html
from dataclasses import dataclass

from grading.intake.texts import clean

PASSED = "passed"
FAILED = "failed"
NOT_ATTEMPTED = "not attempted"
ERROR = "error"
TIMED_OUT = "timed out"
OUT_OF_MEMORY = "out of memory"
CRASHED = "crashed"
TAMPERED = "tampered"
CANNOT_GRADE = "cannot grade"

# What a student reads before the reason, in the order in which a teacher wants to see them.
STATUSES = {
    CANNOT_GRADE: "This could not be graded, which is not your fault: a teacher will look at it.",
    TAMPERED: "The result that came back from your code does not have the form of an answer.",
    CRASHED: "Your code ended the whole Python process.",
    OUT_OF_MEMORY: "Your code needs more memory than it may use.",
    TIMED_OUT: "Your code does not finish within the time limit.",
    ERROR: "Your code stops with an exception.",
    FAILED: "Not right yet.",
    NOT_ATTEMPTED: "The line that raises NotImplementedError is still there.",
    PASSED: "Right.",
}
# Exceptions with their own status; any other exception is an error.
TELLING_EXCEPTIONS = {
    "NotImplementedError": NOT_ATTEMPTED,
    "MemoryError": OUT_OF_MEMORY,
    "SystemExit": CRASHED,
}
# Sign, word and border say the same thing, so that nobody depends on colour alone.
SIGNS = {PASSED: ("✓", "#0072B2"), NOT_ATTEMPTED: ("…", "#767676"), CANNOT_GRADE: ("?", "#767676")}


@dataclass(frozen=True)
class Verdict:
    """How one exercise was graded.

    Attributes
    ----------
    exercise : str
    status : str
        A key of `STATUSES`.
    points : float or None
        None if it cannot be graded.
    max_points : float
    message : str
        For the student: the expected result, the actual one, and the likely cause. Plain text.
    seconds : float
        How long the hidden test took.
    """

    exercise: str
    status: str
    points: float | None
    max_points: float
    message: str
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """One line: the points, the status, and why."""
        reached = "–" if self.points is None else f"{self.points:g}"
        return (
            f"{self.exercise}: {reached} of {self.max_points:g} points, {self.status}. {self.why}"
        )

    @property
    def why(self) -> str:
        return f"{STATUSES[self.status]} {self.message}".strip()

    @property
    def card(self) -> str:
        """The same text as HTML, with everything that may come from a student escaped."""
        sign, colour = SIGNS.get(self.status, ("✗", "#D55E00"))
        title, _, why = self.text.partition(". ")
        return (
            f'<div style="border-left:4px solid {colour};padding:0.4em 0.8em">'
            f"<strong>{sign} {html.escape(title)}.</strong> {html.escape(why)}</div>"
        )


def make_verdict(
    exercise: str, max_points: float, status: str, message: str = "", share: float = 0.0
) -> Verdict:
    """Return a verdict; its points follow from the status, or from the share of the points.

    The message is cleaned, because it may quote output of a student's code.
    """
    points = None if status == CANNOT_GRADE else max_points * (1.0 if status == PASSED else share)
    return Verdict(exercise, status, points, max_points, clean(message))


def described(error: BaseException) -> str:
    """Return an exception's class and its message, if it has one."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def sentence(text: str) -> str:
    """Return a text with a full stop, unless it ends with one already."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def status_of_exception(kind: str) -> str:
    """Return the status of an answer that raised an exception of that class."""
    return TELLING_EXCEPTIONS.get(kind, ERROR)
