"""The functions for hidden tests: types, exceptions, equality, and effects of an answer."""

import inspect
import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from grading.inside.protocol import QUESTION, REPLY
from grading.inside.questions import answer_question
from grading.inside.standins import (
    LONGEST_LOG,
    AppRequests,
    Estimator,
    Evaluation,
    LanguageModel,
    LayerTrial,
    LinearLayer,
    Named,
    Selected,
    TextClassifier,
    Tokenizer,
    WatchedTensor,
)
from grading.inside.wire import WireError, decode, encode
from grading.judging import testing
from grading.judging.asking import RemoteAnswer, _checked, judged
from grading.judging.testing import (
    Answer,
    AnswerError,
    Failure,
    equal,
    has_json_type,
    has_type,
    left_alone,
    raises,
    shown_call,
    unchanged,
)
from grading.paths import ROOT
from helpers.checks import expect


def remote(function):
    """Return an answer that is called through bytes, like one in a box."""
    return RemoteAnswer("answer", lambda q: answer_question(q, {"answer": function}), lambda: 1)


each_answer = pytest.mark.parametrize("asked", [Answer, remote])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.0, float),
        (np.float64(1), float),
        (np.float32(1), float),
        (1, int),
        (np.int64(1), int),
        (np.uint8(1), int),
        (np.bool_(True), bool),
        (np.str_("a"), str),
        (1, (int, float)),
        ([], list),
    ],
)
def test_numpy_scalars_of_the_same_kind_count(value, kind):
    has_type(value, kind, "the value")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, float),
        (1.0, int),
        (True, int),
        (np.bool_(True), int),
        (np.int64(1), float),
        (torch.tensor(1.0), float),
        (np.array(1.0), float),
        ("1", float),
        (None, float),
        ((), list),
    ],
)
def test_other_kinds_do_not(value, kind):
    with pytest.raises(Failure, match=f"the value: expected {kind.__name__}, got "):
        has_type(value, kind, "the value")


def test_json_serializability_is_asked_for_separately():
    for value, kind in ((np.float64(1), float), (1.0, float), (1, int), ("a", str), (True, bool)):
        has_json_type(value, kind, "the value")
    for value, kind in ((np.float32(1), float), (np.int64(1), int), (np.bool_(True), bool)):
        with pytest.raises(Failure, match=r"Likely: `json\.dumps` refuses it\.$"):
            has_json_type(value, kind, "the value")
    for value, kind in ((True, int), (torch.tensor(1.0), float), (1, float)):
        with pytest.raises(Failure, match=r"got \w+\.$"):
            has_json_type(value, kind, "the value")


def test_equal_takes_scalars_of_the_same_kind_and_no_other():
    equal(np.int64(3), 3, "three")
    equal([np.str_("a"), 1.0], ["a", np.float64(1)], "a list")
    equal({"a": float("nan")}, {"a": float("nan")}, "a dict")
    for got, expected in ((3.0, 3), (True, 1), ("3", 3), ((3,), [3]), (np.array([3]), [3])):
        with pytest.raises(Failure):
            equal(got, expected, "three")
    with pytest.raises(Failure, match=r"^three: expected 3, got 4\.$"):
        equal(np.int64(4), np.int64(3), "three")


def test_the_visible_check_and_the_hidden_test_take_the_same():
    for name in ("SCALARS", "is_of_kind", "names_one_of", "_pattern"):
        ours, theirs = getattr(testing, name), getattr(expect, name)
        same = ours == theirs or inspect.getsource(ours) == inspect.getsource(theirs)
        assert same, f"{name} differs: change it in both places"


class TooSmall(ValueError):
    pass


def raising(error):
    def function(*_, **__):
        raise error

    return function


