"""The function that runs an exported classifier: order, padding, scores."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from helpers import predictors
from helpers.models import load_tokenizer
from helpers.predictors import onnx_predictor

NAMES = {0: "calm", 1: "storm"}
TEXTS = ["thunder", "i feel calm and the sea is still", "", "a storm and rain", "all is quiet"] * 20


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(source="embedded")


@pytest.fixture(scope="module")
def table(tokenizer):
    """Return what each token adds to the logits; padding would add a large number."""
    table = np.random.default_rng(0).normal(size=(len(tokenizer), 2)).astype(np.float32)
    table[tokenizer.pad_token_id] = (100, -100)
    return table


@pytest.fixture(scope="module")
def predict(tokenizer, table, tmp_path_factory):
    """Return the function for a graph that sums the rows of all tokens except padding."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["logits"], keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 2])
    constants = {"table": table, "last": np.array([2]), "middle": np.array([1])}
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "sum", inputs, [output], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    onnx.save(model, path)
    return onnx_predictor(tokenizer, path, NAMES)


def expected(text, tokenizer, table):
    """Return the scores of one text, calculated by hand."""
    powers = np.exp(table[tokenizer(text)["input_ids"]].sum(axis=0, dtype=np.float64))
    return dict(zip(NAMES.values(), powers / powers.sum(), strict=True))


def test_each_text_gets_its_own_scores_best_first(predict, tokenizer, table):
    answers = predict(TEXTS)
    for text, answer in zip(TEXTS, answers, strict=True):
        scores = {entry["label"]: entry["score"] for entry in answer}
        assert scores == pytest.approx(expected(text, tokenizer, table), abs=1e-5)
        assert answer[0]["score"] >= answer[1]["score"]


def test_no_texts_have_no_answers(predict):
    assert predict([]) == []


def test_a_pass_is_small_and_hardly_any_of_it_is_padding(predict, monkeypatch):
    passes = []

    def noted(sequences, pad_id):
        arrays = padded(sequences, pad_id)
        passes.append(arrays["attention_mask"])
        return arrays

    padded = predictors.padded
    monkeypatch.setattr(predictors, "padded", noted)
    predict(TEXTS)
    assert max(mask.size for mask in passes) <= predictors.PLACES
    assert sum(mask.sum() for mask in passes) > 0.8 * sum(mask.size for mask in passes)
