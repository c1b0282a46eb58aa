"""A small grammar over hand-written lines: sections, slots and inline choices.

A material file is plain text. ``[name]`` opens a section, every other line is one
fragment of it, ``#`` starts a comment, and ``3* `` in front of a line makes it three
times as likely. Inside a line

* ``{name}`` stands for one line of the section ``name``,
* ``{this|that|}`` for one of the alternatives (the last one is empty here),
* ``{person}`` for a woman or a man of the sections ``woman`` and ``man``, after which
  ``{they}``, ``{them}``, ``{their}`` and ``{themself}`` agree with that person as far as the
  line reaches; ``{dear}`` does the same with ``dear_woman`` and ``dear_man``, and ``{chief}``
  with ``chief_woman`` and ``chief_man``.
"""

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

Sections = dict[str, list[str]]

PEOPLE = {
    "person": ("woman", "man"),
    "dear": ("dear_woman", "dear_man"),
    "chief": ("chief_woman", "chief_man"),
}
PRONOUNS = {
    "woman": {"they": "she", "them": "her", "their": "her", "themself": "herself"},
    "man": {"they": "he", "them": "him", "their": "his", "themself": "himself"},
}
_HEADER = re.compile(r"\[([a-z_]+)\]")
_WEIGHT = re.compile(r"(\d+)\* ")


def read_material(path: Path) -> Sections:
    """Read one material file.

    Parameters
    ----------
    path : Path
        A text file of ``[section]`` headers and one fragment a line.

    Returns
    -------
    dict of str to list of str
        The lines of each section, in the order of the file; a line of weight three
        stands there three times.

    Raises
    ------
    ValueError
        If a fragment stands before the first header, or braces do not match.
    """
    sections: Sections = {}
    current: list[str] | None = None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        header = _HEADER.fullmatch(line)
        if header:
            current = sections.setdefault(header[1], [])
            continue
        if current is None or line.count("{") != line.count("}"):
            raise ValueError(f"{path.name}, line {number}: no section yet, or unmatched braces")
        weight = _WEIGHT.match(line)
        text = line[weight.end() :] if weight else line
        current += [text] * (int(weight[1]) if weight else 1)
    return sections


def hold_out(sections: Sections, names: Sequence[str], share: float, seed: str) -> Sections:
    """Leave a fixed share of the lines of some sections away.

    The training split is written without them, so that validation and test also ask
    about clauses that no training text contains.

    Parameters
    ----------
    sections : dict of str to list of str
        All material.
    names : sequence of str
        The sections to thin out.
    share : float
        The share of lines to leave away, between 0 and 1.
    seed : str
        Seeds the choice of lines.

    Returns
    -------
    dict of str to list of str
        A copy with the thinned sections.
    """
    thinned = dict(sections)
    for name in names:
        lines = sections.get(name, [])
        distinct = list(dict.fromkeys(lines))
        away = random.Random(f"{seed}/{name}").sample(distinct, int(share * len(distinct)))
        thinned[name] = [line for line in lines if line not in away]
    return thinned


def expand(name: str, sections: Mapping[str, list[str]], rng: random.Random) -> str:
    """Draw one text from a section, with every slot filled.

    Parameters
    ----------
    name : str
        The section to start from.
    sections : mapping of str to list of str
        All material that the text may use.
    rng : random.Random
        The source of every choice.

    Returns
    -------
    str
        The text, with single spaces.

    Raises
    ------
    KeyError
        If a slot names a section that does not exist.
    """
    used: set[str] = set()
    return " ".join(_draw(name, sections, rng, used, {}).split())


def _draw(
    name: str,
    sections: Mapping[str, list[str]],
    rng: random.Random,
    used: set[str],
    bound: dict[str, str],
) -> str:
    """Draw a line that this text has not used yet, and fill it."""
    lines = sections[name]
    line = lines[0]
    # A few tries suffice: sections that may repeat within one text are long.
    for _ in range(8):
        line = rng.choice(lines)
        if line not in used:
            break
    used.add(line)
    # A copy: the line knows who "they" are, and whom it names itself stays within it.
    return _fill(line, sections, rng, used, dict(bound))


def _fill(
    text: str,
    sections: Mapping[str, list[str]],
    rng: random.Random,
    used: set[str],
    bound: dict[str, str],
) -> str:
    """Fill the slots of a line from left to right; `bound` holds its pronouns."""
    parts: list[str] = []
    position = 0
    while (start := text.find("{", position)) >= 0:
        end = _closing(text, start)
        inner = text[start + 1 : end]
        parts.append(text[position:start])
        alternatives = _alternatives(inner)
        if len(alternatives) > 1:
            parts.append(_fill(rng.choice(alternatives), sections, rng, used, bound))
        elif inner in bound:
            parts.append(bound[inner])
        elif inner in PEOPLE:
            section = rng.choice(PEOPLE[inner])
            bound.update(PRONOUNS[section.rpartition("_")[2]])
            parts.append(_draw(section, sections, rng, used, bound))
        else:
            parts.append(_draw(inner, sections, rng, used, bound))
        position = end + 1
    parts.append(text[position:])
    return "".join(parts)


def _closing(text: str, start: int) -> int:
    """Return the index of the brace that closes the one at `start`."""
    depth = 0
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise ValueError(f"unmatched brace in {text!r}")


def _alternatives(inner: str) -> list[str]:
    """Split at the bars that stand outside nested braces."""
    pieces, depth = [""], 0
    for character in inner:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "|" and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces
