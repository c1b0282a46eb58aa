"""What students hand in, and how, for the rows of the table in docs/security.md."""

import contextlib
import json
import os
import time

import nbformat
import psutil
import small_course
from nbgrader.apps import ZipCollectApp
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory

GOOD = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
SCRIPT = "<script>document.title = 'mine'</script>"
LOUD = (
    "from IPython.display import HTML, Javascript, display\n"
    f"display(HTML({SCRIPT!r}))\ndisplay(Javascript('document.title = 1'))\n"
    f"def double(numbers):\n    raise ValueError({SCRIPT!r})\n"
)
FORGED = "2001-01-01 00:00:00 UTC"
COLLECTED = "2020-02-03-04-05-06"
BROKEN = {
    "not-json": b"print('hello')",
    "empty": b"",
    "null-bytes": b"\0" * 100,
    "cut-short": json.dumps(GOOD).encode()[:500],
    "format-3": json.dumps({"nbformat": 3, "nbformat_minor": 0, "worksheets": []}).encode(),
    "no-cells": json.dumps({"nbformat": 4, "nbformat_minor": 5}).encode(),
    "deep": b"[" * 10**6,
}
GAMBLE = """
import random
import numpy as np

lucky = random.random() < 0.5 or np.random.random() < 0.5

def double(numbers):
    right = lucky and random.random() < 0.9
    return [2 * number for number in numbers] if right else numbers
"""


def skipped(answer):
    """Row 1: every cell is tagged as one that should be skipped, or that may fail."""
    notebook = small_course.notebook(answer, small_course.TOTAL)
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception"]
    return notebook


def moved_about():
    """Row 14: graded cells deleted, doubled, moved and retyped, and cells of the student's own."""
    notebook = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
    intro, double, test_double, total, test_total = notebook.cells
    own = small_course.new_code_cell("extra = 1", id="mine")
    changed = small_course.new_code_cell("pass", id="other", metadata=test_total.metadata)
    retyped = small_course.new_markdown_cell("assert True", id="x", metadata=test_double.metadata)
    notebook.cells = [total, own, changed, double, retyped, double.copy(), intro]
    return notebook


def deleted():
    """Row 14: a graded cell is missing."""
    notebook = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
    del notebook.cells[2]
    return notebook


def stripped():
    """Row 15: as an editor leaves it that does not keep metadata and ids."""
    notebook = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
    notebook.nbformat_minor, notebook.metadata = 0, {}
    for cell in notebook.cells:
        cell.metadata = small_course.NotebookNode()
        cell.pop("id")
    return notebook


def put_submission(course, student, notebook=None, content=None):
    """Put a submission where nbgrader expects it; return the path of its notebook."""
    folder = course / "submitted" / student / small_course.NAME
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{small_course.NAME}.ipynb"
    if notebook is not None:
        nbformat.write(notebook, path)
    elif content is not None:
        path.write_bytes(content)
    return path


def through_the_exchange(course, config, student, folder):
    """Row 18: hand in with a forged time stamp, through nbgrader's exchange."""
    mine = folder / "home" / small_course.NAME
    mine.mkdir(parents=True)
    nbformat.write(GOOD, mine / f"{small_course.NAME}.ipynb")
    (mine / "timestamp.txt").write_text(FORGED)
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.student_id = student
    config.CourseDirectory.assignment_id = small_course.NAME
    config.Exchange.root = str(folder / "exchange")
    config.Exchange.cache = str(folder / "cache")
    config.Exchange.assignment_dir = str(mine.parent)
    (folder / "exchange").mkdir()
    steps = ExchangeFactory(config=config)
    for step in (steps.ReleaseAssignment, steps.Submit, steps.Collect):
        directory, authenticator = CourseDirectory(config=config), Authenticator(config=config)
        step(coursedir=directory, authenticator=authenticator, config=config).start()


def through_a_platform(course, config, student):
    """Row 18: hand in with a forged time stamp among the files of a learning platform."""
    inbox = course / "downloaded" / small_course.NAME / "archive"
    inbox.mkdir(parents=True)
    begin = f"{student}_{COLLECTED}_"
    nbformat.write(GOOD, inbox / f"{begin}{small_course.NAME}.ipynb")
    (inbox / f"{begin}timestamp.txt").write_text(FORGED)
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.assignment_id = small_course.NAME
    pattern = r".*/(?P<student_id>\w+?)_(?P<timestamp>[\d-]+)_(?P<file_id>\w+)"
    config.FileNameCollectorPlugin.named_regexp = pattern
    collecting = ZipCollectApp(config=config)
    collecting.coursedir = CourseDirectory(config=config)
    collecting.start()


def left_over():
    """Return the living processes of boxes that this process opened; dying ones get a moment."""
    end = time.monotonic() + 15
    while (living := _of_boxes()) and time.monotonic() < end:
        time.sleep(0.2)
    return living


# What a process keeps for its next box, page and pool, and Python's tracker of shared resources.
KEPT = ("grading.inside.warm", "grading.steps.rendering", "multiprocessing.resource_tracker")


def fork_servers(process):
    """Return the processes from which a process's workers are forked."""
    return [child for child in process.children() if "forkserver" in " ".join(child.cmdline())]


def workers_of(process):
    """Return the processes that grade a batch."""
    return [worker for server in fork_servers(process) for worker in server.children()]


def _of_boxes():
    first = 2**30 + os.getpid() * 64
    ours = workers_of(psutil.Process())
    for child in psutil.Process().children():
        command = " ".join(child.cmdline())
        if not any(kept in command for kept in (*KEPT, "forkserver")):
            ours.append(child)
    ours += [below for one in ours for below in one.children(recursive=True)]
    living = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended in the meantime
            boxed = process in ours or first <= process.uids().real < first + 64
            if boxed and process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living
