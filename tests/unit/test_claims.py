"""Numbers that prose quotes are compared with the outputs that they come from."""

import nbformat
import pytest

from grading.paths import solution_path, source_path
from grading.release.claims import claim_problems, quoted_numbers, without_remarks
from helpers.lessons import lesson_named

ONE = lesson_named("1")
OUTPUT = """\
          f1  seconds
small  0.214     27.1
large  0.498   1234.5
3 of 48 are wrong (6.2%)"""
SOURCE = """\
# %% tags=["shows:trials"]
table

# %% [markdown]
# {text}
"""


def problems_of(text, tmp_path, output=OUTPUT):
    source, solution = source_path(ONE, tmp_path), solution_path(ONE, tmp_path)
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(SOURCE.format(text=text.replace("\n", "\n# ")))
    cell = nbformat.v4.new_code_cell("table")
    cell.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": output})]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), solution)
    return claim_problems(ONE, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "0.50 against 0.21. <!-- numbers from: trials -->",
        "0.498 of 1,235 seconds. <!-- numbers from: trials -->",
        "6 % are wrong, 3 of 48. <!-- numbers from: trials -->",
        "0.284 better. <!-- numbers from: trials; computed: 0.498 - 0.214 -->",
        "over 16 times. <!-- numbers from: trials; computed: 48 / 3 -->",
        "0.50 after 80 steps.\n<!-- numbers from: trials; given: 80 -->",
        "a share sums to 1, and `0.77` is code, section 4 and lesson 12 are places.",
        "no number at all.",
    ],
)
def test_numbers_that_the_named_cell_shows_are_no_problem(text, tmp_path):
    assert problems_of(f"*How to read it:* {text}", tmp_path) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "0.51 wins. <!-- numbers from: trials -->",
            "quotes 0.51, which is not in what trials shows",
        ),
        ("0.5 wins.", "names no cell"),
        ("0.50 wins. <!-- numbers from: trails -->", "no cell has the tag shows:trails"),
        ("0.50 wins. <!-- numbers of: trials -->", "not 'of: trials'"),
        ("0.31 more. <!-- numbers from: trials; computed: 0.498 - 0.21 -->", "quotes 0.31,"),
        ("0.3 more. <!-- numbers from: trials; computed: 0.7 - 0.4 -->", "0.7 in '0.7 - 0.4'"),
        ("0.3 more. <!-- numbers from: trials; computed: f1(3) -->", "f1(3)"),
        ("7 % are wrong. <!-- numbers from: trials -->", "quotes 7 %"),
    ],
)
def test_a_number_that_no_named_cell_shows_is_reported(text, said, tmp_path):
    (problem,) = problems_of(f"*How to read it:* {text}", tmp_path)
    assert problem.startswith("01_dataset_exploration: ")
    assert said in problem


def test_a_claim_is_refused_once_a_new_run_shows_another_number(tmp_path):
    text = "*How to read it:* 0.498 wins. <!-- numbers from: trials -->"
    assert problems_of(text, tmp_path) == []
    assert problems_of(text, tmp_path, OUTPUT.replace("0.498", "0.612")) != []


def test_notebooks_are_built_without_remarks():
    text = "It wins by 0.3.\n<!-- numbers from: trials;\ncomputed: 0.5 - 0.2 -->\n\nAnd on."
    assert without_remarks(text) == "It wins by 0.3.\n\nAnd on."


def test_what_counts_as_a_number_of_a_result():
    text = "In 2,000 of 8,000 rows (25 %), *a* (.5) beats −0.75 by k=3; see (2017) and row 1378."
    assert quoted_numbers(text) == ["2,000", "8,000", "25 %", ".5", "0.75", "3"]
