"""Features of the emotion texts: the usual recipe against `helpers.features`, in one process.

The usual recipe, as popular notebooks have it, pads the whole dataset to its longest text and takes
batches of 1,000 in float32. All of its batches have the same shape, so some are timed whole and
count for the others. Ours is timed whole, from an empty cache, what it needs for its key included.
"""

from __future__ import annotations

import os
import tempfile
import time
from statistics import median
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

FILES = ("benchmarks/features.py", "helpers/features.py", "data/emotion/manifest.json")
BATCH = 1000
USUAL_BATCHES = 3
RUNS = 3
SIDE = 2048


def measure(data: str) -> dict[str, Figure]:
    """Measure both recipes on the train split, and how far their results lie apart.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Seconds, ratios, shares of what a matrix product of the machine reaches, and the bounds
        within which results are equal. In float32 alone where the machine has no bfloat16.
    """
    emotion, tokenizer, encoder = load("emotion", source=data), load_tokenizer(), load_encoder()
    texts = emotion["train"]["text"][:]
    operations = useful_operations(texts, tokenizer, encoder.config)
    formats = {"float32": torch.float32}
    if pick_dtype(encoder.device) == torch.bfloat16:
        formats["bf16"] = torch.bfloat16
    usual_times, usual = usual_features(texts, tokenizer, encoder)
    found, ours = {"features.seconds_usual": _figure(usual_times, "s", data)}, {}
    for name, dtype in formats.items():
        times, ours[name] = our_features(texts, tokenizer, encoder, dtype)
        limit = matrix_product_speed(dtype)
        ratios = [median(usual_times) / seconds for seconds in times]
        shares = [operations / seconds / limit for seconds in times]
        found[f"features.seconds_{name}"] = _figure(times, "s", data)
        found[f"features.speedup_{name}"] = _figure(ratios, "ratio", data)
        found[f"features.limit_share_{name}"] = _figure(shares, "share", data)
    # The format that the machine takes, which is the last.
    found["features.limit_share"] = found.pop(f"features.limit_share_{name}")
    difference = float(np.abs(ours["float32"][: len(usual)] - usual).max())
    found["features.float32_difference"] = Figure(difference, "difference", len(usual), data)
    if "bf16" in ours:
        found |= bf16_equality(emotion, tokenizer, encoder, ours, data)
    return found


def usual_features(texts, tokenizer, encoder) -> tuple[list[float], np.ndarray]:
    """Return what all texts take, by each of the batches timed, and those batches' features."""
    started = time.perf_counter()
    tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    preparing = time.perf_counter() - started
    times, features = [], []
    for start in range(0, USUAL_BATCHES * BATCH, BATCH):
        started = time.perf_counter()
        batch = {name: ids[start : start + BATCH] for name, ids in tokens.items()}
        with torch.no_grad():
            hidden = encoder(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        features.append(((hidden * mask).sum(dim=1) / mask.sum(dim=1)).cpu().numpy())
        times.append(preparing + (time.perf_counter() - started) * len(texts) / BATCH)
    return times, np.concatenate(features)


def our_features(texts, tokenizer, encoder, dtype) -> tuple[list[float], np.ndarray]:
    """Return seconds of each run from an empty cache, and the features."""
    times = []
    chosen = patch("helpers.models.pick_dtype", return_value=dtype)
    with chosen, patch.dict(os.environ):
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory() as folder:
                os.environ["COURSE_CACHE"] = folder
                started = time.perf_counter()
                features = dataset_features(texts, tokenizer, encoder)
                times.append(time.perf_counter() - started)
    return times, features


def useful_operations(texts, tokenizer, config) -> float:
    """Return the multiplications and additions of matrix products that real tokens ask for."""
    lengths = np.array([len(ids) for ids in tokenizer(texts, truncation=True)["input_ids"]], float)
    hidden, inner = config.hidden_size, config.intermediate_size
    linear = 2 * lengths.sum() * (4 * hidden**2 + 2 * hidden * inner)
    attention = 4 * hidden * (lengths**2).sum()
    return float(config.num_hidden_layers * (linear + attention))


def matrix_product_speed(dtype: torch.dtype) -> float:
    """Return the operations a second of a large square product, median of 20."""
    left, right = (torch.randn(SIDE, SIDE).to(dtype) for _ in range(2))
    times = []
    for _ in range(21):
        started = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - started)
    return 2 * SIDE**3 / median(times[1:])


def bf16_equality(emotion, tokenizer, encoder, train, data: str) -> dict[str, Figure]:
    """Compare features in bfloat16 with those in float32, by direction and by what they are for."""
    both = train["float32"], train["bf16"]
    lengths = np.prod([np.linalg.norm(features, axis=1) for features in both], axis=0)
    cosines = (both[0] * both[1]).sum(axis=1) / lengths
    labels = {split: np.array(rows["label"][:]) for split, rows in emotion.items()}
    accuracy = {}
    for name, dtype in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        probe.fit(train[name], labels["train"])
        _, unseen = our_features(emotion["validation"]["text"][:], tokenizer, encoder, dtype)
        accuracy[name] = probe.score(unseen, labels["validation"])
    gap, rows = abs(accuracy["bf16"] - accuracy["float32"]), len(labels["validation"])
    return {
        "features.bf16_cosine": Figure(float(cosines.min()), "cosine", len(cosines), data),
        "features.bf16_accuracy_gap": Figure(gap, "share", rows, data),
    }


def _figure(values: list[float], unit: str, data: str) -> Figure:
    return Figure(median(values), unit, len(values), data, min(values), max(values))
