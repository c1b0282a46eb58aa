"""The notebook that a lesson's source describes: stable ids, badge and first cell."""

from __future__ import annotations

import textwrap
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from grading.paths import ROOT, release_path, source_path
from grading.release.addresses import BADGE, addresses
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


class BuildError(RuntimeError):
    """A lesson cannot be built, or what is committed is not what its source gives."""


def source_notebook(lesson: Lesson, root: Path = ROOT) -> NotebookNode:
    """Return the notebook that a lesson's source describes, without outputs."""
    path = source_path(lesson, root)
    if not path.is_file():
        raise BuildError(f"{path} is missing: a lesson starts with its source")
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
    # Right below the title. Ids were given before, so that those of other cells stay the same.
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
    """Return the Markdown of the badge that opens a lesson of the students' edition in Colab."""
    notebook = release_path(lesson, Path()).as_posix()
    return f"[![Open this lesson in Colab]({BADGE})]({addresses(root).in_colab(notebook)})"