@each_answer
def test_a_subclass_of_the_exception_is_right(asked):
    for error in (ValueError("k=0"), TooSmall("k=0"), UnicodeError("k=0")):
        raises(asked(raising(error)), 0, error=ValueError, mentions="0", what="no neighbours")
    with pytest.raises(Failure, match="expected ValueError, got LookupError: k=0"):
        raises(asked(raising(LookupError("k=0"))), 0, error=ValueError, mentions="0", what="none")
    with pytest.raises(Failure, match="expected TooSmall, got ValueError"):
        raises(asked(raising(ValueError("0"))), 0, error=TooSmall, mentions="0", what="none")
    with pytest.raises(Failure, match="expected ValueError, got the result 3"):
        raises(asked(lambda k: np.int64(3)), 0, error=ValueError, mentions="0", what="none")


@each_answer
def test_a_message_may_name_the_parameter_where_a_test_says_so(asked):
    answer = asked(raising(ValueError("top_k must be at least 1")))
    raises(answer, 0, error=ValueError, mentions=("0", "top_k"), what="none")
    with pytest.raises(Failure, match="the message must name '0'; it says 'top_k must"):
        raises(answer, 0, error=ValueError, mentions="0", what="none")
    with pytest.raises(Failure, match="must name '0' or 'number'; it says"):
        raises(answer, 0, error=ValueError, mentions=("0", "number"), what="none")


def test_the_class_of_an_exception_is_sent_with_its_ancestors():
    question = encode({"nonce": "n", "seed": 1, "exercise": "f", "call": [None, (), {}]}, QUESTION)
    reply = decode(answer_question(question, {"f": raising(TooSmall("0"))}), REPLY)
    assert reply["error"] == ["TooSmall", "0", "ValueError", "Exception", "BaseException", "object"]
    error = AnswerError("TooSmall", "0", ("ValueError",))
    assert str(error) == "TooSmall: 0"
    assert (error.is_a(ValueError), error.is_a(TooSmall), error.is_a(KeyError)) == (1, 1, 0)


def test_two_libraries_may_give_a_class_the_same_name():
    requests = pytest.importorskip("requests")
    of_requests = AnswerError("HTTPError", "", ("RequestException", "OSError", "Exception"))
    of_urllib = AnswerError("HTTPError", "", ("URLError", "OSError", "Exception"))
    assert of_requests.is_a(requests.HTTPError)
    assert not of_urllib.is_a(requests.HTTPError)


def test_of_long_values_the_first_difference_is_shown():
    rows = [[{"label": name * 9, "score": 0.5}] for name in "abcdefghijkl"]
    other = [[dict(row[0])] for row in rows]
    other[11][0]["label"] = "so"
    with pytest.raises(Failure, match=r"the answer, at \[11\]\[0\]\['label'\]: exp"):
        equal(other, rows, "the answer")
    with pytest.raises(Failure, match="the answer, the number of entries: expected 12, got 11"):
        equal(rows[1:], rows, "the answer")
    with pytest.raises(Failure, match="the answer: expected"):
        equal(None, rows, "the answer")


@each_answer
def test_a_call_that_raises_is_to_leave_its_input_alone(asked):
    def change(texts):
        texts.clear()
        raise ValueError("no")

    answer = asked(change)
    with pytest.raises(AnswerError):
        answer(["so"])
    with pytest.raises(Failure, match=r"The input \['so'\] is \[\] after the call."):
        left_alone(answer, ["so"])


def test_a_long_line_of_ancestors_is_cut():
    kind = ValueError
    for number in range(60):
        kind = type(f"{'x' * 300}{number}", (kind,), {})
    question = encode({"nonce": "n", "seed": 1, "exercise": "f", "call": [None, (), {}]}, QUESTION)
    reply = decode(answer_question(question, {"f": raising(kind("0"))}), REPLY)
    assert _checked(reply, "n") == reply
    assert len(reply["error"]) == 22
    assert max(map(len, reply["error"])) == 200


@pytest.mark.parametrize(
    "error", [["A", "b", 3], ["A", "b", *["C"] * 21], ["A", "b", "C" * 201], ["A" * 201, "b"], "Ab"]
)
def test_malformed_errors_are_refused(error):
    with pytest.raises(WireError):
        _checked({"nonce": "n", "error": error}, "n")


def splits():
    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b"])})
    rows = {"text": ["so", "it", "is"], "label": [0, 1, 1]}
    return DatasetDict(train=Dataset.from_dict(rows, features=features))


