"""What an answer changes in its process has no effect on another answer."""

import os
import sys
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch

from grading.inside import guard
from grading.inside.protocol import QUESTION, REPLY
from grading.inside.questions import answer_question
from grading.inside.wire import decode, encode


@pytest.fixture
def kept():
    """Restore this process after a test, whatever the test has changed."""
    with guard.own_state():
        yield


def asked(answer):
    question = {"nonce": "n", "seed": 1, "exercise": "answer", "call": [None, (), {}]}
    reply = decode(answer_question(encode(question, QUESTION), {"answer": answer}), REPLY)
    return decode(reply["result"])


def state():
    return {
        "gradients": torch.is_grad_enabled(),
        "dtype": str(torch.get_default_dtype()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "errors": np.geterr()["divide"],
        "output": sklearn.get_config()["transform_output"],
        "sleeps": time.sleep is SLEEP,
        "softmax": torch.nn.functional.softmax is SOFTMAX,
        "sample": pd.DataFrame.sample is SAMPLE,
        "folder": os.getcwd(),
        "variable": os.environ.get("AN_ANSWER"),
    }


SLEEP, SOFTMAX, SAMPLE = time.sleep, torch.nn.functional.softmax, pd.DataFrame.sample
guard.remember()


def disturb():
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True)
    np.seterr(divide="raise")
    sklearn.set_config(transform_output="pandas")
    time.sleep = torch.nn.functional.softmax = pd.DataFrame.sample = print
    warnings.simplefilter("error")
    os.chdir("/")
    os.environ["AN_ANSWER"] = "was here"
    torch.manual_seed(3)
    return 1


def test_an_answer_leaves_the_process_as_it_was(kept):
    before, filters = state(), list(warnings.filters)
    assert asked(disturb) == 1
    assert state() == before
    assert warnings.filters == filters


def test_what_a_cell_has_changed_reaches_no_answer(kept):
    fresh = state()
    disturb()
    found = asked(state)
    left = ("folder", "variable")  # no tested result depends on them
    assert {k: v for k, v in found.items() if k not in left} == {
        k: v for k, v in fresh.items() if k not in left
    }
    # Later cells find what the notebook's own cells have made.
    assert not torch.is_grad_enabled()
    assert time.sleep is print


def test_a_warning_that_a_cell_made_an_error_stays_a_warning_for_an_answer(kept):
    def warns():
        warnings.warn("look out", stacklevel=1)
        return np.float32(1) / np.float32(0)

    warnings.simplefilter("error")
    np.seterr(all="raise")
    assert np.isinf(asked(warns))


def test_a_function_that_is_gone_is_back_for_an_answer(kept):
    del torch.nn.functional.softmax
    assert asked(lambda: torch.nn.functional.softmax is SOFTMAX) is True
    assert not hasattr(torch.nn.functional, "softmax")


def test_libraries_are_remembered_when_they_are_imported(monkeypatch):
    monkeypatch.setattr(guard, "_originals", {})
    monkeypatch.setattr(guard, "PATCHED", ("statistics", "no_such_library", "statistics:NoSuch"))
    guard.remember()
    assert list(guard._originals) == ["statistics"]
    monkeypatch.setitem(sys.modules, "no_such_library", sys.modules["statistics"])
    guard.remember()
    assert list(guard._originals) == ["statistics", "no_such_library"]
