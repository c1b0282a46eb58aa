"""Functions for writing a lesson's ``hidden_tests.py``.

A hidden test is a function for one graded cell. It gets `answer`, which calls the student's
function (or fetches the student's variable) in whatever process it is, and a seeded random
generator:

    @grades("mean_pool")
    def _(answer, rng):
        hidden, mask = random_batch(rng)
        close(answer(hidden, mask), masked_average(hidden, mask), "averages real tokens only")

It asserts with the functions of this module, whose messages a student reads. It returns None for
full marks, or a share of the points between 0 and 1. Arguments and results are plain data
(scalars, strings, lists, dicts, arrays, tensors, frames, datasets) or stand-ins of
`grading.inside.standins`, so that the same test works on an answer in another process.
"""

from __future__ import annotations

import contextlib
import os
import pkgutil
import re
import runpy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from grading.inside.answer import Answer, AnswerError
from grading.inside.standins import StandIn, holds_standin

# Tolerances of `close`, relative and absolute. An answer may add numbers in another order, which
# changes the last digits by about 1e-16 of the value per step in float64 and 1e-7 in float32.
FLOAT64 = 1e-9
"""For float64, enough for millions of steps."""
FLOAT32 = 1e-4
"""For float32 after layers of a network, a softmax or an exponential, which multiply the error."""
COARSE = 2e-3
"""For differences of float32 numbers of about 1e4: float32 numbers of that size are 1e-3 apart."""

Test = Callable[[Answer, np.random.Generator], float | None]


class Failure(Exception):
    """The answer is wrong; the text says what was expected and, if it may be shown, for what input.

    Attributes
    ----------
    share : float
        Share of the points, for the parts that are right.
    """

    def __init__(self, message: str, share: float = 0.0):
        super().__init__(message)
        self.share = share


class Parts:
    """Partial credit: each part has a name and is tried, even if others failed.

    parts = Parts()
    with parts("the right order", weight=2):
        equal(...)
    with parts("no input at all"):
        raises(...)
    parts.count()
    """

    def __init__(self) -> None:
        self._reached = self._possible = 0.0
        self._missed: list[str] = []

    @contextmanager
    def __call__(self, name: str, weight: float = 1.0) -> Iterator[None]:
        self._possible += weight
        try:
            yield
        except (Failure, AnswerError) as failure:
            self._missed.append(f"{name}: {failure}")
        else:
            self._reached += weight

    def count(self) -> None:
        """Finish the test: raise `Failure` with the share of the points, unless all is right."""
        if self._missed:
            raise Failure(" ".join(self._missed), self._reached / self._possible)


def grades(exercise: str) -> Callable[[Test], Test]:
    """Mark a function as the hidden test of an exercise.

    Raises
    ------
    ValueError
        If another function of the same file grades it already.
    """

    def mark(test: Test) -> Test:
        if exercise in _collected:
            raise ValueError(f"two hidden tests grade {exercise!r}; make them one")
        _collected[exercise] = test
        return test

    return mark


def also_grades(exercise: str) -> Callable[[Test], Test]:
    """Mark a function of a private ``hidden_tests.py`` as a test in addition to the public one.

    It is run if the public one has not failed, and the lower of the two shares counts.
    `grades` would replace the public test.

    Raises
    ------
    ValueError
        If another function of the same file does so already.
    """

    def mark(test: Test) -> Test:
        if exercise in _added:
            raise ValueError(f"two functions also grade {exercise!r}; make them one")
        _added[exercise] = test
        return test

    return mark


# Tests are all named `_`, so they are collected as they are decorated.
_collected: dict[str, Test] = {}
_added: dict[str, Test] = {}


