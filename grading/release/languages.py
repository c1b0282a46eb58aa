"""Translate a lesson: its Markdown with gettext catalogues, while its code stays as it is.

Of the code, only the first cell differs: its comment is translated, and it sets the language of the
checks.

The unit of translation is a block: the text between blank lines of a Markdown cell. A catalogue,
``locales/<language>/<lesson>.po``, contains each block and its translation. If a block changes in
the source, only that block must be translated again. ``checks.po`` contains the messages of the
visible checks in the same way; values are filled in where they say {1}, {2} and so on.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from grading.paths import ROOT
from grading.release.source import BOOTSTRAP_COMMENT, bootstrap_cell, source_notebook
from helpers.lessons import Lesson

LANGUAGES = {"es": "Abrir esta lección en Colab"}
"""Each language, with the words on its badge."""
SPOKEN = '\n\nimport os\n\nos.environ["COURSE_LANGUAGE"] = "{language}"'
"""Added to the first cell: a notebook that is opened alone is not in a folder of its language."""
PROJECT = "Transformers for Text Classification"
_BLANK = re.compile(r"\n[ \t]*\n")
_UNTOLD = re.compile(r"```.*?```|`[^`]*`|<!--.*?-->|<[^>]+>|\]\([^)]*\)|https?://\S+", re.S)
_RUBRIC = re.compile(r"=== BEGIN MARK SCHEME ===.*?=== END MARK SCHEME ===\n?", re.S)
# A translation must keep each of these, as often as the original has it.
_KEPT = {
    "code": re.compile(r"`[^`]+`|(?<=<code>).*?(?=</code>)"),
    "tag": re.compile(r"</?\w+[^>]*>|<!--.*?-->"),
    "link": re.compile(r"\]\(([^)]*)\)"),
    "heading": re.compile(r"^#+ ", re.M),
    "list": re.compile(r"^ *(?:-|\d+\.) ", re.M),
    "table": re.compile(r"\|"),
    "bold": re.compile(r"\*\*"),
    "dots": re.compile(r"[●○]"),
    "value": re.compile(r"\{\d\}"),
}


def catalog_path(lesson: Lesson | None, language: str, root: Path = ROOT) -> Path:
    """Return the path of a lesson's catalogue, or (for None) of the checks' messages."""
    return root / "locales" / language / f"{lesson.name if lesson else 'checks'}.po"


def blocks(text: str) -> list[str]:
    """Return the blocks of a Markdown text; a fenced block of code is never split."""
    found: list[str] = []
    for part in _BLANK.split(text):
        if found and found[-1].count("```") % 2:
            found[-1] += f"\n\n{part}"
        else:
            found.append(part)
    return found


def is_told(block: str) -> bool:
    """Return whether a block contains words, apart from code, tags, addresses and the badge."""
    return not block.startswith("[![") and bool(re.search(r"[^\W\d_]{2}", _UNTOLD.sub(" ", block)))


def template(lesson: Lesson | None, root: Path = ROOT) -> Catalog:
    """Return an empty catalogue of a lesson's blocks, or of the checks' messages, in order."""
    catalog = Catalog(project=PROJECT)
    if lesson is None:
        for message, path in check_messages():
            catalog.add(message, locations=[(path, 1)])
        return catalog
    for block, comment in _lesson_blocks(lesson, root):
        catalog.add(block, auto_comments=[comment] if block not in catalog else [])
    return catalog


def _lesson_blocks(lesson: Lesson, root: Path) -> Iterator[tuple[str, str]]:
    for cell in source_notebook(lesson, root).cells:
        if cell.id == "bootstrap":
            yield BOOTSTRAP_COMMENT, cell.id
        # Authors' answers and rubrics are not in releases, so they are not translated.
        if cell.cell_type == "markdown" and not cell.metadata.get("nbgrader", {}).get("solution"):
            for block in filter(is_told, blocks(_RUBRIC.sub("", cell.source))):
                yield block, cell.id


def check_messages() -> Iterator[tuple[str, str]]:
    """Yield each message of the checks, in order, with the path of its module.

    Babel's extractor finds them: they are the arguments of `say`.
    """
    folder = Path("helpers", "checks")
    for file, _, message, _, _ in extract_from_dir(ROOT / folder, keywords={"say": (1,)}):
        yield str(message), (folder / file).as_posix()


def read_catalog(path: Path) -> Catalog:
    """Return a catalogue, or an empty one if there is no file."""
    if not path.exists():
        return Catalog(project=PROJECT)
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.name, abort_invalid=True)


def update_catalog(lesson: Lesson | None, language: str, root: Path = ROOT) -> Catalog:
    """Write a lesson's catalogue again; blocks that have not changed keep their translations."""
    path = catalog_path(lesson, language, root)
    earlier, catalog = read_catalog(path), template(lesson, root)
    catalog.locale = language
    for message in catalog:
        if message.id and message.id in earlier:
            message.string = earlier[message.id].string
    write_catalog(catalog, path)
    return catalog


