"""Outputs of a student's cells: rebuilt, cleaned, and limited per cell and per notebook."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from grading.inside.protocol import CUT
from grading.intake.texts import clean
from grading.sandbox.box import SandboxDied

# Kinds of output that formgrader and the feedback can show without running code in them.
SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
LONGEST_TRACEBACK = 200  # lines
NAMED_DEATHS = 10
LEAST_SIZE = 1000  # bytes that each output counts as at least: even a short one takes time to check
STOPPED_AT = re.compile(r"Cell In ?\[\d+\], line (\d{1,9})")  # students may forge a traceback
LEFT_OUT = "[This cell's output was left out: all outputs together are too long.]\n"
TOO_LONG = "[This cell's output was left out: it is too long.]\n"


class NotebookOutputs:
    """How much the cells of one notebook may still show.

    The relay in the box also cuts outputs, but a student's code may have replaced the relay.

    Parameters
    ----------
    cell_bytes, notebook_bytes : int
        The limits for one cell, and for all cells together.
    """

    def __init__(self, cell_bytes: int, notebook_bytes: int):
        self._cell_bytes = cell_bytes
        self._left = self._all_bytes = notebook_bytes
        self._cut = 0

    def taken(self, sent: list[Any]) -> list[NotebookNode]:
        """Return a cell's outputs in the notebook format, from what the box has sent."""
        # The relay does not count everything around the texts, so allow for more than its limit.
        most = 2 * self._cell_bytes + 10_000
        made, size = [], 0
        if LEAST_SIZE * len(sent) > min(most, self._left):  # before building any
            return self._left_out(LEAST_SIZE * len(sent) > most)
        for output in sent:
            own = own_output(output)
            size += 0 if own is None else max(LEAST_SIZE, size_of(own))
            if size > min(most, self._left):
                return self._left_out(size > most)
            if own is not None:
                made.append(own)
        self._left -= size
        self._cut += any(output.get("text", "").endswith(CUT) for output in made)
        return made

    def _left_out(self, too_long: bool) -> list[NotebookNode]:
        self._cut += 1
        return [text_output(TOO_LONG if too_long else LEFT_OUT)]

    @property
    def room(self) -> int:
        """How many bytes the next cell may show."""
        return min(self._cell_bytes, self._left)

    @property
    def notes(self) -> list[str]:
        """A sentence for the teacher if something was left out."""
        if not self._cut:
            return []
        cells = "1 cell" if self._cut == 1 else f"{self._cut} cells"
        return [
            f"the output of {cells} was cut: {self._cell_bytes:,} bytes per cell are shown, and "
            f"{self._all_bytes:,} per notebook"
        ]


def size_of(value: Any) -> int:
    """Return roughly how many bytes a value takes in a notebook's file."""
    if isinstance(value, dict):
        return sum(len(name) + 8 + size_of(item) for name, item in value.items())
    if isinstance(value, list):
        return sum(4 + size_of(item) for item in value)
    return len(value.encode()) if isinstance(value, str) else 8


def own_output(output: Any) -> NotebookNode | None:
    """Return an output in the notebook format, rebuilt from untrusted data; None if unusable."""
    if type(output) is not dict:
        return None
    kind, data = output.get("output_type"), output.get("data")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=clean(str(output.get("text", ""))))
    if kind == "error":
        parts = {key: clean(str(output.get(key, ""))[:500]) for key in ("ename", "evalue")}
        lines = output.get("traceback")
        lines = lines[:LONGEST_TRACEBACK] if type(lines) is list else []
        return new_output("error", **parts, traceback=[clean(str(line)) for line in lines])
    if kind in ("display_data", "execute_result") and type(data) is dict:
        texts = {mime: clean(data[mime]) for mime in SHOWN if type(data.get(mime)) is str}
        return new_output("display_data", texts) if texts else None
    return None


def text_output(text: str) -> NotebookNode:
    """Return an output with a text of the grader."""
    return new_output("stream", name="stdout", text=clean(text))


def plain_text(output: Any) -> str:
    """Return an output's text, or an empty one for stderr."""
    made = own_output(output)
    if made is None or made.get("name") == "stderr":
        return ""
    if made.output_type == "error":
        return made.evalue.strip()
    return str(made.get("text") or made.get("data", {}).get("text/plain", "")).strip()


def line_of_error(outputs: list[Any]) -> int:
    """Return the line of a cell at which it stopped, from its traceback; 0 if that is unknown."""
    for output in outputs:
        # There may be a hundred thousand other outputs, and rebuilding them would take long.
        if type(output) is dict and output.get("output_type") == "error":
            made = own_output(output)
            found = made and STOPPED_AT.search("\n".join(made.traceback))
            return int(found[1]) if found else 0
    return 0


def deaths_notes(deaths: list[tuple[str, SandboxDied]], when: str = "") -> list[str]:
    """Return one sentence about all cells that ended their sandbox, if there are any.

    Parameters
    ----------
    deaths : list of tuple of str and SandboxDied
        Each cell's exercise, or an empty text for a cell without one, and how the sandbox ended.
    when : str
        Added to the sentence, such as " after a restart".
    """
    told = [f"{name or 'of its own'}: {death.status}, {death}" for name, death in deaths]
    counted = {text: told.count(text) for text in dict.fromkeys(told)}
    parts = [text if count == 1 else f"{text} ({count} times)" for text, count in counted.items()]
    more = len(parts) - NAMED_DEATHS
    named = "; ".join(parts[:NAMED_DEATHS]) + (f"; and {more} more" if more > 0 else "")
    if len(deaths) > 1:
        return [f"{len(deaths)} cells ended the sandbox{when}: {named}"]
    return [f"cell {named}{when}"] if deaths else []