@each_answer
def test_a_dataset_of_selected_rows_is_looked_at_afterwards(asked):
    selected = Selected("selected", whole=splits(), places={"train": [2, 0]})
    assert unchanged(asked(lambda d: list(d["train"]["text"])), selected) == ["is", "so"]
    assert asked(lambda d: d["train"]._indices is not None)(selected) is True
    with pytest.raises(Failure, match="after the call"):
        unchanged(asked(lambda d: d.set_format("pandas")), selected)


@each_answer
def test_a_format_is_part_of_an_input(asked):
    unchanged(asked(lambda d: len(d)), splits().with_format("numpy"))
    for change in (lambda d: d.reset_format(), lambda d: d.set_format("pandas")):
        with pytest.raises(Failure, match="after the call"):
            unchanged(asked(change), splits().with_format("numpy"))
    # Of a result, only the contents are compared.
    equal(splits().with_format("numpy"), splits(), "a dataset")


@each_answer
def test_the_columns_of_a_format_are_part_of_an_input(asked):
    def restored_by_kind_alone(dataset):
        dataset.set_format("pandas")

    shown = splits().with_format("pandas", columns=["text"])
    unchanged(asked(lambda d: len(d)), shown)
    with pytest.raises(Failure, match="after the call"):
        unchanged(asked(restored_by_kind_alone), shown)


@each_answer
def test_the_name_of_a_series_is_part_of_an_input(asked):
    def named(series):
        series.name = "label"

    with pytest.raises(Failure, match="'name': 'label'"):
        unchanged(asked(named), pd.Series([1, 2]))


@each_answer
def test_an_input_stays_as_it_is_where_an_answer_raises_too(asked):
    def emptied(values):
        values.clear()
        raise ValueError("values")

    with pytest.raises(Failure, match="after the call"):
        raises(asked(emptied), [1], error=ValueError, mentions="values", what="one value")


@each_answer
@pytest.mark.parametrize("copied", [False, True])
def test_a_watched_tensor_records_functions_on_copies_too(asked, copied):
    def answer(ids):
        ids = torch.tensor(ids.tolist()) if copied else ids
        return torch.nn.functional.one_hot(ids, 2).shape[0]

    watching = asked(answer)
    assert watching(WatchedTensor("ids", (1, 0, 1))) == 3
    assert "one_hot" in {call["function"] for call in watching.calls}
    assert watching(torch.tensor([1])) == 1
    assert watching.calls == []


def test_the_name_of_an_index_is_part_of_a_frame():
    frame = pd.DataFrame({"a": [1.0, np.nan]}, index=pd.Index([3, 4], name="row"))
    equal(frame.copy(), frame, "a frame")
    with pytest.raises(Failure):
        equal(frame.rename_axis("line"), frame, "a frame")


def app_that_fails(log, loud=True):
    """Return a function that makes an app whose `/fail` passes the exception to `log`."""
    from fastapi import FastAPI, HTTPException

    def make():
        app = FastAPI()

        @app.get("/")
        def home():
            return "so"

        @app.get("/fail")
        def fail():
            try:
                raise OSError("the disk is full")
            except OSError:
                log()
            if loud:
                raise HTTPException(500, "Something went wrong")

        return app

    return make


TWO_REQUESTS = AppRequests(({"method": "GET", "path": "/fail"}, {"method": "GET", "path": "/"}))


@each_answer
@pytest.mark.parametrize(
    "log",
    [
        lambda: logging.exception("failed"),
        lambda: logging.getLogger("mine").error("failed", exc_info=True),
        lambda: logging.getLogger("mine").critical("the disk is full"),
    ],
    ids=["root", "trace", "message"],
)
def test_what_an_app_logs_goes_with_the_request_that_caused_it(asked, log):
    handle = logging.Logger.handle
    failed, home = asked(app_that_fails(log)).used(TWO_REQUESTS)
    assert (failed["status"], home["status"]) == (500, 200)
    assert "the disk is full" in failed["log"]
    assert "the disk is full" not in failed["text"] + home["log"]
    assert logging.Logger.handle is handle


