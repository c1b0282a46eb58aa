"""From a lesson's source to its executed solution notebook and to its release.

Conversion is jupytext's, execution nbclient's, stripping nbgrader's. This module only puts them in
a row, gives cells stable ids, and looks for what must not leak.
"""

from __future__ import annotations

import os
import re
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config, PyFileConfigLoader

from grading.paths import ROOT, hidden_tests_path, release_path, solution_path, source_path
from helpers.lessons import Lesson

BADGE_MARK = "<!-- colab-badge -->"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
BOOTSTRAP_COMMENT = (
    "Colab does not have the course: there, this cell installs it. Where the course is installed, "
    "as on your own machine, the cell does nothing. Run it and read on."
)
BOOTSTRAP = """\
{comment}
import subprocess
import sys
from importlib.metadata import distributions

if not any(distributions(name="{name}")):
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps"]
    subprocess.run([*pip, "{name}=={version}"], check=True)
    from helpers.colab import complete

    complete()"""
# A line this long that stands in an answer has no reason to stand in a release by chance.
TELLING_LENGTH = 30


class BuildError(RuntimeError):
    """A lesson cannot be built, or what is committed is not what its source gives."""


def source_notebook(lesson: Lesson, root: Path = ROOT) -> NotebookNode:
    """Return the notebook that a lesson's source describes, without outputs."""
    path = source_path(lesson, root)
    if not path.is_file():
        raise BuildError(f"{path} is not there; a lesson starts with its source")
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata = NotebookNode(
        kernelspec=KERNELSPEC, language_info={"name": "python", "file_extension": ".py"}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for position, cell in enumerate(notebook.cells):
        graded = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell["id"] = graded or f"{lesson.name}-{position:03d}"
        cell.metadata.pop("lines_to_next_cell", None)
        cell.source = cell.source.replace(BADGE_MARK, colab_badge(lesson, root))
    # Behind the title, where the notebook opens; the other cells keep their ids.
    notebook.cells.insert(1, bootstrap_cell(root))
    nbformat.validate(notebook)
    return notebook


def bootstrap_cell(root: Path = ROOT, comment: str = BOOTSTRAP_COMMENT) -> NotebookNode:
    """Return the cell that installs the course where a notebook is all that there is.

    It asks for the distribution, not for `helpers`: a student may have a file of that name. Grading
    never runs it, for a sandbox holds `helpers` without the distribution, and no network.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = textwrap.fill(comment, 98, initial_indent="# ", subsequent_indent="# ")
    source = BOOTSTRAP.format(comment=lines, name=project["name"], version=project["version"])
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["bootstrap", "lesson-only"]})
    cell["id"] = "bootstrap"
    return cell


def colab_badge(lesson: Lesson, root: Path = ROOT) -> str:
    """Return the Markdown of the badge that opens a lesson's release in Colab."""
    repository = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["course"][
        "repository"
    ]
    address = f"https://colab.research.google.com/github/{repository}/blob/main/"
    notebook = release_path(lesson, Path()).as_posix()
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open this lesson in Colab]({image})]({address}{notebook})"


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run a notebook on the embedded data and model, and return it with its outputs."""
    executed = nbformat.from_dict(notebook)
    client = NotebookClient(
        executed,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        extra_arguments=["--HistoryManager.hist_file=:memory:", "--Application.log_level=ERROR"],
    )
    with _embedded_sources_only():
        client.execute()
    executed.metadata = notebook.metadata
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_passing(output)]
    return executed


@contextmanager
def _embedded_sources_only() -> Iterator[None]:
    """The preview shows what everyone can reproduce: embedded data and model, no network."""
    before = dict(os.environ)
    os.environ.pop("COURSE_MIRROR", None)
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _is_passing(output: NotebookNode) -> bool:
    """Tell progress bars and their like, which mean nothing once the cell is done."""
    widget = "application/vnd.jupyter.widget-view+json"
    return output.get("name") == "stderr" or widget in output.get("data", {})


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Return a copy as its source would give it: no outputs, no execution counts."""
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def release_notebook(lesson: Lesson, notebook: NotebookNode, root: Path = ROOT) -> NotebookNode:
    """Return what students get: nbgrader's own stripping of a solution notebook.

    Raises
    ------
    BuildError
        If the release would hold a solution, a hidden test or an output.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        path = solution_path(lesson, course)
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook))
        _generate_assignment(lesson, course, root)
        release = nbformat.read(release_path(lesson, course), as_version=4)
    leaks = list(find_leaks(release, notebook, hidden_tests_path(lesson, root)))
    if leaks:
        raise BuildError(f"the release of {lesson.name} leaks: " + "; ".join(leaks))
    return release


def _generate_assignment(lesson: Lesson, course: Path, root: Path) -> None:
    config = nbgrader_config(root)
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.assignment_id = lesson.name
    # A build writes files, not a gradebook: `nbgrader generate_assignment` does that.
    steps = [step for step in GenerateAssignment.preprocessors.default() if step is not SaveCells]
    config.GenerateAssignment.preprocessors = steps
    config.GenerateAssignment.no_database = True
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    converter.log.setLevel("WARNING")
    converter.start()


def nbgrader_config(root: Path = ROOT) -> Config:
    """Return the settings of ``nbgrader_config.py``."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def find_leaks(release: NotebookNode, solution: NotebookNode, hidden_tests: Path) -> Iterator[str]:
    """Yield a sentence for everything in a release that only instructors may see."""
    text = "\n".join(cell.source for cell in release.cells)
    for cell in release.cells:
        if cell.get("outputs"):
            yield f"cell {cell.id} holds an output"
    for mark in ("BEGIN SOLUTION", "END SOLUTION", "MARK SCHEME", "HIDDEN TESTS"):
        if mark in text:
            yield f"the mark {mark!r} is still there"
    for cell in solution.cells:
        for line in _secret_lines(cell):
            if line in text:
                yield f"a line of the answer to {cell.id}: {line!r}"
    if hidden_tests.is_file():
        for line in _telling(hidden_tests.read_text().splitlines()):
            if line in text:
                yield f"a line of {hidden_tests.name}: {line!r}"


