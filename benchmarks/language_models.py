"""Lesson 8: what a small language model knows of six emotions, and what a few labels buy.

Every training and every set of scores is kept in the course's cache as soon as it is there, under a
key with the code that it depends on. If the measurement is interrupted, it goes on there.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from benchmarks.fine_tuning import over_runs
from benchmarks.frozen import probe
from benchmarks.low_rank import EVERY_LINEAR, correct
from benchmarks.meaning import Sources
from benchmarks.prompting import Wording, calibrated, chat, text_scores
from benchmarks.record import ROOT, Figure, depends
from helpers.answers import train_on_answers
from helpers.cache import cache_folder, fingerprint
from helpers.contrastive import train_on_pairs
from helpers.data import load
from helpers.features import dataset_features
from helpers.language_models import score_labels
from helpers.models import (
    EMBEDDED_CHECKPOINT,
    LANGUAGE_MODEL_SHA256,
    load_encoder,
    load_language_model,
    load_tokenizer,
)
from helpers.planted import planted_errors
from helpers.recipes import logits_after_training
from helpers.stored import store_results

DEPENDS_ON = ("data/emotion/manifest.json",)
SEEDS = 3
ASKED = 1000
"""Messages that the language model is asked about; the other ways classify the whole test split."""

NAMES = ("sadness", "joy", "love", "anger", "fear", "surprise")
ADJECTIVES = ("sad", "happy", "loving", "angry", "afraid", "surprised")
WORDINGS = {
    "classify": Wording(
        "Classify the message as one of: {labels}\n\n", "Message: {text}\nLabel:", NAMES
    ),
    "emotion": Wording(
        "Which emotion does the message express: {labels}?\n\n",
        "Message: {text}\nEmotion:",
        NAMES,
    ),
    "feeling": Wording(
        "How does the writer of each message feel: {labels}?\n\n",
        "Message: {text}\nFeeling:",
        ADJECTIVES,
    ),
    "sentence": Wording("", '"{text}"\nThe person who wrote this feels very', ADJECTIVES),
    "chat": chat("Classify the message as one of: {labels}", NAMES),
}
OPENINGS = tuple(f"I feel {word}." for word in ADJECTIVES)
SHOWN = (1, 4)
"""Examples per class in a prompt."""
WITH_EXAMPLES = ("classify", "emotion", "chat")
ORDERS = 2


class Problem:
    """The messages, the encoder and the language model; each is loaded when it is needed."""

    def __init__(self, data: str):
        self.data = data
        self.emotion = load("emotion", source=data)
        self.names = self.emotion["train"].features["label"].names
        self.texts = {split: rows["text"][:] for split, rows in self.emotion.items()}
        self.labels = {split: np.array(rows["label"][:]) for split, rows in self.emotion.items()}
        order = np.random.default_rng(0).permutation(len(self.labels["test"]))
        self.asked = np.sort(order[:ASKED])
        parts = [part for texts in self.texts.values() for part in texts]
        self.key = fingerprint([*parts, *(str(part.tolist()) for part in self.labels.values())])

    @functools.cached_property
    def sentence_tokenizer(self):
        return load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")

    @functools.cached_property
    def encoder(self):
        return load_encoder(EMBEDDED_CHECKPOINT, source="embedded")

    @functools.cached_property
    def language_model(self):
        return load_language_model(source="embedded")

    def features(self, split: str, encoder=None) -> np.ndarray:
        return dataset_features(self.texts[split], self.sentence_tokenizer, encoder or self.encoder)


def measure(data: str) -> dict[str, Figure]:
    """Measure all ways on the emotion data; the cheap ones first.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Macro-F1 (and accuracy, under names of its own) on test: the mean over three seeds, or over
        wordings, with Student's 95 % interval; the runs are its points.
    """
    table = measured(data)
    runs = table.groupby("name", sort=False)
    found = {}
    for name, rows in runs:
        for score, prefix in (("macro_f1", ""), ("accuracy", "accuracy.")):
            points = rows[score].tolist()
            found[f"language_models.{prefix}{name}"] = _figure(points, data)
    for prefix in ("", "accuracy."):
        one_each = found[f"language_models.{prefix}few_shot_calibrated_6"]
        found[f"language_models.{prefix}few_shot"] = one_each
    return found | annotated(Problem(data))


def store() -> None:
    """Write all runs where the lesson reads them; those that are not in the cache are computed."""
    started = time.perf_counter()
    kinds = ("mirror", "embedded") if os.environ.get("COURSE_MIRROR") else ("embedded",)
    table = pd.concat([measured(data) for data in kinds])
    seconds = table["seconds"].sum() + time.perf_counter() - started
    problem = Problem("embedded")
    records = table.to_dict("records")
    store_results("08_methods", records, seconds, problem.emotion, problem.encoder)


def measured(data: str) -> pd.DataFrame:
    """Return one row for each run of each way: its scores, and the seconds that it took."""
    problem = Problem(data)
    records = [majority(problem)]
    for way in ("frozen", "setfit", "fine_tuned"):
        records += trained(problem, way)
    records += asked_without_labels(problem)
    records += asked_with_examples(problem)
    records += trained(problem, "lora")
    return pd.DataFrame(records)


def majority(problem: Problem) -> dict[str, Any]:
    """Score the most frequent class of the train split."""
    most = np.bincount(problem.labels["train"]).argmax()
    predicted = np.full(len(problem.labels["test"]), most)
    return _record(problem, "majority", len(problem.labels["train"]), predicted)


# Learning from labels


def frozen(problem: Problem, rows: np.ndarray, seed: int) -> np.ndarray:
    """Train logistic regression on the sentence encoder's features."""
    features = problem.features("train")[rows]
    model = probe(10).fit(features, problem.labels["train"][rows])
    return model.predict(problem.features("test"))


