"""What is accepted as a number in a hidden test."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch

from grading.inside.wire import Opaque
from grading.judging.testing import Failure, close


@pytest.mark.parametrize(
    "got",
    [
        0.5,
        np.float32(0.5),
        np.array(0.5),
        torch.tensor(0.5),
        torch.tensor(0.5, requires_grad=True),
        torch.tensor(0.5, dtype=torch.bfloat16).float(),
    ],
)
def test_numbers_of_every_kind_are_close(got):
    close(got, 0.5, "a half")


@pytest.mark.parametrize(
    "got",
    [
        [1, 2.0],
        (1, 2),
        [np.int64(1), torch.tensor(2.0)],
        np.array([1, 2], dtype="uint8"),
        np.array([1, 2.0], dtype=object),
        pd.Series([1, 2]),
        pd.Series([1, 2], dtype="Int64"),
        torch.tensor([1, 2]),
    ],
)
def test_rows_of_numbers_are_close(got):
    close(got, [1.0, 2.0], "one and two")


@pytest.mark.parametrize(
    "got",
    [
        "0.1",
        b"0.1",
        np.str_("0.1"),
        np.bytes_(b"0.1"),
        None,
        Opaque("Model"),
        np.array("0.1"),
        {"0.1": 1},
        Fraction(1, 10),
        0.1 + 0j,
        2**4000,
        np.array(2**4000, dtype=object),
    ],
)
def test_values_that_only_resemble_numbers_are_refused(got):
    with pytest.raises(Failure, match="a tenth: expected"):
        close(got, 0.1, "a tenth")


@pytest.mark.parametrize(
    "got",
    [
        True,
        [True],
        np.bool_(True),
        np.array([True]),
        torch.tensor([True]),
        np.array([True], dtype=object),
        [np.timedelta64(1, "s")],
        np.array([1], dtype="m8[ns]"),
        np.array([1], dtype="M8[s]"),
        pd.Series(pd.to_timedelta([1])),
        pd.Series(["1"]),
        pd.Series(pd.Categorical(["1"])),
        ["1"],
        [b"1"],
        [[1], ["1"]],
        [1, "1"],
        pd.array([None], dtype="Int64"),
    ],
)
def test_truth_values_dates_and_texts_are_no_numbers(got):
    for expected in (1.0, [1.0]):
        with pytest.raises(Failure):
            close(got, expected, "one")
