"""Make a notebook from a lesson's source, with stable ids, a badge and the first cell."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from grading.paths import ROOT, release_path, source_path
from grading.release.addresses import BADGE, addresses
from grading.release.claims import NAMED, without_remarks
from helpers.lessons import Lesson

BADGE_MARK = "<!-- colab-badge -->"
GITHUB_ARCHIVE = "https://github.com/{repository}/archive/{commit}.zip"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
BOOTSTRAP_COMMENT = (
    "Colab does not have the course: there, choose File > Save a copy in Drive, then run this "
    "cell, which installs what the lesson needs. Where that is installed, as on your own machine, "
    "it does nothing. Run it again if it stops half-way."
)
# A course that is installed from a local folder is left as it is. One from an older notebook or
# another fork is replaced, and modules of it that Python has loaded are removed.
BOOTSTRAP = """\
{comment}
import json
import subprocess
import sys
from importlib.metadata import distributions

source = "{source}"
known = (source.partition("#")[0], "{version}")
for course in [*distributions(name="{name}")][:1]:
    origin = json.loads(course.read_text("direct_url.json") or "{{}}")
    if "dir_info" in origin or origin.get("url", course.version) in known:
        break
else:
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--force-reinstall"]
    subprocess.run([*pip, source], check=True)
    for module in [name for name in sys.modules if name.partition(".")[0] == "helpers"]:
        del sys.modules[module]

from helpers.colab import complete

complete("{lesson}")"""

_ADDRESS = re.compile(r'^source = "([^"]*)"$', re.M)


class BuildError(RuntimeError):
    """A lesson cannot be built, or committed files differ from what its source gives."""


def source_notebook(lesson: Lesson, root: Path = ROOT) -> NotebookNode:
    """Return the notebook that a lesson's source describes, without outputs."""
    path = source_path(lesson, root)
    if not path.is_file():
        raise BuildError(f"{path} is missing: a lesson starts with its source")
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata = NotebookNode(
        kernelspec=KERNELSPEC, language_info={"name": "python", "file_extension": ".py"}
    )
    if lesson.wants_gpu:
        notebook.metadata.accelerator = "GPU"  # so Colab opens it on a machine with a GPU
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for position, cell in enumerate(notebook.cells):
        graded = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell["id"] = graded or f"{lesson.name}-{position:03d}"
        cell.metadata.pop("lines_to_next_cell", None)
        tags = [tag for tag in cell.metadata.pop("tags", ()) if not tag.startswith(NAMED)]
        if tags:
            cell.metadata.tags = tags
        text = without_remarks(cell.source) if cell.cell_type == "markdown" else cell.source
        cell.source = text.replace(BADGE_MARK, colab_badge(lesson, root))
    # Directly below the title. Ids were assigned before, so other cells keep the same ids.
    notebook.cells.insert(1, bootstrap_cell(lesson, root))
    nbformat.validate(notebook)
    return notebook


def bootstrap_cell(
    lesson: Lesson, root: Path = ROOT, comment: str = BOOTSTRAP_COMMENT
) -> NotebookNode:
    """Return the cell that installs the course if a reader has only the notebook.

    It looks for the installed distribution, not for `helpers`, because a student may have a file
    with that name. Grading never runs it: a sandbox has `helpers` without the distribution, and no
    network.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    source = BOOTSTRAP.format(
        comment=textwrap.fill(comment, 98, initial_indent="# ", subsequent_indent="# "),
        source=installed_from(root),
        name=project["name"],
        version=project["version"],
        lesson=lesson.name,
    )
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["bootstrap", "lesson-only"]})
    cell["id"] = "bootstrap"
    return cell


def installed_from(root: Path = ROOT) -> str:
    """Return the address from which notebooks install the course; its content cannot change.

    It is the archive of the repository at `tool.course.commit`, or `tool.course.wheel`: a wheel in
    a package index or at a release, with the ``#sha256=`` that pip checks.

    Raises
    ------
    BuildError
        If the settings do not determine exactly what is installed.
    """
    if wheel := installed_wheel(root):
        return wheel
    settings = _settings(root)
    commit = str(settings.get("commit"))
    if not re.fullmatch("[0-9a-f]{40}", commit):
        raise BuildError(
            "tool.course.commit in pyproject.toml must be a commit's 40 digits, because notebooks "
            f"install that commit, not {commit!r}; `course pin` sets it"
        )
    return archive_of(settings["repository"], commit, root)


def installed_wheel(root: Path = ROOT) -> str:
    """Return the address of the wheel that notebooks install; empty if none is set.

    Raises
    ------
    BuildError
        If it has no hash.
    """
    wheel = _settings(root).get("wheel", "")
    if wheel and not re.fullmatch(r"https?://\S+\.whl#sha256=[0-9a-f]{64}", wheel):
        raise BuildError(
            "tool.course.wheel in pyproject.toml must be the address of a wheel with its hash, "
            f"https://….whl#sha256=…, not {wheel!r}"
        )
    return wheel


def archive_of(repository: str, commit: str, root: Path = ROOT) -> str:
    """Return the address of the archive of a repository at a commit.

    Raises
    ------
    BuildError
        If `tool.course.archive` has no place for the repository or the commit.
    """
    archive = _settings(root).get("archive", GITHUB_ARCHIVE)
    for name in ("{repository}", "{commit}"):
        if name not in archive:
            raise BuildError(
                f"tool.course.archive in pyproject.toml must contain {name}: {archive!r}"
            )
    return archive.replace("{repository}", repository).replace("{commit}", commit)


def address_in(notebook: NotebookNode) -> str:
    """Return the address from which a notebook's first cell installs the course.

    Raises
    ------
    BuildError
        If it has no such cell.
    """
    for cell in notebook.cells:
        if cell.get("id") == "bootstrap" and (found := _ADDRESS.search(cell.source)):
            return found[1]
    raise BuildError("no cell of the notebook installs the course; run `course build`")


def with_address(notebook: NotebookNode, address: str) -> NotebookNode:
    """Return a copy of a notebook whose first cell installs the course from another address."""
    result = nbformat.from_dict(notebook)
    for cell in result.cells:
        if cell.get("id") == "bootstrap":
            cell.source = _ADDRESS.sub(lambda _: f'source = "{address}"', cell.source)
    return result


def _settings(root: Path) -> dict[str, str]:
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]["course"]


def colab_badge(lesson: Lesson, root: Path = ROOT) -> str:
    """Return the Markdown of the badge that opens a lesson of the students' edition in Colab."""
    notebook = release_path(lesson, Path()).as_posix()
    return f"[![Open this lesson in Colab]({BADGE})]({addresses(root).in_colab(notebook)})"
