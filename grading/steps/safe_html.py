"""Show what students wrote on the pages of formgrader and of the feedback, but never run it.

nbgrader's templates put rendered Markdown into a page unchanged. `nbgrader_config.py` replaces the
nbconvert filters that process what students wrote by the functions below. So these are used for
both kinds of pages, whichever button or command makes them.
"""

from __future__ import annotations

import atexit
import contextlib
import html
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from grading.intake.notebooks import LARGEST_CELL, pictures_of
from grading.intake.texts import clean
from grading.paths import ROOT

SECONDS = 5.0
"""For one cell or output."""
PAGE_SECONDS = 20.0
"""For a whole page."""
LEFT = "seconds_left_to_render"
"""Key in nbconvert's resources for the rest of a page's time."""
LONGEST_HTML = 8 * 2**20  # characters; a browser cannot show longer pages
LONGEST_PLAIN = 100_000
NOT_RENDERED = "This was too large or took too long to format, so it is shown as it was written:"


class Renderer:
    """The process that makes HTML. It is started when needed, and again if it was ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def ask(self, way: str, arguments: list[Any], seconds: float) -> str | None:
        """Return the HTML of one piece, or None if it took too long or failed.

        For `way` and `arguments` see `grading.steps.rendering`.
        """
        request = json.dumps({"way": way, "arguments": arguments, "seconds": seconds})
        with self._lock:
            process = self._started()
            line = ""
            with contextlib.suppress(OSError):
                if process.stdin and process.stdout:  # both are pipes
                    process.stdin.write(request + "\n")
                    process.stdin.flush()
                    line = process.stdout.readline()
            if not line:
                self._end()
            return json.loads(line) if line else None

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "grading.steps.rendering"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            )
        return self._process

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            with contextlib.suppress(OSError):
                self._process.communicate()
            self._process = None


_renderer = Renderer()
atexit.register(_renderer._end)


def rendered(context: Context, way: str, text: str, *others: Any) -> str:
    """Return a student's text as HTML that is safe in a page: formatted, or else as plain text."""
    resources = context.get("resources", {})
    left = resources.get(LEFT, PAGE_SECONDS)
    text = clean(text)
    made = None
    if left > 0 and len(text) <= LARGEST_CELL:  # pictures have their own limit
        started = time.monotonic()
        made = _renderer.ask(way, [text, *others], min(SECONDS, left))
        resources[LEFT] = left - (time.monotonic() - started)
    if made is None or len(made) > LONGEST_HTML:
        return plain(text)
    return made


def plain(text: str) -> str:
    """Return a text as it was written, cut if it is very long."""
    rest = len(text) - LONGEST_PLAIN
    more = f"\n[{rest:,} more characters]" if rest > 0 else ""
    shown = html.escape(text[:LONGEST_PLAIN] + more)
    return f"<p><em>{NOT_RENDERED}</em></p><pre>{shown}</pre>"


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """Replace nbconvert's filter with this name, for a Markdown cell, a comment or an output."""
    attachments = context.get("cell", {}).get("attachments")
    return rendered(context, "markdown", source, pictures_of(attachments))


@pass_context
def clean_html(context: Context, element: Any) -> str:
    """Replace nbconvert's filter with this name, for HTML that a cell displays."""
    text = element.decode(errors="replace") if isinstance(element, bytes) else str(element)
    return rendered(context, "html", text)


@pass_context
def highlight_code(context: Context, source: str, language: str = "", metadata: Any = None) -> str:
    """Replace nbconvert's filter with this name, for a code cell."""
    known = context["nb"].metadata.get("language_info", {})
    lexer = language or known.get("pygments_lexer") or known.get("name") or "ipython3"
    return rendered(context, "code", source, str(lexer))


def unchanged(text: str) -> str:
    """Replace `strip_files_prefix`, whose time grows with the square of a text's length."""
    return text


class EscapeNames(NbGraderPreprocessor):
    """Escapes the names that formgrader's pages print without escaping them."""

    printed = ("student", "first_name", "last_name", "notebook_path")

    def preprocess(
        self, notebook: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        for name in self.printed:
            if isinstance(resources.get(name), str):
                resources[name] = html.escape(clean(resources[name]))
        return notebook, resources
