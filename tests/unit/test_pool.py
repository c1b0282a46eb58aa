"""A batch's workers are forked from one process, but have the environment of the batch."""

import os
import subprocess
import sys
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import text

from grading.batch.cluster import _recorded
from grading.batch.pool import worker_pool
from grading.judging.verdicts import CANNOT_GRADE
from grading.paths import ROOT
from grading.settings import adapt_gradebooks


def described():
    """Return the parent process of this worker, and what the worker was told."""
    return os.getppid(), os.environ.get("COURSE_TEST_BATCH"), os.getcwd()


def test_a_worker_has_the_environment_of_its_batch(monkeypatch, tmp_path):
    """A second batch forks from the process of the first, which does not know the new variables."""
    forked_from, folders = set(), []
    for batch in ("first", "second"):
        monkeypatch.setenv("COURSE_TEST_BATCH", batch)
        (tmp_path / batch).mkdir()
        monkeypatch.chdir(tmp_path / batch)
        with worker_pool(1) as workers:
            parent, told, folder = workers.submit(described).result()
        assert told == batch
        forked_from.add(parent)
        folders.append(folder)
    assert len(forked_from) == 1
    assert os.getpid() not in forked_from
    assert folders == [str(tmp_path / "first"), str(tmp_path / "second")]


def test_a_variable_that_is_gone_is_gone_for_workers(monkeypatch):
    monkeypatch.setenv("COURSE_TEST_BATCH", "first")
    with worker_pool(1) as workers:
        assert workers.submit(described).result()[1] == "first"
    monkeypatch.delenv("COURSE_TEST_BATCH")
    with worker_pool(1) as workers:
        assert workers.submit(described).result()[1] is None


class Ended(Executor):
    """A pool whose processes, or the process that they fork from, were ended."""

    def __init__(self, error):
        self._error = error

    def submit(self, *_):
        raise self._error


@pytest.mark.parametrize("error", [BrokenProcessPool(), EOFError(), ConnectionRefusedError()])
def test_a_cluster_s_grades_are_recorded_though_a_recorder_was_ended(error):
    assert _recorded(Ended(error), os.getpid) != os.getpid()


def test_a_recorder_that_is_ended_twice_costs_one_submission_and_not_the_batch():
    outcome = _recorded(Ended(BrokenProcessPool()), os._exit, 3)
    assert outcome.status == CANNOT_GRADE


def test_a_new_gradebook_knows_its_version_and_starts_no_program(monkeypatch, tmp_path):
    adapt_gradebooks()
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("starts a program"))
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        (version,) = gradebook.db.execute(text("SELECT version_num FROM alembic_version")).one()
    monkeypatch.undo()
    stock = "import nbgrader.api; print(nbgrader.api.get_alembic_version())"
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    printed = subprocess.run(
        [sys.executable, "-c", stock],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert version == printed.stdout.strip()