def setfit(problem: Problem, rows: np.ndarray, seed: int, pairs: int, rate: float) -> np.ndarray:
    """Train the sentence encoder on pairs of messages, then logistic regression on its features.

    Source: L. Tunstall et al., "Efficient Few-Shot Learning Without Prompts", 2022.
    """
    encoder, tokenizer = copy.deepcopy(problem.encoder), problem.sentence_tokenizer
    texts, labels = [problem.texts["train"][row] for row in rows], problem.labels["train"][rows]
    drawn_pairs = pairs_of(labels, pairs, seed)
    train_on_pairs(texts, drawn_pairs, tokenizer, encoder, learning_rate=rate)
    model = probe(10).fit(dataset_features(texts, tokenizer, encoder), labels)
    return model.predict(problem.features("test", encoder))


def fine_tuned(problem: Problem, rows: np.ndarray, seed: int, **recipe: Any) -> np.ndarray:
    """Train the whole default checkpoint with a new head."""
    tokenizer = load_tokenizer()
    tokens = tokenizer(problem.texts["train"], truncation=True)["input_ids"]
    wanted = tokenizer(problem.texts["test"], truncation=True)["input_ids"]
    logits = logits_after_training(
        [tokens[row] for row in rows],
        problem.labels["train"][rows],
        problem.names,
        tokenizer,
        wanted,
        seed=seed,
        **recipe,
    )
    return logits.argmax(axis=1)


def lora(
    problem: Problem, rows: np.ndarray, seed: int, wording: Wording, epochs: int, rate: float
) -> np.ndarray:
    """Train corrections of the language model's layers, so that it answers with the label.

    The language model, because it is what does not fit where everything is trained: AdamW would
    keep two more numbers for each of its 135 million. Lesson 4 compares this for the encoder.
    """
    import torch

    tokenizer, pretrained = problem.language_model
    model = copy.deepcopy(pretrained)
    torch.manual_seed(seed)
    correct(model, EVERY_LINEAR)
    texts, labels = problem.texts["train"], problem.labels["train"]
    prompts = [wording.prompt(texts[row]) for row in rows]
    answers = [wording.words[labels[row]] for row in rows]
    train_on_answers(
        prompts, answers, tokenizer, model, epochs, learning_rate=rate, seed=seed, batch_size=8
    )
    asked = [wording.prompt(problem.texts["test"][row]) for row in problem.asked]
    predicted = np.full(len(problem.labels["test"]), -1)
    predicted[problem.asked] = score_labels(asked, wording.words, tokenizer, model).argmax(axis=1)
    return predicted


