"""Prepare a graded notebook for its feedback page."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_locked

HEADS = {"=== BEGIN MARK SCHEME ===": "**Mark scheme**\n", "=== END MARK SCHEME ===": ""}


class HeadMarkScheme(NbGraderPreprocessor):
    """Puts a heading above the rubric of a written answer, where nbgrader shows its delimiters."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        if cell.cell_type == "markdown" and is_locked(cell):
            lines = cell.source.split("\n")
            cell.source = "\n".join(HEADS.get(line, line) for line in lines)
        return cell, resources
