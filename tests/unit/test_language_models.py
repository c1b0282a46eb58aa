"""Scores of labels after prompts are those of one pass for each prompt and label."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from helpers.language_models import score_labels


class Letters:
    """A tokenizer for which each letter is a token."""

    def __call__(self, text, add_special_tokens=True):
        return {"input_ids": [1] * self.begins * add_special_tokens + [ord(c) % 60 for c in text]}

    def __init__(self, begins=False):
        self.begins = begins


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    config = LlamaConfig(vocab_size=64, num_attention_heads=4, num_key_value_heads=2, **sizes)
    return LlamaForCausalLM(config)


def plainly(prompt, labels, tokenizer, model):
    """One pass over the prompt and the label for each label."""
    scores = []
    for label in labels:
        asked = tokenizer(prompt)["input_ids"]
        answer = tokenizer(f" {label}", add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model.eval()(input_ids=torch.tensor([asked + answer])).logits[0]
        steps = logits.log_softmax(-1)[len(asked) - 1 :]
        scores.append(sum(steps[place, token].item() for place, token in enumerate(answer)))
    return scores


PROMPTS = {
    "shared examples": [f"one of: a, b. x is a. {text} is" for text in ("y", "long words", "z")],
    "nothing shared": ["abc", "xyz", "q"],
    "one is the beginning of another": ["abc", "abcdef", "ab"],
    "twice the same": ["same", "same"],
    "a single one": ["alone"],
    "of one token": ["a", "b"],
}


@pytest.mark.parametrize("prompts", PROMPTS.values(), ids=PROMPTS)
@pytest.mark.parametrize("begins", [False, True], ids=["plain", "with a first token"])
@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_scores_are_those_of_a_pass_for_each_pair(prompts, begins, batch_size, model):
    labels, tokenizer = ["a", "ab", "abba", "b", "a"], Letters(begins)
    scores = score_labels(prompts, labels, tokenizer, model, batch_size)
    assert scores.shape == (len(prompts), 5)
    assert scores.dtype == np.float32
    expected = [plainly(prompt, labels, tokenizer, model) for prompt in prompts]
    assert np.abs(scores - expected).max() < 1e-5


def test_the_model_is_left_as_it_was(model):
    model.train()
    score_labels(["abc"], ["x"], Letters(), model)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_no_prompts_have_no_scores(model):
    assert score_labels([], ["x", "y"], Letters(), model).shape == (0, 2)


@pytest.mark.parametrize(
    ("prompts", "labels", "said"),
    [(["a"], [], "no labels"), (["a", ""], ["x"], "'' has no tokens")],
)
def test_what_cannot_be_scored_is_named(prompts, labels, said, model):
    with pytest.raises(ValueError, match=said):
        score_labels(prompts, labels, Letters(), model)
