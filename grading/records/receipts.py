"""Receipts of grades: what was graded, with which tests and settings, and how each test ended."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
import os
import platform
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import helpers
from grading.intake.texts import clean
from grading.judging.session import Graded
from grading.judging.verdicts import STATUSES, Verdict
from grading.paths import ROOT
from grading.sandbox.limits import Limits

VERSION = 2
EARLIER = "earlier"
"""Folder next to a submission's receipts, for its earlier receipts."""
# Parts that every receipt must have, with their types.
PARTS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("student", "assignment", "notebook", "graded_at"), str),
    "sha256": dict,
    "tests": list,
    "notes": list,
    "seconds": (int, float),
}
UNREADABLE = "cannot be read: the gradebook has the points; `course grade` grades it again"
# Everything that a grade depends on, with the words for a sentence if it has changed.
CHANGES = {
    "submission": "it was handed in again",
    "tests": "the hidden tests have changed",
    "private": "the private tests or constants have changed",
    "secret": "the private secret has changed",
    "release": "the release has changed",
    "solution": "the solution has changed",
    "grader": "the grader's code has changed",
    "environment": "the Python environment has changed",
    "seed": "the seed has changed",
    "limits": "the limits have changed",
    "sandbox": "another kind of sandbox is used",
}


OVERLAY = ("private", "secret")
MISSING = {
    "private": "the private tests and constants are missing",
    "secret": "the private secret is missing",
}
"""Words for the parts of a course's private overlay (`OVERLAY`) that are missing now. A course
without an overlay never had them."""


def digest(*contents: bytes) -> str:
    """Return the SHA-256 of some contents and their lengths."""
    total = hashlib.sha256()
    for content in contents:
        total.update(len(content).to_bytes(8, "little"))
        total.update(content)
    return total.hexdigest()


def seed_of(contents: dict[str, bytes]) -> int:
    """Return the seed: the same in every run, unknown to anyone without the tests and the secret.

    Parameters
    ----------
    contents : dict of str to bytes
        ``submission`` and ``tests``; also ``private`` and ``secret`` if a course has them.
    """
    overlay = [contents[name] for name in OVERLAY if name in contents]
    return int(digest(contents["submission"], contents["tests"], *overlay)[:16], 16)


def environment_lock() -> str:
    """Return a hash of the pinned environment and of Python's version."""
    lock = ROOT / "constraints.txt"
    pinned = lock.read_bytes() if lock.is_file() else b""
    return digest(pinned, platform.python_version().encode())


@functools.cache
def grader_code() -> str:
    """Return a hash of the code that grades, and of the helpers that answers call."""
    packages = (ROOT / "grading", Path(helpers.__file__).parent)
    files = sorted(path for folder in packages for path in folder.rglob("*.py"))
    return digest(*(path.read_bytes() for path in files))


def receipt_path(course: Path, student: str, assignment: str, notebook: str) -> Path:
    return course / "receipts" / student / assignment / f"{notebook}.json"


def receipt_of(
    names: dict[str, str],
    contents: dict[str, bytes],
    seed: int,
    limits: Limits,
    sandbox: str,
    graded: Graded,
    seconds: float,
) -> dict[str, Any]:
    """Return a receipt.

    Parameters
    ----------
    names : dict
        ``student``, ``assignment`` and ``notebook``.
    contents : dict of str to bytes
        ``submission``, ``release``, ``solution`` and ``tests``, and those in `OVERLAY` if there is
        an overlay. Only their hashes are stored.
    seed, limits, sandbox, graded
        Arguments and result of `grading.judging.session.grade`.
    seconds : float
        How long that took, including the sandbox's start and the student's cells.
    """
    return {
        "version": VERSION,
        **{name: names[name] for name in ("student", "assignment", "notebook")},
        "graded_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "sha256": {name: digest(content) for name, content in contents.items()},
        "grader": grader_code(),
        "environment": environment_lock(),
        "seed": seed,
        "limits": dataclasses.asdict(limits),
        "sandbox": sandbox,
        "seconds": round(seconds, 2),
        "tests": [dataclasses.asdict(verdict) for verdict in graded.verdicts],
        "notes": [clean(note) for note in graded.notes],
    }


