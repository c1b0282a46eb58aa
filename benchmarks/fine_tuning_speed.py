"""Fine-tuning: the usual recipe and ours, in texts per second, and the accuracy of both.

The usual recipe, from popular notebooks, pads every text to the longest of the dataset, draws
batches of 64 at random, keeps the checkpoint's dropout and computes in float32. Both use the
library's Trainer on the same encoder, with the same optimizer, rate and schedule.

The seconds are those of the steps, in turn, in one process. Our batches hold texts of similar
lengths, so their sizes differ: ours are timed on all batches that are sorted together, a random
sample of the dataset from its longest texts to its shortest. The usual batches all have one size,
so a few are enough.

Accuracy is compared after complete trainings on the same few rows, with the same seeds.
"""

from __future__ import annotations

import io
import tempfile
import time
from contextlib import redirect_stdout
from unittest.mock import patch

import numpy as np
import torch
from datasets import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

from benchmarks.fine_tuning import over_runs
from benchmarks.record import Figure
from helpers.data import load
from helpers.models import load_classifier, load_tokenizer, pick_dtype
from helpers.recipes import token_logits
from helpers.training import RECIPE, train_on

DEPENDS_ON = ("data/emotion/manifest.json",)
BATCH = RECIPE["per_device_train_batch_size"]
CHECKPOINT_DROPOUT = 0.1
ROUNDS = 3
USUAL_STEPS = 10
OUR_STEPS = 50  # the Trainer sorts the rows of fifty batches together
SEEDS = 5
ROWS = 1280
EPOCHS = 2


class Clock(TrainerCallback):
    """Records how many seconds the steps of a training take; replaces the progress bar."""

    def on_train_begin(self, args, state, control, **options):
        self.started = time.perf_counter()

    def on_train_end(self, args, state, control, **options):
        self.seconds = time.perf_counter() - self.started


def measure(data: str) -> dict[str, Figure]:
    """Time both ways, then train both with several seeds.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Ratios of throughput, the median of the rounds with the least and the most; and the mean
        difference of validation accuracy, ours minus the usual, with Student's interval.
    """
    emotion, tokenizer = load("emotion", source=data), load_tokenizer()
    return speedups(emotion["train"], tokenizer, data) | accuracies(emotion, tokenizer, data)


def speedups(train: Dataset, tokenizer, data: str) -> dict[str, Figure]:
    """Return our texts per second divided by the usual recipe's."""
    names = train.features["label"].names
    padded, rows = tokenized(train, tokenizer, padding=True), tokenized(train, tokenizer)
    formats = {"float32": torch.float32}
    if pick_dtype() == torch.bfloat16:
        formats["bf16"] = torch.bfloat16
    ratios: dict[str, list[float]] = {name: [] for name in formats}
    for number in range(ROUNDS):
        model, clock = new_model(names, number), Clock()
        train_as_usual(model, padded, tokenizer, number, clock, max_steps=USUAL_STEPS)
        usual = USUAL_STEPS * BATCH / clock.seconds
        for name, dtype in formats.items():
            model, clock = new_model(names, number), Clock()
            with patch("helpers.models.pick_dtype", lambda *_, dtype=dtype: dtype):
                train_as_ours(model, rows, tokenizer, number, clock, max_steps=OUR_STEPS)
            ours = OUR_STEPS * BATCH / clock.seconds
            ratios[name].append(ours / usual)
            print(f"{name}: {ours:.0f} texts a second; the usual way {usual:.0f}")
    return {
        f"finetuning.speedup_{name}": Figure(
            float(np.median(found)), "ratio", ROUNDS, data, min(found), max(found)
        )
        for name, found in ratios.items()
    }


def accuracies(emotion, tokenizer, data: str) -> dict[str, Figure]:
    """Return how much higher the validation accuracy of our recipe is, with the same seeds."""
    train = emotion["train"].shuffle(seed=0).select(range(ROWS))
    names = train.features["label"].names
    padded, rows = tokenized(train, tokenizer, padding=True), tokenized(train, tokenizer)
    found = {"usual": [], "ours": []}
    for seed in range(SEEDS):
        for name, way, its_rows in (
            ("usual", train_as_usual, padded),
            ("ours", train_as_ours, rows),
        ):
            model = new_model(names, seed)
            way(model, its_rows, tokenizer, seed, Clock())
            found[name].append(accuracy(model, emotion["validation"], tokenizer))
        print(f"seed {seed}:", {name: round(values[-1], 4) for name, values in found.items()})
    gains = np.subtract(found["ours"], found["usual"]).tolist()
    return {
        "finetuning.accuracy_gain": over_runs(gains, data),
        "finetuning.accuracy_usual": over_runs(found["usual"], data),
    }


def tokenized(train: Dataset, tokenizer, **options) -> Dataset:
    """Return the token ids of all rows."""
    tokens = tokenizer(train["text"][:], truncation=True, **options)
    return Dataset.from_dict({**tokens, "label": train["label"][:]})


def new_model(names: list[str], seed: int):
    """Return the checkpoint with a head drawn from the seed."""
    set_seed(seed)
    with redirect_stdout(io.StringIO()):
        return load_classifier(len(names), dict(enumerate(names)))


def train_as_ours(model, rows: Dataset, tokenizer, seed: int, clock: Clock, **changes) -> None:
    """Train as the course does."""
    with patch("helpers.training.progress_bar", lambda: clock):
        train_on(model, rows, tokenizer, EPOCHS, seed, **changes)


def train_as_usual(model, rows: Dataset, tokenizer, seed: int, clock: Clock, **changes) -> None:
    """Train as popular notebooks do, on rows that are padded already."""
    torch.set_flush_denormal(False)
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = CHECKPOINT_DROPOUT
    recipe = {**RECIPE, "train_sampling_strategy": "random", "num_train_epochs": EPOCHS}
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            seed=seed,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            **{**recipe, **changes},
        )
        trainer = Trainer(
            model, arguments, train_dataset=rows, processing_class=tokenizer, callbacks=[clock]
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()


def accuracy(model, validation: Dataset, tokenizer) -> float:
    """Return the share of validation texts whose label the model finds."""
    tokens = tokenizer(validation["text"][:], truncation=True)["input_ids"]
    logits = token_logits(model, tokens, tokenizer)
    return float((logits.argmax(axis=1) == np.array(validation["label"][:])).mean())
