"""What a teacher sees when a name or a message contains something that rich takes for markup."""

import io
import re
import sys

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from course import app
from grading import cli
from grading.batch import assignment
from grading.judging.verdicts import make_verdict
from grading.steps.outcomes import REFUSED, Outcome
from grading.steps.run_nbgrader import GradingError

MARKUP = ["weights[mask]", "[/b]", "[bold]x", "a:x:b", "back\\slash"]


@pytest.fixture
def console(monkeypatch):
    screen = Console(file=io.StringIO(), width=200, emoji=False)
    monkeypatch.setattr(cli, "console", screen)
    return screen


def said(console):
    return " ".join(console.file.getvalue().split())


@pytest.mark.parametrize("text", MARKUP)
def test_an_error_is_printed_as_it_is(console, text):
    with pytest.raises(typer.Exit) as exit_of:
        cli.fail(ValueError(f"no {text} here"))
    assert exit_of.value.exit_code == 2
    assert said(console) == f"✗ no {text} here"


@pytest.mark.parametrize("text", MARKUP)
def test_a_student_s_name_and_a_file_s_are_printed_as_they_are(console, text):
    verdicts = [make_verdict("pool", 1.0, "cannot grade", f"It stopped with {text}.")]
    problems = {text: Outcome(REFUSED, f"{text}.ipynb is empty")}
    ended = {text: (verdicts, [f"{text}.py was not taken"])}
    nothing = {f"{text}2": "handed in nothing", f"{text}3": f"refused: {text} is no notebook"}
    assignment._show("of[mine]", ended, problems, nothing, console)
    shown = said(console)
    assert f"✗ {text}: not graded: {text}.ipynb is empty" in shown
    assert f"It stopped with {text}." in shown
    assert f"{text}: {text}.py was not taken" in shown
    assert re.search(rf"│ {re.escape(text)} +│ –", shown)
    assert re.search(rf"│ {re.escape(text)}2 +│ – +│ handed in nothing", shown)
    assert f"refused: {text} is no notebook" in shown
    assert "of[mine]" in shown


def test_the_extras_that_a_cluster_needs_are_printed_whole(console, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "grading.batch.cluster", raising=False)
    with pytest.raises(GradingError) as error:
        assignment._on_cluster("tcp://127.0.0.1:9", [], tmp_path, "")
    with pytest.raises(typer.Exit):
        cli.fail(error.value)
    assert "'.[instructor,cluster]'" in said(console)


def test_an_assignment_s_name_is_printed_as_it_is(tmp_path):
    result = CliRunner().invoke(app, ["report", "mine[1]", "--course", str(tmp_path)])
    assert result.exit_code == 2
    assert "no receipts of mine[1]" in result.output


@pytest.mark.parametrize("text", ["weights[mask]", "[/b]"])
def test_an_unknown_lesson_is_named_as_it_was_typed(text):
    result = CliRunner().invoke(app, ["build", text])
    assert result.exit_code == 2
    assert text in result.output


def test_a_demo_does_not_touch_a_folder_of_somebody_else_s(tmp_path):
    (tmp_path / "thesis[1].txt").write_text("mine")
    result = CliRunner().invoke(app, ["demo", str(tmp_path)])
    assert result.exit_code == 2
    assert "exists but is not a demo's folder" in " ".join(result.output.split())
    assert (tmp_path / "thesis[1].txt").is_file()
