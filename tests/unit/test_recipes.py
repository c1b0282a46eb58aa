"""Fine-tuning on token ids, and the logits that are stored after it."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from helpers.models import load_tokenizer
from helpers.recipes import freeze, kept_classifier, logits_after_training, token_logits

NAMES = ("calm", "storm")
LABELS = [0, 1, 0, 1]


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(source="embedded")


@pytest.fixture(scope="module")
def tokens(tokenizer):
    texts = ["i feel calm", "a storm, a storm, and thunder again", "all is quiet", "thunder"]
    return tokenizer(texts)["input_ids"]


def small_model():
    config = BertConfig(
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=1,
        intermediate_size=8,
        initializer_range=0.5,
        id2label=dict(enumerate(NAMES)),
        label2id={name: label for label, name in enumerate(NAMES)},
    )
    return BertForSequenceClassification(config)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Replace the checkpoint by a tiny model, and the cache by an empty folder."""
    monkeypatch.setattr("helpers.models.load_classifier", lambda *_: small_model())
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    return tmp_path


def test_kept_classifier_trains_once_and_then_reads_the_cache(tiny, tokenizer, tokens, capsys):
    first = kept_classifier(tokens, LABELS, NAMES, tokenizer, epochs=1)
    again = kept_classifier(tokens, LABELS, NAMES, tokenizer, epochs=1)
    printed = capsys.readouterr().out
    assert printed.count("trained in") == printed.count("from the cache") == 1
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not again.training


@pytest.mark.parametrize(
    "changed",
    [{"epochs": 2}, {"seed": 1}, {"learning_rate": 1e-3}, {"frozen_layers": 1}],
    ids=lambda changed: next(iter(changed)),
)
def test_kept_classifier_trains_again_with_another_recipe(tiny, tokenizer, tokens, capsys, changed):
    kept_classifier(tokens, LABELS, NAMES, tokenizer, epochs=1)
    kept_classifier(tokens, LABELS, NAMES, tokenizer, **{"epochs": 1, **changed})
    assert capsys.readouterr().out.count("trained in") == 2


def test_logits_after_training_are_those_of_the_kept_classifier(tiny, tokenizer, tokens):
    kept = kept_classifier(tokens, LABELS, NAMES, tokenizer, epochs=1)
    expected = token_logits(kept, tokens[::-1], tokenizer)
    for _ in range(2):  # the first time trained, the second time from the cache
        logits = logits_after_training(tokens, LABELS, NAMES, tokenizer, tokens[::-1], epochs=1)
        assert logits == pytest.approx(expected, abs=1e-6)


def test_training_can_start_from_another_model_s_encoder(tiny, tokenizer, tokens):
    start = kept_classifier(tokens, [1, 1, 0, 0], NAMES, tokenizer, epochs=3)
    before = {name: weights.clone() for name, weights in start.state_dict().items()}
    given = (tokens, LABELS, NAMES, tokenizer, tokens)
    hardly = {"epochs": 1, "learning_rate": 1e-9}
    moved = logits_after_training(*given, start=start, **hardly)
    assert not np.allclose(moved, logits_after_training(*given, **hardly), atol=1e-4)
    assert moved.shape == (len(tokens), len(NAMES))
    assert moved == pytest.approx(logits_after_training(*given, start=start, **hardly))
    assert all(torch.equal(weights, before[name]) for name, weights in start.state_dict().items())


def test_logits_come_in_the_order_of_the_rows_and_ignore_padding(tokenizer, tokens):
    model = small_model().eval()
    together = token_logits(model, tokens, tokenizer)
    alone = np.concatenate([token_logits(model, [ids], tokenizer) for ids in tokens])
    assert together == pytest.approx(alone, abs=0.03)  # bf16 has three digits


def test_token_logits_leave_the_model_in_its_mode(tokenizer, tokens):
    model = small_model().train()
    token_logits(model, tokens, tokenizer)
    assert model.training


def test_frozen_layers_do_not_learn_and_the_others_do():
    model = small_model()
    freeze(model, 1)
    learning = {name for name, weights in model.named_parameters() if weights.requires_grad}
    assert not any("word_embeddings" in name or "layer.0." in name for name in learning)
    assert any("layer.1." in name for name in learning)
    assert "classifier.weight" in learning
    freeze(model, 0)
    assert all(weights.requires_grad for weights in model.parameters())


def test_more_frozen_layers_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="2 layers; 3"):
        freeze(small_model(), 3)
