"""What an example may expect of an answer. Each function raises `Wrong` with a full sentence.

Every message has three parts: the input (``given``), the expected and the actual value, and the
likely mistake (``likely``). The last is either one text, or a dict whose keys are texts and whose
values are the wrong results of those mistakes; the text of the matching result is shown.

All texts go through `say`. The text ``given`` may be singular or plural, a noun or a phrase such
as "For … the …". So the templates below have no verb that must agree with it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from helpers.checks.core import NotAttempted, Wrong, described
from helpers.checks.language import say

Likely = str | Mapping[str, Any]
LONGEST = 300
"""How many characters of a value are shown at most."""
DIGITS = 6
"""How many digits of a number are shown: one more than `close` compares."""


def equal(got: Any, expected: Any, given: str, likely: Likely = "") -> None:
    """Expect exactly this value: a list, number, string, dict, array, tensor or DataFrame."""
    if not same(got, expected):
        raise Wrong(_message(got, expected, given, likely, same))


def close(
    got: Any, expected: Any, given: str, likely: Likely = "", tolerance: float = 1e-5
) -> None:
    """Expect this number or array of numbers up to `tolerance`; the shapes must agree, too."""

    def near(one: Any, other: Any) -> bool:
        return nearly(one, other, tolerance)

    if not near(got, expected):
        raise Wrong(_message(got, expected, given, likely, near))


SCALARS: dict[type, tuple[type, ...]] = {
    bool: (bool, np.bool_),
    int: (int, np.integer),
    float: (float, np.floating),
    str: (str, np.str_),
}
"""The types that count as a scalar of each kind. A bool does not count as a number."""


def is_of_kind(got: Any, kind: type | tuple[type, ...]) -> bool:
    """Tell whether a value is of a type; NumPy's scalars of the same kind count."""
    if isinstance(kind, tuple):
        return any(is_of_kind(got, one) for one in kind)
    if kind is int and type(got) is bool:
        return False
    return issubclass(type(got), SCALARS.get(kind, kind))


def of_type(got: Any, wanted: type | tuple[type, ...], given: str) -> None:
    """Expect a value of a type, or NumPy's of the same kind.

    None has its own message, since a forgotten `return` is the most likely mistake.
    """
    if is_of_kind(got, wanted):
        return
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    names = " | ".join(kind.__name__ for kind in kinds)
    if got is None:
        text = say("{1}: expected a value of type {2}; got None.", given, names)
        raise Wrong(joined(text, say("Did you forget `return`?")))
    kind = type(got).__name__
    raise Wrong(say("{1}: expected a value of type {2}; got type {3}.", given, names, kind))


def that(condition: bool, message: str) -> None:
    """Expect a condition that fits no other function here; the message is the whole text."""
    if not condition:
        raise Wrong(message)


def raises(
    call: Callable[..., Any],
    error: type[Exception],
    mentions: str | tuple[str, ...],
    given: str,
    likely: str = "",
) -> None:
    """Expect this class of exception, or a subclass, with a message that says what is wrong.

    The message must contain one of the `mentions`: the wrong value, or the parameter's name.
    """
    wanted = error.__name__
    try:
        got = call()
    except NotImplementedError as untouched:
        raise NotAttempted from untouched
    except Exception as raised:
        if not isinstance(raised, error):
            text = say("{1} must raise {2}; yours raises {3}.", given, wanted, described(raised))
            raise Wrong(joined(text, likely)) from None
        wanted_names = (mentions,) if isinstance(mentions, str) else mentions
        if not names_one_of(str(raised), wanted_names):
            text = say(
                "{1} must raise {2}, and yours does, but its message does not name {3}: {4}.",
                given,
                wanted,
                " | ".join(map(shown, wanted_names)),
                shown(str(raised)),
            )
            raise Wrong(joined(text, say("A reader must know what to fix."))) from None
        return
    text = say("{1} must raise {2}; yours returns {3}.", given, wanted, shown(got))
    raise Wrong(joined(text, likely))


