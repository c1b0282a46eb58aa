"""How a check runs and what it says."""

import linecache
import subprocess
import sys
from urllib.error import HTTPError

import numpy as np
import pytest
import torch

from grading.proof.prove import STOPPED_CHECK
from helpers.checks import core, expect
from helpers.checks.core import CheckFailed, Wrong, run_check
from helpers.lessons import LESSONS, lesson_named, lesson_of


@pytest.fixture
def doubling(monkeypatch):
    """Replace every exercise by one of a single line."""

    def examples(answer):
        mistakes = {"It adds two instead.": 5}
        expect.equal(answer(3), 6, "Doubling 3", mistakes)

    monkeypatch.setattr(core, "examples_of", lambda name: examples)


def status_of(answer):
    return run_check("class_weights", {"class_weights": answer})


def test_right_answer_passes(doubling):
    assert status_of(lambda x: 2 * x).status == "passed"


def test_wrong_answer_is_told_what_was_expected_and_the_likely_mistake(doubling):
    result = status_of(lambda x: x + 2)
    assert result.status == "wrong"
    assert result.message == "Doubling 3: expected 6; got 5. It adds two instead."


def test_another_mistake_is_not_named_for_the_one_that_does_not_match(doubling):
    assert status_of(lambda x: 7).message == "Doubling 3: expected 6; got 7."


def test_forgotten_return_is_named(doubling):
    assert "Did you forget `return`?" in status_of(lambda x: None).message


def stub(*_):
    raise NotImplementedError("your answer goes here")


def test_none_is_not_always_a_forgotten_return():
    with pytest.raises(Wrong, match=r"got None\. Name the index\.$"):
        expect.equal(None, "row", "The name of the index", {"Name the index.": None})


def test_untouched_stub_is_not_attempted(doubling):
    assert status_of(stub).status == "not attempted"


def test_cell_that_was_never_run_is_not_attempted(doubling):
    result = run_check("class_weights", {})
    assert result.status == "not attempted"
    assert "run the cell above" in result.message


def test_exception_of_the_answer_is_reported_by_its_last_line(doubling):
    def failing(x):
        raise KeyError("label")

    assert status_of(failing).message == "`class_weights(3)` stops with KeyError: 'label'."


def test_a_call_that_makes_the_answer_fail_is_reported_briefly(monkeypatch):
    def examples(answer):
        answer([1, "a"] * 30, str.split, key=object())

    def failing(*_, **__):
        raise KeyError("label")

    monkeypatch.setattr(core, "examples_of", lambda name: examples)
    message = status_of(failing).message
    assert message.startswith("`class_weights([1, 'a', 1, 'a'")
    assert message.endswith("…, split, key=<object>)` stops with KeyError: 'label'.")
    assert len(message) < 160


def test_an_exception_of_the_check_itself_is_reported_without_a_call(monkeypatch):
    def examples(answer):
        return answer(3)[0]

    monkeypatch.setattr(core, "examples_of", lambda name: examples)
    message = status_of(lambda x: 3).message
    assert message == "Your code stops with TypeError: 'int' object is not subscriptable."


@pytest.fixture
def handing_out(monkeypatch):
    """Return a function that registers a check which gives an object of its own to the answer."""

    def register(source):
        toys = {"__name__": "helpers.checks.toys"}
        exec(compile(source, "toys.py", "exec"), toys)
        linecache.cache["toys.py"] = (len(source), None, source.splitlines(True), "toys.py")
        monkeypatch.setattr(core, "examples_of", lambda name: toys["examples"])

    yield register
    linecache.cache.pop("toys.py", None)


TOY = """
import json

def toy(body):
    return json.loads(body)["inputs"]

def strict(texts):
    if type(texts) is not list:
        raise TypeError("toy takes a list")

def examples(answer):
    answer({toy})
"""


def test_a_check_that_stops_at_its_own_object_says_so_and_not_that_the_answer_does(handing_out):
    handing_out(TOY.format(toy="toy"))
    for body in ("inputs=a", "{}"):  # one fails in the object, one in a library that it calls
        message = status_of(lambda toy, body=body: toy(body)).message
        assert message.startswith(f"{STOPPED_CHECK} "), message
    assert status_of(lambda toy: toy('{"inputs": 1}')).status == "passed"


def test_what_an_object_of_a_check_refuses_on_purpose_is_the_answer_s_mistake(handing_out):
    handing_out(TOY.format(toy="strict"))
    message = status_of(lambda toy: toy("a")).message
    assert message == "`class_weights(strict)` stops with TypeError: toy takes a list."


