"""What students' texts do to those who read them: rows 28, 29, 31, 32 and 35, and odd files."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from html.parser import HTMLParser
from types import SimpleNamespace

import live_html
import nbformat
import pandas as pd
import pytest
import small_course
from nbgrader.api import Gradebook
from rich.console import Console
from submissions import GOOD, put_submission

from grading.batch.assignment import grade_assignment
from grading.batch.pool import autograde
from grading.inside.wire import HEADER, MAGIC, WireError, decode
from grading.intake.collect import collect
from grading.intake.notebooks import Refused, notebook_of
from grading.intake.realign import realign
from grading.intake.texts import clean, one_line
from grading.judging.dependence import Dependents
from grading.judging.outputs import NotebookOutputs, line_of_error
from grading.judging.session import grade
from grading.paths import ROOT
from grading.records.assignment_report import write_assignment_report
from grading.records.changes import changes
from grading.records.class_report import gradebook_table
from grading.records.export import export_grades
from grading.records.receipts import (
    digest,
    read_receipt,
    receipt_path,
    recorded_verdicts,
    write_receipt,
)
from grading.sandbox.commands import find_bubblewrap
from grading.steps.outcomes import REFUSED, SUCCESS
from grading.steps.run_nbgrader import autograde_one, nbgrader_api

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

LONG = 3_000_000
# On a terminal these rename the window, clear the screen, type on the keyboard, or reorder text.
ESCAPES = "\x1b]0;mine\x07\x1b[2J\x1b[5n\x9b31m\x00\u202e\ud83d"
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture
def course(released, tmp_path):
    """Return a copy of the course folder in which nobody has handed in anything."""
    return shutil.copytree(released, tmp_path / "course")


def with_cells(*sources, kind="markdown", answer=small_course.DOUBLE):
    """Return the bytes of a right submission with cells of the student's own."""
    document = json.loads(nbformat.writes(small_course.notebook(answer, small_course.TOTAL)))
    own = [{"cell_type": kind, "metadata": {}, "source": source} for source in sources]
    if kind == "code":
        own = [cell | {"outputs": [], "execution_count": None} for cell in own]
    document["cells"] += own
    return json.dumps(document).encode()


def changed(change):
    """Return the bytes of a right submission in which the answer's cell was changed."""
    document = json.loads(nbformat.writes(GOOD))
    change(document["cells"][1], document)
    return json.dumps(document).encode()


def answered(source):
    return changed(lambda cell, _: cell.update(source=source))


def points(course, student):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return gradebook.find_submission(small_course.NAME, student).score


def feedback_of(course, student):
    result = nbgrader_api(course).generate_feedback(small_course.NAME)
    assert result["success"], result
    folder = course / "feedback" / student / small_course.NAME
    return (folder / f"{small_course.NAME}.html").read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def test_live_html_is_inert_in_the_feedback(course):
    """Row 28: tests/browser/test_live_html.py opens it, and formgrader's page, in a browser."""
    address = "http://127.0.0.1:9"
    own = [*live_html.payloads(address), "![x](attachment:nowhere.png)"]
    loud = "from IPython.display import HTML, display\n" + "\n".join(
        f"display(HTML({text!r}))" for text in own
    )
    document = json.loads(with_cells(*own))
    document["cells"].append(json.loads(with_cells(loud, kind="code"))["cells"][-1])
    put_submission(course, "mallory", content=json.dumps(document).encode())
    put_submission(course, "quiet", GOOD)
    for student in ("mallory", "quiet"):
        assert autograde_one(course, small_course.NAME, student) == SUCCESS
        assert points(course, student) == 3.0
    hostile = Tags(feedback_of(course, "mallory"))
    harmless = Tags(feedback_of(course, "quiet"))
    for tag in ("script", "style", "link", "meta", "base", "form", "input", "iframe", "svg"):
        assert hostile.tags.count(tag) == harmless.tags.count(tag), tag
    assert not [one for one in hostile.attributes if one[1].startswith("on")]
    loads = [one for one in hostile.attributes if one[1] in ("src", "srcset", "background", "data")]
    assert not [one for one in loads if address in one[2]]
    assert not [one for one in hostile.attributes if one[1] == "href" and "script:" in one[2]]


