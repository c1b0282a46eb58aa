"""Hidden tests of lesson 7."""

from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from grading.predictions import share_of_points
from grading.standins import DropoutClassifier, Selected, Tokenizer
from grading.testing import (
    FLOAT64,
    AnswerError,
    awkward,
    close,
    equal,
    grades,
    has_type,
    raises,
    that,
    unchanged,
)
from helpers.data import copies_at_hand

_WORDS = (
    "oak",
    "elm",
    "ash",
    "fir",
    "yew",
    "bay",
    "fig",
    "nut",
    "pea",
    "rye",
    "hay",
    "hop",
    "tea",
    "ivy",
)


def _text(rng, words):
    return " ".join(str(word) for word in rng.choice(_WORDS, size=int(words)))


def _ids(text, tokenizer, limit):
    """Return what a text becomes within a limit, special tokens included."""
    ids = tokenizer(text)["input_ids"]
    plain = tokenizer(text, add_special_tokens=False)["input_ids"]
    special = len(ids) - len(plain)
    front = ids[: special - ids[1:].count(3)] if ids[:1] == [2] else []
    back = ids[len(front) + len(plain) :]
    return [*front, *plain[: limit - special], *back]


def _split(rng, lengths, feature, extra=False):
    texts = awkward.shuffled(rng, awkward.texts(rng, 12) + [_text(rng, n) for n in lengths])
    texts.append(_text(rng, 3).upper())
    labels = rng.integers(len(feature.names), size=len(texts))
    columns = {"text": texts, "label": [int(label) for label in labels]}
    features = {"text": Value("string"), "label": feature}
    if extra:
        columns["author"] = [f"author {row}" for row in range(len(texts))]
        features["author"] = Value("string")
    return Dataset.from_dict(columns, features=Features(features))


@grades("prepare")
def _(answer, rng):
    feature = ClassLabel(names=awkward.names(rng, 3))
    dataset = DatasetDict(
        test=_split(rng, rng.permutation([1, 2, 9, 10, 11, 30]), feature),
        train=_split(rng, rng.integers(1, 90, size=30), feature, extra=True),
        other=_split(rng, [70, 58, 59, 57, 61, 200], feature),
    )
    tokenizers = list(awkward.tokenizers(rng, vocabulary=_WORDS, lowercase=False))
    limits = awkward.shuffled(rng, [12, 60, 5, 200])
    for limit, (kind, tokenizer) in zip([None, *limits], [*tokenizers, tokenizers[0]], strict=True):
        options = {} if limit is None else {"max_length": limit}
        got = unchanged(answer, dataset, tokenizer, **options)
        what = f"max_length={limit or 'left out'}, {kind}"
        _expect_prepared(got, dataset, tokenizer, limit or 60, what)
    tokenizer = tokenizers[int(rng.integers(4))][1]
    formats = ("pandas", "numpy", "torch")
    for kind, given, plain in awkward.datasets(rng, dataset, formats):
        got = unchanged(answer, given, tokenizer, 8)
        _expect_prepared(got, plain, tokenizer, 8, f"{kind}, max_length=8")
    for split in dataset:
        said = {}
        for column in ("text", "label"):
            broken = DatasetDict({**dataset, split: dataset[split].remove_columns(column)})
            what = f"the split {split} has no column {column}"
            raises(answer, broken, tokenizer, error=ValueError, mentions=column, what=what)
            said[column] = _message(answer, broken, replace(tokenizer, watched=True))
            that(
                not answer.calls,
                f"{what}: a text was tokenized before this was noticed. Look at all splits first.",
            )
        that(
            said["text"] != said["label"],
            f"A split without text and one without label get the same message, {said['text']!r}: "
            "it must say which of the two is missing.",
        )
    for column in ("text", "label"):
        renamed = DatasetDict(train=dataset["test"].rename_column(column, "tweet"))
        what = f"the column {column} is named 'tweet'"
        raises(answer, renamed, tokenizer, error=ValueError, mentions=column, what=what)


