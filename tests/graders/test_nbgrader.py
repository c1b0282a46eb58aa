"""The course in nbgrader's own commands: release, autograde, feedback, export."""

import os
import subprocess
import sys

import nbformat
import pandas as pd
import pytest

from grading.batch.made_up_class import CLASS, answered_wrongly, submit, without_training
from grading.batch.pool import autograde
from grading.paths import ROOT, release_path, solution_path
from grading.records.class_report import gradebook_table, write_report
from grading.records.gradebook import scores
from grading.sandbox.commands import NO_SANDBOX, find_bubblewrap
from grading.steps.outcomes import SUCCESS
from grading.steps.run_nbgrader import generate_feedback, release
from helpers.lessons import LESSONS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a course folder in which the demo's class was graded in every lesson."""
    folder = tmp_path_factory.mktemp("course")
    release(list(LESSONS), folder)
    tasks = []
    for lesson in LESSONS:
        released = nbformat.read(release_path(lesson, folder), as_version=4)
        solved = nbformat.read(solution_path(lesson, folder), as_version=4)
        solved = without_training(lesson, solved)
        for student, hand_in in CLASS.items():
            submit(hand_in(lesson, released, solved), lesson, student, folder)
            tasks.append((lesson.name, student))
    # The class is made up, so it may be graded without a sandbox if there is none.
    sandbox = "bubblewrap" if find_bubblewrap() else NO_SANDBOX
    assert dict(autograde(tasks, folder, sandbox=sandbox)) == dict.fromkeys(tasks, SUCCESS)
    return folder


@pytest.fixture(scope="module")
def gradebook(course):
    return scores(course)


def automatic(gradebook, student, lesson):
    mine = gradebook[(gradebook.student == student) & (gradebook.lesson == lesson.name)]
    return mine[~mine.exercise.str.startswith("written_")]


def written(gradebook, student):
    return gradebook[(gradebook.student == student) & gradebook.exercise.str.startswith("written_")]


@pytest.mark.parametrize("student", ["reference", "stripped"])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_reference_reaches_full_marks_with_and_without_metadata(gradebook, lesson, student):
    graded = automatic(gradebook, student, lesson)
    assert len(graded) == len(lesson.exercises) - 1
    assert list(graded.score) == list(graded.points)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_blank_release_reaches_nothing(gradebook, lesson):
    assert automatic(gradebook, "blank", lesson).score.sum() == 0


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_wrong_answers_lose_points_and_the_others_keep_theirs(gradebook, lesson):
    graded = automatic(gradebook, "half-right", lesson).set_index("exercise")
    wrong = answered_wrongly(lesson)
    for exercise, row in graded.iterrows():
        assert row.score in (0, row.points)
        if exercise not in wrong:
            assert row.score == row.points, exercise
    assert graded.score.sum() < graded.points.sum()


def test_untouched_written_answer_is_zero_and_a_real_one_waits_for_a_person(gradebook):
    assert (written(gradebook, "blank").score == 0).all()
    assert written(gradebook, "reference").score.isna().all()


def test_rubric_is_in_the_graded_notebook_and_not_in_the_release(course):
    lesson = LESSONS[0]
    name = f"{lesson.name}.ipynb"
    graded = (course / "autograded" / "reference" / lesson.name / name).read_text()
    assert "MARK SCHEME" in graded
    assert "MARK SCHEME" not in release_path(lesson, course).read_text()


def test_generated_release_is_the_committed_one(course):
    for lesson in LESSONS:
        assert release_path(lesson, course).read_text() == release_path(lesson).read_text()


def test_feedback_shows_status_points_and_reason(course):
    generate_feedback(LESSONS[0].name, course)
    for student, said in (("blank", "0 of 2 points, not attempted"), ("half-right", "failed")):
        page = course / "feedback" / student / LESSONS[0].name / f"{LESSONS[0].name}.html"
        assert said in page.read_text()


def test_feedback_heads_the_rubric_without_delimiters(course):
    generate_feedback(LESSONS[0].name, course)
    page = course / "feedback" / "blank" / LESSONS[0].name / f"{LESSONS[0].name}.html"
    assert "<p><strong>Mark scheme</strong></p>" in page.read_text()
    assert "MARK SCHEME" not in page.read_text()


def test_nbgrader_exports_the_gradebook(course):
    nbgrader = [sys.executable, "-m", "nbgrader"]
    command = [
        *nbgrader,
        "export",
        f"--CourseDirectory.root={course}",
        f"--to={course / 'grades.csv'}",
    ]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environment)
    exported = pd.read_csv(course / "grades.csv")
    assert len(exported) == len(LESSONS) * len(CLASS)


def test_report_is_one_page_with_a_described_map_of_everybody_s_points(course, gradebook):
    write_report(gradebook, "A class of <four>", course / "report.html")
    page = (course / "report.html").read_text()
    assert page.count('aria-describedby="map-says"') == 1
    by_program = gradebook[~gradebook.exercise.str.startswith("written_")].exercise.nunique()
    assert f"{len(CLASS)} students by {by_program} exercises" in page
    assert page.count('class="untouched"') == by_program + 1  # the blank release, and the legend
    assert "<img" not in page
    assert "A class of &lt;four&gt;" in page
    assert "http://" not in page
    assert list(gradebook_table(gradebook).index) == sorted(CLASS)
