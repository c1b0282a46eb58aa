"""Build a lesson's executed solution notebook and its release from its source.

nbclient executes the notebook, and nbgrader removes the answers. This module calls them one after
the other, for each language, and compares the committed files with what the source produces.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from IPython.core.displayhook import DisplayHook
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells

from grading.intake.submissions import DEADLINE
from grading.paths import ROOT, hidden_tests_path, release_path, solution_path
from grading.release.claims import claim_problems
from grading.release.languages import (
    LANGUAGES,
    catalog_path,
    messages_path,
    messages_text,
    translated,
    translated_path,
)
from grading.release.leaks import find_leaks
from grading.release.source import BuildError, source_notebook
from grading.settings import course_config
from helpers.lessons import Lesson

DESCRIBED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run a notebook on the embedded data and model, and return it with its outputs."""
    executed = nbformat.from_dict(notebook)
    client = NotebookClient(
        executed,
        # A cell that computes stored results again (`helpers.stored`) may take any time.
        timeout=None if os.environ.get("COURSE_RUN_AGAIN") else 900,
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
    """Use only the embedded data and model, and no network, so that everyone gets these outputs."""
    before = dict(os.environ)
    os.environ.pop("COURSE_MIRROR", None)
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _is_passing(output: NotebookNode) -> bool:
    """Return whether an output is a progress bar or similar, useless after the cell has run."""
    widget = "application/vnd.jupyter.widget-view+json"
    return output.get("name") == "stderr" or widget in output.get("data", {})


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Return a copy as its source produces it: without outputs and execution counts."""
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def release_notebook(lesson: Lesson, notebook: NotebookNode, root: Path = ROOT) -> NotebookNode:
    """Return what students get: a solution notebook from which nbgrader has removed the answers.

    Raises
    ------
    BuildError
        If the release would contain a solution, a hidden test or an output.
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
    config = course_config(course, root)
    config.CourseDirectory.assignment_id = lesson.name
    # A build only writes files; `nbgrader generate_assignment` also writes to the gradebook.
    steps = [step for step in GenerateAssignment.preprocessors.default() if step is not SaveCells]
    config.GenerateAssignment.preprocessors = steps
    config.GenerateAssignment.no_database = True
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    converter.log.setLevel("WARNING")
    converter.start()


def build(lesson: Lesson, root: Path = ROOT, force: bool = False) -> bool:
    """Update a lesson's solution notebook and release; execute it only if necessary.

    The outputs are kept if only text has changed (including docstrings and comments), or the first
    cell, which only installs the course.

    Returns
    -------
    bool
        Whether the lesson was executed.
    """
    fresh = source_notebook(lesson, root)
    path = solution_path(lesson, root)
    stale = force or not _executes_as(path, fresh)
    if stale:
        _write(path, execute(fresh, path.parent))
    elif not _is_current(path, fresh):
        _write(path, _with_outputs_of(path, fresh))
    for edition, notebook in editions(lesson, release_notebook(lesson, fresh, root), root):
        _write(edition, notebook)
    return stale


def editions(
    lesson: Lesson, release: NotebookNode, root: Path = ROOT
) -> Iterator[tuple[Path, NotebookNode]]:
    """Yield what students get, with its path: the release, and its translations."""
    yield release_path(lesson, root), release
    for language in LANGUAGES:
        if catalog_path(lesson, language, root).exists():
            yield (
                translated_path(lesson, language, root),
                translated(lesson, language, release, root),
            )


def build_messages() -> None:
    """Write the checks' messages in each language, for `helpers.checks.language`."""
    for path, text in _messages():
        path.write_text(text, encoding="utf-8")


def check_messages_build() -> list[str]:
    """Return a sentence for each of these files that differs from its catalogue."""
    return [
        f"{path} differs from its catalogue; run `course build`"
        for path, text in _messages()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def _messages() -> Iterator[tuple[Path, str]]:
    for language in LANGUAGES:
        yield messages_path(language), messages_text(language)


def check_build(lesson: Lesson, root: Path = ROOT) -> list[str]:
    """Build a lesson in a temporary folder; return how the committed files differ from it."""
    fresh = source_notebook(lesson, root)
    release = release_notebook(lesson, fresh, root)
    problems = []
    if not _is_current(solution_path(lesson, root), fresh):
        problems.append(f"{solution_path(lesson, root)} differs from what its source gives")
    elif not _is_executed(solution_path(lesson, root)):
        problems.append(f"{solution_path(lesson, root)} has cells that were never run, or errors")
    else:
        problems += claim_problems(lesson, root)
    for path, notebook in editions(lesson, release, root):
        if not path.is_file() or path.read_text() != _text(notebook):
            problems.append(f"{path} differs from what its source gives")
        others = {item.name for item in path.parent.glob("*")}
        others -= {path.name, ".ipynb_checkpoints", DEADLINE}  # a teacher's release has one
        problems += [f"{path.parent / name} doesn't belong in a release" for name in sorted(others)]
    return problems


def _is_current(path: Path, fresh: NotebookNode) -> bool:
    if not path.is_file():
        return False
    committed = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return _text(without_outputs(committed)) == _text(fresh)


def _executes_as(path: Path, fresh: NotebookNode) -> bool:
    """Tell whether a committed notebook runs the same code as a fresh one, in the same cells."""
    if not path.is_file():
        return False
    committed = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return _executed_code(committed) == _executed_code(fresh)


def _executed_code(notebook: NotebookNode) -> list[tuple[str, str]]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        (cell.get("id"), "" if cell.get("id") == "bootstrap" else _meaning(cell.source))
        for cell in code
    ]


def _meaning(source: str) -> str:
    """Return a cell's code without comments, docstrings and layout, which no output depends on."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic or a shell command
        return source
    for node in ast.walk(tree):
        if isinstance(node, DESCRIBED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    # IPython does not show a value before a semicolon at the end, so that matters, too.
    return f"{ast.dump(tree)} {DisplayHook.semicolon_at_end_of_expression(source)}"


def _with_outputs_of(path: Path, fresh: NotebookNode) -> NotebookNode:
    """Return a fresh notebook with the outputs of a committed one that runs the same code."""
    committed = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    cells = {cell.id: cell for cell in committed.cells}
    result = nbformat.from_dict(fresh)
    for cell in result.cells:
        if cell.cell_type == "code":
            cell.outputs = cells[cell.id].outputs
            cell.execution_count = cells[cell.id].execution_count
    return result


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
