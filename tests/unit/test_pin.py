"""Notebooks install a commit that contains the files that are here."""

import shutil
import subprocess

import nbformat
import pytest
from typer.testing import CliRunner

from course import app
from grading.paths import ROOT
from grading.release.pin import pin, pin_problem
from grading.release.source import BuildError, bootstrap_cell, installed_from, with_address
from helpers.lessons import LESSONS


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
    """Return a fork's repository, in which the second commit pins the first."""
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
    with pytest.raises(BuildError, match="commit the files"):
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


def put_notebook(root):
    path = root / "notebooks" / "es" / "a" / "a.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=[bootstrap_cell(LESSONS[0], root)])
    nbformat.write(notebook, path)
    return path


def test_a_notebook_that_was_not_built_since_is_noticed(root):
    path = put_notebook(root)
    assert pin_problem(root) == ""
    old = with_address(nbformat.read(path, as_version=4), "https://example.org/old.zip")
    nbformat.write(old, path)
    said = "notebooks/es/a/a.ipynb installs https://example.org/old.zip, not "
    assert pin_problem(root) == f"{said}{installed_from(root)}; run `course build`"


def set_wheel(root):
    wheel = f"https://example.org/course-1-py3-none-any.whl#sha256={'0' * 64}"
    settings = root / "pyproject.toml"
    text = settings.read_text()
    settings.write_text(text.replace("[tool.course]\n", f'[tool.course]\nwheel = "{wheel}"\n'))


def test_where_a_wheel_is_installed_there_is_no_commit_to_pin(root):
    set_wheel(root)
    put_notebook(root)
    (root / "helpers" / "one.py").write_text("ONE = 2\n")
    assert pin_problem(root) == ""
    with pytest.raises(BuildError, match=r"remove `wheel` from pyproject\.toml"):
        pin(root)


def test_a_part_of_the_history_is_no_reason_to_pin_another_commit(root, tmp_path_factory):
    part = tmp_path_factory.mktemp("part") / "clone"
    git(root, "clone", "--quiet", "--depth", "1", f"file://{root}", part)
    with pytest.raises(BuildError, match="git fetch --unshallow"):
        pin(part)


@pytest.mark.parametrize(("problem", "code"), [("", 0), ("notebooks install another", 1)])
def test_the_check_fails_only_if_there_is_a_problem(monkeypatch, problem, code):
    monkeypatch.setattr("grading.release.pin.pin_problem", lambda: problem)
    outcome = CliRunner().invoke(app, ["pin", "--check"])
    assert outcome.exit_code == code
    assert outcome.output == (f"✗ {problem}\n" if problem else "")
