"""A student's function or variable, called in the process where it lives."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from typing import Any

from grading.inside.standins import AppRequests, Backward, all_around, build_all

MOST_ANCESTORS = 20
"""Classes that an exception is said to descend from."""


class AnswerError(Exception):
    """The student's function raised an exception.

    Attributes
    ----------
    kind : str
        Name of the exception's class.
    message : str
    ancestors : tuple of str
        Names of the classes that it descends from. Like all that an answer says of itself, this is
        a claim: a class may have any name.
    """

    def __init__(self, kind: str, message: str, ancestors: tuple[str, ...] = ()):
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind = kind
        self.message = message
        self.ancestors = ancestors

    def is_a(self, error: type[BaseException]) -> bool:
        """Return whether the exception is of a class, or of a subclass.

        Libraries share names: urllib has an `HTTPError`, too. So the classes of its own library
        above it must have been named as well.
        """
        claimed = (self.kind, *self.ancestors)
        above = (base for base in error.__mro__ if base.__module__ != "builtins")
        return error.__name__ in claimed and all(base.__name__ in claimed for base in above)


def _names_of(function: Any) -> dict[str, Any]:
    """Return the global names that a function finds, also below decorators and `partial`."""
    for _ in range(10):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        if inner is None:
            break
        function = inner
    names = getattr(function, "__globals__", None)
    return names if isinstance(names, dict) else {}


class Answer:
    """A student's answer in this process: for the reference, and for tests of the tests.

    Attributes
    ----------
    arguments : tuple
        What the last call's positional arguments held after it.
    calls : list of dict
        What the last call asked of its stand-ins, in order: ``{"of": name, …}``.
    """

    def __init__(self, value: Any):
        self._value = value
        self.arguments: tuple[Any, ...] = ()
        self.calls: list[dict[str, Any]] = []

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self.used(None, *arguments, **options)

    def used(self, use: AppRequests | Backward | None, *arguments: Any, **options: Any) -> Any:
        """Call the function and return what a use makes of its result, where the answer runs.

        For results that are not plain data and cannot leave that place.
        """
        self.calls = []
        given = build_all(copy.deepcopy((arguments, options)), self.calls)
        try:
            with ExitStack() as stack:
                names = _names_of(self._value)
                all_around((arguments, options), self.calls, stack, names)
                result = self._value(*given[0], **given[1])
                result = use.apply(result) if use else result
        except Exception as error:
            kind, *bases = type(error).__mro__
            ancestors = tuple(base.__name__ for base in bases[:MOST_ANCESTORS])
            raise AnswerError(kind.__name__, str(error), ancestors) from error
        finally:
            self.arguments = given[0]
        return result

    def value(self) -> Any:
        """Return the variable that the exercise asks for."""
        return copy.deepcopy(self._value)