def _secret_lines(cell: NotebookNode) -> list[str]:
    """Return the telling lines between a cell's solution or mark-scheme marks."""
    pattern = r"BEGIN (SOLUTION|MARK SCHEME).*?\n(.*?)\n[^\n]*END \1"
    regions = re.findall(pattern, cell.source, flags=re.DOTALL)
    return _telling(line for _, region in regions for line in region.splitlines())


def _telling(lines: Iterator[str] | list[str]) -> list[str]:
    stripped = (line.strip() for line in lines)
    return [
        line
        for line in stripped
        if len(line) >= TELLING_LENGTH and not line.startswith(("import ", "from "))
    ]


def build(lesson: Lesson, root: Path = ROOT, force: bool = False) -> bool:
    """Bring a lesson's solution notebook and release up to date; execute only what changed.

    Returns
    -------
    bool
        Whether the lesson was executed.
    """
    fresh = source_notebook(lesson, root)
    path = solution_path(lesson, root)
    stale = force or not _is_current(path, fresh)
    if stale:
        _write(path, execute(fresh, path.parent))
    for edition, notebook in editions(lesson, release_notebook(lesson, fresh, root), root):
        _write(edition, notebook)
    return stale


def editions(
    lesson: Lesson, release: NotebookNode, root: Path = ROOT
) -> Iterator[tuple[Path, NotebookNode]]:
    """Yield what students get, with its path: the release, and in each language that there is."""
    from grading.release.languages import LANGUAGES, catalog_path, translated, translated_path

    yield release_path(lesson, root), release
    for language in LANGUAGES:
        if catalog_path(lesson, language, root).exists():
            yield (
                translated_path(lesson, language, root),
                translated(lesson, language, release, root),
            )


def build_messages(root: Path = ROOT) -> None:
    """Write the checks' messages in each language, for `helpers.checks.language`."""
    for path, text in _messages(root):
        path.write_text(text, encoding="utf-8")


def check_messages_build(root: Path = ROOT) -> list[str]:
    """Return which of these files are not what their catalogues give."""
    return [
        f"{path} is not what its catalogue gives; run `course build`"
        for path, text in _messages(root)
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def _messages(root: Path) -> Iterator[tuple[Path, str]]:
    from grading.release.languages import LANGUAGES, messages_path, messages_text

    for language in LANGUAGES:
        yield messages_path(language, root), messages_text(language, root)


def check_build(lesson: Lesson, root: Path = ROOT) -> list[str]:
    """Rebuild a lesson in a temporary folder and return what differs from what is committed."""
    fresh = source_notebook(lesson, root)
    release = release_notebook(lesson, fresh, root)
    problems = []
    if not _is_current(solution_path(lesson, root), fresh):
        problems.append(f"{solution_path(lesson, root)} is not what its source gives")
    elif not _is_executed(solution_path(lesson, root)):
        problems.append(f"{solution_path(lesson, root)} holds cells that were never run, or errors")
    for path, notebook in editions(lesson, release, root):
        if not path.is_file() or path.read_text() != _text(notebook):
            problems.append(f"{path} is not what its source gives")
        strangers = {item.name for item in path.parent.glob("*")}
        strangers -= {path.name, ".ipynb_checkpoints"}
        problems += [
            f"{path.parent / name} has no place in a release" for name in sorted(strangers)
        ]
    return problems


def _is_current(path: Path, fresh: NotebookNode) -> bool:
    if not path.is_file():
        return False
    committed = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return _text(without_outputs(committed)) == _text(fresh)


def _is_executed(path: Path) -> bool:
    """Tell whether every code cell was run, in order and without an error."""
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source]
    errors = [o for cell in code for o in cell.outputs if o.output_type == "error"]
    counts = [cell.execution_count for cell in code]
    return not errors and counts == list(range(1, len(code) + 1))


def _text(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook) + "\n"


def _write(path: Path, notebook: NotebookNode) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(notebook))
