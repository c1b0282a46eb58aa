"""Awkward inputs, drawn from the random generator that a hidden test gets.

An answer that is right only for simple inputs is wrong. All tests draw their inputs with this
module. So without extra work a new exercise is tested with capitals and emoji, an index that
repeats, classes without rows, and datasets that are selected or have a format. Nothing is
downloaded; generators with the same seed draw the same inputs.

`texts`, `tokens` and `names` first take one of each kind, as far as there is room, and then random
ones. `label_cases`, `indexes`, `datasets` and `tokenizers` yield every kind together with a short
description, which can begin a message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from grading.inside.standins import Selected, Tokenizer

SYLLABLES = ("ba", "ko", "mi", "tu", "re", "sol", "né", "ша")
KINDS_OF_TEXT = {
    "capitals": "SO Glad, iPhone",
    "an accent of one character": "née à l'été",
    "an accent of two characters": "cafe\u0301 nai\u0308ve",
    "emoji": "🙂 👩‍👩‍👧 so 🇪🇸",
    "letters beyond ASCII": "так — 私は straße",
    "punctuation": "¿so?! it's (fine)... #1 @you",
    "quotation marks": '"so" they said, \'tis so',
    "quotation marks side by side": 'they ""said"" so',
    "a tab": "so\tit is",
    "blanks at both ends": "  so it is  ",
    "several blanks": "so   it  is",
    "a blank that does not break": "so\xa0it is",
    "digits": "007 9 10",
    "one character": "x",
    "only blanks": "   ",
    "nothing": "",
}
"""A text of each kind. No text contains a line break."""
KINDS_OF_WORD = ("it's", "🙂", "...", "re-do", "1,000", "#so", "e\u0301té")
"""Words that contain more than letters, or no letters."""
WHITE_SPACE = (" ", "  ", "\t", "\n", " \n ", "\r\n", "\xa0")
"""White space, where `str.split` splits."""
KINDS_OF_TOKEN = (
    "Zoo",
    "zoo",
    "Éclair",
    "éclair",
    "e\u0301",
    "_",
    "##s",
    "10",
    "9",
    "🙂",
    "ﬁ",  # one character; before 🙂 by code point, behind it in UTF-16
    " ",
    "",
    "\t",
)
"""Tokens that are easily changed by mistake: their order, their case, or that they are empty."""
KINDS_OF_NAME = ("joy", "Zeal", "été", "very sad", "10", "9", "so; so", "no", "No")
"""Names of classes, in no particular order."""

NEAR_NAMES = ("no", "No", " no", "no ")
"""Names of classes that differ only in capitals and spaces."""

POOLS = {
    "syllables": "SYLLABLES",
    "texts": "KINDS_OF_TEXT",
    "tokens": "KINDS_OF_TOKEN",
    "names": "KINDS_OF_NAME",
}
"""The pools that inputs are drawn from, by their names in an instructor's ``constants.toml``."""
FEWEST = 4
"""Smallest number of syllables, tokens and names: with fewer, tests would draw forever."""
# Tests exclude these by name if an exercise says nothing about them.
FIXED_KINDS = ("only blanks", "nothing")
TELLING = {
    "capitals": r"[A-Z]",
    "an accent of two characters": "[\u0300-\u036f]",
    "letters beyond ASCII": r"[^\x00-\x7f]",
    "a tab": r"\S\t+\S",
    "blanks at both ends": r"(?s)^ .*\S.* $",
    "several blanks": r"\S {2,}\S",
    "a blank that does not break": "\\S\xa0\\S",
    "digits": r"\d",
    "one character": r"^\S$",
}
"""What a text of a kind must contain, as far as a pattern can tell."""


def checked_pools(given: dict[str, Any]) -> dict[str, Any]:
    """Return an instructor's own pools, by the names in `POOLS`, after checking them.

    An instructor's texts are added to the public ones; other pools replace the public ones.

    Raises
    ------
    ValueError
        If a pool cannot be used; the message says why.
    """
    pools: dict[str, Any] = {}
    for name, values in given.items():
        if name not in POOLS:
            raise ValueError(f"there is no pool {name!r}; choose from {', '.join(POOLS)}")
        if name == "texts":
            pools[name] = _checked_texts(values)
            continue
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(f"{name} must be a list of texts")
        if len(set(values)) < max(len(values), FEWEST):
            raise ValueError(f"{name} must have {FEWEST} or more, all different")
        if name == "syllables" and not all(v.isalpha() and v == v.lower() for v in values):
            raise ValueError("syllables must consist of lower-case letters only")
        pools[name] = tuple(values)
    return pools


