"""What a figure depends on: the meaning of the code that measures it, and nothing else.

Measuring takes hours and code changes every day. So a changed comment, docstring or Markdown cell
or a moved file must not make a figure out of date, but a changed constant three modules away must.
Therefore the syntax trees of all definitions that the measurement reaches are compared, without
docstrings, and without the names of the files and folders that contain the definitions.

Nothing is imported here: sources are read as text. A definition reaches what it names, directly or
through its imports, and what it names in a string (`"grading.inside.relay"`, as for `python -m`).
What is reached in other ways (by a path, through a registry, in another process) is declared in the
measuring file, as `DEPENDS_ON`.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import re
import symtable
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOTTED = re.compile(r"[a-z_]\w*(\.\w+)+")
# Folders whose modules are imported by their own name only, below the repository's root.
SEARCHED = (".", "data", "tests/security")
NOT_FOLLOWED = ("benchmarks.record", "helpers.sources")
"""Code that stores figures or finds files: it has no effect on a figure's value."""
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
DECLARED = "DEPENDS_ON"
"""The name under which a measuring file lists files that are reached in other ways."""
WHOLE = "*"
"""Means everything in a module, in place of a definition's name."""

Place = tuple[str, str]
"""A module's dotted name, and the name of a definition in it or `WHOLE`."""


@dataclass(frozen=True)
class Reached:
    """What a measurement reaches.

    Attributes
    ----------
    places : tuple of Place
        Definitions of this repository, in order.
    code : str
        Hash of their meaning; it does not depend on the files that contain them.
    libraries : tuple of str
        Top-level names of the packages from elsewhere that they use.
    """

    places: tuple[Place, ...]
    code: str
    libraries: tuple[str, ...]


def constant(path: Path, name: str) -> object:
    """Return the literal that a Python file assigns to a name at its top level, or None."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [name]:
            return ast.literal_eval(node.value)
    return None


def _files(root: Path, declared: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Yield files, each with the name of the definition in it that counts, or `WHOLE`."""
    for text in declared:
        pattern, _, name = text.partition(":")
        found = sorted(root.glob(pattern))
        if not found:
            raise FileNotFoundError(f"{pattern}, on which a figure is said to depend, is missing")
        for path in found:
            for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                yield file, name or WHOLE


def _content(path: Path) -> str:
    """Return a data file's content; for JSON, without what only affects its layout."""
    if path.suffix == ".json":
        return json.dumps(json.loads(path.read_text(encoding="utf-8")), sort_keys=True)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class _Part:
    """A part of a module: its meaning, what it reaches in this repository, and other packages."""

    meanings: set[str]
    places: set[Place]
    libraries: set[str]


