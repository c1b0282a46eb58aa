"""The messages of checks in the reader's language."""

import ast
import json
import re
from pathlib import Path

import pytest

from grading.paths import ROOT
from grading.release.build import check_messages_build
from grading.release.languages import LANGUAGES, check_messages, faults, messages_path
from helpers.checks import core, language
from helpers.checks.core import run_check
from helpers.checks.expect import equal
from helpers.checks.language import say

MODULES = sorted((ROOT / "helpers" / "checks").glob("*.py"))
each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)


@pytest.fixture
def spanish(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", "es")


@pytest.fixture
def english(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_LANGUAGE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said_of(answer, monkeypatch):
    def examples(answer):
        given = say("For no texts at all, the vocabulary")
        equal(answer([1, 0]), 2, given, say("It counts from 1."))

    core.examples_of("class_weights")
    monkeypatch.setitem(core._EXAMPLES, "class_weights", examples)
    return str(run_check("class_weights", {"class_weights": answer}))


def test_messages_are_those_of_the_catalogue_and_all_are_translated():
    assert not check_messages_build()
    for code in LANGUAGES:
        assert not list(faults(None, code))


def test_a_check_speaks_english_without_more(english, monkeypatch):
    said = said_of(len, monkeypatch)
    assert said_of(lambda _: 3, monkeypatch) == (
        "class_weights: not yet. For no texts at all, the vocabulary: expected 2; got 3. "
        "It counts from 1."
    )
    assert said == "class_weights: passed. Every visible example comes out right."


def test_every_part_of_a_message_is_translated(spanish, monkeypatch):
    assert said_of(lambda _: 3, monkeypatch) == (
        "class_weights: todavía no. Sin ningún texto, el vocabulario: lo correcto es 2; lo tuyo es "
        "3. Tu numeración empieza en 1."
    )


def test_a_failing_answer_and_a_missing_one(spanish, monkeypatch):
    assert "ZeroDivisionError" in said_of(lambda _: 1 / 0, monkeypatch)
    assert "sin intentar" in str(run_check("class_weights", {}))


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("notebooks/es/02_tokenization", "es"),
        ("notebooks/02_tokenization", "en"),
        ("notebooks/es", "es"),
        ("notebooks/course/notebooks/es/02_tokenization", "es"),
        ("notebooks/esperanto", "en"),
        ("notebooks/xx", "en"),
        ("es", "en"),
    ],
)
def test_the_folder_of_a_notebook_tells_its_language(english, monkeypatch, folder, code):
    path = english / folder
    path.mkdir(parents=True)
    monkeypatch.chdir(path)
    assert language.language() == code


def test_a_folder_that_was_deleted_under_the_kernel_is_english(english, monkeypatch):
    folder = english / "notebooks" / "es"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert language.language() == "en"


@pytest.mark.parametrize("asked", ["xx", "../es", "ES", "es.json"])
def test_an_unknown_language_falls_back_to_english(english, monkeypatch, asked):
    monkeypatch.setenv("COURSE_LANGUAGE", asked)
    assert language.language() == "en"


def test_values_go_where_the_translation_puts_them(spanish, monkeypatch):
    translations = {"{1} of {2}": "de {2}, {1}", "no braces: {1}": "sin llaves: {1}"}
    monkeypatch.setattr(language, "_translations", lambda _: translations)
    assert say("{1} of {2}", 3, say("no braces: {1}", "{1}")) == "de sin llaves: {1}, 3"
    assert say("unknown: {1}", [1]) == "unknown: [1]"
    assert say("a set: {1}") == "a set: {1}"


def calls_of_say(tree):
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say"
    ]


def is_text(node):
    """Return whether an expression is a string literal, or a choice between such strings."""
    if isinstance(node, ast.IfExp):
        return is_text(node.body) or is_text(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return any(is_text(part) for part in node.values)
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and bool(re.search(r"[^\W\d_]{2}", value))


@each_module
def test_every_message_is_a_literal_that_babel_finds(path):
    """A string from a variable or an f-string would not be in the catalogue."""
    calls = calls_of_say(ast.parse(path.read_text()))
    written = [call.args[0] for call in calls]
    computed = [ast.unparse(node) for node in written if not isinstance(node, ast.Constant)]
    assert not computed
    found = {message for message, module in check_messages() if Path(module).name == path.name}
    assert {node.value for node in written} == found


@each_module
def test_every_message_gets_its_values_and_none_of_them_is_untranslated_text(path):
    for call in calls_of_say(ast.parse(path.read_text())):
        message, *values = call.args
        places = {int(number) for number in re.findall(r"\{(\d)\}", message.value)}
        assert places == set(range(1, len(values) + 1)), message.value
        texts = [ast.unparse(node) for node in values if is_text(node)]
        assert not texts, message.value


@each_module
def test_messages_are_said_while_a_check_runs(path):
    """A message that is made on import would stay in the language of that moment."""
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {id(call) for function in functions for call in calls_of_say(function)}
    assert all(id(call) in inside for call in calls_of_say(tree))


@pytest.mark.parametrize("code", LANGUAGES)
@each_module
def test_hints_of_one_table_differ_in_every_language(path, code):
    """Two hints with the same translation would be one key, and one of the two would be lost."""
    told = json.loads(messages_path(code).read_text(encoding="utf-8"))
    for table in ast.walk(ast.parse(path.read_text())):
        if isinstance(table, ast.Dict):
            keys = [key for key in table.keys if key is not None]
            hints = [call.args[0].value for key in keys for call in calls_of_say(key)]
            assert len({told[hint] for hint in hints}) == len(hints), hints
