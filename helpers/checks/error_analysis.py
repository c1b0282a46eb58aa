"""Visible checks of lesson 5."""

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.overrides import TorchFunctionMode

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, joined, of_type, runs, shown, that, unchanged
from helpers.checks.language import say


@examples("per_example_loss")
def _(answer: Any) -> None:
    # Two classes with the probabilities 1/4 and 3/4, so the loss of a row is log 4 or log 4/3.
    logits = torch.tensor([[0.0, math.log(3)], [math.log(3), 0.0], [0.0, math.log(3)]])
    labels = torch.tensor([0, 0, 1])
    quarter, rest = math.log(4), math.log(4 / 3)
    got = unchanged(answer, logits, labels, given="per_example_loss")
    of_type(got, torch.Tensor, "per_example_loss")
    close(
        got,
        [quarter, rest, rest],
        say(
            "For three rows whose labels have the probabilities 1/4, 3/4 and 3/4, "
            "the loss (1.386, 0.288, 0.288)"
        ),
        {
            say("That is the mean of the rows; each is wanted."): (quarter + 2 * rest) / 3,
            say("That is the sum of the rows; each is wanted."): quarter + 2 * rest,
            say("The sign is missing: the logarithm of a probability is at most 0."): [
                -quarter,
                -rest,
                -rest,
            ],
            say("That is the probability of the label, not its logarithm."): [0.25, 0.75, 0.75],
            say("That is a logarithm to base 2; nats are wanted."): [
                2.0,
                rest / math.log(2),
                rest / math.log(2),
            ],
            say("That is the logit of the label alone; the sum of exponentials is missing."): [
                0.0,
                -math.log(3),
                -math.log(3),
            ],
            say("That is the loss of the most probable class; take the column of the label."): [
                rest,
                rest,
                rest,
            ],
            say("That is the loss of the first class in every row; take the label's column."): [
                quarter,
                rest,
                quarter,
            ],
            say("The shape is (3, 1); squeeze the last dimension away."): [
                [quarter],
                [rest],
                [rest],
            ],
            say("`[:, labels]` takes all the labels' columns in every row: index rows, too."): [
                [quarter, quarter, rest],
                [rest, rest, quarter],
                [quarter, quarter, rest],
            ],
            say("Every class has its loss here; pick the column of the label in each row."): [
                [quarter, rest],
                [rest, quarter],
                [quarter, rest],
            ],
            say("The softmax runs over the rows; the classes are dimension 1."): _losses_by_column(
                logits, labels
            ),
        },
        tolerance=1e-4,
    )
    many = torch.tensor([[0.0] * 7 + [math.log(3)], [0.0] * 7 + [math.log(5)]])
    close(
        answer(many, torch.tensor([7, 6])),
        [math.log(10 / 3), math.log(12)],
        say(
            "For two rows of eight classes whose labels have the probabilities 3/10 and 1/12, the "
            "loss (1.204, 2.485)"
        ),
        {
            say("The rows are in another order: row i of the result belongs to row i."): [
                math.log(12),
                math.log(10 / 3),
            ],
        },
    )
    far = torch.tensor([[10_000.0, -10_000.0], [10_000.0, -10_000.0]])
    close(
        answer(far, torch.tensor([1, 0])),
        [20_000.0, 0.0],
        say("For two rows of the logits 10000 and -10000 with the labels 1 and 0, the loss"),
        say(
            "The probability of -10000 is 0 in any float: its logarithm is infinite, "
            "and clipping it or adding a small number gives a loss that is far too "
            "small. `log_softmax` and `logsumexp` never form the probability."
        ),
        tolerance=2e-3,
    )
    close(
        answer(torch.zeros(1, 4), torch.tensor([2])),
        [math.log(4)],
        say("For one row of four equal logits, the loss"),
        {say("A single row lost its dimension: the shape must stay (1,)."): math.log(4)},
    )
    used = _functions_used(answer)
    that(
        not used & {"cross_entropy", "cross_entropy_loss"},
        say("per_example_loss calls F.cross_entropy; write it without that function."),
    )


