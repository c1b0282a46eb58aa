"""Visible checks of lesson 5."""

import math
import warnings

import numpy as np
import pandas as pd
import torch

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, of_type, that, unchanged
from helpers.checks.language import say


@examples("per_example_loss")
def _(answer):
    # Two classes whose probabilities are 1/4 and 3/4, so that a row costs log 4 or log 4/3.
    logits = torch.tensor([[0.0, math.log(3)], [math.log(3), 0.0], [0.0, math.log(3)]])
    labels = torch.tensor([0, 0, 1])
    quarter, rest = math.log(4), math.log(4 / 3)
    got = unchanged(answer, logits, labels, given="per_example_loss")
    of_type(got, torch.Tensor, "per_example_loss")
    close(
        got,
        [quarter, rest, rest],
        "For three rows whose labels have the probabilities 1/4, 3/4 and 3/4, the loss (1.386, "
        "0.288, 0.288)",
        {
            "That is the mean of the rows; each is wanted.": (quarter + 2 * rest) / 3,
            "That is the sum of the rows; each is wanted.": quarter + 2 * rest,
            "The sign is missing: the logarithm of a probability is at most 0.": [
                -quarter,
                -rest,
                -rest,
            ],
            "That is the probability of the label, not its logarithm.": [0.25, 0.75, 0.75],
            "That is a logarithm to base 2; nats are wanted.": [
                2.0,
                rest / math.log(2),
                rest / math.log(2),
            ],
            "That is the logit of the label alone; the sum of exponentials is missing.": [
                0.0,
                -math.log(3),
                -math.log(3),
            ],
            "That is the loss of the most probable class; take the column of the label.": [
                rest,
                rest,
                rest,
            ],
            "That is the loss of the first class in every row; take the label's column.": [
                quarter,
                rest,
                quarter,
            ],
            "The shape is (3, 1); squeeze the last dimension away.": [[quarter], [rest], [rest]],
            "`[:, labels]` takes all the labels' columns in every row: index rows, too.": [
                [quarter, quarter, rest],
                [rest, rest, quarter],
                [quarter, quarter, rest],
            ],
            "Every class has its loss here; pick the column of the label in each row.": [
                [quarter, rest],
                [rest, quarter],
                [quarter, rest],
            ],
            "The softmax runs over the rows; the classes are dimension 1.": _losses_by_column(
                logits, labels
            ),
        },
        tolerance=1e-4,
    )
    far = torch.tensor([[10_000.0, -10_000.0], [10_000.0, -10_000.0]])
    close(
        answer(far, torch.tensor([1, 0])),
        [20_000.0, 0.0],
        "For two rows of the logits 10000 and -10000 with the labels 1 and 0, the loss",
        "The probability of -10000 is 0 in any float: its logarithm is infinite, and clipping it "
        "or adding a small number gives a loss that is far too small. `log_softmax` and "
        "`logsumexp` never form the probability.",
        tolerance=2e-3,
    )
    close(
        answer(torch.zeros(1, 4), torch.tensor([2])),
        [math.log(4)],
        "For one row of four equal logits, the loss",
        {"A row of its own lost its dimension: the shape must stay (1,).": math.log(4)},
    )
    used = _functions_used(answer)
    that(
        not used & {"cross_entropy", "cross_entropy_loss"},
        "per_example_loss calls F.cross_entropy, which it is to stand without.",
    )


def _losses_by_column(logits, labels):
    return -logits.log_softmax(dim=0)[torch.arange(len(labels)), labels]


def _functions_used(answer):
    used = set()

    class Watched(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, arguments=(), options=None):
            used.add(getattr(function, "__name__", ""))
            return super().__torch_function__(function, types, arguments, options or {})

    answer(torch.zeros(2, 3), torch.tensor([0, 2]).as_subclass(Watched))
    return used


_SCORES = ("accuracy", "macro_f1", "micro_f1", "weighted_f1", "kappa", "mcc")


