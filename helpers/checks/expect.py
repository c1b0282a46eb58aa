"""What an example may expect of an answer. Each function raises `Wrong` with a full sentence.

Every message has three parts: the input (``given``), what was expected next to what came, and the
likely mistake (``likely``): either one text, or a dict from a mistake's text to the wrong value
that this mistake gives, of which the one that matches is shown.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.checks.core import NotAttempted, Wrong
from helpers.checks.language import retell, say

Likely = str | dict[str, Any]


def equal(got: Any, expected: Any, given: str, likely: Likely = "") -> None:
    """Expect exactly this value (lists, numbers, strings, dicts, arrays, tensors, frames)."""
    if not same(got, expected):
        raise Wrong(_message(got, expected, given, likely, same))


def close(
    got: Any, expected: Any, given: str, likely: Likely = "", tolerance: float = 1e-5
) -> None:
    """Expect this number or array of numbers up to `tolerance`, shape included."""

    def near(one: Any, other: Any) -> bool:
        return nearly(one, other, tolerance)

    if not near(got, expected):
        raise Wrong(_message(got, expected, given, likely, near))


def of_type(got: Any, wanted: type | tuple[type, ...], given: str) -> None:
    """Expect an instance of a type; an answer of None is told apart, being the likeliest slip."""
    if isinstance(got, wanted):
        return
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    names = say(" or ").join(kind.__name__ for kind in kinds)
    text = say("{1} expects a {2}; yours is a {3}.", retell(given), names, type(got).__name__)
    raise Wrong(joined(text, "Did you forget `return`?" if got is None else ""))


def that(condition: bool, message: str) -> None:
    """Expect a condition that no other function here puts well; the message is the whole text."""
    if not condition:
        raise Wrong(message)


def raises(
    call: Callable[[], Any], error: type[Exception], mentions: str, given: str, likely: str = ""
) -> None:
    """Expect exactly this class of exception, its message naming the offending value."""
    wanted = error.__name__
    try:
        got = call()
    except NotImplementedError as untouched:
        raise NotAttempted from untouched
    except Exception as raised:
        if type(raised) is not error:
            other = type(raised).__name__
            text = say(
                "{1} must raise {2}; yours raises {3}: {4}.", retell(given), wanted, other, raised
            )
            raise Wrong(joined(text, likely)) from None
        if mentions not in str(raised):
            text = say(
                "{1} raises {2}, as it must, but the message does not name {3}: {4}.",
                retell(given),
                wanted,
                repr(mentions),
                repr(str(raised)),
            )
            raise Wrong(joined(text, "Whoever reads it must know what to mend.")) from None
        return
    text = say("{1} must raise {2}; yours returns {3}.", retell(given), wanted, shown(got))
    raise Wrong(joined(text, likely))


def unchanged(call: Callable[..., Any], *arguments: Any, given: str) -> Any:
    """Call with copies of the arguments, expect that they stay as they were, return the answer."""
    copies = copy.deepcopy(arguments)
    answer = call(*copies)
    for before, after in zip(arguments, copies, strict=True):
        if not same(after, before):
            text = say(
                "{1} changes its input in place: it was {2} and is {3} afterwards.",
                retell(given),
                shown(before),
                shown(after),
            )
            raise Wrong(joined(text, "Work on a copy."))
    return answer


def same(got: Any, expected: Any) -> bool:
    """Tell whether two values are equal, type of container and shape included."""
    import pandas as pd
    import torch

    if isinstance(expected, torch.Tensor):
        return isinstance(got, torch.Tensor) and torch.equal(got.cpu(), expected.to(got.dtype))
    if isinstance(expected, np.ndarray):
        return isinstance(got, np.ndarray) and np.array_equal(got, expected)
    if isinstance(expected, pd.DataFrame | pd.Series):
        return isinstance(got, type(expected)) and got.equals(expected)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or list(got) != list(expected):
            return False
        return all(same(got[key], value) for key, value in expected.items())
    if isinstance(expected, list | tuple):
        if not isinstance(got, type(expected)) or len(got) != len(expected):
            return False
        return all(same(one, other) for one, other in zip(got, expected, strict=True))
    if isinstance(got, torch.Tensor | np.ndarray | pd.DataFrame | pd.Series):
        return False
    if hasattr(expected, "column_names"):  # a datasets.Dataset
        return getattr(got, "column_names", None) == expected.column_names and (
            got.to_dict() == expected.to_dict()
        )
    return bool(got == expected)


def nearly(got: Any, expected: Any, tolerance: float) -> bool:
    """Tell whether two numbers, arrays or tensors agree in shape and up to a tolerance."""
    try:
        one, other = _as_array(got), _as_array(expected)
    except (TypeError, ValueError):
        return False
    return one.shape == other.shape and bool(
        np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    )


def shown(value: Any) -> str:
    """Return a short text for a value: what a reader can take in at a glance."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    text = np.array2string(value, threshold=30) if isinstance(value, np.ndarray) else repr(value)
    text = text.replace("array(", "").rstrip() if isinstance(value, np.ndarray) else text
    return text if len(text) <= 300 else f"{text[:297]}…"


def _as_array(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value, dtype=np.float64)


def _message(
    got: Any, expected: Any, given: str, likely: Likely, agree: Callable[[Any, Any], bool]
) -> str:
    if got is None:
        text = say("{1} gives {2}; yours is None.", retell(given), shown(expected))
        return joined(text, "Did you forget `return`?")
    text = say("{1} gives {2}; yours is {3}.", retell(given), shown(expected), shown(got))
    if isinstance(likely, str):
        return joined(text, likely)
    matching = (mistake for mistake, value in likely.items() if agree(got, value))
    return joined(text, next(matching, ""))


def joined(text: str, likely: str) -> str:
    """Return a finished text with the likely mistake behind it."""
    return f"{text} {retell(likely)}".strip()
