"""Frozen features: the usual recipe against `helpers.features`, and how close to the machine.

The usual recipe, as popular notebooks have it, pads every text to the longest of the dataset and
encodes batches of 1,000 in float32. Both get the same texts of the emotion data, the same tokenizer
and encoder, in turn, in one process; the first token's vector is what both return. Tokenizing is
part of both.
"""

from __future__ import annotations

import tempfile
import time
from unittest.mock import patch

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.record import Figure
from helpers.data import load
from helpers.features import dataset_features
from helpers.models import load_encoder, load_tokenizer, pick_dtype

FILES = (
    "benchmarks/features.py",
    "data/emotion/manifest.json",
    "helpers/features.py",
    "helpers/models.py",
)
ROUNDS = 3
BATCH = 1000
SIDE = 2048  # of the matrices whose product is the machine's limit


def measure(data: str) -> dict[str, Figure]:
    """Time both ways in turn, and compare what they return.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Ratios of seconds and a share of the machine's matrix product, each the median of the
        rounds, with the least and the most.
    """
    emotion, tokenizer, encoder = load("emotion", source=data), load_tokenizer(), load_encoder()
    texts = emotion["train"]["text"][:]
    work = useful_operations(tokenizer(texts, truncation=True)["input_ids"], encoder.config)
    formats = {"float32": torch.float32}
    if pick_dtype() == torch.bfloat16:
        formats["bf16"] = torch.bfloat16
    speedups, shares, results = {name: [] for name in formats}, [], {}
    for number in range(ROUNDS):
        results["usual"], usual_seconds = timed(usual_features, texts, tokenizer, encoder)
        for name, dtype in formats.items():
            results[name], seconds = timed(our_features, texts, tokenizer, encoder, dtype)
            speedups[name].append(usual_seconds / seconds)
        shares.append(work / seconds / product_rate(dtype))  # of the fastest format
        print(f"round {number}: usual {usual_seconds:.0f} s", speedups, shares)
    agree(results, emotion, tokenizer, encoder)
    figures = {
        f"features.speedup_{name}": over_rounds(values, "ratio", data)
        for name, values in speedups.items()
    }
    return figures | {"features.limit_share": over_rounds(shares, "share", data)}


def over_rounds(values: list[float], unit: str, data: str) -> Figure:
    """Return the median of repeated timings, with the least and the most."""
    return Figure(float(np.median(values)), unit, len(values), data, min(values), max(values))


def timed(compute, *arguments) -> tuple[np.ndarray, float]:
    started = time.perf_counter()
    found = compute(*arguments)
    return found, time.perf_counter() - started


def usual_features(texts, tokenizer, encoder) -> np.ndarray:
    """Pad everything to the longest text, then encode in batches of 1,000."""
    tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    parts = []
    with torch.no_grad():
        for start in range(0, len(texts), BATCH):
            rows = slice(start, start + BATCH)
            batch = {name: column[rows].to(encoder.device) for name, column in tokens.items()}
            parts.append(encoder(**batch).last_hidden_state[:, 0].cpu().numpy())
    return np.concatenate(parts)


def our_features(texts, tokenizer, encoder, dtype) -> np.ndarray:
    """Encode as the course does, in one number format, with nothing in the cache."""
    with (
        tempfile.TemporaryDirectory() as empty,
        patch.dict("os.environ", COURSE_CACHE=empty),
        patch("helpers.models.pick_dtype", lambda *_: dtype),
    ):
        return dataset_features(texts, tokenizer, encoder, pooling="cls")


def useful_operations(tokens, config) -> float:
    """Return the floating-point operations of all layers' matrix products, for real tokens only."""
    lengths = np.array([len(ids) for ids in tokens], dtype=float)
    width, inner = config.hidden_size, config.intermediate_size
    per_token = 2 * (4 * width**2 + 2 * width * inner)
    return float(config.num_hidden_layers * (per_token * lengths + 4 * width * lengths**2).sum())


def product_rate(dtype) -> float:
    """Return how many operations a second a product of two square matrices reaches."""
    left, right = torch.rand(SIDE, SIDE).to(dtype), torch.rand(SIDE, SIDE).to(dtype)
    times = [timed(torch.mm, left, right)[1] for _ in range(12)]
    return 2 * SIDE**3 / min(times[2:])


def agree(results, emotion, tokenizer, encoder) -> None:
    """Hold what is promised of both: the same features, and as good a classifier on them.

    Raises
    ------
    AssertionError
        If they differ by more; no figure is worth anything then.
    """
    usual, exact = results["usual"], results["float32"]
    difference = float(np.abs(usual - exact).max())
    print(f"float32: largest difference {difference:.1e}")
    assert difference < 1e-5, difference
    if "bf16" not in results:
        return
    rounded = results["bf16"]
    norms = np.linalg.norm(usual, axis=1) * np.linalg.norm(rounded, axis=1)
    cosine = float(((usual * rounded).sum(axis=1) / norms).min())
    scores = [
        accuracy(features, dtype, emotion, tokenizer, encoder)
        for features, dtype in ((exact, torch.float32), (rounded, torch.bfloat16))
    ]
    print(f"bf16: smallest cosine {cosine:.5f}, accuracies {scores}")
    assert cosine >= 0.999, cosine
    assert abs(scores[0] - scores[1]) <= 0.003, scores


def accuracy(features, dtype, emotion, tokenizer, encoder) -> float:
    """Return the validation accuracy of a logistic regression on the features."""
    unseen = our_features(emotion["validation"]["text"][:], tokenizer, encoder, dtype)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    model.fit(features, emotion["train"]["label"][:])
    return float(model.score(unseen, emotion["validation"]["label"][:]))