@examples("evaluation_report")
def _(answer):
    truth, predicted = [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0]
    names = ["sun", "rain"]
    got = unchanged(answer, truth, predicted, names, given="evaluation_report")
    of_type(got, dict, "evaluation_report")
    missing = [key for key in (*_SCORES, "per_class") if key not in got]
    that(not missing, f"The report lacks {', '.join(missing)}.")
    extra = sorted(set(got) - {*_SCORES, "per_class"})
    that(not extra, f"The report holds {', '.join(map(str, extra))}, which nobody asked for.")
    for key in _SCORES:
        of_type(got[key], float, f"`{key}`")
    given = "For the labels 0 0 0 0 1 1 and the predictions 0 0 0 1 1 0"
    likely = "No rounding, and truth comes before predictions."
    for key, value in {"accuracy": 4 / 6, "kappa": 0.25, "mcc": 0.25}.items():
        close(got[key], value, f"{given} the score {key}", likely, tolerance=1e-4)
    _check_table(got["per_class"], given)
    _check_averages(answer)
    _check_undefined(answer)


def _check_table(table, given):
    of_type(table, pd.DataFrame, "`per_class`")
    equal(
        list(table.index),
        ["sun", "rain"],
        "With the names sun, rain, the index of per_class",
        {
            "The index holds ids; the names are wanted.": [0, 1],
            "The names are sorted; keep the order of the list.": ["rain", "sun"],
            "The classes are the columns here: one row a class is wanted.": [
                "precision",
                "recall",
                "f1",
                "support",
            ],
        },
    )
    equal(
        sorted(table.columns),
        ["f1", "precision", "recall", "support"],
        "The sorted columns of per_class",
    )
    close(list(table["support"]), [4, 2], f"{given} the support of the two classes")


def _check_averages(answer):
    """A third name that nothing has, and sizes for which no two averages agree."""
    truth, predicted = [0, 0, 0, 0, 0, 1, 1, 3], [0, 0, 0, 1, 3, 1, 3, 0]
    names = ["sun", "rain", "hail", "fog"]
    given = "For 5 times sun, 2 times rain, once fog and no hail (nor is hail predicted)"
    report = answer(truth, predicted, names)
    table = report["per_class"]
    equal(
        list(table.index),
        names,
        f"{given} the index of per_class",
        {"A name without rows needs a row, too.": ["sun", "rain", "fog"]},
    )
    f1 = [6 / 9, 2 / 4, 0.0, 0.0]
    close(
        list(table["f1"]),
        f1,
        f"{given} the F1 of each class",
        {
            "A class without rows gets zeros, not NaN.": [6 / 9, 2 / 4, math.nan, 0.0],
            "A class without rows gets zeros, not ones.": [6 / 9, 2 / 4, 1.0, 0.0],
        },
    )
    weighted = (5 * 6 / 9 + 2 * 2 / 4) / 8
    over_all = "It averages over the classes that occur; over all names is wanted."
    of_means = "That is F1 of the mean precision and recall; the mean of the F1s is wanted."
    close(
        report["macro_f1"],
        sum(f1) / 4,
        f"{given} macro_f1",
        {
            over_all: sum(f1) / 3,
            of_means: 0.2925532,
            "That is the weighted average.": weighted,
            "That is the accuracy, which micro-F1 equals.": 4 / 8,
        },
    )
    close(
        report["weighted_f1"],
        weighted,
        f"{given} weighted_f1",
        {
            "That is the macro average.": sum(f1) / 4,
            "Weighted by predicted rows; true rows are wanted.": (4 * 6 / 9 + 2 * 2 / 4) / 8,
        },
    )
    macro = "That is the macro average; micro-F1 counts all hits together and equals the accuracy."
    close(report["micro_f1"], 4 / 8, f"{given} micro_f1", {macro: sum(f1) / 4})
    close(list(table["support"]), [5, 2, 0, 1], f"{given} the support", "True rows are counted.")
    for key, value in {"kappa": 0.1578947, "mcc": 0.1626978}.items():
        close(report[key], value, f"{given} the score {key}", tolerance=1e-4)
    shares = {"precision": [3 / 4, 1 / 2, 0.0, 0.0], "recall": [3 / 5, 1 / 2, 0.0, 0.0]}
    for column, values in shares.items():
        close(
            list(table[column]),
            values,
            f"{given} the {column} of each class",
            "In scikit-learn's functions truth comes before predictions.",
        )


