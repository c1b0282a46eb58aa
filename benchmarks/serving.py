"""Serving: transformers' own pipeline and the model that lesson 6 puts behind the server.

Both get the same fine-tuned classifier, tokenizer and texts, in turn, in one process: one text at a
time, and 32 at once. The pipeline is used as its documentation shows, in float32; the course's way
is the model exported to ONNX with its weights in int8, as lesson 6 does step by step.

Latencies are those of whole requests of one text each to ``course serve``, which runs as a separate
process. Each client keeps its connection and sends the next request as soon as it gets an answer.
Clients and server share the machine's cores, so many clients also slow the server down.

What else was tried (two cores; milliseconds per text, 32 at once; ours 0.98, the pipeline 7.0):

- passes of at most 4,096 places 1.74, 1,024 1.31, 512 1.10, 256 (ours) 0.98, 128 1.04, 64 1.12;
- float32 in passes of 256 places 2.12, so int8 is worth a factor of two;
- two sessions of one thread each, at the same time, 0.91: a tenth less for twice the memory, and no
  gain for a single text;
- threads that sleep between two passes 1.15, and a single text takes 2.3 instead of 1.5;
- `onnxruntime.transformers.optimizer` recognizes none of the six attentions of today's export, and
  the quantizer does not accept the nodes that it does fuse. ONNX Runtime fuses the same on loading.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import requests
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import pipeline

from benchmarks.record import ROOT, Figure
from helpers.data import load
from helpers.exporting import quietly
from helpers.models import load_tokenizer
from helpers.predictors import ONNX_FILES, load_predictor
from helpers.serving import BATCH_SIZE, Predict
from helpers.training import fine_tuned

ROUNDS = 5
SINGLES = 200  # calls per round with one text each
BATCHES = 20  # calls per round with 32 texts each
CLIENTS = (1, 8, 32)
REQUESTS = 960  # per round
START_SECONDS = 120


def measure(data: str) -> dict[str, Figure]:
    """Time both ways in turn, and send requests to the server as clients do.

    Parameters
    ----------
    data : {"mirror", "embedded"}

    Returns
    -------
    dict of str to Figure
        Ratios of throughput, the median of the rounds with the least and the most; milliseconds
        over all rounds, with the least and the most of a round; the share of texts that get the
        same label, at least 0.99 on the embedded data (`tests/unit/test_equal_labels.py`).
    """
    emotion, tokenizer = load("emotion", source=data), load_tokenizer()
    texts = emotion["validation"]["text"][:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = fine_tuned(emotion, tokenizer).cpu()
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        export(model, tokenizer, folder)
        usual = pipeline("text-classification", model=model, tokenizer=tokenizer)
        ours, _ = load_predictor(folder)
        figures = speedups(usual, ours, texts, data)
        figures["serving.agreement"] = agreement(usual, ours, texts, data)
        with served(folder) as port:
            return figures | latencies(port, texts, data)


def export(model, tokenizer, folder: Path) -> None:
    """Write a classifier as ONNX, with its weights in int8, as lesson 6 does."""
    import onnx

    class LogitsOnly(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.classifier = model

        def forward(self, input_ids, attention_mask):
            return self.classifier(input_ids=input_ids, attention_mask=attention_mask).logits

    small, full = folder / ONNX_FILES[0], folder / ONNX_FILES[1]
    small.parent.mkdir()
    names = ["input_ids", "attention_mask"]
    example = tokenizer(["i feel fine", "two texts"], padding=True, return_tensors="pt")
    dynamic = {0: "texts", 1: "tokens"}
    with quietly():
        torch.onnx.export(
            LogitsOnly().eval(),
            tuple(example[name] for name in names),
            full,
            input_names=names,
            output_names=["logits"],
            dynamic_shapes=(dynamic, dynamic),
            external_data=False,
            verbose=False,
        )
        graph = onnx.load(full)
        graph.graph.ClearField("value_info")
        quantize_dynamic(graph, small, weight_type=QuantType.QInt8, per_channel=True)


def speedups(usual: Callable, ours: Predict, texts: list[str], data: str) -> dict[str, Figure]:
    """Return the usual way's seconds divided by ours."""

    def usual_one(texts: list[str]) -> list:
        return usual(texts[0], top_k=None, truncation=True)  # so that it needs no loader of batches

    def usual_batch(texts: list[str]) -> list:
        return usual(texts, top_k=None, truncation=True, batch_size=BATCH_SIZE)

    singles = [[text] for text in texts[:SINGLES]]
    ends = range(BATCH_SIZE, (BATCHES + 1) * BATCH_SIZE, BATCH_SIZE)
    batches = [texts[end - BATCH_SIZE : end] for end in ends]
    figures = {}
    ways = (("single", singles, usual_one), ("batch32", batches, usual_batch))
    for name, calls, usually in ways:
        taken = [[seconds_of(way, calls) for way in (usually, ours)] for _ in range(ROUNDS)]
        ratios = [usual_seconds / our_seconds for usual_seconds, our_seconds in taken]
        each = 1000 * np.median(taken, axis=0) / sum(map(len, calls))
        print(f"{name}: milliseconds per text, usual and ours: {each.round(3)}")
        figures[f"serving.speedup_{name}"] = over_rounds(np.median(ratios), ratios, "ratio", data)
    return figures


