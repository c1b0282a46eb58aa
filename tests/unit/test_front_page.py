"""The site's first page: cards, a few rows of the results, and data for search engines."""

import json
import re
import tomllib

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grading.paths import ROOT
from grading.release.front_page import (
    FIGURES,
    abilities,
    card_figure,
    course_data,
    front_page,
)
from grading.release.readme import MEASURED, results_table, rows_of
from grading.release.source import source_notebook
from helpers.lessons import LESSONS

FIGURE = '<img alt="Bars." src="../_static/figures/{}.png" width="20" height="10" loading="lazy">'


def page_of(lesson, *figures):
    """Return a lesson's page with one cell per named figure, which draws the card's figure."""
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


def test_search_engines_read_the_lessons_of_the_registry():
    pages = {lesson.name: page_of(lesson, lesson.name) for lesson in LESSONS}
    text = front_page((ROOT / "site" / "index.md").read_text(), pages)
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    course = json.loads(found)
    assert (course["@context"], course["@type"]) == ("https://schema.org", "Course")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert course["version"] == project["version"]
    parts = [(one["position"], one["name"], one["timeRequired"]) for one in course["hasPart"]]
    assert parts == [(one.number, one.title, f"PT{one.minutes}M") for one in LESSONS]
    assert course["timeRequired"] == f"PT{sum(one.minutes for one in LESSONS)}M"
    assert course["hasPart"][0]["teaches"] == ["count rows & read", "stop"]


def test_no_ability_ends_the_element_that_holds_the_data():
    lesson = LESSONS[0]
    pages = {one.name: page_of(one, one.name) for one in LESSONS}
    pages[lesson.name].cells[0].source = "You will be able to\n\n- write `</script>`;\n"
    text = course_data(pages)
    assert "<" not in text
    assert json.loads(text)["hasPart"][0]["teaches"] == ["write </script>"]


def test_its_figures_are_exactly_those_of_the_results():
    results = (ROOT / "docs" / "results.md").read_text()
    rows = results_table(rows_of(MEASURED)).splitlines()[2:]
    assert len(rows) == len(MEASURED)
    assert all(row in results for row in rows)