def _message(answer, *arguments):
    try:
        answer(*arguments)
    except AnswerError as raised:
        return raised.message
    return ""


def _expect_prepared(got, dataset, tokenizer, limit, what):
    that(
        isinstance(got, DatasetDict),
        f"{what}: expected a DatasetDict, got {type(got).__name__}.",
    )
    equal(sorted(got), sorted(dataset), f"{what}: the splits")
    real = tokenizer.build([])
    for split, rows in dataset.items():
        prepared = got[split].with_format(None)
        columns = sorted(prepared.column_names)
        wanted = ["attention_mask", "input_ids", "label"]
        equal(columns, wanted, f"{what}: the columns of {split}, sorted")
        expected = [_ids(text, real, limit) for text in rows["text"]]
        ids = [list(row) for row in prepared["input_ids"]]
        equal(ids, expected, f"{what}: input_ids of {split}", "padded, or cut at another length")
        masks = [list(row) for row in prepared["attention_mask"]]
        ones = [[1] * len(row) for row in expected]
        equal(masks, ones, f"{what}: attention_mask of {split}", "padded")
        equal(list(prepared["label"]), list(rows["label"]), f"{what}: the labels of {split}")
        feature = prepared.features["label"]
        that(
            feature == rows.features["label"],
            f"{what}: the feature of label must stay {rows.features['label']}; it is {feature}.",
        )


def _mean_f1(truth, predicted):
    scores = []
    for label in (1, 2):
        hits = sum(int(a == label and b == label) for a, b in zip(truth, predicted, strict=True))
        wrong = sum(
            int((a == label) != (b == label)) for a, b in zip(truth, predicted, strict=True)
        )
        scores.append(2 * hits / (2 * hits + wrong) if hits + wrong else 0.0)
    return sum(scores) / 2


@grades("stance_score")
def _(answer, rng):
    def expect(truth, predicted, what, likely=""):
        got = unchanged(answer, truth, predicted)
        has_type(got, float, what)
        expected = _mean_f1(list(truth), list(predicted))
        close(got, expected, what, likely, tolerance=FLOAT64)

    for rows, shares in ((169, [0.2, 0.1, 0.7]), (40, [0.6, 0.2, 0.2]), (7, [0.3, 0.3, 0.4])):
        truth = rng.choice(3, size=rows, p=shares)
        predicted = np.where(rng.random(rows) < 0.6, truth, rng.integers(3, size=rows))
        expect(truth, predicted, f"arrays of {rows} rows", "another average, or other classes")
        kinds = zip(
            awkward.sequences(truth.tolist()), awkward.sequences(predicted.tolist()), strict=True
        )
        for (kind, left), (_, right) in kinds:
            expect(left, right, f"{rows} rows, each labels as {kind}", "rows matched by the index")
            if kind != "a tuple":
                expect(left, predicted.tolist(), f"{rows} rows, true labels as {kind}")
        row = awkward.index(rng, rows), awkward.index(rng, rows)
        given = pd.Series(truth, row[0]), pd.Series(predicted, row[1])
        expect(*given, f"{rows} rows, Series with two indexes", "rows matched by the index")
        expect(truth, np.full(rows, 2), f"{rows} rows, all taken for favor")
        expect(truth, np.zeros(rows, dtype=int), f"{rows} rows, all taken for none")
        expect(truth, truth, f"{rows} rows, all right")
        without = np.where(truth == 1, 0, truth)
        expect(
            without, np.where(predicted == 1, 2, predicted), "against neither true nor predicted"
        )
        expect(without, predicted, "against predicted, but never true")
        expect(np.where(truth == 2, 0, truth), np.where(predicted == 2, 1, predicted), "no favor")
    expect(np.array([0, 0, 0]), np.array([0, 0, 0]), "none alone: both classes count 0.0")
    expect(np.array([1, 1]), np.array([1, 1]), "against alone, all right: favor counts 0.0")
    expect(np.array([2]), np.array([2]), "one row of favor: against counts 0.0")
    expect(np.array([2, 1]), np.array([1, 2]), "both rows wrong")


