"""The visible examples of lesson 1."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.checks.core import NotAttempted, Wrong, described, examples
from helpers.checks.expect import (
    close,
    equal,
    joined,
    of_type,
    raises,
    runs,
    shown,
    that,
    unchanged,
)
from helpers.checks.language import say


@examples("summarize_dataset")
def _(answer: Any) -> None:
    given = say("For one split of 4 messages")
    split = _split(["one", "one two", "one     two\tthree", "a b c d e f g h i j k"], [0, 0, 0, 2])
    dataset = _dataset(later=split, earlier=_split(["one", "two words"], [1, 1]))
    table = unchanged(answer, dataset, given=say("Summarizing a dataset of two splits"))
    of_type(table, pd.DataFrame, say("Summarizing a dataset"))
    equal(
        list(table.columns),
        ["rows", "classes", "imbalance", "median_words"],
        say("The list of the table's columns"),
        {
            say("The splits belong in the rows: is the table transposed?"): ["later", "earlier"],
            say("The names of the splits make the index, instead of a column."): [
                *("split", "rows", "classes", "imbalance", "median_words")
            ],
        },
    )
    equal(
        list(table.index),
        ["later", "earlier"],
        say("For the splits 'later' and 'earlier' the index"),
        {
            say("The order is that of the dict, not the alphabet's."): ["earlier", "later"],
            say("The names of the splits make the index, instead of numbers."): [0, 1],
        },
    )
    that(
        table.index.name == "split",
        say("The index must be named 'split'; yours is named {1}.", shown(table.index.name)),
    )
    equal(table["rows"]["later"], 4, say("{1} the column rows", given))
    equal(
        table["classes"]["later"],
        2,
        say("{1}, labels 0 0 0 2 of three names, the column classes", given),
        {
            say(
                "It counts the names that the feature knows, or up to the largest label; "
                "how many of them occur?"
            ): 3,
            say("It counts the messages."): 4,
        },
    )
    close(
        table["imbalance"]["later"],
        3.0,
        say("{1}, labels 0 0 0 2, the column imbalance", given),
        {
            say("Class 1 has no message: take the smallest count that is not zero."): np.inf,
            say("The fraction is upside down."): 1 / 3,
            say("It divides by all messages, not by the smallest count."): 0.75,
            say("It compares with the mean count."): 1.5,
        },
    )
    close(
        table["median_words"]["later"],
        2.5,
        say("{1} of 1, 2, 3 and 11 words the column median_words", given),
        {
            say("That is the mean. Sort the numbers of words: what is in the middle?"): 4.25,
            say("split(' ') finds empty words between several spaces; split() does not."): 4.0,
            say("2 and 3 words are in the middle; the median is their mean."): 3.0,
            say(
                "2 and 3 words are in the middle; the median is their mean, not rounded down."
            ): 2.0,
            say("It counts characters, not words."): 12.0,
        },
    )
    for column, kind in (("rows", "iu"), ("classes", "iu"), ("imbalance", "f")):
        wanted = say("whole numbers (int)") if kind == "iu" else "float"
        that(
            table[column].dtype.kind in kind,
            say(
                "The column {1} must hold {2}; yours holds {3}.",
                column,
                wanted,
                table[column].dtype,
            ),
        )
    odd = answer(_dataset(train=_split(["one", "one two", "a b c"], [0, 1, 1])))
    odd = odd["median_words"]
    that(
        odd.dtype.kind == "f",
        say(
            "The column median_words must hold float, for 1, 2 and 3 words 2.0; yours holds {1}.",
            odd.dtype,
        ),
    )
    _without_rows(answer)
    _same_format(answer)
    _same_columns(answer)
    _selected(answer)
    _odd_words(answer)


def _odd_words(answer: Any) -> None:
    table = answer(
        _dataset(
            marks=_split(["it's", "don't", "\N{SLIGHTLY SMILING FACE} so-so :)"], [0, 1, 1]),
            blank=_split(["", "  ", "three words here"], [0, 1, 1]),
        )
    )
    close(
        table["median_words"]["marks"],
        1.0,
        say("For the messages 'it's', 'don't' and one of three words, the column median_words"),
        say("A word is what is between white space: apostrophes and hyphens do not end it."),
    )
    close(
        table["median_words"]["blank"],
        0.0,
        say("For the messages '', '  ' and one of three words, the column median_words"),
        say("A message of nothing or of blanks has no words."),
    )


def _without_rows(answer: Any) -> None:
    given = say("For a split without rows")
    likely = say("Nothing has a largest, a smallest or a middle one where there is nothing.")
    dataset = _dataset(some=_split(["one"], [0]), none=_split([], []))
    table = runs(lambda: answer(dataset), given, likely)
    of_type(table, pd.DataFrame, given)
    equal(table["rows"]["none"], 0, say("{1} the column rows", given))
    equal(table["classes"]["none"], 0, say("{1} the column classes", given))
    for column in ("imbalance", "median_words"):
        close(table[column]["none"], np.nan, say("{1} the column {2}", given, column))


def _selected(answer: Any) -> None:
    split = _split(["one", "one two", "a b c d"], [1, 0, 1]).select([2, 0])
    given = say("For two rows that were selected out of three")
    table = runs(lambda: answer(_dataset(train=split)), given)
    likely = say("`split.data` is the table before rows were selected; ask the split itself.")
    equal(table["rows"]["train"], 2, say("{1} the column rows", given), likely)
    equal(table["classes"]["train"], 1, say("{1} the column classes", given), likely)
    close(table["median_words"]["train"], 2.5, say("{1} the column median_words", given), likely)


def _same_format(answer: Any) -> None:
    dataset = _dataset(train=_split(["one", "two"], [0, 1]))
    answer(dataset)
    kind = dataset["train"].format["type"]
    that(
        kind is None,
        say(
            "After the call the dataset returns {1}, where it returned lists and "
            "dicts before. What undoes set_format?",
            kind,
        ),
    )
    dataset = _dataset(train=_split(["one", "two"], [0, 1]))
    given = say("For a dataset with the format 'pandas'")
    dataset.set_format("pandas")
    table = runs(lambda: answer(dataset), given)
    equal(table["rows"]["train"], 2, say("{1} the column rows", given))
    kind = dataset["train"].format["type"]
    that(
        kind == "pandas",
        say(
            "{1}: after the call its format is {2}. Leave it as you found it; `with_format` gives "
            "another dataset, and leaves this one alone.",
            given,
            shown(kind),
        ),
    )


def _same_columns(answer: Any) -> None:
    wide = _split(["one", "two"], [0, 1]).add_column("row", [7, 8])
    dataset = _dataset(train=wide)
    dataset.set_format("pandas", columns=["text", "label"])
    answer(dataset)
    equal(
        dataset["train"].column_names,
        ["text", "label", "row"],
        say("For a split with a third column, its columns after the call"),
        say("Leave the dataset as it is."),
    )
    equal(
        list(dataset["train"].format["columns"]),
        ["text", "label"],
        say(
            "For a format that shows text and label alone, the columns that it shows after the call"
        ),
        say("A format has columns as well as a type: `with_format` leaves both as they are."),
    )


@examples("add_label_names")
def _(answer: Any) -> None:
    names = ["sadness", "joy", "love"]
    frame = pd.DataFrame({"label": [2, 0], "text": ["x", "y"]}, index=[7, 3])
    given = say("For the labels 2 and 0, names sadness, joy and love,")
    got = unchanged(answer, frame, names, given=say("Naming the labels 2 and 0"))
    of_type(got, pd.DataFrame, say("Naming the labels of a frame"))
    equal(
        list(got.columns),
        ["label", "text", "label_name"],
        say("For a frame with the columns label and text the list of columns"),
        {
            say("The new column comes last."): ["label", "label_name", "text"],
            say("The ids stay: the names come beside them."): ["text", "label_name"],
            say("The other columns stay."): ["label", "label_name"],
        },
    )
    that(
        len(got) == 2 and not got["label_name"].isna().any(),
        say(
            "{1} in rows with the index 7 and 3, label_name holds {2}. A new Series "
            "has the index 0, 1, and pandas looks for equal index values, not for "
            "rows.",
            given,
            shown(list(got["label_name"])),
        ),
    )
    equal(
        list(got["label_name"]),
        ["love", "sadness"],
        say("{1} the column label_name", given),
        {
            say("It goes by the row's position, not by its label."): ["sadness", "joy"],
            say("A label is a place among all names, not among the labels that occur."): [
                "joy",
                "sadness",
            ],
            say("It counts labels from 1; ids start at 0."): ["joy", "love"],
        },
    )
    equal(
        list(got.index),
        [7, 3],
        say("{1} in rows with the index 7 and 3 the index", given),
        {say("The rows were numbered again; they keep their index."): [0, 1]},
    )
    equal(list(got["label"]), [2, 0], say("{1} the column label", given))
    frame = pd.DataFrame({"label": [1, 0, 1]}, index=[4, 4, 4])
    given = say("For the labels 1, 0 and 1 in rows that all have the index 4")
    likely = say("Rows that share an index are rows all the same: go by place, not by index.")
    got = runs(lambda: answer(frame, names), given, likely)
    equal(
        list(got["label_name"]),
        ["joy", "sadness", "joy"],
        say("{1} the column label_name", given),
        likely,
    )
    for label, likely in (
        (3, say("With three names the ids are 0, 1 and 2.")),
        (-1, say("Python's names[-1] is the last name, and does not complain.")),
        (17, ""),
    ):
        wrong = pd.DataFrame({"text": ["x", "y"], "label": [1, label]})
        given = say("The label {1} with three names", label)
        mentions = (str(label), "label", "names")
        raises(lambda f=wrong: answer(f, names), ValueError, mentions, given, likely)


@examples("load_labelled_file")
def _(answer: Any) -> None:
    from datasets import ClassLabel, Dataset

    given = say("For a file of the lines `good day;joy` and `bad;anger`")
    got = _read(answer, "good day;joy\nbad;anger\n")
    of_type(got, Dataset, given)
    equal(
        got.column_names,
        ["text", "label"],
        say("{1}, the list of columns", given),
        {say("First text, then label."): ["label", "text"]},
    )
    label = got.features["label"]
    that(
        isinstance(label, ClassLabel),
        say(
            "{1}, the label must be a ClassLabel; yours is {2}. Strings, or numbers "
            "without names, are not enough.",
            given,
            label,
        ),
    )
    equal(
        label.names,
        ["anger", "joy"],
        say("{1}, the names of the label", given),
        {
            say("They are in order of appearance; sort them."): ["joy", "anger"],
            say("The line's end is part of the label."): ["anger\n", "joy\n"],
            say("The first line was taken for a header; there is none."): ["anger"],
        },
    )
    equal(
        list(got["label"]),
        [1, 0],
        say("{1}, the labels (names anger, joy)", given),
        say("Each label is the place of its name among the sorted names."),
    )
    examples_of_text = (
        (
            "so; then;joy",
            "so; then",
            {
                say("It was split at the first `;`, not the last."): "so",
                say("Only what is between the last two `;` was kept."): " then",
                say("The space after a `;` belongs to the text."): "so;then",
            },
        ),
        (
            '"good" it said;joy',
            '"good" it said',
            {
                say("A CSV reader took the quotation marks for its own."): "good it said",
                say("The quotation marks belong to the text."): 'good" it said',
            },
        ),
        (
            "  two spaces  ;joy",
            "  two spaces  ",
            {
                say("The text was stripped; it must stay as it is."): "two spaces",
                say("The line was stripped; the text must stay as it is."): "two spaces  ",
                say("The text's end was stripped; it must stay as it is."): "  two spaces",
            },
        ),
        ("caffè;joy", "caffè", say("Open the file as UTF-8.")),
    )
    for line, text, likely in examples_of_text:
        given = say("For the lines `{1}` and `bad;anger`", line)
        by_line = say("Go through the lines yourself; a CSV reader has rules of its own.")
        got = list(_read(answer, f"{line}\nbad;anger\n", None, given, by_line)["text"])
        that(
            len(got) == 2,
            say(
                "The two lines `{1}` and `bad;anger` must give 2 rows; yours gives {2}.",
                line,
                len(got),
            ),
        )
        equal(got[0], text, say("For the line `{1}`, the text", line), likely)
    got = list(_read(answer, '"open;joy\nbad;anger\n"shut" now;joy')["text"])
    equal(
        got,
        ['"open', "bad", '"shut" now'],
        say('For the lines `"open;joy`, `bad;anger` and `"shut" now;joy`, the texts'),
        say(
            "A CSV reader runs on to the next quotation mark, over the line's end; "
            "read line by line."
        ),
    )
    given = say("For the lines `good ; joy ` and `bad;joy`")
    got = _read(answer, "good ; joy \nbad;joy\n", None, given)
    equal(
        got.features["label"].names,
        ["joy"],
        say("{1}, the names of the label", given),
        say("White space around a label is no part of it."),
    )
    equal(
        list(got["text"]),
        ["good ", "bad"],
        say("{1}, the texts", given),
        say("Only the label loses the white space around it."),
    )
    given = say("For the lines `good;joy` and `bad;anger`, whose line ends are those of Windows")
    got = _read(answer, "good;joy\r\nbad;anger\r\n", None, given)
    equal(
        got.features["label"].names,
        ["anger", "joy"],
        say("{1}, the names of the label", given),
        say("The line's end is part of the label."),
    )
    given = say("For a text with the character U+2028, which separates lines and ends none")
    likely = say("`splitlines` takes many characters for line ends; go through the open file.")
    content = "so\u2028it is;joy\nbad;anger\n"
    got = list(_read(answer, content, None, given, likely)["text"])
    equal(got, ["so\u2028it is", "bad"], say("{1}, the texts", given), likely)
    given = say("For the lines `good;joy` and `bad;Zeal`")
    equal(
        _read(answer, "good;joy\nbad;Zeal\n", None, given).features["label"].names,
        ["Zeal", "joy"],
        say("{1}, the names of the label", given),
        {
            say("Labels keep their capitals."): ["joy", "zeal"],
            say("Sorted as in a dictionary; here capitals come before small letters."): [
                *("joy", "Zeal")
            ],
        },
    )
    given = say("For the lines `;joy` and `bad;anger`")
    got = list(_read(answer, ";joy\nbad;anger\n", None, given)["text"])
    equal(
        got, ["", "bad"], say("{1}, the texts", given), say("A text may be empty; a label may not.")
    )
    given = say("For two messages with two blank lines between them, one of white space")
    skip = say("Blank lines, and those of white space, are skipped.")
    got = list(_read(answer, "good;joy\n\n  \t\nbad;anger\n", None, given, skip)["text"])
    equal(got, ["good", "bad"], say("{1}, the texts", given))
    for sep, likely in (
        ("::", say("The lines are split at `sep`, which may be longer than one character.")),
        ("|", say("`sep` is plain text: a regular expression reads `|` as 'or'.")),
    ):
        given = say(
            "With sep={1} and the lines `so; it is{2}joy` and `bad{3}anger`", shown(sep), sep, sep
        )
        content = f"so; it is{sep}joy\nbad{sep}anger\n"
        got = list(_read(answer, content, sep, given, likely)["text"])
        equal(got, ["so; it is", "bad"], say("{1}, the texts", given), likely)
    _raises_for_line(
        answer,
        "good;joy\nnothing here\n",
        2,
        say("A second line without `;`"),
        {1: say("Count from 1.")},
    )
    _raises_for_line(
        answer, "good;joy\nbad;\n", 2, say("A second line with an empty label (`bad;`)")
    )
    _raises_for_line(
        answer, "good;joy\nbad; \n", 2, say("A second line whose label is a blank (`bad; `)")
    )
    _raises_for_line(
        answer,
        "good;joy\n\n\nbad\n",
        4,
        say("After a good and two blank lines, a fourth line without `;`"),
        {2: say("Blank lines are skipped, but they count."), 3: say("Count from 1, not from 0.")},
    )


@examples("oversample")
def _(answer: Any) -> None:
    frame = pd.DataFrame(
        {"text": list("abcdefgh"), "kind": [0, 0, 0, 0, 0, 1, 1, 2]}, index=[7, 8] * 4
    )
    given = say("For classes of 5, 2 and 1 rows")
    got = runs(
        lambda: unchanged(
            lambda f: answer(f, label="kind"), frame, given=say("{1} oversampling by 'kind'", given)
        ),
        say("{1} in the column 'kind', with label='kind'", given),
        say("Is the column that `label` names used everywhere? Are rows drawn with replacement?"),
    )
    of_type(got, pd.DataFrame, given)
    equal(
        sorted(got.columns),
        ["kind", "text"],
        say("{1} the sorted list of columns", given),
        {say("The old index became a column: drop it."): ["index", "kind", "text"]},
    )
    that(
        len(got) != 36,  # selecting 7 drawn rows by index adds 4 rows each
        say(
            "{1} and an index that repeats, the result has {2} rows: several rows share an index "
            "here. Draw rows by place, not by index.",
            given,
            len(got),
        ),
    )
    counts = {name: int((got["kind"] == name).sum()) for name in (0, 1, 2)}
    equal(
        counts,
        {0: 5, 1: 5, 2: 5},
        say("{1} the count of each class", given),
        {
            say("Nothing was added."): {0: 5, 1: 2, 2: 1},
            say("That is undersampling."): {0: 1, 1: 1, 2: 1},
            say(
                "It adds as many rows as the largest class has, instead of those that are missing."
            ): {
                0: 10,
                1: 7,
                2: 6,
            },
            say("The largest class should stay in the result as well."): {0: 0, 1: 5, 2: 5},
            say("The added rows alone are not the result: the original rows stay."): {
                0: 0,
                1: 3,
                2: 4,
            },
        },
    )
    lost = sorted(set("abcdefgh") - set(got["text"]))
    that(
        not lost,
        say(
            "{1} every original row stays; yours has lost {2} of a to h. Draw only "
            "the missing rows, and keep the others.",
            given,
            ", ".join(lost),
        ),
    )
    label_of = dict(zip(frame["text"], frame["kind"], strict=True))
    pairs = zip(got["text"], got["kind"], strict=True)
    torn = [(text, kind) for text, kind in pairs if label_of.get(text) != kind]
    that(not torn, say("{1} a text keeps its label; yours holds {2}.", given, shown(torn[:1])))
    equal(
        list(got.index),
        list(range(15)),
        say("{1} the index", given),
        say("Number the rows again, after the shuffle."),
    )
    _shuffled(answer)
    with_names = frame.assign(label=[f"class {kind}" for kind in frame["kind"]])
    equal(
        len(answer(with_names)),
        15,
        say("For classes that are strings, in the column label, the number of rows"),
    )
    _drawn_with_replacement(answer)


def _drawn_with_replacement(answer: Any) -> None:
    frame = pd.DataFrame({"text": range(60), "label": [0] * 40 + [1] * 20})
    got = answer(frame)
    times = got.loc[got["label"] == 1, "text"].value_counts()
    that(
        len(times) < 20 or times.max() - times.min() > 1,
        say(
            "For classes of 40 and 20 rows each row of the smaller class occurs {1} times. Drawn "
            "with replacement, some are drawn several times and some not at all: `replace=True`.",
            int(times.max()),
        ),
    )


def _shuffled(answer: Any) -> None:
    frame = pd.DataFrame({"text": range(55), "label": [0] * 30 + [1] * 25})
    given = say("For classes of 30 and 25 rows")
    got = answer(frame, seed=3)
    order = list(got["text"])
    lost = len(set(range(55)) - set(order))
    that(
        not lost,
        say(
            "{1} every original row stays; yours has lost {2} of them. Draw only the "
            "5 missing rows, and keep the others.",
            given,
            lost,
        ),
    )
    # If an answer shuffles before it adds the drawn rows, the original rows also stay in a block.
    if set(order[:55]) == set(range(55)) or list(got["label"]) == sorted(got["label"]):
        raise Wrong(
            say(
                "{1} the result is not shuffled: the original rows, or the classes, form "
                "a block of their own. Shuffle after putting the rows together.",
                given,
            )
        )
    that(
        order == list(answer(frame, seed=3)["text"]),
        say(
            "Two calls with seed=3 give two different frames. Pass the seed to "
            "everything that draws: the sampling and the shuffle."
        ),
    )
    that(
        order != list(answer(frame, seed=4)["text"]),
        say("seed=3 and seed=4 give the same order. Does the shuffle use the seed?"),
    )
    that(
        list(got["label"]) != list(answer(frame, seed=4)["label"]),
        say(
            "seed=3 and seed=4 put the classes in the same order. Does the shuffle "
            "use the seed, too?"
        ),
    )
    drawn = [sorted(answer(frame, seed=seed)["text"]) for seed in range(4)]
    that(
        any(rows != drawn[0] for rows in drawn[1:]),
        say(
            "Four seeds repeat exactly the same rows. The added rows are drawn at "
            "random, by the seed."
        ),
    )


@examples("class_weights")
def _(answer: Any) -> None:
    given = say("For the labels 0 0 0 0 0 1 and 2 classes")
    got = unchanged(answer, [0, 0, 0, 0, 0, 1], 2, given=given)
    of_type(got, np.ndarray, given)
    close(
        got,
        [0.6, 3.0],
        given,
        {
            say("Divide by the number of classes as well."): [1.2, 6.0],
            say("That is one over the count; n and the number of classes are missing."): [0.2, 1.0],
            say("That is the number of classes over the count; n is missing."): [0.4, 2.0],
            say("The frequent class gets the larger weight: the fraction is upside down."): [
                5 / 3,
                1 / 3,
            ],
            say("That is each class's share; a weight grows where the share shrinks."): [
                5 / 6,
                1 / 6,
            ],
            say("They are scaled to a sum of 1; here the mean weight of a row is 1."): [
                1 / 6,
                5 / 6,
            ],
            say("They are scaled to a mean of 1 over the classes, not over the rows."): [
                1 / 3,
                5 / 3,
            ],
            say("It compares with the largest class, not with all labels."): [1.0, 5.0],
            say("It gives each row a weight; one per class is wanted."): [0.6] * 5 + [3.0],
        },
    )
    given = say("For the labels 0 0 2 in an array and 4 classes")
    got = runs(
        lambda: answer(np.array([0, 0, 2]), 4),
        given,
        say("Not all sequences have the methods of a list."),
    )
    equal(
        np.shape(got),
        (4,),
        say("For the labels 0 0 2 and 4 classes the shape"),
        {
            say("Absent classes have a place too, also after the largest label."): (3,),
            say("Absent classes have a place too."): (2,),
        },
    )
    close(
        got,
        [0.75, 0.0, 1.5, 0.0],
        say("For the labels 0 0 2 and 4 classes"),
        {
            say("It divides by all 4 classes; only 2 are present."): [0.375, 0.0, 0.75, 0.0],
            say("An absent class has weight 0, not infinity."): [0.75, np.inf, 1.5, np.inf],
            say("All 4 classes were counted, and absent ones got infinity."): [
                0.375,
                np.inf,
                0.75,
                np.inf,
            ],
            say("An absent class has weight 0; a count of 1 was put in its place."): [
                0.75,
                1.5,
                1.5,
                1.5,
            ],
            say("An absent class has weight 0, not 1."): [0.75, 1.0, 1.5, 1.0],
        },
    )
    that(
        got.dtype == np.float64,
        say(
            "For the labels 0 0 2 the array must have the dtype float64; yours has {1}.", got.dtype
        ),
    )
    given = say("For the labels 0 0 2 in a Series with the index 5 5 1 and 4 classes")
    likely = say("A Series is looked up by its index, not by place: make an array of it first.")
    got = runs(lambda: answer(pd.Series([0, 0, 2], index=[5, 5, 1]), 4), given, likely)
    close(got, [0.75, 0.0, 1.5, 0.0], given, likely)
    given = say("For the labels 2 0 2 and 3 classes")
    close(unchanged(answer, [2, 0, 2], 3, given=given), [1.5, 0.0, 0.75], given)


def _split(texts: list[str], labels: list[int]) -> Any:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b", "c"])})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)


def _dataset(**splits: Any) -> Any:
    from datasets import DatasetDict

    return DatasetDict(splits)


def _read(
    answer: Any, content: str, sep: str | None = None, given: str = "", likely: str = ""
) -> Any:
    """Let the answer read a file with this content; without `sep` it must use its default."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "messages.txt"
        path.write_text(content, encoding="utf-8", newline="")
        options = {} if sep is None else {"sep": sep}
        return runs(
            lambda: answer(path, **options), given or say("For a file of two lines"), likely
        )


