"""The page of `course status` as a student opens it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe

from grading.paths import ROOT
from helpers.deadlines import Deadline
from helpers.status import course_status, status_page


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_progress_is_shown_and_read_by_everybody(browser, tmp_path, folder):
    path = tmp_path / "status.html"
    found = course_status(ROOT / folder)
    if folder == "notebooks":  # this lesson was released with a date
        due = Deadline(datetime(2030, 1, 31, 23, 59, tzinfo=UTC), "Late: nothing counts.")
        found[0] = replace(found[0], deadline=due)
    path.write_text(status_page(found), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    shares = page.locator("progress").evaluate_all("all => all.map(one => one.position)")
    assert shares == [float(folder == "solutions")] * 7
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()
