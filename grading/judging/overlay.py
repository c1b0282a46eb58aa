"""A course's private overlay: tests, constants and a secret that nothing published holds.

The hidden tests are in a public repository. A folder ``private/`` in the course's own folder,
which git ignores, makes what is asked another thing:

- ``secret.txt``: a line that enters every seed, so that nobody can tell from the public tests which
  arguments they will draw;
- ``constants.toml``: pools from which `grading.testing.awkward` draws instead of its own;
- ``ASSIGNMENT/hidden_tests.py``: tests that take the place of public ones (`grades`) or are asked
  beside them (`also_grades`).

Each may be missing. A receipt holds the hashes of what was there.
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
"""Characters; a shorter one could be found by trying."""


def write_secret(folder: Path) -> Path:
    """Make an overlay's folder, if need be, with a secret drawn at random; return its path.

    Raises
    ------
    FileExistsError
        If there is one: another would draw other questions for what is graded already.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / SECRET
    with path.open("x", encoding="utf-8") as file:
        path.chmod(0o600)
        file.write(secrets.token_urlsafe(32) + "\n")
    return path


def check_overlay(folder: Path, assignments: Collection[str]) -> None:
    """Refuse an overlay in which something would count for nothing: a misspelt name, for one.

    Raises
    ------
    ValueError
        It names the file or folder.
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
            raise ValueError(f"{path} would count for nothing: a private overlay has {what}")


def overlay_contents(folder: Path, assignment: str) -> dict[str, bytes]:
    """Return what an overlay adds to what a grade depends on.

    Returns
    -------
    dict of str to bytes
        ``private``: the assignment's tests and the constants; ``secret``. What there is not is
        left out, so that a course without an overlay has the receipts that it always had.

    Raises
    ------
    ValueError
        If the secret is short, or a file is no text in UTF-8.
    """
    paths = {"tests": folder / assignment / TESTS, "constants": folder / CONSTANTS}
    texts = {name: _text(path) for name, path in paths.items() if path.is_file()}
    found = {}
    if texts:
        found["private"] = json.dumps(texts, sort_keys=True).encode()
    if (folder / SECRET).is_file():
        secret = _text(folder / SECRET).strip()
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"{folder / SECRET} must hold {SHORTEST_SECRET} characters or more")
        found["secret"] = secret.encode()
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8") from None


def described_overlay(contents: Mapping[str, bytes]) -> str:
    """Return in a few words what `overlay_contents` has found."""
    texts = json.loads(contents.get("private", b"{}"))
    parts = [name for name in ("tests", "constants") if name in texts]
    return ", ".join([*parts, *(["a secret"] if "secret" in contents else [])])


def overlaid(
    public: Mapping[str, Test], private: bytes, exercises: Collection[str]
) -> dict[str, Test]:
    """Return an assignment's tests with those of an overlay, drawing from its constants.

    Parameters
    ----------
    public : mapping of str to Test
        By exercise.
    private : bytes
        As `overlay_contents` gives it; empty without an overlay.
    exercises : collection of str
        Those that the assignment asks for.

    Raises
    ------
    ValueError
        If the overlay grades another exercise, or its constants cannot be drawn from.
    """
    if not private:
        return dict(public)
    texts = json.loads(private)
    tests = _with_tests(public, texts["tests"]) if "tests" in texts else dict(public)
    unknown = tests.keys() - public.keys() - set(exercises)
    if unknown:
        asked = ", ".join(exercises)
        raise ValueError(f"private tests grade {', '.join(sorted(unknown))}; asked are {asked}")
    pools = _pools(texts.get("constants", ""))
    return {name: _drawing_from(pools, test) for name, test in tests.items()}


def _with_tests(public: Mapping[str, Test], source: str) -> dict[str, Test]:
    """Load private tests from the very text that the receipt is about, not from its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / TESTS
        path.write_text(source, encoding="utf-8")
        try:
            return load_tests(path, public)
        except Exception as error:  # an instructor's file may raise anything
            said = f"private {TESTS}{_place_of(error, path)}: {type(error).__name__}: {error}"
            raise ValueError(said) from None


def _place_of(error: Exception, path: Path) -> str:
    """Return where in a file an error was raised; nothing where its own words say so."""
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
