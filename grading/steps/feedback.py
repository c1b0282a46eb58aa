"""What is done to a graded notebook before it becomes a page of feedback."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_locked

HEADS = {"=== BEGIN MARK SCHEME ===": "**Mark scheme**\n", "=== END MARK SCHEME ===": ""}


class HeadMarkScheme(NbGraderPreprocessor):
    """Heads the rubric of a written answer; nbgrader would show its own delimiters."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        if cell.cell_type == "markdown" and is_locked(cell):
            lines = cell.source.split("\n")
            cell.source = "\n".join(HEADS.get(line, line) for line in lines)
        return cell, resources