def _checked_texts(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise ValueError('texts must be a table: a kind = "a text of this kind"')
    for kind, text in values.items():
        if kind in FIXED_KINDS:
            raise ValueError(f"the text of {kind!r} cannot be changed: leave it out")
        if not isinstance(text, str) or not text.strip() or len(text.splitlines()) != 1:
            raise ValueError(f"the text of {kind!r} must be one line with visible characters")
        if kind in TELLING and not re.search(TELLING[kind], text):
            raise ValueError(f"{text!r} is not a text with {kind}")
    return KINDS_OF_TEXT | values


@contextmanager
def drawn_from(pools: dict[str, Any]) -> Iterator[None]:
    """Until the block ends, make this module, and tests that read its pools, use other pools.

    Parameters
    ----------
    pools : dict
        As `checked_pools` returns them.
    """
    this = sys.modules[__name__]
    before = {POOLS[name]: getattr(this, POOLS[name]) for name in pools}
    try:
        for name, values in pools.items():
            setattr(this, POOLS[name], values)
        yield
    finally:
        for name, values in before.items():
            setattr(this, name, values)


def word(rng: np.random.Generator, syllables: int = 2) -> str:
    """Return a lower-case word of a few letters without digits or punctuation."""
    return "".join(map(str, rng.choice(SYLLABLES, syllables)))


def words(rng: np.random.Generator, n: int, longest: int = 6) -> list[str]:
    """Return n simple texts of one to `longest` words."""
    return [" ".join(word(rng) for _ in range(rng.integers(1, longest + 1))) for _ in range(n)]


def texts(rng: np.random.Generator, n: int, without: tuple[str, ...] = ()) -> list[str]:
    """Return n texts in random order: one of each kind if there is room, and simple ones.

    Parameters
    ----------
    without : tuple of str
        Keys of `KINDS_OF_TEXT` that the exercise rules out.
    """
    kinds = [text for kind, text in KINDS_OF_TEXT.items() if kind not in without]
    drawn = [kinds[place] for place in rng.permutation(len(kinds))[:n]]
    return shuffled(rng, [*drawn, *words(rng, n - len(drawn))])


def spaced(rng: np.random.Generator, n: int) -> str:
    """Return a text of n words with white space of any kind between them and at both ends."""
    gaps = [str(rng.choice(WHITE_SPACE)) for _ in range(n + 1)]
    for end in (0, -1):
        gaps[end] *= int(rng.integers(2))
    kinds = [*KINDS_OF_WORD, *(word(rng) for _ in KINDS_OF_WORD)]
    return gaps[0] + "".join(str(rng.choice(kinds)) + gap for gap in gaps[1:])


def tokens(rng: np.random.Generator, n: int) -> list[str]:
    """Return n different tokens in random order, as many awkward ones as possible."""
    found = [KINDS_OF_TOKEN[place] for place in rng.permutation(len(KINDS_OF_TOKEN))[:n]]
    while len(found) < n:
        new = word(rng, int(rng.integers(1, 4)))
        found += [new] * (new not in found)
    return shuffled(rng, found)


def names(rng: np.random.Generator, n: int) -> list[str]:
    """Return n different names of classes, in no particular order."""
    found = [KINDS_OF_NAME[place] for place in rng.permutation(len(KINDS_OF_NAME))[:n]]
    while len(found) < n:
        new = word(rng, 3)
        found += [new] * (new not in found)
    return found


def near_names(rng: np.random.Generator, n: int) -> list[str]:
    """Return n different names of classes (at most four) that look alike.

    With n of two or more, two names differ only in a capital; with three or more, two in a space.
    """
    capitals, blanks = NEAR_NAMES[:2], NEAR_NAMES[2:]
    if n == 1:
        return shuffled(rng, list(NEAR_NAMES))[:1]
    return shuffled(rng, [*capitals, *shuffled(rng, list(blanks))[: n - 2]])


def shuffled(rng: np.random.Generator, values: list[Any]) -> list[Any]:
    """Return the same values in another order."""
    return [values[place] for place in rng.permutation(len(values))]


def shuffled_dict(rng: np.random.Generator, values: dict[Any, Any]) -> dict[Any, Any]:
    """Return the same dict, its keys in an order that is not sorted if there are two."""
    keys = shuffled(rng, list(values))
    if len(keys) > 1 and keys == sorted(keys, key=str):
        keys = keys[::-1]
    return {key: values[key] for key in keys}


def indexes(rng: np.random.Generator, n: int) -> Iterator[tuple[str, pd.Index]]:
    """Yield an index of each kind for n rows: plain, offset, permuted, repeating, of texts."""
    yield "an index from 0", pd.RangeIndex(n)
    yield "an offset index", pd.RangeIndex(n) + int(rng.integers(3, 90))
    yield "a permuted index", pd.Index(rng.permutation(n))
    yield "an index that repeats", pd.Index(rng.integers(0, max(n // 2, 1), n))
    yield "an index of texts", pd.Index([f"row {place}" for place in rng.permutation(n)])


def index(rng: np.random.Generator, n: int) -> pd.Index:
    """Return an index for n rows that is offset, unordered and repeats.

    All these are in every draw. Otherwise an answer might pass in one run and fail in the next.
    """
    return pd.Index(rng.integers(1, n // 2 + 1 if n > 1 else 2, n))


def label_cases(
    rng: np.random.Generator, num_classes: int, no_rows: bool = True
) -> Iterator[tuple[str, list[int]]]:
    """Yield labels under `num_classes`: many, with an absent class, of one class, one, none.

    Parameters
    ----------
    no_rows : bool
        Whether the exercise says what must happen if there are no labels.
    """
    rows = int(rng.integers(20, 60))
    many = rng.integers(0, num_classes, rows)
    yield "many labels", many.tolist()
    absent = int(rng.integers(0, num_classes))
    if num_classes > 1:
        yield "labels of which a class is absent", many[many != absent].tolist() or [1 - absent % 2]
    only = int(rng.integers(0, num_classes))
    yield "labels of one class", [only] * int(rng.integers(2, 9))
    yield "one label", [only]
    if no_rows:
        yield "no labels", []


def sequences(values: list[int]) -> Iterator[tuple[str, Any]]:
    """Yield the same numbers as a list, a tuple, an array, and as Series with different indexes."""
    yield "a list", list(values)
    yield "a tuple", tuple(values)
    yield "an array", np.array(values, dtype=np.int64)
    yield "an array of int32", np.array(values, dtype=np.int32)
    n = len(values)
    yield "a Series", pd.Series(values, dtype=np.int64)
    yield "a Series with another index", pd.Series(values, pd.RangeIndex(n)[::-1] + 5, np.int64)


def datasets(
    rng: np.random.Generator, splits: Any, formats: tuple[str, ...] = ("pandas", "numpy")
) -> Iterator[tuple[str, Any, Any]]:
    """Yield a DatasetDict as it is, selected out of a larger one, and with these formats.

    Yields
    ------
    what : str
    given : DatasetDict or Selected
        The argument for the answer.
    plain : DatasetDict
        Its contents, without a format.
    """
    yield "a dataset", splits, splits
    places = {
        name: rng.permutation(split.num_rows)[: int(rng.integers(1, split.num_rows + 1))].tolist()
        for name, split in splits.items()
    }
    selected = Selected("selected", whole=splits, places=places)
    yield "a dataset of selected rows", selected, selected.plain()
    for kind in formats:
        yield f"a dataset with the format {kind!r}", splits.with_format(kind), splits


def tokenizers(rng: np.random.Generator, **options: Any) -> Iterator[tuple[str, Tokenizer]]:
    """Yield tokenizers that differ in where special tokens are, type ids and maximal lengths.

    One of them pads with its end token, so that an id does not tell whether a position is padding.
    """
    maxima = rng.permutation([7, 11, 60, 130]).tolist()
    types = rng.permutation([True, True, False, False]).tolist()
    for ends, longest, type_ids in zip(
        ("both", "front", "back", "none"), maxima, types, strict=True
    ):
        kept = {"max_length": longest, "ends": ends, "type_ids": type_ids, **options}
        if ends == "back":  # as tokenizers of many generative models do
            kept["pad"] = "[SEP]"
        where = {"both": "both ends", "front": "the front", "back": "the end", "none": "no end"}
        yield f"special tokens at {where[ends]}", Tokenizer(f"tokenizer {ends}", **kept)