def _losses_by_column(logits: Any, labels: Any) -> Any:
    return -logits.log_softmax(dim=0)[torch.arange(len(labels)), labels]


def _functions_used(answer: Any) -> set[str]:
    used: set[str] = set()

    class Watch(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, arguments: Any = (), options: Any = None
        ) -> Any:
            used.add(getattr(function, "__name__", ""))
            return function(*arguments, **(options or {}))

    logits, labels = torch.zeros(2, 3), torch.tensor([0, 2])
    with Watch():
        answer(logits, labels)
    return used


_SCORES = ("accuracy", "macro_f1", "micro_f1", "weighted_f1", "kappa", "mcc")


@examples("evaluation_report")
def _(answer: Any) -> None:
    truth, predicted = [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0]
    names = ["sun", "rain"]
    got = unchanged(answer, truth, predicted, names, given="evaluation_report")
    of_type(got, dict, "evaluation_report")
    missing = [key for key in (*_SCORES, "per_class") if key not in got]
    that(not missing, say("The report has no {1}.", ", ".join(missing)))
    extra = sorted(set(got) - {*_SCORES, "per_class"})
    that(
        not extra,
        say(
            "The report holds {1}, which the exercise does not ask for.", ", ".join(map(str, extra))
        ),
    )
    for key in _SCORES:
        of_type(got[key], float, f"`{key}`")
    given = say("For the labels 0 0 0 0 1 1 and the predictions 0 0 0 1 1 0")
    for key, value in {"accuracy": 4 / 6, "kappa": 0.25, "mcc": 0.25}.items():
        likely = {
            say("No rounding."): round(value, 2),
            say("Lists are compared as a whole: make them arrays first."): 0.0,
        }
        close(got[key], value, say("{1}, the score {2}", given, key), likely, tolerance=1e-4)
    _check_table(got["per_class"], given)
    given = say("For labels in two Series with different indexes, the accuracy")
    likely = say("Rows belong together by place, not by index: make arrays of them first.")
    series = pd.Series(truth, index=range(6, 0, -1)), pd.Series(predicted)
    close(runs(lambda: answer(*series, names), given, likely)["accuracy"], 4 / 6, given, likely)
    _check_averages(answer)
    _check_undefined(answer)
    equal(
        list(answer([0, 1], [0, 1], ["Sun ", "sun"])["per_class"].index),
        ["Sun ", "sun"],
        say("With the names 'Sun ' and 'sun', the index of per_class"),
        say("The names are those of the list, as they are."),
    )


