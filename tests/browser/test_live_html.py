"""What students write is shown to those who grade, and never run: row 28 in a real browser."""

import http.server
import json
import shutil
import threading

import live_html
import nbformat
import pytest
import small_course
from labs import jupyter_lab
from nbgrader.api import Gradebook
from playwright.sync_api import expect
from submissions import put_submission

from grading.paths import ROOT
from grading.sandbox.commands import find_bubblewrap
from grading.steps.outcomes import SUCCESS
from grading.steps.run_nbgrader import autograde_one, nbgrader_api

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

STUDENT = "mallory"
# Where a student's text is on the page: in rendered cells, and in outputs.
WRITTEN = ".rendered_html, .output_area, .input_area, .nbgrader_cell .panel-body"
LIVE = (
    "script, iframe, object, embed, svg, math, form, input, link, meta, base, style, video, audio"
)


@pytest.fixture(scope="module")
def phone():
    """Listen on this machine; `heard` lists the requests."""
    heard = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.heard, server.address = heard, f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def course(tmp_path_factory, phone):
    """Return a course in which a hostile submission was graded and its feedback written."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    small_course.write_course(folder)
    path = folder / "solutions" / small_course.NAME / f"{small_course.NAME}.ipynb"
    solution = nbformat.read(path, as_version=4)
    solution.cells.append(live_html.question())
    nbformat.write(solution, path)
    assert nbgrader_api(folder).generate_assignment(small_course.NAME)["success"]
    content = json.dumps(live_html.submission(phone.address)).encode()
    beside = put_submission(folder, STUDENT, content=content).parent
    page = f"<script>window.hit=1;new Image().src='{phone.address}/beside'</script>"
    (beside / "evil.html").write_text(page)
    assert autograde_one(folder, small_course.NAME, STUDENT) == SUCCESS
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_student(STUDENT, last_name='<img src=x onerror="window.hit=1">')
        gradebook.find_student(STUDENT).first_name = "'\"><script>window.hit=1</script>"
        gradebook.db.commit()
    result = nbgrader_api(folder).generate_feedback(small_course.NAME)
    assert result["success"], result
    return folder


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    with jupyter_lab(course, tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_default_timeout(30_000)
    page.asked, page.dialogs = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    yield page
    page.close()


@pytest.fixture
def feedback(page, course):
    (path,) = (course / "feedback" / STUDENT).rglob("*.html")
    page.goto(path.as_uri())
    return page


@pytest.fixture
def formgrader(page, course, lab):
    """Return the page on which a teacher reads the submission."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        found = gradebook.find_submission_notebook(small_course.NAME, small_course.NAME, STUDENT)
        submission = found.id
    page.goto(lab.url("lab"))  # this signs in
    page.goto(lab.url(f"formgrader/submissions/{submission}/"))
    page.wait_for_function("window.formgrader?.grades?.loaded && formgrader.comments?.loaded")
    return page


@pytest.fixture(params=["feedback", "formgrader"])
def shown(request):
    return request.getfixturevalue(request.param)


def everything_tried(page):
    """Do what a teacher might do on a page: click each link and fold, and move over all of it."""
    for kind in ("click", "mouseover", "focus", "toggle"):
        page.evaluate(
            """([where, kind]) => document.querySelectorAll(where).forEach(part =>
                part.querySelectorAll('*').forEach(one =>
                    one.dispatchEvent(new Event(kind, {bubbles: true, cancelable: true}))))""",
            [WRITTEN, kind],
        )
    page.wait_for_timeout(1500)


def test_nothing_of_a_student_s_runs_or_phones_home(shown, phone):
    """Row 28: scripts, handlers, frames, styles, forms, links, in every place of a notebook."""
    everything_tried(shown)
    assert shown.evaluate("window.hit") is None
    assert shown.dialogs == []
    assert phone.heard == []
    assert not [url for url in shown.asked if url.startswith(phone.address)]


def test_nothing_that_could_run_is_left_in_what_a_student_wrote(shown):
    """Row 28: it must not wait for another browser, which may read the page differently."""
    assert shown.locator(WRITTEN).count() > 50
    kinds = shown.locator(f":is({WRITTEN}) :is({LIVE})").evaluate_all(
        "all => all.map(one => one.outerHTML)"
    )
    own = [tag for tag in kinds if "tabbable" not in tag]  # formgrader's own fields for points
    assert own == []
    handlers = shown.locator(f":is({WRITTEN}) *").evaluate_all(
        """all => all.flatMap(one => [...one.attributes]
            .filter(a => /^on/.test(a.name) || /^(javascript|vbscript|data:text)/i.test(a.value))
            .map(a => `${one.tagName} ${a.name}=${a.value}`))"""
    )
    assert handlers == []
    addresses = shown.locator(f":is({WRITTEN}) a[href]").evaluate_all(
        "all => all.map(one => one.getAttribute('href'))"
    )
    assert [one for one in addresses if not one.startswith(("http://", "https://", "#"))] == []


def test_harmless_text_is_shown_as_intended(shown):
    answer = shown.locator(".rendered_html", has_text="What I found").first
    expect(answer.locator("h2").first).to_contain_text("What I found")
    expect(answer.locator("td em").first).to_have_text("1 %")
    expect(answer.locator("strong").first).to_have_text("small")
    expect(answer.locator(".highlight .o").first).to_have_text("=")
    assert "$x_1 < x_2$" in answer.inner_text()
    pictures = shown.locator("img[src^='data:image/png']")
    assert pictures.count() >= 2  # in the answer, and in a cell of the student's own
    assert pictures.evaluate_all("all => all.every(one => one.naturalWidth > 0)")
    # In code, the text of an attack may be shown.
    assert "new Image()" in shown.locator(".input_area").last.inner_text()


def test_formgrader_finds_its_own_fields(formgrader):
    """Row 28: a heading with the name of a field does not replace that field."""
    field = formgrader.locator(f"#{live_html.WRITTEN}")
    assert field.count() == 1
    with formgrader.expect_response(lambda response: "/api/grade/" in response.url):
        field.fill("1")
        formgrader.keyboard.press("Tab")


def test_a_page_beside_the_notebook_is_not_served(formgrader):
    """Row 28: such a page would have the rights of the teacher's session."""
    answer = formgrader.request.get(formgrader.url.split("?")[0] + "evil.html")
    assert answer.status == 404
