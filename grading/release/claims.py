"""Check the numbers in a lesson's prose against the outputs that they come from.

A paragraph that says how to read a figure, and a model answer, end with a remark that names the
cells whose outputs contain their numbers. The remark is only in the source: notebooks are built
without it. A cell gets its name from a tag such as ``shows:trials``. ::

    *How to read it:* the middle rate gets 0.50, 0.29 more than the next.
    <!-- numbers from: trials; computed: 0.50 - 0.21; given: 2,000 -->

``computed`` lists, for example, differences of numbers in these outputs, and ``given`` lists
numbers that do not come from a run, such as a setting. Names and parts may be left out, but the
whole remark only if a paragraph has no numbers.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from grading.paths import ROOT, solution_path, source_path
from helpers.lessons import Lesson

REMARK = re.compile(r"\n?<!-- numbers (.*?) -->", re.S)
NAMED = "shows:"
READING = "*How to read it:*"
BOUNDS = ("0", "1", "0 %", "100 %")
"""Numbers for the ends of a scale, which are not results."""
# Text whose numbers are not results: code, formulas, links, years of papers, and the numbers of
# lessons, sections, exercises and rows.
_ELSEWHERE = re.compile(
    r"`[^`]*`|\$[^$]*\$|\[[^]]*\]\([^)]*\)|<code>.*?</code>|\(\d{4}\)|, \d{4}\)"
    r"|(?:[Ss]ections?|[Ll]essons?|[Ee]xercises?|[Rr]ows?)"
    r" \d[\d.]*(?:(?:,| and| to|,? or) \d[\d.]*)*"
    r"|^\d+\. ",
    re.M,
)
_NUMBER = re.compile(r"(?<![\w.,/^-])(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?: ?%)?(?![\w/])")
_IN_OUTPUT = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?%?")
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Remark:
    """A remark's parts: names of cells, numbers computed from their outputs, and given numbers."""

    cells: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


def without_remarks(text: str) -> str:
    """Return a cell's text as it is in notebooks."""
    return REMARK.sub("", text)


def claim_problems(lesson: Lesson, root: Path = ROOT) -> list[str]:
    """Return what is wrong with the numbers in a lesson's prose.

    Parameters
    ----------
    lesson : Lesson
    root : Path
        The course's folder. The lesson's executed notebook there is read, but nothing is run.

    Returns
    -------
    list of str
        One sentence per number that no named output contains, and per remark that cannot be read.
    """
    source = jupytext.read(source_path(lesson, root), fmt="py:percent")
    shown = shown_numbers(source, nbformat.read(solution_path(lesson, root), as_version=4))
    problems = []
    for cell in source.cells:
        if cell.cell_type == "markdown":
            for paragraph in paragraphs(cell):
                problems += [
                    f"{lesson.name}: {said}" for said in paragraph_problems(paragraph, shown)
                ]
    return problems


def paragraphs(cell: NotebookNode) -> Iterator[str]:
    """Yield the texts of a Markdown cell that quote outputs, each with its remark."""
    if cell.metadata.get("nbgrader", {}).get("solution"):
        yield cell.source  # all of a model answer
        return
    for paragraph in cell.source.split("\n\n"):
        if paragraph.startswith(READING) or REMARK.search(paragraph):
            yield paragraph


def shown_numbers(source: NotebookNode, executed: NotebookNode) -> dict[str, list[float]]:
    """Return the numbers in the outputs of each named cell, by its name."""
    by_code = {cell.source: cell for cell in executed.cells if cell.cell_type == "code"}
    shown: dict[str, list[float]] = {}
    for cell in source.cells:
        for tag in cell.metadata.get("tags", ()):
            if tag.startswith(NAMED):
                ran = by_code.get(cell.source)
                text = _output_text(ran) if ran else ""
                shown[tag.removeprefix(NAMED)] = [*_values(text)]
    return shown


