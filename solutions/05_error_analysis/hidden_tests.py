"""Hidden tests of lesson 5."""

import math

import numpy as np
import pandas as pd
import torch

from grading.standins import Rule, WatchedNames, WatchedTensor
from grading.testing import (
    COARSE,
    FLOAT32,
    FLOAT64,
    awkward,
    close,
    equal,
    grades,
    has_type,
    same_frame,
    that,
    unchanged,
)


def _row_losses(logits, labels):
    """Compute the cross-entropy of each row in float64, the largest logit taken out first."""
    losses = []
    for row, label in zip(logits.double().tolist(), labels, strict=True):
        highest = max(row)
        log_sum = highest + math.log(sum(math.exp(value - highest) for value in row))
        losses.append(log_sum - row[label])
    return losses


@grades("per_example_loss")
def _(answer, rng):
    def expect(logits, labels, what, likely="", tolerance=FLOAT32):
        got = unchanged(answer, logits, torch.tensor(labels))
        that(isinstance(got, torch.Tensor), f"{what}: expected a tensor, got {type(got).__name__}.")
        close(got, _row_losses(logits, labels), what, likely, tolerance)

    def draw(rows, classes, scale=2.0):
        logits = torch.tensor(rng.normal(size=(rows, classes), scale=scale), dtype=torch.float32)
        return logits, rng.integers(classes, size=rows).tolist()

    logits, labels = draw(17, 6)
    likely = "a mean, the wrong column, or another logarithm"
    # So few steps move the sixth digit: a loss rounded to four places is another.
    expect(logits, labels, "random logits", likely, tolerance=1e-5)
    expect(*draw(20, 11), "eleven classes", "only so many classes as the lesson has are looked at")
    expect(*draw(1, 4), "one row keeps its place: shape (1,)")
    expect(logits, [0] * 17, "the first label everywhere")
    expect(logits, [5] * 17, "the last label everywhere")
    expect(torch.full((4, 3), 2.5), [0, 1, 2, 2], "equal logits")
    expect(*draw(6, 6), "as many rows as classes", "softmax over the rows")
    expect(*draw(9, 2), "two classes")
    expect(logits, [3] * 17, "the same label everywhere")
    expect(logits + 300.0, labels, "all logits shifted by 300", "exp overflows", COARSE)
    expect(logits - 300.0, labels, "all logits shifted by -300", "log(0)", COARSE)
    expect(*draw(12, 5, scale=1e4), "logits of about ±1e4", "exp overflows, or log(0)", COARSE)
    far = torch.tensor([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 0.0]])
    expect(far, [0, 1, 2, 1], "logits of ±1e4", "probabilities clipped before the log", COARSE)
    sure = torch.tensor([[60.0, 0.0], [0.0, 60.0]])
    expect(sure, [1, 1], "a loss of 60 and one of nearly 0", "a small number added to the log")

    answer(torch.zeros(3, 2), WatchedTensor("labels", (1, 0, 1)))
    asked = {call["function"] for call in answer.calls}
    forbidden = sorted(asked & {"cross_entropy", "cross_entropy_loss"})
    that(not forbidden, "The answer calls F.cross_entropy, which it was to stand without.")


def _ratio(part, whole):
    return part / whole if whole else 0.0


def _expected_report(truth, predicted, names):
    """Count everything by hand from the table of true and predicted labels."""
    classes, rows = len(names), len(truth)
    table = np.zeros((classes, classes))
    for one, other in zip(truth, predicted, strict=True):
        table[one, other] += 1
    hits, of_class, given = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    scores = pd.DataFrame(
        {
            "precision": [_ratio(hits[c], given[c]) for c in range(classes)],
            "recall": [_ratio(hits[c], of_class[c]) for c in range(classes)],
            "f1": [_ratio(2 * hits[c], given[c] + of_class[c]) for c in range(classes)],
            "support": of_class,
        },
        index=names,
    )
    accuracy, luck = hits.sum() / rows, float(of_class @ given) / rows**2
    spread = (rows**2 - float(of_class @ of_class)) * (rows**2 - float(given @ given))
    return {
        "accuracy": accuracy,
        "macro_f1": sum(scores["f1"]) / classes,
        "micro_f1": accuracy,
        "weighted_f1": float(scores["f1"] @ of_class) / rows,
        "kappa": _ratio(accuracy - luck, 1 - luck),
        "mcc": _ratio(hits.sum() * rows - float(of_class @ given), math.sqrt(spread)),
        "per_class": scores,
    }


