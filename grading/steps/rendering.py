"""Make HTML from what students wrote, without anything that a browser would run or load.

It runs as a separate program, `python -m grading.steps.rendering`, which `grading.steps.safe_html`
asks piece by piece. The reason is that Markdown and HTML can be written so that a parser never
ends, and only a process can be ended. The program reads one request per line and answers with one
line, both in JSON. If a request takes too long, the operating system ends the process.
"""

from __future__ import annotations

import contextlib
import functools
import html
import json
import re
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES

from grading.intake.notebooks import PICTURES

MEMORY_BYTES = 2 * 2**30
_INLINE = "a abbr b br cite code del em i img ins kbd mark q s samp small span strong sub sup u var"
_BLOCKS = "blockquote dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre summary ul"
_TABLES = "caption table tbody td tfoot th thead tr"
TAGS = frozenset(f"{_INLINE} {_BLOCKS} {_TABLES}".split())
# No "cursor", and no background except a colour: other values could make a browser load something.
STYLES = frozenset({"background-color", "border-left", "color", "font-style", "font-weight"})
STYLES |= {"padding", "text-align", "text-decoration"}
EVERYWHERE = frozenset({"dir", "lang", "title"})
OF_TAGS = {
    "a": {"href"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
}
# Classes of Pygments and pandas. Other classes, and all ids and names, are only for the page:
# formgrader's scripts use them to find its fields.
CLASSES = frozenset(STANDARD_TYPES.values()) | {"highlight", "hl-ipython3", "dataframe"}
# A relative address would lead to the server that shows the page, with the teacher's rights.
ADDRESS = re.compile(r"(?:https?://|mailto:)[^\x00-\x20]*", re.IGNORECASE)
PICTURE = re.compile(rf"data:(?:{'|'.join(PICTURES)});base64,[A-Za-z0-9+/=\s]*")
SIZE = re.compile(r"\d{1,4}%?")
_STYLE, _STYLE_END = re.compile("<style", re.IGNORECASE), re.compile("</style>", re.IGNORECASE)
# mistune's own boxes for task lists. They would be removed like any form field, so replace them.
BOXES = {
    '<input class="task-list-item-checkbox" type="checkbox" disabled checked/>': "☑ ",
    '<input class="task-list-item-checkbox" type="checkbox" disabled/>': "☐ ",
}


def _allowed(tag: str, name: str, value: str) -> bool:
    """Return whether a tag may have an attribute with this value."""
    value = html.unescape(value)
    if name == "class":
        return CLASSES.issuperset(value.split())
    if name == "href":
        return tag == "a" and bool(ADDRESS.fullmatch(value))
    if name == "src":
        return tag == "img" and bool(PICTURE.fullmatch(value))
    if name == "style":
        return not set("(\\@") & set(value)  # no url(…), in any spelling
    if name in ("width", "height"):
        return tag == "img" and bool(SIZE.fullmatch(value))
    return name in EVERYWHERE or name in OF_TAGS.get(tag, ())


@functools.cache
def _cleaner() -> Cleaner:
    return Cleaner(
        tags=TAGS,
        attributes=_allowed,
        protocols=frozenset({"http", "https", "mailto", "data"}),  # data: only in pictures
        strip=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
    )


def cleaned(text: str) -> str:
    """Return HTML without scripts, handlers, forms, frames, style sheets and loaded resources."""
    return str(_cleaner().clean(_without_styles(text)))


def _without_styles(text: str) -> str:
    """Return HTML without its style sheets (pandas writes one): bleach would leave them as text."""
    kept, place = [], 0
    while (start := _STYLE.search(text, place)) and (end := _STYLE_END.search(text, start.end())):
        kept.append(text[place : start.start()])
        place = end.end()
    return "".join([*kept, text[place:]])


class PageRenderer(IPythonRenderer):
    """Renders Markdown as nbconvert does, except where a notebook could make that fail."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Show a pasted picture; if it is missing, show its description."""
        scheme, _, name = url.partition(":")
        if scheme.lower() == "attachment":
            kinds = self.attachments.get(name) or self.attachments.get(unquote(name)) or {}
            found = [(kind, kinds[kind]) for kind in PICTURES if kind in kinds]
            url = f"data:{found[0][0]};base64,{found[0][1]}" if found else ""
        return super().image(text, url, title)

    def block_mermaidjs(self, code: str) -> str:
        """Show the code of a diagram, since these pages cannot draw diagrams."""
        return f"<pre><code>{html.escape(code)}</code></pre>\n"


def markdown(text: str, pictures: dict[str, dict[str, str]]) -> str:
    """Return Markdown as HTML; headings have no ids, because ids are only for the page itself."""
    renderer = PageRenderer(escape=False, attachments=pictures, exclude_anchor_links=True)
    rendered = MarkdownWithMath(renderer=renderer).render(text)
    for box, sign in BOXES.items():
        rendered = rendered.replace(box, sign)
    return cleaned(rendered)


def code(text: str, language: str) -> str:
    """Return code as HTML with syntax highlighting."""
    return cleaned(Highlight2HTML(pygments_lexer=language)(text))


WAYS: dict[str, Callable[..., str]] = {"markdown": markdown, "html": cleaned, "code": code}


def answer(request: dict[str, Any]) -> str:
    """Return the HTML that a request asks for; the process is ended if this takes too long."""
    signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    try:
        return WAYS[request["way"]](*request["arguments"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Answer requests until the input ends."""
    with contextlib.suppress(ValueError, OSError):  # e.g. a smaller limit is already set
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for line in sys.stdin:
        try:
            made = answer(json.loads(line))
        except Exception:  # a library may raise anything for what a student wrote
            made = None
        sys.stdout.write(json.dumps(made) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
