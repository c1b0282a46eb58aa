"""A script for ``accelerate launch``: `course train` with a small model, recording what it does.

Two processes compute exactly what one does only in exact arithmetic. So the first training uses
64 bits, no dropout and the rows in their order. The second uses dropout and a random order.
"""

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer

from helpers.train_script import leave_group, train
from helpers.training import RECIPE

IN_ORDER = {"train_sampling_strategy": "sequential", "learning_rate": 1e-2}


def small_model(dropout):
    def load_classifier(num_labels, id2label):
        config = BertConfig(
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
            initializer_range=0.5,
            id2label=id2label,
        )
        return BertForSequenceClassification(config).double()

    return patch("helpers.models.load_classifier", load_classifier)


@contextmanager
def noted():
    """Return lists that collect each step's loss and the rows of this process."""
    losses, rows, step = [], [], Trainer.training_step

    def training_step(trainer, model, inputs, *arguments):
        pairs = zip(inputs["input_ids"], inputs["attention_mask"], strict=True)
        rows.append([ids[mask == 1].tolist() for ids, mask in pairs])
        losses.append(step(trainer, model, inputs, *arguments).item())
        return torch.tensor(losses[-1])

    with patch.object(Trainer, "training_step", training_step):
        yield losses, rows


def main(data: str, output: str) -> None:
    with patch("helpers.models.pick_dtype", lambda *_: torch.float32):
        with small_model(dropout=0.0), patch.dict(RECIPE, IN_ORDER), noted() as (losses, _):
            train(data, Path(output), epochs=2, seed=0)
        with small_model(dropout=0.5), noted() as (_, rows):
            train(data, Path(f"{output}-by-chance"), epochs=2, seed=0)
    leave_group()
    written = {"losses": losses, "rows": rows}
    Path(f"{output}-{os.environ.get('RANK', '0')}.json").write_text(json.dumps(written))


main(*sys.argv[1:])
