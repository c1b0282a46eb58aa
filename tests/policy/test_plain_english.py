"""Comments, docstrings, messages and pages are written in plain English.

Many readers' first language is not English. The table below lists turns of phrase that puzzled
them, each with a plain alternative. The test cannot find everything that is hard to read; it keeps
the turns that were once removed from coming back.
"""

import re
import subprocess
import tokenize
from pathlib import Path
from typing import NamedTuple

import pytest

from grading.paths import ROOT

# What is counted, in a phrase such as "one row per class".
UNITS = (
    "bars|batches|boxes|bytes|columns|dots|entries|entry|examples|files?|labels|lines?|milliseconds"
    "|minutes|numbers?|places|points|rows?|seconds|texts|tokens|units|weights?|words"
)
# What it is counted for.
WHOLES = (
    "batch|box|cell|class|column|dataset|epoch|exercise|file|label|lesson|line|message|model|page"
    "|pass|person|post|review|row|split|step|student|submission|test|text|thread|token|topic"
    "|vocabulary entry|word|worker"
)
# After these, "a class" begins a clause of its own: "the rows a class has".
VERBS = (
    "becomes|can|contains|costs|gets|gives|had|has|holds|is|loses|may|must|needs|ran|runs|takes|took"
    "|uses|was|of"
)


class Turn(NamedTuple):
    """A turn of phrase to avoid: a pattern, what to write instead, a bad and a good example."""

    pattern: str
    instead: str
    bad: str
    good: str


TURNS = (
    Turn(
        r"\b[Ww]ho(?:so)?ever\b",
        "`anyone who`, `the person who`, or the noun itself",
        "Whoever grades reads it.",
        "The instructor reads it.",
    ),
    Turn(
        r"\b(?:that|which|who) (?:is|are|was|were) none\b",
        "say what is expected: `expected a string`",
        "The sandbox sent a reply that is none.",
        "Malformed reply: expected a string. The default, which is None, means no limit.",
    ),
    Turn(
        r"\bof strangers\b",
        "`from people you don't know`",
        "It opens files of strangers.",
        "It opens files from people you don't know.",
    ),
    Turn(
        r"\b[Mm]end(?:s|ed|ing)?\b",
        "`fix`, `correct`, `repair`",
        "Mend the table, which was mended before.",
        "Fix the table. We recommend a backup.",
    ),
    Turn(
        r"\bdear(?:er|est)?\b",
        "`expensive`, `slow`",
        "This pass is dearer than the last.",
        "This pass is more expensive than the last. Dear reader, see below.",
    ),
    Turn(
        rf"\b(?:{UNITS}) an? (?:{WHOLES})\b(?! (?:{VERBS})\b|\.\w)",
        "`per`: `one row per split`",
        "The table has a row a split.",
        "The table has one row per split. It shows how many tokens a message becomes.",
    ),
    Turn(
        r"\bbelong(?:s|ed)? into\b",
        "`belongs in`",
        "The answer belongs into this cell.",
        "The answer belongs in this cell.",
    ),
    Turn(
        r"\b(?:stand(?:s|ing)?|stood) (?:in(?! for\b)|there|here|behind|below|above|beside)\b",
        "`is in`, `also appears in`, `follows`",
        "The list stands in README, and the\n    reason stands below.",
        "The list is in README. A tiny model stands in for the real one; it is a stand-in.",
    ),
    Turn(
        r"\b(?:is|are|was|were) not there\b",
        "`is missing`, `does not exist`",
        "The folder is not\nthere.",
        "The folder is missing. It is not their folder.",
    ),
    Turn(
        r"\b(?:is|are|was|were) no \w+'s\b",
        "`belongs to no …`, `does not belong to any …`",
        "See to what is no box's.",
        "Kill processes that belong to no box. This is not the student's file.",
    ),
    Turn(
        r"\b[Ss]ee(?:s|ing)? off\b",
        "`kill`, `remove`, `refuse`",
        "See off leftover processes.",
        "Kill leftover processes. See the official page.",
    ),
    Turn(
        r"\b[Ww]hich (?:\w+ )?(?:is|are) (?:that|those)\b",
        "`What is this?`, `What are these files?`",
        "Which files are that?",
        "What are these files? They say which file is meant.",
    ),
    Turn(
        r"\bGPU was not (?:measured|timed)\b",
        "`Not timed on a GPU`",
        "A GPU was not measured.",
        "Not timed on a GPU.",
    ),
    Turn(
        r"\b[Ii]f need be\b",
        "`if necessary`",
        "If need be, run it again.",
        "If necessary, run it again.",
    ),
    Turn(
        r"\b(?:[Ll]est|[Nn]ought|[Tt]here(?:of|in|with)|[Ww]here(?:of|in|with)|[Ww]hence|[Ww]hither)\b",
        "`so that … not`, `nothing`, `in it`, `with it`, `from where`",
        "Close it lest it leak, and all files therein.",
        "Close it so that it does not leak. The latest test is there.",
    ),
)

