"""Attacks by a student's code, each in a sandbox of its own: rows 1 to 16 and 20 to 22."""

import contextlib
import os
import re
import socket
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
import small_course
from attacks import ATTACKS, CONNECT, OPEN_FILES, RIGHT, WRONG, Attack, rows_of_table
from nbgrader.utils import determine_grade
from submissions import GAMBLE, deleted, left_over, moved_about, skipped, stripped

from grading.intake.realign import realign
from grading.judging.disposable import MEMORY_BYTES, PROCESSOR_SECONDS
from grading.judging.session import grade
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.contents import environment
from grading.sandbox.warm import warm_kernels
from grading.steps.preprocessors import put_outputs

DEPENDS_ON = ("grading/inside",)  # this code runs in other processes

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")


@pytest.fixture(scope="module", params=["cold", "warm"], autouse=True)
def kernels(request):
    """Start kernels as for one notebook, then as for a batch: tests must end the same with both."""
    with (
        warm_kernels(environment(), ["transformers"])
        if request.param == "warm"
        else contextlib.nullcontext()
    ):
        yield


def graded(notebook, key, limits=small_course.LIMITS):
    """Return the aligned notebook with its outputs, and its verdicts by exercise."""
    aligned, _ = realign(notebook, small_course.release())
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


def said_by(notebook, verdict):
    cell = next(cell for cell in notebook.cells if cell.id == "double")
    return verdict.text + str(cell.outputs)


@dataclass
class Reader:
    """The bytes that a process has used to judge replies, beyond those it was forked with."""

    pid: int
    held: int
    seconds: float = 0.0
    bytes: int = 0


@pytest.fixture
def readers(monkeypatch):
    """List the processes that judge, and measure each by the kernel's own count when it ends."""
    found = {}
    fork = os.fork

    def counted_fork():
        held = psutil.Process().memory_info().rss
        pid = fork()
        found[pid] = Reader(pid, held)
        return pid

    def measured_wait(pid, options):
        pid, status, used = os.wait4(pid, options)
        if pid in found:
            found[pid].seconds = used.ru_utime + used.ru_stime
            found[pid].bytes = used.ru_maxrss * 1024 - found[pid].held
        return pid, status

    monkeypatch.setattr(os, "fork", counted_fork)
    monkeypatch.setattr(os, "waitpid", measured_wait)
    return found


def most_held():
    """Return the most bytes that this process has held since `forget_most_held` was called."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def forget_most_held():
    Path("/proc/self/clear_refs").write_text("5")


@contextlib.contextmanager
def within_limits(readers):
    """Require that the grader and the processes that judge use no more than a reply may cost.

    Processor time and bytes are counted, not time on the clock, so that a busy machine changes
    nothing.
    """
    forget_most_held()
    held, started = most_held(), time.process_time()
    yield
    assert readers
    for reader in readers.values():
        # The limit is in whole seconds, and the kernel checks it at the end of each second.
        assert 0 < reader.seconds <= PROCESSOR_SECONDS + 2
        assert reader.bytes <= MEMORY_BYTES
    assert time.process_time() - started <= PROCESSOR_SECONDS
    assert most_held() - held <= MEMORY_BYTES


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.row} {attack.name}")
def test_attack_ends_as_it_must(attack: Attack, key, readers):
    """Whatever it replies, it costs no more of the grader's time and memory than the limits say."""
    limits = (
        replace(small_course.LIMITS, **small_course.SHORT)
        if attack.status == "timed out"
        else small_course.LIMITS
    )
    answers = small_course.notebook(attack.answer, small_course.TOTAL)
    with within_limits(readers):
        notebook, verdicts = graded(answers, key, limits)
    assert verdicts["double"].status == attack.status, verdicts["double"].text
    said = said_by(notebook, verdicts["double"])
    assert attack.says in said
    assert attack.shows in said
    assert verdicts["total"].status == "passed", verdicts["total"].text
    points = 2.0 if attack.status == "passed" else 0.0
    assert scores(notebook) == {"test_double": points, "test_total": 1.0}
    assert sum(len(str(cell.get("outputs", ""))) for cell in notebook.cells) < 3e5
    assert not left_over()


@pytest.mark.parametrize("answer", [RIGHT, WRONG], ids=["right", "wrong"])
def test_tags_that_skip_cells_are_gone(answer, key):
    """Row 1."""
    notebook = skipped(answer)
    for cell in notebook.cells:
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
        small_course.__file__,
    ]
    answer = OPEN_FILES.format(paths=paths)
    _, verdicts = graded(small_course.notebook(answer, small_course.TOTAL), key)
    assert "got ['opened']" in verdicts["double"].message


def test_network_is_out_of_reach(key):
    """Row 8: a listener on this machine receives no connection."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def listen():
            with contextlib.suppress(OSError):
                seen.append(listener.accept())

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        answer = CONNECT.format(port=listener.getsockname()[1])
        _, verdicts = graded(small_course.notebook(answer, small_course.TOTAL), key)
    assert "got ['reached']" in verdicts["double"].message
    assert not seen


@pytest.mark.parametrize("make", [moved_about, deleted, stripped])
def test_cells_that_were_moved_or_stripped_score_the_same(make, key):
    """Row 14: graded cells moved about or deleted. Row 15: all metadata lost."""
    notebook, verdicts = graded(make(), key)
    assert [verdict.status for verdict in verdicts.values()] == ["passed", "passed"]
    assert scores(notebook) == {"test_double": 2.0, "test_total": 1.0}


def test_an_answer_that_gambles_is_graded_the_same_in_five_runs(key):
    """Row 22: code that draws without a seed draws the same numbers in every grading."""
    ended = [
        graded(small_course.notebook(GAMBLE, small_course.TOTAL), key)[1]["double"]
        for _ in range(5)
    ]
    assert len({(verdict.status, verdict.message) for verdict in ended}) == 1


def test_untouched_stubs_are_not_attempted(key):
    _, verdicts = graded(small_course.release(), key)
    assert {verdict.status for verdict in verdicts.values()} == {"not attempted"}


def test_cells_below_a_wrong_answer_find_the_references(key):
    needs_double = "assert double([1]) == [2]\n" + small_course.TOTAL
    _, verdicts = graded(small_course.notebook(WRONG, needs_double), key)
    assert verdicts["double"].status == "failed"
    assert verdicts["total"].status == "passed"


def test_every_row_of_the_table_has_a_test():
    rows = rows_of_table()
    tested = {attack.row for attack in ATTACKS}
    for path in Path(__file__).parent.glob("test_*.py"):
        tested |= {int(number) for number in re.findall(r"\bRow (\d+)[.:]", path.read_text())}
    assert rows == tested
