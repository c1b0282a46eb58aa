"""A script for ``accelerate launch``: `course train` without chance, its losses written down.

Two processes compute what one does only in exact arithmetic, so a small model stands in that
computes with 64 bits and drops nothing, and the rows come in their order.
"""

import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer

from helpers.train_script import leave_group, train
from helpers.training import RECIPE

SETTINGS = {"train_sampling_strategy": "sequential", "learning_rate": 1e-2}


def load_classifier(num_labels, id2label):
    config = BertConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.5,
        id2label=id2label,
    )
    return BertForSequenceClassification(config).double()


def main(data: str, output: str) -> None:
    losses, step = [], Trainer.training_step

    def noted(trainer, *arguments):
        loss = step(trainer, *arguments)
        losses.append(loss.item())
        return loss

    with (
        patch("helpers.models.load_classifier", load_classifier),
        patch("helpers.models.pick_dtype", lambda *_: torch.float32),
        patch.dict(RECIPE, SETTINGS),
        patch.object(Trainer, "training_step", noted),
    ):
        train(data, Path(output), epochs=2, seed=0)
    leave_group()
    Path(f"{output}-{os.environ.get('RANK', '0')}.json").write_text(json.dumps(losses))


main(*sys.argv[1:])
