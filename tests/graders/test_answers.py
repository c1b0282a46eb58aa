"""Every exercise: the reference passes, stub and wrong variants do not, right variants do."""

import pytest
from answers import SEEDS, auto_graded, lesson_under_test, variant_id, variants

from helpers.lessons import LESSONS

EXERCISES = [
    pytest.param(lesson.name, exercise, id=exercise)
    for lesson in LESSONS
    for exercise in auto_graded(lesson)
]
WRONG, RIGHT = (
    [
        pytest.param(lesson.name, path, id=variant_id(path))
        for lesson in LESSONS
        for path in variants(lesson, verdict)
    ]
    for verdict in ("wrong", "right")
)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_reference_passes_the_hidden_test(lesson, exercise, seed):
    tried = lesson_under_test(lesson)
    assert tried.verdict(exercise, tried.reference(exercise), seed) == "passed"


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_reference_passes_the_visible_check(lesson, exercise):
    tried = lesson_under_test(lesson)
    result = tried.check(exercise, tried.reference(exercise))
    assert result.status == "passed", str(result)


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_untouched_stub_is_not_attempted(lesson, exercise):
    tried = lesson_under_test(lesson)
    stub = tried.stub(exercise)
    assert tried.check(exercise, stub).status == "not attempted"
    assert "NotImplementedError" in tried.verdict(exercise, stub)


@pytest.mark.parametrize(("lesson", "path"), WRONG)
def test_wrong_variant_fails_the_hidden_test(lesson, path):
    tried = lesson_under_test(lesson)
    exercise = path.parent.name
    assert path.read_text().startswith("# Wrong: ")
    assert tried.verdict(exercise, tried.variant(path)) != "passed"


@pytest.mark.parametrize(("lesson", "path"), RIGHT)
def test_right_variant_passes_both_tests(lesson, path):
    tried = lesson_under_test(lesson)
    exercise = path.parent.name
    assert path.read_text().startswith("# Right: ")
    assert tried.verdict(exercise, tried.variant(path)) == "passed"
    assert str(tried.check(exercise, tried.variant(path))).startswith(f"{exercise}: passed")


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_exercise_has_four_wrong_and_two_right_variants(lesson, exercise):
    tried = lesson_under_test(lesson).lesson
    counts = [
        sum(path.parent.name == exercise for path in variants(tried, verdict))
        for verdict in ("wrong", "right")
    ]
    assert counts[0] >= 4, f"{exercise} has {counts[0]} wrong variants"
    assert counts[1] >= 2, f"{exercise} has {counts[1]} right variants"
