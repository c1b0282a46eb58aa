"""Features of the emotion texts: the usual recipe and `helpers.features`, in one process.

The usual recipe, from popular notebooks, pads the whole dataset to its longest text and takes
batches of 1,000 in float32. All of its batches have the same shape, so only some are timed and
represent the others. Ours is timed as a whole, from an empty cache, including the time for its key.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.record import Figure
from helpers.data import load
from helpers.features import dataset_features
from helpers.models import load_encoder, load_tokenizer, pick_dtype

BATCH = 1000
USUAL_BATCHES = 3
RUNS = 3
SIDE = 2048


def measure(data: str) -> dict[str, Figure]:
    """Measure both recipes on the train split.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Seconds, ratios, and shares of the speed of a large matrix product on this machine. Only in
        float32 if the machine has no bfloat16. `tests/unit/test_equal_features.py` proves that the
        faster recipe gives the same features.
    """
    emotion, tokenizer, encoder = load("emotion", source=data), load_tokenizer(), load_encoder()
    texts = emotion["train"]["text"][:]
    operations = useful_operations(texts, tokenizer, encoder.config)
    formats = {"float32": torch.float32}
    if pick_dtype(encoder.device) == torch.bfloat16:
        formats["bf16"] = torch.bfloat16
    usual_times = usual_seconds(texts, tokenizer, encoder)
    found = {"features.seconds_usual": _figure(usual_times, "s", data)}
    for name, dtype in formats.items():
        times = our_seconds(texts, tokenizer, encoder, dtype)
        limit = matrix_product_speed(dtype)
        ratios = [median(usual_times) / seconds for seconds in times]
        shares = [operations / seconds / limit for seconds in times]
        found[f"features.seconds_{name}"] = _figure(times, "s", data)
        found[f"features.speedup_{name}"] = _figure(ratios, "ratio", data)
        found[f"features.limit_share_{name}"] = _figure(shares, "share", data)
    # The number format that lessons use on this machine is the last one.
    found["features.limit_share"] = found.pop(f"features.limit_share_{name}")
    return found


def usual_seconds(texts, tokenizer, encoder) -> list[float]:
    """Return the seconds for all texts, estimated from each of the timed batches."""
    started = time.perf_counter()
    tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    preparing = time.perf_counter() - started
    times = []
    for start in range(0, USUAL_BATCHES * BATCH, BATCH):
        started = time.perf_counter()
        usual_batch({name: ids[start : start + BATCH] for name, ids in tokens.items()}, encoder)
        times.append(preparing + (time.perf_counter() - started) * len(texts) / BATCH)
    return times


def usual_batch(batch, encoder) -> np.ndarray:
    """Return the mean features of a padded batch, shape (texts, hidden)."""
    with torch.no_grad():
        hidden = encoder(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    return ((hidden * mask).sum(dim=1) / mask.sum(dim=1)).cpu().numpy()


def our_seconds(texts, tokenizer, encoder, dtype) -> list[float]:
    """Return seconds of each run from an empty cache."""
    times = []
    for _ in range(RUNS):
        with features_from_nothing(dtype) as compute:
            started = time.perf_counter()
            compute(texts, tokenizer, encoder)
            times.append(time.perf_counter() - started)
    return times


@contextmanager
def features_from_nothing(dtype: torch.dtype) -> Iterator[Callable]:
    """Yield `dataset_features`, with products in `dtype` and an empty cache."""
    chosen = patch("helpers.models.pick_dtype", return_value=dtype)
    folder = tempfile.TemporaryDirectory()
    with chosen, folder as cache, patch.dict(os.environ, COURSE_CACHE=cache):
        yield dataset_features


def useful_operations(texts, tokenizer, config) -> float:
    """Return the multiplications and additions of matrix products that real tokens need."""
    lengths = np.array([len(ids) for ids in tokenizer(texts, truncation=True)["input_ids"]], float)
    hidden, inner = config.hidden_size, config.intermediate_size
    linear = 2 * lengths.sum() * (4 * hidden**2 + 2 * hidden * inner)
    attention = 4 * hidden * (lengths**2).sum()
    return float(config.num_hidden_layers * (linear + attention))


def matrix_product_speed(dtype: torch.dtype) -> float:
    """Return the operations per second of a large square product, median of 20."""
    left, right = (torch.randn(SIDE, SIDE).to(dtype) for _ in range(2))
    times = []
    for _ in range(21):
        started = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - started)
    return 2 * SIDE**3 / median(times[1:])


def _figure(values: list[float], unit: str, data: str) -> Figure:
    return Figure(median(values), unit, len(values), data, min(values), max(values), kind="timing")
