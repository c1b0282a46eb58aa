"""A course's private overlay: tests, constants and a secret that are never published.

The hidden tests are in a public repository. To change what they ask, a course may have a folder
``private/``, which git ignores:

- ``secret.txt``: a line that is part of every seed, so that nobody can predict from the public
  tests which arguments they will draw;
- ``constants.toml``: pools from which `grading.testing.awkward` draws instead of its own;
- ``ASSIGNMENT/hidden_tests.py``: tests that replace public ones (`grades`) or are run in addition
  to them (`also_grades`).

Each file may be missing. A receipt contains the hashes of the files that existed.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import tomllib
import traceback
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grading.inside.answer import Answer
from grading.judging import awkward
from grading.judging.testing import Test, load_tests

SECRET, CONSTANTS, TESTS = "secret.txt", "constants.toml", "hidden_tests.py"
SHORTEST_SECRET = 20
"""In characters. A shorter secret could be guessed by trying all of them."""


def write_secret(folder: Path) -> Path:
    """Write a random secret into an overlay's folder; return its path.

    The folder is created if it does not exist.

    Raises
    ------
    FileExistsError
        If there is a secret already: with a new one, submissions that are already graded would be
        asked different questions.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / SECRET
    with path.open("x", encoding="utf-8") as file:
        path.chmod(0o600)
        file.write(secrets.token_urlsafe(32) + "\n")
    return path


def check_overlay(folder: Path, assignments: Collection[str]) -> None:
    """Refuse an overlay with something that would have no effect, such as a misspelt name.

    Raises
    ------
    ValueError
        The message names the file or folder.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder} must be a folder")
    for path in sorted(folder.iterdir()):
        is_test = path.is_dir() and path.name in assignments and (path / TESTS).is_file()
        ignored = path.name.startswith((".", "_", "README"))
        if not (is_test or ignored or path.name in (SECRET, CONSTANTS)):
            what = f"{SECRET}, {CONSTANTS} and ASSIGNMENT/{TESTS}"
            raise ValueError(f"{path} would have no effect: a private overlay consists of {what}")


def overlay_contents(folder: Path, assignment: str) -> dict[str, bytes]:
    """Return the parts of an overlay that grades depend on.

    Returns
    -------
    dict of str to bytes
        ``private``: the assignment's tests and the constants; ``secret``. Missing files are left
        out, so that the receipts of a course without an overlay do not change.

    Raises
    ------
    ValueError
        If the secret is too short, or a file is not text in UTF-8.
    """
    paths = {"tests": folder / assignment / TESTS, "constants": folder / CONSTANTS}
    texts = {name: _text(path) for name, path in paths.items() if path.is_file()}
    found = {}
    if texts:
        found["private"] = json.dumps(texts, sort_keys=True).encode()
    if (folder / SECRET).is_file():
        secret = _text(folder / SECRET).strip()
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"{folder / SECRET} must have {SHORTEST_SECRET} characters or more")
        found["secret"] = secret.encode()
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8; save it in that encoding") from None


def described_overlay(contents: Mapping[str, bytes]) -> str:
    """Return a few words that list what `overlay_contents` found."""
    texts = json.loads(contents.get("private", b"{}"))
    parts = [name for name in ("tests", "constants") if name in texts]
    return ", ".join([*parts, *(["a secret"] if "secret" in contents else [])])


def overlaid(
    public: Mapping[str, Test], private: bytes, exercises: Collection[str]
) -> dict[str, Test]:
    """Return an assignment's tests combined with an overlay's tests and constants.

    Parameters
    ----------
    public : mapping of str to Test
        By exercise.
    private : bytes
        From `overlay_contents`; empty without an overlay.
    exercises : collection of str
        The exercises of the assignment.

    Raises
    ------
    ValueError
        If the overlay grades any other exercise, or its constants cannot be used.
    """
    if not private:
        return dict(public)
    texts = json.loads(private)
    tests = _with_tests(public, texts["tests"]) if "tests" in texts else dict(public)
    unknown = tests.keys() - public.keys() - set(exercises)
    if unknown:
        asked = ", ".join(exercises)
        raise ValueError(
            f"private tests grade {', '.join(sorted(unknown))}; the exercises are {asked}"
        )
    pools = _pools(texts.get("constants", ""))
    return {name: _drawing_from(pools, test) for name, test in tests.items()}


def _with_tests(public: Mapping[str, Test], source: str) -> dict[str, Test]:
    """Load private tests from `source`, whose hash is in the receipt, not from their file.

    The file may have changed in the meantime.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / TESTS
        path.write_text(source, encoding="utf-8")
        try:
            return load_tests(path, public)
        except Exception as error:  # an instructor's file may raise anything
            said = f"private {TESTS}{_place_of(error, path)}: {type(error).__name__}: {error}"
            raise ValueError(said) from None


def _place_of(error: Exception, path: Path) -> str:
    """Return the line of a file at which an error was raised, or nothing if it is unknown."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""


def _pools(constants: str) -> dict[str, Any]:
    try:
        return awkward.checked_pools(tomllib.loads(constants))
    except ValueError as error:  # TOMLDecodeError is one
        raise ValueError(f"{CONSTANTS}: {error}") from None


def _drawing_from(pools: dict[str, Any], test: Test) -> Test:
    if not pools:
        return test

    def drawing(answer: Answer, rng: np.random.Generator) -> float | None:
        with awkward.drawn_from(pools):
            return test(answer, rng)

    return drawing
