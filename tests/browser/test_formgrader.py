"""An instructor's session in formgrader, from the release of a lesson to a student's feedback."""

import json
import re
import shutil

import nbformat
import pytest
from labs import exchange_step, jupyter_lab
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from grading.batch.made_up_class import answered_wrongly, half_right, with_answers
from grading.paths import ROOT, hidden_tests_path, release_path, solution_path
from grading.records.receipts import receipt_path
from grading.release.leaks import find_leaks
from grading.sandbox.commands import find_bubblewrap
from grading.settings import nbgrader_config
from helpers.lessons import lesson_named

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

LESSON = lesson_named("1")
STUDENT = "ada"
ASSIGNMENTS = "manage_assignments"
*GRADED, WRITTEN = LESSON.exercises
WRONG = [name for name in answered_wrongly(LESSON) if name != WRITTEN]
ANSWER = "I would weight the classes: rare feelings matter, and weights copy no text."
COMMENT = "Well argued. What would you measure to be sure?"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a course's folder before its first release: settings and one lesson's solution."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for path in (solution_path(LESSON), hidden_tests_path(LESSON)):
        copied = folder / path.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    return folder


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    with jupyter_lab(course, tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def student(lab, tmp_path_factory):
    """Return a function that does a step of nbgrader's exchange as the student would."""
    folder = tmp_path_factory.mktemp("student")

    def does(step):
        config = nbgrader_config()
        config.CourseDirectory.student_id = STUDENT
        config.Exchange.cache = str(folder / "cache")
        config.Exchange.assignment_dir = str(folder)
        exchange_step(step, LESSON.name, lab.exchange, config)
        return folder / LESSON.name

    return does


@pytest.fixture(scope="module")
def page(browser, lab):
    """Return a page of the browser for formgrader, as JupyterLab's menu opens it in a tab."""
    page = browser.new_page()
    page.set_default_timeout(30_000)
    page.set_viewport_size({"width": 1366, "height": 900})
    page.lab = lab
    yield page
    page.close()


def press(page, path, action, seconds=30):
    """Press a button in the only row of one of formgrader's tables, and wait until it succeeds."""
    page.goto(page.lab.url(f"formgrader/{path}"))
    page.locator(f"td.{action} a").click()
    told = page.locator(".modal-title", has_text="Success").or_(
        page.locator(".modal-title", has_text="Error")
    )
    expect(told).to_be_visible(timeout=1000 * seconds)
    assert told.inner_text() == "Success", page.locator(".modal-body").inner_text()


@pytest.fixture(scope="module")
def released(page, course, lab):
    """Generate the students' version with one button, release it with another; return it."""
    press(page, ASSIGNMENTS, "assign")
    press(page, ASSIGNMENTS, "release")
    return lab.exchange / nbgrader_config().CourseDirectory.course_id / "outbound" / LESSON.name


@pytest.fixture(scope="module")
def collected(page, course, released, student):
    """Let a student fetch and submit, and the instructor collect; return the submission."""
    path = student("FetchAssignment") / f"{LESSON.name}.ipynb"
    release = nbformat.read(path, as_version=4)
    solution = nbformat.read(solution_path(LESSON), as_version=4)
    answered = half_right(LESSON, release, solution)
    nbformat.write(with_answers(answered, {WRITTEN: ANSWER}), path)
    student("Submit")
    press(page, ASSIGNMENTS, "collect")
    return course / "submitted" / STUDENT / LESSON.name / path.name


@pytest.fixture(scope="module")
def autograded(page, course, collected):
    """Autograde with formgrader's button; return the receipt."""
    press(page, f"manage_submissions/{LESSON.name}", "autograde", seconds=120)
    return json.loads(receipt_path(course, STUDENT, LESSON.name, LESSON.name).read_text())


@pytest.fixture(scope="module")
def marked(page, autograded):
    """Open the submission under "Manual Grading", and enter 1.5 points and a comment."""
    page.goto(page.lab.url("formgrader/gradebook"))
    page.get_by_role("link", name=LESSON.name).click()
    page.locator("td a", has_text=LESSON.name).click()
    page.get_by_role("link", name="Submission #1").click()
    page.wait_for_function("window.formgrader?.grades?.loaded && formgrader.comments?.loaded")
    answer = page.locator(".nbgrader_cell", has=page.locator(f"#{WRITTEN}"))
    # Each of them is saved when the next field gets the focus.
    with (
        page.expect_response(re.compile("/api/grade/")),
        page.expect_response(re.compile("/api/comment/")),
    ):
        answer.locator(f"#{WRITTEN}").fill("1.5")
        answer.get_by_role("textbox").fill(COMMENT)
        page.keyboard.press("Tab")
    return answer


@pytest.fixture(scope="module")
def feedback(page, marked, student):
    """Generate and release the feedback; return the page that the student fetches."""
    press(page, ASSIGNMENTS, "generate-feedback")
    press(page, ASSIGNMENTS, "release-feedback")
    (path,) = student("FetchFeedback").rglob("*.html")
    return path


def test_menu_of_jupyterlab_opens_formgrader(browser, lab):
    page = browser.new_page()
    page.goto(lab.url("lab"))
    page.get_by_role("menubar").get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("link", name=LESSON.name)).to_be_visible()
    page.close()


def test_release_by_button_is_the_committed_one_and_holds_no_answer(released):
    notebook = nbformat.read(released / f"{LESSON.name}.ipynb", as_version=4)
    solution = nbformat.read(solution_path(LESSON), as_version=4)
    assert not list(find_leaks(notebook, solution, hidden_tests_path(LESSON)))
    assert notebook == nbformat.read(release_path(LESSON), as_version=4)


def test_only_the_notebook_is_released(released):
    assert [path.name for path in released.iterdir()] == [f"{LESSON.name}.ipynb"]


def test_collect_brings_the_submission_with_its_time(collected):
    assert ANSWER in collected.read_text("utf-8")
    assert (collected.parent / "timestamp.txt").is_file()


def test_button_autogrades_in_the_sandbox_by_the_hidden_tests(autograded):
    assert autograded["sandbox"] == "bubblewrap"
    ended = {verdict["exercise"]: verdict["status"] for verdict in autograded["tests"]}
    assert [name for name in GRADED if ended[name] != "passed"] == WRONG


def test_rubric_is_above_the_answer(page, marked):
    text = page.locator("body").inner_text()
    rubric, answer = text.index("MARK SCHEME"), text.index(ANSWER)
    assert 0 < answer - rubric < 2000


def test_points_and_comment_go_to_the_gradebook(course, marked):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        found = (WRITTEN, LESSON.name, LESSON.name, STUDENT)
        assert gradebook.find_grade(*found).manual_score == 1.5
        assert gradebook.find_comment(*found).manual_comment == COMMENT
        assert not gradebook.find_submission(LESSON.name, STUDENT).needs_manual_grade


def test_student_reads_points_comment_and_what_was_wrong(browser, feedback, autograded):
    page = browser.new_page()
    page.goto(feedback.as_uri())
    text = page.locator("body").inner_text()
    page.close()
    points = sum(test["points"] for test in autograded["tests"]) + 1.5
    assert f"{LESSON.name} (Score: {points} / {float(LESSON.points)})" in text
    assert COMMENT in text
    messages = {test["exercise"]: test["message"] for test in autograded["tests"]}
    assert all(" ".join(messages[name].split()) in " ".join(text.split()) for name in WRONG)
