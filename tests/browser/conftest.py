"""A headless Chromium for every test of a page; without one, these tests are skipped."""

import shutil

import pytest
import rows
from playwright.sync_api import expect, sync_playwright

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]


@pytest.fixture(scope="module")  # a browser that runs on would look like the trace of an attack
def browser(tmp_path_factory):
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    path = next(filter(None, found), "")
    if not path:
        pytest.skip("no chromium found; `apt-get install chromium`")
    expect.set_options(timeout=30_000)  # on a busy machine, pages take their time
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=path, args=FLAGS
        )
        yield context
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Count what happens in a browser for the figure of attacks that are survived."""
    report = yield
    rows.note(item, report)
    return report