# The first lies above the majority class; plain logistic regression on sentence embeddings, which
# never answers against, earns one point.
THRESHOLDS = (0.43, 0.47, 0.51, 0.54, 0.57, 0.60)


@grades("stance_predictions")
def _(answer, rng):
    return share_of_points(
        answer.value(),
        "stance_predictions",
        copies_at_hand("stance_climate"),
        _mean_f1,
        real=THRESHOLDS,
        embedded=THRESHOLDS,
        likely="against is never or hardly ever predicted, or the rows are in another order than "
        "the test split's",
    )


CLEAR = 5e-2
"""By how much a class must be ahead: more than half precision rounds away."""


def _reader(tokenizer, model):
    """Return a function that gives a text's class and how clear the choice is, without padding."""
    words, network = tokenizer.build([]), model.build([]).eval()

    def read(text, length=0):
        """With a `length`, the text is padded to it and the padding read."""
        ids = _ids(text, words, tokenizer.max_length)
        ids = ids + [words.pad_token_id] * (length - len(ids))
        with torch.no_grad():
            logits = network(input_ids=torch.tensor([ids])).logits[0]
        best = logits.sort(descending=True).values
        return model.labels[int(logits.argmax())], float(best[0] - best[1])

    return read


def _clear_texts(rng, read, lengths):
    """Draw texts of these lengths whose best class is ahead by more than rounding.

    Some have capitals, other words, white space at their ends and punctuation.
    """
    chosen = []
    for words in lengths:
        for _ in range(50):
            text = _text(rng, words)
            text = str(rng.choice([text, text, text.title(), f"  {text}\t", f"Été, {text} 🙂"]))
            if read(text)[1] > CLEAR:
                break
        chosen.append(text)
    return chosen


def _telling_model(rng, tokenizer, dtype="float32"):
    """Return a model and texts of many lengths whose classes tell right answers from wrong ones.

    Most random models give nearly every text the same class, whatever is done to the texts.
    """
    labels, size = tuple(awkward.names(rng, 6)), 5 + len(_WORDS)
    for _ in range(300):
        seed = int(rng.integers(1_000_000))
        model = DropoutClassifier(
            "model",
            labels=labels,
            vocabulary_size=size,
            max_length=tokenizer.max_length,
            seed=seed,
            dtype=dtype,
        )
        read = _reader(tokenizer, model)
        texts = _clear_texts(rng, read, rng.permutation([1, 2, 3, 5, 8, 11, 13, 14]))
        names = [read(text)[0] for text in texts]
        padded = [read(text, tokenizer.max_length)[0] for text in texts]
        by_length = [read(text)[0] for text in sorted(texts, key=len)]
        blank_is_clear = read("")[1] > CLEAR
        if padded != names != by_length and len(set(names)) > 2 and blank_is_clear:
            return model, texts
    raise RuntimeError("no model of 300 tells padding and order")  # a fault of ours: not graded


@grades("predict_texts")
def _(answer, rng):
    tokenizer = Tokenizer("tokenizer", vocabulary=_WORDS, max_length=16)
    _grade_predictions(answer, rng, tokenizer, "float32")
    ends = str(rng.choice(["front", "back"]))
    longest = int(rng.choice([21, 24]))  # above the first one's: a fixed 16 cuts too much here
    tokenizer = replace(tokenizer, max_length=longest, ends=ends, type_ids=True, lowercase=False)
    _grade_predictions(answer, rng, tokenizer, "float16")