def test_an_answer_with_other_parameters_is_not_a_fault_of_the_check(handing_out):
    handing_out(TOY.format(toy="toy, 1, more=2"))
    assert "stops with TypeError" in status_of(lambda toy: None).message
    assert STOPPED_CHECK not in status_of(lambda toy: None).message


def test_prints_and_warnings_of_the_answer_are_held_back(doubling, capsys):
    def noisy(x):
        import warnings

        print("working")
        print("working", file=sys.stderr)
        warnings.warn("slowly", stacklevel=1)
        return 2 * x

    assert status_of(noisy).status == "passed"
    assert capsys.readouterr() == ("", "")


def test_an_error_about_an_unknown_exercise_lists_the_exercises():
    with pytest.raises(ValueError, match=r"no exercise 'mean_pol'.*mean_pool"):
        core.check("mean_pol")


def test_written_exercise_has_no_check():
    with pytest.raises(ValueError, match="read by a person"):
        core.check("written_imbalance")


def test_card_escapes_what_the_answer_returned():
    result = core.CheckResult("class_weights", "wrong", "yours is <script>alert(1)</script>.")
    assert "<script>" not in result._repr_html_()
    assert "✗" in result._repr_html_()


def test_notebook_shows_the_text_and_no_traceback():
    failed = CheckFailed(core.CheckResult("class_weights", "wrong", "Expected 6."))
    assert failed._render_traceback_() == ["class_weights: not yet. Expected 6."]


def test_failure_is_shown_in_lines_that_end_between_words():
    message = "Expected a NumPy array of shape (6,), one weight per class,\nnot " + "-1.5 " * 40
    failed = CheckFailed(core.CheckResult("class_weights", "wrong", message))
    lines = "\n".join(failed._render_traceback_()).split("\n")
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).split() == str(failed).split()


def test_check_raises_another_class_if_there_is_no_answer(doubling):
    namespace = {"check": core.check, "class_weights": stub}
    with pytest.raises(core.CheckNotAttempted):
        exec('check("class_weights")', namespace)
    namespace["class_weights"] = lambda x: 7
    with pytest.raises(CheckFailed) as raised:
        exec('check("class_weights")', namespace)
    assert not isinstance(raised.value, core.CheckNotAttempted)


def test_plain_python_gets_plain_text():
    code = (
        "from helpers.checks import core\n"
        "core.show_result(core.CheckResult('class_weights', 'passed', 'Fine.'))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout == "class_weights: passed. Fine.\n"


@pytest.mark.parametrize(
    ("got", "expected", "agree"),
    [
        (torch.tensor([1, 2]), torch.tensor([1, 2]), True),
        (torch.tensor([1, 2]), torch.tensor([2, 1]), False),
        (np.array([1.0]), np.array([1.0]), True),
        ([1], (1,), False),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}, False),
        (np.array([1]), 1, False),
        ("a", "a", True),
    ],
)
def test_same_compares_values_and_containers(got, expected, agree):
    assert expect.same(got, expected) is agree


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(3), "3"),
        (np.float32(0.1), "0.1"),
        (2 / 3, "0.666667"),
        ([np.int64(3), np.bool_(True)], "[3, True]"),
        ((np.int64(3), {"a": [np.float64(0.5)]}), "(3, {'a': [0.5]})"),
        ({np.int64(1): np.str_("joy")}, "{1: 'joy'}"),
        (np.array([[5.0]]), "[[5.0]]"),
        (torch.tensor([1, 2]), "[1, 2]"),
        ([torch.tensor(0.5, requires_grad=True)], "[0.5]"),
        (torch.tensor([0.5], dtype=torch.bfloat16), "[0.5]"),
        (np.array([np.nan, np.inf]), "[nan, inf]"),
        ("a", "'a'"),
        (None, "None"),
    ],
)
def test_values_are_shown_as_a_person_writes_them(value, text):
    assert expect.shown(value) == text


def test_a_file_that_can_be_detached_is_not_taken_for_a_tensor():
    assert "HTTPError" in expect.shown(HTTPError("http://so", 503, "busy", None, None))


def test_long_value_is_cut():
    text = expect.shown(list(range(1000)))
    assert text.startswith("[0, 1, 2")
    assert text.endswith("…")
    assert len(text) <= expect.LONGEST


def test_values_that_differ_only_in_their_type_are_shown_with_it():
    with pytest.raises(Wrong, match=r"expected \[1\]; got array\(\[1\]\)\."):
        expect.equal(np.array([1]), [1], "The list")