def _check_table(table: Any, given: str) -> None:
    of_type(table, pd.DataFrame, "`per_class`")
    equal(
        list(table.index),
        ["sun", "rain"],
        say("With the names sun, rain, the index of per_class"),
        {
            say("The index holds ids; the names are wanted."): [0, 1],
            say("The names are sorted; keep the order of the list."): ["rain", "sun"],
            say("The classes are the columns here: one row per class is wanted."): [
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
        say("The sorted columns of per_class"),
    )
    close(list(table["support"]), [4, 2], say("{1} the support of the two classes", given))


def _check_averages(answer: Any) -> None:
    """Try a third class without rows, and sizes for which all averages differ."""
    truth, predicted = [0, 0, 0, 0, 0, 1, 1, 3], [0, 0, 0, 1, 3, 1, 3, 0]
    names = ["sun", "rain", "hail", "fog"]
    given = say("For 5 times sun, 2 times rain, once fog and no hail (nor is hail predicted)")
    report = answer(truth, predicted, names)
    table = report["per_class"]
    equal(
        list(table.index),
        names,
        say("{1} the index of per_class", given),
        {say("A name without rows needs a row, too."): ["sun", "rain", "fog"]},
    )
    f1 = [6 / 9, 2 / 4, 0.0, 0.0]
    close(
        list(table["f1"]),
        f1,
        say("{1} the F1 of each class", given),
        {
            say("A class without rows gets zeros, not NaN."): [6 / 9, 2 / 4, math.nan, 0.0],
            say("A class without rows gets zeros, not ones."): [6 / 9, 2 / 4, 1.0, 0.0],
        },
    )
    weighted = (5 * 6 / 9 + 2 * 2 / 4) / 8
    over_all = say("It averages over the classes that occur; over all names is wanted.")
    of_means = say("That is F1 of the mean precision and recall; the mean of the F1s is wanted.")
    close(
        report["macro_f1"],
        sum(f1) / 4,
        say("{1} macro_f1", given),
        {
            over_all: sum(f1) / 3,
            of_means: 0.2925532,
            say("That is the weighted average."): weighted,
            say("That is the accuracy, which micro-F1 equals."): 4 / 8,
        },
    )
    close(
        report["weighted_f1"],
        weighted,
        say("{1} weighted_f1", given),
        {
            say("That is the macro average."): sum(f1) / 4,
            say("Weighted by predicted rows; true rows are wanted."): (4 * 6 / 9 + 2 * 2 / 4) / 8,
        },
    )
    macro = say(
        "That is the macro average; micro-F1 counts all hits together and equals the accuracy."
    )
    close(report["micro_f1"], 4 / 8, say("{1} micro_f1", given), {macro: sum(f1) / 4})
    close(
        list(table["support"]),
        [5, 2, 0, 1],
        say("{1} the support", given),
        say("True rows are counted."),
    )
    for key, value in {"kappa": 0.1578947, "mcc": 0.1626978}.items():
        close(report[key], value, say("{1}, the score {2}", given, key), tolerance=1e-4)
    shares = {"precision": [3 / 4, 1 / 2, 0.0, 0.0], "recall": [3 / 5, 1 / 2, 0.0, 0.0]}
    for column, values in shares.items():
        close(
            list(table[column]),
            values,
            say("{1} the {2} of each class", given, column),
            say("In scikit-learn's functions truth comes before predictions."),
        )


def _check_undefined(answer: Any) -> None:
    names = ["sun", "rain", "fog"]
    cases = ([1, 1, 1], say("For one class throughout, all right")), ([2], say("For a single row"))
    for truth, given in cases:
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            report = answer(truth, truth, names)
        for key in ("kappa", "mcc"):
            of_type(report[key], float, say("{1}, the score {2}", given, key))
            close(
                report[key],
                0.0,
                say("{1}, the score {2}", given, key),
                {
                    say("0/0 is NaN: what does the exercise want where it is undefined?"): math.nan,
                    say(
                        "Perfect agreement, but luck alone would reach it: the exercise wants 0."
                    ): 1.0,
                },
            )
        close(
            report["macro_f1"],
            1 / 3,
            say("{1}, macro_f1 over three names", given),
            {say("It averages over the classes that occur; over all names is wanted."): 1.0},
        )
        that(
            not raised,
            say(
                "{1}, there is a warning ({2}). Which case can be tested for before the "
                "function is called?",
                given,
                raised[0].message if raised else "",
            ),
        )
    for key in ("kappa", "mcc"):
        close(
            answer([0, 1, 1], [0, 1, 1], names)[key],
            1.0,
            say("For two classes, all right, the score {1}", key),
            {say("It is undefined only where there is a single class; here it has a value."): 0.0},
        )
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        answer([0, 1, 0], [0, 2, 0], names)
    that(
        not raised,
        say(
            "A class that is never predicted, or never true, gives a warning: {1} "
            "`zero_division` settles it.",
            raised[0].message if raised else "",
        ),
    )


@examples("most_confident_errors")
def _(answer: Any) -> None:
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
        say("The list of columns"),
        {
            say("Exactly four of the columns are wanted, in this order."): list(frame.columns),
            say("The order is wrong: text first, confidence last."): [
                "confidence",
                "label",
                "predicted_label",
                "text",
            ],
            say("The index became a column: keep it as the index."): [
                "index",
                "text",
                "label",
                "predicted_label",
                "confidence",
            ],
        },
    )
    given = say(
        "For rows a to f of confidence 0.6, 0.99, 0.8, 0.6, 0.9, 0.6, of which "
        "only b is right, and k=4, the texts"
    )
    equal(
        list(got["text"]),
        ["e", "c", "a", "d"],
        given,
        {
            say("b is right: only wrong rows are wanted."): ["b", "e", "c", "a"],
            say("b takes a place before it is filtered out: filter first, then cut."): [
                "e",
                "c",
                "a",
            ],
            say("Those are the least confident; best first."): ["a", "d", "f", "c"],
            say("The rows are right, their order is not: most confident first."): [
                "a",
                "c",
                "d",
                "e",
            ],
            say("Rows of equal confidence must stay in their order: a before d before f."): [
                "e",
                "c",
                "f",
                "d",
            ],
            say("All errors come back; only k of them are wanted."): ["e", "c", "a", "d", "f"],
            say("Sorted by loss, not by confidence."): ["e", "c", "d", "f"],
            say("The k most confident, but in the order of the frame; best first."): list("acde"),
        },
    )
    equal(
        list(got.index),
        [14, 12, 10, 13],
        say("The index of these rows"),
        {say("The rows were numbered again: keep each row's own index."): [0, 1, 2, 3]},
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
        say(
            "For 200 errors whose confidence is 0.5, 0.25, 0.5, 0.25 and so on, the "
            "first three texts"
        ),
        say("Not every sort leaves ties in their order; `kind` chooses one that does."),
    )
    given = say("For rows that share an index, the texts")
    likely = say("Rows that share an index are rows all the same: go by place, not by index.")
    got = runs(lambda: answer(frame.set_axis([7] * 6), k=4), given, likely)
    equal(list(got["text"]), ["e", "c", "a", "d"], given, likely)
    equal(len(answer(tied)), 10, say("With k left at its default, the number of rows"))
    equal(
        len(answer(frame, k=100)),
        5,
        say("With five errors and k=100, the number of rows"),
        say("No padding."),
    )
    _check_odd_rows(answer)


def _check_odd_rows(answer: Any) -> None:
    """Try labels, texts and confidences that must not be cleaned up, and be compared exactly."""
    frame = pd.DataFrame(
        {
            "text": [" A\t", "", "b", "c"],
            "label": ["Sun", "sun", "sun", "fog"],
            "predicted_label": ["sun", "sun ", "sun", "sun"],
            "confidence": [0.6253125, 0.7156875, 0.9, 0.6253125],
        },
        index=[9, 3, 5, 1],
    )
    given = say(
        "For the labels 'Sun', 'sun', 'sun', 'fog' with the predictions 'sun', 'sun ', 'sun', "
        "'sun' and the texts ' A\\t', '', 'b', 'c', of which all but 'b' are wrong, and k=3"
    )
    got = answer(frame, k=3)
    equal(
        list(got["text"]),
        ["", " A\t", "c"],
        say("{1}, the texts", given),
        {
            say("'Sun' and 'sun' are two labels: compare them as they are."): ["", "c"],
            say("'sun ' and 'sun' are two labels: compare them as they are."): [" A\t", "c"],
            say("A row without a text is an error like any other."): [" A\t", "c"],
            say("The texts come back as they are, blanks at their ends too."): ["", "A", "c"],
            say("There are just as many errors as k: all of them are wanted."): ["", " A\t"],
            say("Rows of equal confidence stay in their order, not in that of the index."): [
                "",
                "c",
                " A\t",
            ],
        },
    )
    given = say("{1}, the confidences", given)
    confidences = list(got["confidence"])
    of_type(confidences[0], float, given)
    close(
        confidences,
        [0.7156875, 0.6253125, 0.6253125],
        given,
        say("They come back as they are, not rounded."),
    )


@examples("suspect_labels")
def _(answer: Any) -> None:
    # The lesson's table, where messages c and e are suspects.
    calm = np.array([0.9, 0.6, 0.3, 0.2, 0.7, 0.5])
    probabilities = np.stack([calm, 1 - calm], axis=1)
    labels = np.array([0, 0, 0, 1, 1, 1])
    got = unchanged(answer, probabilities, labels, given="suspect_labels")
    of_type(got, np.ndarray, "suspect_labels")
    hint = say("Expected one bool per row, not the suspects' numbers.") if len(got) == 2 else ""
    text = say("Six rows must give an array of the shape (6,); yours has the shape {1}.", got.shape)
    that(got.shape == (6,), joined(text, hint))
    that(got.dtype == bool, say("The array must hold bool; yours holds {1}.", got.dtype))
    equal(
        got,
        np.array([False, False, True, False, True, False]),
        say("For the six messages a to f of the table above, the suspects"),
        {
            say("Those are the messages that are not suspect."): np.array(
                [True, True, False, True, False, True]
            ),
            say("Nothing is suspect. Is a candidate compared with the row's label?"): np.zeros(
                6, bool
            ),
            say(
                "f has no candidate: with P(tense) = 0.5 it reaches no threshold. It is "
                "not enough that its own label is below its threshold."
            ): np.array([False, False, True, False, True, True]),
        },
    )
    equal(
        answer(probabilities, labels.tolist()),
        np.array([False, False, True, False, True, False]),
        say("The same with the labels as a list"),
        say("`list == 0` is one False: make it an array first."),
    )
    given = say("The same with the labels in a Series whose index runs from 5 down to 0")
    likely = say("A Series is looked up by its index, not by place: make an array of it first.")
    series = pd.Series(labels, index=range(5, -1, -1))
    got = runs(lambda: answer(probabilities, series), given, likely)
    equal(got, np.array([False, False, True, False, True, False]), given, likely)
    _check_candidates(answer)
    _check_thresholds(answer)
    _check_ties(answer)


def _check_candidates(answer: Any) -> None:
    table = np.array([[14, 1, 1], [8, 4, 4], [1, 14, 1], [8, 2, 6], [8, 2, 6]]) / 16
    equal(
        answer(table, np.array([0, 1, 1, 2, 1])),
        np.array([False, False, False, False, True]),
        say(
            "With the thresholds 14/16, 6.7/16 and 6/16, for rows [14 1 1], [8 4 4], "
            "[1 14 1], [8 2 6], [8 2 6] (sixteenths) labelled 0 1 1 2 1, the suspects"
        ),
        {
            say(
                "The last row: class 0 has the most, but misses its threshold. Class 2 "
                "reaches its own, so the row is suspect. Take the argmax among "
                "candidates only."
            ): np.zeros(5, bool),
            say(
                "The model's first choice is compared with the label, or there is one threshold "
                "for all classes: each class has its own."
            ): np.array([False, True, False, True, True]),
            say("The second row has no candidate at all, so it is not suspect."): np.array(
                [False, True, False, False, True]
            ),
        },
    )

    table = np.array([[7, 6, 3], [5, 3, 8], [12, 0, 4], [6, 8, 2]]) / 16
    equal(
        answer(table, np.array([0, 0, 1, 1])),
        np.array([False, False, True, False]),
        say(
            "With the thresholds 6/16 and 4/16, for rows [7 6 3], [5 3 8], [12 0 4], "
            "[6 8 2] (sixteenths) labelled 0 0 1 1, the suspects"
        ),
        {
            say(
                "The first and the last row have two candidates, of which the more "
                "probable is their label: they are not suspect."
            ): np.array([True, False, True, True]),
            say(
                "The last row has two candidates; take the more probable, not the first."
            ): np.array([False, False, True, True]),
            say(
                "Of two candidates the more probable counts, not the one that exceeds "
                "its threshold by more."
            ): np.array([True, False, True, False]),
        },
    )


def _check_ties(answer: Any) -> None:
    table = np.array([[8, 8], [8, 8], [6, 10], [10, 6]]) / 16
    equal(
        answer(table, np.array([0, 1, 0, 1])),
        np.array([False, False, True, True]),
        say(
            "For P(first class) of 8, 8, 6, 10 sixteenths labelled 0 1 0 1, so that both classes "
            "have the threshold 7/16, the suspects"
        ),
        say("Of equally probable candidates the label itself wins; argmax takes the lower id."),
    )


def _check_thresholds(answer: Any) -> None:
    halves = np.array([[12, 4], [8, 8], [10, 6], [6, 10], [2, 14]]) / 16
    equal(
        answer(halves, np.array([0, 0, 1, 1, 1])),
        np.array([False, False, True, False, False]),
        say(
            "For P(first class) of 12, 8, 10, 6, 2 sixteenths labelled 0 0 1 1 1, "
            "where the third row lies exactly at the first threshold of 10/16, the "
            "suspects"
        ),
        {say("At the threshold counts as reached: `>=`."): np.zeros(5, bool)},
    )
    absent = np.array([[2, 4, 10], [10, 4, 2], [4, 10, 2], [5, 3, 8]]) / 16
    equal(
        answer(absent, np.array([0, 0, 1, 1])),
        np.array([False, False, False, False]),
        say(
            "For rows [2 4 10], [10 4 2], [4 10 2], [5 3 8] (sixteenths) labelled 0 "
            "0 1 1, the suspects"
        ),
        {
            say(
                "Nobody is labelled with class 2, so it has no threshold and is never a "
                "candidate, however probable. Is its threshold 0?"
            ): np.array([True, False, False, True]),
        },
    )


@examples("expected_calibration_error")
def _(answer: Any) -> None:
    probabilities = np.array([[0.625, 0.375], [0.625, 0.375], [0.125, 0.875], [0.9375, 0.0625]])
    labels = np.array([0, 0, 1, 1])
    got = unchanged(
        lambda table, truth: answer(table, truth, bins=4),
        probabilities,
        labels,
        given="expected_calibration_error",
    )
    hint = say("Did you forget `return`?") if got is None else ""
    text = say("expected_calibration_error must return one number; yours returns {1}.", shown(got))
    that(np.ndim(got) == 0 and isinstance(got, float | int | np.number), joined(text, hint))
    of_type(got, float, "expected_calibration_error")
    # (0.5, 0.75] has two rows, both right; (0.75, 1] has two, mean 0.90625, one of them right.
    low, high = 0.375, 0.40625
    given = say(
        "For four rows with the confidences 0.625, 0.625, 0.875, 0.9375, of "
        "which all but the last are right,"
    )
    close(
        got,
        (low + high) / 2,
        say("{1} and bins=4, the error", given),
        {
            say("The groups are not weighted by their share of the rows: that is a sum."): low
            + high,
            say("It divides by the number of bins, empty ones included: weight by rows."): (
                low + high
            )
            / 4,
            say(
                "That is the average of the rows' own gaps: are they put into groups, of equal "
                "width between 0 and 1, as many as `bins` says?"
            ): (2 * 0.375 + 0.125 + 0.9375) / 4,
            say("That is the largest gap; the average is wanted."): high,
            say("Signs cancel out: take the absolute value of each group's gap."): (high - low) / 2,
            say("Those are squared gaps; absolute values are wanted."): (low**2 + high**2) / 2,
            say("Some group is empty, and its mean is NaN: skip it."): math.nan,
            say("The confidence is the top probability of a row, not that of its label."): 0.234375,
            say("That is a percentage."): 50 * (low + high),
        },
    )
    close(
        answer(probabilities, labels, bins=1),
        0.015625,
        say("{1} and bins=1, which is one group of all, the error", given),
        {say("There are other groups whatever `bins` says."): (2 * 0.375 + 0.125 + 0.9375) / 4},
    )
    _check_uneven_sizes(answer)
    _check_edges(answer)
    top = np.array([0.625, 0.6875, 0.75])
    close(
        answer(np.stack([top, 1 - top], axis=1), [1, 0, 0]),
        0.1875,
        say(
            "For the confidences 0.625, 0.6875, 0.75, of which the first is wrong, "
            "labels as a list and `bins` left at its default of 10, the error"
        ),
        {
            say("That is the error with another number of groups, such as 11 or 15."): 0.3958333,
            say("That is the error with 5 groups."): 0.0208333,
            say("Lists are compared as a whole: make them arrays first."): 0.6875,
        },
        tolerance=1e-4,
    )
    series = pd.Series(labels, index=range(4, 0, -1))
    likely = say("A Series is looked up by its index, not by place: make an array of it first.")
    given = say("For labels in a Series with the index 4 3 2 1 and bins=4, the error")
    close(
        runs(lambda: answer(probabilities, series, bins=4), given, likely), 0.390625, given, likely
    )


def _check_uneven_sizes(answer: Any) -> None:
    table = np.array([[0.625, 0.375], [0.875, 0.125], [0.875, 0.125], [0.875, 0.125]])
    close(
        answer(table, np.array([1, 0, 0, 1]), bins=4),
        (0.625 + 3 * (0.875 - 2 / 3)) / 4,
        say(
            "For one wrong row of confidence 0.625, and three of 0.875 of which two "
            "are right, with bins=4, the error"
        ),
        {
            say("Each group counts the same; weight it by its number of rows."): (
                0.625 + (0.875 - 2 / 3)
            )
            / 2,
        },
        tolerance=1e-4,
    )


def _check_edges(answer: Any) -> None:
    table = np.array([[0.5, 0.25, 0.25], [0.875, 0.125, 0.0]])
    close(
        answer(table, np.array([1, 0]), bins=2),
        (0.5 + 0.125) / 2,
        say(
            "With bins=2, a wrong row of confidence exactly 0.5 and a right one of 0.875, the error"
        ),
        {
            say(
                "0.5 lies on an edge and belongs to the group below it, (0, 0.5]. Yours "
                "puts both rows into one group."
            ): abs(0.6875 - 0.5),
            say("0.5 lies on an edge and belongs to the group below it; yours drops it."): 0.125
            / 2,
        },
        tolerance=1e-4,
    )
    close(
        answer(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0])),
        0.5,
        say("For two rows of confidence exactly 1, one of them right, the error"),
        {say("1.0 lies in the last group, (0.9, 1]; yours drops it."): 0.0},
    )


