"""The course's own answers: their cells, and the functions and variables that they define."""

from __future__ import annotations

import ast
import contextlib
import re
from typing import Any

from nbformat import NotebookNode


def grade_id(cell: NotebookNode) -> str:
    """Return the name that nbgrader knows a cell by, or an empty one."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def reference_cells(solution: NotebookNode) -> dict[str, str]:
    """Return the sources of the cells that answer, by exercise; only those that define a function.

    A variable's answer may take minutes to compute, and no later cell of a lesson needs it.
    """
    cells = {grade_id(cell): cell.source for cell in solution.cells if cell.cell_type == "code"}
    return {
        name: source
        for name, source in cells.items()
        if name and re.search(rf"^def {re.escape(name)}\(", source, re.MULTILINE)
    }


def run_cell(notebook: NotebookNode, exercise: str) -> dict[str, Any]:
    """Run an exercise's cell here, after every import of the cells above it; return its names.

    Only for a notebook of our own: its code runs in this process.

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
    """Run code as a kernel would: what this file imports from `__future__` is not the cell's."""
    exec(compile(source, "<cell>", "exec", dont_inherit=True), namespace)


def imports_of(source: str) -> str:
    """Return a cell's import statements; one with a magic has none of ours."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    found = (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    return "\n".join(map(ast.unparse, found))
