"""The grader is never wrong on answers that are known to be right or wrong.

Grading all of them takes longer than any other test. So once they all ended as they must, the
record says with which code, data and libraries. As long as these stay the same, `make test` does
not grade them again; `make test NOTEBOOKS=--everything` does, and so does CI every night.
"""

import io
import secrets
import warnings
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from benchmarks.record import Figure, is_proved, prove
from grading.batch.pool import warm_batch
from grading.judging.session import UNEXPLAINED
from grading.judging.verdicts import CRASHED, PASSED
from grading.paths import ROOT
from grading.proof import prove as proving
from grading.proof.mutants import equivalents, mutants
from grading.proof.prove import (
    CHECK_STOPS,
    FALSE_ACCEPT,
    FALSE_REJECT,
    REFUSED_BY_CHECK,
    STOPPED_CHECK,
    UNSTEADY,
    WRONG_MESSAGE,
    Bench,
    Known,
    Tried,
    UnusableFolder,
    exercises_to_prove,
    known_answers,
    lessons_in,
    mutants_table,
    overlays_of,
    prove_exercise,
    prove_exercises,
    table_of,
)
from grading.sandbox.commands import NO_SANDBOX, find_bubblewrap
from helpers.lessons import LESSONS

# Code that reaches the answers in other ways than by an import.
DEPENDS_ON = (
    "grading/inside",
    "helpers/checks",
    "solutions/*/*.py",
    "solutions/*/variants",
)

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def sandbox():
    # The answers are our own, so they may be run without a sandbox if there is none.
    return "bubblewrap" if find_bubblewrap() else NO_SANDBOX


ALL_PROVED = "grading.visible_share"
"""A figure that is recorded together with the other rates, if no known answer is a problem."""
PROVES = "tests/graders/test_prove.py"


@pytest.fixture(scope="module")
def proven(pytestconfig):
    """Return the outcome of every known answer, by lesson."""
    if not pytestconfig.getoption("--everything") and is_proved(ALL_PROVED, PROVES):
        pytest.skip("nothing has changed since all known answers ended as they must")
    with warm_batch(sandbox(), workers=2, costly=["helpers", "transformers"]):
        exercises = exercises_to_prove("variants", list(LESSONS), sandbox())
        ended = dict(prove_exercises("variants", exercises, sandbox(), runs=1, workers=2))
    return {
        lesson.name: [one for exercise in lesson.exercises for one in ended.get(exercise, [])]
        for lesson in LESSONS
    }


@pytest.mark.slow
@each_lesson
def test_known_answers_end_as_they_must(proven, lesson):
    problems = [one for one in proven[lesson.name] if one.problem]
    assert not problems, "\n".join(f"{one.problem}: {one}" for one in problems)


@pytest.mark.slow
@each_lesson
def test_visible_checks_find_most_wrong_answers(proven, lesson):
    assert most_are_found(proven[lesson.name])


def most_are_found(tried):
    counts = table_of(tried)
    return counts.caught.sum() >= 0.7 * counts.wrong.sum()


@pytest.mark.slow
def test_the_rates_of_wrong_grades_are_written_down(proven):
    tried = [one for lesson in LESSONS for one in proven[lesson.name]]
    counts = table_of(tried).sum()
    # What is recorded is not tried again, so a failure must not be recorded.
    assert not any(one.problem for one in tried)
    assert all(most_are_found(proven[lesson.name]) for lesson in LESSONS)
    figures = {
        "grading.false_accepts": (int(counts.false_accepts), "count", int(counts.wrong)),
        "grading.false_rejects": (int(counts.false_rejects), "count", int(counts.right)),
        "grading.visible_share": (counts.caught / counts.wrong, "share", int(counts.wrong)),
    }
    if sandbox() != NO_SANDBOX:  # without one, some wrong answers are not tried
        prove(
            {name: Figure(*figure, "embedded") for name, figure in figures.items()},
            PROVES,
        )