@each_answer
def test_output_and_stored_records_of_an_app_are_not_its_log(asked):
    failed, _ = asked(app_that_fails(lambda: print("the disk is full"), loud=False)).used(
        TWO_REQUESTS
    )
    assert (failed["status"], failed["log"]) == (200, "")


def test_an_endless_log_is_cut():
    failed, _ = Answer(app_that_fails(lambda: logging.error("x" * 50_000))).used(TWO_REQUESTS)
    assert len(failed["log"]) == LONGEST_LOG


def test_an_exception_is_reported_with_the_call_that_raised_it():
    def fails(values, k):
        raise ValueError(f"no {k}")

    told = judged(
        lambda answer, rng: answer([3, 4], k=2),
        "answer",
        0,
        lambda question: answer_question(question, {"answer": fails}),
        lambda: 1,
        [],
    )
    assert told.message == "ValueError: no 2. The call: answer([3, 4], k=2)."


def test_a_call_is_shown_with_its_stand_ins_by_name_and_not_at_length():
    call = ([1], {"a": Tokenizer("small")}, [Tokenizer("large")]), {"k": np.float64(2)}
    assert shown_call(*call) == "[1], {'a': <small>}, [<large>], k=2.0"
    assert len(shown_call(("x" * 190, "y" * 190), {})) == 300


def leaves_alone(evaluation):
    return evaluation.predictions.sum() + evaluation.label_ids.sum()


def exchanges(evaluation):
    evaluation.label_ids = evaluation.label_ids.copy()


def sorts(evaluation):
    evaluation.label_ids.sort()


@each_answer
@pytest.mark.parametrize(
    ("function", "changed"),
    [(leaves_alone, []), (exchanges, ["label_ids"]), (sorts, ["label_ids"])],
)
def test_uses_of_an_evaluation_are_logged(asked, function, changed):
    answer = asked(function)
    answer(Evaluation("evaluation", np.eye(2), np.array([1, 0])))
    assert answer.calls == [{"of": "evaluation afterwards", "changed": changed}]


@each_answer
@pytest.mark.parametrize("copied", [False, True])
def test_a_fitted_step_of_a_pipeline_is_logged(asked, copied):
    from sklearn.base import clone

    def fit(classifier):
        (clone(classifier) if copied else classifier).fit(["so", "no"], [0, 1])

    answer = asked(fit)
    answer(TextClassifier("words"))
    assert answer.calls == [{"of": "words afterwards", "fitted": not copied}]


def replaces(classifiers):
    classifiers["a"] = object()


def empties(classifiers):
    classifiers.clear()


def turns_round(classifiers):
    classifiers["b"] = classifiers.pop("b")


@each_answer
@pytest.mark.parametrize(
    ("function", "same"), [(len, True), (replaces, False), (empties, False), (turns_round, False)]
)
def test_uses_of_a_dict_of_stand_ins_are_logged(asked, function, same):
    answer = asked(lambda classifiers: function(classifiers))
    answer(Named("both", {"b": Estimator("b"), "a": Estimator("a")}))
    assert answer.calls == [{"of": "both afterwards", "same": same}]


def computes(model):
    return model(torch.tensor([[2, 7, 9]])).logits


def computes_well(model):
    with torch.no_grad():
        return model.eval()(torch.tensor([[2, 7, 9]])).logits


def freezes(model):
    model.requires_grad_(False)


@each_answer
@pytest.mark.parametrize(
    ("function", "seen", "left"),
    [
        (computes, [(True, True)], ([True], [])),
        (computes_well, [(False, False)], ([False], [])),
        (freezes, [], ([True], ["trainable"])),
    ],
)
def test_uses_of_a_language_model_are_logged(asked, function, seen, left):
    answer = asked(lambda model: function(model) is None)
    answer(LanguageModel("model", training=True))
    *passes, afterwards = answer.calls
    assert [(call["training"], call["gradients"]) for call in passes] == seen
    assert (afterwards["training"], afterwards["changed"]) == left