@examples("slice_metrics")
def _(answer: Any) -> None:
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
    given = dict(slices)
    got = runs(
        lambda: unchanged(lambda rows: answer(rows, given), frame, given="slice_metrics"),
        say("For the slices lake, all, hill"),
        say("A rule gets the frame with all its columns: these look at the column place."),
    )
    equal(list(given), list(slices), say("After the call, the keys of the dictionary of slices"))
    of_type(got, pd.DataFrame, "slice_metrics")
    equal(
        list(got.index),
        ["lake", "all", "hill"],
        say("For the slices lake, all, hill the index"),
        {
            say("Sorted; the order of the dict is wanted."): ["all", "hill", "lake"],
            say("The slices' names belong in the index."): [0, 1, 2],
            say("One row per slice is wanted: transpose the table."): [
                "rows",
                "accuracy",
                "lower",
                "upper",
            ],
        },
    )
    that(
        got.index.name == "slice",
        say("The index must be named 'slice'; yours is named {1}.", shown(got.index.name)),
    )
    equal(list(got.columns), ["rows", "accuracy", "lower", "upper"], say("The columns"))
    close(
        list(got["rows"]),
        [4, 10, 6],
        say("The rows of lake, all, hill"),
        {say("Those are the right rows; all rows of the slice count."): [3, 9, 6]},
    )
    close(
        list(got["accuracy"]),
        [0.75, 0.9, 1.0],
        say("The accuracy on lake, all, hill"),
        {
            say("Those are percentages."): [75.0, 90.0, 100.0],
            say("That is the share of errors."): [0.25, 0.1, 0.0],
            say("Divided by all rows, not by those of the slice."): [0.3, 0.9, 0.6],
        },
    )
    _check_interval(got.loc["all"], got.loc["hill"])
    empty = answer(frame, {"none": lambda rows: rows["place"] == "moon", "all": slices["all"]})
    equal(
        list(empty.index),
        ["none", "all"],
        say("With a slice without rows, the index"),
        {say("An empty slice keeps its row."): ["all"]},
    )
    close(list(empty["rows"]), [0, 10], say("With a slice without rows, the column rows"))
    close(
        [float(empty.loc["none", column]) for column in ("accuracy", "lower", "upper")],
        [math.nan] * 3,
        say("For a slice without rows, accuracy, lower and upper"),
        {
            say("Nothing is known of it: NaN, not 0."): [0.0] * 3,
            say("Nothing is known of it: NaN for the interval, too."): [math.nan, 0.0, 1.0],
        },
    )
    none = answer(frame[:0], {"all": slices["all"]})
    close(list(none["rows"]), [0], say("For a frame without rows, the column rows"))
    close(list(none["accuracy"]), [math.nan], say("For a frame without rows, the accuracy"))
    _check_odd_labels(answer)
    given = say("For rows that share an index, the rows of lake, all, hill")
    likely = say("Rows that share an index are rows all the same: go by place, not by index.")
    shared = runs(lambda: answer(frame.set_axis([7] * 10), slices), given, likely)
    close(list(shared["rows"]), [4, 10, 6], given, likely)


