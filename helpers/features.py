"""Compute the features of a whole dataset, fast.

Texts of similar length share a batch, no gradients are kept, bfloat16 is used where it is faster,
and results are cached.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.cache import cached_array, fingerprint

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase
    from transformers.utils import ModelOutput

POOLINGS = ("mean", "cls")


def dataset_features(
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    pooling: str = "mean",
    tokens_per_batch: int = 4096,
) -> np.ndarray:
    """Return one feature vector per text, from the disk cache if they were computed before.

    One pass computes both poolings, so the second one costs no extra time.

    Parameters
    ----------
    texts : sequence of str
        Each is truncated at the tokenizer's maximum.
    tokenizer, model
        A checkpoint's tokenizer and encoder.
    pooling : {"mean", "cls"}
        Average over real tokens, or the vector of the first token.
    tokens_per_batch : int
        Positions in a forward pass, padding included. Memory and time of a pass grow with its
        positions, so a batch holds many short texts or a few long ones. On a PC's CPU, as many
        passes run at once as torch has threads.

    Returns
    -------
    ndarray of float32, shape (len(texts), hidden), in the order of `texts`.

    Raises
    ------
    ValueError
        If `pooling` is unknown.
    """
    if pooling not in POOLINGS:
        raise ValueError(f"pooling is {pooling!r}; choose 'mean' or 'cls'")
    import numpy as np

    from helpers.models import pick_dtype

    started = time.perf_counter()
    texts = list(texts)
    tokens = tokenizer(texts, truncation=True)["input_ids"] if texts else []
    dtype = pick_dtype(model.device)
    # The key consists of what the result depends on: weights and tokens, but not the tokenizer.
    content = (np.asarray(ids, dtype=np.int64).tobytes() for ids in tokens)
    key = fingerprint([weights_hash(model), f"products in {dtype}", *content])
    computed = []

    def compute() -> np.ndarray:
        computed.append(True)
        return _compute(tokens, tokenizer, model, tokens_per_batch, dtype)

    features = cached_array("features", key, compute)[POOLINGS.index(pooling)]
    seconds = time.perf_counter() - started
    source = f"computed in {seconds:.0f} s" if computed else "from the cache"
    print(f"{pooling} features of {len(texts):,} texts: {features.shape}, {source}")
    return features


def stream_features(
    texts: Iterable[str],
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    path: str | Path,
    pooling: str = "mean",
    texts_at_once: int = 8192,
) -> np.memmap:
    """Write one feature vector per text into a .npy file, however many texts there are.

    Memory holds only `texts_at_once` texts and their features. The file appears only when all texts
    have been read, so it is never incomplete.

    Parameters
    ----------
    texts : iterable of str
        Read once, and never further than the next `texts_at_once` texts.
    tokenizer, model, pooling
        As in `dataset_features`.
    path : str or Path
        Of the file; an existing file is replaced.
    texts_at_once : int
        Texts of similar length are grouped among these.

    Returns
    -------
    memmap of float32, shape (texts, hidden), in the order of `texts`
        Reads from the file only the rows that are used.

    Raises
    ------
    ValueError
        If `pooling` is unknown.
    """
    if pooling not in POOLINGS:
        raise ValueError(f"pooling is {pooling!r}; choose 'mean' or 'cls'")
    import numpy as np

    from helpers.models import pick_dtype

    texts, dtype, hidden = iter(texts), pick_dtype(model.device), model.config.hidden_size
    part = Path(f"{path}.part")

    def write_header(rows: int) -> None:
        """Write the header; NumPy leaves room in it to overwrite the number of rows later."""
        description = {"descr": "<f4", "fortran_order": False, "shape": (rows, hidden)}
        np.lib.format.write_array_header_1_0(file, description)

    try:
        with part.open("wb") as file:
            write_header(rows := 0)
            while chunk := list(islice(texts, texts_at_once)):
                tokens = tokenizer(chunk, truncation=True)["input_ids"]
                vectors = _compute(tokens, tokenizer, model, 4096, dtype)[POOLINGS.index(pooling)]
                vectors.tofile(file)
                rows += len(chunk)
            file.seek(0)
            write_header(rows)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


def weights_hash(model: PreTrainedModel) -> str:
    """Return a hash of a model's class and weights: no two checkpoints share a cache entry."""
    import torch

    parts = [type(model).__name__]
    for name, weights in sorted(model.state_dict().items()):
        data = weights.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        parts += [name, data.numpy().tobytes()]
    return fingerprint(parts)