SHORT = Wording("", "Message: {text}\nEmotion:", NAMES)
"""What the language model reads while it learns from labels: they say what instructions would."""
TRAININGS: dict[str, tuple[Callable[..., np.ndarray], dict[int, dict[str, Any]]]] = {
    "frozen": (frozen, {count: {} for count in (8, 32, 128, 512, 2048, 16000)}),
    "setfit": (
        setfit,
        {
            count: {"pairs": pairs, "rate": 1e-4}
            for count, pairs in {8: 1024, 32: 2560, 128: 5120, 512: 10240}.items()
        },
    ),
    "fine_tuned": (
        fine_tuned,
        {
            128: {"epochs": 20, "per_device_train_batch_size": 16, "learning_rate": 2e-4},
            512: {"epochs": 10, "per_device_train_batch_size": 16, "learning_rate": 2e-4},
            2048: {"epochs": 6, "per_device_train_batch_size": 32, "learning_rate": 2e-4},
            16000: {"epochs": 3, "per_device_train_batch_size": 64, "learning_rate": 3e-4},
        },
    ),
    "lora": (
        lora,
        {
            count: {"wording": SHORT, "epochs": epochs, "rate": 1e-3}
            for count, epochs in {32: 12, 128: 8, 512: 4, 2048: 2}.items()
        },
    ),
}


def trained(problem: Problem, way: str) -> list[dict[str, Any]]:
    """Return the records of a way with each number of labels and each seed."""
    learn, settings = TRAININGS[way]
    records = []
    for count, options in settings.items():
        for seed in range(SEEDS):
            rows = drawn(problem.labels["train"], count, seed)
            compute = functools.partial(_timed, learn, problem, rows, seed, **options)
            key = [repr(options), str(seed), str(rows.tolist())]
            run = kept(f"{way}-{count}-{seed}", problem, learn, key, compute)
            predicted = np.array(run.pop("predicted"))
            about = {"name": f"{way}_{count}", "seed": seed, **run}
            records.append(_record(problem, way, count, predicted, **about))
    return records


def _timed(learn: Callable[..., np.ndarray], *arguments: Any, **options: Any) -> dict[str, Any]:
    started, busy = time.perf_counter(), time.process_time()
    predicted = learn(*arguments, **options)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - busy
    return {"predicted": predicted.tolist(), "seconds": seconds, "cpu_seconds": cpu_seconds}