def receipt_key(receipt: dict[str, Any]) -> str:
    """Return a hash of everything that a grade depends on: the same hash means the same grade."""
    return digest(json.dumps(_parts(receipt), sort_keys=True).encode())


def _parts(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return everything that a grade depends on, by the names in `CHANGES`."""
    return {name: receipt["sha256"].get(name, receipt.get(name)) for name in CHANGES}


def changed_since(receipt: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return a sentence for each thing that has changed, of those that a grade depends on.

    Parameters
    ----------
    receipt, now : dict
        With ``sha256``, ``grader``, ``environment``, ``seed``, ``limits`` and ``sandbox``.
    """
    before, after = _parts(receipt), _parts(now)
    found = [name for name in CHANGES if before[name] != after[name]]
    if {"submission", "tests", *OVERLAY} & set(found) and "seed" in found:  # it depends on them
        found.remove("seed")
    gone = {name for name in OVERLAY if after[name] is None}
    return [MISSING[name] if name in gone else CHANGES[name] for name in found]


def set_aside(path: Path) -> None:
    """Move a receipt, if it exists, to the folder of earlier receipts."""
    if not path.is_file():
        return
    try:
        when = read_receipt(path)["graded_at"]
    except ValueError:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        when = modified.isoformat(timespec="milliseconds")
    name = re.sub(r"[^0-9T]", "", when.partition("+")[0])
    folder = path.parent / EARLIER
    folder.mkdir(exist_ok=True)
    aside = folder / f"{path.stem}.{name}.json"
    for number in itertools.count(2):  # if the clock was set back, the same time may come again
        if not aside.exists():
            break
        aside = folder / f"{path.stem}.{name}-{number}.json"
    path.replace(aside)
    now = time.time()
    os.utime(aside, (now, now))  # the time at which its grade was taken back


def all_receipts(course: Path, student: str, assignment: str) -> list[tuple[Path, dict[str, Any]]]:
    """Return all receipts of a submission, including earlier ones, in the order of grading.

    Receipts are numbered, so their order does not depend on the clock. Older receipts have no
    number and are ordered by time. The receipt that counts comes last. Receipts that cannot be read
    are left out: see `unreadable_receipts`.
    """
    found, _ = _receipts(course, student, assignment)
    return found


def unreadable_receipts(course: Path, student: str, assignment: str) -> list[Path]:
    """Return the receipts of a submission that are damaged or have another version."""
    _, unreadable = _receipts(course, student, assignment)
    return unreadable


def read_receipts(
    paths: Iterable[Path],
) -> tuple[list[tuple[Path, dict[str, Any]]], list[Path]]:
    """Return the receipts that can be read, and the paths of the others.

    So a damaged receipt does not prevent reading those of the rest of the class.
    """
    found, unreadable = [], []
    for path in sorted(paths):
        try:
            found.append((path, read_receipt(path)))
        except (OSError, ValueError):
            unreadable.append(path)
    return found, unreadable


def _receipts(
    course: Path, student: str, assignment: str
) -> tuple[list[tuple[Path, dict[str, Any]]], list[Path]]:
    folder = receipt_path(course, student, assignment, "any").parent
    found, unreadable = read_receipts([*folder.glob("*.json"), *(folder / EARLIER).glob("*.json")])
    found.sort(
        key=lambda one: (one[0].parent == folder, one[1].get("number", 0), one[1]["graded_at"])
    )
    return found, unreadable


def drop_copies(course: Path, receipt: dict[str, Any]) -> None:
    """Remove earlier receipts that are between two equal ones, since nothing has changed.

    The first one stays, because it says since when the grade is as it is.
    """
    names = [receipt[name] for name in ("student", "assignment")]
    found = [
        (path, one)
        for path, one in all_receipts(course, *names)
        if one["notebook"] == receipt["notebook"]
    ]
    for before, (path, between), after in zip(found, found[1:], found[2:], strict=False):
        if _same(before[1], between) and _same(between, after[1]):
            path.unlink()


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return receipt_key(one) == receipt_key(other) and _ended(one) == _ended(other)


def _ended(receipt: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(test["exercise"], test["status"], test["points"]) for test in receipt["tests"]]


def write_receipt(receipt: dict[str, Any], course: Path) -> None:
    """Write a receipt completely or not at all; a new one gets its notebook's next number."""
    names = {name: receipt[name] for name in ("student", "assignment", "notebook")}
    if "number" not in receipt:
        receipt = receipt | {"number": newest_receipt(course, names).get("number", 0) + 1}
    path = receipt_path(course, **names)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    try:
        new.write_text(
            clean(json.dumps(receipt, indent=1, ensure_ascii=False)) + "\n", encoding="utf-8"
        )
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)  # an incomplete file, if the disk is full


