"""The benchmark of lesson 8: prompts, calibration, drawn labels, and runs that are kept."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from benchmarks import language_models
from benchmarks.language_models import drawn, kept, pairs_of, true_labels
from benchmarks.prompting import Wording, calibrated, chat, text_scores
from helpers.models import load_tokenizer

LABELS = np.array([0] * 50 + [1] * 30 + [2] * 2)


def test_a_prompt_has_the_examples_and_then_the_message():
    wording = Wording("One of: {labels}\n\n", "Text: {text}\nLabel:", ("calm", "storm"))
    assert wording.prompt("so  {still}\n", [("thunder", 1)]) == (
        "One of: calm, storm\n\nText: thunder\nLabel: storm\n\nText: so {still}\nLabel:"
    )


def test_a_conversation_has_a_turn_for_each_message():
    assert chat("Say {labels}", ("a", "b")).prompt("x", [("y", 0)]) == (
        "<|im_start|>system\nSay a, b<|im_end|>\n"
        "<|im_start|>user\ny<|im_end|>\n<|im_start|>assistant\nLabel: a<|im_end|>\n"
        "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\nLabel:"
    )


def test_calibration_takes_away_what_all_messages_share():
    scores = np.random.default_rng(0).normal(size=(20, 3))
    shifted = calibrated(scores + np.array([5.0, 0.0, -3.0]))
    assert shifted == pytest.approx(calibrated(scores))
    assert shifted.mean(axis=0) == pytest.approx(0)


class Letters:
    """A tokenizer for which each letter is a token."""

    def __call__(self, text, add_special_tokens=True):
        return {"input_ids": [ord(letter) % 60 for letter in text]}


@pytest.mark.parametrize("tokens_per_batch", [1, 30, 1000])
def test_scores_of_texts_are_those_of_one_pass_for_each(tokens_per_batch):
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    config = LlamaConfig(vocab_size=64, num_attention_heads=4, num_key_value_heads=2, **sizes)
    model, openings, texts = LlamaForCausalLM(config).eval(), ["sad:", "glad:"], ["abc", "d", "ef"]
    scores = text_scores(openings, texts, Letters(), model, tokens_per_batch)
    for column, opening in enumerate(openings):
        for row, text in enumerate(texts):
            ids = Letters()(f"{opening} {text}")["input_ids"]
            with torch.no_grad():
                steps = model(torch.tensor([ids])).logits[0].log_softmax(-1)
            places = range(len(opening), len(ids))
            expected = sum(steps[place - 1, ids[place]].item() for place in places)
            assert scores[row, column] == pytest.approx(expected, abs=1e-4)


def test_drawn_rows_have_each_class_and_fewer_are_the_beginning_of_more():
    few, many = drawn(LABELS, 8, 1), drawn(LABELS, 40, 1)
    assert set(LABELS[few]) == {0, 1, 2}
    assert many[:8].tolist() == few.tolist()
    assert len(set(many.tolist())) == 40
    assert sorted(drawn(LABELS, len(LABELS), 1)) == list(range(len(LABELS)))
    assert drawn(LABELS, 8, 2).tolist() != few.tolist()


@pytest.mark.parametrize("count", [10, 500])
def test_half_of_the_pairs_are_of_one_class(count):
    labels = LABELS[drawn(LABELS, 8, 0)]
    first, second, same = pairs_of(labels, count, 0).T
    assert ((labels[first] == labels[second]) == same).all()
    assert (first != second).all()
    assert same.sum() == count // 2


def test_a_run_that_is_kept_is_not_computed_again(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    codes = {"run": "its code"}
    monkeypatch.setattr(language_models, "_code", lambda function, data: codes[function])
    problem, computed = SimpleNamespace(data="embedded", key="texts"), []

    def run():
        computed.append(True)
        return {"predicted": [1, 2], "seconds": 0.5, "cpu_seconds": 0.5}

    first = kept("name", problem, run, ["seed 0"], run)
    assert kept("name", problem, run, ["seed 0"], run) == first
    assert len(computed) == 1
    kept("name", problem, run, ["seed 1"], run)
    assert len(computed) == 2
    codes["run"] = "changed"
    kept("name", problem, run, ["seed 0"], run)
    assert len(computed) == 3


def test_each_way_to_learn_has_code_that_its_runs_depend_on():
    codes = {
        way: language_models._code(learn.__name__, "mirror")
        for way, (learn, _) in language_models.TRAININGS.items()
    }
    assert len(set(codes.values())) == len(codes)


def test_true_labels_are_those_of_the_key(monkeypatch):
    import pandas as pd

    key = pd.DataFrame({"split": ["train", "test"], "row": [1, 0], "true_label": ["storm", "calm"]})
    monkeypatch.setattr(language_models, "planted_errors", lambda name, dataset: key)
    problem = SimpleNamespace(
        labels={"train": np.array([0, 0, 1])}, emotion=None, names=["calm", "storm"]
    )
    assert true_labels(problem).tolist() == [0, 1, 1]
    assert problem.labels["train"].tolist() == [0, 0, 1]


def small_emotion(name, source):
    """Return messages that say what they are labelled with."""
    rng = np.random.default_rng(0)
    feature = ClassLabel(names=list(language_models.NAMES))
    splits = {}
    for split, size in (("train", 60), ("test", 24)):
        labels = rng.permutation(np.arange(size) % 6).tolist()
        texts = [f"message {n} of {language_models.NAMES[label]}" for n, label in enumerate(labels)]
        rows = Dataset.from_dict({"text": texts, "label": labels})
        splits[split] = rows.cast_column("label", feature)
    return DatasetDict(splits)


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Make everything small: messages, models, and the numbers of labels."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
    bert = {**sizes, "intermediate_size": 16}
    words = load_tokenizer(source="embedded")
    llama = LlamaConfig(vocab_size=len(words), intermediate_size=16, **sizes)
    encoder = BertModel(BertConfig(**bert), add_pooling_layer=False)
    trainings = {
        "frozen": {8: {}, 32: {}},
        "setfit": {8: {"pairs": 16, "rate": 1e-4}},
        "fine_tuned": {8: {"epochs": 1}},
        "lora": {8: {"wording": language_models.SHORT, "epochs": 1, "rate": 1e-3}},
    }
    changes = {
        "load": small_emotion,
        "ASKED": 12,
        "load_encoder": lambda *_, **__: encoder,
        "load_language_model": lambda source: (words, LlamaForCausalLM(llama).eval()),
        "planted_errors": lambda *_: None,
        "TRAININGS": {
            way: (language_models.TRAININGS[way][0], settings)
            for way, settings in trainings.items()
        },
    }
    for name, value in changes.items():
        monkeypatch.setattr(language_models, name, value)
    monkeypatch.setattr(
        "helpers.models.load_classifier",
        lambda *_: BertForSequenceClassification(BertConfig(**bert, num_labels=6)),
    )
    return tmp_path


def test_each_way_has_figures_with_its_runs_and_what_was_kept_is_read_again(small, monkeypatch):
    found = language_models.measure("mirror")
    trained = ["frozen_8", "frozen_32", "setfit_8", "fine_tuned_8", "lora_8"]
    asked = ["zero_shot", "calibrated", "channel", "few_shot", "few_shot_24"]
    for name in ("majority", *trained, *asked):
        for prefix in ("", "accuracy."):
            assert 0 <= found[f"language_models.{prefix}{name}"].value <= 1
    for name in trained:
        figure = found[f"language_models.{name}"]
        assert len(figure.points) == figure.n == 3
        assert figure.lower <= figure.value == pytest.approx(np.mean(figure.points))
    assert len(found["language_models.zero_shot"].points) == len(language_models.WORDINGS)
    assert len(found["language_models.few_shot_6"].points) == 3 * 2 * 3
    assert -1 <= found["language_models.annotator_kappa"].value <= 1
    for function in ("train_on_pairs", "train_on_answers", "score_labels", "logits_after_training"):
        monkeypatch.delattr(language_models, function)
    assert language_models.measure("mirror") == found
