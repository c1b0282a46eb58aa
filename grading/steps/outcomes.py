"""What became of one submission: a value that the pool, a cluster and the tables pass on."""

from __future__ import annotations

from dataclasses import dataclass

from grading.intake.notebooks import Refused
from grading.judging.verdicts import CANNOT_GRADE, described
from grading.sandbox.commands import SandboxMissing

GRADED = "graded"
REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of one submission.

    Attributes
    ----------
    status : {"graded", "refused", "cannot grade"}
        Refused is what was handed in; that something cannot be graded is a fault of the grader or
        of the machine, never of the student.
    sentence : str
        For the teacher: what happened, and to which file.
    """

    status: str
    sentence: str

    @property
    def graded(self) -> bool:
        """Whether its scores and its receipt are there."""
        return self.status == GRADED


SUCCESS = Outcome(GRADED, "Scores and receipt are recorded.")


def outcome_of(error: BaseException, notebook: str = "") -> Outcome:
    """Return what an exception says of the submission that was being graded.

    Parameters
    ----------
    error : BaseException
    notebook : str
        Name of the file that was being graded, if it had come to that.
    """
    if isinstance(error, Refused):
        return Outcome(REFUSED, str(error))
    if isinstance(error, SandboxMissing):
        return Outcome(CANNOT_GRADE, str(error))
    named = f"{notebook}: " if notebook else ""
    return Outcome(CANNOT_GRADE, f"{named}{described(error)}")
