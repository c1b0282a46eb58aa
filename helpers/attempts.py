"""Show students what their own answer does, in cells that must also run without an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def if_answered(attempt: Callable[[], Result], otherwise: str) -> Result | None:
    """Return an answer's result; if the answer is missing or fails, print one line that says so.

    Parameters
    ----------
    attempt : callable
        Takes no arguments, and calls the student's function or reads their variable.
    otherwise : str
        What the cell leaves out in that case; the end of the printed line.

    Returns
    -------
    object
        The result, or None if there is none.
    """
    try:
        return attempt()
    except NotImplementedError:
        reason = "Not answered yet"
    except NameError as error:
        # The stub of a variable raises before it assigns the variable.
        reason = f"Not defined yet ({error})"
    except Exception as error:
        # Explaining what is wrong with an answer is the job of the exercise's own check.
        reason = f"Your answer stops with {type(error).__name__}"
    print(f"{reason}: {otherwise}.")
    return None
