"""How often the grader is wrong: known answers and mutants of the references, in the sandbox.

What is played, and how, stands in `grading.proof.prove` and `grading.proof.mutants`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import pandas as pd

from benchmarks.record import Figure, put_into
from grading.paths import ROOT
from grading.proof.mutants import equivalents
from grading.proof.prove import Tried, mutants_table, prove_lessons, table_of
from grading.sandbox.commands import find_sandbox
from helpers.lessons import LESSONS

DOCS = ROOT / "docs" / "grading-accuracy.md"
DEPENDS_ON = (
    "grading/inside",
    "helpers/checks",
    "solutions/*/*.py",
    "solutions/*/variants",
    "solutions/*/equivalent_mutants.json",
)
WORKERS = 2
RUNS = 5
# Fields of `Tried` that grow with the number of runs.
ADDED = ("statuses", "messages", "seconds")


def measure(data: str) -> dict[str, Figure]:
    """Prove all lessons, and write the tables of docs/grading-accuracy.md.

    Parameters
    ----------
    data : {"mirror", "embedded"}
        The sandbox of the proof reads the embedded data.

    Returns
    -------
    dict of str to Figure
        Counts of answers, shares, and seconds.
    """
    if data != "embedded":
        return {}
    sandbox = find_sandbox()
    tried, seconds = _timed("variants", sandbox, 1)
    tried = _together(tried, _timed("variants", sandbox, RUNS - 1)[0])
    mutants, mutant_seconds = _timed("mutants", sandbox, 1)
    counts, of_mutants = table_of(tried), mutants_table(mutants, list(LESSONS))
    put_into(DOCS, "variants", variants_text(counts))
    put_into(DOCS, "mistaken", mistaken_text(tried))
    put_into(DOCS, "mutants", mutants_text(of_mutants))
    put_into(DOCS, "survivors", survivors_text(mutants))
    put_into(DOCS, "equivalents", equivalents_text())
    sums, killed = counts.drop(columns="lesson").sum(), of_mutants.sum()
    wrong, real = int(sums.wrong), int(killed.mutants - killed.equivalent)
    return {
        "grading.wrong_messages": Figure(int(sums.wrong_messages), "count", wrong, data),
        "grading.mutation_score": Figure(killed.caught / real, "share", real, data),
        "grading.proof_seconds": Figure(seconds, "s", 1, data),
        "grading.mutants_seconds": Figure(mutant_seconds, "s", 1, data),
    }


def _timed(proof: str, sandbox: str, runs: int) -> tuple[list[Tried], float]:
    started = time.monotonic()
    tried: list[Tried] = []
    for name, of_lesson in prove_lessons(proof, list(LESSONS), sandbox, runs, WORKERS):
        tried += of_lesson
        print(f"{proof}: {name}, {time.monotonic() - started:.0f} s", file=sys.stderr)
    return tried, time.monotonic() - started


def _together(some: list[Tried], more: list[Tried]) -> list[Tried]:
    """Return answers with what became of them in two proofs."""
    others = {(one.exercise, one.name): one for one in more}
    together = []
    for one in some:
        other = others[one.exercise, one.name]
        ended = {name: getattr(one, name) + getattr(other, name) for name in ADDED}
        together.append(replace(one, **ended))
    return together


def variants_text(counts: pd.DataFrame) -> str:
    """Return the Markdown table of the known answers, a row an exercise."""
    names = ("wrong", "right", "false_accepts", "false_rejects", "unsteady", "wrong_messages")
    rows = [
        f"| lesson | exercise | {' | '.join(n.replace('_', ' ') for n in names)} | check alone |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for exercise, row in [*counts.iterrows(), ("**all**", counts.drop(columns="lesson").sum())]:
        cells = [str(int(row[name])) for name in names]
        lesson = row.get("lesson", "")[:2].lstrip("0")
        rows.append(
            f"| {lesson} | {exercise} | {' | '.join(cells)} | {row.caught / row.wrong:.0%} |"
        )
    return "\n".join(rows)


def mistaken_text(tried: list[Tried]) -> str:
    """Return the Markdown list of the known answers on which the grader was wrong in any run."""
    found = ((one.exercise, one.name, f": {one.problem}") for one in tried if one.problem)
    return "\n".join(_items(found)) or "None."


def mutants_text(counts: pd.DataFrame) -> str:
    """Return the Markdown table of the mutants, a row a lesson."""
    rows = [
        "| lesson | mutants | equivalent | caught | survived | score |",
        "|---|---|---|---|---|---|",
    ]
    for lesson, row in [*counts.iterrows(), ("**all**", counts.sum())]:
        score = row.caught / (row.mutants - row.equivalent)
        rows.append(f"| {lesson} | {' | '.join(map(str, row))} | {score:.1%} |")
    return "\n".join(rows)


def survivors_text(mutants: list[Tried]) -> str:
    """Return the Markdown list of the mutants that lose no points and should."""
    found = [one for one in mutants if not one.loses_points]
    return "\n".join(_items((one.exercise, one.name, "") for one in found)) or "None."


def equivalents_text() -> str:
    """Return the Markdown list of the mutants that are no mistakes, with the reasons."""
    found = (
        (exercise, name, f": {reason}")
        for lesson in LESSONS
        for exercise, reasons in equivalents(lesson).items()
        for name, reason in reasons.items()
    )
    return "\n".join(_items(found)) or "None."


def _items(found) -> list[str]:
    return [f"- `{exercise}`, ``{name}``{reason}" for exercise, name, reason in found]
