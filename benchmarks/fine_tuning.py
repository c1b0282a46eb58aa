"""Emotion: fine-tuning as lesson 4 does it, with several seeds."""

from __future__ import annotations

import tempfile
import time
from unittest.mock import patch

import numpy as np
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score

from benchmarks.record import Figure
from helpers.data import load
from helpers.models import load_tokenizer
from helpers.predictors import pipeline_predictor
from helpers.training import fine_tuned

DEPENDS_ON = ("data/emotion/manifest.json",)
SEEDS = 5


def measure(data: str) -> dict[str, Figure]:
    """Fine-tune with five seeds, each from an empty cache.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Scores are shares, with Student's intervals over the seeds; seconds are the median, with
        the least and the most.
    """
    emotion, tokenizer = load("emotion", source=data), load_tokenizer()
    runs = {"accuracy": [], "f1": [], "macro_f1": [], "test_accuracy": [], "test_macro_f1": []}
    seconds = []
    for seed in range(SEEDS):
        # An empty cache, so that every seed is trained and timed.
        with tempfile.TemporaryDirectory() as empty, patch.dict("os.environ", COURSE_CACHE=empty):
            started = time.perf_counter()
            model = fine_tuned(emotion, tokenizer, seed=seed)
            seconds.append(time.perf_counter() - started)
        for split, prefix in (("validation", ""), ("test", "test_")):
            scores = _scores(model, tokenizer, emotion[split])
            for name in ("accuracy", "f1", "macro_f1"):
                if prefix + name in runs:
                    runs[prefix + name].append(scores[name])
        print(f"seed {seed}: {seconds[-1]:.0f} s", {k: round(v[-1], 4) for k, v in runs.items()})
    found = {f"emotion.finetuned.{name}": over_runs(values, data) for name, values in runs.items()}
    timing = Figure(float(np.median(seconds)), "s", SEEDS, data, min(seconds), max(seconds))
    return found | {"emotion.finetuned.seconds": timing}


def over_runs(values: list[float], data: str) -> Figure:
    """Return the mean of several runs with Student's 95 % interval."""
    mean, error = float(np.mean(values)), float(stats.sem(values))
    lower, upper = stats.t.interval(0.95, len(values) - 1, mean, error) if error else (mean, mean)
    return Figure(mean, "share", len(values), data, float(lower), float(upper))


def _scores(model, tokenizer, rows) -> dict[str, float]:
    answers = pipeline_predictor(tokenizer, model)(rows["text"][:])
    predicted = [model.config.label2id[answer[0]["label"]] for answer in answers]
    truth = rows["label"][:]
    return {
        "accuracy": accuracy_score(truth, predicted),
        "f1": f1_score(truth, predicted, average="weighted"),
        "macro_f1": f1_score(truth, predicted, average="macro"),
    }
