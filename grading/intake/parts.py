"""Find the parts of a cell that can be run again alone: imports, definitions, plain constants.

A `try` that contains nothing else counts as an import, since students write it around the import of
a package.

Students write these parts anywhere: in the first cell, in a cell that trains only for the lesson,
or below a line that fails during grading. Answers need them wherever they are.
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
# Also matches `files = !ls`, so the name `files` is lost. The pattern is written so that it tries
# no shorter indent, which would be slow for long lines.
_MAGIC = re.compile(r"^([ \t]*)(?![ \t])(?:(?:\w+[ \t]*=[ \t]*)?[%!?].*|.*\?[ \t]*$)", re.MULTILINE)
# Calls that may be part of a constant. What other calls do cannot be known from the source.
_PLAIN_CALLS = {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "range", "re", "set"}
_PLAIN_CALLS |= {"sorted", "str", "tuple"}


def parsed(source: str) -> ast.Module | None:
    """Return a cell's tree, without magics and shell commands; None if it is not Python."""
    return tree_of(source) or tree_of(_MAGIC.sub(_without_magic, source))


def _without_magic(line: re.Match[str]) -> str:
    """Return a replacement for a magic: a block that contains nothing else must not be empty."""
    return f"{line[1]}pass" if line[1] else ""


def tree_of(source: str) -> ast.Module | None:
    """Return a cell as a tree; None if it is not Python, e.g. has a magic or is incomplete."""
    with warnings.catch_warnings():
        # Python's warnings about a student's text must not appear on the teacher's terminal.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def parts(source: str, constants: bool = True, from_line: int = 0) -> list[str]:
    """Return a cell's imports, functions, classes and plain constants, each as a separate text.

    Parameters
    ----------
    source : str
    constants : bool
        Whether to include assignments of literal values.
    from_line : int
        Statements that end above this line are left out.
    """
    tree = parsed(source)
    found = [node for node in (tree.body if tree else ()) if (node.end_lineno or 0) >= from_line]
    return list(_unparsed(node for node in found if _stands_alone(node, constants)))


def own_parts(source: str, released: str) -> list[str]:
    """Return the parts of a student's cell that are not in the release's cell."""
    known = set(parts(released))
    return [part for part in parts(source) if part not in known]


def setting(source: str, name: str) -> list[str]:
    """Return the top-level statements of a cell that define or set a name."""
    tree = parsed(source)
    return list(_unparsed(node for node in (tree.body if tree else ()) if name in _set_by(node)))


def same_code(one: str, other: str) -> bool:
    """Tell whether two cells have the same code, apart from layout and comments."""
    outlines = _outline(one), _outline(other)
    if None in outlines:
        return one.split() == other.split()
    return outlines[0] == outlines[1]


def _outline(source: str) -> str | None:
    """Return a cell's tree as text; None if it is not Python, too deep, or has a huge number."""
    tree = parsed(source)
    with contextlib.suppress(RecursionError, ValueError):
        return ast.dump(tree) if tree else None
    return None


def _unparsed(nodes: Iterable[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        try:
            yield from map(ast.unparse, _name_by_name(node))
        except (RecursionError, ValueError):  # far too deeply nested, or a far too long number
            continue


def _name_by_name(node: ast.stmt) -> list[ast.stmt]:
    """Split an import into one per name, so that if one fails, the others still work."""
    if isinstance(node, ast.Import):
        return [ast.Import([alias]) for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        return [ast.ImportFrom(node.module, [alias], node.level) for alias in node.names]
    return [node]


def _stands_alone(node: ast.stmt, constants: bool) -> bool:
    if isinstance(node, (*DEFINITIONS, *IMPORTS)):
        return True
    if isinstance(node, ast.Try):  # an import with a replacement
        blocks = (node.body, *(one.body for one in node.handlers), node.orelse, node.finalbody)
        inside = [one for block in blocks for one in block if not isinstance(one, ast.Pass)]
        return bool(inside) and all(_stands_alone(one, constants=True) for one in inside)
    if not constants or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(target, ast.Name) for target in targets) and _is_plain(node.value)


def _is_plain(value: ast.expr) -> bool:
    """Tell whether a value is a literal, or a plain call that takes no time."""
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
    """Tell whether a call is of a plain type, of a function in `re`, or of a literal's method."""
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
