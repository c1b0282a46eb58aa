"""The grader's tests of lesson 1."""

import re

import numpy as np
import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from grading.standins import TextFile
from grading.testing import (
    AnswerError,
    Failure,
    awkward,
    close,
    equal,
    grades,
    has_type,
    raises,
    that,
    unchanged,
)


@grades("summarize_dataset")
def _(answer, rng):
    for order in (("test", "train", "validation"), ("zeta", "alpha")):
        dataset = DatasetDict({name: _random_split(rng) for name in order})
        for kind, given, plain in awkward.datasets(rng, dataset):
            _summarizes(answer, given, plain, f"{kind} with the splits {', '.join(order)}")
    # Both middle values count, white space is of any kind, and class 1 of three has no row.
    texts = ["one", " two\t words\n", "now  three   words", "", "  ", "a\tb c d e"]
    _summarizes_one(answer, texts, [2, 2, 2, 2, 0, 0], 3, "a split of six messages")
    _summarizes_one(answer, ["", "  ", "two words"], [0, 1, 1], 2, "two messages without words")
    _summarizes_one(answer, ["a single message"], [1], 2, "a split of one message")
    _summarizes_one(answer, ["one", "two", "three"], [1, 1, 1], 2, "a split of one class")
    _summarizes_one(answer, ["one", "two words"], [0, 0], 1, "a split of two messages")
    _keeps_columns(answer)
    empty = DatasetDict(some=_random_split(rng), none=_split([], [], 2))
    _summarizes(answer, empty, empty, "a dataset with a split without rows")
    _summarizes_one(answer, [], [], 2, "a dataset of one split, without rows")


def _keeps_columns(answer):
    """A column of another name stays, and so does a format that leaves it out."""
    plain = DatasetDict(only=_split(["one", "two words"], [0, 1], 2).add_column("id", [7, 9]))
    for kind in (None, "pandas", "numpy"):
        columns = {} if kind is None else {"columns": ["label", "text"]}
        what = f"a dataset with a third column, the format {kind!r} of the other two"
        _summarizes(answer, plain.with_format(kind, **columns), plain, what)


def _summarizes_one(answer, texts, labels, num_names, what):
    dataset = DatasetDict(only=_split(texts, labels, num_names))
    _summarizes(answer, dataset, dataset, what)


