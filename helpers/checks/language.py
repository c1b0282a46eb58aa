"""The messages of checks in the reader's language.

``COURSE_LANGUAGE`` names it, as a translated notebook's first cell does; without, it is that of the
notebook's folder (``notebooks/es/…``).
The translations of ``locales/<language>/checks.po`` stand in ``<language>.json``, next to this
file: `course build` writes them.
"""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

_FOLDER = Path(__file__).parent
PLACE = re.compile(r"\{(\d)\}")
"""Where a value stands in a message: {1}, {2} and so on."""


def language() -> str:
    """Return the code of the reader's language: "en", or one that there are translations for."""
    asked = os.environ.get("COURSE_LANGUAGE") or _folder_language()
    return asked if re.fullmatch("[a-z]{2}", asked) and _file(asked).is_file() else "en"


def _folder_language() -> str:
    try:
        found = re.findall("/notebooks/([a-z]{2})(?=/|$)", Path.cwd().as_posix())
    except FileNotFoundError:  # the folder was deleted under the kernel
        found = []
    return found[-1] if found else "en"


def say(message: str, *values: object) -> str:
    """Return a message in the reader's language, with values for {1}, {2} and so on."""
    told = _translations(language()).get(message, message)
    return PLACE.sub(lambda place: str(values[int(place[1]) - 1]), told) if values else told


def retell(text: str) -> str:
    """Return a finished text in the reader's language; as it is, where it is none of ours.

    The checks write their sentences with the values already in them, so the message is found by
    what stands around its values. These may be messages, too.
    """
    translations = _translations(language())
    if text in translations:
        return translations[text]
    for message, pattern in _patterns(language()):
        # The last value may be empty, and the space before it gone.
        found = pattern.fullmatch(text) or pattern.fullmatch(f"{text} ")
        if found:
            return say(message, *(retell(value) for value in found.groups())).rstrip()
    return text


def everywhere(message: str) -> set[str]:
    """Return a message in every language that there is."""
    codes = ["en", *(path.stem for path in _FOLDER.glob("*.json"))]
    return {_translations(code).get(message, message) for code in codes}


def _file(code: str) -> Path:
    return _FOLDER / f"{code}.json"


@functools.cache
def _translations(code: str) -> dict[str, str]:
    return {} if code == "en" else json.loads(_file(code).read_text(encoding="utf-8"))


@functools.cache
def _patterns(code: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return messages that hold values, each with what matches it; the most telling first."""
    messages = [message for message in _translations(code) if PLACE.search(message)]
    messages.sort(key=lambda message: -len(PLACE.sub("", message)))
    return [
        (message, re.compile("(.*?)".join(map(re.escape, PLACE.split(message)[::2])), re.DOTALL))
        for message in messages
    ]
