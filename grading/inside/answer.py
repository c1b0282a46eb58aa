"""Call a student's function, or read a student's variable, in its own process."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from typing import Any

from grading.inside.standins import AppRequests, Backward, LayerTrial, all_around, build_all

MOST_ANCESTORS = 20
"""How many ancestors of an exception's class are reported at most."""


class AnswerError(Exception):
    """The student's function raised an exception.

    Attributes
    ----------
    kind : str
        Name of the exception's class.
    message : str
    ancestors : tuple of str
        Names of the classes that it inherits from. Like everything that an answer says about
        itself, this may be false: a class may have any name.
    """

    def __init__(self, kind: str, message: str, ancestors: tuple[str, ...] = ()):
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind = kind
        self.message = message
        self.ancestors = ancestors

    def is_a(self, error: type[BaseException]) -> bool:
        """Return whether the exception is of a class, or of a subclass.

        Names are not unique: urllib has an `HTTPError`, too. So the base classes from the same
        library must also be among the ancestors.
        """
        claimed = (self.kind, *self.ancestors)
        above = (base for base in error.__mro__ if base.__module__ != "builtins")
        return error.__name__ in claimed and all(base.__name__ in claimed for base in above)


def _names_of(function: Any) -> dict[str, Any]:
    """Return a function's global names, even if it is wrapped by decorators or `partial`."""
    for _ in range(10):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        if inner is None:
            break
        function = inner
    names = getattr(function, "__globals__", None)
    return names if isinstance(names, dict) else {}


class Answer:
    """A student's answer in this process. Also used for reference answers and to test hidden tests.

    Attributes
    ----------
    arguments : tuple
        The positional arguments of the last call, as they were after it.
    calls : list of dict
        What the last call did with its stand-ins, in order: ``{"of": name, …}``.
    """

    def __init__(self, value: Any):
        self._value = value
        self.arguments: tuple[Any, ...] = ()
        self.calls: list[dict[str, Any]] = []

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self.used(None, *arguments, **options)

    def used(
        self, use: AppRequests | Backward | LayerTrial | None, *arguments: Any, **options: Any
    ) -> Any:
        """Call the function, apply `use` to its result in the same process, and return that.

        For results that are not plain data, which cannot be sent to another process.
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
