"""Whether the grader is asking an answer just now.

Some helpers of the lessons do what an exercise asks for. A notebook may call them; an answer that
is being asked may not, or a line that passes the question on would earn the points. In a box those
helpers are marked with `refused_while_asked` (see `grading.sandbox.contents`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

_asked: list[str] = []


@contextlib.contextmanager
def asking(exercise: str) -> Iterator[None]:
    """Say that an answer is being asked, until the block ends."""
    _asked.append(exercise)
    try:
        yield
    finally:
        _asked.clear()


def refused_while_asked(function: Callable) -> Callable:
    """Have a function of `helpers` raise RuntimeError where an answer calls it."""

    def guarded(*arguments: Any, **options: Any) -> Any:
        if _asked:
            raise RuntimeError(refusal(function.__name__))
        return function(*arguments, **options)

    # Not by `functools.wraps`, which would leave a way to the function itself in the open.
    guarded.__name__, guarded.__doc__ = function.__name__, function.__doc__
    return guarded


def refusal(name: str) -> str:
    """Return why a helper does not run."""
    return (
        f"a graded answer cannot call `{name}` of the course's helpers: "
        "write what the exercise asks for yourself"
    )
