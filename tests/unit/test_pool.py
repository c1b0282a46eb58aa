"""Workers of a batch: forked from one process, with the environment of whoever has work."""

import os
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import text

from grading.batch.pool import worker_pool
from grading.paths import ROOT
from grading.settings import adapt_gradebooks


def described():
    """Return this worker's parent process, and what it was told."""
    return os.getppid(), os.environ.get("COURSE_TEST_BATCH"), os.getcwd()


def test_a_worker_has_the_environment_of_its_batch(monkeypatch, tmp_path):
    """A second batch forks from the process of the first, which knows nothing of what is new."""
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
