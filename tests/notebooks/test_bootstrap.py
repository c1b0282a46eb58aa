"""A release alone in an empty folder, in an environment like Colab's: libraries, but no course.

The environment contains the libraries of this one except the course and a few that Colab lacks
("own"), or, for lessons 1 and 2, releases that Colab lists ("listed"). Missing libraries come from
an index on this machine, and the course from an archive of a fork, which is served there, too.

If `COURSE_COLAB` names an environment that `colab_environment.py` has built (`make test-colab`),
all lessons use its libraries and pip's own index, with short trainings. What the first cell takes
there is recorded. Colab itself was not available.
"""

import importlib.metadata
import re
import subprocess
from pathlib import Path

import pytest
from alone import (
    AFTER,
    BEFORE,
    COLAB,
    FORKS,
    code,
    complaints,
    errors,
    first_cell,
    normal,
    printed,
    release,
    seconds,
    solution,
)

from benchmarks.record import Figure, keep
from grading.paths import ROOT
from grading.release.languages import SPOKEN
from grading.release.source import bootstrap_cell
from helpers.colab import COURSE
from helpers.lessons import LESSONS, lesson_named

ONE, TWO = LESSONS[:2]
FIVE = lesson_named("5")  # it needs libraries that Colab lacks
EVERY = [("own", lesson) for lesson in LESSONS]
LISTED = [("listed", ONE), ("listed", TWO)]
BYTES = {"bytes": 1, "kB": 1000, "MB": 1_000_000}  # as pip names them
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
on_all_listed = pytest.mark.skipif(
    not COLAB, reason="COURSE_COLAB is not set; `make test-colab` runs this test"
)


def in_each(*cases):
    """Parametrize by libraries and lesson."""
    return pytest.mark.parametrize(
        ("libraries", "lesson"),
        cases,
        indirect=["libraries"],
        ids=lambda value: getattr(value, "name", value),
    )


def test_the_first_cell_installs_what_is_missing_and_says_so_once(colab, served, tmp_path):
    first = first_cell(FIVE, served).source
    cells = [code(BEFORE), code(first), code(first), code(AFTER)]
    _, cell, again, after = colab.run(tmp_path / "first", cells)
    assert not errors(cell) + errors(after)
    version = importlib.metadata.version(COURSE)
    assert re.fullmatch(rf"course {version}: added (.+ \S+, )*captum \S+.*\n", printed(cell))
    assert len(cell.outputs) == 1
    own = {normal(path.name) for path in colab.own.iterdir()}
    assert {"helpers", "captum", "cleanlab"} <= own
    assert not {"numpy", "torch", "transformers", "datasets", "pandas", "pyarrow"} & own
    assert not {"jupyterlab", "onnx", "onnxscript"} & own
    assert again.outputs == []
    assert seconds(again) < seconds(cell) / 5
    served.taken.clear()
    (cell,) = colab.run(tmp_path / "again", [code(first)])
    assert cell.outputs == []
    assert served.taken == []


@pytest.mark.parametrize(
    ("libraries", "lesson", "broken", "said"),
    [
        ("own", FIVE, "/simple/captum", "run the cell again"),
        ("listed", TWO, "/simple/gt-all", "run the cell again"),
        ("listed", ONE, "/simple/", "pip"),
    ],
    indirect=["libraries"],
    ids=("a library", "the model", "all"),
)
def test_a_cell_that_stopped_half_way_is_run_again(lesson, broken, said, colab, served, tmp_path):
    first = first_cell(lesson, served).source
    served.broken = broken
    try:
        (cell,) = colab.run(tmp_path / "broken", [code(first)])
    finally:
        served.broken = None
    (error,) = errors(cell)
    assert said in error.evalue
    needs = "import captum" if lesson == FIVE else "import helpers.data"
    cells = [code(BEFORE), code(first), code(needs), code(AFTER)]
    for cell in colab.run(tmp_path / "again", cells):
        assert not errors(cell), errors(cell)


def test_a_fork_s_notebook_installs_the_fork_s_own_helpers(colab, served, tmp_path):
    """Even if the same version of another fork's helpers is installed and loaded."""
    asked = "from helpers.whose import WHOSE\nprint(WHOSE)"
    cells = []
    for repository in FORKS:
        cells += [code(first_cell(ONE, served, repository).source), code(asked)]
    _, ada, _, bob = colab.run(tmp_path / "alone", cells)
    assert printed(ada) == "ada/course\n"
    assert printed(bob) == "bob/course\n"
    assert [name for name in served.taken if name in ("ada", "bob")] == ["ada", "bob"]


