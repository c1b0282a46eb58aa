"""Lesson 8: milliseconds and memory of each way to classify, and what a shared prefix saves."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from statistics import median
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.frozen import probe
from benchmarks.language_models import WORDINGS, Problem, examples_for
from benchmarks.record import Figure
from helpers.features import dataset_features
from helpers.language_models import score_labels
from helpers.models import load_classifier, load_tokenizer
from helpers.recipes import token_logits

RUNS = 5
COMPARED = 48
"""Messages for which a pass per label over the whole prompt is timed: it takes seconds for each."""
WORDING = "emotion"
Classify = Callable[[list[str]], object]


def measure(data: str) -> dict[str, Figure]:
    """Time each way in a process of its own, and the shared prefix against the plain way.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Milliseconds per message and ratios: the median of five, with the least and the most.
        Memory is what the process held at most, in MiB.
    """
    found = {"language_models.speedup_shared_prefix": _figure(speedups(data), "ratio", data)}
    for way, (_, messages) in WAYS.items():
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            times, mebibytes = pool.submit(times_of, way, messages, data).result()
        name = "" if way == "zero_shot" else f".{way}"
        found[f"language_models.milliseconds_per_text{name}"] = _figure(times, "ms", data)
        found[f"language_models.memory.{way}"] = Figure(mebibytes, "MiB", 1, data)
    return found


def speedups(data: str) -> list[float]:
    """Return how many times faster six labels are scored with one example of each class."""
    problem, wording = Problem(data), WORDINGS[WORDING]
    tokenizer, model = problem.language_model
    examples = examples_for(problem, 1, seed=0, order=0)
    prompts = [wording.prompt(text, examples) for text in problem.texts["test"][:COMPARED]]
    ratios = []
    for _ in range(RUNS):
        started = time.perf_counter()
        ours = score_labels(prompts, wording.words, tokenizer, model)
        between = time.perf_counter()
        plain = plain_scores(prompts, wording.words, tokenizer, model)
        ratios.append((time.perf_counter() - between) / (between - started))
    print(f"largest difference of a log-probability: {np.abs(ours - plain).max():.4f}")
    return ratios


def plain_scores(prompts, labels, tokenizer, model) -> np.ndarray:
    """Score each label by a pass of its own over the whole prompt and the label."""
    scores = np.zeros((len(prompts), len(labels)))
    for row, prompt in enumerate(prompts):
        asked = tokenizer(prompt)["input_ids"]
        for column, label in enumerate(labels):
            answer = tokenizer(f" {label}", add_special_tokens=False)["input_ids"]
            with torch.inference_mode():
                logits = model(torch.tensor([asked + answer], device=model.device)).logits[0]
            steps = logits[len(asked) - 1 : -1].float().log_softmax(-1)
            scores[row, column] = sum(steps[place, ids].item() for place, ids in enumerate(answer))
    return scores


def zero_shot(problem: Problem) -> Classify:
    return _asking(problem, [])


def few_shot_24(problem: Problem) -> Classify:
    return _asking(problem, examples_for(problem, 4, seed=0, order=0))


def _asking(problem: Problem, examples: list[tuple[str, int]]) -> Classify:
    wording, (tokenizer, model) = WORDINGS[WORDING], problem.language_model

    def classify(texts: list[str]) -> object:
        prompts = [wording.prompt(text, examples) for text in texts]
        return score_labels(prompts, wording.words, tokenizer, model).argmax(axis=1)

    return classify


def encoder(problem: Problem) -> Classify:
    """Prepare a classifier; its head need not be trained to be timed."""
    tokenizer = load_tokenizer()
    model = load_classifier(len(problem.names), dict(enumerate(problem.names))).eval()

    def classify(texts: list[str]) -> object:
        return token_logits(model, tokenizer(texts, truncation=True)["input_ids"], tokenizer)

    return classify


def frozen(problem: Problem) -> Classify:
    texts, labels = problem.texts["train"][:512], problem.labels["train"][:512]
    tokenizer, model = problem.sentence_tokenizer, problem.encoder
    regression = probe(10).fit(dataset_features(texts, tokenizer, model), labels)
    return lambda texts: regression.predict(dataset_features(texts, tokenizer, model))


WAYS: dict[str, tuple[Callable[[Problem], Classify], int]] = {
    "zero_shot": (zero_shot, 200),
    "few_shot_24": (few_shot_24, 200),
    "encoder": (encoder, 2000),
    "frozen": (frozen, 2000),
}
"""Each with how many messages are timed."""


def times_of(way: str, messages: int, data: str) -> tuple[list[float], float]:
    """Return milliseconds per message of several runs, and the most MiB that this process held."""
    problem = Problem(data)
    classify = WAYS[way][0](problem)
    texts = problem.texts["test"][:messages]
    times = []
    for _ in range(RUNS + 1):  # the first is not counted
        # An empty cache, so that features are computed.
        with tempfile.TemporaryDirectory() as empty, patch.dict("os.environ", COURSE_CACHE=empty):
            started = time.perf_counter()
            classify(texts)
            times.append(1000 * (time.perf_counter() - started) / messages)
    return times[1:], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _figure(values: list[float], unit: str, data: str) -> Figure:
    points = tuple(values)
    return Figure(median(values), unit, len(values), data, min(values), max(values), "", points)
