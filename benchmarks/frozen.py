"""Lesson 7 without fine-tuning: stances and financial topics from sentence features."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from benchmarks.record import Figure
from helpers.data import load
from helpers.features import dataset_features
from helpers.intervals import mean_f1_interval
from helpers.models import EMBEDDED_CHECKPOINT, load_encoder, load_tokenizer
from helpers.scores import bootstrap_scores

DEPENDS_ON = ("data/financial_topics/manifest.json", "data/stance_climate/manifest.json")
SEEDS = 5


def measure(data: str) -> dict[str, Figure]:
    """Measure a class-weighted logistic regression on sentence features.

    Parameters
    ----------
    data : {"mirror", "embedded"}
        The real financial topics are not in a mirror of the course; they are left out there.

    Returns
    -------
    dict of str to Figure
        Shares, with intervals bootstrapped over the rows.
    """
    return stances(data) | (topics(data) if data == "embedded" else {})


def topics(data: str) -> dict[str, Figure]:
    """Train a class-weighted logistic regression on sentence features of financial news."""
    dataset = load("financial_topics", source=data)
    names, truth, features = (
        dataset["train"].features["label"].names,
        labels_of(dataset),
        sentence_features(dataset),
    )
    model = probe(10, "balanced").fit(features["train"], truth["train"])
    guess = model.predict(features["validation"])
    scores = bootstrap_scores(truth["validation"], guess, len(names))
    value, lower, upper = scores["macro_f1"]
    return {"financial_topics.macro_f1": Figure(value, "share", len(guess), data, lower, upper)}


def stances(data: str) -> dict[str, Figure]:
    """Train it on stances; a seed draws the folds that choose its strength on train.

    Seeds that choose the same strength give the same answers, so the interval over the test rows
    is what matters: the result has the mean of five such intervals.
    """
    dataset = load("stance_climate", source=data)
    truth, features = labels_of(dataset), sentence_features(dataset)
    runs = {"score": [], "f1_against": []}
    for seed in range(SEEDS):
        strength = chosen_strength(features["train"], truth["train"], seed)
        model = probe(strength, "balanced").fit(features["train"], truth["train"])
        guess = model.predict(features["test"])
        runs["score"].append(mean_f1_interval(truth["test"], guess, classes=[1, 2]))
        runs["f1_against"].append(mean_f1_interval(truth["test"], guess, classes=[1]))
    return {
        f"stance_climate.{name}": Figure(value, "share", SEEDS, data, lower, upper)
        for name, found in runs.items()
        for value, lower, upper in [np.mean(found, axis=0).tolist()]
    }


def chosen_strength(features: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Choose C as the reference does: 1, unless another is better by more than chance."""

    def trial(strength: float, split_seed: int) -> float:
        folds = StratifiedKFold(5, shuffle=True, random_state=split_seed)
        guess = cross_val_predict(probe(strength, "balanced"), features, labels, cv=folds)
        return f1_score(labels, guess, labels=[1, 2], average="macro", zero_division=0)

    trials = {
        strength: np.array([trial(strength, 5 * seed + fold) for fold in range(5)])
        for strength in (0.1, 1, 10)
    }
    best = max(trials, key=lambda strength: trials[strength].mean())
    better = trials[best].mean() - trials[1].mean() > 2 * trials[1].std()
    return best if better else 1


def probe(strength: float, class_weight: str | None = None):
    """Return a logistic regression on features of length 1."""
    regression = LogisticRegression(C=strength, class_weight=class_weight, max_iter=2000)
    return make_pipeline(Normalizer(), regression)


def labels_of(dataset) -> dict[str, np.ndarray]:
    """Return the labels of each split."""
    return {split: np.array(rows["label"][:]) for split, rows in dataset.items()}


def sentence_features(dataset) -> dict[str, np.ndarray]:
    """Return the mean-pooled features of each split, by the embedded sentence encoder."""
    tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
    encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")
    return {
        split: dataset_features(rows["text"][:], tokenizer, encoder)
        for split, rows in dataset.items()
    }
