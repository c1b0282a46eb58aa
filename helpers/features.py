"""Features of a whole dataset, fast: lengths grouped, no gradients, bf16 where it pays, cached."""

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
    """Return one feature vector a text, from the disk cache where they were computed before.

    One pass computes both poolings, so that asking for the second costs nothing.

    Parameters
    ----------
    texts : sequence of str
        Each is truncated at the tokenizer's maximum.
    tokenizer, model
        A checkpoint's tokenizer and encoder.
    pooling : {"mean", "cls"}
        Average over real tokens, or the vector of the first token.
    tokens_per_batch : int
        Places of a forward pass, padding included. Memory and time of a pass follow its places,
        so a batch holds many short texts or few long ones. On a PC's CPU as many passes run at
        once as torch has threads.

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
    # What the model sees is the key: its weights and the tokens, whichever tokenizer made them.
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
    """Write one feature vector a text into a .npy file, however many texts there are.

    Memory holds `texts_at_once` texts and their features. The file appears when all texts have
    been read, whole or not at all.

    Parameters
    ----------
    texts : iterable of str
        Read once, as far as the next texts are needed.
    tokenizer, model, pooling
        As in `dataset_features`.
    path : str or Path
        Of the file; one that is there is replaced.
    texts_at_once : int
        Neighbours in length are found among these.

    Returns
    -------
    memmap of float32, shape (texts, hidden), in the order of `texts`
        Reads from the file what is asked for.

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
        """NumPy leaves room in it for any number of rows."""
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
    """Yield the rows of each batch: neighbours in length share one, the longest come first.

    Hardly any place of a batch is padding, and a batch that does not fit into memory fails at
    once rather than after minutes. A row longer than `tokens_per_batch` gets a batch of its own.
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
    """Let a model read rows of token ids in evaluation mode, and leave it as it came.

    Parameters
    ----------
    tokens : sequence of sequences of int
    tokenizer : PreTrainedTokenizerBase
        Pads the batches.
    model : PreTrainedModel
    dtype : torch.dtype
        Of the matrix products.
    store : callable
        Is given, for each batch, its rows, what the model returned, and what it had read; by
        several threads at once.
    description : str
        Stands at the progress bar, which is shown where the work takes more than a second.
    tokens_per_batch : int
        As in `length_batches`.
    """
    import torch
    from tqdm.auto import tqdm

    def run(rows: np.ndarray) -> int:
        chosen = {"input_ids": [list(tokens[row]) for row in rows]}
        with torch.inference_mode():  # which is a thread's own
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
    """Yield `run` of each batch; on a PC's CPU each of torch's threads has a batch of its own.

    So they wait for one another once, not at every layer. Few batches would leave threads idle, and
    autocast, which is a thread's own, takes one thread.
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
        torch.set_num_threads(threads)  # the last number given is that of threads to come


@contextmanager
def fast_products(model: PreTrainedModel, dtype: torch.dtype) -> Iterator[None]:
    """Have a model multiply matrices in `dtype`, until the block ends; for inference alone.

    On a PC's CPU only the linear layers do, and the rest stays in float32: attention over a few
    tokens is slower in bfloat16. Their weights are laid out once as oneDNN reads them. In float32,
    too, that is twice as fast on AMD, where torch's usual library leaves AVX-512 unused. Elsewhere,
    and with a torch that has no such products, it is autocast.
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
            del layer.forward  # which uncovers the class's own


def _onednn_is_there() -> bool:
    """Tell whether this is a PC with torch's own operators for oneDNN, which are not public."""
    import torch

    operators = ("_reorder_linear_weight", "_linear_pointwise")
    return (
        torch.cpu.get_capabilities().get("architecture") == "x86_64"
        and torch.backends.mkldnn.is_available()
        and all(hasattr(torch.ops.mkldnn, name) for name in operators)
    )


def _onednn_product(layer: torch.nn.Linear, dtype: torch.dtype) -> Callable:
    """Return a layer's product; what widens hands its result on in `dtype`.

    Between the layer that widens and the one that narrows again lies an activation only, whose
    result is rounded to `dtype` in any case: two copies of the widest array are spared.
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
