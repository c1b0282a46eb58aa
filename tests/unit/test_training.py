"""The fine-tuned classifier that lessons share, and its scores with intervals."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from sklearn.metrics import accuracy_score, f1_score
from transformers import BertConfig, BertForSequenceClassification

from helpers.models import load_tokenizer
from helpers.scores import bootstrap_scores
from helpers.training import fine_tuned, train_batches, trained_or_kept


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(source="embedded")


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Replace the checkpoint by a tiny model, and the cache by an empty folder."""

    def load_classifier(num_labels, id2label):
        config = BertConfig(
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
            id2label=id2label,
            label2id={name: label for label, name in id2label.items()},
        )
        return BertForSequenceClassification(config)

    monkeypatch.setattr("helpers.models.load_classifier", load_classifier)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    return tmp_path


def dataset(texts=("i feel calm", "i feel a storm", "all is quiet", "thunder again")):
    features = Features({"text": Value("string"), "label": ClassLabel(names=["calm", "storm"])})
    rows = {"text": list(texts), "label": [0, 1, 0, 1]}
    return DatasetDict(train=Dataset.from_dict(rows, features=features))


def same_weights(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_fine_tuned_trains_once_and_then_reads_the_cache(tiny, tokenizer, capsys):
    first = fine_tuned(dataset(), tokenizer, epochs=1)
    assert "trained in" in capsys.readouterr().out
    again = fine_tuned(dataset(), tokenizer, epochs=1)
    assert "from the cache" in capsys.readouterr().out
    assert same_weights(first, again)
    assert not again.training
    assert again.config.id2label == {0: "calm", 1: "storm"}


def test_model_just_trained_answers_as_the_one_from_the_cache(tiny, tokenizer, monkeypatch):
    monkeypatch.setattr("helpers.models.pick_dtype", lambda device=None: torch.bfloat16)
    batch = tokenizer(["i feel calm", "a storm"], padding=True, return_tensors="pt")
    models = [fine_tuned(dataset(), tokenizer, epochs=1) for _ in range(2)]
    trained, kept = (model(**batch).logits.detach() for model in models)
    assert trained.dtype == kept.dtype == torch.float32
    assert torch.equal(trained, kept)


@pytest.mark.parametrize("before", [False, True])
def test_training_leaves_the_smallest_numbers_as_they_were(tiny, tokenizer, before):
    torch.set_flush_denormal(before)
    try:
        fine_tuned(dataset(), tokenizer, epochs=1)
        assert (sys.float_info.min / 2 == 0.0) == before
    finally:
        torch.set_flush_denormal(False)


def test_fine_tuned_key_outlives_a_tokenizer_that_was_used_in_between(tiny, tokenizer, capsys):
    fine_tuned(dataset(), tokenizer, epochs=1)
    tokenizer(["one", "and two"], padding=True, truncation=True, max_length=3)
    fine_tuned(dataset(), tokenizer, epochs=1)
    assert capsys.readouterr().out.count("from the cache") == 1


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        (("i feel calm", "i feel a storm", "all is loud", "thunder again"), {}),
        ((), {"epochs": 2}),
        ((), {"seed": 1}),
    ],
    ids=["another text", "more epochs", "another seed"],
)
def test_fine_tuned_trains_again_when_something_differs(tiny, tokenizer, capsys, texts, options):
    fine_tuned(dataset(), tokenizer, epochs=1)
    fine_tuned(dataset(*[texts] if texts else []), tokenizer, **{"epochs": 1, **options})
    assert capsys.readouterr().out.count("trained in") == 2


def test_fine_tuned_trains_again_over_a_broken_file(tiny, tokenizer, capsys):
    fine_tuned(dataset(), tokenizer, epochs=1)
    (file,) = tiny.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:100])
    fine_tuned(dataset(), tokenizer, epochs=1)
    assert capsys.readouterr().out.count("trained in") == 2
    assert list(tiny.glob("*.safetensors")) == [file]


def test_of_two_that_want_the_same_weights_one_trains(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    trained = []

    def get(place):
        model = torch.nn.Linear(2, 2)

        def train():
            trained.append(place)
            time.sleep(0.5)
            torch.nn.init.ones_(model.weight)

        trained_or_kept(model, "a key", train)
        return model.weight.tolist()

    # torch.nn.Module has no attribute `device`, which the loader needs.
    monkeypatch.setattr(torch.nn.Linear, "device", torch.device("cpu"), raising=False)
    with ThreadPoolExecutor(2) as pool:
        weights = list(pool.map(get, range(2)))
    assert len(trained) == 1
    assert weights == [[[1.0, 1.0], [1.0, 1.0]]] * 2


def test_fine_tuned_says_so_when_it_cannot_be_kept(tiny, tokenizer, capsys, monkeypatch):
    (tiny / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_CACHE", str(tiny / "file"))
    fine_tuned(dataset(), tokenizer, epochs=1)
    assert "could not be kept" in capsys.readouterr().out


def test_bootstrap_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(4, size=(2, 300))
    predicted = np.where(rng.random(300) < 0.6, labels, predicted)
    scores = bootstrap_scores(labels, predicted, num_classes=6)
    assert scores["accuracy"][0] == pytest.approx(accuracy_score(labels, predicted))
    for average in ("weighted", "macro"):
        value, lower, upper = scores[f"{average}_f1"]
        assert value == pytest.approx(f1_score(labels, predicted, average=average))
        assert lower < value < upper


def test_bootstrap_interval_of_an_accuracy_is_about_the_binomial_one():
    labels = np.zeros(1000, dtype=int)
    predicted = (np.arange(1000) < 200).astype(int)
    _, lower, upper = bootstrap_scores(labels, predicted, num_classes=2)["accuracy"]
    half = 1.96 * np.sqrt(0.8 * 0.2 / 1000)
    assert (lower, upper) == pytest.approx((0.8 - half, 0.8 + half), abs=0.005)


def test_batches_move_what_requires_gradients_with_a_rate_that_rises_and_falls(monkeypatch):
    moved, still = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    still.requires_grad_(False)
    places = []

    def loss_of(batch):
        places.append(moved.item())
        return batch * moved + still

    train_batches([moved, still], [torch.ones(1)] * 20, loss_of, learning_rate=0.1)
    steps = -np.diff([*places, moved.item()])
    rates = [0, 0.05, *np.linspace(0.1, 0, 18, endpoint=False)]  # Adam's steps, if gradients agree
    assert steps == pytest.approx(rates, rel=0.02, abs=1e-6)
    assert still == 0