HARD = {
    "<": "<" * LONG,
    "](": "](" * (LONG // 2),
    "`": "`" * LONG,
    "#": "#" * LONG,
    "begin": "\\begin{a}" * 16_000,
    "one word": "# " + "x" * LONG,
    "[": "[" * 200_000,
    "math": "$" * 200_001,
    "tags": "<a " * 300_000,
    "lists": "- " * 300_000,
    "quotes": "> " * 300_000,
    "stars": "*a **a " * 100_000,
    "digits": "9" * LONG,
    "spaces": "x" + " " * LONG + "x",
    "lines": "x =\n" * (LONG // 4),
    "table": "|" * 300_000 + "\n" + "|-" * 150_000,
}


# A folder cannot be named "<".
HARD_NAMES = {text: f"{number}" for number, text in enumerate(HARD)}


@pytest.fixture(scope="module")
def hard_batch(released, tmp_path_factory):
    """Return a course after one batch of notebooks that are hard to read, and a good one."""
    folder = shutil.copytree(released, tmp_path_factory.mktemp("hard") / "course")
    contents = {f"text {name}": with_cells(HARD[text]) for text, name in HARD_NAMES.items()}
    contents["many cells"] = with_cells(*["a"] * 300_000)
    contents["code"] = with_cells("(" * 300_000 + "\n" + '"' * 300_001, kind="code")
    contents["defines"] = with_cells("a" * 900_000, "def " + " " * 900_000, kind="code")
    contents["prints"] = with_cells(
        "from IPython.display import HTML, Markdown, display\n"
        "print('\\x1b[' * 50_000)\n"
        "display(HTML('<' * 150_000))\ndisplay(Markdown('[' * 100_000))\n",
        kind="code",
    )
    for student, content in contents.items():
        put_submission(folder, student, content=content)
    put_submission(folder, "good", GOOD)
    tasks = [(small_course.NAME, student) for student in [*contents, "good"]]
    started = time.monotonic()
    outcomes = {student: outcome for (_, student), outcome in autograde(tasks, folder)}
    return SimpleNamespace(
        folder=folder, outcomes=outcomes, seconds=time.monotonic() - started, count=len(tasks)
    )


def test_a_batch_of_hard_texts_ends_and_all_are_graded_or_refused_by_name(hard_batch):
    """Row 29: a refusal names the limit, and no student waits for another."""
    assert len(hard_batch.outcomes) == hard_batch.count
    for student, outcome in hard_batch.outcomes.items():
        assert outcome == SUCCESS or outcome.status == REFUSED, (student, outcome)
        if outcome.status == REFUSED:
            assert re.search(r"^sums\.ipynb.*the most is [\d,]+$", outcome.sentence), outcome
    assert hard_batch.outcomes["many cells"].sentence.startswith("sums.ipynb has 300,005 cells")
    assert hard_batch.outcomes["good"] == SUCCESS
    assert points(hard_batch.folder, "good") == 3.0
    assert hard_batch.seconds < 20 * hard_batch.count


def test_text_that_cannot_be_rendered_is_shown_as_plain_text(hard_batch):
    """Row 29: nbconvert took 41 seconds for 144 KB of ``\\begin{a}``."""
    started = time.monotonic()
    page = feedback_of(hard_batch.folder, f"text {HARD_NAMES['begin']}")
    graded = [student for student, outcome in hard_batch.outcomes.items() if outcome == SUCCESS]
    assert time.monotonic() - started < 30 * len(graded)
    assert "This was too large or took too long to format" in page
    assert "\\begin{a}\\begin{a}" in page
    for student in graded:
        folder = hard_batch.folder / "feedback" / student / small_course.NAME
        assert (folder / f"{small_course.NAME}.html").is_file(), student


@pytest.mark.parametrize("name", HARD)
def test_no_pattern_of_realignment_is_slow(name):
    """Row 29: even with a text that the size limits would allow."""
    submission = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
    for make in (small_course.new_markdown_cell, small_course.new_code_cell):
        submission.cells.append(make(HARD[name], id="own"))
    started = time.process_time()
    realign(submission, small_course.release())
    clean(HARD[name])
    one_line(HARD[name])
    assert time.process_time() - started < 5


TERMS = "x = " + "+".join(["1"] * 1200)
UNUSUAL = {
    "deep": (f"{TERMS}\n{small_course.DOUBLE}", "error"),  # IPython cannot run it either
    "long number": (f"x = 0x{'f' * 5000}\n{small_course.DOUBLE}", "passed"),
}
STOPS_AT_A_LONG_LINE = """
class Odd(Exception):
    def _render_traceback_(self):
        return ["Cell In[1], line " + "9" * 5000]

raise Odd
"""


@pytest.mark.parametrize(("answer", "status"), UNUSUAL.values(), ids=UNUSUAL.keys())
def test_code_that_no_tree_can_be_written_of_is_graded_all_the_same(answer, status, key):
    """Row 29: a sum of 1,200 numbers, or of one of 6,000 digits, beside a right answer."""
    aligned, _ = realign(small_course.notebook(answer, small_course.TOTAL), small_course.release())
    aligned.cells.insert(1, small_course.new_code_cell(STOPS_AT_A_LONG_LINE, id="odd"))
    aligned.cells.append(small_course.new_code_cell(f"double = {TERMS[4:]}", id="own"))
    result = grade(aligned, key, 3, small_course.LIMITS, "bubblewrap")
    assert [verdict.status for verdict in result.verdicts] == [status, "passed"]
    wrong = Dependents()
    wrong.add("double")
    wrong.follow(f"y = double(1){TERMS[4:]}")
    assert wrong.uses_one("y")


COSTLY = {
    "words": lambda: with_cells("a\n" * 500_000, kind="code"),
    "f-string": lambda: with_cells(f"x = f'{'{1}' * 340_000}'", kind="code"),
    "pictures": lambda: _with_pictures(400_000),
    "objects": lambda: _with_metadata([[[[[[]]]]]] * 500_000),
}


def _with_pictures(count):
    document = json.loads(with_cells("x"))
    picture = {"image/png": "iVBORw0KGgo="}
    document["cells"][-1]["attachments"] = {str(number): picture for number in range(count)}
    return json.dumps(document).encode()


def _with_metadata(value):
    document = json.loads(with_cells("x"))
    document["metadata"]["x"] = value
    return json.dumps(document, separators=(",", ":")).encode()


@pytest.mark.parametrize("name", COSTLY)
def test_what_would_take_minutes_or_gigabytes_to_read_is_refused_by_name(name):
    """Row 29: an f-string kept the parser busy for minutes; a million lines took a gigabyte."""
    content = COSTLY[name]()
    started = time.process_time()
    with pytest.raises(Refused, match=r"^sums\.ipynb.*the most is [\d,]+$"):
        notebook_of(content, "sums.ipynb")
    assert time.process_time() - started < 10


def test_a_text_without_an_end_is_read_once():
    """Row 27: each of its quotes was tried as the beginning of a string, for hours."""
    document = b"[" + b"," * 2_000_001 + b'"' + b'\\"' * 1_000_000
    message = HEADER.pack(MAGIC, len(document), 0) + document
    started = time.process_time()
    with pytest.raises(WireError):
        decode(message)
    assert time.process_time() - started < 5


def test_very_many_short_outputs_are_cut():
    """Row 31: a hundred thousand outputs of one letter took a minute to check."""
    outputs = NotebookOutputs(4 * 2**20, 16 * 2**20)
    sent = [{"output_type": "stream", "name": "stdout", "text": "a"}] * 140_000
    started = time.process_time()
    (left,) = outputs.taken(sent)
    assert "left out" in left.text
    assert len(outputs.taken(sent[:1000])) == 1000
    assert line_of_error(sent) == 0
    assert time.process_time() - started < 5


def test_outputs_of_a_notebook_are_bounded_in_sum(course):
    """Row 31: a hundred cells, each just below the limit for one cell."""
    limits = small_course.LIMITS
    cell = f"print('x' * {limits.output_bytes - 2000})"
    put_submission(course, "loud", content=with_cells(*[cell] * 100, kind="code"))
    put_submission(course, "good", GOOD)
    command = [sys.executable, "-c", GRADE_WITHIN, str(course), str(limits.output_bytes)]
    graded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert graded.returncode == 0, graded.stderr
    megabytes = int(graded.stdout.split()[-1]) / 2**10
    assert megabytes < 1500
    path = course / "autograded" / "loud" / small_course.NAME / f"{small_course.NAME}.ipynb"
    assert path.stat().st_size < 3 * 2**20
    _, notes = recorded_verdicts(course, small_course.NAME, "loud")
    (note,) = [note for note in notes if "output" in note]
    assert re.fullmatch(r"the output of 9\d cells was cut: .* bytes per cell are shown.*", note)
    assert points(course, "loud") == points(course, "good") == 3.0


GRADE_WITHIN = """
import pathlib, re, sys
from grading.settings import nbgrader_config
import grading.settings
config = nbgrader_config()
config.GradeInSandbox.output_bytes = int(sys.argv[2])
config.GradeInSandbox.notebook_output_bytes = 10 * int(sys.argv[2])
grading.settings.nbgrader_config = lambda root: config
from grading.steps.run_nbgrader import autograde_one
for student in ("loud", "good"):
    assert autograde_one(pathlib.Path(sys.argv[1]), "sums", student).graded
# Not getrusage's figure, which begins with that of the process that started this one.
print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""

RAISES = f"def double(numbers):\n    raise ValueError({ESCAPES!a})\n"
STRANGE = {
    "raises": (answered(RAISES), 1.0),
    "prints": (answered(f"{small_course.DOUBLE}print({ESCAPES!a})\n"), 3.0),
    "holds": (
        changed(lambda cell, _: cell.update(source=f"{small_course.DOUBLE}# {ESCAPES}")),
        3.0,
    ),
    "markdown": (with_cells(f"mine: {ESCAPES}"), 3.0),
    "half a pair in a name": (
        changed(lambda cell, document: document["metadata"].update({ESCAPES: ESCAPES})),
        3.0,
    ),
    "emoji": (
        changed(lambda cell, _: cell.update(source=f"{small_course.DOUBLE}# \U0001f600")),
        3.0,
    ),
}


@pytest.fixture(scope="module")
def strange_batch(released, tmp_path_factory):
    """Return what a teacher sees of a class whose texts, files and names contain commands."""
    folder = shutil.copytree(released, tmp_path_factory.mktemp("strange") / "course")
    for student, (content, _) in STRANGE.items():
        put_submission(folder, student, content=content)
    beside = put_submission(folder, "files", GOOD).parent
    (beside / "\x1b]0;mine\x07\u202e.csv").write_text("1")
    (beside / os.fsdecode(b"\xff\xfe.csv")).write_text("1")
    put_submission(folder, "named \x1b[2J", GOOD)
    put_submission(folder, os.fsdecode(b"latin \xe9"), GOOD)
    console = Console(width=150, file=io.StringIO(), force_terminal=False)
    complete = grade_assignment(small_course.NAME, [], folder, 2, "bubblewrap", console)
    return SimpleNamespace(folder=folder, said=console.file.getvalue(), complete=complete)


@pytest.mark.parametrize("student", STRANGE)
def test_strange_characters_cost_no_grade_and_are_in_no_file(strange_batch, student):
    """Row 32: half a surrogate pair, NUL, and commands to a terminal."""
    folder = strange_batch.folder
    assert points(folder, student) == STRANGE[student][1]
    receipt = receipt_path(folder, student, small_course.NAME, small_course.NAME)
    notebook = folder / "autograded" / student / small_course.NAME / f"{small_course.NAME}.ipynb"
    for path in (receipt, notebook):
        texts = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
        assert not re.search(r"\\u00[019][0-9a-f]|\\u007f|[\ud800-\udfff\x7f-\x9f]", texts), path


def test_pages_and_tables_of_strange_characters_are_written(strange_batch):
    """Row 32: the feedback, formgrader's table, and the report."""
    folder = strange_batch.folder
    page = feedback_of(folder, "prints")
    assert not re.search(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]", page)
    export_grades(small_course.NAME, "csv", folder / "out.csv", None, folder)
    assert not CONTROLS.search((folder / "out.csv").read_text(encoding="utf-8").replace("\r", ""))
    write_assignment_report(small_course.NAME, folder, folder / "report.html")
    assert not CONTROLS.search((folder / "report.html").read_text(encoding="utf-8"))


def test_the_terminal_is_unharmed(strange_batch):
    """Row 32: names, messages, notes and file names, as `course grade` prints them."""
    assert not strange_batch.complete
    assert not CONTROLS.search(strange_batch.said)
    assert "cannot be a student's name: it contains control characters" in strange_batch.said
    assert ".csv was ignored" in strange_batch.said


def test_nbgrader_s_own_log_is_clean(course):
    """Row 32: `nbgrader autograde` prints the names of folders and files."""
    beside = put_submission(course, "files", GOOD).parent
    (beside / "\x1b]0;mine\x07.csv").write_text("1")
    command = [sys.executable, "-m", "nbgrader", "autograde", small_course.NAME]
    command += [f"--CourseDirectory.root={course}", "--student=files"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Copying" in said.stderr
    assert not CONTROLS.search(said.stderr)


def test_names_that_only_case_or_unicode_form_tell_apart_are_graded_alike(course):
    """Row 35: each pair of names is two students, and neither gets the other's points."""
    wrong = small_course.notebook("def double(n):\n    return n", small_course.TOTAL)
    names = {"Zo\u00eb": GOOD, "Zoe\u0308": wrong, "ADA": wrong, "ada": GOOD}
    for student, notebook in names.items():
        put_submission(course, student, notebook)
    console = Console(width=150, file=io.StringIO())
    assert grade_assignment(small_course.NAME, [], course, 2, "bubblewrap", console)
    for student, notebook in names.items():
        assert points(course, student) == (3.0 if notebook is GOOD else 1.0)


NAMES = ["a[b]", "*", "x\ny", "x\x1b[2J", "<img src=x onerror=alert(1)>", '";alert(1)//', " ada"]


def test_a_name_that_some_step_would_misread_is_refused(course):
    """Row 35: brackets, patterns, control characters, HTML, a name of 200 characters."""
    put_submission(course, "ab", GOOD)
    for student in [*NAMES, "n" * 200]:
        put_submission(course, student, GOOD) if "/" not in student else None
    students = [path.name for path in (course / "submitted").iterdir()]
    tasks = [(small_course.NAME, student) for student in students]
    outcomes = {student: outcome for (_, student), outcome in autograde(tasks, course)}
    assert outcomes.pop("ab") == SUCCESS
    assert points(course, "ab") == 3.0
    for student, outcome in outcomes.items():
        assert outcome.status == REFUSED, (student, outcome)
        assert "cannot be a student's name" in outcome.sentence
        assert not CONTROLS.search(outcome.sentence)


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_name_that_cannot_be_a_folder_s_stops_no_collect(course, tmp_path):
    """Row 35: 300 characters, control characters, a name that differs from another only by form."""
    good = nbformat.writes(GOOD)
    names = ["n" * 300, "x\x1b[2J", "a[b]", "Zo\u00eb", "Zoe\u0308", "ADA", "ada", "bob"]
    source = zipped(tmp_path / "all.zip", {f"{name}/work.ipynb": good for name in names})
    students, problems = collect(source, small_course.NAME, course)
    assert list(students) == ["ADA", "bob"]
    assert len(problems) == 5
    assert not [problem for problem in problems if CONTROLS.search(problem) or len(problem) > 300]


def test_a_damaged_or_encrypted_entry_costs_only_itself(course, tmp_path):
    """Row 35."""
    source = zipped(tmp_path / "all.zip", {"ada/a.ipynb": "{}", "bob/b.ipynb": "x" * 99})
    content = bytearray(source.read_bytes())
    content[content.index(b"x" * 99)] = ord("y")  # its checksum is wrong now
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1  # the first claims to be encrypted
    source.write_bytes(content)
    students, problems = collect(source, small_course.NAME, course)
    assert students == {}
    assert len(problems) == 2
    assert all("damaged or encrypted" in problem for problem in problems)


def test_a_folder_of_odd_things_is_collected(course, tmp_path):
    """Row 35: a pipe, a socket and a link are named, and the command does not wait for them."""
    for student in ("ada", "bob", "eve", "zoe"):
        (tmp_path / "in" / student).mkdir(parents=True)
    os.mkfifo(tmp_path / "in" / "ada" / "a.ipynb")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "in" / "bob" / "b.ipynb"))
    (tmp_path / "in" / "eve" / "e.ipynb").symlink_to("/etc/passwd")
    nbformat.write(GOOD, tmp_path / "in" / "zoe" / "z.ipynb")
    students, problems = collect(tmp_path / "in", small_course.NAME, course)
    assert list(students) == ["zoe"]
    assert sorted(problem.split(" is ")[1] for problem in problems) == [
        "a link, and was left out",
        "a named pipe, and was left out",
        "a socket, and was left out",
    ]


WRONGLY_TYPED = {
    "nbgrader is a number": lambda cell, _: cell["metadata"].update(nbgrader=3),
    "grade_id is a list": lambda cell, _: cell["metadata"].update(nbgrader={"grade_id": ["a"]}),
    "grade_id is a dict": lambda cell, _: cell["metadata"].update(nbgrader={"grade_id": {}}),
    "tags is a text": lambda cell, _: cell["metadata"].update(tags="x"),
    "metadata is a list": lambda cell, _: cell.update(metadata=[]),
    "metadata is missing": lambda cell, _: cell.pop("metadata"),
    "id is a number": lambda cell, _: cell.update(id=7),
    "id is long": lambda cell, _: cell.update(id="x" * 10_000),
    "ids are the same": lambda cell, document: [c.update(id="a") for c in document["cells"]],
    "outputs is a text": lambda cell, _: cell.update(outputs="x"),
    "attachments is a list": lambda cell, _: cell.update(attachments=[1]),
    "notebook metadata is a list": lambda cell, document: document.update(metadata=[]),
    "language is a number": lambda cell, document: document["metadata"].update(language=3),
    "minor is a text": lambda cell, document: document.update(nbformat_minor="x"),
    "minor is of the future": lambda cell, document: document.update(nbformat_minor=99),
}


NO_CELLS = {
    "a list of lists": (lambda cell, _: cell.update(source=[["a"]]), "cell 2 has a source that is"),
    "a dict": (lambda cell, _: cell.update(source={"a": 1}), "cell 2 has a source that isn't text"),
    "a number": (lambda cell, document: document["cells"].append(3), "cell 6 is malformed"),
    "no list": (lambda cell, document: document.update(cells={}), "has no list of cells"),
    "no format": (lambda cell, document: document.update(nbformat=[4]), "has the notebook format"),
}


@pytest.fixture(scope="module")
def typed_batch(released, tmp_path_factory):
    """Return a course, and the outcomes of submissions whose JSON has values of wrong types."""
    folder = shutil.copytree(released, tmp_path_factory.mktemp("typed") / "course")
    changes = WRONGLY_TYPED | {name: change for name, (change, _) in NO_CELLS.items()}
    for student, change in changes.items():
        put_submission(folder, student, content=changed(change))
    tasks = [(small_course.NAME, student) for student in changes]
    outcomes = {student: outcome for (_, student), outcome in autograde(tasks, folder)}
    return SimpleNamespace(folder=folder, outcomes=outcomes)


@pytest.mark.parametrize("what", WRONGLY_TYPED)
def test_json_values_of_wrong_types_cost_no_points(typed_batch, what):
    assert typed_batch.outcomes[what] == SUCCESS
    assert points(typed_batch.folder, what) == 3.0


@pytest.mark.parametrize("what", NO_CELLS)
def test_invalid_cells_are_refused_by_name(typed_batch, what):
    outcome = typed_batch.outcomes[what]
    assert outcome.status == REFUSED
    assert NO_CELLS[what][1] in outcome.sentence
    assert outcome.sentence.startswith("sums.ipynb")


def _pipe(path):
    os.mkfifo(path)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))


