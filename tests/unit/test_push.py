"""Lesson 4's cell that publishes a model: create, commit, load back, with a stand-in Hub."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from standin_hub import standin_hub

from grading.release.source import source_notebook
from helpers.lessons import lesson_named

# Each test starts a process that imports transformers: too slow for `make check`.
pytestmark = pytest.mark.slow

# What the lesson has defined when it reaches the cell, as small as possible.
BEFORE = """
from types import SimpleNamespace

import torch
from transformers import AutoModelForSequenceClassification, BertConfig
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

config = BertConfig(
    vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
    id2label={0: "calm", 1: "storm"}, label2id={"calm": 0, "storm": 1},
)
trainer = SimpleNamespace(model=BertForSequenceClassification(config).eval())
words = Tokenizer(WordLevel({"[UNK]": 0, "sun": 1}, unk_token="[UNK]"))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
"""
AFTER = """
found, kept = published.state_dict(), trainer.model.state_dict()
same = list(found) == list(kept) and all(torch.equal(found[name], kept[name]) for name in kept)
print("same weights:", same)
# Where weights lie in memory decides how a processor adds up, so logits may differ in a last digit.
sample = torch.tensor([[1, 2, 3]])
logits = [model.eval()(sample).logits for model in (published, trainer.model)]
print("same logits:", torch.allclose(*logits, rtol=1e-6, atol=1e-7))
"""


def push_cell() -> str:
    (cell,) = (
        cell
        for cell in source_notebook(lesson_named("04_fine_tuning")).cells
        if "push-to-hub" in cell.metadata.get("tags", [])
    )
    return cell.source


def run(script: str, home: Path, url: str, token: str | None) -> subprocess.CompletedProcess:
    """Run in a separate process: the Hub's client reads these variables when it is imported."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN"):
        environment.pop(name, None)
    if token:
        environment["HF_TOKEN"] = token
    return subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """Push twice, as a student does who runs the lesson again; return both results."""
    with standin_hub({}) as hub:
        script = BEFORE + push_cell() + "\n" + push_cell() + AFTER
        result = run(script, tmp_path_factory.mktemp("home"), hub.url, hub.token)
        assert result.returncode == 0, result.stderr[-2000:] + str(hub.requests)
        yield hub, result


def test_push_creates_a_private_repository(pushed):
    hub, _ = pushed
    assert hub.visibility == {"models/student/emotion-classifier": "private"}
    assert "POST /api/repos/create" in hub.requests


def test_push_commits_model_names_and_tokenizer(pushed):
    hub, _ = pushed
    files = hub.repositories["models/student/emotion-classifier"]
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= set(files)
    assert json.loads(files["config.json"])["id2label"] == {"0": "calm", "1": "storm"}


def test_push_sends_weights_as_a_large_file(pushed):
    hub, _ = pushed
    files = hub.repositories["models/student/emotion-classifier"]
    assert files["model.safetensors"] in hub.large_files.values()
    assert files["config.json"] not in hub.large_files.values()


def test_push_validates_the_card(pushed):
    hub, _ = pushed
    assert "POST /api/validate-yaml" in hub.requests


def test_pushed_model_is_loaded_back_unchanged(pushed):
    _, result = pushed
    assert "same weights: True" in result.stdout
    assert "same logits: True" in result.stdout
    assert "{'calm': 0, 'storm': 1}" in result.stdout


def test_without_a_token_nothing_is_asked_or_published(tmp_path):
    with standin_hub({}) as hub:
        result = run(BEFORE + push_cell(), tmp_path, hub.url, token=None)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "No token" in result.stdout
    assert hub.requests == []


def test_without_network_the_cell_explains_itself(tmp_path):
    with standin_hub({}) as hub:
        url = hub.url
    result = run(BEFORE + push_cell(), tmp_path, url, token="hf_standin")
    assert result.returncode == 0, result.stderr[-2000:]
    assert "nothing is published" in result.stdout
