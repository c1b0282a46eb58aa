"""The server's page as a person uses it, in headless Chromium."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from helpers.serving import start_server

HTML = "text/html"
PROXY = "https://8888-m-s-0.us-central1-0.prod.colab.dev"
LABELS = ("sadness", "joy", "love", "anger", "fear", "surprise")


class Reader:
    """Scores each text by its length, and records the texts."""

    def __init__(self):
        self.asked = []
        self.seconds = 0.0

    def __call__(self, texts):
        time.sleep(self.seconds)
        self.asked += texts
        return [self.scores(text) for text in texts]

    @staticmethod
    def scores(text):
        if "break" in text:
            raise RuntimeError("broken")
        first = len(text) % len(LABELS)
        order = LABELS[first:] + LABELS[:first]
        # Sixths and sevenths: if each were rounded on its own, the sum would not be 100.
        weights = [1 / (place + 3) for place in range(len(order))]
        return [
            {"label": label, "score": weight / sum(weights)}
            for label, weight in zip(order, weights, strict=True)
        ]


@pytest.fixture(scope="module")
def reader():
    return Reader()


@pytest.fixture(scope="module")
def url(reader):
    with start_server(reader, name="lengths") as server:
        yield server.url


@pytest.fixture
def page(browser, url):
    page = browser.new_page()
    page.set_default_timeout(15_000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.problems.append(line.text))
    page.elsewhere = []
    page.on("request", lambda r: r.url.startswith(url) or page.elsewhere.append(r.url))
    page.goto(url)
    yield page
    page.close()


def shares(page):
    """Return the percentage that is shown for each class, once there are six."""
    expect(page.locator("#bars li")).to_have_count(6)
    names = page.locator("#bars .name").all_inner_texts()
    values = page.locator("#bars .share").all_inner_texts()
    return {name: float(value.split()[0]) for name, value in zip(names, values, strict=True)}


def test_typing_shows_six_bars_that_add_up_to_100_percent(page):
    page.get_by_label("Your message").press_sequentially("i feel fine")
    shown = shares(page)
    assert set(shown) == set(LABELS)
    assert round(sum(shown.values()), 6) == 100
    bars = page.locator("#bars .bar")
    widths = [bars.nth(n).evaluate("bar => parseFloat(bar.style.width)") for n in range(6)]
    assert widths == list(shown.values())
    assert not page.problems


def test_bars_follow_as_one_types_and_keep_their_rows(page):
    box = page.get_by_label("Your message")
    box.fill("a")
    first = shares(page)
    box.fill("ab")
    page.wait_for_function(
        "before => document.querySelector('#bars .share').innerText !== before",
        arg=f"{first['anger']:.1f} %",
    )
    second = shares(page)
    assert list(first) == list(second) == sorted(LABELS)
    assert first != second


def test_the_best_class_is_also_named_in_words(page):
    page.get_by_label("Your message").fill("i feel fine")
    best = Reader.scores("i feel fine")[0]["label"]
    expect(page.get_by_role("status")).to_contain_text(f"Most likely: {best}")
    expect(page.locator("#bars li.best .name")).to_have_text(best)


def test_a_script_tag_typed_in_stays_text(page, reader):
    hostile = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"
    page.get_by_label("Your message").fill(hostile)
    shares(page)
    assert reader.asked[-1] == hostile
    assert page.get_by_label("Your message").input_value() == hostile
    assert page.evaluate("window.owned") is None
    assert page.locator("main img").count() == 0


def test_hostile_class_names_stay_text(browser):
    hostile = "<img src=x onerror='window.owned = 1'>"
    with start_server(lambda texts: [[{"label": hostile, "score": 1.0}] for _ in texts]) as server:
        page = browser.new_page()
        page.goto(server.url)
        page.get_by_label("Your message").fill("a")
        expect(page.locator("#bars .name")).to_have_text(hostile)
        expect(page.get_by_role("status")).to_contain_text(hostile)
        assert page.evaluate("window.owned") is None
        page.close()


def test_everything_works_by_keyboard_alone(page):
    page.keyboard.press("Tab")
    page.keyboard.type("i am so angry")
    typed = shares(page)
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "the focus must be seen"
    assert seen[-1] == "Clear"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    box = page.get_by_label("Your message")
    expect(box).to_have_value(seen[2])
    page.wait_for_function("() => document.querySelectorAll('#bars li').length === 6")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(box).to_have_value("")
    expect(page.locator("#bars li")).to_have_count(0)
    expect(box).to_be_focused()
    assert len(typed) == 6


def test_only_the_answer_to_the_last_text_is_shown(page, reader):
    reader.seconds = 0.4
    try:
        box = page.get_by_label("Your message")
        for text in ("a", "ab", "abc"):
            box.fill(text)
            page.wait_for_timeout(250)
        best = Reader.scores("abc")[0]["label"]
        expect(page.get_by_role("status")).to_contain_text(f"Most likely: {best}")
    finally:
        reader.seconds = 0.0


def test_an_error_is_shown_and_disappears_after_the_next_answer(page):
    box = page.get_by_label("Your message")
    box.fill("break")
    expect(page.get_by_role("status")).to_contain_text("the model failed")
    box.fill("fine again")
    assert len(shares(page)) == 6


def test_the_page_says_when_the_server_has_stopped(browser, reader):
    server = start_server(reader)
    page = browser.new_page()
    page.goto(server.url)
    server.stop()
    page.get_by_label("Your message").fill("a")
    expect(page.get_by_role("status")).to_contain_text("does not answer")
    page.close()


def test_the_page_has_the_model_s_name_in_heading_and_title(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("lengths")
    assert page.title() == "lengths: try it"
    expect(page.locator("#token")).to_be_hidden()


def test_where_a_token_is_needed_the_page_asks_for_it(browser, reader):
    with start_server(reader, name="guarded", token="correct-horse") as server:
        page = browser.new_page()
        page.goto(server.url)
        page.get_by_label("Your message").fill("i feel fine")
        field, said = page.get_by_label("Token"), page.get_by_role("status")
        expect(said).to_have_text("The server asks for its token.")
        expect(field).to_be_visible()
        field.fill("battery staple")
        expect(said).to_have_text("This is not the server's token.")
        field.fill("naïve ☃")  # a token that no header can contain
        expect(said).to_have_text("This is not the server's token.")
        axe = Axe().run(page).response["violations"]
        assert [fault["id"] for fault in axe if fault["impact"] in ("serious", "critical")] == []
        field.fill("correct-horse")
        assert len(shares(page)) == 6
        page.close()


def test_nothing_is_loaded_from_elsewhere(page):
    page.get_by_label("Your message").fill("a")
    shares(page)
    assert [address for address in page.elsewhere if not address.startswith("data:")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_no_serious_fault(page, scheme, width):
    axe = Axe()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.get_by_label("Your message").fill("i feel fine")
    shares(page)
    expect(page.get_by_role("status")).to_contain_text("Most likely")
    violations = axe.run(page).response["violations"]
    assert [fault["id"] for fault in violations if fault["impact"] in ("serious", "critical")] == []
    scrolls = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(scrolls), "the page must not scroll sideways"


@pytest.mark.parametrize(
    ("on_colab", "around", "shown"),
    [
        (True, "https://colab.research.google.com", True),
        (True, "https://abc-0-colab.googleusercontent.com", True),
        (True, "https://elsewhere.example", False),
        (False, "https://colab.research.google.com", False),
    ],
)
def test_colab_alone_shows_the_page_in_a_frame(
    browser, reader, monkeypatch, on_colab, around, shown
):
    """On Colab, a cell's output is a frame of googleusercontent.com, and a proxy sends the page."""
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    if on_colab:
        monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab-external_20260801-060059_RC00")
    with start_server(reader, name="framed") as server:
        page = browser.new_page()
        frame = f'<iframe src="{PROXY}/"></iframe>'
        page.route(f"{around}/**", lambda route: route.fulfill(body=frame, content_type=HTML))
        page.route(f"{PROXY}/**", lambda route: route.fulfill(response=route.fetch(url=server.url)))
        page.goto(f"{around}/outputframe.html")
        inside = page.frame_locator("iframe")
        if shown:
            inside.locator("textarea").fill("four")
            expect(inside.locator("body")).to_contain_text(LABELS[4])
        else:
            page.wait_for_timeout(1000)
            assert inside.locator("textarea").count() == 0
        page.close()
