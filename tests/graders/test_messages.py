"""What the visible checks say, and whether a translation can reach all of it."""

import contextlib
import functools
import importlib
import inspect
import io
import re

import pytest

from grading.judging.reference import imports_of
from grading.proof.prove import known_answers
from grading.release.languages import check_messages
from grading.release.source import source_notebook
from helpers.checks import expect, language
from helpers.checks.core import run_check
from helpers.lessons import LESSONS

TOLD = ("given", "likely", "message")
"""The parameters of `helpers.checks.expect` that a reader sees."""
WORDS = r"[^\W\d_]{2,} [^\W\d_]{2,}"


@pytest.fixture
def marked(monkeypatch):
    """Translate every message of the catalogue into itself, with marks around it."""
    told = {message: f"«{message}»" for message, _ in check_messages()}
    monkeypatch.setattr(language, "language", lambda: "xx")
    monkeypatch.setattr(language, "_translations", lambda _: told)


class Value(str):
    """What an answer returned or raised: its words are not the course's."""


@pytest.fixture
def unsaid(marked, monkeypatch):
    """Return a list of the texts that checks pass to `expect` or `say` without calling `say` first.

    It includes hints that none of our answers causes.
    """
    found = []
    for lesson in LESSONS:
        module = importlib.import_module(f"helpers.checks.{lesson.topic}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name in ("shown", "described"):
                monkeypatch.setattr(module, name, lambda given, of=function: Value(of(given)))
            elif name == "say":
                monkeypatch.setattr(module, name, saying(found))
            elif function.__module__ == expect.__name__:
                monkeypatch.setattr(module, name, watched(function, found))
    return found


def watched(function, found):
    """Return a function of `expect` that also collects texts that have not gone through `say`."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*arguments, **options):
        told = signature.bind(*arguments, **options).arguments
        for name in TOLD:
            value = told.get(name, "")
            texts = [value] if isinstance(value, str) else value
            # Code such as `k=0` is the same in every language.
            found.extend(text for text in texts if re.search(r"\s", text) and not is_marked(text))
        return function(*arguments, **options)

    return call


def saying(found):
    """Return a `say` that also collects values that are words, unless `say` has made them."""

    def call(message, *values):
        for number, value in enumerate(values, 1):
            quoted = f"`{{{number}}}`" in message or isinstance(value, Value)
            if isinstance(value, str) and not quoted and re.search(WORDS, value):
                found.extend([] if is_marked(value) else [value])
        return language.say(message, *values)

    return call


def is_marked(text):
    return (text[0], text[-1]) == ("«", "»")


def untranslated(text):
    """Return the words of a text that are in no message of the catalogue."""
    while (shorter := re.sub("«[^«»]*»", "", text)) != text:
        text = shorter
    return re.findall(r"[^\W\d_]{2,}", text)


def answers(lesson):
    cells = source_notebook(lesson).cells
    imports = "\n".join(imports_of(cell.source) for cell in cells if cell.cell_type == "code")
    for answer in known_answers(lesson):
        if f"def {answer.exercise}(" in answer.source:
            namespace = {"__name__": "answer"}
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                exec(imports, namespace)
                exec(answer.source, namespace)
            yield answer, namespace


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_what_a_check_says_can_be_translated(lesson, unsaid):
    tried, missed = 0, []
    for answer, namespace in answers(lesson):
        said = run_check(answer.exercise, namespace)
        tried += said.status == "wrong"
        if untranslated(said.message):
            missed.append(f"{answer.exercise}/{answer.name}: {said.message}")
    assert tried > 20
    assert not missed, "\n".join(missed)
    assert not unsaid, "\n".join(sorted(set(unsaid)))