def _check_undefined(answer):
    names = ["sun", "rain", "fog"]
    cases = ([1, 1, 1], say("For one class throughout, all right,")), ([2], say("For a single row"))
    for truth, given in cases:
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            report = answer(truth, truth, names)
        for key in ("kappa", "mcc"):
            close(
                report[key],
                0.0,
                f"{given} the score {key}",
                {
                    "0/0 is NaN: what does the exercise want where it is undefined?": math.nan,
                    "Perfect agreement, but luck alone would reach it: the exercise wants 0.": 1.0,
                },
            )
        close(
            report["macro_f1"],
            1 / 3,
            f"{given} macro_f1 over three names",
            {"It averages over the classes that occur; over all names is wanted.": 1.0},
        )
        that(
            not raised,
            f"{given} there is a warning ({raised[0].message if raised else ''}). Which case "
            "can be tested for before the function is called?",
        )
    for key in ("kappa", "mcc"):
        close(
            answer([0, 1, 1], [0, 1, 1], names)[key],
            1.0,
            f"For two classes, all right, the score {key}",
            {"It is undefined only where one class stands alone; here it has a value.": 0.0},
        )
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        answer([0, 1, 0], [0, 2, 0], names)
    that(
        not raised,
        "A class that is never predicted, or never true, gives a warning: "
        f"{raised[0].message if raised else ''} `zero_division` settles it.",
    )


@examples("most_confident_errors")
def _(answer):
    frame = pd.DataFrame(
        {
            "confidence": [0.6, 0.99, 0.8, 0.6, 0.9, 0.6],
            "label": ["sun", "sun", "fog", "fog", "sun", "sun"],
            "predicted_label": ["fog", "sun", "sun", "sun", "fog", "fog"],
            "text": ["a", "b", "c", "d", "e", "f"],
            "loss": [1.0, 0.1, 2.0, 1.5, 3.0, 1.2],
        },
        index=[10, 11, 12, 13, 14, 15],
    )
    got = unchanged(lambda rows: answer(rows, k=4), frame, given="most_confident_errors")
    of_type(got, pd.DataFrame, "most_confident_errors")
    equal(
        list(got.columns),
        ["text", "label", "predicted_label", "confidence"],
        "The list of columns",
        {
            "Exactly four of the columns are wanted, in this order.": list(frame.columns),
            "The order is wrong: text first, confidence last.": [
                "confidence",
                "label",
                "predicted_label",
                "text",
            ],
            "The index became a column: keep it as the index.": [
                "index",
                "text",
                "label",
                "predicted_label",
                "confidence",
            ],
        },
    )
    given = (
        "For rows a to f of confidence 0.6, 0.99, 0.8, 0.6, 0.9, 0.6, of which only b is right, "
        "and k=4, the texts"
    )
    equal(
        list(got["text"]),
        ["e", "c", "a", "d"],
        given,
        {
            "b is right: only wrong rows are wanted.": ["b", "e", "c", "a"],
            "b takes a place before it is filtered out: filter first, then cut.": ["e", "c", "a"],
            "Those are the least confident; best first.": ["a", "d", "f", "c"],
            "The rows are right, their order is not: most confident first.": ["a", "c", "d", "e"],
            "Rows of equal confidence must stay in their order: a before d before f.": [
                "e",
                "c",
                "f",
                "d",
            ],
            "All errors come back; only k of them are wanted.": ["e", "c", "a", "d", "f"],
            "Sorted by loss, not by confidence.": ["e", "c", "d", "f"],
            "The k most confident, but in the order of the frame; best first.": list("acde"),
        },
    )
    equal(
        list(got.index),
        [14, 12, 10, 13],
        "The index of these rows",
        {"It was counted anew: leave each row its own.": [0, 1, 2, 3]},
    )
    tied = pd.DataFrame(
        {
            "text": [f"row {number}" for number in range(200)],
            "label": "sun",
            "predicted_label": "fog",
            "confidence": [0.5, 0.25] * 100,
        }
    )
    equal(
        list(answer(tied, k=3)["text"]),
        ["row 0", "row 2", "row 4"],
        "For 200 errors whose confidence is 0.5, 0.25, 0.5, 0.25 and so on, the first three texts",
        "Not every sort leaves ties in their order; `kind` chooses one that does.",
    )
    equal(len(answer(tied)), 10, "With k left at its default, the number of rows")
    equal(
        len(answer(frame, k=100)),
        5,
        "With five errors and k=100, the number of rows",
        "No padding.",
    )


