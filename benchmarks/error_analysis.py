"""Planted wrong labels: how many the reference of lesson 5 and cleanlab find."""

from __future__ import annotations

import numpy as np
from cleanlab.filter import find_label_issues
from scipy.stats import binomtest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from benchmarks.record import Figure
from grading.release.source import source_notebook
from helpers.data import load
from helpers.lessons import lesson_named
from helpers.planted import planted_errors

DEPENDS_ON = (
    "data/emotion/manifest.json",
    "solutions/05_error_analysis/05_error_analysis.py:suspect_labels",
)


def measure(data: str) -> dict[str, Figure]:
    """Measure precision and recall on the train split; the real data has no key to wrong labels.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Shares with Wilson's 95 % intervals.
    """
    if data != "embedded":
        return {}
    emotion = load("emotion", source=data)
    key = planted_errors("emotion", emotion)
    texts, labels = emotion["train"]["text"][:], np.array(emotion["train"]["label"][:])
    planted = np.zeros(len(labels), dtype=bool)
    planted[key.loc[key["split"] == "train", "row"]] = True
    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    )
    unseen = cross_val_predict(words, texts, labels, cv=5, method="predict_proba")
    found = {
        "planted": _reference("suspect_labels")(unseen, labels),
        "planted.cleanlab": find_label_issues(
            labels, unseen, filter_by="confident_learning", n_jobs=1
        ),
    }
    return {
        f"emotion.{name}.{score}": figure
        for name, suspects in found.items()
        for score, figure in _scores(suspects, planted).items()
    }


def _scores(suspects: np.ndarray, planted: np.ndarray) -> dict[str, Figure]:
    hits = int((suspects & planted).sum())
    sizes = {"precision": int(suspects.sum()), "recall": int(planted.sum())}
    intervals = {
        score: binomtest(hits, size).proportion_ci(method="wilson") for score, size in sizes.items()
    }
    return {
        score: Figure(hits / size, "share", size, "embedded", *map(float, intervals[score]))
        for score, size in sizes.items()
    }


def _reference(exercise: str):
    """Return lesson 5's own answer to an exercise."""
    (source,) = (
        cell.source for cell in source_notebook(lesson_named("5")).cells if cell.id == exercise
    )
    namespace = {"np": np}
    exec(source, namespace)
    return namespace[exercise]
