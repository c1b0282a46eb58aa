"""The lines that only instructors may see, and where a text holds one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from grading.paths import ROOT, private_path
from grading.release.source import source_notebook
from helpers.lessons import LESSONS, Lesson

SHORTEST = 24
"""Characters of a line, without white space, below which it may stand anywhere by chance."""
START = 16
"""A secret line is looked up by so many characters, and compared as a whole where they are met."""
_REGION = re.compile(r"BEGIN (SOLUTION|MARK SCHEME).*?\n(.*?)\n[^\n]*END \1", re.S)


def squeezed(text: str) -> str:
    """Return a text without white space: indentation, wrapping and line ends hide nothing."""
    return re.sub(r"\s+", "", text)


class SecretLines:
    """Lines to look for, squeezed, each with what it is.

    Parameters
    ----------
    lines : dict of str to str
    """

    def __init__(self, lines: dict[str, str]):
        self.lines = lines
        self._by_start: dict[str, list[str]] = {}
        for line in lines:
            self._by_start.setdefault(line[:START], []).append(line)

    def found_in(self, text: str) -> dict[str, str]:
        """Return those that a text holds, each with what it is."""
        text, found = squeezed(text), {}
        for place in range(len(text) - START + 1):
            for line in self._by_start.get(text[place : place + START], ()):
                if line not in found and text.startswith(line, place):
                    found[line] = self.lines[line]
        return found


def secret_lines(root: Path = ROOT) -> SecretLines:
    """Return the lines of a course's answers, rubrics, hidden tests, variants and overlay.

    Left out is what a lesson shows everybody: the frame of an answer, code of its story.
    """
    found: dict[str, str] = {}
    public = []
    for lesson in LESSONS:
        for cell in source_notebook(lesson, root).cells:
            secret, rest = _parted(cell)
            public.append(rest)
            found |= _named(secret, f"the answer or the rubric of {cell.id}")
        found |= _of_room(lesson, root)
    shown = squeezed("\n".join(public))
    found = {line: what for line, what in found.items() if line not in shown}
    return SecretLines(found | _of_overlay(private_path(root)))


def _parted(cell: NotebookNode) -> tuple[str, str]:
    """Return what of a cell only instructors may see, and the rest."""
    if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
        return cell.source, ""
    regions = "\n".join(region for _, region in _REGION.findall(cell.source))
    return regions, _REGION.sub("", cell.source)


def _of_room(lesson: Lesson, root: Path) -> dict[str, str]:
    room = root / "solutions" / lesson.name
    found = {}
    for path in sorted([*room.glob("hidden_tests.py"), *room.glob("variants/**/*.py")]):
        kind = "a hidden test" if path.parent == room else "a variant"
        what = f"{kind}, {path.relative_to(root).as_posix()}"
        found |= _named(path.read_text(encoding="utf-8"), what)
    mutants = room / "equivalent_mutants.json"
    if mutants.is_file():
        reasons = json.loads(mutants.read_text(encoding="utf-8"))
        told = "\n".join(reason for by_place in reasons.values() for reason in by_place.values())
        found |= _named(told, f"a remark on the tests, {mutants.name} of {lesson.name}")
    return found


def _of_overlay(folder: Path) -> dict[str, str]:
    """Return the lines of a private overlay; of those there is none that everybody may see."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".toml", ".txt") and ".git" not in path.parts:
            what = f"the private overlay, {path.relative_to(folder).as_posix()}"
            found |= _named(path.read_text(encoding="utf-8", errors="replace"), what, START)
    return found


def _named(text: str, what: str, shortest: int = SHORTEST) -> dict[str, str]:
    """Return the telling lines of a text, squeezed, each with what it is."""
    return dict.fromkeys(_telling(text.splitlines(), shortest), what)


def _telling(lines: Iterable[str], shortest: int) -> Iterator[str]:
    for line in lines:
        if not line.strip().startswith(("import ", "from ")):
            short = squeezed(line).lstrip("#")
            if len(short) >= shortest:
                yield short
