"""Awkward inputs, drawn from the generator that a hidden test gets.

An answer that is right only about tame inputs is wrong. Whatever a test draws comes from here, so
that a new exercise gets capitals and emoji, an index that repeats, classes without a row, and
datasets that were selected or formatted for nothing. Nothing is downloaded; the same generator
draws the same.

`texts`, `tokens` and `names` hold one of each kind first, as far as there is room, and then
whatever is drawn. `label_cases`, `indexes`, `datasets` and `tokenizers` give every kind with a few
words that say which, to begin a message with.
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
"""A text of each kind; none has a line end."""
KINDS_OF_WORD = ("it's", "🙂", "...", "re-do", "1,000", "#so", "e\u0301té")
"""Words that are more, or less, than letters."""
WHITE_SPACE = (" ", "  ", "\t", "\n", " \n ", "\r\n", "\xa0")
"""What `str.split` splits at."""
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
"""Tokens whose order, case or emptiness is easily lost."""
KINDS_OF_NAME = ("joy", "Zeal", "été", "very sad", "10", "9", "so; so", "no", "No")
"""Names of classes, which are in no order."""

NEAR_NAMES = ("no", "No", " no", "no ")
"""Names of classes that only who leaves capitals and blanks as they are can tell apart."""

POOLS = {
    "syllables": "SYLLABLES",
    "texts": "KINDS_OF_TEXT",
    "tokens": "KINDS_OF_TOKEN",
    "names": "KINDS_OF_NAME",
}
"""What is drawn from, by its name in an instructor's ``constants.toml``."""
FEWEST = 4
"""Of syllables, tokens and names: with fewer, tests would draw for ever."""
# Tests leave these out by name where an exercise says nothing about them.
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
"""What a text must hold to be of its kind, as far as a pattern can tell."""


def checked_pools(given: dict[str, Any]) -> dict[str, Any]:
    """Return pools of an instructor's own, by the names of `POOLS`; texts join the public kinds.

    Raises
    ------
    ValueError
        If something in them cannot be drawn from; it says what.
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
            raise ValueError(f"{name} must be {FEWEST} or more, all different")
        if name == "syllables" and not all(v.isalpha() and v == v.lower() for v in values):
            raise ValueError("syllables are lower-case letters and nothing else")
        pools[name] = tuple(values)
    return pools


def _checked_texts(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise ValueError('texts must be a table: a kind = "a text of this kind"')
    for kind, text in values.items():
        if kind in FIXED_KINDS:
            raise ValueError(f"the text of {kind!r} is what it is: leave it out")
        if not isinstance(text, str) or not text.strip() or len(text.splitlines()) != 1:
            raise ValueError(f"the text of {kind!r} must be one line that can be seen")
        if kind in TELLING and not re.search(TELLING[kind], text):
            raise ValueError(f"{text!r} is no text with {kind}")
    return KINDS_OF_TEXT | values


@contextmanager
def drawn_from(pools: dict[str, Any]) -> Iterator[None]:
    """Have everything here, and tests that read these pools, draw from others meanwhile.

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
    """Return n tame texts of one to `longest` words."""
    return [" ".join(word(rng) for _ in range(rng.integers(1, longest + 1))) for _ in range(n)]


def texts(rng: np.random.Generator, n: int, without: tuple[str, ...] = ()) -> list[str]:
    """Return n texts in random order: one of each kind as far as they go, the rest tame.

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
    """Return n different tokens in random order, the awkward ones first taken."""
    found = [KINDS_OF_TOKEN[place] for place in rng.permutation(len(KINDS_OF_TOKEN))[:n]]
    while len(found) < n:
        new = word(rng, int(rng.integers(1, 4)))
        found += [new] * (new not in found)
    return shuffled(rng, found)


def names(rng: np.random.Generator, n: int) -> list[str]:
    """Return n different names of classes, in no order."""
    found = [KINDS_OF_NAME[place] for place in rng.permutation(len(KINDS_OF_NAME))[:n]]
    while len(found) < n:
        new = word(rng, 3)
        found += [new] * (new not in found)
    return found


def near_names(rng: np.random.Generator, n: int) -> list[str]:
    """Return n different names of classes (at most four) that look alike.

    From two on, two of them differ by a capital alone; from three on, two by a blank.
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
    """Return an index for n rows that is offset, in no order, and repeats, in every draw.

    A kind drawn by chance would let an answer pass in one run that fails in the next.
    """
    return pd.Index(rng.integers(1, n // 2 + 1 if n > 1 else 2, n))


def label_cases(
    rng: np.random.Generator, num_classes: int, no_rows: bool = True
) -> Iterator[tuple[str, list[int]]]:
    """Yield labels under `num_classes`: many, with an absent class, of one class, one, none.

    Parameters
    ----------
    no_rows : bool
        Whether the exercise says what becomes of no labels.
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
    """Yield the same numbers as a list, a tuple, an array, and as series of any index."""
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
        What it holds, without a format.
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
    """Yield tokenizers with special tokens at either end, both or none, type ids, other maxima.

    One pads with its own end token, so that an id does not tell whether a place is real.
    """
    maxima = rng.permutation([7, 11, 60, 130]).tolist()
    types = rng.permutation([True, True, False, False]).tolist()
    for ends, longest, type_ids in zip(
        ("both", "front", "back", "none"), maxima, types, strict=True
    ):
        kept = {"max_length": longest, "ends": ends, "type_ids": type_ids, **options}
        if ends == "back":  # as many that were made for generation do
            kept["pad"] = "[SEP]"
        where = {"both": "both ends", "front": "the front", "back": "the end", "none": "no end"}
        yield f"special tokens at {where[ends]}", Tokenizer(f"tokenizer {ends}", **kept)