@each_lesson
def test_exercises_have_six_wrong_and_two_right_variants(lesson):
    answers = [answer for answer in known_answers(lesson) if answer.name != "reference"]
    for exercise in (name for name in lesson.exercises if not name.startswith("written_")):
        mine = [answer for answer in answers if answer.exercise == exercise]
        assert sum(not answer.right for answer in mine) >= 6, exercise
        assert sum(answer.right for answer in mine) >= 2, exercise
        for answer in mine:
            kind = "Right" if answer.right else "Wrong"
            assert answer.source.startswith(f"# {kind}: "), answer.name


@each_lesson
def test_listed_equivalents_are_mutants_and_say_why(lesson):
    made = {(mutant.exercise, mutant.name) for mutant in mutants(lesson)}
    for exercise, reasons in equivalents(lesson).items():
        for name, reason in reasons.items():
            assert (exercise, name) in made, f"{exercise}, {name}: this mutant no longer exists"
            assert len(reason) > 10, f"{exercise}, {name}"


def tried(statuses, messages=("the mask is ignored",), right=False, check="", says=""):
    return Tried("01", "pool", "one", right, tuple(statuses), tuple(messages), check, 1.0, says)


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (tried(["passed", "passed"], right=True), ""),
        (tried(["passed", "failed"], right=True), FALSE_REJECT),
        (tried(["failed", "failed"]), ""),
        (tried(["failed", "passed"]), FALSE_ACCEPT),
        (tried(["failed", "error"]), UNSTEADY),
        (tried(["failed", "failed"], ["the mask is ignored", ""]), WRONG_MESSAGE),
        (tried(["failed"], [f"{UNEXPLAINED} (TypeError: x)."]), WRONG_MESSAGE),
        (tried(["cannot grade"]), WRONG_MESSAGE),
        (tried(["failed"], says="the mask is"), ""),
        (tried(["failed"], check="It forgets the mask", says="forgets the mask"), ""),
        (tried(["failed", "failed"], ["the mask", "an axis"], says="the mask"), WRONG_MESSAGE),
        (tried(["passed"], right=True, check="pool: passed. All."), ""),
        (tried(["passed"], right=True, check="pool: not yet. The mask."), REFUSED_BY_CHECK),
        (tried(["passed"], right=True, check="pool: not attempted."), REFUSED_BY_CHECK),
        (tried(["failed"], right=True, check="pool: not yet. The mask."), FALSE_REJECT),
        (tried(["passed"], right=True, check=f"pool: not yet. {STOPPED_CHECK} x."), CHECK_STOPS),
        (tried(["failed"], check=f"pool: not yet. {STOPPED_CHECK} x."), CHECK_STOPS),
        (tried(["passed"], check=f"pool: not yet. {STOPPED_CHECK} x."), FALSE_ACCEPT),
    ],
)
def test_each_problem_of_the_grader_has_a_name(one, problem):
    assert one.problem == problem


@pytest.mark.parametrize(
    ("check", "caught"),
    [
        ("pool: not yet. The mask is ignored.", True),
        ("pool: not yet. ", False),
        ("pool: passed. All examples.", False),
        (f"pool: not yet. {STOPPED_CHECK} KeyError: 'x'.", False),
        ("", False),
    ],
)
def test_a_check_finds_a_mistake_if_it_says_something_about_it(check, caught):
    assert tried(["failed"], check=check).caught_by_check is caught


@pytest.mark.slow
def test_an_answer_that_ends_the_sandbox_costs_the_next_one_nothing():
    lesson = LESSONS[0]
    reference = next(answer for answer in known_answers(lesson) if answer.right)
    fatal = Known(reference.exercise, "fatal", "import os; os._exit(3)", right=False)
    seeds = [secrets.randbits(32)]
    with Bench(lesson, sandbox()) as bench:
        assert bench.grade(fatal, seeds).statuses == (CRASHED,)
        assert bench.grade(reference, seeds).statuses == (PASSED,)


def test_mutants_are_counted_apart_from_those_that_are_no_mistakes():
    lesson = LESSONS[0]
    # If the machine fails, this does not prove that a test has noticed the mutant.
    ended = ("passed", "cannot grade", "failed", "timed out", "crashed")
    tried = [Tried(lesson.name, "pool", "one", False, (one,), ("",), "", 1.0) for one in ended]
    row = mutants_table(tried, [lesson]).loc[lesson.name]
    listed = sum(map(len, equivalents(lesson).values()))
    assert list(row) == [5 + listed, listed, 3, 2]