def drawn(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw rows: one of each class, then any; fewer rows of a seed are the beginning of more."""
    order = np.random.default_rng(seed).permutation(len(labels))
    first = np.sort(np.unique(labels[order], return_index=True)[1])
    return np.concatenate([order[first], np.delete(order, first)])[:count]


def pairs_of(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw pairs, half of them of one class; a pair may come again where there are too few."""
    rng = np.random.default_rng(seed)
    pairs = np.stack(np.triu_indices(len(labels), 1), axis=1)
    same = labels[pairs[:, 0]] == labels[pairs[:, 1]]
    chosen = [
        rng.choice(places, count // 2, replace=len(places) < count // 2)
        for places in (np.flatnonzero(same), np.flatnonzero(~same))
    ]
    places = rng.permutation(np.concatenate(chosen))
    return np.column_stack([pairs[places], same[places]])


# Asking


def asked_without_labels(problem: Problem) -> list[dict[str, Any]]:
    """Return the records of all wordings without examples, and of the question turned round."""
    records = []
    for name, wording in WORDINGS.items():
        scores, about = scores_of(problem, name, wording)
        records += _both(problem, ("zero_shot", "calibrated"), 0, scores, wording=name, **about)
    scores, about = turned_round(problem)
    names = ("channel", "channel_calibrated")
    return records + _both(problem, names, 0, scores, wording="turned round", **about)


def asked_with_examples(problem: Problem) -> list[dict[str, Any]]:
    """Return the records of some wordings with examples: three draws, in two orders each."""
    records = []
    for per_class in SHOWN:
        count = per_class * len(problem.names)
        names = (f"few_shot_{count}", f"few_shot_calibrated_{count}")
        for seed in range(SEEDS):
            for order in range(ORDERS):
                examples = examples_for(problem, per_class, seed, order)
                for name in WITH_EXAMPLES:
                    scores, about = scores_of(problem, name, WORDINGS[name], examples)
                    about |= {"wording": name, "seed": seed, "order": order}
                    records += _both(problem, names, count, scores, **about)
    return records


def examples_for(problem: Problem, per_class: int, seed: int, order: int) -> list[tuple[str, int]]:
    """Draw examples of each class, and put them in one of several random orders."""
    texts, labels = problem.texts["train"], problem.labels["train"]
    mixed = pd.Series(labels).sample(frac=1, random_state=seed)
    rows = mixed.index[mixed.groupby(mixed).cumcount() < per_class].to_numpy()
    rows = np.random.default_rng([seed, order]).permutation(rows)
    return [(texts[row], int(labels[row])) for row in rows]


def scores_of(
    problem: Problem,
    name: str,
    wording: Wording,
    examples: Sequence[tuple[str, int]] = (),
    split: str = "test",
) -> tuple[np.ndarray, dict[str, float]]:
    """Return the labels' scores for the messages that are asked about, and the seconds."""
    texts = problem.texts[split]
    prompts = [wording.prompt(texts[row], examples) for row in problem.asked]

    def compute() -> dict[str, Any]:
        tokenizer, model = problem.language_model
        return _timed(label_scores, prompts, wording.words, tokenizer, model)

    key = [LANGUAGE_MODEL_SHA256, *wording.words, *prompts]
    run = kept(f"scores-{name}-{len(examples)}", problem, label_scores, key, compute)
    return np.array(run.pop("predicted")), run


def label_scores(prompts, words, tokenizer, model) -> np.ndarray:
    return score_labels(prompts, words, tokenizer, model).astype(float).round(4)


def turned_round(problem: Problem) -> tuple[np.ndarray, dict[str, float]]:
    """Return how probable the messages are after each class's opening, and the seconds."""
    texts = [problem.texts["test"][row] for row in problem.asked]

    def compute() -> dict[str, Any]:
        tokenizer, model = problem.language_model
        return _timed(channel_scores, OPENINGS, texts, tokenizer, model)

    key = [LANGUAGE_MODEL_SHA256, *OPENINGS, *texts]
    run = kept("scores-turned-round", problem, channel_scores, key, compute)
    return np.array(run.pop("predicted")), run


def channel_scores(openings, texts, tokenizer, model) -> np.ndarray:
    return text_scores(openings, texts, tokenizer, model).astype(float).round(4)


def _both(
    problem: Problem, names: tuple[str, str], count: int, scores: np.ndarray, **about: Any
) -> list[dict[str, Any]]:
    """Return the records of scores as they are, and calibrated."""
    records = []
    for name, read in zip(names, (scores, calibrated(scores)), strict=True):
        predicted = np.full(len(problem.labels["test"]), -1)
        predicted[problem.asked] = read.argmax(axis=1)
        way = name.removesuffix(f"_{count}")
        records.append(_record(problem, way, count, predicted, **{"name": name, **about}))
    return records


# Annotating


def annotated(problem: Problem) -> dict[str, Figure]:
    """Let the language model label messages of the train split, without examples, calibrated.

    Kappa is its agreement with the true labels where a key tells them, otherwise with the given
    ones. Pupils learn from frozen features of the same messages: from its labels or the given ones.
    """
    wording = WORDINGS["emotion"]
    scores, _ = scores_of(problem, "annotate", wording, split="train")
    said, given = calibrated(scores).argmax(axis=1), problem.labels["train"][problem.asked]
    true = true_labels(problem)[problem.asked]
    found = {"language_models.annotator_kappa": _kappa(true, said, problem.data)}
    features, unseen = problem.features("train")[problem.asked], problem.features("test")
    for name, labels in (("distilled", said), ("not_distilled", given)):
        predicted = probe(10).fit(features, labels).predict(unseen)
        record = _record(problem, name, 0, predicted)
        found[f"language_models.{name}"] = _figure([record["macro_f1"]], problem.data)
    return found


def true_labels(problem: Problem) -> np.ndarray:
    """Return the train split's labels, corrected where it is known which were made wrong."""
    labels = problem.labels["train"].copy()
    key = planted_errors("emotion", problem.emotion)
    if key is not None:
        key = key[key["split"] == "train"]
        names = {name: place for place, name in enumerate(problem.names)}
        labels[key["row"]] = [names.get(label, label) for label in key["true_label"]]
    return labels


def _kappa(one: np.ndarray, other: np.ndarray, data: str, draws: int = 1000) -> Figure:
    rng = np.random.default_rng(0)
    rows = rng.integers(len(one), size=(draws, len(one)))
    values = [cohen_kappa_score(one[chosen], other[chosen]) for chosen in rows]
    lower, upper = np.quantile(values, [0.025, 0.975]).tolist()
    return Figure(float(cohen_kappa_score(one, other)), "share", len(one), data, lower, upper)


# Keeping and scoring


def kept(
    name: str,
    problem: Problem,
    function: Callable[..., Any],
    key: Sequence[str],
    compute: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Return a run from the cache, or compute and keep it.

    Parameters
    ----------
    name : str
        For a person who looks into the folder.
    problem : Problem
    function : callable
        What computes it: a run is computed again after the meaning of this function's code, or a
        library that decides it, has changed.
    key : sequence of str
        What else it depends on.
    compute : callable
    """
    digest = fingerprint([problem.key, _code(function.__name__, problem.data), *key])[:16]
    path = cache_folder() / "language_models" / f"{problem.data}-{name}-{digest}.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    run = compute()
    _write(path, run)
    print(f"{path.stem}: {run['seconds']:.0f} s, {run['cpu_seconds']:.0f} s busy", flush=True)
    return run


@functools.cache
def _code(function: str, data: str) -> str:
    return json.dumps(depends(f"python -m benchmarks language_models.{function}", data, _sources()))


@functools.cache
def _sources() -> Sources:
    return Sources(ROOT)


def _write(path: Path, run: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(run), encoding="utf-8")
    os.replace(part, path)


def _record(
    problem: Problem, way: str, count: int, predicted: np.ndarray, **about: Any
) -> dict[str, Any]:
    """Score the predictions of the messages that were classified; the others have -1."""
    truth, there = problem.labels["test"], predicted >= 0
    macro = f1_score(truth[there], predicted[there], average="macro", zero_division=0)
    return {
        "data": problem.data,
        "name": way,
        "method": way,
        "labels": count,
        "macro_f1": float(macro),
        "accuracy": float(accuracy_score(truth[there], predicted[there])),
        "messages": int(there.sum()),
        **about,
    }


def _figure(points: list[float], data: str) -> Figure:
    """Return the mean of some runs; with several, Student's interval, and the runs as points."""
    if len(points) == 1:
        return Figure(points[0], "share", 1, data)
    summary = over_runs(points, data)
    return Figure(
        summary.value, "share", len(points), data, summary.lower, summary.upper, "", tuple(points)
    )


if __name__ == "__main__":
    store()
