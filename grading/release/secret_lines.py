"""The lines that only instructors may see, and a search for them in a text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from grading.paths import ROOT, private_path
from grading.release.source import source_notebook
from helpers.lessons import LESSONS, Lesson

SHORTEST = 24
"""Fewest characters of a secret line, without white space: shorter ones may occur by chance."""
START = 16
"""A secret line is looked up by its first characters, so many, and then compared as a whole."""
TELLING_ALONE = 60
"""From this length on, a single line of a variant is a finding. Of shorter lines, two of the same
exercise are needed.

There are many variants, in every style, so any common way to write something is a line of one.
"""
_REGION = re.compile(r"BEGIN (SOLUTION|MARK SCHEME).*?\n(.*?)\n[^\n]*END \1", re.S)
_INVISIBLE = "\0\u00ad\u200b\u200c\u200d\u2060\ufeff"
# Code formatters and text editors change these characters. In a string within a string, there are
# backslashes before quotes.
_ALIKE = str.maketrans(dict.fromkeys("'‘’“”", '"') | dict.fromkeys(_INVISIBLE + "\\", ""))


def squeezed(text: str) -> str:
    """Return a text without unimportant differences: white space, wrapping, the kind of quotes."""
    joined = re.sub(r"\s+", "", text.translate(_ALIKE))
    return re.sub(r",(?=[)\]}])", "", joined)


class Source(NamedTuple):
    """Where a secret line comes from.

    Attributes
    ----------
    what : str
    exercise : str
        For a variant, the folder of its exercise; else empty.
    """

    what: str
    exercise: str = ""


class SecretLines:
    """Lines to look for, squeezed, each with its source.

    Parameters
    ----------
    lines : dict of str to Source
    """

    def __init__(self, lines: dict[str, Source]):
        self.lines = lines
        self._by_start: dict[str, list[str]] = {}
        for line in lines:
            self._by_start.setdefault(line[:START], []).append(line)

    def found_in(self, text: str, allowed: Collection[str] = ()) -> dict[str, str]:
        """Return the secret lines in a text and what each is, except those that are allowed."""
        text, found = squeezed(text), {}
        for place in range(len(text) - START + 1):
            for line in self._by_start.get(text[place : place + START], ()):
                if line not in found and line not in allowed and text.startswith(line, place):
                    found[line] = self.lines[line]
        counts = Counter(source.exercise for source in found.values())
        return {
            line: source.what
            for line, source in found.items()
            if not source.exercise or len(line) >= TELLING_ALONE or counts[source.exercise] > 1
        }


def secret_lines(root: Path = ROOT) -> SecretLines:
    """Return the lines of a course's answers, rubrics, hidden tests, variants and overlay.

    Lines that a lesson shows everybody are left out: the code around an answer, and other cells.
    """
    found: dict[str, Source] = {}
    rooms: dict[str, Source] = {}
    public = []
    for lesson in LESSONS:
        for cell in source_notebook(lesson, root).cells:
            secret, rest = _parted(cell)
            public.append(rest)
            found |= _named(secret, Source(f"the answer or the rubric of {cell.id}"))
        rooms |= _of_room(lesson, root)
    shown = squeezed("\n".join(public))
    # A line that is both in an answer and in a variant counts as the answer's.
    found = {line: source for line, source in (rooms | found).items() if line not in shown}
    return SecretLines(found | _of_overlay(private_path(root)))


def _parted(cell: NotebookNode) -> tuple[str, str]:
    """Return the part of a cell that only instructors may see, and the rest."""
    if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
        return cell.source, ""
    regions = "\n".join(region for _, region in _REGION.findall(cell.source))
    return regions, _REGION.sub("", cell.source)


def _of_room(lesson: Lesson, root: Path) -> dict[str, Source]:
    room = root / "solutions" / lesson.name
    found: dict[str, Source] = {}
    for path in sorted(room.glob("variants/**/*.py")):
        name = path.relative_to(root).as_posix()
        exercise = path.parent.relative_to(root).as_posix()
        found |= _named(_read(path), Source(f"a variant, {name}", exercise))
    for path in room.glob("hidden_tests.py"):
        what = f"a hidden test, {path.relative_to(root).as_posix()}"
        found |= _named(_read(path), Source(what))
    mutants = room / "equivalent_mutants.json"
    if mutants.is_file():
        reasons = json.loads(_read(mutants))
        told = "\n".join(reason for by_place in reasons.values() for reason in by_place.values())
        found |= _named(told, Source(f"a remark on the tests, {mutants.name} of {lesson.name}"))
    return found


def _of_overlay(folder: Path) -> dict[str, Source]:
    """Return the lines of a private overlay; nobody else may see any of them."""
    found: dict[str, Source] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".toml", ".txt") and ".git" not in path.parts:
            source = Source(f"the private overlay, {path.relative_to(folder).as_posix()}")
            found |= _named(_read(path), source, START)
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _named(text: str, source: Source, shortest: int = SHORTEST) -> dict[str, Source]:
    """Return the telling lines of a text, squeezed, each with its source."""
    return dict.fromkeys(_telling(text.splitlines(), shortest), source)


def _telling(lines: Iterable[str], shortest: int) -> Iterator[str]:
    for line in lines:
        if not line.strip().startswith(("import ", "from ")):
            # Without a comment at its end; so the line is found with or without the comment.
            short = squeezed(line.strip().lstrip("# ").partition("  # ")[0])
            if len(short) >= shortest:
                yield short