def newest_receipt(course: Path, names: dict[str, str]) -> dict[str, Any]:
    """Return a notebook's newest receipt, even if it was set aside; empty if there is none.

    Parameters
    ----------
    course : Path
    names : dict
        ``student``, ``assignment`` and ``notebook``.
    """
    found = [
        receipt
        for _, receipt in all_receipts(course, names["student"], names["assignment"])
        if receipt["notebook"] == names["notebook"]
    ]
    return found[-1] if found else {}


def add_note(course: Path, assignment: str, student: str, note: str) -> None:
    """Add a sentence for the teacher to only one of a submission's receipts, to show it once."""
    folder = receipt_path(course, student, assignment, "any").parent
    readable, _ = read_receipts(folder.glob("*.json"))
    for _, receipt in readable[:1]:
        receipt["notes"].append(note)
        write_receipt(receipt, course)


def read_receipt(path: Path) -> dict[str, Any]:
    """Return a receipt.

    Raises
    ------
    ValueError
        If the file is damaged or has another version; the message names the file.
    """
    try:
        receipt = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ValueError(f"{path} is not a receipt, or is damaged") from None
    if not isinstance(receipt, dict) or receipt.get("version") != VERSION:
        raise ValueError(f"{path} is not a receipt of version {VERSION}")
    if missing := [part for part, kind in PARTS.items() if not isinstance(receipt.get(part), kind)]:
        raise ValueError(f"{path} is a damaged receipt: {', '.join(missing)} is missing or wrong")
    if not all(map(_is_test, receipt["tests"])):
        raise ValueError(f"{path} is a damaged receipt: one of its tests has no status or points")
    return receipt


def _is_test(test: Any) -> bool:
    try:
        verdict = Verdict(**test)
    except TypeError:
        return False
    return (
        all(isinstance(text, str) for text in (verdict.exercise, verdict.status, verdict.message))
        and verdict.status in STATUSES
        and isinstance(verdict.points, int | float | None)
        and isinstance(verdict.max_points, int | float)
    )


def verdicts_of(receipt: dict[str, Any]) -> list[Verdict]:
    """Return the verdicts in a receipt."""
    return [Verdict(**test) for test in receipt["tests"]]


def recorded_verdicts(
    course: Path, assignment: str, student: str
) -> tuple[list[Verdict], list[str]]:
    """Return how a submission's tests ended and the notes about it, from its receipts.

    If a receipt cannot be read, there is a note about it.
    """
    ended: list[Verdict] = []
    folder = receipt_path(course, student, assignment, "any").parent
    found, unreadable = read_receipts(folder.glob("*.json"))
    notes = [f"{path.relative_to(course)} {UNREADABLE}" for path in unreadable]
    for _, receipt in found:
        ended += verdicts_of(receipt)
        notes += receipt["notes"]
    return ended, notes
