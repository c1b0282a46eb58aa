"""The course's site as a reader opens it: whole, light, and without the answers."""

import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from grading.build import find_leaks
from grading.paths import hidden_tests_path, solution_path
from grading.site import build_site, lesson_page
from helpers.lessons import LESSONS

PEOPLE = ("students", "instructors", "maintainers", "glossary")
LESSON_PAGES = [f"lessons/{lesson.name}" for lesson in LESSONS]
MOST_BYTES = 200_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site once; Sphinx fails on a link of ours that leads nowhere."""
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.elsewhere = []
    page.on(
        "request", lambda r: r.url.startswith(("file:", "data:")) or page.elsewhere.append(r.url)
    )
    yield page
    page.close()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_page_of_a_lesson_holds_no_answer_and_no_rubric(lesson, tmp_path):
    shown = lesson_page(lesson, tmp_path, "absent")
    for cell in shown.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    solution = nbformat.read(solution_path(lesson), as_version=4)
    assert not list(find_leaks(shown, solution, hidden_tests_path(lesson)))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_folded_answers_are_whole_and_rubrics_stay_out(lesson, tmp_path):
    shown = lesson_page(lesson, tmp_path, "folded")
    text = "\n".join(cell.source for cell in shown.cells)
    assert "your answer goes here" not in text.lower()
    assert "MARK SCHEME" not in text
    assert "SOLUTION" not in text
    written = [cell for cell in shown.cells if cell.source.startswith("<details><summary>An")]
    assert len(written) == 1
    folded = [cell for cell in shown.cells if "hide-input" in cell.metadata.get("tags", [])]
    assert len(folded) == len(lesson.exercises) - 1


@pytest.mark.parametrize("name", ["index", *PEOPLE, *LESSON_PAGES])
def test_a_page_is_light(site, name):
    path = site / f"{name}.html"
    text = path.read_text()
    styles = re.findall(r'rel="stylesheet"[^>]*href="([^"?]+)', text)
    assert len(styles) >= 3
    weight = len(text.encode()) + sum((path.parent / s).stat().st_size for s in styles)
    assert weight <= MOST_BYTES


@pytest.mark.parametrize("name", ["index", "instructors", "lessons/03_feature_extraction"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(site, page, name, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto((site / f"{name}.html").as_uri())
    assert page.elsewhere == []
    found = Axe().run(page).response["violations"]
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert not serious, [(f["id"], [n["html"] for n in f["nodes"]][:3]) for f in serious]


def test_figures_have_alternative_texts_and_are_files(site, page):
    page.goto((site / "lessons/03_feature_extraction.html").as_uri())
    figures = page.locator("div.cell_output img")
    assert figures.count() > 3
    assert all(len(alt) > 20 for alt in figures.evaluate_all("all => all.map(one => one.alt)"))
    figures.first.scroll_into_view_if_needed()
    expect(figures.first).to_have_js_property("complete", True)
    assert figures.first.evaluate("one => one.naturalWidth") > 100


def test_one_walks_from_lesson_to_lesson_and_downloads(site, page):
    page.goto((site / "index.html").as_uri())
    for lesson in LESSONS:
        page.get_by_role("link", name=re.compile("^Next ")).click()
        expect(page).to_have_title(re.compile(f"^{lesson.number}\\. "))
    link = page.get_by_role("link", name="Download it")
    target = (site / "lessons" / link.get_attribute("href")).resolve()
    assert nbformat.read(target, as_version=4).cells
    assert "colab" in page.get_by_role("link", name="Open this lesson in Colab").get_attribute(
        "href"
    )


def test_search_finds_a_lesson(site, page):
    page.goto((site / "search.html").as_uri() + "?q=wordpiece")
    expect(page.locator("#search-results li").first).to_be_visible()
    assert page.locator("#search-results li", has_text="From text to tokens").count()


def test_unknown_setting_names_the_choices(tmp_path):
    with pytest.raises(ValueError, match="absent, folded"):
        build_site(tmp_path, "shown")
