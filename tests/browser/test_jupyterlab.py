"""Lesson 1 in JupyterLab as a student works on it, from `make lab` to handing in."""

import shutil
import subprocess

import nbformat
import pytest
from labs import exchange_step, jupyter_lab
from playwright.sync_api import expect

from grading.paths import ROOT
from grading.settings import nbgrader_config
from helpers.lessons import lesson_named

LESSON = lesson_named("1").name
# How the table of contents marks a section: these are JupyterLab's own numbers.
SCHEDULED, FAILED = "[data-running='0']", "[data-running='-0.5']"
PASSED = "Every visible example comes out right."
NAMES_AS_GIVEN = """
def add_label_names(frame, names):
    return frame.assign(label_name=names)
"""
NAMES = """
def add_label_names(frame, names):
    for label in frame["label"]:
        if label not in range(len(names)):
            raise ValueError(f"no name for {label}")
    return frame.assign(label_name=[names[label] for label in frame["label"]])
"""
WEIGHTS = """
def class_weights(labels, num_classes):
    counts = np.bincount(labels, minlength=num_classes)
    present = counts > 0
    weights = np.zeros(num_classes)
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return what a student has: the lesson, and the course's settings beside it."""
    folder = tmp_path_factory.mktemp("student")
    shutil.copytree(ROOT / "notebooks" / LESSON, folder / "notebooks" / LESSON)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    """Start JupyterLab with the exact arguments of `make lab`."""
    command = ["make", "--dry-run", "--silent", "lab"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    _, program, *arguments = told.splitlines()[-1].split()
    assert program == "lab"
    with jupyter_lab(course, tmp_path_factory.mktemp("home"), *arguments) as server:
        yield server


@pytest.fixture(scope="module")
def page(browser, lab):
    """Return JupyterLab's page when it starts for the first time."""
    page = browser.new_page()
    page.set_default_timeout(30_000)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(lab.url("lab"))
    page.locator(".jp-DirListing-item").first.wait_for()
    yield page
    page.close()


@pytest.fixture(scope="module")
def opened(page):
    """Open the lesson from the list of files; return its panel once its kernel has started."""
    for name in (LESSON, f"{LESSON}.ipynb"):
        page.locator(".jp-DirListing-item").get_by_text(name, exact=True).dblclick()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    return page.locator(".jp-NotebookPanel")


@pytest.fixture(scope="module")
def progress(page, opened):
    """Run all cells; return what is shown during the run: the circle, and the coming sections."""
    choose(page, "Run", "Run All Cells")
    expect(opened.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]")).to_be_visible()
    bar = opened.get_by_role("progressbar", name="Kernel status")
    return float(bar.get_attribute("aria-valuenow")), contents(page, SCHEDULED).count()


@pytest.fixture(scope="module")
def lesson(opened, progress):
    """Return the lesson's panel once the run of all cells has stopped."""
    wait_for_stop(opened, "summarize_dataset")
    return opened


@pytest.fixture(scope="module")
def answered(page, lesson):
    """Answer exercise 1.5 and save."""
    write(page, "Exercise 1.5", "class_weights", WEIGHTS)
    expect(result(page, "class_weights")).to_contain_text(PASSED)
    page.keyboard.press("Control+S")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)