def _check_odd_labels(answer: Any) -> None:
    """Labels that differ only in a capital letter or a space are different labels."""
    frame = pd.DataFrame(
        {"label": ["Sun", "sun", "fog", "fog"], "predicted_label": ["sun", "sun ", "fog", "sun"]}
    )
    got = answer(frame, {"Every row": lambda rows: rows["label"] != ""})
    equal(
        list(got.index),
        ["Every row"],
        say("For one slice named 'Every row', the index"),
        say("The names are the keys of the dict, as they are."),
    )
    close(
        list(got["accuracy"]),
        [0.25],
        say(
            "For the labels 'Sun', 'sun', 'fog', 'fog' with the predictions 'sun', 'sun ', 'fog', "
            "'sun', the accuracy"
        ),
        say("Labels that differ in a capital or a blank differ: compare them as they are."),
    )


def _check_interval(nine_of_ten: Any, six_of_six: Any) -> None:
    given = say("For 9 of 10 right rows, lower and upper")
    close(
        [nine_of_ten["lower"], nine_of_ten["upper"]],
        [0.59585, 0.98212],
        given,
        {
            say("That is p ± z·√(p(1−p)/n), which goes past 1. Wilson's formula is wanted."): [
                0.71406,
                1.08594,
            ],
            say("That is p ± z·√(p(1−p)/n), cut off at 1. Wilson's formula is wanted."): [
                0.71406,
                1.0,
            ],
            say("That is a 90 % interval: z is 1.96 for 95 %, which leaves 2.5 % at each end."): [
                0.65228,
                0.97737,
            ],
            say("z is 1.96; yours looks like 2."): [0.58880, 0.98263],
            say("That is a 99 % interval: z is 1.96 for 95 %."): [0.49277, 0.98815],
            say("That is Clopper and Pearson's exact interval; Wilson's is wanted."): [
                0.55498,
                0.99747,
            ],
            say("That is Wilson's interval with a continuity correction, which is not wanted."): [
                0.54115,
                0.99476,
            ],
            say("The ends are swapped."): [0.98212, 0.59585],
        },
        tolerance=1e-4,
    )
    close(
        [six_of_six["lower"], six_of_six["upper"]],
        [0.60967, 1.0],
        say("For 6 of 6 right rows, lower and upper"),
        {say("A width of 0 from six rows? p ± z·√(p(1−p)/n) fails at 1."): [1.0, 1.0]},
        tolerance=1e-4,
    )
