"""What of a cell can stand alone, and be run again: imports, definitions and plain constants.

A `try` that holds nothing else counts as an import: students write one around a package.

Students write these anywhere: into the first cell, into one that trains for the lesson alone, below
a line that fails where submissions are graded. Answers need them wherever they stand.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
# Also `files = !ls`, whose name is lost with it. No shorter indent is tried: a line may be long.
_MAGIC = re.compile(r"^([ \t]*)(?![ \t])(?:(?:\w+[ \t]*=[ \t]*)?[%!?].*|.*\?[ \t]*$)", re.MULTILINE)
# A constant may be made with these; what else a call does cannot be seen from here.
_PLAIN_CALLS = {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "range", "re", "set"}
_PLAIN_CALLS |= {"sorted", "str", "tuple"}


def parsed(source: str) -> ast.Module | None:
    """Return a cell's tree, without magics and shell commands; None if it is no Python."""
    return tree_of(source) or tree_of(_MAGIC.sub(_without_magic, source))


def _without_magic(line: re.Match[str]) -> str:
    """Return what stands for a magic: a block that holds nothing else must not become empty."""
    return f"{line[1]}pass" if line[1] else ""


def tree_of(source: str) -> ast.Module | None:
    """Return a cell as a tree, or None: with a magic in it, or cut short, it is no Python."""
    with warnings.catch_warnings():
        # What Python would write of a student's text is not for the teacher's terminal.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def parts(source: str, constants: bool = True, from_line: int = 0) -> list[str]:
    """Return a cell's imports, functions, classes and plain constants, each as a text of its own.

    Parameters
    ----------
    source : str
    constants : bool
        Whether to take assignments of values that are written out.
    from_line : int
        What ends above it is left out.
    """
    tree = parsed(source)
    found = [node for node in (tree.body if tree else ()) if (node.end_lineno or 0) >= from_line]
    return list(_unparsed(node for node in found if _stands_alone(node, constants)))


def own_parts(source: str, released: str) -> list[str]:
    """Return the parts of a student's cell that the release's has not."""
    known = set(parts(released))
    return [part for part in parts(source) if part not in known]


def setting(source: str, name: str) -> list[str]:
    """Return the statements of a cell's top level that define or set a name."""
    tree = parsed(source)
    return list(_unparsed(node for node in (tree.body if tree else ()) if name in _set_by(node)))


def same_code(one: str, other: str) -> bool:
    """Tell whether two cells hold the same code, however it is laid out and commented."""
    outlines = _outline(one), _outline(other)
    if None in outlines:
        return one.split() == other.split()
    return outlines[0] == outlines[1]


def _outline(source: str) -> str | None:
    """Return a cell's tree as a text; None if it is no Python, too deep, or holds a huge number."""
    tree = parsed(source)
    with contextlib.suppress(RecursionError, ValueError):
        return ast.dump(tree) if tree else None
    return None


def _unparsed(nodes: Iterable[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        try:
            yield from map(ast.unparse, _name_by_name(node))
        except (RecursionError, ValueError):  # nobody writes so deep a sum, or so long a number
            continue


def _name_by_name(node: ast.stmt) -> list[ast.stmt]:
    """Return an import as one for each name, so that one that fails leaves the others."""
    if isinstance(node, ast.Import):
        return [ast.Import([alias]) for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        return [ast.ImportFrom(node.module, [alias], node.level) for alias in node.names]
    return [node]


def _stands_alone(node: ast.stmt, constants: bool) -> bool:
    if isinstance(node, (*DEFINITIONS, *IMPORTS)):
        return True
    if isinstance(node, ast.Try):  # an import with another in its place
        blocks = (node.body, *(one.body for one in node.handlers), node.orelse, node.finalbody)
        inside = [one for block in blocks for one in block if not isinstance(one, ast.Pass)]
        return bool(inside) and all(_stands_alone(one, constants=True) for one in inside)
    if not constants or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(target, ast.Name) for target in targets) and _is_plain(node.value)


def _is_plain(value: ast.expr) -> bool:
    """Tell whether a value is written out, and takes no time to make."""
    for node in ast.walk(value):
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and node.id in vars(builtins)
            and node.id not in _PLAIN_CALLS
        ):
            return False
        if isinstance(node, ast.Call) and not _is_plain_call(node.func):
            return False
    return True


def _is_plain_call(function: ast.expr) -> bool:
    """Tell whether a call is of a plain type, of `re`, or of a written text's method."""
    while isinstance(function, ast.Attribute):
        function = function.value
    if isinstance(function, ast.Constant):
        return True
    return isinstance(function, ast.Name) and function.id in _PLAIN_CALLS


def _set_by(node: ast.stmt) -> set[str]:
    if isinstance(node, DEFINITIONS):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {
        name.id
        for target in targets
        if target
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }
