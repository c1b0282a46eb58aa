"""Find the cells of a notebook that depend on an answer: they call it, or use a call's result."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from grading.intake.parts import tree_of

Scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Dependents:
    """Names that depend on some answers, collected cell by cell from the top of a notebook.

    An exercise is asked a second time only if it depends on a wrong answer. The code is read but
    not run, so only assignments and definitions are followed, not everything that code can do.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._imported: set[str] = set()

    def add(self, name: str) -> None:
        """Add an answer whose dependents are to be found."""
        self._names.add(name)

    def uses_one(self, source: str) -> bool:
        """Tell whether a cell mentions one of the names."""
        return not self._names.isdisjoint(_mentioned(tree_of(source), source))

    def runs_one(self, source: str) -> bool:
        """Tell whether a cell mentions one of the names outside function and class definitions."""
        tree = tree_of(source)
        if tree is None:
            return self.uses_one(source)
        at_once = (part for part in tree.body if not isinstance(part, Scopes))
        return any(not self._names.isdisjoint(_mentioned(part, "")) for part in at_once)

    def follow(self, source: str) -> None:
        """Read a cell: names that a statement sets while it mentions a dependent name are added."""
        tree = tree_of(source)
        if tree is None:
            if self.uses_one(source):
                self._names |= set(_words(source))
            return
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                names = (alias.asname or alias.name.split(".")[0] for alias in statement.names)
                self._imported |= set(names)
            elif not self._names.isdisjoint(_mentioned(statement, "")):
                self._names |= set(_set_by(statement)) - self._imported


def _words(source: str) -> Iterable[str]:
    return re.findall(r"\w+", source)


def _mentioned(tree: ast.AST | None, source: str) -> Iterator[str]:
    """Yield the names in a statement, and its strings, which may be names for `globals()`."""
    if tree is None:
        yield from _words(source)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _set_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement itself sets or changes, in any order."""
    waiting = [node]  # no recursion: a sum of a thousand numbers is a thousand levels deep
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scopes):
            if not isinstance(node, ast.Lambda):
                yield node.name
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield from _root(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _root(node.func)  # a method may change its object
        waiting += ast.iter_child_nodes(node)


def _root(node: ast.AST) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
