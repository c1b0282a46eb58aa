"""The report of a whole class as a teacher opens it, on a laptop and on a phone."""

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from grading.records.class_report import write_report
from helpers.lessons import LESSONS


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return the report of a class of two who handed in all lessons."""
    rows = [
        {"student": student, "lesson": lesson.name, "exercise": exercise, "score": 10, "points": 10}
        for student in ("ada", "grace")
        for lesson in LESSONS
        for exercise in lesson.exercises
    ]
    path = tmp_path_factory.mktemp("class") / "report.html"
    write_report(pd.DataFrame(rows), "A class", path)
    return path


def open_page(browser, report, width):
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report.as_uri())
    return page


@pytest.mark.parametrize("width", [1100, 400])
def test_page_does_not_run_out_to_the_side_and_is_accessible(browser, report, width):
    page = open_page(browser, report, width)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_gradebook_of_all_lessons_is_whole_on_a_laptop(browser, report):
    page = open_page(browser, report, 1100)
    table = page.locator(".wide")
    assert table.locator("th[scope=col]").count() == len(LESSONS) + 3
    assert table.evaluate("box => box.scrollWidth <= box.clientWidth")
    page.close()
