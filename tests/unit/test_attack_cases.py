"""What counts as survived, when the attacks are played to both graders."""

import re
from dataclasses import replace

import pytest

from benchmarks.attacks import ALL, HOLDS, HONEST, SOUGHT, Case, Ended, _cell, cases, survived
from grading.paths import ROOT

RIGHT = {"test_double": 2.0, "test_total": 1.0}
WRONG = {"test_double": 0.0, "test_total": 1.0}
CASE = Case(5, "searches", ({},), {"ada": ({0.0}, {1.0})}, shows="nothing was found")
FINE = Ended([{"ada": WRONG, HONEST: RIGHT}], said="nothing was found")


def test_every_row_of_the_table_is_played():
    table = (ROOT / "docs" / "security.md").read_text()
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    made = cases(["a"], 1)
    assert {case.row for case in made} == rows
    assert {case.row for case in made if case.shows} <= set(SOUGHT)


def test_nothing_is_said_of_an_attack_that_was_survived():
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
def test_each_harm_has_its_words(ended, says):
    (found,) = survived(CASE, replace(FINE, **ended))
    assert says in found


def test_points_that_change_from_run_to_run_are_seen():
    case = Case(22, "gambles", ({},) * 2, {"ada": ({0.0, 2.0}, {1.0})}, steady=True)
    rounds = [{"ada": RIGHT, HONEST: RIGHT}, {"ada": WRONG, HONEST: RIGHT}]
    assert survived(case, Ended(rounds)) == ["the points change from run to run"]


def test_a_submission_that_is_refused_must_be_named():
    case = Case(17, "broken", ({},), {"empty": ({None}, {None})}, refused=True)
    ended = Ended([{HONEST: RIGHT}])
    assert survived(case, ended) == ["nobody is told"]
    told = "[AutogradeApp | ERROR] There was an error processing 'sums' for student 'empty'"
    assert survived(case, replace(ended, log=told)) == []


def test_a_forged_time_is_seen():
    case = Case(18, "forged", ({},), {"ada": ALL}, prepare=print)
    ended = Ended([{"ada": RIGHT, HONEST: RIGHT}], stamps={"ada": "2001-01-01 00:00:00"})
    assert survived(case, ended) == ["the forged time counts"]


def test_attacks_with_the_same_effect_share_a_sentence():
    lost = [("one", ["it ends"]), ("two", ["it ends"]), ("three", [])]
    assert _cell(lost) == "*one, two*: it ends"
    assert _cell([(name, []) for name, _ in lost]) == HOLDS
