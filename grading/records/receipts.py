"""The receipt of a grade: what was graded with what, and how each test ended."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grading.intake.texts import clean
from grading.judging.session import Graded
from grading.judging.verdicts import Verdict
from grading.paths import ROOT
from grading.sandbox.limits import Limits

VERSION = 2


def digest(*contents: bytes) -> str:
    """Return the SHA-256 of some contents, each counted with its length."""
    total = hashlib.sha256()
    for content in contents:
        total.update(len(content).to_bytes(8, "little"))
        total.update(content)
    return total.hexdigest()


def seed_of(submission: bytes, tests: bytes) -> int:
    """Return a seed that cannot be known without the hidden tests, the same in every run."""
    return int(digest(submission, tests)[:16], 16)


def environment_lock() -> str:
    """Return a hash of the pinned environment and of Python's version."""
    lock = ROOT / "constraints.txt"
    pinned = lock.read_bytes() if lock.is_file() else b""
    return digest(pinned, platform.python_version().encode())


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
        ``submission``, ``release``, ``solution`` and ``tests``, of which the hashes are kept.
    seed, limits, sandbox, graded
        As `grading.judging.session.grade` took and gave them.
    seconds : float
        How long that took, the sandbox's start and the student's cells included.
    """
    return {
        "version": VERSION,
        **{name: names[name] for name in ("student", "assignment", "notebook")},
        "graded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": {name: digest(content) for name, content in contents.items()},
        "environment": environment_lock(),
        "seed": seed,
        "limits": dataclasses.asdict(limits),
        "sandbox": sandbox,
        "seconds": round(seconds, 2),
        "tests": [dataclasses.asdict(verdict) for verdict in graded.verdicts],
        "notes": [clean(note) for note in graded.notes],
    }


def receipt_key(receipt: dict[str, Any]) -> str:
    """Return a hash of all that a grade depends on: where it is the same, so is the grade."""
    parts = {name: receipt[name] for name in ("sha256", "environment", "seed", "limits", "sandbox")}
    return digest(json.dumps(parts, sort_keys=True).encode())


def write_receipt(receipt: dict[str, Any], course: Path) -> None:
    """Write a receipt whole or not at all."""
    names = (receipt[name] for name in ("student", "assignment", "notebook"))
    path = receipt_path(course, *names)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    try:
        new.write_text(
            clean(json.dumps(receipt, indent=1, ensure_ascii=False)) + "\n", encoding="utf-8"
        )
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)  # a part of it, where the disk is full


def add_note(course: Path, assignment: str, student: str, note: str) -> None:
    """Add a sentence for the teacher to each receipt of a submission."""
    folder = receipt_path(course, student, assignment, "any").parent
    for path in sorted(folder.glob("*.json")):
        receipt = read_receipt(path)
        receipt["notes"].append(note)
        write_receipt(receipt, course)


def read_receipt(path: Path) -> dict[str, Any]:
    """Return a receipt.

    Raises
    ------
    ValueError
        If the file is none of this version.
    """
    receipt = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(receipt, dict) or receipt.get("version") != VERSION:
        raise ValueError(f"{path} is no receipt of version {VERSION}")
    return receipt


def verdicts_of(receipt: dict[str, Any]) -> list[Verdict]:
    """Return the verdicts that a receipt holds."""
    return [Verdict(**test) for test in receipt["tests"]]


def recorded_verdicts(
    course: Path, assignment: str, student: str
) -> tuple[list[Verdict], list[str]]:
    """Return how a submission's tests ended and what there is to note, from its receipts."""
    ended: list[Verdict] = []
    notes: list[str] = []
    folder = receipt_path(course, student, assignment, "any").parent
    for path in sorted(folder.glob("*.json")):
        receipt = read_receipt(path)
        ended += verdicts_of(receipt)
        notes += receipt["notes"]
    return ended, notes
