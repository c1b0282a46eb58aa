"""Fine-tuning with and without the checkpoint's dropout between layers: seconds and accuracy.

`helpers.models.load_classifier` switches this dropout off. Here, both variants train the whole
train split by the course's recipe, in turn in one process, from the same seeds; nothing else
differs.
"""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.fine_tuning import over_runs
from benchmarks.fine_tuning_speed import (
    CHECKPOINT_DROPOUT,
    SEEDS,
    Clock,
    accuracy,
    new_model,
    tokenized,
    train_as_ours,
)
from benchmarks.record import Figure
from helpers.data import load
from helpers.models import load_tokenizer

DEPENDS_ON = ("data/emotion/manifest.json",)
SPLITS = ("validation", "test")


def measure(data: str) -> dict[str, Figure]:
    """Train both variants with several seeds.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        How many times as long the steps take with dropout between layers: the median of the seeds,
        with the least and the most; and the mean difference of accuracy, without dropout minus
        with it, with Student's interval.
    """
    emotion, tokenizer = load("emotion", source=data), load_tokenizer()
    rows = tokenized(emotion["train"], tokenizer)
    names = emotion["train"].features["label"].names
    ratios, gains = [], {split: [] for split in SPLITS}
    for seed in range(SEEDS):
        seconds, scores = {}, {}
        for between_layers in (True, False):
            model, clock = new_model(names, seed), Clock()
            if between_layers:
                drop_everywhere(model)
            train_as_ours(model, rows, tokenizer, seed, clock)
            seconds[between_layers] = clock.seconds
            scores[between_layers] = {
                split: accuracy(model, emotion[split], tokenizer) for split in SPLITS
            }
        ratios.append(seconds[True] / seconds[False])
        for split in SPLITS:
            gains[split].append(scores[False][split] - scores[True][split])
        print(f"seed {seed}, with dropout between layers or not:", seconds, scores, flush=True)
    found = {
        f"finetuning.no_dropout.{split}_gain": over_runs(values, data)
        for split, values in gains.items()
    }
    speedup = Figure(float(np.median(ratios)), "ratio", SEEDS, data, min(ratios), max(ratios))
    return found | {"finetuning.no_dropout.speedup": speedup}


def drop_everywhere(model: torch.nn.Module) -> None:
    """Give every dropout of a model the checkpoint's probability."""
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = CHECKPOINT_DROPOUT