@pytest.mark.parametrize("make", [_pipe, _socket])
@pytest.mark.parametrize("name", ["sums.ipynb", "timestamp.txt", "data.csv"])
def test_a_pipe_or_socket_does_not_block_grading(course, make, name, monkeypatch):
    put_submission(course, "student", GOOD)
    assert autograde_one(course, small_course.NAME, "student") == SUCCESS
    place = course / "submitted" / "student" / small_course.NAME / name
    place.unlink(missing_ok=True)
    monkeypatch.chdir(place.parent)
    make(place)
    console = Console(width=150, file=io.StringIO())
    started = time.monotonic()
    again = name == "timestamp.txt"  # a file that no grade depends on
    complete = grade_assignment(small_course.NAME, [], course, 1, "bubblewrap", console, again)
    assert time.monotonic() - started < 60
    assert complete == (name == "data.csv")
    if not complete:
        assert f"{name} is not a file but" in console.file.getvalue()


def test_a_hard_link_to_the_gradebook_is_refused(course):
    path = put_submission(course, "student")
    os.link(course / "gradebook.db", path)
    before = (course / "gradebook.db").stat().st_ino
    outcome = autograde_one(course, small_course.NAME, "student")
    assert outcome.status == REFUSED
    assert "sums.ipynb" in outcome.sentence
    assert (course / "gradebook.db").stat().st_ino == before
    # Collecting replaces the link; it does not write through it.
    source = course.parent / "in" / "student"
    source.mkdir(parents=True)
    nbformat.write(GOOD, source / "work.ipynb")
    taken, problems = collect(source.parent, small_course.NAME, course)
    assert (list(taken), problems) == (["student"], [])
    assert autograde_one(course, small_course.NAME, "student") == SUCCESS
    assert points(course, "student") == 3.0