def test_an_older_course_that_is_loaded_is_replaced(colab, served, tmp_path):
    """One that was installed from an index, so that no address is recorded for it."""
    (colab.own / "helpers").mkdir()
    (colab.own / "helpers" / "__init__.py").write_text("OLD = True\n")
    (colab.own / "helpers" / "colab.py").write_text("complete = print\n")
    folder = colab.own / f"{COURSE.replace('-', '_')}-0.0.9.dist-info"
    folder.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {COURSE}\nVersion: 0.0.9\n"
    (folder / "METADATA").write_text(metadata)
    (folder / "INSTALLER").write_text("pip\n")
    files = ("helpers/__init__.py", "helpers/colab.py", f"{folder.name}/METADATA")
    lines = (f"{name},,\n" for name in (*files, f"{folder.name}/RECORD"))
    (folder / "RECORD").write_text("".join(lines))
    cells = [
        code("import helpers.colab\nassert helpers.OLD"),
        first_cell(ONE, served),
        code("import helpers.data\nassert not hasattr(helpers, 'OLD')"),
    ]
    for cell in colab.run(tmp_path / "alone", cells):
        assert not errors(cell), errors(cell)
    assert "ada" in served.taken


@pytest.mark.slow
@in_each(*EVERY if COLAB else (*EVERY, *LISTED))
def test_untouched_release_stops_only_at_the_exercises(
    lesson, colab, served, after_lesson, tmp_path
):
    after_lesson(lesson.name)  # so that stored features can be used, which are the same
    before = complaints(colab.python)
    cells = [code(BEFORE), *release(lesson, served, whole=bool(COLAB)), code(AFTER)]
    cells = colab.run(tmp_path / "alone", cells)
    assert "ada" in served.taken
    for cell in cells:
        exercise = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("test_")
        if exercise not in lesson.exercises:
            assert not errors(cell), f"{cell.id}: {errors(cell)}"
            continue
        for error in errors(cell):
            # The stub of a variable stops by itself; a check says that it was not attempted.
            assert error.ename in ("NotImplementedError", "CheckNotAttempted")
            if error.ename == "CheckNotAttempted":
                assert error.evalue.startswith(f"{exercise}: not attempted.")
        if cell.metadata.nbgrader.grade and cell.cell_type == "code":
            assert errors(cell), f"the check of {exercise} passes on an untouched stub"
    assert complaints(colab.python) <= before


@on_all_listed
@each_lesson
def test_the_answers_pass_their_checks(lesson, colab, served, tmp_path):
    cells = [code(BEFORE), *solution(lesson, served), code(AFTER)]
    for cell in colab.run(tmp_path / "alone", cells):
        assert not errors(cell), f"{cell.id}: {errors(cell)}"


@on_all_listed
@each_lesson
def test_what_the_first_cell_costs(lesson, colab, served, tmp_path):
    """At first, pip's cache is empty, and a file that pip downloads twice is counted once.

    The course comes from this machine, and is counted with the size of GitHub's archive.
    """
    log, empty = tmp_path / "pip.log", tmp_path / "pip"
    first = first_cell(lesson, served)
    cells = [first, code(first.source)]
    cell, again = colab.run(tmp_path / "alone", cells, PIP_CACHE_DIR=str(empty), PIP_LOG=str(log))
    assert not errors(cell) + errors(again)
    said = re.findall(r" Downloading (?!http)(\S+) \(([\d.]+) (\w+)\)", log.read_text())
    size = sum(float(number) * BYTES[unit] for _, number, unit in set(said))
    archive = ["git", "archive", "--format=zip", "HEAD"]
    size += len(subprocess.run(archive, cwd=ROOT, capture_output=True, check=True).stdout)
    print(f"{seconds(cell):.1f} s, {size / 2**20:.1f} MiB; again {seconds(again):.2f} s")
    assert seconds(again) < seconds(cell) / 5
    (python,) = Path(COLAB).glob("lib/python*")
    name = f"colab.{python.name.replace('.', '')}.lesson{lesson.number}"
    figures = {
        f"{name}.seconds": Figure(seconds(cell), "s", 1, "embedded"),
        f"{name}.downloaded": Figure(size / 2**20, "MiB", 1, "embedded"),
        f"{name}.again": Figure(seconds(again), "s", 1, "embedded"),
    }
    keep(figures, "make test-colab", None)


def test_spanish_notebook_speaks_spanish_wherever_it_lies(colab, served, tmp_path):
    root = served.roots["ada/course"]
    first = bootstrap_cell(ONE, root).source + SPOKEN.format(language="es")
    asked = code("from helpers.checks import check\ncheck('class_weights')")
    _, cell = colab.run(tmp_path / "alone", [code(first), asked])
    (error,) = errors(cell)
    assert error.evalue.startswith("class_weights: sin intentar.")
