"""Show a reader their own answer at work, in cells that must run without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def if_answered(attempt: Callable[[], Result], otherwise: str) -> Result | None:
    """Return what an answer gives; where it is missing or fails, say so in one line.

    Parameters
    ----------
    attempt : callable
        Takes nothing, and calls the student's function or reads their variable.
    otherwise : str
        What is left out, to end the line with.

    Returns
    -------
    object
        The result, or None where there is none.
    """
    try:
        return attempt()
    except NotImplementedError:
        reason = "Not answered yet"
    except NameError as error:
        # The stub of a variable stops before it sets it.
        reason = f"Not there yet ({error})"
    except Exception as error:
        # Whatever goes wrong in an answer is the exercise's own check to tell.
        reason = f"Your answer stops with {type(error).__name__}"
    print(f"{reason}: {otherwise}.")
    return None