def length_batches(lengths: Sequence[int], tokens_per_batch: int) -> Iterator[np.ndarray]:
    """Yield the rows of each batch: texts of similar length share a batch, longest texts first.

    So batches have hardly any padding, and a batch that does not fit into memory fails at once
    rather than after minutes. A row longer than `tokens_per_batch` gets a batch of its own.
    """
    import numpy as np

    order = np.argsort([-length for length in lengths], kind="stable")
    start = 0
    while start < len(order):
        size = max(1, tokens_per_batch // lengths[order[start]])
        yield order[start : start + size]
        start += size


def _compute(
    tokens: list[list[int]],
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    tokens_per_batch: int,
    dtype: torch.dtype,
) -> np.ndarray:
    """Return the features of both poolings, shape (2, texts, hidden)."""
    import numpy as np

    shape = (len(POOLINGS), len(tokens), model.config.hidden_size)
    features = np.zeros(shape, dtype=np.float32)

    def store(rows: np.ndarray, output: ModelOutput, batch: BatchEncoding) -> None:
        features[:, rows] = _pooled(output, batch)

    run_batches(tokens, tokenizer, model, dtype, store, "features", tokens_per_batch)
    return features


def run_batches(
    tokens: Sequence[Sequence[int]],
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    dtype: torch.dtype,
    store: Callable[[np.ndarray, ModelOutput, BatchEncoding], None],
    description: str,
    tokens_per_batch: int = 4096,
) -> None:
    """Run a model on rows of token ids in evaluation mode; its mode is restored afterwards.

    Parameters
    ----------
    tokens : sequence of sequences of int
    tokenizer : PreTrainedTokenizerBase
        Pads the batches.
    model : PreTrainedModel
    dtype : torch.dtype
        Of the matrix products.
    store : callable
        Called for each batch with its rows, the model's output and the model's input. Several
        threads may call it at the same time.
    description : str
        Label of the progress bar, which is shown if the work takes more than a second.
    tokens_per_batch : int
        As in `length_batches`.
    """
    import torch
    from tqdm.auto import tqdm

    def run(rows: np.ndarray) -> int:
        chosen = {"input_ids": [list(tokens[row]) for row in rows]}
        with torch.inference_mode():  # each thread has its own setting
            batch = tokenizer.pad(chosen, return_tensors="pt").to(model.device)
            store(rows, model(**batch), batch)
        return len(rows)

    batches = list(length_batches([len(ids) for ids in tokens], tokens_per_batch))
    progress = tqdm(total=len(tokens), desc=description, unit="text", leave=False, delay=1)
    training = model.training
    model.eval()
    try:
        with progress, torch.inference_mode(), fast_products(model, dtype):
            for done in _in_threads(run, batches, model.device):
                progress.update(done)
    finally:
        model.train(training)


def _in_threads(
    run: Callable[[np.ndarray], int], batches: list[np.ndarray], device: torch.device
) -> Iterator[int]:
    """Yield `run` of each batch; on a PC's CPU each of torch's threads works on its own batch.

    So the threads wait for one another only once, not at every layer. With few batches some threads
    would be idle, and autocast is set for one thread only: then the batches run one after another.
    """
    import torch

    threads = torch.get_num_threads() if device.type == "cpu" and _onednn_is_there() else 1
    if threads == 1 or len(batches) < 2 * threads:
        yield from map(run, batches)
        return
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from pool.map(run, batches)
    finally:
        torch.set_num_threads(threads)  # new threads take the number that was set last


@contextmanager
def fast_products(model: PreTrainedModel, dtype: torch.dtype) -> Iterator[None]:
    """Make a model multiply matrices in `dtype` until the block ends; for inference only.

    On a PC's CPU only the linear layers use `dtype`, and the rest stays in float32: attention over
    a few tokens is slower in bfloat16. The layers' weights are rearranged once for oneDNN. On AMD
    this is twice as fast in float32 as well, since torch's usual library does not use AVX-512
    there. On other devices, and if torch lacks these operators, autocast is used.
    """
    import torch

    if model.device.type != "cpu" or not _onednn_is_there():
        with torch.autocast(model.device.type, dtype=dtype, enabled=dtype != torch.float32):
            yield
        return
    layers = [layer for layer in model.modules() if type(layer) is torch.nn.Linear]
    for layer in layers:
        layer.forward = _onednn_product(layer, dtype)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward  # so that the class's own method is used again


def _onednn_is_there() -> bool:
    """Tell whether this is a PC whose torch has operators for oneDNN; they are not public API."""
    import torch

    operators = ("_reorder_linear_weight", "_linear_pointwise")
    return (
        torch.cpu.get_capabilities().get("architecture") == "x86_64"
        and torch.backends.mkldnn.is_available()
        and all(hasattr(torch.ops.mkldnn, name) for name in operators)
    )


def _onednn_product(layer: torch.nn.Linear, dtype: torch.dtype) -> Callable:
    """Return a replacement for a layer's `forward` that multiplies in `dtype`.

    A layer with more outputs than inputs returns `dtype` instead of float32. Only an activation
    follows it before the next linear layer, which rounds to `dtype` in any case. This saves two
    copies of the largest array.
    """
    import torch

    weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.to(dtype))
    bias = None if layer.bias is None else layer.bias.to(dtype)
    multiply = torch.ops.mkldnn._linear_pointwise
    result = dtype if layer.out_features > layer.in_features else torch.float32
    return lambda inputs: multiply(inputs.to(dtype), weight, bias, "none", [], "").to(result)


def _pooled(output: ModelOutput, batch: BatchEncoding) -> np.ndarray:
    import torch

    hidden = output.last_hidden_state.float()
    mask = batch["attention_mask"].unsqueeze(-1)
    averages = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
    return torch.stack([averages, hidden[:, 0]]).cpu().numpy()