def _summarizes(answer, given, dataset, what):
    got = unchanged(answer, given)
    has_type(got, pd.DataFrame, what)
    columns = ["rows", "classes", "imbalance", "median_words"]
    equal([str(column) for column in got.columns], columns, f"{what}: the columns, in order")
    equal(list(got.index), list(dataset), f"{what}: the index", "the order is the dict's")
    equal(got.index.name, "split", f"{what}: the name of the index")
    for column, kinds in zip(columns, ("iu", "iu", "f", "f"), strict=True):
        kind = got[column].dtype
        that(
            getattr(kind, "kind", "O") in kinds,
            f"{what}: the column {column} is of {'float' if kinds == 'f' else 'int'}, not {kind}.",
        )
    for name, split in dataset.items():
        counts = np.unique(list(split["label"]), return_counts=True)[1]
        words = sorted(len(text.split()) for text in split["text"])
        middle = (words[(len(words) - 1) // 2] + words[len(words) // 2]) / 2 if words else np.nan
        row = got.loc[name]
        close(row["rows"], len(words), f"{what}: rows of a split of {len(words)}")
        close(
            row["classes"],
            len(counts),
            f"{what}: classes, with the counts {counts.tolist()}",
            "names that do not occur were counted, or rows that were not selected",
        )
        close(
            row["imbalance"],
            counts.max() / counts.min() if len(counts) else np.nan,
            f"{what}: imbalance, with the counts {counts.tolist()}",
            "the smallest count is that of a class that occurs",
        )
        close(
            row["median_words"],
            middle,
            f"{what}: median_words of messages of {words} words",
            "the mean, words split at single spaces, or one of two middle values",
        )


@grades("add_label_names")
def _(answer, rng):
    for num_names in (1, 3, 9):
        names = awkward.names(rng, num_names)
        for rows in (1, int(rng.integers(5, 12))):
            for kind, index in awkward.indexes(rng, rows):
                labels = rng.integers(0, num_names, rows)
                texts = awkward.texts(rng, rows)
                frame = pd.DataFrame(
                    {"label": labels, "text": texts, "score": rng.random(rows)}, index=index
                )
                _names_labels(answer, frame, names, kind)
    # A class that does not occur, ids that are not sorted, another type of numbers, a named index.
    labels = np.array([3, 1, 1, 0], dtype=np.int32)
    frame = pd.DataFrame({"label": labels}, index=pd.Index([7, 7, 2, 0], name="row"))
    _names_labels(answer, frame, ["a", "b", "c", "d"], "an index with a name")
    blanks = [" shy ", "", "very\tshy", "shy"]
    _names_labels(answer, frame, blanks, "names with blanks at both ends and an empty one")
    empty = pd.DataFrame({"label": np.array([], dtype=np.int64)})
    got = answer(empty, ["no", "yes"])
    equal(list(got.columns), ["label", "label_name"], "a frame without rows: the columns")
    equal(len(got), 0, "a frame without rows")
    for label in (3, 40 + int(rng.integers(50)), -1, -3, -40 - int(rng.integers(50))):
        labels = [0, 1, label, 2]
        raises(
            answer,
            pd.DataFrame({"text": list("abcd"), "label": labels}),
            ["no", "yes", "maybe"],
            error=ValueError,
            mentions=(str(label), "label", "names"),
            what=f"the labels {labels} with three names",
        )


def _names_labels(answer, frame, names, kind):
    labels = frame["label"].tolist()
    what = f"naming the labels {labels} by {names}, {kind}"
    got = unchanged(answer, frame, names)
    has_type(got, pd.DataFrame, what)
    columns = [*frame.columns, "label_name"]
    equal(list(got.columns), columns, f"{what}: the columns", "label_name comes last")
    equal(len(got), len(frame), f"{what}: the number of rows", "joined by an index that repeats")
    expected = [names[label] for label in labels]
    equal([str(name) for name in got["label_name"]], expected, what, "aligned by index or row")
    equal(list(got.index), list(frame.index), f"{what}: the index", "the index was renewed")
    that(got[columns[:-1]].equals(frame), f"{what}: the other columns must stay as they are.")


@grades("load_labelled_file")
def _(answer, rng):
    _reads(answer, rng)
    _refuses(answer, rng)


def _reads(answer, rng):
    names = ["sadness", "joy", "anger", "Zeal", "été", "very sad", "very  sad"]
    texts = [*awkward.words(rng, 12), *names]
    labels = [*rng.choice(names[:3], size=12).tolist(), *names]
    shape = "lines of words"
    equal(_read(answer, texts, labels), (texts, labels), shape)
    got = _read(answer, texts, labels, path_type="str")
    equal(got, (texts, labels), f"{shape}, the path a str")
    tricky = {
        "a text that holds the separator": "so; then; the end",
        "a text that ends with the separator": "so;",
        "a text in quotation marks": '"so they said"',
        "a text with quotation marks in the middle": 'they "said" so',
        "a text with one quotation mark in front": '"so they said',
        "a text with an apostrophe in front": "'tis so",
        "a text with spaces at both ends": "  so it is  ",
        "a text with a tab in front": "\tso it is",
        "a text with commas": "so, it, is",
        "a text with a number sign": "# so it is",
        "a text that reads like a missing value": "nan",
        "a text that reads like a number": "007",
        "a text with a backslash": "so \\n it is \\",
        "a text that is empty": "",
        "a text with what some take for a line end": "so\u2028it\x0bis\x85so",
        **awkward.KINDS_OF_TEXT,
    }
    for what, text in tricky.items():
        given = [text, "plain words", text]
        likely = "the text stays as it stands, and a line is split at its last separator"
        got = _read(answer, given, ["joy", "anger", "joy"])
        equal(got[0], given, f"{what}, {text!r}", likely)
        equal(got[1], ["joy", "anger", "joy"], f"{what}, {text!r}: the labels", likely)
    for sep in ("\t", "::", "|", ",", " - "):
        texts = ["so it is", "a;b", f"so {sep} it is", "so.it-is"]
        got = _read(answer, texts, ["joy", "joy", "anger", "joy"], sep)
        equal(got[0], texts, f"the separator {sep!r}", "sep is text, not a pattern")
    for end in ("\n", "\r\n"):
        got = answer(_file(f"one ;joy{end}{end}two;anger{end}"))
        equal(
            _rows(got),
            (["one ", "two"], ["joy", "anger"]),
            f"lines that end in {end!r}",
            "the line end became part of a label",
        )
        equal(got.features["label"].names, ["anger", "joy"], f"lines that end in {end!r}: names")
    got = answer(_file("one; joy \ntwo;joy\n three ;\tvery sad\n"))
    equal(
        _rows(got),
        (["one", "two", " three "], ["joy", "joy", "very sad"]),
        "labels with white space around them",
        "white space around a label is no part of it; within the text it is",
    )
    got = answer(_file("\n\none;joy\n   \n\t\ntwo;anger\n\n"))
    equal(list(got["text"]), ["one", "two"], "blank lines before, between and after are skipped")
    got = answer(_file("one;joy\ntwo;anger"))
    equal(_rows(got), (["one", "two"], ["joy", "anger"]), "a last line without a line end")
    got = _rows(answer(_file("the only;joy\n")))
    equal(got, (["the only"], ["joy"]), "a file of one line", "taken for a header")


def _file(content, path_type="Path"):
    return TextFile("messages.txt", content, path_type)


def _read(answer, texts, labels, sep=";", path_type="Path"):
    """Let the answer read a file of these texts and labels, and return its rows."""
    lines = [f"{text}{sep}{label}\n" for text, label in zip(texts, labels, strict=True)]
    file = _file("".join(lines), path_type)
    got = answer(file) if sep == ";" else answer(file, sep=sep)
    has_type(got, Dataset, "the result")
    equal(got.column_names, ["text", "label"], "the columns")
    equal(got.features["text"].dtype.removeprefix("large_"), "string", "the type of text")
    has_type(got.features["label"], ClassLabel, "the feature of label")
    equal(got.features["label"].names, sorted(set(labels)), "the names", "sorted, each once")
    return _rows(got)


def _rows(got):
    names = got.features["label"].names
    return list(got["text"]), [names[label] for label in got["label"]]


def _refuses(answer, rng):
    for line, what in (
        ("no separator here", "a line without the separator"),
        ("an empty label;", "a line with an empty label"),
        ("a blank label; \t", "a line whose label is white space"),
    ):
        for blank in (0, 3):
            good = [f"{text};joy" for text in awkward.words(rng, int(rng.integers(11, 30)))]
            before = [*good[:5], *[""] * blank, *good[5:]]
            _names_line(answer, [*before, line, "more;anger"], len(before) + 1, what)
    _names_line(answer, ["no separator here", "so;joy"], 1, "a first line without it")
    _names_line(answer, ["so;joy"] * 13 + ["last;"], 14, "a last line with an empty label")
    lines = ["one;two\tjoy", "three;joy"]
    _names_line(answer, lines, 2, "a line with `;` where the separator is a tab", sep="\t")
    # If the line is stripped first, the separator is lost, and "joy" becomes the label.
    lines = ["one\tjoy", "so it is\tjoy\t"]
    _names_line(answer, lines, 2, "a line that ends in the separator, a tab", sep="\t")


def _names_line(answer, lines, number, what, **options):
    try:
        got = answer(_file("\n".join(lines) + "\n"), **options)
    except AnswerError as error:
        if not error.is_a(ValueError):
            raise Failure(f"{what}: expected ValueError, got {error}.") from None
        # A path may hold digits of its own.
        text = error.message.replace(str(answer.arguments[0]), "…")
        if str(number) not in re.findall(r"\d+", text):
            raise Failure(
                f"{what}, line {number}: the message must name the line, counted from 1 with "
                f"blank lines; it says {text!r}."
            ) from None
        return
    raise Failure(f"{what}, line {number}: expected ValueError, got {type(got).__name__}.")


@grades("oversample")
def _(answer, rng):
    for label, kinds in (("label", [0, 1, 2]), ("kind", ["joy", "fear", "love", "anger"])):
        counts = [40, 31, 3, 1][: len(kinds)]
        rows = sum(counts)
        # One index of each kind, so that none is left to chance.
        for place, (_, index) in enumerate(awkward.indexes(rng, rows)):
            options = {"seed": int(rng.integers(1, 1000))} if place % 2 else {}
            frame = _random_frame(rng, label, dict(zip(kinds, counts, strict=True)))
            _oversamples(answer, frame.set_axis(index), label, options)
    _depends_on_seed(answer, rng)
    equal_counts = _random_frame(rng, "label", {0: 25, 1: 25})
    got = answer(equal_counts)
    what = "two classes of 25 rows"
    equal(sorted(got["row"]), list(range(50)), f"{what}: every row once, none added")
    that(list(got["row"]) != list(equal_counts["row"]), f"{what}: the result is not shuffled.")
    alike = pd.DataFrame({"text": ["so", "so", "so", "it"], "label": [0, 0, 0, 1]})
    got = answer(alike)["text"].value_counts().to_dict()
    equal(dict(sorted(got.items())), {"it": 3, "so": 3}, "rows that are alike: how often each text")
    two = _random_frame(rng, "label", {"joy": 1, "fear": 1})
    got = unchanged(answer, two)
    equal(sorted(got["row"]), [0, 1], "two classes of one row: every row once, none added")
    equal(list(got.index), [0, 1], "two classes of one row: the index")
    _draws_with_replacement(answer, rng)


def _draws_with_replacement(answer, rng):
    """What is drawn with replacement repeats some rows and leaves out others, almost surely."""
    for large in (40, 120):
        frame = _random_frame(rng, "label", {"joy": large, "fear": 20})
        got = answer(frame)
        times = got.loc[got["label"] == "fear", "row"].value_counts()
        that(
            int(times.max()) - int(times.min()) > 1,
            f"classes of 20 and {large} rows: each row of the smaller one occurs {times.min()} to "
            f"{times.max()} times. Drawn with replacement some occur far more often than others.",
        )


def _oversamples(answer, frame, label, options):
    if label != "label":
        options = {**options, "label": label}
    counts = frame[label].value_counts()
    what = f"classes of {sorted(counts.tolist())} rows, {options or 'the defaults'}"
    got = unchanged(answer, frame, **options)
    has_type(got, pd.DataFrame, what)
    equal(sorted(got.columns), sorted(frame.columns), f"{what}: the columns")
    got = got[list(frame.columns)]
    equal(list(got.dtypes), list(frame.dtypes), f"{what}: the types of the columns")
    reached = got[label].value_counts().to_dict()
    equal(
        {name: reached.get(name, 0) for name in counts.index},
        dict.fromkeys(counts.index, int(counts.max())),
        f"{what}: the counts",
    )
    equal(len(got), int(counts.max()) * len(counts), f"{what}: the number of rows")
    equal(
        sorted(set(got["row"])),
        sorted(frame["row"]),
        f"{what}: the rows that occur",
        "whole classes were drawn with replacement, which loses originals",
    )
    by_row = frame.set_index("row")
    same = got.drop(columns="row").equals(by_row.loc[got["row"]].reset_index(drop=True))
    that(same, f"{what}: a row holds values of several rows of the input.")
    equal(list(got.index), list(range(len(got))), f"{what}: the index", "it is not numbered afresh")
    again = answer(frame, **options)
    that(got.equals(again[list(frame.columns)]), f"{what}: a second call gives another frame.")
    # In any shuffle worth its name some drawn row comes before the last original.
    first = set(got["row"][: len(frame)])
    that(first != set(frame["row"]), f"{what}: the drawn rows all follow the originals.")
    switches = int((got[label] != got[label].shift()).sum())
    that(
        switches > 3 * len(counts),
        f"{what}: the classes form only {switches} blocks; the result is not shuffled.",
    )


def _depends_on_seed(answer, rng):
    frame = _random_frame(rng, "label", {0: 60, 1: 6})
    results = [answer(frame, "label", seed) for seed in range(4)]
    equal(list(answer(frame)["row"]), list(results[0]["row"]), "without a seed", "the default is 0")
    orders = {tuple(got["row"]) for got in results}
    equal(len(orders), 4, "four seeds: the number of different orders", "the seed is not used")
    label_orders = {tuple(got["label"]) for got in results}
    equal(len(label_orders), 4, "four seeds: the orders of the labels", "the shuffle has no seed")
    drawn = {tuple(sorted(got["row"])) for got in results}
    that(
        len(drawn) > 1,
        "four seeds: all repeat the same rows. Likely: rows are repeated in turn, or drawn by a "
        "fixed seed.",
    )


@grades("class_weights")
def _(answer, rng):
    for num_classes in (1, 2, 6, 11):
        for kind, labels in awkward.label_cases(rng, num_classes, no_rows=False):
            for form, given in awkward.sequences(labels):
                if form != "a tuple":
                    _weighs(answer, given, num_classes, f"{kind} in {form}")
            index = awkward.index(rng, len(labels))
            given = pd.Series(labels, index=index)
            _weighs(answer, given, num_classes, f"{kind} in a Series with another index")
            _weighs(answer, labels, num_classes + 3, kind)
    _weighs(answer, [0] * 1000 + [1], 2, "a rare class")


def _weighs(answer, labels, num_classes, kind):
    values = [int(label) for label in labels]
    present = set(values)
    expected = [
        len(values) / (len(present) * values.count(label)) if label in present else 0.0
        for label in range(num_classes)
    ]
    counts = [values.count(label) for label in range(num_classes)]
    what = f"counts {counts} of {num_classes} classes ({kind})"
    got = unchanged(answer, labels, num_classes)
    has_type(got, np.ndarray, what)
    close(got, expected, what, "k is the number of classes that are present; absent ones get 0.0")
    equal(str(got.dtype), "float64", f"{what}: the dtype")


def _split(texts, labels, num_names):
    names = [f"name {number}" for number in range(num_names)]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)


def _random_split(rng):
    """A split in which one of six names never occurs, and the median of words is not their mean."""
    rows = int(rng.integers(8, 30))
    absent = int(rng.integers(6))
    labels = [int(label) for label in rng.integers(0, 6, rows) if label != absent] or [0]
    texts = [awkward.spaced(rng, int(length)) for length in rng.geometric(0.2, len(labels))]
    return _split(texts, labels, 6)


def _random_frame(rng, label, counts):
    """Rows of classes in random order, with an index of its own and a number for each row."""
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    kinds = [kinds[place] for place in rng.permutation(len(kinds))]
    rows = len(kinds)
    return pd.DataFrame(
        {
            "text": awkward.texts(rng, rows),
            label: kinds,
            "row": np.arange(rows),
            # A value that is missing is no reason to leave a row out.
            "score": np.where(np.arange(rows) % 4, rng.random(rows), np.nan).astype(np.float32),
        },
        index=awkward.index(rng, rows),
    )
