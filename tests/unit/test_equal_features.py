"""Features that are computed faster are the same. These tests record the figures for that."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.features import features_from_nothing, usual_batch
from benchmarks.record import Figure, prove
from helpers.data import load
from helpers.models import load_encoder, load_tokenizer, pick_dtype

DEPENDS_ON = ("data/emotion/manifest.json",)
THIS_FILE = "tests/unit/test_equal_features.py"
COMPARED = 512  # texts that are padded to the longest of them, as the usual recipe does
FITTED = 4000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def emotion():
    return load("emotion", source="embedded")


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(source="embedded")


@pytest.fixture(scope="module")
def encoder():
    return load_encoder(source="embedded")


def features_of(texts, tokenizer, encoder, dtype):
    with features_from_nothing(dtype) as compute:
        return compute(texts, tokenizer, encoder)


def prove_figure(name, value, unit, n):
    """Record a figure whose last digits differ from one processor to another."""
    prove({name: Figure(float(value), unit, n, "embedded")}, THIS_FILE, exact=False)


def test_features_in_float32_are_those_of_the_usual_recipe(emotion, tokenizer, encoder):
    texts = emotion["train"]["text"][:COMPARED]
    tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    usual = usual_batch(dict(tokens), encoder)
    ours = features_of(texts, tokenizer, encoder, torch.float32)
    difference = np.abs(ours - usual).max()
    assert difference < 1e-5
    prove_figure("features.float32_difference", difference, "difference", len(texts))


def test_features_in_bfloat16_have_the_same_direction_and_use(emotion, tokenizer, encoder):
    if pick_dtype(encoder.device) != torch.bfloat16:
        pytest.skip("this processor does not multiply bfloat16: the lessons use float32 here")
    texts = {
        "train": emotion["train"]["text"][:FITTED],
        "validation": emotion["validation"]["text"][:],
    }
    labels = {split: np.array(emotion[split]["label"][: len(texts[split])]) for split in texts}
    found, accuracy = {}, {}
    for name, dtype in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        found[name] = {
            split: features_of(rows, tokenizer, encoder, dtype) for split, rows in texts.items()
        }
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        probe.fit(found[name]["train"], labels["train"])
        accuracy[name] = probe.score(found[name]["validation"], labels["validation"])
    one, other = found["float32"]["train"], found["bf16"]["train"]
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    assert not np.array_equal(one, other)
    cosine = ((one * other).sum(axis=1) / lengths).min()
    gap = abs(accuracy["bf16"] - accuracy["float32"])
    assert cosine > 0.999
    assert gap <= 0.003
    prove_figure("features.bf16_cosine", cosine, "cosine", FITTED)
    prove_figure("features.bf16_accuracy_gap", gap, "share", len(texts["validation"]))
