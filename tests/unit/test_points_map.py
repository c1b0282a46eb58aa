"""The heat map of a class: its order, its signs, and colours that everyone can distinguish."""

import re

import numpy as np
import pandas as pd
import pytest

from grading.judging.verdicts import CANNOT_GRADE, ERROR, FAILED, NOT_ATTEMPTED, PASSED
from grading.records.points_map import (
    COLOURS,
    STEPS,
    luminance,
    map_style,
    points_map,
    step_of,
)

NAN = float("nan")


def answers(*rows):
    columns = ["student", "exercise", "points", "max_points", "status"]
    return pd.DataFrame(rows, columns=columns)


CLASS = answers(
    ("ada", "easy", 2.0, 2.0, PASSED),
    ("ada", "hard", 0.0, 4.0, FAILED),
    ("bo", "easy", 0.0, 2.0, ERROR),
    ("bo", "hard", 1.0, 4.0, FAILED),
    ("cy", "easy", 0.0, 2.0, NOT_ATTEMPTED),
    ("cy", "hard", NAN, 4.0, CANNOT_GRADE),
    ("dee", "easy", 2.0, 2.0, PASSED),
)


def cells_of(html):
    """Return the kind and text of each student's cells, and the exercises of the heading."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', html)
    cell = re.compile(r'<td class="(\w+)">(.*?)</td>')
    exercises = re.findall(r'<th scope="col"><span>(.*?)</span>', html)
    return {student: cell.findall(cells) for student, cells in rows}, exercises


def test_hardest_exercise_and_best_student_come_first():
    rows, exercises = cells_of(points_map(CLASS))
    assert exercises == ["hard", "easy"]
    assert list(rows) == ["ada", "dee", "bo", "cy"]


def test_no_points_stopped_untouched_ungraded_and_missing_look_different():
    rows, _ = cells_of(points_map(CLASS, nothing=["eve"], ungraded=["flo"]))
    assert rows["ada"] == [("s0", "0"), (f"s{STEPS}", "2")]
    assert rows["bo"][1] == ("s0", "×")
    assert rows["cy"] == [("ungraded", "?"), ("untouched", "…")]
    assert rows["dee"][0] == ("nothing", "–")
    assert rows["eve"] == [("nothing", "–")] * 2
    assert rows["flo"] == [("ungraded", "?")] * 2


def test_the_legend_explains_each_sign_that_is_used_and_no_other():
    legend = points_map(CLASS).split('class="legend"')[1]
    for sign in ("×", "…", "?", "–"):
        assert f">{sign}</i>" in legend
    legend = points_map(CLASS[CLASS["student"] == "ada"]).split('class="legend"')[1]
    assert "could not be graded" not in legend


def test_points_that_a_person_has_given_are_shown_whatever_the_program_said():
    html = points_map(answers(("ada", "easy", 1.0, 2.0, NOT_ATTEMPTED)))
    assert cells_of(html)[0]["ada"] == [("s5", "1")]


def test_a_description_names_size_hardest_and_who_has_no_work():
    html = points_map(CLASS, nothing=["eve"])
    said = re.search(r'<figcaption id="map-says">(.*?)</figcaption>', html)[1]
    assert 'aria-describedby="map-says"' in html
    assert "5 students by 2 exercises" in said
    assert "Hardest: hard, with 12% of its points" in said
    assert "Students without any work: 1." in said


def test_names_are_escaped():
    html = points_map(answers(("<b>eve", "<i>sum", 1.0, 1.0, PASSED)))
    assert "<b>" not in html
    assert "<i>sum" not in html
    assert "&lt;b&gt;eve" in html


def test_a_class_of_which_nothing_is_graded_has_a_map_all_the_same():
    html = points_map(answers(("cy", "hard", NAN, 4.0, CANNOT_GRADE)), nothing=["eve"])
    assert "Hardest" not in html
    assert cells_of(html)[0]["cy"] == [("ungraded", "?")]


@pytest.mark.parametrize(("students", "many"), [(20, False), (200, True)])
def test_rows_are_low_only_in_a_large_class(students, many):
    html = points_map(answers(*((f"s{n}", "sum", 1.0, 1.0, PASSED) for n in range(students))))
    assert ('class="scroll many"' in html) == many
    assert len(html) < 100 * students + 2000


def test_only_none_and_all_of_the_points_have_the_outermost_colours():
    assert [step_of(share) for share in (0, 0.01, 0.5, 0.99, 1)] == [0, 1, 5, STEPS - 1, STEPS]


@pytest.mark.parametrize("mode", list(COLOURS))
def test_colours_differ_in_brightness_too_so_that_no_hue_must_be_seen(mode):
    shades = [luminance(COLOURS[mode](step / STEPS)) for step in range(STEPS + 1)]
    steps = np.diff(shades)
    assert (steps > 0).all() or (steps < 0).all()
    assert abs(shades[0] - shades[-1]) > 0.4


def test_writing_has_enough_contrast_in_every_cell():
    rules = re.findall(r"background: (#\w{6}); color: (#\w{3});", map_style())
    assert len(rules) == 2 * (STEPS + 1)
    for background, ink in rules:
        shade = luminance([int(background[place : place + 2], 16) / 255 for place in (1, 3, 5)])
        bright, dark = sorted([shade, 1.0 if ink == "#fff" else 0.0], reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, background
