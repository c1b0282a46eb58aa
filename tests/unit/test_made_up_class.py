"""The demo's made-up class: twenty students, whose answers are known to be right or wrong."""

import io

import nbformat
import pandas as pd
import pytest
from rich.console import Console

from grading.batch.demo import QUICK_LESSONS, show_bars
from grading.batch.made_up_class import (
    ABSENT,
    CUT_OFF,
    LARGE_CLASS,
    NAMES,
    TRAINED,
    answered_wrongly,
    enrol,
    half_right,
    known_answers,
    stripped,
    submit_cut_off,
)
from grading.intake.submissions import Refused, read_checked
from grading.paths import release_path, solution_path
from grading.records.handed_in import nothing_from
from helpers.lessons import LESSONS


def notebooks(lesson):
    paths = (release_path(lesson), solution_path(lesson))
    return [nbformat.read(path, as_version=4) for path in paths]


def sources(notebook):
    return {cell.id: cell.source for cell in notebook.cells}


def test_the_class_is_of_twenty():
    assert len({*LARGE_CLASS, CUT_OFF, ABSENT}) == 20


@pytest.mark.parametrize("lesson", QUICK_LESSONS, ids=lambda lesson: lesson.name)
def test_a_student_hands_in_the_same_in_every_demo_and_no_two_the_same(lesson):
    handed_in = {}
    for student, hand_in in LARGE_CLASS.items():
        once, again = (hand_in(lesson, *notebooks(lesson)) for _ in range(2))
        assert once == again
        handed_in[student] = nbformat.writes(once)
    assert len(set(handed_in.values())) == len(LARGE_CLASS)


@pytest.mark.parametrize("lesson", QUICK_LESSONS, ids=lambda lesson: lesson.name)
def test_every_exercise_is_solved_by_some_and_not_by_others(lesson):
    release, solution = notebooks(lesson)
    stubs = sources(release)
    given = [sources(LARGE_CLASS[name](lesson, release, solution)) for name in NAMES]
    kinds = set()
    for exercise in lesson.exercises:
        if exercise.startswith("written_"):
            continue
        known = {
            answer: kind
            for kind in ("right", "wrong")
            for answer in known_answers(lesson, exercise, kind)
        } | {stubs[exercise]: "untouched"}
        found = [known.get(answers[exercise], "misspelt") for answers in given]
        assert len(given) > found.count("right") > 0, exercise
        kinds |= set(found)
    assert kinds == {"right", "wrong", "untouched", "misspelt"}


def test_what_is_handed_in_does_not_say_that_it_is_wrong():
    release, solution = notebooks(LESSONS[0])
    for hand_in in LARGE_CLASS.values():
        cells = hand_in(LESSONS[0], release, solution).cells
        assert "# Wrong:" not in "\n".join(cell.source for cell in cells)


def test_one_of_the_four_trains_and_no_other():
    (lesson,) = (lesson for lesson in LESSONS if lesson.answer_trains)
    release, solution = notebooks(lesson)
    own = sources(solution)[TRAINED]
    assert TRAINED in answered_wrongly(lesson)
    assert sources(half_right(lesson, release, solution))[TRAINED] != own
    assert own not in [cell.source for cell in stripped(lesson, release, solution).cells]
    assert "fine_tuned" in own


def test_the_file_that_was_cut_off_is_refused_and_who_is_absent_is_known(tmp_path):
    lesson = LESSONS[0]
    enrol([ABSENT, CUT_OFF], tmp_path)
    submit_cut_off(notebooks(lesson)[0], lesson, tmp_path)
    path = tmp_path / "submitted" / CUT_OFF / lesson.name / f"{lesson.name}.ipynb"
    with pytest.raises(Refused):
        read_checked(path, tmp_path)
    assert nothing_from(lesson.name, tmp_path) == [ABSENT]


def test_the_bars_leave_out_what_could_not_be_graded_and_what_a_person_reads():
    graded = pd.DataFrame(
        {
            "exercise": ["one_hot", "one_hot", "one_hot", "pad_batch", "written_errors"],
            "score": [2.0, 0.0, float("nan"), 2.0, 0.0],
            "points": [2.0, 2.0, 2.0, 2.0, 2.0],
        }
    )
    console = Console(file=io.StringIO(), width=80)
    show_bars(graded, console)
    rows = [line.split() for line in console.file.getvalue().splitlines()]
    shown = {row[0]: row[-1] for row in rows if row and row[-1].endswith("%")}
    assert shown == {"one_hot": "50%", "pad_batch": "100%"}
