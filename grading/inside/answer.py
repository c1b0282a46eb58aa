"""A student's function or variable, called in the process where it lives."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from typing import Any

from grading.inside.standins import AppRequests, Backward, all_around, build_all


class AnswerError(Exception):
    """The student's function raised an exception.

    Attributes
    ----------
    kind : str
        Name of the exception's class.
    message : str
    """

    def __init__(self, kind: str, message: str):
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind = kind
        self.message = message


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
        self.arguments: tuple = ()
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
                all_around((arguments, options), self.calls, stack)
                result = self._value(*given[0], **given[1])
                result = use.apply(result) if use else result
        except Exception as error:
            raise AnswerError(type(error).__name__, str(error)) from error
        finally:
            self.arguments = given[0]
        return result

    def value(self) -> Any:
        """Return the variable that the exercise asks for."""
        return copy.deepcopy(self._value)
