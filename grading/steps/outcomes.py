"""The outcome of grading one submission, which the pool, a cluster and the tables use."""

from __future__ import annotations

from dataclasses import dataclass

from grading.intake.notebooks import Refused
from grading.judging.verdicts import CANNOT_GRADE, described
from grading.sandbox.commands import SandboxMissing

GRADED = "graded"
REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """The outcome of grading one submission.

    Attributes
    ----------
    status : {"graded", "refused", "cannot grade"}
        "refused" means that something is wrong with the submission; "cannot grade" is always a
        fault of the grader or of the machine, never of the student.
    sentence : str
        For the teacher: what happened, and to which file.
    """

    status: str
    sentence: str

    @property
    def graded(self) -> bool:
        """Whether its scores and its receipt are recorded."""
        return self.status == GRADED


SUCCESS = Outcome(GRADED, "Scores and receipt are recorded.")


def outcome_of(error: BaseException, notebook: str = "") -> Outcome:
    """Return the outcome for a submission whose grading raised an exception.

    Parameters
    ----------
    error : BaseException
    notebook : str
        Name of the file that was being graded, or empty if none was.
    """
    if isinstance(error, Refused):
        return Outcome(REFUSED, str(error))
    if isinstance(error, SandboxMissing):
        return Outcome(CANNOT_GRADE, str(error))
    named = f"{notebook}: " if notebook else ""
    return Outcome(CANNOT_GRADE, f"{named}{described(error)}")