def write_catalog(catalog: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        # Without line numbers, which would change with every edit of the source.
        write_po(
            file,
            catalog,
            width=100,
            omit_header=True,
            ignore_obsolete=True,
            include_lineno=False,
        )


def faults(lesson: Lesson | None, language: str, root: Path = ROOT) -> Iterator[str]:
    """Yield a sentence for everything in a catalogue that cannot be released."""
    catalog = read_catalog(catalog_path(lesson, language, root))
    expected = template(lesson, root)
    for message in expected:
        if message.id and not getattr(catalog.get(message.id), "string", ""):
            yield f"not translated: {message.id[:80]!r}"
    for message in catalog:
        if not message.id:
            continue
        if message.id not in expected:
            yield f"no longer in the lesson: {message.id[:80]!r}"
        elif message.string:
            yield from _differences(str(message.id), str(message.string))


def _differences(original: str, translation: str) -> Iterator[str]:
    for what, pattern in _KEPT.items():
        wanted, got = (Counter(pattern.findall(text)) for text in (original, translation))
        if wanted != got:
            lost, added = list((wanted - got).elements()), list((got - wanted).elements())
            yield f"{what}: lost {lost}, added {added} in {translation[:80]!r}"
    if len(blocks(translation)) != len(blocks(original)):
        yield f"another number of paragraphs in {translation[:80]!r}"


def messages_path(language: str) -> Path:
    return ROOT / "helpers" / "checks" / f"{language}.json"


def messages_text(language: str) -> str:
    """Return the checks' messages and their translations, for `helpers.checks.language`."""
    catalog = read_catalog(catalog_path(None, language))
    told = {message.id: message.string for message in catalog if message.id and message.string}
    return json.dumps(told, ensure_ascii=False, indent=0) + "\n"


def translated_path(lesson: Lesson, language: str, root: Path = ROOT) -> Path:
    return root / "notebooks" / language / lesson.name / f"{lesson.name}.ipynb"


def translated(
    lesson: Lesson, language: str, release: NotebookNode, root: Path = ROOT
) -> NotebookNode:
    """Return a release with its Markdown in another language, as far as it is translated."""
    catalog = read_catalog(catalog_path(lesson, language, root))
    result = nbformat.from_dict(release)
    for cell in result.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and not marks.get("solution"):
            told = (_in(block, catalog, language) for block in blocks(cell.source))
            cell.source = "\n\n".join(told)
            if "checksum" in marks:
                marks["checksum"] = compute_checksum(cell)
        elif cell.id == "bootstrap":
            comment = _in(BOOTSTRAP_COMMENT, catalog, language)
            cell.source = bootstrap_cell(lesson, root, comment).source
            cell.source += SPOKEN.format(language=language)
    return result


def _in(block: str, catalog: Catalog, language: str) -> str:
    if block.startswith("[!["):
        linked = re.sub(r"(/blob/[^)]+?/)notebooks/", rf"\1notebooks/{language}/", block, count=1)
        return re.sub(r"^\[!\[[^\]]*\]", f"[![{LANGUAGES[language]}]", linked)
    message = catalog.get(block)
    return str(message.string) if message and message.string else block