def written(folder, *places):
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(f"# {place}", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "above", ["", "01_dataset_exploration/", "01_dataset_exploration/variants/"]
)
def test_answers_of_a_folder_are_found_wherever_they_may_be(tmp_path, above):
    first, second = f"{above}class_weights/right_ada.py", f"{above}class_weights/wrong_bob.py"
    folder = written(tmp_path, first, second)
    assert lessons_in(folder, list(LESSONS)) == [LESSONS[0]]
    assert known_answers(LESSONS[0], folder) == [
        Known("class_weights", "right_ada", f"# {first}", True),
        Known("class_weights", "wrong_bob", f"# {second}", False),
    ]
    assert known_answers(LESSONS[1], folder) == []


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("class_weights/rigth_ada.py", "is it right or wrong"),
        ("class_weight/right_ada.py", "not in a folder named after an exercise"),
        ("right_ada.py", "not in a folder named after an exercise"),
        ("02_tokenization/class_weights/right_ada.py", "not in a folder named after an exercise"),
        ("one_hot/right_ada.py", "has no answers for these lessons"),
        ("class_weights/notes.txt", "has no answers for these lessons"),
    ],
)
def test_a_folder_with_a_misspelt_name_is_refused(tmp_path, place, says):
    with pytest.raises(UnusableFolder, match=says):
        lessons_in(written(tmp_path, place), [LESSONS[0]])


def test_answers_that_need_a_sandbox_to_fail_are_not_expected_without_one(tmp_path):
    folder = written(tmp_path, "class_weights/wrong_leaked_labels.py", "one_hot/right_own.py")
    found = {
        kind: exercises_to_prove("variants", list(LESSONS[:2]), kind, folder)
        for kind in ("bubblewrap", NO_SANDBOX)
    }
    one_hot = (LESSONS[1].name, "one_hot")
    assert found == {
        "bubblewrap": [(LESSONS[0].name, "class_weights"), one_hot],
        NO_SANDBOX: [one_hot],
    }


def test_the_course_s_own_folder_may_be_named():
    assert lessons_in(ROOT / "solutions", list(LESSONS)) == list(LESSONS)
    own = [answer for answer in known_answers(LESSONS[0]) if answer.name != "reference"]
    assert known_answers(LESSONS[0], ROOT / "solutions") == own


@pytest.mark.slow
def test_right_answers_alone_are_tried_under_many_seeds(tmp_path):
    class_weights = next(
        answer.source for answer in known_answers(LESSONS[0]) if answer.exercise == "class_weights"
    )
    folder = written(tmp_path, "class_weights/right_own.py", "class_weights/wrong_own.py")
    (folder / "class_weights" / "right_own.py").write_text(class_weights, encoding="utf-8")
    (one,) = prove_exercise("seeds", LESSONS[0].name, "class_weights", sandbox(), 3, folder)
    assert (one.name, one.statuses, one.problem) == ("right_own", (PASSED,) * 3, "")
    assert len(set(one.seeds)) == 3


def test_many_seeds_find_a_test_that_is_wrong_about_a_right_answer(monkeypatch):
    """The course's own answers are tried in this process, each with every seed."""
    lesson, seeds = LESSONS[0], list(range(20))
    steady = list(proving.simulate(lesson, "class_weights", seeds))
    assert steady[0].name == "reference"
    assert all(one.right and not one.problem for one in steady)
    assert {len(one.statuses) for one in steady} == {20}

    drawn = [int(np.random.default_rng(seed).integers(20)) for seed in seeds]

    def unlucky(answer, rng):
        return 0.5 if rng.integers(20) == drawn[3] else 1.0

    monkeypatch.setattr(proving, "_tests_of", lambda lesson: {"class_weights": unlucky})
    wrong = [seed for seed in seeds if drawn[seed] == drawn[3]]
    for one in proving.simulate(lesson, "class_weights", seeds):
        assert one.problem == FALSE_REJECT
        assert [seed for seed in seeds if one.statuses[seed] != PASSED] == wrong
    assert f"{len(wrong)} of 20 seeds, the first of them {wrong[0]}" in proving._what_was_said(one)