def load_tests(path: Path, public: Mapping[str, Test] | None = None) -> dict[str, Test]:
    """Return the hidden tests of a ``hidden_tests.py``, by exercise.

    Parameters
    ----------
    path : Path
    public : mapping of str to Test, optional
        Tests that this file replaces or adds to.

    Raises
    ------
    ValueError
        If the file adds to a test that does not exist.
    """
    # Tests try tokenizers on texts that are too long: keep the library's warnings out of the log.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    _collected.clear()
    _added.clear()
    _load_what_is_built(runpy.run_path(str(path)).values())
    tests = dict(public or {}) | _collected
    for exercise, test in _added.items():
        if exercise not in tests:
            raise ValueError(f"there is no test of {exercise!r} to add to: use `grades`")
        tests[exercise] = _both(tests[exercise], test)
    return tests


def _load_what_is_built(defined: Iterable[object]) -> None:
    """Import what the stand-ins among these need; a missing package is reported when it is used."""
    for kind in defined:
        if isinstance(kind, type) and issubclass(kind, StandIn):
            for name in kind.imports:
                with contextlib.suppress(ImportError, AttributeError):
                    pkgutil.resolve_name(name)


def _both(first: Test, second: Test) -> Test:
    """Return a test that runs two tests; if one fails, its message is reported."""

    def test(answer: Answer, rng: np.random.Generator) -> float:
        shares = (one(answer, rng) for one in (first, second))
        return min(1.0 if share is None else share for share in shares)

    return test


def run_test(test: Test, answer: Answer, seed: int) -> float:
    """Run one hidden test and return the share of the points that the answer earns.

    Raises
    ------
    Failure
        If the answer is wrong, with the message for the student.
    AnswerError
        If the student's code raised where it should not.
    """
    share = test(answer, np.random.default_rng(seed))
    return 1.0 if share is None else float(np.clip(share, 0.0, 1.0))


def equal(got: Any, expected: Any, what: str, likely: str = "") -> None:
    """Require exactly this value: the same type of container, order, shape and dtype of arrays."""
    if not _same(got, expected):
        if _shown(expected).endswith("…"):
            what, got, expected = _first_difference(what, got, expected)
        raise Failure(_message(what, got, expected, likely))


def _first_difference(what: str, got: Any, expected: Any, place: str = "") -> tuple[str, Any, Any]:
    """Return the first difference within long lists and dicts: its place and both values."""
    here = f"{what}, at {place}" if place else what
    if type(got) is type(expected) and isinstance(expected, list | tuple):
        if len(got) != len(expected):
            return f"{here}, the number of entries", len(got), len(expected)
        pairs = dict(enumerate(zip(got, expected, strict=True)))
    elif type(got) is type(expected) is dict and list(got) == list(expected):
        pairs = {key: (got[key], value) for key, value in expected.items()}
    else:
        return here, got, expected
    key, pair = next((key, pair) for key, pair in pairs.items() if not _same(*pair))
    return _first_difference(what, *pair, f"{place}[{key!r}]")


def close(got: Any, expected: Any, what: str, likely: str = "", tolerance: float = 1e-5) -> None:
    """Require this number, array or tensor up to a relative and absolute tolerance.

    The default is for a few steps in float32, or in float64 on numbers that may come as float32.
    """
    try:
        one, other = _numbers(got), _numbers(expected)
    except (TypeError, ValueError, OverflowError):  # an integer that is too large for a float
        raise Failure(_message(what, got, expected, likely)) from None
    if one.shape != other.shape:
        text = f"{what}: expected the shape {other.shape}, got {one.shape}."
        raise Failure(_joined(text, likely))
    if not np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True):
        raise Failure(_message(what, got, expected, likely))


def same_frame(got: Any, expected: pd.DataFrame, what: str, likely: str = "") -> None:
    """Require a data frame with these columns, index, dtypes and values (floats up to 1e-9)."""
    if not isinstance(got, pd.DataFrame):
        raise Failure(f"{what}: expected a DataFrame, got {type(got).__name__}.")
    try:
        pd.testing.assert_frame_equal(got, expected, rtol=1e-9, atol=1e-9)
    except AssertionError as difference:
        reason = " ".join(str(difference).split())
        raise Failure(_joined(f"{what}: {reason}.", likely)) from None