def wait_for_stop(lesson, exercise):
    """Wait until a run of several cells has stopped at an exercise.

    Until the kernel is idle again after the error, it drops everything that is sent to it.
    """
    stopped_at = lesson.locator(".jp-OutputArea-output", has_text=f"{exercise}: not attempted")
    expect(stopped_at).to_have_count(1)
    expect(lesson.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible()


def choose(page, menu, item):
    """Choose an item of a menu."""
    page.get_by_role("menubar").get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def contents(page, mark=""):
    """Return the sections in the table of contents, or only those with a mark."""
    return page.locator(f".jp-tocItem-content{mark}")


def answer_cell(page, exercise, name):
    """Go to an exercise through the table of contents; return its answer cell after a click."""
    contents(page).filter(has_text=exercise).click()
    cell = page.locator(".jp-CodeCell", has_text=f"def {name}")
    cell.locator(".cm-content").click()
    return cell


def write(page, exercise, name, answer):
    """Write an answer into its cell and run it; afterwards the cell below it is active."""
    answer_cell(page, exercise, name)
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(answer.strip())
    page.keyboard.press("Shift+Enter")


def result(page, name):
    """Run the check below an answer that was run; return what the check shows."""
    cell = page.locator(".jp-CodeCell.jp-mod-active", has_text=f'check("{name}")')
    expect(cell).to_be_visible()
    page.keyboard.press("Control+Enter")
    return cell.locator(".jp-OutputArea-output")


def test_table_of_contents_is_open_beside_the_lesson(page, lesson):
    expect(page.locator("#jp-right-stack #table-of-contents")).to_be_visible()
    expect(contents(page).first).to_have_text("1. Know your data before you model it")
    assert contents(page).filter(has_text="Exercise 1.").count() == 6


def test_contents_mark_the_section_where_a_run_stopped(page, lesson):
    name = "Exercise 1.1: one table for all splits ●●○ about 12 minutes"
    expect(contents(page, FAILED).first).to_have_text(name)


def test_progress_of_a_run_is_shown(progress):
    done, sections_to_come = progress
    assert done < 100
    assert sections_to_come > 10


def test_nothing_asks_before_one_can_begin(page, lesson):
    expect(page.get_by_text("official Jupyter news")).to_have_count(0)
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_run_all_stops_at_the_first_exercise_without_a_traceback(lesson):
    output = lesson.locator(".jp-OutputArea-output", has_text="not attempted")
    text = "summarize_dataset: not attempted. Replace the line that raises NotImplementedError"
    expect(output).to_contain_text(text)
    assert "Traceback" not in output.text_content()


def test_check_turns_from_not_attempted_to_wrong_to_passed(page, lesson):
    exercise = ("Exercise 1.2", "add_label_names")
    answer_cell(page, *exercise)
    page.keyboard.press("Shift+Enter")
    expect(result(page, "add_label_names")).to_contain_text("add_label_names: not attempted.")
    write(page, *exercise, NAMES_AS_GIVEN)
    expect(result(page, "add_label_names")).to_contain_text("add_label_names: not yet.")
    write(page, *exercise, NAMES)
    passed = result(page, "add_label_names").get_by_role("status")
    expect(passed).to_contain_text(PASSED)


def test_figures_have_alternative_texts(page, lesson):
    write(page, "Exercise 1.2", "add_label_names", NAMES)
    section = "To pandas and back"
    contents(page).filter(has_text=section).click()
    lesson.get_by_role("heading", name=section).click()
    choose(page, "Run", "Run Selected Cell and All Below")
    figures = lesson.locator(".jp-OutputArea-output img")
    expect(figures).to_have_count(3)
    texts = figures.evaluate_all("all => all.map(one => one.alt)")
    assert texts[0].startswith("Bars of messages by class. emotion, train: sadness 4,664")
    assert all(len(text) > 20 for text in texts)
    figures.first.scroll_into_view_if_needed()
    wait_for_stop(lesson, "load_labelled_file")


def test_answer_is_saved_in_the_file(course, answered):
    path = course / "notebooks" / LESSON / f"{LESSON}.ipynb"
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    assert cells["class_weights"].strip() == WEIGHTS.strip()


def test_validate_names_only_exercises_that_are_not_done(page, lesson, answered):
    lesson.get_by_text("Validate", exact=True).click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Validation Results", timeout=90_000)
    expect(dialog).to_contain_text("summarize_dataset: not attempted.")
    assert "class_weights" not in dialog.inner_text()
    dialog.locator(".jp-mod-accept").click()


def test_assignment_list_hands_in_what_was_saved(page, lab, answered):
    config = nbgrader_config()
    config.CourseDirectory.root = str(ROOT)
    exchange_step("ReleaseAssignment", LESSON, lab.exchange, config)
    choose(page, "Nbgrader", "Assignment List")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#submitted_assignments_list")).to_contain_text(LESSON)
    inbound = lab.exchange / config.CourseDirectory.course_id / "inbound"
    (handed_in,) = inbound.rglob(f"{LESSON}.ipynb")
    assert WEIGHTS.strip() in [c.source.strip() for c in nbformat.read(handed_in, 4).cells]
