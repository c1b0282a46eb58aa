"""Find things in a release that only instructors may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

# If a line of an answer is at least this long, it is not in a release by chance.
TELLING_LENGTH = 30


def find_leaks(release: NotebookNode, solution: NotebookNode, hidden_tests: Path) -> Iterator[str]:
    """Yield a sentence for everything in a release that only instructors may see."""
    text = "\n".join(cell.source for cell in release.cells)
    for cell in release.cells:
        if cell.get("outputs"):
            yield f"cell {cell.id} holds an output"
    for mark in ("BEGIN SOLUTION", "END SOLUTION", "MARK SCHEME", "HIDDEN TESTS"):
        if mark in text:
            yield f"the mark {mark!r} is still there"
    for cell in solution.cells:
        for line in _secret_lines(cell):
            if line in text:
                yield f"a line of the answer to {cell.id}: {line!r}"
    if hidden_tests.is_file():
        for line in _telling(hidden_tests.read_text().splitlines()):
            if line in text:
                yield f"a line of {hidden_tests.name}: {line!r}"


def _secret_lines(cell: NotebookNode) -> list[str]:
    """Return the telling lines between a cell's solution or mark-scheme marks."""
    pattern = r"BEGIN (SOLUTION|MARK SCHEME).*?\n(.*?)\n[^\n]*END \1"
    regions = re.findall(pattern, cell.source, flags=re.DOTALL)
    return _telling(line for _, region in regions for line in region.splitlines())


def _telling(lines: Iterator[str] | list[str]) -> list[str]:
    stripped = (line.strip() for line in lines)
    return [
        line
        for line in stripped
        if len(line) >= TELLING_LENGTH and not line.startswith(("import ", "from "))
    ]