# The next two definitions are also in `helpers.checks.expect`: students have that module, but not
# this one.
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


def has_type(got: Any, wanted: type | tuple[type, ...], what: str) -> None:
    """Require an instance of one of these types; NumPy's scalars of the same kind count.

    So `float` accepts ``np.float32(1)``, and `int` accepts ``np.int64(1)``, but not a bool.
    """
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    if not any(is_of_kind(got, kind) for kind in kinds):
        raise Failure(_of_another_type(got, kinds, what))


def has_json_type(got: Any, wanted: type | tuple[type, ...], what: str) -> None:
    """Require an instance of one of these types that `json.dumps` accepts.

    So `float` accepts ``np.float64(1)``, which is a float, but not ``np.float32(1)``.
    """
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    if not any(issubclass(type(got), kind) and is_of_kind(got, kind) for kind in kinds):
        likely = "`json.dumps` refuses it" if is_of_kind(got, kinds) else ""
        raise Failure(_joined(_of_another_type(got, kinds, what), likely))


def _of_another_type(got: Any, kinds: tuple[type, ...], what: str) -> str:
    names = " or ".join(kind.__name__ for kind in kinds)
    return f"{what}: expected {names}, got {type(got).__name__}."


def that(condition: bool, message: str) -> None:
    """Require a condition that fits no other function here; the message is the whole text."""
    if not condition:
        raise Failure(message)


def raises(
    answer: Answer,
    *arguments: Any,
    error: type[Exception],
    mentions: str | tuple[str, ...],
    what: str,
    **options: Any,
) -> None:
    """Require this class of exception, or a subclass, with a message that says what is wrong.

    The arguments must be unchanged, even in this case.

    Parameters
    ----------
    mentions : str or tuple of str
        What the message must contain, or several of which it must contain one: the wrong value, or
        the name of the parameter, the column or the line. ``""`` accepts any message.
    """
    try:
        got = answer(*arguments, **options)
    except AnswerError as raised:
        if not raised.is_a(error):
            raise Failure(f"{what}: expected {error.__name__}, got {raised}.") from None
        wanted = (mentions,) if isinstance(mentions, str) else mentions
        if not names_one_of(raised.message, wanted):
            names = " or ".join(map(repr, wanted))
            text = f"{what}: the message must name {names}; it says {raised.message!r}."
            raise Failure(text) from None
        if answer.arguments:  # a box may send none; the exception matters more
            left_alone(answer, *arguments)
        return
    raise Failure(f"{what}: expected {error.__name__}, got the result {_shown(got)}.")


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


def unchanged(answer: Answer, *arguments: Any, **options: Any) -> Any:
    """Require that a call leaves its arguments as they were; return its result."""
    result = answer(*arguments, **options)
    left_alone(answer, *arguments)
    return result


def left_alone(answer: Answer, *arguments: Any) -> None:
    """Require that the last call has left these arguments unchanged, even if it raised."""
    if len(answer.arguments) != len(arguments):  # a box sends none if they are not plain data
        raise Failure("What is left of the input cannot be read after the call: leave it as it is.")
    for before, after in zip(arguments, answer.arguments, strict=True):
        if isinstance(before, StandIn):
            before = before.plain()
            if before is None:
                continue
        if holds_standin(before):
            if type(before) is dict and (type(after) is not dict or list(after) != list(before)):
                raise Failure(_changed_keys(after, before))
            continue
        if not _same(after, before):
            raise Failure(f"The input {_shown(before)} is {_shown(after)} after the call.")
        if _marks(after) != _marks(before):
            raise Failure(
                f"The input {_shown(before)} has {_marks(after)} after the call; it had "
                f"{_marks(before)}."
            )


def _changed_keys(after: Any, before: dict[Any, Any]) -> str:
    left = list(after) if type(after) is dict else after
    return f"The dict with the keys {_shown(list(before))} holds {_shown(left)} after the call."


