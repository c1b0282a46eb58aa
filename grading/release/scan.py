"""Look for answers, tests, variants and keys in what students will get: files, archives, history.

It looks where a student who wants the answers would look: in notebooks' outputs, checkpoints and
metadata, archives and wheels, tables, pages, and every object of a git repository, even objects
that no branch contains any more. A file that cannot be checked is also a finding.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grading.paths import ROOT
from grading.release.contents import TREE, Content, contents_of
from grading.release.git import git, git_environment
from grading.release.secret_lines import SecretLines, secret_lines, squeezed
from grading.settings import answer_stubs

SHARED_LINES = ROOT / "edition" / "shared_lines.toml"
"""Lines that public files may share with answers or tests, as decided by a maintainer."""
NAMES = {
    "for instructors only": r"solutions|private|variants|hidden_tests\.py|equivalent_mutants\.json",
    "the key to planted labels": r"planted\.parquet",
    "a generator, which can produce keys": r"generator",
    "records of a class": r"gradebook\.db.*|receipts|submitted|autograded|feedback|collected"
    r"|downloaded",
    "a leftover of an editor or a program": r"\.ipynb_checkpoints|__pycache__|.*\.py[co]"
    r"|.*\.(?:orig|rej|bak|sw[op])|.*~|\.pytest_cache|\.hypothesis|\.ruff_cache|\.venv"
    r"|\.virtual_documents|history\.sqlite.*|nbsignatures\.db.*|\.env|\.netrc|\.DS_Store",
}
"""Names of files and folders that students must not get, as patterns, by what they are."""
MOST_FINDINGS = 20
"""The scan ends after so many findings, which are enough to see what is wrong."""


@dataclass(frozen=True)
class Finding:
    """Something that students must not get.

    Attributes
    ----------
    where : str
        A file, a file in an archive, or an object of a git repository with its path.
    what : str
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Scan:
    """A search for what only instructors may see.

    Parameters
    ----------
    root : Path
        The folder of the course whose answers and tests are searched for.
    """

    def __init__(self, root: Path = ROOT):
        self._secrets: SecretLines = secret_lines(root)
        self._shared = _shared_lines()

    def path(self, path: Path) -> list[Finding]:
        """Return what is found in a file, or in a folder with its git repositories.

        Raises
        ------
        FileNotFoundError
            If the path does not exist.
        """
        if not path.exists():
            raise FileNotFoundError(f"there is no {path}")
        if path.is_file():
            return self._first(self._content(path.name, path.read_bytes()))
        return self._first(self._folder(path))

    def repository(self, folder: Path) -> list[Finding]:
        """Return what is found in the git repository of a folder, without the folder's files."""
        return self._first(self._repository(folder))

    def branch(self, name: str, repository: Path = ROOT) -> list[Finding]:
        """Return what is found in the commits of a branch, from its first to its last."""
        return self._first(self._objects(repository, [name]))

    def _first(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the first findings, without repetitions."""
        found: dict[Finding, None] = {}
        for finding in findings:
            found[finding] = None
            if len(found) == MOST_FINDINGS:
                break
        return list(found)

    def _folder(self, folder: Path) -> Iterator[Finding]:
        for parent, folders, files in os.walk(folder):
            here = Path(parent)
            for name in sorted([*folders, *files]):
                if (here / name).is_symlink():
                    where = (here / name).relative_to(folder).as_posix()
                    yield Finding(where, "is a link, which may lead anywhere")
            if ".git" in (*folders, *files):
                yield from self._repository(here)
                folders[:] = [name for name in folders if name != ".git"]
            folders[:] = sorted(name for name in folders if not (here / name).is_symlink())
            for name in sorted(files):
                path = here / name
                if path.is_file() and not path.is_symlink() and name != ".git":
                    where = path.relative_to(folder).as_posix()
                    yield from self._content(where, path.read_bytes())

    def _content(self, name: str, data: bytes) -> Iterator[Finding]:
        for content in contents_of(name, data):
            yield from self._judge(content)

    def _judge(self, content: Content) -> Iterator[Finding]:
        yield from _by_name(content.name)
        if content.problem:
            yield Finding(content.name, content.problem)
        if content.notebook is not None:
            yield from _by_cells(content.name, content.notebook)
        allowed = self._allowed(content.name)
        for line, what in self._secrets.found_in(content.text, allowed).items():
            yield Finding(content.name, f"holds a line of {what}: {line[:60]!r}")

    def _allowed(self, name: str) -> frozenset[str]:
        """Return the lines that a file may share, wherever its folder is."""
        parts = name.split(TREE)[-1]
        found = (lines for path, lines in self._shared.items() if f"/{parts}".endswith(f"/{path}"))
        return next(found, frozenset())

    def _repository(self, folder: Path) -> Iterator[Finding]:
        """Yield findings in a repository's objects; for a worktree, only in its own commits."""
        kept = folder / ".git"
        revisions = ["HEAD"] if kept.is_file() else None
        yield from self._objects(folder, revisions)
        if kept.is_dir():
            for path in sorted(kept.rglob("*")):
                inside = path.relative_to(kept)
                if path.is_file() and inside.parts[0] != "objects" and path.name != "index":
                    text = path.read_bytes().decode("utf-8", "replace")
                    yield from self._judge(Content(f".git/{inside.as_posix()}", text))

    def _objects(self, repository: Path, revisions: list[str] | None) -> Iterator[Finding]:
        """Yield findings in the objects that revisions reach; without revisions, in all objects."""
        wanted = revisions or ["--all", "--reflog"]
        reached = git("rev-list", "--objects", *wanted, "--", at=repository)
        paths = dict(line.partition(" ")[::2] for line in reached.splitlines())
        names = (
            list(paths)
            if revisions
            else git(
                *("cat-file", "--batch-all-objects", "--batch-check=%(objectname)"), at=repository
            ).split()
        )
        for name, kind, data in _read_objects(repository, names):
            where, path = f"git {kind} {name[:10]}", paths.get(name, "")
            if kind == "tree":
                for entry in _names_in_tree(data, len(name) // 2):
                    for finding in _by_name(entry):
                        yield Finding(f"{where} {path}".strip(), finding.what)
            else:
                for finding in self._content(path or kind, data):
                    told = finding.where if path else ""
                    yield Finding(f"{where} {told}".strip(), finding.what)


@functools.cache
def _shared_lines() -> dict[str, frozenset[str]]:
    """Return the lines that each public file may share with answers or tests, squeezed."""
    given = tomllib.loads(SHARED_LINES.read_text(encoding="utf-8"))
    return {path: frozenset(map(squeezed, lines)) for path, lines in given.items()}


def _by_name(name: str) -> Iterator[Finding]:
    """Yield findings in the name of a file and in the names of its folders."""
    for part in PurePosixPath(name.replace(TREE, "/")).parts:
        for what, pattern in NAMES.items():
            if re.fullmatch(pattern, part, re.IGNORECASE):
                yield Finding(name, f"is {what} ({part})")


def _by_cells(name: str, notebook: dict[str, Any]) -> Iterator[Finding]:
    """Yield what does not belong in a released notebook: outputs, marks, cells with an answer."""
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else ():
        if not isinstance(cell, dict):
            continue
        source = "".join(cell.get("source") or ())
        marks = (cell.get("metadata") or {}).get("nbgrader") or {}
        told = f"cell {cell.get('id') or marks.get('grade_id')}"
        if cell.get("outputs"):
            yield Finding(name, f"{told} holds an output")
        for mark in ("SOLUTION", "MARK SCHEME", "HIDDEN TESTS"):
            if f"BEGIN {mark}" in source:
                yield Finding(name, f"{told} holds the mark of a {mark.lower()}")
        if marks.get("solution") and _is_answered(source):
            yield Finding(name, f"{told} is answered: it has more than its stub")


def _is_answered(source: str) -> bool:
    """Tell whether a cell has no stub, has it only in a comment, or has code after it."""
    code_stub, text_stub = answer_stubs()
    if code_stub not in source:
        return text_stub not in source
    try:
        tree, stub = ast.parse(source), ast.unparse(ast.parse(code_stub))
    except SyntaxError:
        return True
    blocks = [
        [ast.unparse(statement) for statement in block]
        for node in ast.walk(tree)
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
        if isinstance(block, list)
    ]
    stubbed = [block for block in blocks if stub in block]
    return not stubbed or any(block[-1] != stub for block in stubbed)


def _names_in_tree(data: bytes, length: int) -> Iterator[str]:
    """Yield the names in one of git's trees, in which each name is followed by a hash.

    The names of objects are not enough: two files with the same content share one object, which is
    listed with only one of their names.
    """
    place = 0
    while place < len(data):
        end = data.index(b"\0", place)
        yield data[place:end].partition(b" ")[2].decode("utf-8", "replace")
        place = end + 1 + length


def _read_objects(repository: Path, names: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, kind and content of git's objects."""
    command = ["git", "-C", str(repository), "cat-file", "--batch", "--buffer"]
    done = subprocess.run(
        command, input="\n".join(names).encode(), capture_output=True, env=git_environment()
    )
    place, data = 0, done.stdout
    while place < len(data):
        end = data.index(b"\n", place)
        name, kind, *size = data[place:end].decode().split()
        if not size:  # in a partial clone
            raise RuntimeError(
                f"object {name} of {repository} is {kind}: fetch the complete repository first"
            )
        start = end + 1
        yield name, kind, data[start : start + int(size[0])]
        place = start + int(size[0]) + 1