def test_the_bytes_that_are_graded_are_the_bytes_that_are_hashed(course):
    """A new submission may arrive while the old one is run, and clocks may be set back."""
    path = course / "submitted" / "student" / small_course.NAME / f"{small_course.NAME}.ipynb"
    slow = f"import time\ntime.sleep(4)\n{small_course.DOUBLE}"
    put_submission(course, "student", small_course.notebook(slow, small_course.TOTAL))
    first = path.read_bytes()
    wrong = small_course.notebook("def double(n):\n    return n", small_course.TOTAL)
    grading = subprocess.Popen(
        [sys.executable, "-c", GRADE_ONE, str(course)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    while not list((course / "autograded").glob("student/*/*.ipynb")):
        assert grading.poll() is None
        time.sleep(0.02)
    nbformat.write(wrong, path)
    assert grading.wait(120) == 0
    receipt = read_receipt(receipt_path(course, "student", small_course.NAME, small_course.NAME))
    assert receipt["sha256"]["submission"] == digest(first)
    assert points(course, "student") == 3.0
    # The student's clock is set back, and so is the grader's, which was ahead.
    os.utime(path, (0, 0))
    write_receipt(receipt | {"graded_at": "2099-01-01T00:00:00+00:00"}, course)
    console = Console(width=150, file=io.StringIO())
    assert grade_assignment(small_course.NAME, [], course, 1, "bubblewrap", console)
    assert points(course, "student") == 1.0
    (change,) = changes(small_course.NAME, course).to_dict("records")
    assert (change["before"], change["after"]) == (3.0, 1.0)


GRADE_ONE = """
import pathlib, sys
from grading.steps.run_nbgrader import autograde_one
assert autograde_one(pathlib.Path(sys.argv[1]), "sums", "student").graded
"""
GRADE_FULL = """
import pathlib, sys
from grading.steps.run_nbgrader import autograde_one
outcome = autograde_one(pathlib.Path(sys.argv[1]), "sums", "student")
print(outcome.status, outcome.sentence, sep="|")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_is_reported_and_leaves_no_partial_file(course, tmp_path):
    put_submission(course, "student", content=with_cells(*["filler " * 9000] * 10))
    small = tmp_path / "small"
    small.mkdir()
    script = (
        f"mount -t tmpfs -o size=4m small {small} && cp -a {course}/. {small} && "
        f"dd if=/dev/zero of={small}/filler bs=1k count={{free}} 2>/dev/null; "
        f"{sys.executable} -c '{GRADE_FULL}' {small}; "
        f"find {small} -name '*.new' -o -path '*autograded*' -name '*.ipynb' -o -name '*.json'"
    )
    free = 4096 - sum(path.stat().st_size for path in course.rglob("*") if path.is_file()) // 1024
    command = ["unshare", "-m", "sh", "-c", script.format(free=free - 500)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    status, _, rest = ended.stdout.partition("|")
    assert status == "cannot grade", ended.stdout + ended.stderr
    assert re.search(r"No space left|disk is full", rest), rest
    assert not rest.splitlines()[1:], rest


def test_all_dead_cells_of_a_notebook_are_one_note(course):
    dies = "import os\nos._exit(3)"
    put_submission(course, "student", content=with_cells(*[dies] * 6, kind="code"))
    assert autograde_one(course, small_course.NAME, "student") == SUCCESS
    _, notes = recorded_verdicts(course, small_course.NAME, "student")
    (note,) = [note for note in notes if "cells ended the sandbox" in note]
    assert "6 cells" in note
    assert "(6 times)" in note
    assert points(course, "student") == 3.0


def test_what_cannot_be_graded_has_a_dash_and_no_score_anywhere(course):
    tests = course / "solutions" / small_course.NAME / "hidden_tests.py"
    tests.write_text(small_course.HIDDEN_TESTS.replace("sum(numbers)", "sum(nobody)"))
    put_submission(course, "student", GOOD)
    console = Console(width=150, file=io.StringIO())
    assert not grade_assignment(small_course.NAME, [], course, 1, "bubblewrap", console)
    assert re.search(r"│ student +│ +– │", console.file.getvalue())
    (grade,) = export_grades(small_course.NAME, "csv", course / "out.csv", None, course).grades
    assert grade.score is None
    assert (course / "out.csv").read_text().splitlines()[1] == "student,,,,,3,1"
    export_grades(small_course.NAME, "gradescope", course / "out", None, course)
    assert not list((course / "out").rglob("*.json"))
    write_assignment_report(small_course.NAME, course, course / "report.html")
    page = (course / "report.html").read_text(encoding="utf-8")
    page = re.sub('base64,[^"]*', "", page)
    assert "1 not fully graded" in page
    assert "nan" not in page
    assert "0 of 3" not in page


def test_a_student_without_any_grade_stays_in_the_class_report():
    scores = pd.DataFrame(
        [("ada", 1.0), ("bob", float("nan"))], columns=["student", "score"]
    ).assign(lesson="sums", exercise="double", points=2.0)
    table = gradebook_table(scores)
    assert list(table.loc["ada"]) == ["1 / 2", "1 / 2", 0]
    assert list(table.loc["bob"]) == ["–", "–", 1]


def test_pictures_of_a_student_are_kept_and_other_attachments_are_not():
    document = json.loads(with_cells("![plot](attachment:plot.png)"))
    document["cells"][-1]["attachments"] = live_html.attachments("http://127.0.0.1:9")
    notebook = notebook_of(json.dumps(document).encode(), "sums.ipynb")
    aligned, _ = realign(notebook, small_course.release())
    assert aligned.cells[-1].attachments == {"plot.png": {"image/png": live_html.PIXEL}}
    nbformat.validate(aligned)
