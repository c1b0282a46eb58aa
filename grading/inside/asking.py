"""Whether the grader is asking an answer just now.

Some helpers of the lessons do what an exercise asks for. A notebook may call them; an answer that
is being asked may not, or a line that passes the question on would earn the points. In a box those
helpers are marked with `refused_while_asked` (see `grading.sandbox.contents`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

ASKED = "COURSE_ANSWER_IS_ASKED"
"""A variable that is set meanwhile: a program that an answer starts knows nothing of `_asked`."""

_asked: list[str] = []


@contextlib.contextmanager
def asking(exercise: str) -> Iterator[None]:
    """Say that an answer is being asked, until the block ends."""
    _asked.append(exercise)
    os.environ[ASKED] = exercise
    try:
        yield
    finally:
        _asked.clear()
        os.environ.pop(ASKED, None)


def refused_while_asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a function of `helpers` raise RuntimeError where an answer calls it.

    Code that looks for the function itself finds it: in `__closure__`, or in the helpers' source.
    This keeps a plain call from earning points; going around it can be seen in the notebook.
    """

    def guarded(*arguments: Any, **options: Any) -> Any:
        if _asked or ASKED in os.environ:
            raise RuntimeError(refusal(function.__name__))
        return function(*arguments, **options)

    guarded.__name__, guarded.__doc__ = function.__name__, function.__doc__
    return guarded


def refusal(name: str) -> str:
    """Return why a helper does not run."""
    return (
        f"a graded answer cannot call `{name}` of the course's helpers: "
        "write what the exercise asks for yourself"
    )
