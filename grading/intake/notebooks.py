"""Read a submitted notebook: check its size, and rebuild it from the parts that grading needs.

Only cells with their sources, ids, nbgrader's marks and pictures are kept. So metadata of a wrong
type, outputs and extensions never reach steps that might fail because of them.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from typing import Any

import nbformat
from nbformat import NotebookNode

from grading.intake.texts import clean

LARGEST = 20 * 2**20  # bytes; a normal notebook with its pictures has 2 MiB
MOST_CELLS = 2_000  # a lesson has about a hundred
LARGEST_CELL = 2**20  # bytes of one cell's text
LARGEST_TEXT = 4 * 2**20  # bytes of all cells' texts
MOST_PICTURES = 500  # in all cells; each is checked a dozen times during grading
MOST_CONTAINERS = 1_000_000  # lists and objects in the file, which need much memory once parsed
MOST_WORDS = 100_000
"""Names, numbers and signs in all code; a lesson has five thousand.

Python's parser needs two kilobytes of memory for each, and every cell is parsed several times.
"""
SEARCHED_IN_A_WORD = 50_000  # bytes that are searched in the time that parsing one word takes
_WORD = re.compile(r"\w+|[^\w\s]")
# Editors on Windows begin a text with such a mark. UTF-32's marks come before UTF-16's here,
# because they begin with the same bytes.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
"""Kinds of pictures that may be pasted into a cell, with their first bytes.

Other kinds, above all SVG, can contain a program.
"""


class Refused(ValueError):
    """A submission that is not graded; the message names the file and says why."""


def notebook_of(content: bytes, name: str) -> NotebookNode:
    """Return the notebook in a submitted file, with the parts that grading needs.

    Raises
    ------
    Refused
        If it is not a notebook of format 4 or is too large; the message names the file by `name`.
    """
    cells = _document(content, name)["cells"]
    if len(cells) > MOST_CELLS:
        raise Refused(f"{name} has {len(cells):,} cells; the most is {MOST_CELLS:,}")
    made = [_cell(cell, number, name) for number, cell in enumerate(cells, 1)]
    total = sum(len(cell.source.encode()) for cell in made)
    if total > LARGEST_TEXT:
        raise Refused(f"{name} has {total:,} bytes of text in its cells; {_most(LARGEST_TEXT)}")
    words = sum(words_of(cell.source) for cell in made if cell.cell_type == "code")
    if words > MOST_WORDS:
        raise Refused(f"{name} has too much code, {words:,} words; {_most(MOST_WORDS)}")
    pictures = sum(len(cell.get("attachments", ())) for cell in made)
    if pictures > MOST_PICTURES:
        raise Refused(f"{name} has {pictures:,} pictures in its cells; {_most(MOST_PICTURES)}")
    # Its ids may be invalid: format 4.4 needs none, and realignment uses the release's ids.
    return nbformat.from_dict({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def words_of(source: str) -> int:
    """Return the number of words and signs in code, as a measure of the time to parse it.

    To find each expression in an f-string, Python 3.11 searches from the beginning of the string,
    so braces in a long text count more.
    """
    searched = source.count("{") * len(source)
    return sum(1 for _ in _WORD.finditer(source)) + searched // SEARCHED_IN_A_WORD


def _most(limit: int) -> str:
    return f"the most is {limit:,}"


def _document(content: bytes, name: str) -> dict[str, Any]:
    if len(content) > LARGEST:
        raise Refused(f"{name} has more than {LARGEST:,} bytes")
    if not content:
        raise Refused(f"{name} is empty")
    marked = (name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark))
    encoding = next(marked, "utf-8")
    if b"\0" in content and encoding.startswith("utf-8"):
        raise Refused(f"{name} contains null bytes: it is not a notebook")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(
            f"{name} is not {encoding.removesuffix('-sig').upper()} "
            f"(byte 0x{content[error.start]:02x} at position {error.start}): save it as UTF-8"
        ) from None
    containers = text.count("[") + text.count("{")
    if containers > MOST_CONTAINERS:
        raise Refused(f"{name} has {containers:,} lists and objects; {_most(MOST_CONTAINERS)}")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(f"{name} is not JSON: it is not a notebook, or was cut short") from None
    if not isinstance(document, dict) or "nbformat" not in document:
        raise Refused(f"{name} is JSON, but not a notebook")
    if document["nbformat"] != 4:
        raise Refused(
            f"{name} has the notebook format {clean(str(document['nbformat'])[:20])}, not 4: "
            "open it in JupyterLab and save it again"
        )
    if not isinstance(document.get("cells"), list):
        raise Refused(f"{name} has no list of cells")
    return document


def _cell(cell: Any, number: int, name: str) -> NotebookNode:
    """Return a rebuilt cell; its metadata contains only nbgrader's mark, if it has one."""
    what = f"{name}: cell {number}"
    if not isinstance(cell, dict):
        raise Refused(f"{what} is malformed: open the notebook in JupyterLab and save it again")
    source = _source(cell.get("source", ""), what)
    kind = "code" if cell.get("cell_type") == "code" else "markdown"
    made = nbformat.from_dict({"cell_type": kind, "metadata": _mark(cell.get("metadata"))})
    made["source"] = source
    if isinstance(cell.get("id"), str):
        made["id"] = clean(cell["id"])
    pictures = pictures_of(cell.get("attachments"))
    if pictures and kind == "markdown":
        made["attachments"] = nbformat.from_dict(pictures)
    return made


def _source(source: Any, what: str) -> str:
    """Return a cell's text, which a file may contain as one text or as a list of lines."""
    lines = [source] if isinstance(source, str) else source
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Refused(f"{what} has a source that isn't text: open the notebook and save it again")
    text = clean("".join(lines))
    size = len(text.encode())
    if size > LARGEST_CELL:
        raise Refused(f"{what} has {size:,} bytes of text; {_most(LARGEST_CELL)}")
    return text


def _mark(metadata: Any) -> dict[str, Any]:
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return {"nbgrader": {"grade_id": grade_id}} if isinstance(grade_id, str) else {}


def pictures_of(attachments: Any) -> dict[str, dict[str, str]]:
    """Return the pictures among a cell's attachments: by name, then by type."""
    if not isinstance(attachments, dict):
        return {}
    kept = {}
    for name, kinds in attachments.items():
        for kind, data in kinds.items() if isinstance(kinds, dict) else ():
            data = "".join(data) if _is_lines(data) else data
            if kind in PICTURES and isinstance(data, str) and _is_picture(kind, data):
                kept[clean(name)] = {kind: "".join(data.split())}
    return kept


def _is_lines(data: Any) -> bool:
    return isinstance(data, list) and all(isinstance(line, str) for line in data)


def _is_picture(kind: str, data: str) -> bool:
    """Return whether a text is base64 of bytes that begin like a picture of this kind."""
    try:
        return base64.b64decode("".join(data.split()), validate=True).startswith(PICTURES[kind])
    except (binascii.Error, ValueError):
        return False
