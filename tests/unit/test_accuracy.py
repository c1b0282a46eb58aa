"""The page on wrong grades says what was counted."""

import pandas as pd
import pytest

from benchmarks.accuracy import counted, mutants_text, variants_text
from grading.proof.prove import PROBLEMS


@pytest.mark.parametrize(
    ("found", "tried", "text"),
    [
        (0, 13, "0 (0–23%)"),
        (0, 569, "0 (0–0.5%)"),
        (0, 3, "0 (0–100%)"),
        (0, 2, "0 (0–100%)"),
        (0, 0, "0"),
        (1, 13, "1"),
    ],
)
def test_a_zero_has_an_upper_bound_beside_it(found, tried, text):
    assert counted(found, tried) == text


def test_each_problem_is_counted_among_those_answers_that_can_have_it():
    row = {"lesson": "06_deployment", "wrong": 30, "right": 10, **dict.fromkeys(PROBLEMS, 0)}
    counts = pd.DataFrame([{**row, "unsteady": 2, "caught": 15, "seconds": 1.0}], index=["query"])
    head, _, query, everything = variants_text(counts).splitlines()
    assert head.count("|") == query.count("|") == everything.count("|")
    # False accepts, false rejects, not graded, unsteady;
    cells = "30 | 10 | 0 (0–10%) | 0 (0–30%) | 0 (0–7.5%) | 2 | "
    # wrong messages, refused by the check, check stops.
    cells += "0 (0–10%) | 0 (0–30%) | 0 (0–7.5%) | 50% |"
    assert query == f"| 6 | query | {cells}"
    assert everything == f"|  | **all** | {cells}"


def test_survivors_are_counted_among_the_mutants_that_are_mistakes():
    names = ["mutants", "equivalent", "caught", "survived"]
    counts = pd.DataFrame([[65, 5, 60, 0], [20, 0, 19, 1]], columns=names, index=["one", "two"])
    assert mutants_text(counts).splitlines()[2:] == [
        "| one | 65 | 5 | 60 | 0 (0–5.0%) | 100.0% |",
        "| two | 20 | 0 | 19 | 1 | 95.0% |",
        "| **all** | 85 | 5 | 79 | 1 | 98.8% |",
    ]
