"""The report of a whole class as a teacher opens it, on a laptop and on a phone."""

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from grading.records.class_report import write_report
from helpers.lessons import LESSONS

ENDED = [(3, "passed"), (2, "failed"), (0, "failed"), (0, "error"), (0, "not attempted")]


def write_class(students, path):
    """Write the report of a class that handed in all lessons; it has a cell of each kind."""
    rows = []
    for number, student in enumerate(students):
        for lesson in LESSONS:
            for place, exercise in enumerate(lesson.exercises):
                score, status = ENDED[(number + place) % len(ENDED)]
                rows.append((student, lesson.name, exercise, score, 3, status))
    columns = ["student", "lesson", "exercise", "score", "points", "status"]
    scores = pd.DataFrame(rows, columns=columns)
    scores.loc[0, ["score", "status"]] = [float("nan"), "cannot grade"]
    write_report(scores, "A class", path, {LESSONS[0].name: ["nobody"]})
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return the report of a class of twenty."""
    names = ["ada", "王伟", "Ольга", *(f"student {number}" for number in range(17))]
    return write_class(names, tmp_path_factory.mktemp("class") / "report.html")


@pytest.fixture(scope="module")
def large_report(tmp_path_factory):
    """Return the report of a class of two hundred."""
    names = [f"student {number:03d}" for number in range(200)]
    return write_class(names, tmp_path_factory.mktemp("large") / "report.html")


def open_page(browser, report, width, scheme="light"):
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(report.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 400])
def test_page_does_not_run_out_to_the_side_and_is_accessible(browser, report, width, scheme):
    page = open_page(browser, report, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_every_kind_of_cell_looks_different_in_both_schemes(browser, report):
    kinds = {}
    for scheme in ("light", "dark"):
        page = open_page(browser, report, 1100, scheme)
        looks = [
            page.locator(f".map tbody tr:not(.all) td.{kind}").first.evaluate(
                "one => { const s = getComputedStyle(one);"
                " return [s.backgroundColor, s.backgroundImage, s.boxShadow].join() }"
            )
            for kind in ("s0", "s7", "s10", "untouched", "ungraded", "nothing")
        ]
        assert len(set(looks)) == len(looks)
        kinds[scheme] = looks
        page.close()
    assert kinds["light"] != kinds["dark"]


def test_map_of_all_lessons_is_whole_on_a_laptop(browser, report):
    page = open_page(browser, report, 1100)
    box = page.locator(".map .scroll")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
    page.close()


def test_names_and_exercises_stay_in_sight_while_a_large_class_is_read(browser, large_report):
    page = open_page(browser, large_report, 1100)
    row = page.locator(".map tbody tr").nth(150)
    row.scroll_into_view_if_needed()
    assert row.bounding_box()["height"] >= 10  # high enough to read the name in it
    heading = page.locator(".map thead th").nth(1).bounding_box()
    page.locator(".map .scroll").evaluate("box => box.scrollTo(500, 1000)")
    assert page.locator(".map thead th").nth(1).bounding_box()["y"] == heading["y"]
    assert page.locator(".map thead th").first.bounding_box()["x"] >= 0
    page.close()


def test_gradebook_of_all_lessons_is_whole_on_a_laptop(browser, report):
    page = open_page(browser, report, 1100)
    table = page.locator(".wide")
    assert table.locator("th[scope=col]").count() == len(LESSONS) + 3
    assert table.evaluate("box => box.scrollWidth <= box.clientWidth")
    page.close()
