"""The course's site as a reader opens it: complete, small, and without the answers."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from grading.paths import hidden_tests_path, release_path, solution_path
from grading.release.leaks import find_leaks
from grading.release.scan import Scan
from grading.release.site import build_site, lesson_page
from grading.release.source import colab_badge
from helpers.lessons import LESSONS

PEOPLE = ("students", "instructors", "maintainers", "glossary")
GRADER = ("results", "security", "grading-accuracy", "grading-at-scale")
LESSON_PAGES = [f"lessons/{lesson.name}" for lesson in LESSONS]
PAGES = ["index", *PEOPLE, *GRADER, *LESSON_PAGES]
# Bytes of a page and its styles before compression; the longest lesson is 169 kB (40 kB packed).
MOST_BYTES = 235_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site once; Sphinx fails if a link of ours leads nowhere."""
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


def test_the_site_holds_nothing_that_only_instructors_may_see(site):
    assert Scan().path(site) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(site, name):
    path = site / f"{name}.html"
    text = path.read_text()
    styles = re.findall(r'rel="stylesheet"[^>]*href="([^"?]+)', text)
    assert len(styles) >= 3
    weight = len(text.encode()) + sum((path.parent / s).stat().st_size for s in styles)
    assert weight <= MOST_BYTES


class Links(HTMLParser):
    """Collects the links of a page, and the places in it to which a link can lead."""

    def __init__(self, path):
        super().__init__()
        self.addresses, self.anchors = [], {""}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.addresses += [found[name] for name in ("href", "src") if name in found]
        self.anchors |= {found[name] for name in ("id", "name") if name in found}


@pytest.mark.parametrize("name", [*PAGES, "search", "genindex"])
def test_every_link_within_the_site_leads_somewhere(site, name):
    path = site / f"{name}.html"
    within = [address for address in Links(path).addresses if not urlsplit(address).scheme]
    assert within
    for address in within:
        parts = urlsplit(address)
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        assert target.is_file(), address
        if target.suffix == ".html":
            assert unquote(parts.fragment) in Links(target).anchors, address


@pytest.mark.parametrize("name", PAGES)
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


def test_a_formula_is_drawn_by_the_browser_alone(site, page):
    page.goto((site / "lessons/05_error_analysis.html").as_uri())
    formula = page.locator("div.math math")
    expect(formula).to_be_visible()
    assert formula.locator("msqrt").count() == 1
    assert page.elsewhere == []


LOADED = """async () => {
    for (const picture of document.images) {
        picture.loading = "eager";
        await picture.decode();
    }
    return document.documentElement.scrollHeight;
}"""


@pytest.mark.parametrize("name", ["index", LESSON_PAGES[0]])
@pytest.mark.parametrize("width", [375, 1280])
def test_a_page_stays_where_it_is_while_its_pictures_come(site, page, width, name):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((site / f"{name}.html").as_uri())
    without = page.evaluate("document.documentElement.scrollHeight")
    assert page.evaluate(LOADED) == without


def test_the_first_page_shows_each_lesson_s_own_figure(site, page):
    page.goto((site / "index.html").as_uri())
    cards = page.locator("li.card")
    assert cards.count() == len(LESSONS)
    page.evaluate(LOADED)
    for place, lesson in enumerate(LESSONS):
        figure = cards.nth(place).locator("img")
        assert figure.evaluate("one => one.naturalWidth") > 100
        assert len(figure.get_attribute("alt")) > 20
        size = [figure.get_attribute(name) for name in ("width", "height")]
        assert size == figure.evaluate("one => [one.naturalWidth, one.naturalHeight].map(String)")
        own = (site / f"lessons/{lesson.name}.html").read_text()
        assert f'src="../{figure.get_attribute("src")}"' in own
        assert cards.nth(place).locator("ul li").count() == 3
    assert page.elsewhere == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_first_page_fits_a_phone_and_a_laptop_in_light_and_in_dark(site, page, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto((site / "index.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    command = page.locator("div.wrapped pre")
    assert command.evaluate("one => one.scrollWidth <= one.clientWidth")
    for box in page.locator("li.card").evaluate_all(
        "all => all.map(c => c.getBoundingClientRect())"
    ):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    found = Axe().run(page).response["violations"]
    assert not [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")]


def test_one_goes_from_card_to_card_with_the_keyboard_and_sees_where_one_is(site, page):
    page.goto((site / "index.html").as_uri())
    first = page.locator("li.card a").first
    page.locator("article a", has_text="What does that word mean?").focus()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    outline = "one => getComputedStyle(one).outlineStyle"
    assert page.locator("li.card").first.evaluate(outline) == "solid"
    for place in range(1, len(LESSONS)):
        page.keyboard.press("Tab")
        expect(page.locator("li.card a").nth(place)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile(f"^{LESSONS[-1].number}\\. "))


def test_a_click_anywhere_on_a_card_opens_its_lesson(site, page):
    page.goto((site / "index.html").as_uri())
    card = page.locator("li.card").nth(1)
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5)
    expect(page).to_have_title(re.compile(f"^{LESSONS[1].number}\\. "))


def test_one_walks_from_lesson_to_lesson_and_back(site, page):
    page.goto((site / "index.html").as_uri())
    for lesson in LESSONS:
        page.get_by_role("link", name=re.compile("^Next ")).click()
        expect(page).to_have_title(re.compile(f"^{lesson.number}\\. "))
    for lesson in LESSONS[-2::-1]:
        page.get_by_role("link", name=re.compile("^Previous ")).click()
        expect(page).to_have_title(re.compile(f"^{lesson.number}\\. "))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_opens_in_colab_and_is_there_to_download(site, page, lesson):
    page.goto((site / "lessons" / f"{lesson.name}.html").as_uri())
    in_colab = page.get_by_role("link", name="Open this lesson in Colab")
    assert f"]({in_colab.get_attribute('href')})" in colab_badge(lesson)
    download = page.get_by_role("link", name="Download it").get_attribute("href")
    assert (site / "lessons" / download).read_bytes() == release_path(lesson).read_bytes()


def test_one_turns_the_light_off(site, page):
    page.emulate_media(color_scheme="light")
    page.goto((site / "index.html").as_uri())
    body = page.locator("body")
    light = body.evaluate("one => getComputedStyle(one).backgroundColor")
    button = page.get_by_role("button", name=re.compile("theme")).locator("visible=true").first
    for _ in range(3):  # the system's setting, light, dark
        if body.get_attribute("data-theme") != "dark":
            button.click()
    assert body.get_attribute("data-theme") == "dark"
    assert body.evaluate("one => getComputedStyle(one).backgroundColor") != light


def test_the_glossary_tells_each_of_its_words(site, page):
    page.goto((site / "glossary.html").as_uri())
    words = page.locator("dl.glossary > dt")
    told = page.locator("dl.glossary > dd").all_inner_texts()
    assert words.count() == len(told) > 30
    assert all(len(text) > 20 for text in told)


def test_search_finds_a_lesson(site, page):
    page.goto((site / "search.html").as_uri() + "?q=wordpiece")
    expect(page.locator("#search-results li").first).to_be_visible()
    assert page.locator("#search-results li", has_text="From text to tokens").count()


def test_unknown_setting_names_the_choices(tmp_path):
    with pytest.raises(ValueError, match="absent, folded"):
        build_site(tmp_path, "shown")