def _grade_predictions(answer, rng, tokenizer, dtype):
    model, mixed = _telling_model(rng, tokenizer, dtype)
    read = _reader(tokenizer, model)

    def classifier(training=False, fails_at=0):
        return replace(model, training=training, fails_at=fails_at)

    def expect_as_before(what, training):
        mode = "training" if training else "evaluation"
        (left,) = (call for call in answer.calls if call["of"] == "model afterwards")
        that(
            left["training"] == [training],
            f"{what}: a model that comes in {mode} mode must be in it again afterwards.",
        )
        equal(left["changed"], [], f"{what}: what of the model is changed afterwards")

    def expect(texts, what, likely="", training=False):
        got = unchanged(answer, texts, tokenizer, classifier(training))
        has_type(got, list, what)
        for name in got:
            has_type(name, str, f"{what}: a label")
        equal(len(got), len(texts), f"{what}: the number of labels")
        names = [read(text)[0] for text in texts]
        equal(got, names, f"{what}: the labels", likely)
        passes = [call for call in answer.calls if call["of"] == "model"]
        that(bool(passes), f"{what}: the model was never called.")
        sizes = sorted((call["rows"] for call in passes), reverse=True)
        full, rest = divmod(len(texts), 32)
        batches = [32] * full + [rest] * bool(rest)
        equal(sizes, batches, f"{what}: the rows of the forward passes", "not batches of 32")
        mode = "training" if training else "evaluation"
        that(
            not any(call["training"] for call in passes),
            f"{what}: a model that comes in {mode} mode must predict in evaluation mode.",
        )
        expect_as_before(what, training)

    expect(mixed[:1], "one text")
    likely = "padding that is not masked, or another order than the texts'"
    for training in (False, True):
        expect(mixed, "texts of many lengths", likely, training)
    expect([mixed[0], mixed[1], mixed[0]], "a text that comes twice")
    expect([mixed[0], "", "  ", mixed[1], "\t"], "blank texts among others", "blank texts skipped")
    longest = tokenizer.max_length
    # A label is often the same when more or less of a text is read, but not of a dozen texts.
    over = rng.integers(longest + 1, 3 * longest, size=10)
    long = _clear_texts(rng, read, [longest - 1, longest, *over, 300])
    expect([*mixed[:2], *long], "texts over the tokenizer's maximum", "not truncated")
    for count in (32, 33, 70):
        lengths = rng.integers(1, 15, size=count)
        texts = _clear_texts(rng, read, lengths)
        expect(texts, f"{count} texts", likely, training=bool(count % 2))
    for training in (True, False):
        what = "a model that fails at the second batch"
        try:
            answer(texts, tokenizer, classifier(training, fails_at=2))
        except AnswerError:
            expect_as_before(what, training)
        else:
            that(False, f"{what}: its exception must not be swallowed; some texts got no label.")
        equal(answer([], tokenizer, classifier(training)), [], "no texts")
        expect_as_before("no texts", training)


def _labelled(rng, counts):
    """Return rows of classes of these sizes in random order, each with a number of its own."""
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    features = Features(
        {
            "number": Value("int64"),
            "text": Value("string"),
            "label": ClassLabel(names=awkward.names(rng, len(counts))),
        }
    )
    rows = {
        "number": list(range(len(labels))),
        "text": awkward.texts(rng, len(labels)),
        "label": labels.tolist(),
    }
    return Dataset.from_dict(rows, features=features)


def _expect_sample(got, dataset, k, what):
    that(isinstance(got, Dataset), f"{what}: expected a Dataset, got {type(got).__name__}.")
    got = got.with_format(None)
    that(
        got.features == dataset.features,
        f"{what}: the features must stay {dataset.features}; they are {got.features}.",
    )
    labels = np.array(dataset["label"])
    names = dataset.features["label"].names
    expected = {label: min(k, int(np.sum(labels == label))) for label in range(len(names))}
    found = list(got["label"])
    counts = {label: found.count(label) for label in range(len(names))}
    equal(counts, expected, f"{what}: rows per class", "k rows altogether, or a class left out")
    numbers = list(got["number"])
    equal(len(set(numbers)), len(numbers), f"{what}: distinct rows", "drawn with replacement")
    known = {row["number"]: row for row in dataset.to_list()}
    for row in got.to_list():
        that(known.get(row["number"]) == row, f"{what}: the row {row} is not one of the dataset's.")


