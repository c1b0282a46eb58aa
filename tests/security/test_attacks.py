"""Attacks by a student's code, one sandbox each: rows 1 to 16 and 20 to 22 of the table."""

import contextlib
import os
import re
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import sums
from attacks import ATTACKS, CONNECT, OPEN_FILES, RIGHT, WRONG, Attack
from nbgrader.utils import determine_grade

from grading.paths import ROOT
from grading.preprocessors import put_outputs
from grading.realign import realign
from grading.sandbox import Limits, find_bubblewrap
from grading.session import AnswerKey, grade
from grading.testing import load_tests

LIMITS = Limits(
    cell_seconds=30,
    test_seconds=30,
    notebook_seconds=400,
    memory_bytes=2**30,
    processes=120,
    scratch_bytes=48 * 2**20,
    file_bytes=32 * 2**20,
    output_bytes=200_000,
)
# What loops has time enough to be seen doing so.
SHORT = {"cell_seconds": 5, "test_seconds": 5}
pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("tests") / "hidden_tests.py"
    path.write_text(sums.HIDDEN_TESTS)
    return AnswerKey(load_tests(path), sums.solution())


def graded(notebook, key, limits=LIMITS):
    """Return the aligned notebook with its outputs, and its verdicts by exercise."""
    aligned, _ = realign(notebook, sums.release())
    result = grade(aligned, key, 3, limits, "bubblewrap")
    put_outputs(aligned, result.outputs)
    return aligned, {verdict.exercise: verdict for verdict in result.verdicts}


def scores(notebook):
    """Return the points that nbgrader reads from a notebook's outputs."""
    return {
        cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def left_over():
    """Return the living processes of boxes that this process opened; the dying have a moment."""
    end = time.monotonic() + 15
    while (living := _of_boxes()) and time.monotonic() < end:
        time.sleep(0.2)
    return living


def _of_boxes():
    first = 2**30 + os.getpid() * 64
    ours = psutil.Process().children(recursive=True)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if first <= process.uids().real < first + 64:
                ours.append(process)
    return [process for process in ours if process.status() != psutil.STATUS_ZOMBIE]


def said_by(notebook, verdict):
    cell = next(cell for cell in notebook.cells if cell.id == "double")
    return verdict.text + str(cell.outputs)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.row} {attack.name}")
def test_attack_ends_as_it_must(attack: Attack, key):
    limits = replace(LIMITS, **SHORT) if attack.status == "timed out" else LIMITS
    notebook, verdicts = graded(sums.notebook(attack.answer, sums.TOTAL), key, limits)
    assert verdicts["double"].status == attack.status, verdicts["double"].text
    assert attack.says in said_by(notebook, verdicts["double"])
    assert verdicts["total"].status == "passed", verdicts["total"].text
    points = 2.0 if attack.status == "passed" else 0.0
    assert scores(notebook) == {"test_double": points, "test_total": 1.0}
    assert sum(len(str(cell.get("outputs", ""))) for cell in notebook.cells) < 3e5
    assert not left_over()


@pytest.mark.parametrize("answer", [RIGHT, WRONG], ids=["right", "wrong"])
def test_tags_that_skip_cells_are_gone(answer, key):
    """Row 1."""
    notebook = sums.notebook(answer, sums.TOTAL)
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception"]
        cell.metadata.setdefault("nbgrader", {})["points"] = 100
    notebook, verdicts = graded(notebook, key)
    assert verdicts["double"].status == ("passed" if answer == RIGHT else "failed")
    assert scores(notebook)["test_total"] == 1.0


def test_files_of_the_instructor_cannot_be_opened(key, tmp_path):
    """Row 6."""
    secrets = [tmp_path / name for name in ("gradebook.db", "hidden_tests.py", "other.ipynb")]
    for path in secrets:
        path.write_text("secret")
    token = os.path.expanduser("~/.cache/huggingface/token")
    paths = [
        *map(str, secrets),
        "/etc/shadow",
        token,
        f"/proc/{os.getpid()}/environ",
        sums.__file__,
    ]
    answer = OPEN_FILES.format(paths=paths)
    _, verdicts = graded(sums.notebook(answer, sums.TOTAL), key)
    assert "got ['opened']" in verdicts["double"].message


def test_network_is_out_of_reach(key):
    """Row 8: a listener on this machine sees nothing."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def listen():
            with contextlib.suppress(OSError):
                seen.append(listener.accept())

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        answer = CONNECT.format(port=listener.getsockname()[1])
        _, verdicts = graded(sums.notebook(answer, sums.TOTAL), key)
    assert "got ['reached']" in verdicts["double"].message
    assert not seen


def moved_about():
    """Row 14: graded cells deleted, doubled, moved, retyped, and cells of one's own."""
    notebook = sums.notebook(sums.DOUBLE, sums.TOTAL)
    intro, double, test_double, total, test_total = notebook.cells
    own = sums.new_code_cell("extra = 1", id="mine")
    changed = sums.new_code_cell("pass", id="other", metadata=test_total.metadata)
    retyped = sums.new_markdown_cell("assert True", id="x", metadata=test_double.metadata)
    notebook.cells = [total, own, changed, double, retyped, double.copy(), intro]
    return notebook


def stripped():
    """Row 15: as an editor leaves it that knows neither metadata nor ids."""
    notebook = sums.notebook(sums.DOUBLE, sums.TOTAL)
    notebook.nbformat_minor, notebook.metadata = 0, {}
    for cell in notebook.cells:
        cell.metadata = sums.NotebookNode()
        cell.pop("id")
    return notebook


@pytest.mark.parametrize("make", [moved_about, stripped])
def test_cells_that_were_moved_or_stripped_score_the_same(make, key):
    notebook, verdicts = graded(make(), key)
    assert [verdict.status for verdict in verdicts.values()] == ["passed", "passed"]
    assert scores(notebook) == {"test_double": 2.0, "test_total": 1.0}


GAMBLE = """
import random
import numpy as np

lucky = random.random() < 0.5 or np.random.random() < 0.5

def double(numbers):
    right = lucky and random.random() < 0.9
    return [2 * number for number in numbers] if right else numbers
"""


def test_an_answer_that_gambles_is_graded_the_same_in_five_runs(key):
    """Row 22: code that draws without a seed draws the same whenever it is graded."""
    ended = [graded(sums.notebook(GAMBLE, sums.TOTAL), key)[1]["double"] for _ in range(5)]
    assert len({(verdict.status, verdict.message) for verdict in ended}) == 1


def test_untouched_stubs_are_not_attempted(key):
    _, verdicts = graded(sums.release(), key)
    assert {verdict.status for verdict in verdicts.values()} == {"not attempted"}


def test_cells_below_a_wrong_answer_find_the_references(key):
    needs_double = "assert double([1]) == [2]\n" + sums.TOTAL
    _, verdicts = graded(sums.notebook(WRONG, needs_double), key)
    assert verdicts["double"].status == "failed"
    assert verdicts["total"].status == "passed"


def test_every_row_of_the_table_has_a_test():
    table = (ROOT / "docs" / "security.md").read_text()
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    tested = {attack.row for attack in ATTACKS}
    for path in Path(__file__).parent.glob("test_*.py"):
        tested |= {int(number) for number in re.findall(r'"""Row (\d+)[.:]', path.read_text())}
    assert rows == tested