class Sources:
    """The repository's modules by dotted name, each read once.

    Parameters
    ----------
    root : Path
        The repository.
    """

    def __init__(self, root: Path):
        self.root = root
        self._modules: dict[str, _Module] = {}
        self._named: dict[str, Path | None] = {}

    def reached(self, starts: Iterable[Place], declared: Iterable[str] = ()) -> Reached:
        """Follow the code from some definitions to everything that they reach.

        Parameters
        ----------
        starts : iterable of Place
        declared : iterable of str
            Files, or folders with all the Python files below them, relative to the root; ``*``
            matches any name, and ``file.py:name`` is one definition, without other effects of the
            file. Python files are compared by meaning, and what they reach is followed; JSON is
            compared by content; others by their bytes.

        Raises
        ------
        FileNotFoundError
            If a module or a declared file is missing.
        """
        waiting, meanings, alone = list(starts), set(), set()
        for path, name in _files(self.root, declared):
            if path.suffix == ".py":
                waiting.append((self.add(path), name))
                alone |= {waiting[-1]} if name != WHOLE else set()
            else:
                meanings.add(_content(path))
        seen: set[Place] = set()
        libraries: set[str] = set()
        while waiting:
            place = waiting.pop()
            if place in seen or place[0] in NOT_FOLLOWED:
                continue
            seen.add(place)
            part = self.module(place[0]).part(place[1], effects=place not in alone)
            meanings |= part.meanings
            libraries |= part.libraries
            waiting += part.places
        whole = hashlib.sha256("\n".join(sorted(meanings)).encode()).hexdigest()[:16]
        return Reached(tuple(sorted(seen)), whole, tuple(sorted(libraries)))

    def add(self, path: Path) -> str:
        """Read a file, even if it cannot be imported by name; return the name of its module."""
        name = path.relative_to(self.root).with_suffix("").as_posix().replace("/", ".")
        name = name.removesuffix(".__init__")
        self._named[name] = path
        return name

    def path(self, name: str) -> Path | None:
        """Return the file of a module; None for a module from elsewhere."""
        if name not in self._named:
            below = name.replace(".", "/")
            found = (
                path
                for folder in SEARCHED
                for path in (
                    self.root / folder / f"{below}.py",
                    self.root / folder / below / "__init__.py",
                )
            )
            self._named[name] = next((path for path in found if path.is_file()), None)
        return self._named[name]

    def module(self, name: str) -> _Module:
        if name not in self._modules:
            path = self.path(name)
            if path is None:
                raise FileNotFoundError(f"the module {name} is missing")
            self._modules[name] = _Module(name, path, self)
        return self._modules[name]

    def place(self, dotted: str) -> Place | None:
        """Return the place of a dotted name in this repository: a module, or something in one."""
        module, rest = dotted, ""
        while module and self.path(module) is None:
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        return (module, rest.partition(".")[0] or WHOLE) if module else None

    def named(self, text: object) -> Place | None:
        """Return the place in this repository whose dotted name a string is, or None."""
        if not (isinstance(text, str) and DOTTED.fullmatch(text)):
            return None
        place = self.place(text)
        known = place and (place[1] == WHOLE or self.module(place[0]).has(place[1]))
        return place if known else None


class _Module:
    """One file's definitions and imports."""

    def __init__(self, name: str, path: Path, sources: Sources):
        self.name, self._sources = name, sources
        self._definitions: dict[str, list[ast.stmt]] = {}
        self._effects: list[ast.stmt] = []  # statements that are run when it is imported
        self._program: list[ast.stmt] = []  # statements that are run when it is started
        self._imports: dict[str, str] = {}  # dotted names, by the name that they have in this file
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        self._package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in _without_docstring(tree.body):
            self._take_in(node)

    def _take_in(self, node: ast.stmt) -> None:
        if isinstance(node, IMPORTS):
            self._imports |= dict(self._imported(node))
        elif isinstance(node, DEFINITIONS):
            self._definitions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and (names := _bound(node)):
            for name in names:
                if name != DECLARED:
                    self._definitions.setdefault(name, []).append(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            self._program.append(node)
        else:
            self._effects.append(node)
            for inner in ast.walk(node):
                if isinstance(inner, IMPORTS):
                    self._imports |= dict(self._imported(inner))

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
        """Yield each name that an import binds, with the dotted name that it stands for."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
            return
        above = self._package.split(".")
        above = above[: len(above) - node.level + 1] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            yield alias.asname or alias.name, f"{module}.{alias.name}"

    def has(self, name: str) -> bool:
        return name in self._definitions or name in self._imports

    def part(self, name: str, effects: bool = True) -> _Part:
        """Return a definition, or everything, with the effects of importing the module."""
        if name == WHOLE:
            nodes = [node for found in self._definitions.values() for node in found]
            return self._read([*nodes, *self._effects, *self._program], self._imports.values())
        if name in self._definitions:
            return self._read([*self._definitions[name], *(self._effects if effects else [])])
        if name in self._imports:  # imported here, and used from here by another module
            return self._read(self._effects, [self._imports[name]])
        submodule = f"{self.name}.{name}"
        if self._sources.path(submodule):
            return _Part(set(), {(submodule, WHOLE)}, set())
        return self.part(WHOLE)  # defined in a way that cannot be seen in the source

    def _read(self, nodes: Iterable[ast.stmt], dotted: Iterable[str] = ()) -> _Part:
        parts = [*map(self._statement, nodes), self._named(set(dotted))]
        fields = ("meanings", "places", "libraries")
        return _Part(*(set().union(*(getattr(part, name) for part in parts)) for name in fields))

    def _named(self, dotted: set[str]) -> _Part:
        """Return what some dotted names refer to."""
        found = {name: self._sources.place(name) for name in dotted}
        foreign = {name.partition(".")[0] for name, place in found.items() if place is None}
        return _Part(set(), set(found.values()) - {None}, foreign - sys.stdlib_module_names)

    @functools.cache  # noqa: B019 - a module lives as long as its statements
    def _statement(self, node: ast.stmt) -> _Part:
        inside = [inner for inner in ast.walk(node) if isinstance(inner, IMPORTS)]
        imported = {name: where for found in inside for name, where in self._imported(found)}
        local, outer = {**self._imports, **imported}, _outer_names(node) | imported.keys()
        read = [(name, rest) for name, rest in _names_in(node) if name in outer]
        part = self._named(
            {*imported.values(), *(local[name] + rest for name, rest in read if name in local)}
        )
        texts = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant))
        own = {(self.name, name) for name, _ in read if name in self._definitions.keys() - local}
        places = (
            part.places | own | {place for text in texts if (place := self._sources.named(text))}
        )
        return _Part({_meaning(node, self._sources, local)}, places, part.libraries)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return statements without those that are only a string: docstrings, texts below a name."""
    return [
        node
        for node in body
        if not (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )
    ]


def _bound(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return the names that an assignment binds; none if it changes an existing object."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [
        part
        for target in targets
        for part in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])
    ]
    return [name.id for name in names] if all(isinstance(n, ast.Name) for n in names) else []