@examples("suspect_labels")
def _(answer):
    # The table of the lesson, in which messages c and e are suspects.
    calm = np.array([0.9, 0.6, 0.3, 0.2, 0.7, 0.5])
    probabilities = np.stack([calm, 1 - calm], axis=1)
    labels = np.array([0, 0, 0, 1, 1, 1])
    got = unchanged(answer, probabilities, labels, given="suspect_labels")
    of_type(got, np.ndarray, "suspect_labels")
    hint = " One bool a row is wanted, not the suspects' numbers." if len(got) == 2 else ""
    that(
        got.shape == (6,),
        f"Six rows must give an array of the shape (6,); yours has the shape {got.shape}.{hint}",
    )
    that(got.dtype == bool, f"The array must hold bool; yours holds {got.dtype}.")
    equal(
        got,
        np.array([False, False, True, False, True, False]),
        "For the six messages a to f of the table above, the suspects",
        {
            "Those are the messages that are not suspect.": np.array(
                [True, True, False, True, False, True]
            ),
            "Nothing is suspect. Is a candidate compared with the row's label?": np.zeros(6, bool),
            "f has no candidate: with P(tense) = 0.5 it reaches no threshold. It is not enough "
            "that its own label is below its threshold.": np.array(
                [False, False, True, False, True, True]
            ),
        },
    )
    equal(
        answer(probabilities, labels.tolist()),
        np.array([False, False, True, False, True, False]),
        "The same with the labels as a list",
        "`list == 0` is one False: make it an array first.",
    )
    _check_candidates(answer)
    _check_thresholds(answer)


def _check_candidates(answer):
    table = np.array([[14, 1, 1], [8, 4, 4], [1, 14, 1], [8, 2, 6], [8, 2, 6]]) / 16
    equal(
        answer(table, np.array([0, 1, 1, 2, 1])),
        np.array([False, False, False, False, True]),
        "With the thresholds 14/16, 6.7/16 and 6/16, for rows [14 1 1], [8 4 4], [1 14 1], "
        "[8 2 6], [8 2 6] (sixteenths) labelled 0 1 1 2 1, the suspects",
        {
            "The last row: class 0 has the most, but misses its threshold. Class 2 reaches its "
            "own, so the row is suspect. Take the argmax among candidates only.": np.zeros(5, bool),
            "The model's first choice is compared with the label; thresholds do not matter "
            "then.": np.array([False, True, False, True, True]),
            "The second row has no candidate at all, so it is not suspect.": np.array(
                [False, True, False, False, True]
            ),
        },
    )

    table = np.array([[7, 6, 3], [5, 3, 8], [12, 0, 4], [6, 8, 2]]) / 16
    equal(
        answer(table, np.array([0, 0, 1, 1])),
        np.array([False, False, True, False]),
        "With the thresholds 6/16 and 4/16, for rows [7 6 3], [5 3 8], [12 0 4], [6 8 2] "
        "(sixteenths) labelled 0 0 1 1, the suspects",
        {
            "The first and the last row have two candidates, of which the more probable is their "
            "label: they are not suspect.": np.array([True, False, True, True]),
            "The last row has two candidates; take the more probable, not the first.": np.array(
                [False, False, True, True]
            ),
            "Of two candidates the more probable counts, not the one that exceeds its threshold "
            "by more.": np.array([True, False, True, False]),
        },
    )


def _check_thresholds(answer):
    halves = np.array([[12, 4], [8, 8], [10, 6], [6, 10], [2, 14]]) / 16
    equal(
        answer(halves, np.array([0, 0, 1, 1, 1])),
        np.array([False, False, True, False, False]),
        "For P(first class) of 12, 8, 10, 6, 2 sixteenths labelled 0 0 1 1 1, where the third row "
        "lies exactly at the first threshold of 10/16, the suspects",
        {"At the threshold counts as reached: `>=`.": np.zeros(5, bool)},
    )
    absent = np.array([[2, 4, 10], [10, 4, 2], [4, 10, 2], [5, 3, 8]]) / 16
    equal(
        answer(absent, np.array([0, 0, 1, 1])),
        np.array([False, False, False, False]),
        "For rows [2 4 10], [10 4 2], [4 10 2], [5 3 8] (sixteenths) labelled 0 0 1 1, the "
        "suspects",
        {
            "Nobody is labelled with class 2, so it has no threshold and is never a candidate, "
            "however probable. Is its threshold 0?": np.array([True, False, False, True]),
        },
    )