_LIKELY_SLIPS = {
    "macro_f1": "only the classes that occur are averaged, or another average",
    "weighted_f1": "weighted by predicted rows, or another average",
    "micro_f1": "another average",
    "kappa": "NaN where luck alone agrees on every row",
    "mcc": "NaN where a class stands alone",
}


@grades("evaluation_report")
def _(answer, rng):
    def expect(truth, predicted, names, what):
        got = unchanged(answer, truth, predicted, names)
        _compare_reports(got, _expected_report(list(truth), list(predicted), names), what)

    names = awkward.names(rng, 6)
    truth = rng.choice(6, size=120, p=[0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
    predicted = np.where(rng.random(120) < 0.6, truth, rng.integers(6, size=120))
    expect(truth, predicted, names, "random labels of six classes")
    many = rng.integers(11, size=(2, 60))
    expect(*many, awkward.names(rng, 11), "random labels of eleven classes")
    kinds = dict(awkward.sequences(predicted.tolist()))
    for kind, given in awkward.sequences(truth.tolist()):
        expect(given, kinds[kind], names, f"truth and prediction as {kind}")
    one, other = (pd.Series(ids, index=awkward.index(rng, 120)) for ids in (truth, predicted))
    expect(one, other, names, "two Series with different indexes")
    expect(truth % 4, predicted % 4, names, "two names without any rows")
    expect(truth % 3 + 2, predicted % 3 + 2, names, "the first and last name without rows")
    expect(truth % 3, predicted, names, "classes that are predicted but never true")
    expect(truth, predicted % 3, names, "classes that are never predicted")
    expect(truth, truth, names, "all right")
    expect(truth, (truth + 1) % 6, names, "all wrong")
    expect(truth % 2, 1 - truth % 2, names[:2], "two classes, all wrong: kappa and MCC below 0")
    alone = int(rng.integers(6))
    expect(np.full(9, alone), np.full(9, alone), names, "one class throughout")
    expect([0], [0], names[:1], "one row, one name")
    expect([0, 1, 1], [0, 1, 0], ["tan", "ral"], "two names, not in the alphabet's order")
    expect([2], [1], names[:4], "one row, wrong")
    expect(np.full(40, alone), predicted[:40], names, "all truth is one class")
    expect(truth, np.full(120, alone), names, "all predictions are one class")
    for case in ((truth, predicted % 3), (np.full(9, alone), np.full(9, alone)), ([2], [1])):
        answer(*case, WatchedNames("warnings", tuple(names)))
        warned = [call["warning"] for call in answer.calls if call["of"] == "warnings"]
        that(not warned, f"No warning may be raised on the way; there is {''.join(warned[:1])}")


def _compare_reports(got, expected, what):
    has_type(got, dict, f"{what}: the report")
    equal(sorted(got), sorted(expected), f"{what}: the keys, sorted")
    for key in (name for name in expected if name != "per_class"):
        has_type(got[key], float, f"{what}: {key}")
        close(got[key], expected[key], f"{what}: {key}", _LIKELY_SLIPS.get(key, ""))
    table, wanted = got["per_class"], expected["per_class"]
    has_type(table, pd.DataFrame, f"{what}: per_class")
    equal(
        list(table.index), list(wanted.index), f"{what}: the index of per_class", "ids, or sorted"
    )
    equal(sorted(table.columns), sorted(wanted.columns), f"{what}: the columns, sorted")
    for column in wanted:
        close(table[column], wanted[column], f"{what}: {column} of each class")


def _expected_errors(frame, k):
    rows = [
        place for place, row in enumerate(frame.itertuples()) if row.label != row.predicted_label
    ]
    confidence = frame["confidence"].tolist()
    rows = sorted(rows, key=lambda place: -confidence[place])[:k]
    return frame[["text", "label", "predicted_label", "confidence"]].iloc[rows]


@grades("most_confident_errors")
def _(answer, rng):
    def draw(rows, levels):
        names = awkward.near_names(rng, 4)
        labels = rng.choice(names, size=rows)
        return pd.DataFrame(
            {
                "loss": rng.random(rows),
                "confidence": rng.integers(1, levels, size=rows) / levels,
                # Blanks at both ends of so many that some are among the errors.
                "text": [
                    f"\t{text} " if rng.random() < 0.3 else text
                    for text in awkward.texts(rng, rows)
                ],
                "predicted_label": np.where(
                    rng.random(rows) < 0.4, rng.choice(names, size=rows), labels
                ),
                "label": labels,
            },
            index=awkward.index(rng, rows),
        )

    def expect(frame, k, what, likely=""):
        got = unchanged(answer, frame, k)
        has_type(got, pd.DataFrame, what)
        wanted = _expected_errors(frame, k)
        equal(list(got.columns), list(wanted.columns), f"{what}: the columns")
        equal(list(got.index), list(wanted.index), f"{what}: the index", likely)
        if len(wanted):
            same_frame(got, wanted, what, likely)

    frame = draw(60, 512)
    expect(frame, 5, "the five most confident errors", "right rows too, or the least confident")
    expect(frame, 1, "one row")
    expect(frame, 1000, "fewer errors than k: all of them")
    errors = int((frame["label"] != frame["predicted_label"]).sum())
    expect(frame, errors, "as many errors as k")
    expect(draw(80, 4), 12, "many equal confidences", "ties must stay in their order")
    ties = draw(80, 4).set_axis(rng.permutation(80))
    expect(ties, 12, "many equal confidences, a permuted index", "ties must stay in their order")
    expect(draw(300, 3), 300, "hundreds of ties", "the sort is not stable")
    same_frame(answer(frame), _expected_errors(frame, 10), "k left at its default, 10")
    right = frame.assign(predicted_label=frame["label"])
    expect(right, 5, "a frame without errors gives no rows")
    ids = frame.assign(label=rng.integers(3, size=60), predicted_label=rng.integers(3, size=60))
    expect(ids, 7, "labels as ids")
    sure_and_right = frame.assign(
        confidence=np.where(frame["label"] == frame["predicted_label"], 0.9, 0.3)
    )
    expect(sure_and_right, 6, "right rows are more confident", "cut before filtering")
    for kind, index in awkward.indexes(rng, 60):
        expect(frame.set_axis(index), 8, f"{kind}, and eight errors")
    narrow = frame.astype({"confidence": "float32"})
    expect(narrow, 7, "confidence in float32")
    expect(frame[:0], 3, "a frame without rows")
    wrong = frame["label"] != frame["predicted_label"]
    blank = rng.permutation(np.resize(["", " ", "\n", "gone"], 60))
    blank[np.flatnonzero(wrong)[:2]] = ["", " "]
    expect(frame.assign(text=blank), 60, "errors whose texts are empty or only blanks")
    exact = frame[["text", "label", "predicted_label", "confidence"]]
    expect(exact, 4, "a frame of just these columns")


def _expected_suspects(probabilities, labels):
    """Go through confident learning row by row, in plain Python."""
    table = np.asarray(probabilities, dtype=np.float64).tolist()
    thresholds = {}
    for label in sorted(set(labels)):
        own = [row[label] for row, given in zip(table, labels, strict=True) if given == label]
        thresholds[label] = math.fsum(own) / len(own)
    suspects = []
    for row, given in zip(table, labels, strict=True):
        firm = {label: row[label] for label, least in thresholds.items() if row[label] >= least}
        suspects.append(bool(firm) and firm.get(given, -1.0) < max(firm.values()))
    return np.array(suspects)


@grades("suspect_labels")
def _(answer, rng):
    def expect(probabilities, labels, what, likely=""):
        probabilities = np.asarray(probabilities)
        got = unchanged(answer, probabilities, labels)
        that(
            isinstance(got, np.ndarray) and got.dtype == bool,
            f"{what}: expected an array of bool, got {getattr(got, 'dtype', type(got).__name__)}.",
        )
        equal(got, _expected_suspects(probabilities, list(labels)), what, likely)

    def draw(rows, classes, spread, noise=0.3):
        probabilities = rng.dirichlet([spread] * classes, size=rows)
        guess = probabilities.argmax(axis=1)
        wrong = rng.integers(classes, size=rows)
        return probabilities, np.where(rng.random(rows) < noise, wrong, guess)

    expect(*draw(150, 5, 0.6), "five classes, clear probabilities")
    expect(*draw(200, 4, 3.0), "four classes, flat probabilities: many rows without a candidate")
    expect(*draw(60, 2, 1.0, noise=0.5), "two classes, half of the labels random")
    expect(*draw(150, 11, 0.6), "eleven classes")
    probabilities, labels = draw(90, 6, 0.8)
    for kind, given in awkward.sequences(labels.tolist()):
        expect(probabilities, given, f"labels as {kind}")
    narrow = _clear_of_thresholds(lambda: draw(90, 6, 0.8))
    expect(*narrow, "probabilities in float32")
    expect(probabilities, np.where(labels == 2, 3, labels), "a class without rows", "its threshold")
    expect(probabilities, np.minimum(labels, 3), "the last two classes have no rows")
    expect(probabilities, np.zeros(90, dtype=int), "every row has the same label")
    uneven = probabilities * [6, 1, 1, 1, 1, 0.2]
    uneven = uneven / uneven.sum(axis=1, keepdims=True)
    expect(uneven, labels, "a class that is always probable, and one that never is")
    _expect_edges(expect)


def _clear_of_thresholds(draw):
    """Draw in float32 until no probability lies so near a threshold that its last digits decide."""
    while True:
        probabilities, labels = draw()
        probabilities = probabilities.astype(np.float32)
        own = [probabilities[labels == label, label] for label in np.unique(labels)]
        gaps = probabilities[:, np.unique(labels)] - [each.astype(float).mean() for each in own]
        if min(map(len, own)) > 1 and np.abs(gaps).min() > 1e-6:
            return probabilities, labels


def _expect_edges(expect):
    """Tables of sixteenths, whose sums and halves are exact."""
    firm = [[14, 1, 1], [8, 4, 4], [1, 14, 1], [8, 2, 6], [8, 2, 6]]
    expect(
        np.array(firm) / 16,
        [0, 1, 1, 2, 1],
        "the most probable class misses its threshold, another reaches it",
        "the argmax is taken over all classes, not over candidates",
    )
    at = [[12, 4, 0], [8, 8, 0], [10, 6, 0], [6, 10, 0], [2, 14, 0]]
    expect(
        np.array(at) / 16,
        [0, 0, 1, 1, 1],
        "a probability exactly at its threshold",
        "> instead of >=",
    )
    absent = [[2, 4, 10], [10, 4, 2], [4, 10, 2], [5, 3, 8], [0, 0, 16]]
    expect(
        np.array(absent) / 16,
        [0, 0, 1, 1, 1],
        "the class without rows is the most probable",
        "its threshold is 0, 1 or NaN, so that it becomes a candidate",
    )
    equal_ones = [[8, 8, 0], [8, 8, 0], [6, 4, 6], [4, 6, 6], [7, 7, 2]]
    expect(
        np.array(equal_ones) / 16,
        [0, 1, 0, 1, 2],
        "two candidates that are equally probable",
        "of equally probable candidates the label itself wins, not the lower or the higher id",
    )
    expect([[0.25, 0.75]], [0], "one row: its own threshold is all that it must reach")
    expect([[1.0], [1.0]], [0, 0], "one class")
    zero = [[16, 0, 0], [4, 12, 0], [0, 16, 0]]
    expect(
        np.array(zero) / 16,
        [0, 1, 0],
        "probabilities of 0 and 1",
    )


def _expected_error(probabilities, labels, bins):
    """Sum up group by group in plain Python; an edge belongs to the group below it."""
    groups = {}
    for row, label in zip(probabilities.tolist(), labels, strict=True):
        top = max(row)
        number = next(b for b in range(bins) if b / bins < top <= (b + 1) / bins)
        groups.setdefault(number, []).append((top, row.index(top) == label))
    total = 0.0
    for members in groups.values():
        confidence = sum(top for top, _ in members) / len(members)
        accuracy = sum(hit for _, hit in members) / len(members)
        total += len(members) / len(labels) * abs(accuracy - confidence)
    return total


@grades("expected_calibration_error")
def _(answer, rng):
    def expect(probabilities, labels, what, likely="", **options):
        got = unchanged(answer, probabilities, labels, **options)
        wanted = _expected_error(probabilities, list(labels), options.get("bins", 10))
        has_type(got, float, what)
        # Room for means in float32, none for a row in the wrong group.
        close(got, wanted, what, likely, tolerance=1e-6 if probabilities.dtype == float else 1e-5)

    def draw(rows, classes, spread):
        probabilities = rng.dirichlet([spread] * classes, size=rows)
        hit = rng.random(rows) < probabilities.max(axis=1) * 0.8
        other = rng.integers(classes, size=rows)
        return probabilities, np.where(hit, probabilities.argmax(axis=1), other)

    probabilities, labels = draw(300, 4, 0.7)
    expect(probabilities, labels, "four classes, ten bins", "weights, or the wrong confidence")
    for kind, given in awkward.sequences(labels.tolist()):
        expect(probabilities, given, f"labels as {kind}")
    expect(probabilities.astype(np.float32), labels, "probabilities in float32")
    for bins in (1, 2, 7, 15):
        expect(probabilities, labels, f"{bins} bins", "the number of bins is not used", bins=bins)
    expect(*draw(12, 6, 0.5), "few rows: most bins are empty", "NaN of an empty bin", bins=20)
    expect(*draw(200, 2, 1.0), "two classes: no confidence below one half")
    expect(*draw(200, 11, 1.0), "eleven classes")
    expect(probabilities, (probabilities.argmax(axis=1) + 1) % 4, "every answer is wrong")
    expect(probabilities, probabilities.argmax(axis=1), "every answer is right")
    expect(probabilities[:1], labels[:1], "one row")
    _expect_bin_edges(expect)


def _expect_bin_edges(expect):
    """Eighths, which are exact: 1/2 and 3/4 are edges of 2 and 4 bins, 1 that of any number."""
    half = [[4, 2, 2], [4, 3, 1], [5, 2, 1], [7, 1, 0]]
    expect(
        np.array(half) / 8,
        [1, 2, 0, 0],
        "confidences of exactly 1/2 with two bins",
        "an edge belongs to the bin below it",
        bins=2,
    )
    quarters = [[6, 2, 0], [0, 6, 2], [1, 0, 7], [4, 3, 1], [2, 5, 1]]
    expect(
        np.array(quarters) / 8,
        [1, 0, 2, 0, 0],
        "confidences of exactly 1/2 and 3/4 with four bins",
        "an edge belongs to the bin below it",
        bins=4,
    )
    sure = [[8, 0], [0, 8], [8, 0], [5, 3]]
    expect(
        np.array(sure) / 8, [0, 0, 1, 0], "confidences of exactly 1", "1.0 falls out of all bins"
    )
    expect(np.array([[4, 3, 1], [2, 4, 2]]) / 8, [2, 1], "1/2 with ten bins")


def _wilson(hits, rows, z=1.959963984540054):
    share, spread = hits / rows, z * z / rows
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / rows + spread / (4 * rows)) / (1 + spread)
    return middle - half, middle + half


def _expected_slices(frame, rules):
    lines = []
    for rule in rules.values():
        chosen = [
            row.label == row.predicted_label
            for row in frame.itertuples()
            if getattr(row, rule.column) in rule.values
        ]
        if chosen:
            share = sum(chosen) / len(chosen)
            lines.append((len(chosen), share, *_wilson(sum(chosen), len(chosen))))
        else:
            lines.append((0, math.nan, math.nan, math.nan))
    return pd.DataFrame(lines, columns=["rows", "accuracy", "lower", "upper"])


@grades("slice_metrics")
def _(answer, rng):
    def expect(frame, rules, what):
        got = unchanged(answer, frame, rules)
        has_type(got, pd.DataFrame, what)
        equal(list(got.index), list(rules), f"{what}: the index", "the order of the dict")
        equal(got.index.name, "slice", f"{what}: the index's name")
        equal(list(got.columns), ["rows", "accuracy", "lower", "upper"], f"{what}: the columns")
        wanted = _expected_slices(frame, rules)
        close(got["rows"], wanted["rows"], f"{what}: rows", "rows that are right only", FLOAT64)
        close(got["accuracy"], wanted["accuracy"], f"{what}: accuracy")
        for column, hint in (("lower", "below 0, or the plain interval"), ("upper", "above 1")):
            # The contract says 1e-4: 1.96 and the exact quantile differ by less.
            close(got[column], wanted[column], f"{what}: {column}", hint, tolerance=1e-4)

    rows = 140
    names = awkward.near_names(rng, 3)
    frame = pd.DataFrame(
        {
            "place": rng.choice(
                ["hill", "lake", "moor", "glen"], size=rows, p=[0.6, 0.25, 0.1, 0.05]
            ),
            "label": rng.choice(names, size=rows),
            "words": rng.integers(1, 9, size=rows),
        }
    )
    hit = rng.random(rows) < 0.8
    # Each name is taken for one that it resembles.
    other = dict(zip(names, [*names[1:], names[0]], strict=True))
    frame["predicted_label"] = np.where(hit, frame["label"], frame["label"].map(other))
    odd = awkward.names(rng, 1)[0]
    rules = {
        odd: Rule("odd", "words", (1, 3, 5)),
        "Near water": Rule("near water", "place", ("lake",)),
        "all": Rule("all", "place", ("hill", "lake", "moor", "glen")),
        "glen": Rule("glen", "place", ("glen",)),
        "long": Rule("long", "words", (6, 7, 8)),
        "one label": Rule("one label", "label", (names[0],)),
        "desert": Rule("desert", "place", ("desert",)),
    }
    expect(frame, rules, "seven slices, the last without rows")
    shuffled = frame.sample(frac=1, random_state=int(rng.integers(1000)))
    expect(shuffled, rules, "a frame whose index is not in order")
    for kind, index in awkward.indexes(rng, rows):
        expect(frame.set_axis(index), awkward.shuffled_dict(rng, rules), f"{kind}, seven slices")
    expect(frame[:0], rules, "a frame without rows: every slice is empty")
    expect(frame.iloc[3:60:2], rules, "a frame whose index has gaps")
    expect(frame, {"desert": rules["desert"], "all": rules["all"]}, "an empty slice first")
    expect(frame, {"desert": rules["desert"]}, "nothing but an empty slice")
    expect(frame[hit], {"all": rules["all"]}, "every row is right")
    wrong = frame.assign(predicted_label="none of them")
    expect(wrong, {"all": rules["all"]}, "every row is wrong")
    expect(frame[:1], {"all": rules["all"], "glen": rules["glen"]}, "a single row")
    ids = frame.assign(label=rng.integers(3, size=rows), predicted_label=rng.integers(3, size=rows))
    expect(ids, {"long": rules["long"], "all": rules["all"]}, "labels as ids")
    answer(frame, {"all": rules["all"]})
    asked = [call for call in answer.calls if call["of"] == "all"]
    that(bool(asked), "A slice is a function: it is to be called with the frame.")
    equal(asked[0]["rows"], rows, "the number of rows of the frame that a slice is called with")
