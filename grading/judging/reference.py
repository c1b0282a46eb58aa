"""The course's own (reference) answers: their cells, and the names that they define."""

from __future__ import annotations

import ast
import contextlib
import re
from typing import Any

from nbformat import NotebookNode


def grade_id(cell: NotebookNode) -> str:
    """Return a cell's name in nbgrader, or an empty string if it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def reference_cells(solution: NotebookNode) -> dict[str, str]:
    """Return the sources of the answer cells that define a function, by exercise.

    Answers that are variables are left out: they may take minutes to compute, and no later cell of
    a lesson needs them.
    """
    cells = {grade_id(cell): cell.source for cell in solution.cells if cell.cell_type == "code"}
    return {
        name: source
        for name, source in cells.items()
        if name and re.search(rf"^def {re.escape(name)}\(", source, re.MULTILINE)
    }


def run_cell(notebook: NotebookNode, exercise: str) -> dict[str, Any]:
    """Run an exercise's cell, after all imports of the cells above it, and return its names.

    Only for our own notebooks: the code runs in this process.

    Raises
    ------
    KeyError
        If the notebook has no such cell.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if grade_id(cell) == exercise:
            # The stub of an exercise that asks for a variable raises as soon as it runs.
            with contextlib.suppress(NotImplementedError):
                _execute(cell.source, namespace)
            return namespace
        _execute(imports_of(cell.source), namespace)
    raise KeyError(f"the notebook has no cell {exercise!r}")


def _execute(source: str, namespace: dict[str, Any]) -> None:
    """Run code as a kernel would, without the `__future__` imports of this file."""
    exec(compile(source, "<cell>", "exec", dont_inherit=True), namespace)


def imports_of(source: str) -> str:
    """Return a cell's import statements; none if it is not plain Python (e.g. has a magic)."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    found = (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    return "\n".join(map(ast.unparse, found))