def test_numpy_scalars_of_the_same_kind_are_of_a_type():
    for value, kind in ((np.float32(1), float), (np.int64(1), int), (np.float64(1), (int, float))):
        expect.of_type(value, kind, "A value")
    for value, kind in ((np.int64(1), float), (True, int), (np.array(1.0), float)):
        with pytest.raises(Wrong):
            expect.of_type(value, kind, "A value")


def test_type_is_named_without_an_article():
    with pytest.raises(Wrong, match=r"^The map: expected a value of type int; got type ndarray\.$"):
        expect.of_type(np.array([1]), int, "The map")
    with pytest.raises(Wrong, match=r"type float \| int; got None\. Did you forget `return`\?$"):
        expect.of_type(None, (float, int), "The map")


def test_failing_run_is_reported_with_its_input_and_the_likely_mistake():
    with pytest.raises(Wrong) as told:
        expect.runs(lambda: [][0], "An empty batch", "Nothing is there to index.")
    assert str(told.value) == (
        "An empty batch: your code stops with IndexError: list index out of range. "
        "Nothing is there to index."
    )
    with pytest.raises(NotImplementedError):
        expect.runs(stub, "An empty batch")


def test_raises_takes_a_subclass_and_any_of_several_names():
    class BadLimit(ValueError):
        pass

    def call(error, mentions=("0", "max_length")):
        def function():
            raise error

        return expect.raises(function, ValueError, mentions, "max_length=0")

    call(BadLimit("0 is too small"))
    call(ValueError("max_length must be at least 2"))
    call(ValueError("Max length is too small"))
    with pytest.raises(Wrong, match=r"does not name '0' | 'max_length': '10 is'"):
        call(ValueError("10 is"))
    with pytest.raises(Wrong, match="does not name"):
        call(ValueError("max_length must be at least 2"), "0")


@pytest.mark.parametrize(
    ("message", "name", "held"),
    [
        ("line 3 is bad", "3", True),
        ("line 13 is bad", "3", False),
        ("3.5 is bad", "3", False),
        ("[1, 3]", "3", True),
        ("k=3.", "3", True),
        ("got -3", "-3", True),
        ("top k must be", "top_k", True),
        ("Labels are missing", "labels", True),
        ("no Label", "label", False),
        ("whatever", "", True),
        ("a message", "🙂", False),
    ],
)
def test_a_message_names_a_thing_or_does_not(message, name, held):
    assert expect.names_one_of(message, (name,)) is held


def test_raises_wants_the_class_and_the_value_in_the_message():
    def call(error):
        def function():
            raise error

        return lambda: expect.raises(function, ValueError, "7", "Label 7")

    call(ValueError("label 7 is unknown"))()
    with pytest.raises(Wrong, match="yours raises KeyError"):
        call(KeyError(7))()
    with pytest.raises(Wrong, match="does not name '7'"):
        call(ValueError("bad label"))()
    with pytest.raises(Wrong, match="yours returns 3"):
        expect.raises(lambda: 3, ValueError, "7", "Label 7")


def test_unchanged_catches_work_in_place():
    def sort_in_place(values):
        values.sort()
        return values

    with pytest.raises(Wrong, match=r"Sorting \[2, 1\]: the input was changed in place\."):
        expect.unchanged(sort_in_place, [2, 1], given="Sorting [2, 1]")
    assert expect.unchanged(sorted, [2, 1], given="Sorting [2, 1]") == [1, 2]


def test_lessons_are_found_by_name_topic_and_number():
    assert {lesson_named(name).number for name in ("2", "02", "tokenization")} == {2}
    with pytest.raises(ValueError, match=r"no lesson '9'; the lessons are 01_dataset"):
        lesson_named("9")


def test_every_exercise_belongs_to_one_lesson():
    names = [name for lesson in LESSONS for name in lesson.exercises]
    assert len(names) == len(set(names))
    assert lesson_of("mean_pool").number == 3


def test_points_are_those_of_the_contract():
    assert [lesson.points for lesson in LESSONS] == [12, 14, 17, 19, 17, 17, 19]


def test_check_shows_no_progress_bar_of_the_answer_and_leaves_the_setting(capsys, monkeypatch):
    import datasets

    def prepare(*_, **__):
        seen.append(datasets.are_progress_bars_disabled())
        raise ValueError("enough")

    for before in (False, True):
        (datasets.disable_progress_bars if before else datasets.enable_progress_bars)()
        seen = []
        assert run_check("prepare", {"prepare": prepare}).status == "wrong"
        assert seen == [True]
        assert datasets.are_progress_bars_disabled() is before
    datasets.enable_progress_bars()