@examples("expected_calibration_error")
def _(answer):
    probabilities = np.array([[0.625, 0.375], [0.625, 0.375], [0.125, 0.875], [0.9375, 0.0625]])
    labels = np.array([0, 0, 1, 1])
    got = unchanged(
        lambda table, truth: answer(table, truth, bins=4),
        probabilities,
        labels,
        given="expected_calibration_error",
    )
    hint = " Did you forget `return`?" if got is None else ""
    that(
        np.ndim(got) == 0 and isinstance(got, float | int | np.number),
        f"expected_calibration_error returns one number; yours is a {type(got).__name__}.{hint}",
    )
    # (0.5, 0.75] holds two rows, all right; (0.75, 1] two of the mean 0.90625, one of them right.
    low, high = 0.375, 0.40625
    given = (
        "For four rows with the confidences 0.625, 0.625, 0.875, 0.9375, of which all but the last "
        "are right,"
    )
    close(
        got,
        (low + high) / 2,
        f"{given} and bins=4, the error",
        {
            "The groups are not weighted by their share of the rows: that is a sum.": low + high,
            "It divides by the number of bins, empty ones included: weight by rows.": (low + high)
            / 4,
            "Either the gap of each row is averaged, or there are ten groups whatever `bins` says; "
            "here both give that.": (2 * 0.375 + 0.125 + 0.9375) / 4,
            "That is the largest gap; the average is wanted.": high,
            "Signs cancel out: take the absolute value of each group's gap.": (high - low) / 2,
            "Those are squared gaps; absolute values are wanted.": (low**2 + high**2) / 2,
            "Some group is empty, and its mean is NaN: skip it.": math.nan,
            "The confidence is the top probability of a row, not that of its label.": 0.234375,
            "That is a percentage.": 50 * (low + high),
        },
    )
    close(
        answer(probabilities, labels, bins=1),
        0.015625,
        f"{given} and bins=1, which is one group of all, the error",
        {"There are other groups whatever `bins` says.": (2 * 0.375 + 0.125 + 0.9375) / 4},
    )
    _check_uneven_sizes(answer)
    _check_edges(answer)
    top = np.array([0.625, 0.6875, 0.75])
    close(
        answer(np.stack([top, 1 - top], axis=1), [1, 0, 0]),
        0.1875,
        "For the confidences 0.625, 0.6875, 0.75, of which the first is wrong, labels as a list "
        "and `bins` left at its default of 10, the error",
        {
            "That is the error with 15 groups.": 0.3958333,
            "That is the error with 5 groups.": 0.0208333,
            "Lists are compared as a whole: make them arrays first.": 0.6875,
        },
        tolerance=1e-4,
    )


def _check_uneven_sizes(answer):
    table = np.array([[0.625, 0.375], [0.875, 0.125], [0.875, 0.125], [0.875, 0.125]])
    close(
        answer(table, np.array([1, 0, 0, 1]), bins=4),
        (0.625 + 3 * (0.875 - 2 / 3)) / 4,
        "For one wrong row of confidence 0.625, and three of 0.875 of which two are right, with "
        "bins=4, the error",
        {
            "Each group counts the same; weight it by its number of rows.": (
                0.625 + (0.875 - 2 / 3)
            )
            / 2,
        },
        tolerance=1e-4,
    )


def _check_edges(answer):
    table = np.array([[0.5, 0.25, 0.25], [0.875, 0.125, 0.0]])
    close(
        answer(table, np.array([1, 0]), bins=2),
        (0.5 + 0.125) / 2,
        "With bins=2, a wrong row of confidence exactly 0.5 and a right one of 0.875, the error",
        {
            "0.5 lies on an edge and belongs to the group below it, (0, 0.5]. Yours puts both rows "
            "into one group.": abs(0.6875 - 0.5),
            "0.5 lies on an edge and belongs to the group below it; yours drops it.": 0.125 / 2,
        },
        tolerance=1e-4,
    )
    close(
        answer(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0])),
        0.5,
        "For two rows of confidence exactly 1, one of them right, the error",
        {"1.0 lies in the last group, (0.9, 1]; yours drops it.": 0.0},
    )


