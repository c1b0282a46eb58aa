"""The masked language model that is trained here, and how it is scored."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, set_seed

from helpers.masked import (
    _hide,
    _scores_at,
    adapted_masked_model,
    masked_accuracy,
    pretrained_masked_model,
)
from helpers.models import load_tokenizer
from helpers.sources import SourceError

TEXTS = ["the storm is over", "a storm is coming", "the calm before the storm", "calm is over"]


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(source="embedded")


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Replace the embedded model by a tiny network, and the cache by an empty folder."""

    def untrained(seed=0):
        set_seed(seed)
        config = BertConfig(
            hidden_size=16, num_hidden_layers=1, num_attention_heads=1, intermediate_size=16
        )
        return BertForMaskedLM(config).eval()

    monkeypatch.setattr("helpers.masked.untrained_masked_model", untrained)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    return untrained


def test_hidden_tokens_are_masked_and_never_special(tokenizer):
    rows = tokenizer(TEXTS)["input_ids"]
    batch, places, hidden = _hide(rows, tokenizer, np.random.default_rng(0))
    assert len(hidden) >= 1
    assert not set(hidden.tolist()) & set(tokenizer.all_special_ids)
    assert set(batch["input_ids"][places].tolist()) == {tokenizer.mask_token_id}
    restored = batch["input_ids"].clone()
    restored[places] = hidden
    for row, ids in zip(restored.tolist(), rows, strict=True):
        assert row[: len(ids)] == ids


def test_adapted_model_learns_is_kept_and_ends_in_evaluation_mode(tiny, tokenizer, capsys):
    before = masked_accuracy(tiny(), TEXTS, tokenizer)
    first = adapted_masked_model(TEXTS, tokenizer, steps=80)
    after = masked_accuracy(first, TEXTS, tokenizer)
    again = adapted_masked_model(TEXTS, tokenizer, steps=80)
    printed = capsys.readouterr().out
    assert printed.count("trained in") == printed.count("from the cache") == 1
    assert after["first five"] > before["first five"]
    assert before["most frequent"] == after["most frequent"]
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not first.training


@pytest.mark.parametrize(("dtype", "exact"), [(torch.float16, True), (torch.bfloat16, False)])
def test_only_bfloat16_is_adapted_in_half_of_the_bits(tiny, tokenizer, monkeypatch, dtype, exact):
    """A GPU without bfloat16 has float16, whose gradients vanish unless the loss is scaled."""
    model = tiny()
    batch, places, _ = _hide(tokenizer(TEXTS)["input_ids"], tokenizer, np.random.default_rng(0))
    scores = {}
    for name in (torch.float32, dtype):
        monkeypatch.setattr("helpers.masked.pick_dtype", lambda device, name=name: name)
        scores[name] = _scores_at(model, batch, places)
    assert torch.equal(scores[torch.float32], scores[dtype]) == exact


def test_without_a_mirror_and_a_hub_there_is_no_pretrained_head(monkeypatch):
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(SourceError, match="no mirror"):
        pretrained_masked_model()