def _raises_for_line(
    answer: Any, content: str, number: int, given: str, likely: dict[int, str] | None = None
) -> None:
    """Expect a ValueError that names a line by its number; digits in the path do not count."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "messages.txt"
        path.write_text(content, encoding="utf-8", newline="\n")
        try:
            got = answer(path)
        except NotImplementedError as untouched:
            raise NotAttempted from untouched
        except Exception as error:
            text = str(error).replace(str(path), "…")
            that(
                isinstance(error, ValueError),
                say(
                    "{1} must raise {2}; yours raises {3}.",
                    given,
                    ValueError.__name__,
                    described(error),
                ),
            )
            numbers = [int(digits) for digits in re.findall(r"\d+", text)]
            hints = [hint for wrong, hint in (likely or {}).items() if wrong in numbers]
            message = say(
                "{1} must raise ValueError, and yours does, but its message does not name line "
                "{2}: {3}.",
                given,
                number,
                shown(text),
            )
            that(number in numbers, joined(message, " ".join(hints)))
            return
        if not hasattr(got, "num_rows"):
            raise Wrong(
                say(
                    "{1} must raise {2}; yours returns {3}.", given, ValueError.__name__, shown(got)
                )
            )
        raise Wrong(
            say(
                "{1} must raise a ValueError that names line {2}; yours returns a dataset "
                "(number of rows: {3}).",
                given,
                number,
                got.num_rows,
            )
        )
