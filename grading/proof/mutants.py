"""Mutants of the reference answers: small automatic mistakes that a hidden test should notice.

The changes are the usual ones of mutation testing (Jia and Harman, "An Analysis and Survey of the
Development of Mutation Testing", 2011): another operator, constant or exception, a statement
removed, arguments in another order, an option or a value in a message left out. Not every mutant is
a mistake: some behave like the reference for every input, or do what the exercise allows. These are
listed as equivalent, with the reason, in ``solutions/NN/equivalent_mutants.json``.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.judging.reference import reference_cells
from grading.paths import ROOT
from grading.release.source import source_notebook
from helpers.lessons import Lesson

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
Change = Callable[[ast.Module, Any], str]
KEPT_WHOLE = (ast.Return, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)


@dataclass(frozen=True)
class Mutant:
    """A reference answer with one small mistake.

    Attributes
    ----------
    exercise : str
    name : str
        Line and column in the answer's cell, the original code, and the mutant's code.
    source : str
    """

    exercise: str
    name: str
    source: str


def mutants(lesson: Lesson) -> list[Mutant]:
    """Return the mutants of a lesson's functions; answers that are variables take too long."""
    references = reference_cells(source_notebook(lesson))
    return [
        Mutant(exercise, name, source)
        for exercise, answer in references.items()
        if exercise in lesson.exercises
        for name, source in mutated(answer)
    ]


def mutated(source: str) -> Iterator[tuple[str, str]]:
    """Yield name and source of each mutant of some code, never the same source twice."""
    seen = {ast.unparse(ast.parse(source))}
    places = len(list(_places(ast.parse(source))))
    for place in range(places):
        for choice in range(len(_changes(_nth(ast.parse(source), place)))):
            tree = ast.parse(source)
            node = _nth(tree, place)
            before, line, column = ast.unparse(node), node.lineno, node.col_offset
            change = _changes(node)[choice]
            after = change(tree, node)
            text = ast.unparse(ast.fix_missing_locations(tree))
            if text not in seen:
                seen.add(text)
                yield f"{line}:{column}: {_short(before)} → {_short(after)}", text


def equivalents_path(lesson: Lesson) -> Path:
    return ROOT / "solutions" / lesson.name / "equivalent_mutants.json"


def equivalents(lesson: Lesson) -> dict[str, dict[str, str]]:
    """Return why mutants are not mistakes, by exercise and by the mutant's name."""
    path = equivalents_path(lesson)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _short(code: str) -> str:
    text = " ".join(code.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _places(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes inside functions that can be changed; docstrings and annotations cannot."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            yield from _inside(function)


def _inside(function: ast.FunctionDef) -> Iterator[ast.AST]:
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    for default in [*function.args.defaults, *filter(None, function.args.kw_defaults)]:
        yield from _walk(default)
    for statement in statements:
        yield from _walk(statement)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef):  # one within another
        yield from _inside(node)
        return
    if _changes(node):
        yield node
    for child in _children(node):
        yield from _walk(child)


def _children(node: ast.AST) -> list[ast.AST]:
    """Return a node's children, without annotations and message texts, which are not compared."""
    below: list[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.AnnAssign):
        below.remove(node.annotation)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        below = [*node.exc.args]
    if isinstance(node, ast.Raise | ast.JoinedStr):
        below = [child for child in below if not isinstance(child, ast.Constant)]
    return below


def _nth(tree: ast.Module, place: int) -> Any:
    return next(node for index, node in enumerate(_places(tree)) if index == place)


def _changes(node: ast.AST) -> list[Change]:
    """Return functions that change a tree at a node, in place, and return the new code there."""
    found: list[Change] = []
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                found.append(_setter("ops", index, other))
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in ARITHMETIC:
        found.append(_setter("op", None, ARITHMETIC[type(node.op)]))
    elif isinstance(node, ast.BoolOp):
        junction = ast.Or if isinstance(node.op, ast.And) else ast.And
        found.append(_setter("op", None, junction))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        found.append(lambda tree, node: _replace(tree, node, node.operand))
    elif isinstance(node, ast.Constant):
        found += [_constant(value) for value in _other_constants(node.value)]
    elif isinstance(node, ast.Call):
        found += [_swap(index) for index in range(len(node.args) - 1)]
        found += [_drop(index) for index, option in enumerate(node.keywords) if option.arg]
    elif isinstance(node, ast.FormattedValue):
        found.append(lambda tree, node: _replace(tree, node, ast.Constant("")))
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        found.append(_raise_another)
    elif isinstance(node, ast.Return) and node.value is not None:
        found.append(_return_nothing)
    elif isinstance(node, ast.Break | ast.Continue):
        jump = ast.Continue if isinstance(node, ast.Break) else ast.Break
        found.append(lambda tree, node: _replace(tree, node, jump()))
    if isinstance(node, ast.stmt) and not isinstance(node, KEPT_WHOLE):
        found.append(lambda tree, node: _replace(tree, node, ast.Pass()))
    return found


def _other_constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value + 1.0, value * 0.9]
    if isinstance(value, str):
        return [f"{value}x"]
    return []


def _setter(field: str, index: int | None, kind: type[ast.AST]) -> Change:
    def change(tree: ast.Module, node: Any) -> str:
        if index is None:
            setattr(node, field, kind())
        else:
            getattr(node, field)[index] = kind()
        return ast.unparse(node)

    return change


def _constant(value: object) -> Change:
    def change(tree: ast.Module, node: Any) -> str:
        node.value = value
        return ast.unparse(node)

    return change


def _swap(index: int) -> Change:
    def change(tree: ast.Module, node: Any) -> str:
        node.args[index : index + 2] = node.args[index : index + 2][::-1]
        return ast.unparse(node)

    return change


def _drop(index: int) -> Change:
    def change(tree: ast.Module, node: Any) -> str:
        del node.keywords[index]
        return ast.unparse(node)

    return change


def _return_nothing(tree: ast.Module, node: Any) -> str:
    node.value = None
    return "return"


def _raise_another(tree: ast.Module, node: Any) -> str:
    node.exc.func = ast.Name("RuntimeError", ast.Load())
    return ast.unparse(node)


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> str:
    """Replace a node by another one; the old node is found by identity."""
    new = copy.copy(new)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(item is old for item in value):
                value[:] = [new if item is old else item for item in value]
    return ast.unparse(new)
