"""The visible examples of lesson 1."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.checks.core import NotAttempted, Wrong, examples
from helpers.checks.expect import close, equal, joined, of_type, raises, that, unchanged
from helpers.checks.language import retell, say


@examples("summarize_dataset")
def _(answer):
    given = "For one split of 4 messages"
    split = _split(["one", "one two", "one     two\tthree", "a b c d e f g h i j k"], [0, 0, 0, 2])
    dataset = _dataset(later=split, earlier=_split(["one", "two words"], [1, 1]))
    table = unchanged(answer, dataset, given="Summarizing a dataset of two splits")
    of_type(table, pd.DataFrame, "Summarizing a dataset")
    equal(
        list(table.columns),
        ["rows", "classes", "imbalance", "median_words"],
        "The list of the table's columns",
        {"The splits belong into the rows: is the table transposed?": ["later", "earlier"]},
    )
    equal(
        list(table.index),
        ["later", "earlier"],
        "For the splits 'later' and 'earlier' the index",
        {
            "The order is that of the dict, not the alphabet's.": ["earlier", "later"],
            "The names of the splits make the index, instead of numbers.": [0, 1],
        },
    )
    that(
        table.index.name == "split",
        f"The index is named 'split'; yours is named {table.index.name!r}.",
    )
    equal(table["rows"]["later"], 4, f"{given} the column rows")
    equal(
        table["classes"]["later"],
        2,
        f"{given}, labels 0 0 0 2 of three names, the column classes",
        {
            "It counts the names that the feature knows, or up to the largest label; how many of "
            "them occur?": 3,
            "It counts the messages.": 4,
        },
    )
    close(
        table["imbalance"]["later"],
        3.0,
        f"{given}, labels 0 0 0 2, the column imbalance",
        {
            "Class 1 has no message: take the smallest count that is not zero.": np.inf,
            "The fraction is upside down.": 1 / 3,
            "It divides by all messages, not by the smallest count.": 0.75,
            "It compares with the mean count.": 1.5,
        },
    )
    close(
        table["median_words"]["later"],
        2.5,
        f"{given} of 1, 2, 3 and 11 words the column median_words",
        {
            "That is the mean. Sort the numbers of words: what stands in the middle?": 4.25,
            "split(' ') finds empty words between several spaces; split() does not.": 4.0,
            "2 and 3 words stand in the middle; the median is their mean.": 3.0,
            "2 and 3 words stand in the middle; the median is their mean, not rounded down.": 2.0,
            "It counts characters, not words.": 12.0,
        },
    )
    for column, kind in (("rows", "iu"), ("classes", "iu"), ("imbalance", "f")):
        wanted = say("whole numbers (int)") if kind == "iu" else "float"
        that(
            table[column].dtype.kind in kind,
            f"The column {column} holds {wanted}; yours holds {table[column].dtype}.",
        )
    even = answer(_dataset(train=_split(["one", "one two three"], [0, 1])))["median_words"]
    that(
        even.dtype.kind == "f",
        f"The column median_words holds float, for 1 and 3 words 2.0; yours holds {even.dtype}.",
    )
    _same_format(answer)


def _same_format(answer) -> None:
    dataset = _dataset(train=_split(["one", "two"], [0, 1]))
    answer(dataset)
    kind = dataset["train"].format["type"]
    that(
        kind is None,
        f"After the call the dataset hands out {kind}, before it handed out lists and dicts. "
        "What undoes set_format?",
    )


@examples("add_label_names")
def _(answer):
    names = ["sadness", "joy", "love"]
    frame = pd.DataFrame({"label": [2, 0], "text": ["x", "y"]}, index=[7, 3])
    given = "For the labels 2 and 0, names sadness, joy and love,"
    got = unchanged(answer, frame, names, given="Naming the labels 2 and 0")
    of_type(got, pd.DataFrame, "Naming the labels of a frame")
    equal(
        list(got.columns),
        ["label", "text", "label_name"],
        "For a frame with the columns label and text the list of columns",
        {
            "The new column comes last.": ["label", "label_name", "text"],
            "The ids stay: the names come beside them.": ["text", "label_name"],
            "The other columns stay.": ["label", "label_name"],
        },
    )
    that(
        len(got) == 2 and not got["label_name"].isna().any(),
        f"{given} in rows with the index 7 and 3, label_name holds {list(got['label_name'])}. A "
        "new Series has the index 0, 1, and pandas looks for equal index values, not for rows.",
    )
    equal(
        list(got["label_name"]),
        ["love", "sadness"],
        f"{given} the column label_name",
        {
            "It goes by the row's position, not by its label.": ["sadness", "joy"],
            "It goes by the row's position, counted from the end.": ["joy", "sadness"],
            "It counts labels from 1; ids start at 0.": ["joy", "love"],
        },
    )
    equal(
        list(got.index),
        [7, 3],
        f"{given} in rows with the index 7 and 3 the index",
        {"The rows were numbered afresh; they keep their index.": [0, 1]},
    )
    equal(list(got["label"]), [2, 0], f"{given} the column label")
    for label, likely in (
        (3, "With three names the ids are 0, 1 and 2."),
        (-1, "Python's names[-1] is the last name, and does not complain."),
        (17, ""),
    ):
        wrong = pd.DataFrame({"text": ["x", "y"], "label": [1, label]})
        given = f"The label {label} with three names"
        raises(lambda f=wrong: answer(f, names), ValueError, str(label), given, likely)


@examples("load_labelled_file")
def _(answer):
    from datasets import ClassLabel, Dataset

    given = "A file of the lines `good day;joy` and `bad;anger`"
    got = _read(answer, "good day;joy\nbad;anger\n")
    of_type(got, Dataset, given)
    equal(
        got.column_names,
        ["text", "label"],
        f"{given}: the list of columns",
        {"First text, then label.": ["label", "text"]},
    )
    label = got.features["label"]
    that(
        isinstance(label, ClassLabel),
        f"{given} gives a label that is a ClassLabel; yours is {label}. Strings, or numbers "
        "without names, are not enough.",
    )
    equal(
        label.names,
        ["anger", "joy"],
        f"{given}: the names of the label",
        {
            "They are in order of appearance; sort them.": ["joy", "anger"],
            "The line's end is part of the label.": ["anger\n", "joy\n"],
            "The first line was taken for a header; there is none.": ["anger"],
        },
    )
    equal(
        list(got["label"]),
        [1, 0],
        f"{given}: the labels (names anger, joy)",
        "Each label is the place of its name among the sorted names.",
    )
    examples_of_text = (
        (
            "so; then;joy",
            "so; then",
            {
                "It was split at the first `;`, not the last.": "so",
                "Only what stands between the last two `;` was kept.": " then",
                "The space after a `;` belongs to the text.": "so;then",
            },
        ),
        (
            '"good" it said;joy',
            '"good" it said',
            {
                "A CSV reader took the quotation marks for its own.": "good it said",
                "The quotation marks belong to the text.": 'good" it said',
            },
        ),
        (
            "  two spaces  ;joy",
            "  two spaces  ",
            {
                "The text was stripped; it stays as it stands.": "two spaces",
                "The line was stripped; the text stays as it stands.": "two spaces  ",
                "The text's end was stripped; it stays as it stands.": "  two spaces",
            },
        ),
        ("caffè;joy", "caffè", "Open the file as UTF-8."),
    )
    for line, text, likely in examples_of_text:
        given = f"The lines `{line}` and `bad;anger`:"
        by_line = "Go through the lines yourself; a CSV reader has rules of its own."
        got = list(_read(answer, f"{line}\nbad;anger\n", None, given, by_line)["text"])
        that(
            len(got) == 2, f"The two lines `{line}` and `bad;anger` give 2 rows; yours {len(got)}."
        )
        equal(got[0], text, f"The line `{line}`: the text", likely)
    got = list(_read(answer, '"open;joy\nbad;anger\n"shut" now;joy')["text"])
    equal(
        got,
        ['"open', "bad", '"shut" now'],
        'The lines `"open;joy`, `bad;anger` and `"shut" now;joy`, the texts',
        "A CSV reader runs on to the next quotation mark, over the line's end; read line by line.",
    )
    given = "Two messages with two blank lines between them, one of white space,"
    skip = "Blank lines, and those of white space, are skipped."
    got = list(_read(answer, "good;joy\n\n  \t\nbad;anger\n", None, given, skip)["text"])
    equal(got, ["good", "bad"], f"{given} the texts")
    for sep, likely in (
        ("::", "The lines are split at `sep`, which may be longer than one character."),
        ("|", "`sep` is plain text: a regular expression reads `|` as 'or'."),
    ):
        given = f"With sep={sep!r} the lines `so; it is{sep}joy` and `bad{sep}anger`,"
        content = f"so; it is{sep}joy\nbad{sep}anger\n"
        got = list(_read(answer, content, sep, given, likely)["text"])
        equal(got, ["so; it is", "bad"], f"{given} the texts", likely)
    _raises_for_line(
        answer, "good;joy\nnothing here\n", 2, "A second line without `;`", {1: "Count from 1."}
    )
    _raises_for_line(answer, "good;joy\nbad;\n", 2, "A second line with an empty label (`bad;`)")
    _raises_for_line(
        answer,
        "good;joy\n\n\nbad\n",
        4,
        "After a good and two blank lines, a fourth line without `;`",
        {2: "Blank lines are skipped, but they count.", 3: "Count from 1, not from 0."},
    )


@examples("oversample")
def _(answer):
    frame = pd.DataFrame(
        {"text": list("abcdefgh"), "kind": [0, 0, 0, 0, 0, 1, 1, 2]}, index=range(10, 18)
    )
    given = "For classes of 5, 2 and 1 rows"
    got = _called(
        lambda: unchanged(
            lambda f: answer(f, label="kind"), frame, given=f"{given} oversampling by 'kind'"
        ),
        f"{given} in the column 'kind', with label='kind',",
        "Is the column that `label` names used everywhere? Are rows drawn with replacement?",
    )
    of_type(got, pd.DataFrame, given)
    equal(
        sorted(got.columns),
        ["kind", "text"],
        f"{given} the sorted list of columns",
        {"The old index became a column: drop it.": ["index", "kind", "text"]},
    )
    counts = {name: int((got["kind"] == name).sum()) for name in (0, 1, 2)}
    equal(
        counts,
        {0: 5, 1: 5, 2: 5},
        f"{given} the count of each class",
        {
            "Nothing was added.": {0: 5, 1: 2, 2: 1},
            "That is undersampling.": {0: 1, 1: 1, 2: 1},
            "It adds as many rows as the largest class has, instead of those that are missing.": {
                0: 10,
                1: 7,
                2: 6,
            },
            "The largest class should stay in the result as well.": {0: 0, 1: 5, 2: 5},
            "The added rows alone are not the result: the original rows stay.": {0: 0, 1: 3, 2: 4},
        },
    )
    lost = sorted(set("abcdefgh") - set(got["text"]))
    that(
        not lost,
        f"{given} every original row stays; in yours {', '.join(lost)} of a to h got lost. Draw "
        "only the missing rows, and keep the others.",
    )
    label_of = dict(zip(frame["text"], frame["kind"], strict=True))
    torn = [row for row in got.itertuples() if label_of.get(row.text) != row.kind]
    that(not torn, f"{given} a text keeps its label; yours holds {torn[:1]}.")
    equal(
        list(got.index),
        list(range(15)),
        f"{given} the index",
        "Number the rows afresh, after the shuffle.",
    )
    _shuffled(answer)
    with_names = frame.assign(label=[f"class {kind}" for kind in frame["kind"]])
    equal(
        len(answer(with_names)), 15, "For classes that are strings, in the column label, the rows"
    )


def _shuffled(answer) -> None:
    frame = pd.DataFrame({"text": range(55), "label": [0] * 30 + [1] * 25})
    given = "For classes of 30 and 25 rows"
    got = answer(frame, seed=3)
    order = list(got["text"])
    lost = len(set(range(55)) - set(order))
    that(
        not lost,
        f"{given} every original row stays; in yours {lost} of them got lost. Draw only the 5 "
        "missing rows, and keep the others.",
    )
    # Whoever shuffles before adding the drawn rows has the originals in a block as well.
    if set(order[:55]) == set(range(55)) or list(got["label"]) == sorted(got["label"]):
        raise Wrong(
            f"{given} the result is not shuffled: the original rows, or the classes, stand in a "
            "block of their own. Shuffle after putting the rows together."
        )
    that(
        order == list(answer(frame, seed=3)["text"]),
        "Two calls with seed=3 give two different frames. Pass the seed to everything that draws: "
        "the sampling and the shuffle.",
    )
    that(
        order != list(answer(frame, seed=4)["text"]),
        "seed=3 and seed=4 give the same order. Does the shuffle use the seed?",
    )
    that(
        list(got["label"]) != list(answer(frame, seed=4)["label"]),
        "seed=3 and seed=4 put the classes in the same order. Does the shuffle use the seed, too?",
    )
    drawn = [sorted(answer(frame, seed=seed)["text"]) for seed in range(4)]
    that(
        any(rows != drawn[0] for rows in drawn[1:]),
        "Four seeds repeat exactly the same rows. The added rows are drawn at random, by the seed.",
    )


@examples("class_weights")
def _(answer):
    given = "For the labels 0 0 0 0 0 1 and 2 classes"
    got = unchanged(answer, [0, 0, 0, 0, 0, 1], 2, given=given)
    of_type(got, np.ndarray, given)
    close(
        got,
        [0.6, 3.0],
        given,
        {
            "Divide by the number of classes as well.": [1.2, 6.0],
            "That is one over the count; n and the number of classes are missing.": [0.2, 1.0],
            "That is the number of classes over the count; n is missing.": [0.4, 2.0],
            "The frequent class gets the larger weight: the fraction is upside down.": [
                5 / 3,
                1 / 3,
            ],
            "That is each class's share; a weight grows where the share shrinks.": [5 / 6, 1 / 6],
            "They are scaled to a sum of 1; here the mean weight of a row is 1.": [1 / 6, 5 / 6],
            "They are scaled to a mean of 1 over the classes, not over the rows.": [1 / 3, 5 / 3],
            "It compares with the largest class, not with all labels.": [1.0, 5.0],
            "It gives each row a weight; one each class is wanted.": [0.6] * 5 + [3.0],
        },
    )
    got = answer(np.array([0, 0, 2]), 4)
    equal(
        np.shape(got),
        (4,),
        "For the labels 0 0 2 and 4 classes the shape",
        {
            "Absent classes have a place too, also after the largest label.": (3,),
            "Absent classes have a place too.": (2,),
        },
    )
    close(
        got,
        [0.75, 0.0, 1.5, 0.0],
        "For the labels 0 0 2 and 4 classes",
        {
            "It divides by all 4 classes; only 2 are present.": [0.375, 0.0, 0.75, 0.0],
            "An absent class has weight 0, not infinity.": [0.75, np.inf, 1.5, np.inf],
            "All 4 classes were counted, and absent ones got infinity.": [
                0.375,
                np.inf,
                0.75,
                np.inf,
            ],
            "An absent class has weight 0; a count of 1 was put in its place.": [
                0.75,
                1.5,
                1.5,
                1.5,
            ],
            "An absent class has weight 0, not 1.": [0.75, 1.0, 1.5, 1.0],
        },
    )
    that(
        got.dtype == np.float64,
        f"For the labels 0 0 2 the array is of float64; yours is of {got.dtype}.",
    )


def _split(texts: list[str], labels: list[int]):
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b", "c"])})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)


def _dataset(**splits):
    from datasets import DatasetDict

    return DatasetDict(splits)


def _read(answer, content: str, sep: str | None = None, given: str = "", likely: str = ""):
    """Let the answer read a file of this content; without `sep` it must know its default."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "messages.txt"
        path.write_text(content, encoding="utf-8", newline="\n")
        options = {} if sep is None else {"sep": sep}
        return _called(lambda: answer(path, **options), given or "A file of two lines,", likely)


def _called(call, given: str, likely: str):
    """Return what a call gives; where it stops with an error, say on which input."""
    try:
        return call()
    except (NotImplementedError, NotAttempted, Wrong):
        raise
    except Exception as error:
        name = type(error).__name__
        text = say("{1} your code stops with {2}: {3}.", retell(given), name, error)
        raise Wrong(joined(text, likely)) from None


def _raises_for_line(
    answer, content: str, number: int, given: str, likely: dict[int, str] | None = None
) -> None:
    """Expect a ValueError that names a line by its number; digits of the path do not count."""
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
                type(error) is ValueError,
                f"{given} must raise ValueError; yours raises {type(error).__name__}: {text}.",
            )
            numbers = [int(digits) for digits in re.findall(r"\d+", text)]
            hints = [hint for wrong, hint in (likely or {}).items() if wrong in numbers]
            that(
                number in numbers,
                f"{given} raises ValueError, as it must, but the message does not name line "
                f"{number}: {text!r}. {' '.join(hints)}".strip(),
            )
            return
        raise Wrong(
            f"{given} must raise ValueError that names line {number}; yours returns "
            f"{got.num_rows if hasattr(got, 'num_rows') else got!r} rows without a word."
        )