def _names_in(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield names that code reads, each with the attributes after it: ("np", ".linalg.norm").

    Annotations are left out, because what they name is never run. So are attributes that are set.
    """
    if isinstance(node, ast.Attribute):
        parts, value = [], node
        while isinstance(value, ast.Attribute):
            parts.append(value.attr)
            value = value.value
        if isinstance(value, ast.Name):
            yield value.id, "".join(f".{part}" for part in reversed(parts))
            return
    if isinstance(node, ast.Name):
        yield node.id, ""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _names_in(child)


def _outer_names(node: ast.stmt) -> set[str]:
    """Return the names that a statement takes from its module: no parameters or local variables."""
    whole = symtable.symtable(ast.unparse(node), "statement", "exec")
    names = {symbol.get_name() for symbol in whole.get_symbols() if symbol.is_referenced()}
    waiting = list(whole.get_children())
    while waiting:
        scope = waiting.pop()
        names |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()}
        waiting += scope.get_children()
    return names


def _meaning(node: ast.stmt, sources: Sources, local: dict[str, str]) -> str:
    """Return a statement's syntax tree as text, without docstrings and names of our modules."""
    # A function of a library may be replaced by one of the same name from another library.
    foreign = {
        local[name]
        for name, _ in _names_in(node)
        if name in local and sources.place(local[name]) is None
    }
    plain = _Plain(sources, local).visit(_copied(node))
    return f"{ast.dump(plain)} {sorted(foreign)}"


def _copied(value: Any) -> Any:
    """Copy a syntax tree without its line numbers, several times faster than `copy.deepcopy`."""
    if isinstance(value, ast.AST):
        return type(value)(**{name: _copied(child) for name, child in ast.iter_fields(value)})
    return [_copied(child) for child in value] if isinstance(value, list) else value


class _Plain(ast.NodeTransformer):
    """Removes what has no effect: docstrings, and the places of our own modules."""

    def __init__(self, sources: Sources, local: dict[str, str]):
        self._sources, self._local = sources, local

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list) and statements:
                kept = [s for s in _without_docstring(statements) if not self._is_our_import(s)]
                setattr(node, name, kept or [ast.Pass()])
        return super().generic_visit(node)

    def _is_our_import(self, node: ast.stmt) -> bool:
        """Return whether a statement imports from this repository; such imports are followed."""
        return isinstance(node, IMPORTS) and all(
            self._sources.place(self._local[alias.asname or alias.name.partition(".")[0]])
            for alias in node.names
        )

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        place = self._sources.named(node.value)
        return ast.Constant("" if place[1] == WHOLE else place[1]) if place else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Replace an attribute of a module of ours by its name: `verdicts.PASSED` is `PASSED`."""
        for name, rest in _names_in(node):
            place = self._sources.place(self._local.get(name, "") + rest)
            if place and place[1] != WHOLE and rest == f".{place[1]}":
                return ast.Name(place[1], node.ctx)
            break
        return self.generic_visit(node)
