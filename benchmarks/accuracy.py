"""How often the grader is wrong: known answers and mutants of the references, in the sandbox.

`grading.proof.prove` and `grading.proof.mutants` say which answers are graded, and how.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import pandas as pd

from benchmarks.record import Figure, put_into
from grading.paths import ROOT
from grading.proof.mutants import equivalents
from grading.proof.prove import (
    PROBLEMS,
    Tried,
    exercises_to_prove,
    in_order,
    mutants_table,
    prove_exercises,
    table_of,
)
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
        The sandbox of the proof uses the embedded data.

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
    exercises = exercises_to_prove(proof, list(LESSONS), sandbox)
    for name, of_exercise in prove_exercises(proof, exercises, sandbox, runs, WORKERS):
        tried += of_exercise
        print(f"{proof}: {name}, {time.monotonic() - started:.0f} s", file=sys.stderr)
    return in_order(tried), time.monotonic() - started


def _together(some: list[Tried], more: list[Tried]) -> list[Tried]:
    """Return answers with their outcomes in two proofs."""
    others = {(one.exercise, one.name): one for one in more}
    together = []
    for one in some:
        other = others[one.exercise, one.name]
        ended = {name: getattr(one, name) + getattr(other, name) for name in ADDED}
        together.append(replace(one, **ended))
    return together


def variants_text(counts: pd.DataFrame) -> str:
    """Return the Markdown table of the known answers, with one row per exercise."""
    problems = " | ".join(name.replace("_", " ") for name in PROBLEMS)
    rows = [
        f"| lesson | exercise | wrong | right | {problems} | check alone |",
        "|---|---|" + "---|" * (len(PROBLEMS) + 3),
    ]
    for exercise, row in [*counts.iterrows(), ("**all**", counts.drop(columns="lesson").sum())]:
        wrong, right = int(row.wrong), int(row.right)
        tried = {"false_rejects": right, "refused_by_check": right, "check_stops": wrong + right}
        cells = [counted(int(row[name]), tried.get(name, wrong)) for name in PROBLEMS]
        lesson = row.get("lesson", "")[:2].lstrip("0")
        numbers = " | ".join([str(wrong), str(right), *cells])
        rows.append(f"| {lesson} | {exercise} | {numbers} | {row.caught / wrong:.0%} |")
    return "\n".join(rows)


def counted(found: int, tried: int) -> str:
    """Return a count; beside a zero, also how large the share may be nevertheless.

    If none of n is found, the 95 % interval of the share runs from 0 to about 3 / n (the rule of
    three). Runs of one answer with several seeds count as one answer: n counts answers.
    """
    if found or not tried:
        return str(found)
    return f"0 (0–{_percent(min(3 / tried, 1))})"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def mistaken_text(tried: list[Tried]) -> str:
    """Return the Markdown list of the known answers on which the grader was wrong in any run."""
    found = ((one.exercise, one.name, f": {one.problem}") for one in tried if one.problem)
    return "\n".join(_items(found)) or "None."


def mutants_text(counts: pd.DataFrame) -> str:
    """Return the Markdown table of the mutants, with one row per lesson."""
    rows = [
        "| lesson | mutants | equivalent | caught | survived | score |",
        "|---|---|---|---|---|---|",
    ]
    for lesson, row in [*counts.iterrows(), ("**all**", counts.sum())]:
        real = row.mutants - row.equivalent
        cells = [row.mutants, row.equivalent, row.caught, counted(row.survived, real)]
        rows.append(f"| {lesson} | {' | '.join(map(str, cells))} | {row.caught / real:.1%} |")
    return "\n".join(rows)


def survivors_text(mutants: list[Tried]) -> str:
    """Return the Markdown list of the mutants that lose no points and should."""
    found = [one for one in mutants if not one.loses_points]
    return "\n".join(_items((one.exercise, one.name, "") for one in found)) or "None."


def equivalents_text() -> str:
    """Return the Markdown list of the mutants that are not mistakes, with the reasons."""
    found = (
        (exercise, name, f": {reason}")
        for lesson in LESSONS
        for exercise, reasons in equivalents(lesson).items()
        for name, reason in reasons.items()
    )
    return "\n".join(_items(found)) or "None."


def _items(found) -> list[str]:
    return [f"- `{exercise}`, ``{name}``{reason}" for exercise, name, reason in found]
