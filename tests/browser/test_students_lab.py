"""JupyterLab as students get it: of nbgrader it has only what they need to hand in."""

import shutil
import tomllib

import pytest
from labs import jupyter_lab
from playwright.sync_api import expect

from grading.release.edition import write_edition
from helpers.lessons import lesson_named

LESSON = lesson_named("1").name
CONFIGURED = "etc/jupyter/"
"""The folder of an environment with the settings that a wheel installs."""


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "edition"
    write_edition(folder)
    return folder


@pytest.fixture(scope="module")
def settings(edition, tmp_path_factory):
    """Return a folder of Jupyter's settings as it is after the edition was installed."""
    folder = tmp_path_factory.mktemp("settings")
    project = tomllib.loads((edition / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    for source, target in shared.items():
        if target.startswith(CONFIGURED):
            path = folder / target.removeprefix(CONFIGURED)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(edition / source, path)
    return folder


@pytest.fixture(scope="module")
def lab(edition, settings, tmp_path_factory):
    """Start JupyterLab in the edition, where nbgrader is installed for its exchange."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_PATH", str(settings))
        patch.setenv("PYTHONPATH", str(edition))
        with jupyter_lab(edition, tmp_path_factory.mktemp("home"), "notebooks") as server:
            yield server


@pytest.fixture(scope="module")
def page(browser, lab):
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(lab.url("lab"))
    page.locator(".jp-DirListing-item").first.wait_for()
    yield page
    page.close()


def test_menu_has_the_list_of_assignments_and_no_formgrader(page):
    page.get_by_role("menubar").get_by_role("menuitem", name="Nbgrader", exact=True).click()
    expect(page.get_by_role("menuitem", name="Assignment List", exact=True)).to_be_visible()
    for name in ("Formgrader", "Course List"):
        expect(page.get_by_role("menuitem", name=name, exact=True)).to_have_count(0)
    page.keyboard.press("Escape")


def test_a_lesson_shows_validate_and_no_create_assignment(page):
    for name in (LESSON, f"{LESSON}.ipynb"):
        page.locator(".jp-DirListing-item").get_by_text(name, exact=True).dblclick()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    expect(page.get_by_text("Validate", exact=True)).to_be_visible()
    expect(page.get_by_text("Create Assignment")).to_have_count(0)
    page.get_by_role("menubar").get_by_role("menuitem", name="View", exact=True).click()
    expect(page.get_by_role("menuitem", name="Activate Command Palette")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+C")
    palette = page.locator(".lm-CommandPalette")
    palette.get_by_role("searchbox").or_(palette.locator("input")).first.fill("nbgrader")
    expect(palette.get_by_text("Assignment List").first).to_be_visible()
    for name in ("Formgrader", "Create Assignment", "Course List"):
        expect(palette.get_by_text(name)).to_have_count(0)


def test_the_server_has_no_formgrader(page, lab):
    assert page.request.get(lab.url("formgrader")).status == 404
    # What students use exists; called without a course, it answers that there is none.
    assert page.request.get(lab.url("assignments")).status == 400
