"""Know whether a hidden test is calling an answer at the moment.

Some helpers of the lessons do what an exercise asks for. A notebook may call them, but an answer
may not while it is being tested: otherwise one line that calls the helper would earn the points. In
a box those helpers are decorated with `refused_while_asked` (see `grading.sandbox.contents`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

ASKED = "COURSE_ANSWER_IS_ASKED"
"""An environment variable that is set meanwhile, for programs that an answer starts: those do not
see `_asked`."""

_asked: list[str] = []


@contextlib.contextmanager
def asking(exercise: str) -> Iterator[None]:
    """Mark that an answer is being asked, until the block ends."""
    _asked.append(exercise)
    os.environ[ASKED] = exercise
    try:
        yield
    finally:
        _asked.clear()
        os.environ.pop(ASKED, None)


def refused_while_asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of `helpers` raise RuntimeError if an answer calls it during a test.

    Code that searches for the original function can find it, in `__closure__` or in the helpers'
    source. So this only prevents that a plain call earns points; a way around it is visible in the
    notebook.
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
        "write the code that the exercise asks for yourself"
    )
