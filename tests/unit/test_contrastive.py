"""Training on pairs moves texts of one class together, and leaves the rest as it was."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from helpers.contrastive import train_on_pairs
from helpers.models import load_tokenizer

TEXTS = ["rain and wind", "a storm, a storm", "the sun is out", "a bright morning"]
PAIRS = np.array([[0, 1, 1], [2, 3, 1], [0, 2, 0], [1, 3, 0]])


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(source="embedded")


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
    dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = BertConfig(num_hidden_layers=1, **shape, **dropout)
    return BertModel(config, add_pooling_layer=False).eval()


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    monkeypatch.setattr("helpers.models.pick_dtype", lambda device=None: torch.float32)


def cosines(tokenizer, encoder):
    """Return the cosine of each pair of `PAIRS`, each text alone."""
    with torch.no_grad():
        states = [encoder(**tokenizer(text, return_tensors="pt"))[0][0].mean(0) for text in TEXTS]
    return [torch.cosine_similarity(states[a], states[b], dim=0).item() for a, b, _ in PAIRS]


def test_texts_of_one_class_move_together_and_of_two_apart(tokenizer, encoder):
    train_on_pairs(TEXTS, np.tile(PAIRS, (50, 1)), tokenizer, encoder, 4, learning_rate=0.01)
    one, other, *apart = cosines(tokenizer, encoder)
    assert min(one, other) > 0.8
    assert max(apart) < 0.3


def test_the_loss_is_that_of_each_text_alone(tokenizer, encoder, monkeypatch):
    losses = []

    def watch(parameters, batches, loss_of, learning_rate):
        losses.extend(loss_of(batch).item() for batch in batches)

    monkeypatch.setattr("helpers.contrastive.train_batches", watch)
    train_on_pairs(TEXTS, PAIRS, tokenizer, encoder, batch_size=3)
    alone = (PAIRS[:, 2] - cosines(tokenizer, encoder)) ** 2
    assert losses == pytest.approx([alone[:3].mean(), alone[3]], abs=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_mode_is_restored_also_when_a_batch_fails(tokenizer, encoder, training):
    encoder.train(training)
    train_on_pairs(TEXTS, PAIRS, tokenizer, encoder)
    assert encoder.training == training
    with pytest.raises(IndexError):
        train_on_pairs(TEXTS[:2], PAIRS, tokenizer, encoder)
    assert encoder.training == training