def _marks(value: Any) -> Any:
    """Return, by name, properties of a value that are not part of its data.

    These are the format of a dataset, or of each split, and the name of a Series.
    """
    if hasattr(value, "format") and hasattr(value, "features"):
        kind = value.format["type"]
        return {"format": kind, "columns": sorted(value.format["columns"] if kind else [])}
    if isinstance(value, pd.Series):
        return {"name": value.name}
    if isinstance(value, dict):
        return {name: _marks(split) for name, split in value.items()}
    return None


def _same(got: Any, expected: Any) -> bool:
    """Compare plain data by value. `expected` decides how, so no `__eq__` of `got` can cheat."""
    if hasattr(expected, "detach"):
        return (
            hasattr(got, "detach")
            and got.dtype == expected.dtype
            and np.array_equal(_elements(got), _elements(expected), equal_nan=True)
        )
    for kind in SCALARS:
        if is_of_kind(expected, kind):
            same = is_of_kind(got, kind)
            return same and bool(got == expected or (got != got and expected != expected))
    if type(got) is not type(expected):
        return False
    if isinstance(expected, np.ndarray):
        nan = expected.dtype.kind == "f"
        return got.dtype == expected.dtype and np.array_equal(got, expected, equal_nan=nan)
    if isinstance(expected, pd.DataFrame | pd.Series):
        names = got.index.name == expected.index.name
        return names and got.equals(expected) and list(got.index) == list(expected.index)
    if isinstance(expected, dict):
        return list(got) == list(expected) and all(_same(got[k], v) for k, v in expected.items())
    if isinstance(expected, list | tuple):
        return len(got) == len(expected) and all(map(_same, got, expected))
    if hasattr(expected, "to_dict") and hasattr(expected, "features"):  # a datasets.Dataset
        return bool(got.features == expected.features and got.to_dict() == expected.to_dict())
    return bool(got == expected)


def _elements(tensor: Any) -> np.ndarray:
    return np.asarray(tensor.detach().cpu().to(float))


def _numbers(value: Any) -> np.ndarray:
    """Return numbers as an array.

    Raises
    ------
    TypeError, ValueError
        If it is, or contains, anything that is not a number. A string such as "1", a bool, a date
        and a timedelta are not numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, list | tuple):
        rows = [_numbers(item) for item in value]
        return np.array(rows, dtype=np.float64)
    array = np.asarray(value)
    if array.dtype.kind == "O":
        kinds = {type(item) for item in array.ravel()}
        if not all(issubclass(kind, float | int | np.number) for kind in kinds) or bool in kinds:
            raise TypeError(f"expected a number, got {value!r:.100}")
    elif array.dtype.kind not in "iuf":
        raise TypeError(f"expected numbers, got the dtype {array.dtype}")
    return array.astype(np.float64)


def _shown(value: Any) -> str:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    text = " ".join(repr(_plain(value)).split())
    return text if len(text) <= 200 else f"{text[:197]}…"


def shown_call(arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Return the arguments of a call as text for a reader; stand-ins appear by name."""

    def shown(value: Any) -> str:
        if isinstance(value, StandIn):
            return f"<{value.name}>"
        if type(value) is dict and holds_standin(value):
            return "{" + ", ".join(f"{key!r}: {shown(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list | tuple) and holds_standin(value):
            return f"[{', '.join(map(shown, value))}]"
        return _shown(value)

    named = (f"{name}={shown(value)}" for name, value in options.items())
    text = ", ".join([*map(shown, arguments), *named])
    return text if len(text) <= 300 else f"{text[:299]}…"


def _plain(value: Any) -> Any:
    """Return a value as a person writes it: 3 for ``np.int64(3)``, also within containers."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    if type(value) is dict:
        return {_plain(key): _plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    return value


def _message(what: str, got: Any, expected: Any, likely: str) -> str:
    text = f"{what}: expected {_shown(expected)}, got {_shown(got)}."
    return _joined(text, likely)


def _joined(text: str, likely: str) -> str:
    return f"{text} Likely: {likely}." if likely else text
