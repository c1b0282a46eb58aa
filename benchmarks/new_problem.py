"""Lesson 7 with fine-tuning: posts and reviews."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.frozen import labels_of, probe, sentence_features
from benchmarks.record import Figure
from helpers.data import load
from helpers.models import load_tokenizer
from helpers.recipes import logits_after_training
from helpers.scores import bootstrap_scores

DEPENDS_ON = ("data/tweet_emotion/manifest.json", "data/imdb/manifest.json")


def measure(data: str) -> dict[str, Figure]:
    """Measure the recipes of lesson 7 for posts and for reviews.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Shares, with intervals bootstrapped over the rows of the test split.
    """
    return posts(data) | reviews(data)


def posts(data: str) -> dict[str, Figure]:
    """Average a fine-tuned model (60 tokens, five epochs) with frozen features on tweet_emotion."""
    dataset, tokenizer = load("tweet_emotion", source=data), load_tokenizer()
    names, truth = dataset["train"].features["label"].names, labels_of(dataset)
    tokens = {
        split: tokenizer(rows["text"][:], truncation=True, max_length=60)["input_ids"]
        for split, rows in dataset.items()
    }
    logits = logits_after_training(
        tokens["train"], truth["train"], names, tokenizer, tokens["test"], epochs=5
    )
    features = sentence_features(dataset)
    frozen = probe(10).fit(features["train"], truth["train"]).predict_proba(features["test"])
    guess = (torch.tensor(logits).softmax(dim=1).numpy() + frozen).argmax(axis=1)
    scores = bootstrap_scores(truth["test"], guess, len(names))
    return {
        f"tweet_emotion.{name}": _figure(scores[name], len(guess), data)
        for name in ("accuracy", "macro_f1")
    }


def reviews(data: str) -> dict[str, Figure]:
    """Average a fine-tuned model that reads head and tail with word counts of the whole review."""
    dataset, tokenizer = load("imdb", source=data), load_tokenizer()
    names, truth = dataset["train"].features["label"].names, labels_of(dataset)
    tokens = {
        split: [head_and_tail(ids) for ids in tokenizer(rows["text"][:])["input_ids"]]
        for split, rows in dataset.items()
    }
    logits = logits_after_training(
        tokens["train"],
        truth["train"],
        names,
        tokenizer,
        tokens["test"],
        epochs=2,
        frozen_layers=3,
        learning_rate=2e-4,
    )
    read = torch.tensor(logits).softmax(dim=1).numpy()
    guess = (read + word_chances(dataset, truth["train"])).argmax(axis=1)
    scores = bootstrap_scores(truth["test"], guess, len(names))
    return {"imdb.accuracy": _figure(scores["accuracy"], len(guess), data)}


def head_and_tail(ids: list[int], limit: int = 128, head: int = 32) -> list[int]:
    """Return the first `head` and the last `limit - head` tokens of a longer text."""
    return ids if len(ids) <= limit else ids[:head] + ids[len(ids) - (limit - head) :]


def word_chances(dataset, labels: np.ndarray) -> np.ndarray:
    """Return the class probabilities of the test split from words and pairs, weighted as by Bayes.

    Source: S. Wang and C. D. Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic
    Classification", ACL 2012.
    """
    counter = CountVectorizer(binary=True, ngram_range=(1, 2), min_df=2, token_pattern=r"\w+|[!?]")
    present = counter.fit_transform(dataset["train"]["text"][:])
    often, seldom = (1 + present[rows].sum(axis=0) for rows in (labels == 1, labels != 1))
    weights = np.asarray(np.log(often / often.sum()) - np.log(seldom / seldom.sum()))
    model = LogisticRegression(max_iter=1000).fit(present.multiply(weights).tocsr(), labels)
    unseen = counter.transform(dataset["test"]["text"][:]).multiply(weights).tocsr()
    return model.predict_proba(unseen)


def _figure(interval: tuple[float, float, float], rows: int, data: str) -> Figure:
    value, lower, upper = interval
    return Figure(value, "share", rows, data, lower, upper)