def paragraph_problems(paragraph: str, shown: dict[str, list[float]]) -> Iterator[str]:
    """Yield what is wrong with the numbers of one paragraph, given those of the named cells."""
    numbers = quoted_numbers(without_remarks(paragraph))
    begins = " ".join(paragraph.split())[:60]
    found = REMARK.search(paragraph)
    if not found:
        if numbers:
            yield f"{begins!r} quotes {', '.join(numbers)} but names no cell that shows them"
        return
    try:
        remark = parsed(found[1])
        values = [value for name in remark.cells for value in shown[name]]
        known = values + [_as_number(number) for number in remark.given]
        values += [_computed(text, known) for text in remark.computed]
    except KeyError as error:
        yield f"{begins!r} names {error}, but no cell has the tag {NAMED}{error.args[0]}"
        return
    except ValueError as error:
        yield f"{begins!r}: {error}"
        return
    for number in set(numbers) - set(remark.given):
        if not any(_is_rounded(number, value) for value in values):
            cells = " and ".join(remark.cells)
            where = f"is not in what {cells} shows" if cells else "is not given in its remark"
            yield f"{begins!r} quotes {number}, which {where}"


def parsed(text: str) -> Remark:
    """Return a remark's parts.

    Raises
    ------
    ValueError
        If a part is unknown.
    """
    parts: dict[str, tuple[str, ...]] = {}
    for part in text.replace("\n", " ").split(";"):
        name, colon, items = part.strip().partition(":")
        if name not in ("from", "computed", "given") or not colon:
            raise ValueError(
                f"a remark has the parts from, computed and given, not {part.strip()!r}"
            )
        parts[name] = tuple(
            item.strip() for item in re.split(r",\s", items.strip()) if item.strip()
        )
    return Remark(parts.get("from", ()), parts.get("computed", ()), parts.get("given", ()))


def quoted_numbers(text: str) -> list[str]:
    """Return the numbers in a text that may be results, as they are written."""
    plain = _ELSEWHERE.sub(" ", text)
    found = [number.strip() for number in _NUMBER.findall(plain)]
    return [number for number in found if re.search(r"\d", number) and number not in BOUNDS]


def _is_rounded(number: str, value: float) -> bool:
    """Return whether a written number is this value, rounded; shares may be written in %."""
    digits = number.rstrip("% ").replace(",", "")
    written = _as_number(number)
    places = len(digits.partition(".")[2])
    scales = (1, 100) if number.endswith("%") else (1,)
    # Half a unit in the last place, and some room for the errors of binary fractions.
    near = 0.5 * 10.0**-places + 1e-9
    return any(abs(abs(value) * scale - written) <= near for scale in scales)


def _as_number(number: str) -> float:
    try:
        return float(number.rstrip("% ").replace(",", ""))
    except ValueError:
        raise ValueError(f"{number!r} is given, but is not a number") from None


def _computed(text: str, values: list[float]) -> float:
    """Return the value of an expression of shown numbers."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return float(_OPERATORS[type(node.op)](value(node.left), value(node.right)))
        number = ast.unparse(node)
        if not isinstance(node, ast.Constant) or not any(_is_rounded(number, v) for v in values):
            raise ValueError(f"{number} in {text!r} is not a number that the named cells show")
        return float(number)

    try:
        return value(ast.parse(text, mode="eval").body)
    except SyntaxError:
        raise ValueError(f"{text!r} is not a computation, such as 0.50 - 0.21") from None


def _output_text(cell: NotebookNode) -> str:
    texts = []
    for output in cell.outputs:
        texts.append(output.get("text", ""))
        texts += [output.get("data", {}).get(kind, "") for kind in ("text/plain", "text/markdown")]
        texts += [image.get("alt", "") for image in output.get("metadata", {}).values() if image]
    return "\n".join(texts)


def _values(text: str) -> Iterator[float]:
    for found in _IN_OUTPUT.findall(text):
        yield float(found.replace(",", "").rstrip("%"))
