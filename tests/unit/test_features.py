"""Features of texts: each as if it were alone, in order, from the cache or streamed to a file."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import get_ident

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertModel

from benchmarks.features import useful_operations
from helpers.features import (
    _onednn_is_there,
    dataset_features,
    length_batches,
    stream_features,
)
from helpers.models import load_tokenizer, pick_dtype

TEXTS = ["i feel fine", "no", "a much longer text than any of the others here", "me too", "i do"]
# oneDNN's products in bfloat16 need a processor for which the lessons choose it.
needs_bfloat16 = pytest.mark.skipif(
    pick_dtype(torch.device("cpu")) != torch.bfloat16,
    reason="this processor does not multiply bfloat16: the lessons use float32 here",
)
each_dtype = pytest.mark.parametrize(
    "dtype", [torch.float32, pytest.param(torch.bfloat16, marks=needs_bfloat16)]
)


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(source="embedded")


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    return BertModel(BertConfig(num_hidden_layers=2, **shape), add_pooling_layer=False).eval()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("helpers.models.pick_dtype", lambda device=None: torch.float32)


def alone(text, tokenizer, encoder, pooling):
    with torch.no_grad():
        states = encoder(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
    return (states.mean(dim=0) if pooling == "mean" else states[0]).numpy()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_features_of_a_batch_are_those_of_each_text_alone(tokenizer, encoder, pooling):
    features = dataset_features(TEXTS, tokenizer, encoder, pooling, tokens_per_batch=30)
    expected = [alone(text, tokenizer, encoder, pooling) for text in TEXTS]
    np.testing.assert_allclose(features, expected, atol=1e-5)


@needs_bfloat16
def test_bfloat16_gives_nearly_the_same_direction(tokenizer, encoder, monkeypatch):
    exact = dataset_features(TEXTS, tokenizer, encoder)
    monkeypatch.setattr("helpers.models.pick_dtype", lambda device=None: torch.bfloat16)
    half = dataset_features(TEXTS, tokenizer, encoder)
    norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(half, axis=1)
    assert not np.array_equal(exact, half)
    assert ((exact * half).sum(axis=1) / norms).min() > 0.999


@each_dtype
def test_a_torch_without_its_products_of_onednn_gives_the_same(
    tokenizer, encoder, monkeypatch, tmp_path, dtype
):
    monkeypatch.setattr("helpers.models.pick_dtype", lambda device=None: dtype)
    ours = dataset_features(TEXTS, tokenizer, encoder)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "another"))
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    by_autocast = dataset_features(TEXTS, tokenizer, encoder)
    atol = 1e-5 if dtype == torch.float32 else 0.05
    np.testing.assert_allclose(ours, by_autocast, atol=atol)


@each_dtype
def test_model_is_left_as_it_came(tokenizer, encoder, monkeypatch, dtype):
    monkeypatch.setattr("helpers.models.pick_dtype", lambda device=None: dtype)
    before = {name: weights.clone() for name, weights in encoder.state_dict().items()}
    dataset_features(TEXTS, tokenizer, encoder.train())
    assert encoder.training
    after = encoder.state_dict()
    assert all(torch.equal(weights, after[name]) for name, weights in before.items())
    assert all(weights.dtype == before[name].dtype for name, weights in after.items())


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def watch(encoder, monkeypatch, hook):
    """Have `hook` called before each forward pass."""
    forward = type(encoder).forward

    def watched(self, *args, **inputs):
        hook(len(inputs["input_ids"]))
        return forward(self, *args, **inputs)

    monkeypatch.setattr(type(encoder), "forward", watched)


def threads_of_a_new_thread():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.get_num_threads).result()


@each_dtype
def test_batches_in_threads_of_their_own_give_the_same(
    tokenizer, encoder, monkeypatch, tmp_path, three_threads, dtype
):
    monkeypatch.setattr("helpers.models.pick_dtype", lambda device=None: dtype)
    seen, texts = set(), TEXTS * 20
    watch(encoder, monkeypatch, lambda rows: seen.add((get_ident(), torch.get_num_threads())))
    ours = dataset_features(texts, tokenizer, encoder, tokens_per_batch=30)
    # Where torch has no products of oneDNN's (ARM), it is autocast in this one thread.
    own = _onednn_is_there()
    assert (get_ident() not in {thread for thread, _ in seen}) == own
    assert {threads for _, threads in seen} == {1 if own else 3}
    assert torch.get_num_threads() == threads_of_a_new_thread() == 3

    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "another"))
    torch.set_num_threads(1)
    seen.clear()
    by_one_thread = dataset_features(texts, tokenizer, encoder, tokens_per_batch=30)
    assert {thread for thread, _ in seen} == {get_ident()}
    np.testing.assert_allclose(ours, by_one_thread, atol=1e-6)


def test_a_batch_that_fails_ends_the_others_and_leaves_the_model_as_it_came(
    tokenizer, encoder, monkeypatch, three_threads
):
    passes = []

    def fail(rows):
        passes.append(rows)
        if len(passes) == 2:
            raise MemoryError("the second batch")

    watch(encoder, monkeypatch, fail)
    with pytest.raises(MemoryError, match="the second batch"):
        dataset_features(TEXTS * 200, tokenizer, encoder.train(), tokens_per_batch=12)
    assert len(passes) < 300  # of six hundred
    assert encoder.training
    assert not any("forward" in vars(layer) for layer in encoder.modules())
    assert threads_of_a_new_thread() == 3


def test_second_pooling_needs_no_second_pass(tokenizer, encoder, capsys):
    dataset_features(TEXTS, tokenizer, encoder)
    dataset_features(TEXTS, tokenizer, encoder, pooling="cls")
    assert "from the cache" in capsys.readouterr().out.splitlines()[-1]


def test_no_texts_have_no_features(tokenizer, encoder):
    assert dataset_features([], tokenizer, encoder).shape == (0, 32)


def test_batches_hold_every_row_once_and_no_more_places_than_asked_for():
    lengths = [3, 9, 4, 4, 12, 1]
    batches = list(length_batches(lengths, 12))
    assert sorted(np.concatenate(batches)) == list(range(6))
    assert all(len(rows) * max(lengths[row] for row in rows) <= 12 for rows in batches)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_stream_holds_the_same_features_in_the_same_order(tokenizer, encoder, tmp_path, pooling):
    path = tmp_path / "features.npy"
    stream_features(iter(TEXTS), tokenizer, encoder, path, pooling, texts_at_once=2)
    expected = dataset_features(TEXTS, tokenizer, encoder, pooling)
    np.testing.assert_allclose(np.load(path), expected, atol=1e-5)


def test_stream_returns_rows_that_are_read_from_the_file(tokenizer, encoder, tmp_path):
    rows = stream_features(TEXTS, tokenizer, encoder, tmp_path / "features.npy")
    assert isinstance(rows, np.memmap)
    assert (rows.shape, rows.dtype) == ((5, 32), np.float32)


def test_stream_reads_no_further_than_the_texts_at_once(tokenizer, encoder, tmp_path, monkeypatch):
    read, seen = [], []

    def texts():
        for text in TEXTS:
            read.append(text)
            yield text

    watch(encoder, monkeypatch, lambda rows: seen.append(len(read)))
    stream_features(texts(), tokenizer, encoder, tmp_path / "features.npy", texts_at_once=2)
    assert sorted(set(seen)) == [2, 4, 5]


def test_stream_that_breaks_leaves_the_former_file_and_nothing_else(tokenizer, encoder, tmp_path):
    path = tmp_path / "out" / "features.npy"
    path.parent.mkdir()
    stream_features(TEXTS[:1], tokenizer, encoder, path)

    def broken():
        yield from TEXTS[:3]
        raise OSError("the file of texts ends here")

    with pytest.raises(OSError, match="ends here"):
        stream_features(broken(), tokenizer, encoder, path, texts_at_once=2)
    assert [file.name for file in path.parent.iterdir()] == ["features.npy"]
    assert len(np.load(path)) == 1


def test_stream_without_texts_leaves_an_empty_array(tokenizer, encoder, tmp_path):
    assert stream_features([], tokenizer, encoder, tmp_path / "features.npy").shape == (0, 32)


def test_unknown_pooling_is_refused(tokenizer, encoder, tmp_path):
    for ask in (dataset_features, partial(stream_features, path=tmp_path / "features.npy")):
        with pytest.raises(ValueError, match="choose 'mean' or 'cls'"):
            ask(TEXTS, tokenizer, encoder, pooling="max")


def test_benchmark_counts_the_operations_of_the_matrix_products(tokenizer, encoder):
    encoder.set_attn_implementation("eager")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        for text in TEXTS:
            encoder(**tokenizer(text, return_tensors="pt"))
    assert useful_operations(TEXTS, tokenizer, encoder.config) == counter.get_total_flops()