def test_a_language_model_fails_where_it_is_told_to():
    answer = Answer(computes)
    with pytest.raises(AnswerError, match="memory"):
        answer(LanguageModel("model", fails_at=1))
    assert answer.calls[-1]["of"] == "model afterwards"


def test_a_language_model_without_spread_finds_all_tokens_equally_probable():
    logits = Answer(computes)(LanguageModel("model", spread=0.0))
    assert logits.shape == (1, 3, 64)
    assert not logits.any()


def test_a_language_model_depends_on_its_seed_and_type():
    one, other = (Answer(computes)(LanguageModel("model", seed=seed)) for seed in (1, 2))
    assert not torch.allclose(one, other)
    half = LanguageModel("model", dtype="bfloat16")
    assert Answer(computes)(half).dtype == torch.bfloat16


LINEAR = LinearLayer("linear", torch.tensor([[1.0, 2.0]]), torch.tensor([3.0]))


@each_answer
@pytest.mark.parametrize(
    ("function", "changed"),
    [
        (lambda layer: layer, []),
        (lambda layer: layer.requires_grad_(False), ["trainable"]),
        (lambda layer: torch.nn.init.zeros_(layer.weight), ["weight"]),
        (lambda layer: layer.bias.data.add_(1), ["bias"]),
        (lambda layer: layer.double(), ["weight", "bias"]),
        (lambda layer: layer(torch.ones(2)).backward(), ["gradients"]),
    ],
    ids=["nothing", "frozen", "weight", "bias", "type", "gradients"],
)
def test_changes_of_a_linear_layer_are_logged(asked, function, changed):
    answer = asked(lambda layer: function(layer) is None)
    answer(LINEAR)
    assert answer.calls == [{"of": "linear afterwards", "changed": changed}]


@each_answer
def test_a_linear_layer_that_cannot_compute_has_shapes_alone(asked):
    answer = asked(lambda layer: layer)
    layer = LinearLayer("linear", torch.ones(3, 2), device="meta")
    (weight,) = answer.used(LayerTrial(), layer)["parameters"].values()
    assert weight == {
        "shape": [3, 2],
        "dtype": "torch.float32",
        "device": "meta",
        "trainable": True,
    }


@each_answer
def test_a_layer_is_tried_with_values_and_trained(asked):
    """The result is 1·1 + 2·1 + 0; its square has the slope 6, and each step goes 0.01 of it."""
    trial = LayerTrial((torch.ones(2),), {"bias": torch.zeros(1), "other": torch.ones(9)}, steps=1)
    told = asked(lambda layer: layer).used(trial, LINEAR)
    assert told["results"][0].tolist() == [3.0]
    assert told["parameters"]["bias"]["values"].tolist() == [0.0]
    (step,) = told["steps"]
    assert step["gradients"]["weight"].tolist() == [[6.0, 6.0]]
    assert step["values"]["bias"].tolist() == pytest.approx([-0.06])


@each_answer
def test_a_frozen_layer_gets_no_gradients(asked):
    told = asked(lambda layer: layer.requires_grad_(False)).used(
        LayerTrial((torch.ones(2),), steps=1), LINEAR
    )
    (step,) = told["steps"]
    assert step["gradients"] == {"weight": None, "bias": None}
    assert step["values"]["weight"].tolist() == [[1.0, 2.0]]


@each_answer
def test_only_a_layer_can_be_tried(asked):
    with pytest.raises(AnswerError, match=r"torch\.nn\.Module, got int"):
        asked(lambda layer: 3).used(LayerTrial(), LINEAR)


def test_libraries_of_stand_ins_are_loaded_with_the_tests(tmp_path):
    """Judging forks for each exercise: a later import would be repeated in each fork."""
    tests = tmp_path / "hidden_tests.py"
    tests.write_text("from grading.standins import Encoder, Predict\n")
    asked = (
        "import pathlib, sys\n"
        "from grading.judging.testing import load_tests\n"
        f"load_tests(pathlib.Path({str(tests)!r}))\n"
        "before = set(sys.modules)\n"
        "from grading.standins import Encoder\n"
        "Encoder('model').build([])\n"
        "print(len(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) == 0
