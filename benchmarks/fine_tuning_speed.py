"""Fine-tuning: the usual recipe against ours, in messages a second, and what both learn.

The usual recipe, as popular notebooks have it, pads every text to the longest of the dataset and
trains in float32 with batches of 64 and the checkpoint's dropout. Both are the library's Trainer
with the same encoder, rows, epochs and learning rate, in turn, in one process. Seconds are those of
whole trainings. What they learn is compared on the same rows and seeds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import torch
from datasets import Dataset
from transformers import Trainer, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

from benchmarks.fine_tuning import over_runs
from benchmarks.record import Figure
from helpers.data import load
from helpers.models import load_classifier, load_tokenizer, pick_dtype
from helpers.recipes import token_logits
from helpers.training import RECIPE, train_on

FILES = (
    "benchmarks/fine_tuning_speed.py",
    "data/emotion/manifest.json",
    "helpers/models.py",
    "helpers/training.py",
)
ROWS = 2000
EPOCHS = 2
SEEDS = 5
BATCH = 64
CHECKPOINT_DROPOUT = 0.1


def measure(data: str) -> dict[str, Figure]:
    """Train both ways with several seeds, in turn.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Ratios of throughput, the median of the seeds with the least and the most; and the mean
        difference of validation accuracy, ours less the usual, with Student's interval.
    """
    emotion, tokenizer = load("emotion", source=data), load_tokenizer()
    train = emotion["train"].shuffle(seed=0).select(range(ROWS))
    names = train.features["label"].names
    # The longest of all texts is what whoever pads the dataset pads to.
    longest = max(map(len, tokenizer(emotion["train"]["text"][:], truncation=True)["input_ids"]))
    padded = _rows(train, tokenizer, padding="max_length", max_length=longest)
    ours = _rows(train, tokenizer)
    formats = {"float32": torch.float32}
    if pick_dtype() == torch.bfloat16:
        formats["bf16"] = torch.bfloat16
    speedups, gains = {name: [] for name in formats}, {name: [] for name in formats}
    for seed in range(SEEDS):
        usual = _new(names, seed)
        usual_seconds = _timed(train_as_usual, usual, padded, tokenizer, seed)
        usual_accuracy = _accuracy(usual, emotion["validation"], tokenizer)
        for name, dtype in formats.items():
            model = _new(names, seed)
            with patch("helpers.models.pick_dtype", lambda *_, dtype=dtype: dtype):
                seconds = _timed(train_on, model, ours, tokenizer, EPOCHS, seed)
            speedups[name].append(usual_seconds / seconds)
            gains[name].append(_accuracy(model, emotion["validation"], tokenizer) - usual_accuracy)
        print(f"seed {seed}: usual {usual_seconds:.0f} s, {usual_accuracy:.3f}", speedups, gains)
    figures = {}
    for name in formats:
        ratios = speedups[name]
        figures[f"finetuning.speedup_{name}"] = Figure(
            float(np.median(ratios)), "ratio", SEEDS, data, min(ratios), max(ratios)
        )
        figures[f"finetuning.accuracy_gain_{name}"] = over_runs(gains[name], data)
    return figures


def _rows(train: Dataset, tokenizer, **options) -> Dataset:
    tokens = tokenizer(train["text"][:], truncation=True, **options)
    return Dataset.from_dict({**tokens, "label": train["label"][:]})


def _new(names: list[str], seed: int):
    set_seed(seed)
    return load_classifier(len(names), dict(enumerate(names)))


def _timed(train: Callable, *arguments) -> float:
    started = time.perf_counter()
    train(*arguments)
    return time.perf_counter() - started


def train_as_usual(model, rows: Dataset, tokenizer, seed: int) -> None:
    """Train as popular notebooks do."""
    torch.set_flush_denormal(False)
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = CHECKPOINT_DROPOUT
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            learning_rate=RECIPE["learning_rate"],
            weight_decay=RECIPE["weight_decay"],
            seed=seed,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = Trainer(model, arguments, train_dataset=rows, processing_class=tokenizer)
        trainer.remove_callback(PrinterCallback)
        trainer.train()


def _accuracy(model, validation: Dataset, tokenizer) -> float:
    tokens = tokenizer(validation["text"][:], truncation=True)["input_ids"]
    logits = token_logits(model.eval(), tokens, tokenizer)
    return float((logits.argmax(axis=1) == np.array(validation["label"][:])).mean())
