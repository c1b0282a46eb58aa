"""Build the course's site: prose and figures of the executed solutions, without the answers.

``python -m grading.release.site`` writes it to ``build/site/html``; with ``--answers folded`` the
site contains the answers, each hidden behind a button.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import shutil
from io import BytesIO
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from grading.paths import ROOT, release_path, solution_path
from grading.release.addresses import addresses
from grading.release.front_page import front_page
from grading.release.source import source_notebook
from grading.settings import answer_stubs
from helpers.lessons import LESSONS, Lesson

STUDENTS_EDITION = "ADDRESS-OF-THE-STUDENTS-EDITION"
QUOTES_ANSWERS = "*The list quotes answers, so it is only in the course's repository.*\n"
ANSWERS = ("absent", "folded")
_SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION", re.M | re.S)
_MARKS = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION\n?", re.M)
_RUBRIC = re.compile(r"^#* ?=== BEGIN MARK SCHEME ===.*?=== END MARK SCHEME ===\n?", re.M | re.S)
# In pandas' tables: their own style, and the line breaks and spaces between their tags.
_TABLE_STYLE = re.compile(r"<style scoped>.*?</style>|\n *(?=</?t)", re.S)
_QUOTES = re.compile(r"(<!-- (survivors|equivalents): begin -->\n).*?(<!-- \2: end -->)", re.S)
_BADGE = re.compile(r"\[!\[([^\]]*)\]\([^)]*\)\]\(([^)]*)\)")
_NEIGHBOUR = re.compile(r"\.\./(\d\d_\w+)/\1\.ipynb")
_IMAGE = re.compile(r'<img alt="(?P<alt>[^"]*)" src="data:image/png;base64,(?P<data>[^"]+)">')


def build_site(folder: Path, answers: str = "absent") -> Path:
    """Build the site; return the folder with its pages.

    Parameters
    ----------
    folder : Path
        Its contents are replaced.
    answers : {"absent", "folded"}

    Raises
    ------
    ValueError
        If `answers` is neither.
    RuntimeError
        If Sphinx warns or fails.
    """
    from sphinx.cmd.build import build_main

    if answers not in ANSWERS:
        raise ValueError(f"answers is {answers!r}; choose from {', '.join(ANSWERS)}")
    shutil.rmtree(folder, ignore_errors=True)
    source, pages = folder / "source", folder / "html"
    write_source(source, answers)
    # Otherwise Sphinx's own files would be among the pages, and be published with them.
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(folder / "doctrees")]
    if build_main([*options, str(source), str(pages)]):
        raise RuntimeError(f"Sphinx did not build {pages}; see its warnings above")
    return pages


def write_source(source: Path, answers: str) -> None:
    """Write the files that Sphinx reads: the site's pages, the lessons, and the pages of docs/."""
    shutil.copytree(ROOT / "site", source)
    for path in (ROOT / "docs").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        told = text if answers == "folded" else _QUOTES.sub(rf"\1{QUOTES_ANSWERS}\3", text)
        (source / path.name).write_text(told, encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "figures", source / "figures")
    (source / "lessons").mkdir()
    (source / "downloads").mkdir()
    shown = {}
    for lesson in LESSONS:
        shutil.copy(release_path(lesson), source / "downloads")
        shown[lesson.name] = lesson_page(lesson, source / "_static" / "figures", answers)
        nbformat.write(shown[lesson.name], source / "lessons" / f"{lesson.name}.ipynb")
    students = source / "students.md"
    students.write_text(students_page(students.read_text()))
    index = source / "index.md"
    index.write_text(front_page(index.read_text(), shown))


def students_page(text: str, root: Path = ROOT) -> str:
    """Return the page for students with the address of their edition."""
    return text.replace(STUDENTS_EDITION, addresses(root).students_page)


def lesson_page(lesson: Lesson, figures: Path, answers: str) -> NotebookNode:
    """Return a lesson as the site shows it, and write its figures to a folder."""
    notebook = nbformat.read(solution_path(lesson), as_version=4)
    if [cell.id for cell in notebook.cells] != [c.id for c in source_notebook(lesson).cells]:
        raise RuntimeError(f"{lesson.name} is older than its source: run `course build` first")
    figures.mkdir(parents=True, exist_ok=True)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "bootstrap"]
    for cell in notebook.cells:
        _without_answer(cell, answers)
        cell.source = _NEIGHBOUR.sub(r"\1.ipynb", cell.source)
        if cell.cell_type == "code":
            # The check's output only says that the author's answer passes, so leave it out.
            checked = cell.source.startswith("check(")
            cell.outputs = [] if checked else [_linked(o, figures) for o in cell.outputs]
    first = notebook.cells[0]
    # The badge is a picture on another server, which would learn about every reader.
    first.source = _BADGE.sub(
        rf"[\1](\2) · {{download}}`Download it <../downloads/{lesson.name}.ipynb>`", first.source
    )
    return notebook


def _without_answer(cell: NotebookNode, answers: str) -> None:
    """Remove an author's answer and rubric from a cell, or hide the answer behind a button."""
    cell.source = _RUBRIC.sub("", cell.source)
    if not cell.metadata.get("nbgrader", {}).get("solution"):
        return
    code_stub, text_stub = answer_stubs()
    if cell.cell_type == "code" and answers == "folded":
        cell.source = _MARKS.sub("", cell.source)
        cell.metadata.tags = [*cell.metadata.get("tags", []), "hide-input"]
    elif cell.cell_type == "code":
        cell.source = _SOLUTION.sub(rf"\1{code_stub}", cell.source)
    elif answers == "folded":
        text = cell.source
        cell.source = f"<details><summary>An answer</summary>\n\n{text}\n\n</details>"
    else:
        cell.source = text_stub


def _linked(output: NotebookNode, figures: Path) -> NotebookNode:
    """Return an output whose figures are separate files, so that the page itself loads quickly."""
    markup = "".join(output.get("data", {}).get("text/html", ""))
    linked = nbformat.from_dict(output)
    if (
        "sk-top-container" in markup
    ):  # scikit-learn's drawing of a pipeline holds 50 kB of style sheets
        del linked.data["text/html"]
    if "<style scoped>" in markup:  # the site has its own style for tables
        linked.data["text/html"] = _TABLE_STYLE.sub("", markup)
    if not _IMAGE.search(markup):
        return linked

    def to_file(found: re.Match[str]) -> str:
        content = base64.b64decode(found["data"])
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.png"
        (figures / name).write_bytes(content)
        # If a picture's size is unknown, what is below it moves when the picture is loaded.
        width, height = Image.open(BytesIO(content)).size
        source = f'src="../_static/figures/{name}" width="{width}" height="{height}"'
        return f'<img alt="{found["alt"]}" {source} loading="lazy">'

    linked.data = NotebookNode({"text/html": _IMAGE.sub(to_file, markup)})
    linked.metadata = NotebookNode()
    return linked


def main() -> None:
    """Build the site from the command line."""
    parser = argparse.ArgumentParser(prog="python -m grading.release.site", description=__doc__)
    parser.add_argument("--answers", choices=ANSWERS, default="absent")
    pages = build_site(ROOT / "build" / "site", parser.parse_args().answers)
    print(f"The site is {pages / 'index.html'}")


if __name__ == "__main__":
    main()