def names_one_of(message: str, wanted: tuple[str, ...]) -> bool:
    """Return whether a message names one of several things.

    Numbers and single letters must match as a whole: 10 does not name 1, and unknown does not name
    k. A name may have spaces for underscores, and a capital letter at the start of the message.
    """
    said = (message, message[:1].lower() + message[1:])
    return any(
        re.search(pattern, text)
        for name in wanted
        for pattern in map(_pattern, {name, name.replace("_", " ")})
        for text in said
    )


def _pattern(name: str) -> str:
    if len(name) == 1 and name.isalpha():  # else in many words
        return rf"\b{name}\b"
    before = r"(?<!\d)(?<!\d\.)" if name[:1].isdigit() else ""
    after = r"(?!\d)(?!\.\d)" if name[-1:].isdigit() else ""
    return f"{before}{re.escape(name)}{after}"


def runs(call: Callable[..., Any], given: str, likely: str = "") -> Any:
    """Expect that a call raises no exception, and return its result."""
    try:
        return call()
    except (NotAttempted, NotImplementedError, Wrong):
        raise
    except Exception as error:
        text = say("{1}: your code stops with {2}.", given, described(error))
        raise Wrong(joined(text, likely)) from None


def unchanged(call: Callable[..., Any], *arguments: Any, given: str) -> Any:
    """Call with copies of the arguments, expect that these are unchanged, return the result."""
    copies = copy.deepcopy(arguments)
    answer = call(*copies)
    for before, after in zip(arguments, copies, strict=True):
        if not same(after, before):
            text = say(
                "{1}: the input was changed in place. It was {2} and is {3} afterwards.",
                given,
                shown(before),
                shown(after),
            )
            raise Wrong(joined(text, say("Work on a copy.")))
    return answer


def same(got: Any, expected: Any) -> bool:
    """Tell whether two values are equal, including the type of container and the shape."""
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
        names = getattr(got, "column_names", None)
        return bool(names == expected.column_names and got.to_dict() == expected.to_dict())
    return bool(got == expected)


def nearly(got: Any, expected: Any, tolerance: float) -> bool:
    """Tell whether two numbers, arrays or tensors have equal shapes and nearly equal values."""
    try:
        one, other = _as_array(got), _as_array(expected)
    except (TypeError, ValueError):
        return False
    return one.shape == other.shape and bool(
        np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    )


def shown(value: Any) -> str:
    """Return a short text for a value, which a reader can understand at a glance."""
    text = repr(_plain(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}…"


def _plain(value: Any) -> Any:
    """Return a value as a person would write it: lists for arrays, 3 for np.int64(3)."""
    if _is_tensor(value):
        value = value.detach().cpu()
        value = value.float().numpy() if value.is_floating_point() else value.numpy()
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(_plain, value))
    return value


def _is_tensor(value: Any) -> bool:
    """Tell whether this is a tensor, without importing torch. Files also have a `detach`."""
    return hasattr(value, "detach") and hasattr(value, "cpu") and not isinstance(value, type)


def _as_array(value: Any) -> np.ndarray:
    if _is_tensor(value):
        value = value.detach().cpu()
    return np.asarray(value, dtype=np.float64)


def _message(
    got: Any, expected: Any, given: str, likely: Likely, agree: Callable[[Any, Any], bool]
) -> str:
    wanted, came = shown(expected), shown(got)
    if wanted == came:  # they differ in their type, or in a digit that is not shown
        wanted, came = repr(expected), repr(got)
    text = say("{1}: expected {2}; got {3}.", given, wanted, came)
    matching = [] if isinstance(likely, str) else [m for m, it in likely.items() if agree(got, it)]
    if matching:
        return joined(text, matching[0])
    if got is None:
        return joined(text, say("Did you forget `return`?"))
    return joined(text, likely if isinstance(likely, str) else "")


def joined(text: str, likely: str) -> str:
    """Return a text followed by the likely mistake, if there is one."""
    return f"{text} {likely}".strip()
