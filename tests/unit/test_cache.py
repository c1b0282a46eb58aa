"""The disk cache computes once, stores a whole file or nothing, and never stops a lesson."""

import numpy as np
import pytest

from helpers.cache import cached_array, fingerprint


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def counting(values):
    calls = []

    def compute():
        calls.append(1)
        return np.array(values)

    return compute, calls


def test_array_is_computed_once(folder):
    compute, calls = counting([1.0, 2.0])
    for _ in range(2):
        np.testing.assert_array_equal(cached_array("test", "k" * 64, compute), [1.0, 2.0])
    assert len(calls) == 1


def test_broken_file_is_computed_again(folder):
    compute, calls = counting([1.0])
    cached_array("test", "k" * 64, compute)
    (path,) = folder.glob("*.npy")
    path.write_bytes(path.read_bytes()[:20])
    np.testing.assert_array_equal(cached_array("test", "k" * 64, compute), [1.0])
    assert len(calls) == 2


def test_pickled_file_is_never_loaded(folder):
    compute, calls = counting([1.0])
    folder.mkdir()
    np.save(folder / f"test-{'k' * 32}.npy", np.array([{"a": 1}], dtype=object))
    np.testing.assert_array_equal(cached_array("test", "k" * 64, compute), [1.0])
    assert calls


def test_folder_that_cannot_be_written_costs_only_the_computation(folder, capsys):
    folder.write_text("a file where the folder should be")
    compute, _ = counting([1.0])
    np.testing.assert_array_equal(cached_array("test", "k" * 64, compute), [1.0])
    assert "could not be cached" in capsys.readouterr().out


def test_failed_computation_leaves_nothing(folder):
    def fail():
        raise RuntimeError("stopped half-way")

    with pytest.raises(RuntimeError):
        cached_array("test", "k" * 64, fail)
    assert not list(folder.glob("*"))


def test_fingerprint_tells_where_one_part_ends():
    assert fingerprint(["ab", "c"]) != fingerprint(["a", "bc"])
