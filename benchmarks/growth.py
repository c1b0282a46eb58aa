"""Time and memory at 1, 4, 16 and 64 thousand texts, and a million texts streamed to disk.

Texts are the first eight words of the embedded emotion messages, repeated as often as necessary, so
that everything takes only minutes. Features come from the course's own encoder. Fine-tuning is one
whole epoch of a small random encoder: it shows how the Trainer, its sampler and its batches grow,
not the matrix products of a batch, which are the same for each size. Error analysis runs the
references of lesson 5 (losses, confident learning, slices) on random logits. The million texts have
three random words each, and are read by the same small random encoder.

Each measurement has a process of its own. Memory is the process's peak minus what it held before.
An exponent compares the last two sizes: 1 is linear, 2 is quadratic.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import psutil
import torch
from datasets import Dataset
from transformers import BertConfig, BertForSequenceClassification, BertModel

from benchmarks.record import Figure
from grading.judging.reference import run_cell
from grading.release.source import source_notebook
from helpers.data import load
from helpers.features import dataset_features, stream_features
from helpers.lessons import lesson_named
from helpers.models import load_encoder, load_tokenizer
from helpers.training import train_on

LESSON = lesson_named("error_analysis")
SIZES = (1_000, 4_000, 16_000, 64_000)
STREAMED = 1_000_000
CLASSES = 6
SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 256,
}


def measure(data: str) -> dict[str, Figure]:
    """Measure each kind of work at each size, and the stream.

    Parameters
    ----------
    data : {"embedded"}

    Returns
    -------
    dict of str to Figure
        Seconds, mebibytes and exponents.
    """
    found = {}
    for work in (features, finetuning, error_analysis):
        costs = {size: in_own_process(work, size) for size in SIZES}
        name = f"growth.{work.__name__}"
        for size, (seconds, mebibytes) in costs.items():
            found[f"{name}.seconds_{size // 1000}k"] = Figure(seconds, "s", 1, data)
            found[f"{name}.memory_{size // 1000}k"] = Figure(mebibytes, "MiB", 1, data)
        for place, what in enumerate(("time", "memory")):
            before, last = (costs[size][place] for size in SIZES[-2:])
            exponent = math.log(last / before) / math.log(SIZES[-1] / SIZES[-2])
            found[f"{name}.{what}_exponent"] = Figure(exponent, "exponent", 1, data)
    seconds, mebibytes = in_own_process(streaming, STREAMED)
    found["growth.streaming.texts"] = Figure(STREAMED, "count", 1, data, kind="timing")
    found["growth.streaming.seconds"] = Figure(seconds, "s", 1, data)
    found["growth.streaming.memory_growth"] = Figure(mebibytes, "MiB", 1, data)
    return found


def in_own_process(work: Callable[[int], tuple], size: int) -> tuple[float, float]:
    """Run `work` in a process that has imported this module and has computed nothing yet."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, size).result()


def features(size: int) -> tuple[float, float]:
    """Compute the features of a dataset with the course's encoder, from an empty cache."""
    texts, tokenizer, encoder = short_texts(size), load_tokenizer(), load_encoder()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_CACHE"] = folder
        dataset_features(texts[:10], tokenizer, encoder)
        return cost(lambda: dataset_features(texts, tokenizer, encoder))


def finetuning(size: int) -> tuple[float, float]:
    """Run tokenization, batching and one epoch of a small random classifier."""
    texts, tokenizer = short_texts(size), load_tokenizer()
    model = BertForSequenceClassification(small_config(num_labels=CLASSES))
    labels = np.random.default_rng(0).integers(CLASSES, size=size)

    def train() -> None:
        rows = Dataset.from_dict({**tokenizer(texts, truncation=True), "label": labels})
        train_on(model, rows, tokenizer, epochs=1, seed=0)

    return cost(train)


def error_analysis(size: int) -> tuple[float, float]:
    """Run losses, suspect labels and the accuracy of slices, with the references of lesson 5."""
    notebook = source_notebook(LESSON)
    answers = {
        name: run_cell(notebook, name)[name]
        for name in ("per_example_loss", "suspect_labels", "slice_metrics")
    }
    random = np.random.default_rng(0)
    labels = random.integers(CLASSES, size=size)
    logits = torch.tensor(random.normal(size=(size, CLASSES)) + 3 * np.eye(CLASSES)[labels])
    frame = pd.DataFrame({"text": short_texts(size), "label": labels})
    frame["predicted_label"] = logits.argmax(dim=1).numpy()
    slices = {
        "all": lambda rows: rows["label"].notna(),
        "says not": lambda rows: rows["text"].str.contains(r"\bnot\b"),
        "five words": lambda rows: rows["text"].str.split().str.len() == 5,
    }

    def analyse() -> None:
        answers["per_example_loss"](logits, torch.tensor(labels))
        answers["suspect_labels"](logits.softmax(dim=1).numpy(), labels)
        answers["slice_metrics"](frame, slices)

    costs = [cost(analyse) for _ in range(5)]
    return median(seconds for seconds, _ in costs), max(memory for _, memory in costs)


def streaming(size: int) -> tuple[float, float]:
    """Return the seconds of the stream, and how much the process grew after its first tenth."""
    tokenizer, encoder = load_tokenizer(), BertModel(small_config()).eval()
    words, random = sorted(tokenizer.get_vocab())[-5000:], np.random.default_rng(0)
    held = []

    def texts() -> Iterator[str]:
        for _ in range(size // 10_000):
            held.append(psutil.Process().memory_info().rss / 2**20)
            yield from (" ".join(three) for three in random.choice(words, (10_000, 3)))

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        rows = stream_features(texts(), tokenizer, encoder, Path(folder) / "features.npy")
        seconds = time.perf_counter() - started
        if rows.shape != (size, SMALL["hidden_size"]) or not np.isfinite(rows[-1]).all():
            raise ValueError(f"the stream left an array of shape {rows.shape}")
    return seconds, max(held) - held[len(held) // 10]


def short_texts(size: int) -> list[str]:
    """Return the first eight words of the messages, in their order, repeated."""
    messages = load("emotion", source="embedded")["train"]["text"][:]
    return [" ".join(messages[row % len(messages)].split()[:8]) for row in range(size)]


def small_config(**options: int) -> BertConfig:
    """Return the shape of the small encoder, with the vocabulary of the course's tokenizer."""
    torch.manual_seed(0)
    return BertConfig(**SMALL, **options)


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds, and the mebibytes of the peak minus what the process held before."""
    status = Path("/proc/self/status")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again at what is held now
    held, started = psutil.Process().memory_info().rss, time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
    return seconds, int(peak) / 2**10 - held / 2**20
