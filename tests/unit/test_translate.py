"""Lessons in another language have the same cells, code, grading and points."""

import ast
import shutil

import nbformat
import pytest
from typer.testing import CliRunner

from course import app
from grading.intake.realign import realign
from grading.paths import ROOT, release_path, source_path
from grading.release.languages import (
    LANGUAGES,
    _differences,
    blocks,
    catalog_path,
    faults,
    is_told,
    read_catalog,
    template,
    translated,
    translated_path,
    update_catalog,
    write_catalog,
)
from helpers.lessons import LESSONS, lesson_named

LESSON = lesson_named("2")


@pytest.fixture
def course(tmp_path):
    """Return a course folder with the source of one lesson."""
    path = source_path(LESSON, tmp_path)
    path.parent.mkdir(parents=True)
    shutil.copy(source_path(LESSON), path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_blank_lines_separate_blocks_except_in_code():
    text = "# One\n\ntwo\nlines\n\n```python\na = 1\n\nb = 2\n```\n\nthree"
    assert blocks(text) == ["# One", "two\nlines", "```python\na = 1\n\nb = 2\n```", "three"]
    assert "\n\n".join(blocks(text)) == text


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("Read this.", True),
        ("```python\nprint(1)\n```", False),
        ("`only_code`", False),
        ("<!-- a remark -->", False),
        ("[![Open this](https://a.b/c.svg)](https://d.e)", False),
        ("| `a` | rows |", True),
    ],
)
def test_only_words_are_to_be_translated(block, told):
    assert is_told(block) == told


@pytest.mark.parametrize(
    ("original", "translation", "what"),
    [
        ("Call `pool`.", "Llama a `reunir`.", "code"),
        ("Use <code>len</code>.", "Usa <code>longitud</code>.", "code"),
        ("See [it](a.md).", "Véase [esto](b.md).", "link"),
        ("## Two", "# Dos", "heading"),
        ("- a\n- b", "- a", "list"),
        ("**bold** one", "uno negrita", "bold"),
        ("<details>x</details>", "<details>x", "tag"),
        ("| a | b |", "| a |", "table"),
        ("Exercise ●○○", "Ejercicio ●●○", "dots"),
        ("One paragraph.", "Uno.\n\nY otro.", "paragraphs"),
    ],
)
def test_a_translation_that_breaks_the_markdown_is_named(original, translation, what):
    assert any(what in fault for fault in _differences(original, translation))


def test_a_faithful_translation_has_no_fault():
    original = "### Two: **bold** `code`\n- [a](b.md)"
    assert not list(_differences(original, "### Dos: `code` **negrita**\n- [una](b.md)"))


def test_a_block_that_changes_is_untranslated_and_the_others_are_kept(course):
    catalog = update_catalog(LESSON, "es", course)
    for number, message in enumerate(m for m in catalog if m.id):
        message.string = f"{message.id} ({number})"
    write_catalog(catalog, catalog_path(LESSON, "es", course))
    assert not list(faults(LESSON, "es", course))
    path = source_path(LESSON, course)
    chosen = next(m.id for m in catalog if m.id and "\n" not in m.id and len(m.id) > 60)
    assert chosen in path.read_text()
    path.write_text(path.read_text().replace(chosen, f"{chosen} And more."))
    found = list(faults(LESSON, "es", course))
    assert [fault.split(":")[0] for fault in found] == ["not translated", "no longer in the lesson"]
    again = update_catalog(LESSON, "es", course)
    assert len(again) == len(catalog)
    assert [m.id for m in again if m.id and not m.string] == [f"{chosen} And more."]


def test_text_that_only_authors_see_is_not_translated():
    for lesson in LESSONS:
        assert not [m.id for m in template(lesson) if "MARK SCHEME" in m.id or "1 point:" in m.id]


def comments(cell):
    return [line for line in cell.source.splitlines() if line.startswith("# ")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_another_language_changes_prose_alone(lesson, language):
    release = nbformat.read(release_path(lesson), as_version=4)
    edition = translated(lesson, language, release)
    nbformat.validate(edition)
    assert [cell.id for cell in edition.cells] == [cell.id for cell in release.cells]
    for one, other in zip(release.cells, edition.cells, strict=True):
        if one.id == "bootstrap":
            language_of_checks = f'import os\nos.environ["COURSE_LANGUAGE"] = {language!r}'
            expected = ast.parse(f"{one.source}\n{language_of_checks}")
            assert ast.dump(ast.parse(other.source)) == ast.dump(expected)
            assert not set(comments(one)) & set(comments(other))
        elif one.cell_type == "code":
            assert other == one
        marks, others = (dict(cell.metadata.get("nbgrader", {})) for cell in (one, other))
        assert marks.pop("checksum", None) is None or others.pop("checksum")
        assert marks == others


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_another_language_is_graded_as_the_release_is(lesson):
    """The cells that are graded are the release's own, with the student's answers in them."""
    release = nbformat.read(release_path(lesson), as_version=4)
    edition = nbformat.read(translated_path(lesson, "es"), as_version=4)
    graded, _ = realign(edition, release)
    expected, _ = realign(release, release)
    assert [cell.id for cell in graded.cells] == [cell.id for cell in expected.cells]
    for one, other in zip(graded.cells, expected.cells, strict=True):
        assert one.metadata.get("nbgrader") == other.metadata.get("nbgrader")
        # The first cell of a translation sets its language, and imports `os` for that; imports of a
        # submission's first cell are run.
        own = one.source.removeprefix(other.source).strip()
        assert one.cell_type == "markdown" or own in ("", "import os")


def test_links_and_badge_lead_to_the_same_language():
    first = nbformat.read(translated_path(LESSON, "es"), as_version=4).cells[0].source
    assert f"/notebooks/es/{LESSON.name}/{LESSON.name}.ipynb" in first
    assert "Abrir esta lección en Colab" in first


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_language_is_complete_and_current(lesson, language):
    assert not list(faults(lesson, language))
    assert len(read_catalog(catalog_path(lesson, language))) > 50


def test_an_unknown_language_is_named():
    result = CliRunner().invoke(app, ["translate", "xx"])
    assert result.exit_code == 2
    assert "'xx'" in result.output
