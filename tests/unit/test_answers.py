"""A language model learns the answers to prompts; what is frozen stays as it is."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from benchmarks.low_rank import ATTENTION, Corrected, correct
from helpers.answers import train_on_answers
from helpers.language_models import score_labels

PROMPTS = ["up", "atop", "down", "been"]
ANSWERS = ["high", "high", "low", "low"]


class Letters:
    """A tokenizer for which each letter is a token."""

    def __call__(self, text, add_special_tokens=True):
        return {"input_ids": [ord(letter) % 60 for letter in text]}


@pytest.fixture
def model():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    config = LlamaConfig(vocab_size=64, num_attention_heads=4, num_key_value_heads=2, **sizes)
    return LlamaForCausalLM(config).eval()


def chosen(model):
    scores = score_labels(PROMPTS, ["high", "low"], Letters(), model)
    return [("high", "low")[place] for place in scores.argmax(axis=1)]


def test_answers_are_learnt(model):
    train_on_answers(PROMPTS, ANSWERS, Letters(), model, 20, batch_size=3, learning_rate=0.02)
    assert chosen(model) == ANSWERS
    assert not model.training


def test_the_loss_is_that_of_the_answers_tokens_alone(model, monkeypatch):
    losses = []

    def watch(parameters, batches, loss_of, learning_rate):
        losses.extend(loss_of(batch).item() for batch in batches)

    monkeypatch.setattr("helpers.answers.train_batches", watch)
    train_on_answers(PROMPTS, ANSWERS, Letters(), model, epochs=1, batch_size=4)
    scores = score_labels(PROMPTS, ANSWERS, Letters(), model).diagonal()
    tokens = sum(len(answer) + 1 for answer in ANSWERS)
    assert losses == pytest.approx([-scores.sum() / tokens], abs=1e-5)


def test_each_epoch_has_an_order_of_its_own_and_a_seed_repeats_it(model, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "helpers.answers.train_batches", lambda parameters, batches, *_: seen.append(batches)
    )
    for seed in (0, 0, 1):
        train_on_answers(PROMPTS, ANSWERS, Letters(), model, epochs=3, batch_size=2, seed=seed)
    first, again, another = seen
    assert first == again != another
    epochs = [[*one, *two] for one, two in zip(first[::2], first[1::2], strict=True)]
    assert epochs[0] != epochs[1]
    assert all(sorted(epoch) == sorted(epochs[0]) for epoch in epochs)


def test_only_corrections_learn_and_at_first_they_change_nothing(model):
    before = score_labels(PROMPTS, ANSWERS, Letters(), model)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    learning = correct(model, ATTENTION, rank=2)
    # Of each attention, queries and outputs are 16 by 16; keys and values are 16 by 8.
    assert learning == 2 * 2 * (2 * (16 + 16) + 2 * (16 + 8))
    assert (score_labels(PROMPTS, ANSWERS, Letters(), model) == before).all()
    train_on_answers(PROMPTS, ANSWERS, Letters(), model, epochs=10, learning_rate=0.1)
    learnt = score_labels(PROMPTS, ANSWERS, Letters(), model)
    assert (learnt.diagonal() > before.diagonal()).all()
    after = model.state_dict()
    for name, value in weights.items():
        layer, _, last = name.rpartition(".")
        renamed = f"{layer}.linear.{last}" if layer.endswith(ATTENTION) else name
        assert torch.equal(after[renamed], value)
    assert any(part.up.any() for part in model.modules() if isinstance(part, Corrected))


def test_a_model_in_which_nothing_learns_is_refused(model):
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="requires gradients"):
        train_on_answers(PROMPTS, ANSWERS, Letters(), model, epochs=1)
