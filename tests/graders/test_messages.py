"""What the visible checks say, and that a translation can reach all of it."""

import contextlib
import functools
import io
import re

import pytest

from grading.judging.reference import imports_of
from grading.proof.prove import known_answers
from grading.release.languages import check_messages
from grading.release.source import source_notebook
from helpers.checks import language
from helpers.checks.core import run_check
from helpers.lessons import LESSONS


@pytest.fixture
def marked(monkeypatch):
    """Translate every message into itself between marks."""
    told = {message: f"«{message}»" for message, _ in check_messages_once()}
    monkeypatch.setattr(language, "language", lambda: "xx")
    language._patterns.cache_clear()
    monkeypatch.setattr(language, "_translations", lambda _: told)
    yield
    language._patterns.cache_clear()


def untranslated(text):
    """Return what of a text is no message, or a whole message that was taken for a value."""
    plain = text
    while (shorter := re.sub("«[^«»]*»", "", plain)) != plain:
        plain = shorter
    whole = (message for message, _ in check_messages_once() if message.count(" ") > 3)
    return re.findall(r"[^\W\d_]{2,}", plain) or [
        message for message in whole if text.count(message) > text.count(f"«{message}")
    ]


@functools.cache
def check_messages_once():
    return list(check_messages())


def wrong_answers(lesson):
    cells = source_notebook(lesson).cells
    imports = "\n".join(imports_of(cell.source) for cell in cells if cell.cell_type == "code")
    for answer in known_answers(lesson):
        if not answer.right and f"def {answer.exercise}(" in answer.source:
            namespace = {"__name__": "answer"}
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                exec(imports, namespace)
                exec(answer.source, namespace)
            yield answer, namespace


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_what_a_check_says_of_a_wrong_answer_can_be_translated(lesson, marked):
    tried, missed = 0, []
    for answer, namespace in wrong_answers(lesson):
        said = run_check(answer.exercise, namespace)
        tried += said.status == "wrong"
        if untranslated(said.message):
            missed.append(f"{answer.exercise}/{answer.name}: {said.message}")
    assert tried > 20
    assert not missed, "\n".join(missed)