@examples("slice_metrics")
def _(answer):
    frame = pd.DataFrame(
        {
            "label": ["sun"] * 10,
            "predicted_label": ["sun"] * 9 + ["fog"],
            "place": ["hill"] * 6 + ["lake"] * 4,
        },
        index=[24, 21, 29, 20, 26, 23, 28, 22, 27, 25],
    )
    slices = {
        "lake": lambda rows: rows["place"] == "lake",
        "all": lambda rows: rows["place"].notna(),
        "hill": lambda rows: rows["place"] == "hill",
    }
    got = unchanged(lambda rows: answer(rows, slices), frame, given="slice_metrics")
    of_type(got, pd.DataFrame, "slice_metrics")
    equal(
        list(got.index),
        ["lake", "all", "hill"],
        "For the slices lake, all, hill the index",
        {
            "Sorted; the order of the dict is wanted.": ["all", "hill", "lake"],
            "The slices' names belong into the index.": [0, 1, 2],
            "One row a slice is wanted: turn the table round.": [
                "rows",
                "accuracy",
                "lower",
                "upper",
            ],
        },
    )
    that(
        got.index.name == "slice",
        f"The index is to be named 'slice'; yours has the name {got.index.name!r}.",
    )
    equal(list(got.columns), ["rows", "accuracy", "lower", "upper"], "The columns")
    close(
        list(got["rows"]),
        [4, 10, 6],
        "The rows of lake, all, hill",
        {"Those are the right rows; all rows of the slice count.": [3, 9, 6]},
    )
    close(
        list(got["accuracy"]),
        [0.75, 0.9, 1.0],
        "The accuracy on lake, all, hill",
        {
            "Those are percentages.": [75.0, 90.0, 100.0],
            "That is the share of errors.": [0.25, 0.1, 0.0],
            "Divided by all rows, not by those of the slice.": [0.3, 0.9, 0.6],
        },
    )
    _check_interval(got.loc["all"], got.loc["hill"])
    empty = answer(frame, {"none": lambda rows: rows["place"] == "moon", "all": slices["all"]})
    equal(list(empty.index), ["none", "all"], "With a slice that no row is in, the index",
          {"An empty slice keeps its row.": ["all"]})  # fmt: skip
    close(list(empty["rows"]), [0, 10], "With a slice that no row is in, the column rows")
    close(
        [float(empty.loc["none", column]) for column in ("accuracy", "lower", "upper")],
        [math.nan] * 3,
        "A slice that no row is in: accuracy, lower and upper",
        {
            "Nothing is known of it: NaN, not 0.": [0.0] * 3,
            "Nothing is known of it: NaN for the interval, too.": [math.nan, 0.0, 1.0],
        },
    )


def _check_interval(nine_of_ten, six_of_six):
    given = "For 9 of 10 right rows, lower and upper"
    close(
        [nine_of_ten["lower"], nine_of_ten["upper"]],
        [0.59585, 0.98212],
        given,
        {
            "That is p ± z·√(p(1−p)/n), which goes past 1. Wilson's formula is wanted.": [
                0.71406,
                1.08594,
            ],
            "That is p ± z·√(p(1−p)/n), cut off at 1. Wilson's formula is wanted.": [0.71406, 1.0],
            "That is a 90 % interval: z is 1.96 for 95 %, which leaves 2.5 % at each end.": [
                0.65228,
                0.97737,
            ],
            "z is 1.96; yours looks like 2.": [0.58880, 0.98263],
            "That is a 99 % interval: z is 1.96 for 95 %.": [0.49277, 0.98815],
            "That is Clopper and Pearson's exact interval; Wilson's is wanted.": [0.55498, 0.99747],
            "That is Wilson's interval with a continuity correction, which is not wanted.": [
                0.54115,
                0.99476,
            ],
            "The ends are swapped.": [0.98212, 0.59585],
        },
        tolerance=1e-4,
    )
    close(
        [six_of_six["lower"], six_of_six["upper"]],
        [0.60967, 1.0],
        "For 6 of 6 right rows, lower and upper",
        {"A width of 0 from six rows? p ± z·√(p(1−p)/n) fails at 1.": [1.0, 1.0]},
        tolerance=1e-4,
    )