def over_rounds(value: float, rounds: list[float], unit: str, data: str) -> Figure:
    """Return a figure with the smallest and the largest value of its rounds."""
    return Figure(float(value), unit, len(rounds), data, float(min(rounds)), float(max(rounds)))


def seconds_of(predict: Callable, calls: list[list[str]]) -> float:
    """Return how long some calls take, after one call to warm up."""
    predict(calls[0])
    started = time.perf_counter()
    for call in calls:
        predict(call)
    return time.perf_counter() - started


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Run ``course serve`` on a folder, and yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = "from course import app; app()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "serve", str(folder), "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Wait until the server answers."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy cannot reach servers of this machine
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                session.get(f"http://127.0.0.1:{port}/health", timeout=5).raise_for_status()
                return
            except requests.ConnectionError:
                time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def agreement(usual: Callable, ours: Predict, texts: list[str], data: str) -> Figure:
    """Return the share of texts that both ways give the same label."""
    expected = usual(texts, truncation=True, batch_size=BATCH_SIZE)
    pairs = zip(expected, ours(texts), strict=True)
    same = np.mean([one["label"] == other[0]["label"] for one, other in pairs])
    return Figure(float(same), "share", len(texts), data)


def latencies(port: int, texts: list[str], data: str) -> dict[str, Figure]:
    """Return the median and the 99th percentile of a request's milliseconds."""
    figures = {}
    for clients in CLIENTS:
        asked(port, texts[: 2 * clients], clients)  # creates connections and buffers
        rounds = [asked(port, texts[:REQUESTS], clients) for _ in range(ROUNDS)]
        for share in (50, 99):
            ends = [np.percentile(taken, share) for taken in rounds]
            value = np.percentile(np.concatenate(rounds), share)
            figures[f"serving.p{share}_ms_c{clients}"] = over_rounds(value, ends, "ms", data)
    return figures


def asked(port: int, texts: list[str], clients: int) -> np.ndarray:
    """Return the milliseconds of each request; the clients share the texts."""

    def one_client(number: int) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        taken = []
        for text in texts[number::clients]:
            body = json.dumps({"inputs": text})
            started = time.perf_counter()
            connection.request("POST", "/", body)
            response = connection.getresponse()
            answer = response.read()
            taken.append(1000 * (time.perf_counter() - started))
            if response.status != 200:
                raise RuntimeError(f"the server refused a text: {answer!r}")
        connection.close()
        return taken

    with ThreadPoolExecutor(clients) as pool:
        return np.concatenate(list(pool.map(one_client, range(clients))))