LEFT_OUT = re.compile(
    r"""
    ^data/(?!.+/README\.md$) | ^locales/          # corpora and their generators; translations
    | ^solutions/[^/]+/variants/                  # answers as students write them
    | ^tests/policy/test_plain_english\.py$       # the bad examples above
    """,
    re.VERBOSE,
)
LITERAL = re.compile(r"""^[A-Za-z]*("{3}|'{3}|"|')(.*)\1$""", re.DOTALL)
CODE = re.compile(r"(?ms)^ *```.*?^ *```|`[^`\n]+`")
# From Python 3.12 on, an f-string is several tokens.
FSTRING_TEXT = getattr(tokenize, "FSTRING_MIDDLE", None)
FSTRING_ENDS = tuple(getattr(tokenize, f"FSTRING_{end}", None) for end in ("START", "END"))
BETWEEN_PARTS = (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, *FSTRING_ENDS)


def files():
    """Return the Python files and Markdown pages to read, relative to the repository."""
    command = ["git", "ls-files", "-z", "--", "*.py", "*.md"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listing.split("\0") if name and not LEFT_OUT.search(name)]
    return [name for name in names if (ROOT / name).exists()]


def passages(path):
    """Yield each passage of prose in a file: a list of (line number, text), in order.

    In Python, comments on consecutive lines are one passage, and so are string literals that
    Python joins. A Markdown page is one passage.
    """
    if path.suffix == ".md":
        yield list(enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True), start=1))
        return
    kinds = {tokenize.COMMENT: "comment", tokenize.STRING: "string", FSTRING_TEXT: "string"}
    passage, last = [], None
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            kind = kinds.get(token.type)
            if kind is None and token.type in BETWEEN_PARTS:
                continue
            if kind != last and passage:
                yield passage
                passage = []
            last = kind
            if kind == "comment":
                passage.append((token.start[0], token.string.lstrip("#") + "\n"))
            elif kind == "string":
                literal = LITERAL.match(token.string)
                text = literal[2] if literal else token.string
                lines = text.replace(r"\n", "  ").splitlines(keepends=True)
                passage += list(enumerate(lines, start=token.start[0]))
    if passage:
        yield passage


def found_in(passage):
    """Return the turns to avoid in a passage: for each its line number, its words and the turn."""
    text = "".join(part for _, part in passage)
    # Code in backticks keeps its length and its lines, so that positions stay right.
    text = CODE.sub(lambda code: re.sub(r"[^\n]", "`", code[0]), text)
    found = []
    for turn in TURNS:
        for match in re.finditer(turn.pattern.replace(" ", r"\s+"), text):
            end = 0
            for number, part in passage:
                end += len(part)
                if match.start() < end:
                    found.append((number, " ".join(match[0].split()), turn))
                    break
    return found


def test_the_course_is_written_in_plain_english():
    problems = [
        f"{name}:{number}: {words!r}: write {turn.instead}"
        for name in files()
        for passage in passages(ROOT / name)
        for number, words, turn in found_in(passage)
    ]
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.bad)
def test_a_turn_is_found_in_its_bad_example_and_not_in_its_good_one(turn):
    assert turn in [found for _, _, found in found_in([(1, turn.bad)])]
    assert found_in([(1, turn.good)]) == []


def test_turns_are_found_in_comments_docstrings_messages_and_pages(tmp_path):
    source = tmp_path / "module.py"
    source.write_text(
        '"""Reads\n    files of\n    strangers."""\n'
        "# The list stands\n"
        "# in README.\n"
        'raise ValueError(\n    "the folder is "\n    f"not there: {path}"\n)\n'
        "whoever = 1  # a name is code\n"
    )
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nWhoever reads `is not there`:\n\n```\nif need be\n```\n")
    found = {
        path.suffix: [one[:2] for passage in passages(path) for one in found_in(passage)]
        for path in (source, page)
    }
    assert found == {
        ".py": [(2, "of strangers"), (4, "stands in"), (7, "is not there")],
        ".md": [(3, "Whoever")],
    }


def test_pages_lessons_and_code_are_read_but_no_corpus_variant_or_translation():
    names = files()
    assert {"README.md", "course.py", "data/imdb/README.md", "helpers/data.py"} <= set(names)
    assert "solutions/01_dataset_exploration/01_dataset_exploration.py" in names
    assert "data/generator/imdb.py" not in names
    assert not [name for name in names if "/variants/" in name or Path(name).suffix == ".ipynb"]
