"""The site's first page: a card per lesson, and a few rows of README's table."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grading.paths import ROOT
from grading.release.front_page import (
    FIGURES,
    MEASURED,
    abilities,
    card_figure,
    front_page,
    rows_of,
)
from grading.release.readme import results_table
from grading.release.source import source_notebook
from helpers.lessons import LESSONS

FIGURE = '<img alt="Bars." src="../_static/figures/{}.png" width="20" height="10" loading="lazy">'


def page_of(lesson, *figures):
    """Return a lesson's page with one cell that draws its card's figure for each one named."""
    shown = [new_output("display_data", {"text/html": FIGURE.format(name)}) for name in figures]
    opening = "# 1. Title\n\nYou will be able to\n\n- count `rows` & **read**;\n- stop.\n\nMore."
    cells = [new_markdown_cell(opening)]
    for output in shown:
        cells.append(new_code_cell(f"plots.{FIGURES[lesson.topic]}table)", outputs=[output]))
    return new_notebook(cells=cells)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_lesson_draws_its_card_s_figure_and_says_what_one_can_do_after_it(lesson):
    source = source_notebook(lesson)
    code = [cell.source for cell in source.cells if cell.cell_type == "code"]
    assert any(FIGURES[lesson.topic] in text for text in code)
    assert len(abilities(source)) >= 5


def test_a_card_shows_the_last_figure_where_there_are_several():
    lesson = LESSONS[0]
    expected = FIGURE.format("two").replace("../", "")
    assert card_figure(lesson, page_of(lesson, "one", "two")) == expected


def test_a_lesson_whose_figure_is_gone_is_named():
    with pytest.raises(RuntimeError, match=LESSONS[0].name):
        card_figure(LESSONS[0], page_of(LESSONS[0]))


def test_abilities_are_markup_of_one_line_without_what_ends_it():
    found = abilities(page_of(LESSONS[0]))
    assert found == ["count <code>rows</code> &amp; <strong>read</strong>", "stop"]


def test_the_first_page_has_each_lesson_s_card_and_its_pages():
    pages = {lesson.name: page_of(lesson, lesson.name) for lesson in LESSONS}
    text = front_page((ROOT / "site" / "index.md").read_text(), pages)
    assert text.count('<li class="card">') == len(LESSONS)
    for lesson in LESSONS:
        assert f'<a href="lessons/{lesson.name}.html">{lesson.title}</a>' in text
        assert f"_static/figures/{lesson.name}.png" in text
        assert f"\nlessons/{lesson.name}\n" in text
    assert "{{" not in text


def test_what_it_says_was_measured_is_in_readme_s_table_to_the_letter():
    readme = (ROOT / "README.md").read_text()
    rows = results_table(rows_of(MEASURED)).splitlines()[2:]
    assert len(rows) == len(MEASURED)
    for row in rows:
        _, _, figures = row.removesuffix(" |").partition(" | ")
        assert f"| {figures} |" in readme
