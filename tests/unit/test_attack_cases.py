"""What counts as a survived attack when the attacks are tried on both graders."""

import re
from dataclasses import replace

import pytest

from benchmarks.attack_cases import ALL, HONEST, NBGRADER, OTTER, Case, cases
from benchmarks.attacks import HOLDS, IN_LOG, NOT_HERE, SOUGHT, Ended, _cell, survived
from benchmarks.stock_nbgrader import alive, formulas
from grading.paths import ROOT

RIGHT = {"test_double": 2.0, "test_total": 1.0}
WRONG = {"test_double": 0.0, "test_total": 1.0}
CASE = Case(5, "searches", ({},), {"ada": ({0.0}, {1.0})}, shows="nothing was found")
FINE = Ended([{"ada": WRONG, HONEST: RIGHT}], said="nothing was found")


def test_every_row_of_the_table_is_tried():
    table = (ROOT / "docs" / "security.md").read_text()
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    made = cases(["a"], 1)
    assert {case.row for case in made} == rows
    assert {case.row for case in made if case.shows} <= set(SOUGHT)
    assert {case.row for case in made if case.unwanted} <= set(IN_LOG)


def test_only_attacks_on_parts_that_a_grader_lacks_are_left_out():
    """A row whose attacks do not apply to one of them counts neither as held nor as lost."""
    made = cases(["a"], 1)
    met = {
        name: {case.row for case in made if name not in case.lacks} for name in (NBGRADER, OTTER)
    }
    every = {case.row for case in made}
    assert every - met[NBGRADER] == {26, 27}
    assert every - met[OTTER] == {18, 26, 27, 28}
    assert all(case.rounds for case in made if case.lacks != {NBGRADER, OTTER})


def test_a_survived_attack_has_no_message():
    assert survived(CASE, FINE) == []


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        ({"rounds": [{"ada": RIGHT, HONEST: RIGHT}]}, "2 points instead of 0"),
        ({"rounds": [{"ada": {"test_double": 0.0}, HONEST: RIGHT}]}, "other exercise is not"),
        ({"rounds": [{"ada": WRONG, HONEST: WRONG}]}, "next submission"),
        ({"rounds": [{"ada": WRONG}]}, "next submission"),
        ({"said": "found it"}, "hidden tests are found"),
        ({"megabytes": 300.0}, "300 MB"),
        ({"harm": ["processes run on"]}, "processes run on"),
    ],
)
def test_each_harm_has_a_message(ended, says):
    (found,) = survived(CASE, replace(FINE, **ended))
    assert says in found


def test_points_that_change_from_run_to_run_are_detected():
    case = Case(22, "gambles", ({},) * 2, {"ada": ({0.0, 2.0}, {1.0})}, steady=True)
    rounds = [{"ada": RIGHT, HONEST: RIGHT}, {"ada": WRONG, HONEST: RIGHT}]
    assert survived(case, Ended(rounds)) == ["the points change from run to run"]


def test_a_submission_that_is_refused_must_be_named():
    case = Case(17, "broken", ({},), {"empty": ({None}, {None})}, refused=True)
    ended = Ended([{HONEST: RIGHT}])
    assert survived(case, ended) == ["nobody is told"]
    told = "[AutogradeApp | ERROR] There was an error processing 'sums' for student 'empty'"
    assert survived(case, replace(ended, log=told)) == []


def test_a_forged_time_is_detected():
    case = Case(18, "forged", ({},), {"ada": ALL}, prepare=print)
    ended = Ended([{"ada": RIGHT, HONEST: RIGHT}], stamps={"ada": "2001-01-01 00:00:00"})
    assert survived(case, ended) == ["the forged time counts"]


def test_a_student_who_may_be_refused_must_be_named_or_graded():
    case = Case(35, "names", ({},), {"[bo]b": ALL}, may_be_refused=True)
    nobody = Ended([{HONEST: RIGHT}])
    assert "nobody is told" in survived(case, nobody)
    assert survived(case, replace(nobody, log="[otter | ERROR] '[bo]b': status 1")) == []
    half = Ended([{HONEST: RIGHT, "[bo]b": WRONG}], log="[otter | ERROR] '[bo]b': status 1")
    assert survived(case, half) == ["the exercise has 0 points instead of 2"]


def test_text_that_a_student_writes_into_the_log_is_detected():
    case = Case(33, "writes", ({},), {"ada": ALL}, unwanted="forged")
    ended = Ended([{"ada": RIGHT, HONEST: RIGHT}], log="graded\nforged\n")
    assert survived(case, ended) == [IN_LOG[33]]


@pytest.mark.parametrize(
    "page",
    [
        "<script>document.title = 1</script>",
        "<img src=x onerror='document.title = 1'>",
        "<svg/onload=document.title=1>",
        "<a href=' java&#115;cript:document.title=1'>a</a>",
        '<iframe srcdoc="<script>parent.document.title=1</script>"></iframe>',
    ],
)
def test_code_that_would_run_in_a_page_is_detected(page):
    assert alive(f"<html>{page}</html>")


@pytest.mark.parametrize(
    "page",
    [
        "<p>document.title</p>",
        "<script>let a = 1</script> document.title",
        "&lt;script&gt;document.title&lt;/script&gt;",
        "<a title='document.title' href='https://example.org'>a</a>",
    ],
)
def test_what_is_only_shown_in_a_page_does_no_harm(page):
    assert alive(f"<html>{page}</html>") == []


@pytest.mark.parametrize(("row", "begins"), [("=1,2", True), ("a,=1", True), ("a,'=1", False)])
def test_a_formula_in_any_column_is_detected(tmp_path, row, begins):
    (tmp_path / "grades.csv").write_text(f"name,score\n{row}\n")
    assert bool(formulas(tmp_path / "grades.csv")) == begins


def test_attacks_with_the_same_effect_share_a_sentence():
    tried = [("one", ["it ends"]), ("two", ["it ends"]), ("three", [])]
    assert _cell(tried) == "*one, two*: it ends"
    assert _cell([("one", []), ("two", [])]) == HOLDS
    assert _cell([]) == NOT_HERE
