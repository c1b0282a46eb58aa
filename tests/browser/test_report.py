"""The report of an assignment as a teacher opens it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from grading.judging.session import Graded
from grading.judging.verdicts import make_verdict
from grading.records.assignment_report import write_assignment_report
from grading.records.receipts import receipt_of, write_receipt
from grading.sandbox.limits import Limits

LESSON = "03_feature_extraction"
STRANGE = "<script>document.title='mine'<b>"


@pytest.fixture
def report(tmp_path):
    """Return the report of a class of twelve students, one of whom has code as a name."""
    for number in range(12):
        student = STRANGE if number == 0 else f"Ольга {number}"
        ended = [
            make_verdict(
                "mean_pool", 2.0, "passed" if number > 3 else "failed", "The mask is ignored."
            ),
            make_verdict("project", 1.0, "cannot grade" if number == 0 else "passed", STRANGE),
        ]
        names = {"student": student, "assignment": LESSON, "notebook": LESSON}
        receipt = receipt_of(names, {}, 1, Limits(), "bubblewrap", Graded(ended), 12.5)
        write_receipt(receipt, tmp_path)
    write_assignment_report(LESSON, tmp_path, tmp_path / "report.html")
    return tmp_path / "report.html"


@pytest.fixture
def page(browser, report):
    page = browser.new_page()
    page.elsewhere = []
    page.on(
        "request", lambda r: r.url.startswith(("file:", "data:")) or page.elsewhere.append(r.url)
    )
    page.goto(report.as_uri())
    yield page
    page.close()


def test_report_is_read_without_network_and_runs_nothing_of_a_student_s(page):
    assert page.title() == LESSON
    assert page.elsewhere == []
    person = page.locator("h2:has-text('Needs a person') + table")
    expect(person).to_contain_text(STRANGE)
    assert page.locator("img").evaluate_all("all => all.every(one => one.naturalWidth > 0)")


def test_report_is_accessible(page):
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_report_prints_whole(page):
    page.emulate_media(media="print")
    width = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert width
    assert page.pdf(format="A4").startswith(b"%PDF")
