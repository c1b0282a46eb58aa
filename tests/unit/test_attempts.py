"""A cell that demonstrates an answer also runs without one."""

import pytest

from helpers.attempts import if_answered


def test_answer_comes_back(capsys):
    assert if_answered(lambda: 0.5, "the row is left out") == 0.5
    assert capsys.readouterr().out == ""


def stub():
    raise NotImplementedError("your answer goes here")


def test_untouched_stub_is_reported_in_one_line(capsys):
    assert if_answered(stub, "the row is left out") is None
    assert capsys.readouterr().out == "Not answered yet: the row is left out.\n"


def test_undefined_variable_is_reported_in_one_line(capsys):
    assert if_answered(lambda: not_set_by_anyone, "the row is left out") is None  # noqa: F821
    printed = capsys.readouterr().out
    assert printed.startswith("Not defined yet (name 'not_set_by_anyone' is not defined)")
    assert printed.endswith(": the row is left out.\n")


@pytest.mark.parametrize("error", [ValueError, KeyError, ZeroDivisionError])
def test_failing_answer_is_reported_in_one_line(error, capsys):
    def answer():
        raise error("inside the answer")

    assert if_answered(answer, "the row is left out") is None
    text = capsys.readouterr().out
    assert text == f"Your answer stops with {error.__name__}: the row is left out.\n"