def test_an_answer_leaves_the_next_one_the_state_that_it_found(monkeypatch):
    lesson = LESSONS[0]

    def changes(answer, rng):
        assert warnings.filters == before
        warnings.simplefilter("error")

    before = None
    monkeypatch.setattr(proving, "_tests_of", lambda lesson: {"class_weights": changes})
    with proving.own_state():
        before = list(warnings.filters)
    tried = list(proving.simulate(lesson, "class_weights", [0, 1]))
    assert not any(one.problem for one in tried), tried


def test_a_proof_that_is_stopped_shows_what_it_has_tried(monkeypatch):
    """Many seeds take hours; an interruption must not lose them, nor look like a success."""

    def stopped(proof, exercises, *options):
        answer = tried([PASSED, "failed"], ["", "the mask is ignored"], right=True)
        yield "class_weights", [replace(answer, exercise="class_weights", seeds=(7, 8))]
        raise KeyboardInterrupt

    monkeypatch.setattr(proving, "prove_exercises", stopped)
    console = Console(file=io.StringIO(), width=200)
    assert not proving.show_proof([LESSONS[0]], NO_SANDBOX, 2, 1, console, proof="seeds")
    printed = console.file.getvalue()
    assert "false reject: 01/class_weights/one" in printed
    assert "1 of 2 seeds, the first of them 8" in printed
    assert "Stopped: 1 of 5 exercises were tried." in printed
    monkeypatch.setattr(proving, "prove_exercises", interrupted)
    with pytest.raises(KeyboardInterrupt):
        proving.show_proof([LESSONS[0]], NO_SANDBOX, 2, 1, console)


def interrupted(*options):
    raise KeyboardInterrupt


def test_the_private_overlay_is_proved_as_well(tmp_path, monkeypatch):
    lesson = LESSONS[0]
    (tmp_path / lesson.name).mkdir()
    source = "from grading.testing import grades\n\n@grades('class_weights')\n"
    source += "def _(answer, rng):\n    return 0.5\n"
    (tmp_path / lesson.name / "hidden_tests.py").write_text(source)
    public = proving._tests_of(lesson)
    monkeypatch.setattr(proving, "private_path", lambda: tmp_path)
    overlaid = proving._tests_of(lesson)
    assert overlaid.keys() == public.keys()
    assert overlaid["class_weights"](None, None) == 0.5


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("01_data_exploration", "", "01_data_exploration would have no effect"),
        (LESSONS[0].name, "def f(:\n", r"private hidden_tests\.py: SyntaxError: .*line 1"),
        (LESSONS[0].name, "\nimport nowhere\n", r"hidden_tests\.py, line 2: ModuleNotFoundError"),
    ],
)
def test_an_overlay_that_cannot_be_meant_is_refused(tmp_path, monkeypatch, name, text, said):
    monkeypatch.setattr(proving, "private_path", lambda: tmp_path)
    (tmp_path / name).mkdir()
    (tmp_path / name / "hidden_tests.py").write_text(text)
    with pytest.raises(ValueError, match=said):
        overlays_of(list(LESSONS))


@pytest.mark.slow
def test_a_private_test_that_refuses_the_reference_is_found(tmp_path, monkeypatch):
    """A test with a mistake, such as an instructor may write in a hurry."""
    lesson = LESSONS[0]
    (tmp_path / lesson.name).mkdir()
    source = "from grading.testing import also_grades, equal\n\n@also_grades('class_weights')\n"
    source += "def _(answer, rng):\n    equal(answer([0, 0, 1], 2), [1, 1], 'three rows')\n"
    (tmp_path / lesson.name / "hidden_tests.py").write_text(source)
    monkeypatch.setattr(proving, "private_path", lambda: tmp_path)
    assert overlays_of([lesson]) == {lesson.name: "tests"}
    answers = (one for one in known_answers(lesson) if one.exercise == "class_weights")
    right = next(one for one in answers if one.right)
    with Bench(lesson, sandbox()) as bench:
        assert bench.grade(right, [1], check=False).problem == FALSE_REJECT
