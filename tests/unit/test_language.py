"""The messages of checks in the reader's language."""

import pytest

from grading.release.build import check_messages_build
from grading.release.languages import LANGUAGES, faults
from helpers.checks import core, language
from helpers.checks.core import run_check
from helpers.checks.expect import equal


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
        equal(answer([1, 0]), 2, "For no texts at all, the vocabulary", "It counts from 1.")

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
        "class_weights: not yet. For no texts at all, the vocabulary gives 2; yours is 3. "
        "It counts from 1."
    )
    assert said == "class_weights: passed. Every visible example comes out right."


def test_every_part_of_a_message_is_translated(spanish, monkeypatch):
    assert said_of(lambda _: 3, monkeypatch) == (
        "class_weights: todavía no. Sin ningún texto, el vocabulario: lo correcto es 2; lo tuyo es "
        "3. Tu numeración empieza en 1."
    )


def test_an_answer_that_stops_and_one_that_is_not_there(spanish, monkeypatch):
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
def test_a_language_that_there_is_not_is_english(english, monkeypatch, asked):
    monkeypatch.setenv("COURSE_LANGUAGE", asked)
    assert language.language() == "en"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # A message with values, one of which is a message.
        ("For a single row there is a warning (x). Which case can be tested for before the "
         "function is called?",
         "Para una sola fila hay un aviso (x). ¿Qué caso se puede comprobar antes de llamar a la "
         "función?"),
        # A last value that is empty.
        ("expected_calibration_error returns one number; yours is a list.",
         "expected_calibration_error devuelve un número; lo tuyo es list."),
        ("what a student's own error says", "what a student's own error says"),
    ],
)  # fmt: skip
def test_a_finished_text_is_found_by_what_stands_around_its_values(spanish, text, told):
    assert language.retell(text) == told
