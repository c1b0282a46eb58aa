"""Emotion without fine-tuning: the most frequent class, words, and frozen features."""

from __future__ import annotations

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.record import Figure
from helpers.data import load
from helpers.features import dataset_features
from helpers.models import load_encoder, load_tokenizer
from helpers.scores import bootstrap_scores

DEPENDS_ON = ("data/emotion/manifest.json",)


def measure(data: str) -> dict[str, Figure]:
    """Measure the ways of lesson 3 on the validation split.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Accuracies as shares, with intervals bootstrapped over the rows.
    """
    emotion, tokenizer = load("emotion", source=data), load_tokenizer()
    train, validation = emotion["train"], emotion["validation"]
    labels, truth = np.array(train["label"][:]), np.array(validation["label"][:])
    classes = train.features["label"].num_classes
    predictions = {"majority": np.full_like(truth, np.bincount(labels).argmax())}
    words = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))
    words.fit(train["text"][:], labels)
    predictions["tfidf"] = words.predict(validation["text"][:])
    encoder = load_encoder()
    for pooling in ("cls", "mean"):
        features = dataset_features(train["text"][:], tokenizer, encoder, pooling)
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        probe.fit(features, labels)
        unseen = dataset_features(validation["text"][:], tokenizer, encoder, pooling)
        predictions[f"{pooling}_probe"] = probe.predict(unseen)
    found = {}
    for name, predicted in predictions.items():
        value, lower, upper = bootstrap_scores(truth, predicted, classes)["accuracy"]
        found[f"emotion.{name}"] = Figure(value, "share", len(truth), data, lower, upper)
    return found
