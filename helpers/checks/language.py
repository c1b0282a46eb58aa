"""The messages of checks in the reader's language.

The variable ``COURSE_LANGUAGE`` names the language; a translated notebook's first cell sets it.
Without it, the language is that of the notebook's folder (``notebooks/es/…``).
`course build` copies the translations in ``locales/<language>/checks.po`` to ``<language>.json``,
next to this file.
"""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

_FOLDER = Path(__file__).parent
_PLACE = re.compile(r"\{(\d)\}")


def say(message: str, *values: object) -> str:
    """Return a message in the reader's language, with its values filled in.

    Call it with a string literal, because Babel finds the messages by reading the source. Call it
    while a check runs, not while its module is imported, because the language may change later.

    Parameters
    ----------
    message : str
        The English message. Values go where it says {1}, {2} and so on.
    values : object
        A value that consists of words must itself be a result of `say`.
    """
    translation = _translations(language()).get(message, message)
    if not values:
        return translation
    return _PLACE.sub(lambda place: str(values[int(place[1]) - 1]), translation)


def language() -> str:
    """Return the code of the reader's language: "en", or a language with translations."""
    code = os.environ.get("COURSE_LANGUAGE") or _folder_language()
    return code if _is_known(code) else "en"


def _folder_language() -> str:
    try:
        found = re.findall("/notebooks/([a-z]{2})(?=/|$)", Path.cwd().as_posix())
    except FileNotFoundError:  # the kernel's working folder was deleted
        found = []
    return found[-1] if found else "en"


def _file(code: str) -> Path:
    return _FOLDER / f"{code}.json"


@functools.cache
def _is_known(code: str) -> bool:
    return bool(re.fullmatch("[a-z]{2}", code)) and _file(code).is_file()


@functools.cache
def _translations(code: str) -> dict[str, str]:
    return {} if code == "en" else json.loads(_file(code).read_text(encoding="utf-8"))