@grades("few_shot_sample")
def _(answer, rng):
    dataset = _labelled(rng, [9, 30, 4, 1])
    for k in (1, 2, 4, 5, 9, 29, 30, 100):
        for seed in (0, int(rng.integers(1, 10_000))):
            got = unchanged(answer, dataset, k, seed=seed)
            _expect_sample(got, dataset, k, f"k={k} of classes of 9, 30, 4 and 1 rows")
    _expect_sample(answer(dataset, 3), dataset, 3, "the seed left out")
    empty_class = _labelled(rng, [5, 0, 6])
    _expect_sample(answer(empty_class, 4), empty_class, 4, "a class without rows, k=4")
    places = rng.permutation(44)[:20].tolist()
    selected = Selected("dataset", dataset, places)
    got = unchanged(answer, selected, 3)
    _expect_sample(got, dataset.select(places), 3, "rows that were selected and shuffled")
    # Of tensors no two are one key of a dict, which no text here has told anybody.
    for kind in ("numpy", "pandas"):
        got = unchanged(answer, dataset.with_format(kind), 3)
        _expect_sample(got, dataset, 3, f"a dataset with the format {kind!r}")
    for k in (0, -1, -7):
        what = f"k={k}"
        raises(answer, dataset, k, error=ValueError, mentions=(str(k), "k"), what=what)
    _grade_chance(answer, dataset, rng)


def _grade_chance(answer, dataset, rng):
    start = int(rng.integers(1, 10_000))
    draws = {seed: answer(dataset, 2, seed=seed) for seed in range(start, start + 40)}
    again = answer(dataset, 2, seed=start)
    equal(again.to_dict(), draws[start].to_dict(), "the same seed twice", "not drawn by the seed")
    first, second = (answer(dataset, 2, seed=0).to_dict() for _ in range(2))
    equal(second, first, "the seed 0 twice", "0 is taken for no seed")
    equal(
        answer(dataset, 2).to_dict(),
        answer(dataset, 2, seed=0).to_dict(),
        "the seed left out is the seed 0",
    )
    orders = [list(draw["number"]) for draw in draws.values()]
    distinct = len({tuple(sorted(numbers)) for numbers in orders})
    that(distinct > 30, f"Forty seeds drew only {distinct} different sets of rows.")
    wide = [list(answer(dataset, 9, seed=seed)["label"]) for seed in range(start, start + 5)]
    that(
        all(labels != sorted(labels) and labels != sorted(labels)[::-1] for labels in wide),
        "The rows stand sorted by class; they must be shuffled.",
    )
    firsts = {labels[0] for labels in ([dataset[row]["label"] for row in o] for o in orders)}
    # Who shuffles all rows and takes the first of each class begins with a class as often as it has
    # rows, so that only the largest is sure to be among them.
    that(len(firsts) > 1, "The first row is of the same class for every seed: not shuffled.")
    whole = [list(answer(dataset, 50, seed=seed)["number"]) for seed in range(start, start + 3)]
    that(
        len(set(map(tuple, whole))) == 3 and all(order != sorted(order) for order in whole),
        "With k over every class all rows are there, and still have to be shuffled by the seed.",
    )
    # Each of four rows is drawn with probability 1/2: 20 of 40 times, give or take 3.2, so that the
    # bounds lie more than five standard deviations away.
    small = [row["number"] for row in dataset.to_list() if row["label"] == 2]
    for number in small:
        often = sum(number in numbers for numbers in orders)
        that(
            3 <= often <= 37,
            f"Of a class of four rows one was drawn {often} times in 40 with k=2, where 20 times "
            "are expected: some rows are favoured.",
        )
    large = {row["number"] for row in dataset.to_list() if row["label"] == 1}
    drawn = large & {number for numbers in orders for number in numbers}
    that(len(drawn) > 15, f"Of 30 rows forty draws of 2 met only {len(drawn)} different ones.")
