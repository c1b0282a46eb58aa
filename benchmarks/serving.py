"""Serving: transformers' own pipeline against the model that lesson 6 puts behind the server.

Both get the same fine-tuned classifier, tokenizer and texts, in turn, in one process: one text at a
time, and 32 at once. The course's is its ONNX export with weights in int8. Latencies are those of
whole requests to the server on this machine, with as many clients at once as the name says, each of
which asks again as soon as it is answered.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
from transformers import pipeline

from benchmarks.features import over_rounds
from benchmarks.record import Figure
from helpers.data import load
from helpers.exporting import export_classifier
from helpers.models import load_tokenizer
from helpers.predictors import onnx_predictor
from helpers.serving import Predict, start_server
from helpers.training import fine_tuned

FILES = (
    "benchmarks/serving.py",
    "data/emotion/manifest.json",
    "helpers/exporting.py",
    "helpers/predictors.py",
    "helpers/serving.py",
    "helpers/training.py",
)
ROUNDS = 5
ONE_BY_ONE = 200
AT_ONCE = 32
BATCHES = 20
CLIENTS = (1, 8, 32)
REQUESTS = 640


def measure(data: str) -> dict[str, Figure]:
    """Time both ways in turn, compare their labels, and ask the server as clients do.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Ratios of throughput, the median of the rounds with the least and the most; the share of
        validation and test texts that get the same label; milliseconds.
    """
    emotion, tokenizer = load("emotion", source=data), load_tokenizer()
    model = fine_tuned(emotion, tokenizer).cpu()
    texts = [text for part in ("validation", "test") for text in emotion[part]["text"][:]]
    usual = pipeline("text-classification", model=model, tokenizer=tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model_int8.onnx"
        export_classifier(model, tokenizer, path)
        ours = onnx_predictor(tokenizer, path, model.config.id2label)
        figures = speedups(usual, ours, texts, data)
        figures["serving.agreement"] = agreement(usual, ours, texts, data)
        return figures | latencies(ours, texts, data)


def speedups(usual, ours: Predict, texts: list[str], data: str) -> dict[str, Figure]:
    """Return the usual way's seconds over ours."""

    def usual_batch(rows: list[str]) -> None:
        usual(rows, top_k=None, truncation=True, batch_size=AT_ONCE)

    ratios = {"single": [], "batch32": []}
    single = [[text] for text in texts[:ONE_BY_ONE]]
    batches = [texts[start : start + AT_ONCE] for start in range(0, BATCHES * AT_ONCE, AT_ONCE)]
    for _ in range(ROUNDS):
        for name, calls in (("single", single), ("batch32", batches)):
            ratios[name].append(seconds_of(usual_batch, calls) / seconds_of(ours, calls))
    return {
        f"serving.speedup_{n}": over_rounds(found, "ratio", data) for n, found in ratios.items()
    }


def seconds_of(predict, calls: list[list[str]]) -> float:
    started = time.perf_counter()
    for call in calls:
        predict(call)
    return time.perf_counter() - started


def agreement(usual, ours: Predict, texts: list[str], data: str) -> Figure:
    """Return the share of texts to which both give the same label."""
    expected = [answer["label"] for answer in usual(texts, truncation=True, batch_size=AT_ONCE)]
    found = [answer[0]["label"] for answer in ours(texts)]
    same = np.mean([left == right for left, right in zip(expected, found, strict=True)])
    return Figure(float(same), "share", len(texts), data)


def latencies(ours: Predict, texts: list[str], data: str) -> dict[str, Figure]:
    """Return the median and the 99th percentile of a request's milliseconds."""
    figures = {}
    with start_server(ours) as server:
        for clients in CLIENTS:
            taken = 1000 * asked(server.url, texts, clients)
            for share in (50, 99):
                name = f"serving.p{share}_ms_c{clients}"
                figures[name] = Figure(float(np.percentile(taken, share)), "ms", len(taken), data)
    return figures


def asked(url: str, texts: list[str], clients: int) -> np.ndarray:
    """Return the seconds of each request of some clients."""

    def one_client(number: int) -> list[float]:
        taken = []
        with httpx.Client(trust_env=False) as client:
            for text in texts[number : number + REQUESTS // clients]:
                started = time.perf_counter()
                client.post(url, json={"inputs": text}).raise_for_status()
                taken.append(time.perf_counter() - started)
        return taken

    with ThreadPoolExecutor(clients) as pool:
        return np.concatenate(list(pool.map(one_client, range(clients))))
