"""Notebooks install a commit that holds what lies here."""

import shutil
import subprocess

import pytest

from grading.paths import ROOT
from grading.release.pin import pin, pin_problem
from grading.release.source import BuildError, installed_from


def git(root, *arguments):
    named = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    command = ["git", "-C", root, *named, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(root):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "A change")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path):
    """Return a fork's repository, whose first commit is pinned in its second."""
    git(tmp_path, "init", "--quiet")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "course.py").write_text("")
    for name in ("helpers", "grading", "data", "lab"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.py").write_text("ONE = 1\n")
    commit(tmp_path)
    pin(tmp_path)
    commit(tmp_path)
    return tmp_path


def test_the_commit_before_the_pin_is_installed(root):
    first = git(root, "rev-parse", "HEAD~")
    assert installed_from(root).endswith(f"/archive/{first}.zip")
    assert pin_problem(root) == ""


def test_a_pin_stays_while_what_is_installed_does(root):
    first = git(root, "rev-parse", "HEAD~")
    (root / "README.md").write_text("Another text\n")
    commit(root)
    assert pin(root) == first


def test_a_change_of_what_is_installed_is_noticed_and_pinned_once_committed(root):
    (root / "helpers" / "one.py").write_text("ONE = 2\n")
    assert "other versions of helpers/one.py" in pin_problem(root)
    with pytest.raises(BuildError, match="commit what"):
        pin(root)
    second = commit(root)
    assert pin(root) == second
    assert pin_problem(root) == ""


def test_a_change_of_what_the_course_requires_is_noticed(root):
    settings = root / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"captum==0.9.0"', '"captum==0.8.0"'))
    assert "other versions of pyproject.toml" in pin_problem(root)


def test_a_commit_of_somebody_else_s_is_noticed(root):
    settings = root / "pyproject.toml"
    settings.write_text(
        settings.read_text().replace(git(root, "rev-parse", "HEAD~"), "c0ffee" + "0" * 34)
    )
    assert "not in this repository's history" in pin_problem(root)
