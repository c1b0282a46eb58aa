"""The page of `course status` as a student opens it."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from grading.paths import ROOT
from helpers.status import course_status, status_page


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_progress_is_shown_and_read_by_everybody(browser, tmp_path, folder):
    path = tmp_path / "status.html"
    path.write_text(status_page(course_status(ROOT / folder)), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    shares = page.locator("progress").evaluate_all("all => all.map(one => one.position)")
    assert shares == [float(folder == "solutions")] * 7
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()
