"""`course prove`: how often the grader is wrong, on answers known to be right or wrong.

Every exercise has variants (``solutions/NN/variants/<exercise>``): wrong answers, each of which
breaks one requirement of the exercise, and right ones in another style. They are graded like a
student's answer: in a sandbox, by the visible check, and by the hidden test from outside, with one
or several new seeds. All answers to an exercise use one sandbox, one after the other, in which only
the imports of the lesson have run; nothing else of the lesson is needed.

Answers in another folder are graded in the same way (`known_answers` says which files). To find
tests that wrongly fail once in a hundred times, right answers can be graded with many seeds
(`simulate`).
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import io
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from grading.inside.answer import Answer
from grading.inside.guard import own_state, remember
from grading.inside.questions import seed_everything
from grading.intake.texts import shown
from grading.judging.overlay import (
    check_overlay,
    described_overlay,
    overlaid,
    overlay_contents,
)
from grading.judging.reference import imports_of, reference_cells
from grading.judging.session import UNEXPLAINED, AnswerKey, Asked, Run, ask_exercise, settled
from grading.judging.testing import Test, load_tests, run_test
from grading.judging.verdicts import CANNOT_GRADE, ERROR, FAILED, PASSED
from grading.paths import ROOT, hidden_tests_path, private_path
from grading.proof.mutants import equivalents, mutants
from grading.release.source import source_notebook
from grading.sandbox.commands import NO_SANDBOX
from grading.sandbox.limits import Limits
from grading.sandbox.workers import open_pool
from helpers.lessons import LESSONS, Lesson, lesson_named

# One box is used for all answers to an exercise here, and answers with predictions train a model.
LIMITS = Limits(cell_seconds=1800.0, notebook_seconds=7200.0)
# Some mutants never end, while the references take seconds at most.
MUTANT_LIMITS = Limits(cell_seconds=30.0, test_seconds=30.0, notebook_seconds=7200.0)
# How a wrong answer should end: the test says that it is wrong, or it raises an exception.
FAULTS_OF_THE_ANSWER = {FAILED, ERROR}
# The beginning of the names of variants that copy the labels of test: only a sandbox stops them.
LEAKS = "wrong_leaked_"

FALSE_ACCEPT = "false accept"
FALSE_REJECT = "false reject"
UNSTEADY = "unsteady"
WRONG_MESSAGE = "wrong message"
REFUSED_BY_CHECK = "refused by the check"
CHECK_STOPS = "the check stops"
PROBLEMS = {
    "false_accepts": FALSE_ACCEPT,
    "false_rejects": FALSE_REJECT,
    "unsteady": UNSTEADY,
    "wrong_messages": WRONG_MESSAGE,
    "refused_by_check": REFUSED_BY_CHECK,
    "check_stops": CHECK_STOPS,
}
"""What can be wrong with the grader, by the column of `table_of` that counts it."""
# How many messages from different seeds are shown; the others mostly differ in numbers.
MOST_SAID = 5
# The beginning of the check's message if the check itself failed.
STOPPED_CHECK = "This check stops with"


class UnusableFolder(ValueError):
    """A folder of known answers contains a file that cannot be identified."""


@dataclass(frozen=True)
class Known:
    """An answer that is known to be right, or known to be wrong.

    Attributes
    ----------
    exercise : str
    name : str
    source : str
    right : bool
    says : str
        Words that must be in the message of the visible check or of the hidden test.
        A variant states them in a separate line, ``# Says: …``.
    """

    exercise: str
    name: str
    source: str
    right: bool

    @property
    def says(self) -> str:
        stated = re.search(r"^# Says: (.+)$", self.source, re.M)
        return stated.group(1).strip() if stated else ""


@dataclass(frozen=True)
class Tried:
    """How the grader judged a known answer.

    Attributes
    ----------
    lesson, exercise, name : str
    right : bool
    statuses, messages : tuple of str
        Of the hidden test, by run.
    check : str
        The visible check's message; empty if it was not run.
    seconds : float
    says : str
        Words that the messages should contain.
    seeds : tuple of int
        With which it was graded, by run.
    """

    lesson: str
    exercise: str
    name: str
    right: bool
    statuses: tuple[str, ...]
    messages: tuple[str, ...]
    check: str
    seconds: float
    says: str = ""
    seeds: tuple[int, ...] = ()

    @property
    def problem(self) -> str:
        """What is wrong with the grader, or empty; wrong points come before wrong messages.

        A right answer that the visible check refuses keeps its points, but its author would search
        for a mistake that does not exist. A check that stops says nothing about the answer.
        """
        passed = [status == PASSED for status in self.statuses]
        if self.right and not all(passed):
            return FALSE_REJECT
        if not self.right and any(passed):
            return FALSE_ACCEPT
        if self.said_by_check.startswith(STOPPED_CHECK):
            return CHECK_STOPS
        if self.right:
            refused = self.check and not self.check.startswith(f"{self.exercise}: passed")
            return REFUSED_BY_CHECK if refused else ""
        if len(set(self.statuses)) > 1:
            return UNSTEADY
        if self.says not in self.check and any(self.says not in said for said in self.messages):
            return WRONG_MESSAGE
        silent = any(not said or said.startswith(UNEXPLAINED) for said in self.messages)
        return WRONG_MESSAGE if silent or self.statuses[0] not in FAULTS_OF_THE_ANSWER else ""

    @property
    def loses_points(self) -> bool:
        """Whether every run refused it. A run that could not be graded does not count as that."""
        return not {PASSED, CANNOT_GRADE} & set(self.statuses)

    @property
    def said_by_check(self) -> str:
        """The visible check's message about an answer that does not pass it, or empty."""
        return self.check.partition(f"{self.exercise}: not yet. ")[2].strip()

    @property
    def caught_by_check(self) -> bool:
        """Whether the visible check alone says that the answer is wrong, and why."""
        return bool(self.said_by_check) and not self.said_by_check.startswith(STOPPED_CHECK)


def known_answers(lesson: Lesson, folder: Path | None = None) -> list[Known]:
    """Return a lesson's reference answers and variants, exercise by exercise.

    Reference answers that are variables are left out, because they take minutes to compute. That
    they pass is tested by `make test-training`, and can be seen in `make demo`.

    Parameters
    ----------
    folder : Path, optional
        Read the answers only from here: ``right_*.py`` and ``wrong_*.py`` in
        ``folder/LESSON/EXERCISE``, ``folder/LESSON/variants/EXERCISE`` or ``folder/EXERCISE`` (no
        two exercises of the course have the same name).

    Raises
    ------
    UnusableFolder
        If a file's name does not say whether the answer is right.
    """
    references = {} if folder else reference_cells(source_notebook(lesson))
    answers = []
    for exercise in lesson.exercises:
        if exercise in references:
            answers.append(Known(exercise, "reference", references[exercise], True))
        for place in _places(lesson, folder):
            for path in sorted((place / exercise).glob("*.py")):
                answers.append(_known(exercise, path))
    return answers


def _known(exercise: str, path: Path) -> Known:
    kind = path.stem.partition("_")[0]
    if kind not in ("right", "wrong"):
        raise UnusableFolder(f"is it right or wrong? {path} must be named right_… or wrong_…")
    return Known(exercise, path.stem, path.read_text(encoding="utf-8"), kind == "right")


def _places(lesson: Lesson, folder: Path | None) -> list[Path]:
    """Return the folders that may contain a folder for each exercise of a lesson."""
    if folder is None:
        return [variants_folder(lesson)]
    return [folder / lesson.name, folder / lesson.name / "variants", folder]


def variants_folder(lesson: Lesson) -> Path:
    return ROOT / "solutions" / lesson.name / "variants"


def lessons_in(folder: Path, lessons: list[Lesson]) -> list[Lesson]:
    """Return the lessons for which a folder contains answers.

    Raises
    ------
    UnusableFolder
        If it has no answers for them, one whose name does not say whether it is right, or one in a
        folder that is not named after an exercise: a misspelt name must be noticed.
    """
    read = {
        path
        for lesson in LESSONS
        for place in _places(lesson, folder)
        for exercise in lesson.exercises
        for path in (place / exercise).glob("*.py")
    }
    for path in sorted(folder.glob("**/*.py")):
        if path not in read and path.name.startswith(("right_", "wrong_")):
            raise UnusableFolder(f"{path} is not in a folder named after an exercise")
    found = [lesson for lesson in lessons if known_answers(lesson, folder)]
    if not found:
        layout = "LESSON/EXERCISE/right_….py, or EXERCISE/right_….py"
        raise UnusableFolder(f"{folder} has no answers for these lessons; expected {layout}")
    return found


def _tests_of(lesson: Lesson) -> dict[str, Test]:
    """Return a lesson's hidden tests, with those of the private overlay if there is one."""
    public = load_tests(hidden_tests_path(lesson))
    private = overlay_contents(private_path(), lesson.name).get("private", b"")
    return overlaid(public, private, list(lesson.exercises))


def overlays_of(lessons: list[Lesson]) -> dict[str, str]:
    """Return in a few words what the private overlay changes, by lesson.

    Raises
    ------
    ValueError
        If something in it would have no effect, or cannot be loaded.
    """
    folder = private_path()
    check_overlay(folder, [lesson.name for lesson in LESSONS])
    found = {}
    for lesson in lessons:
        contents = overlay_contents(folder, lesson.name)
        if "private" in contents:
            _tests_of(lesson)
            found[lesson.name] = described_overlay(contents)
    return found


class Bench:
    """A sandbox in which answers are graded one after another. Use as a context manager."""

    def __init__(self, lesson: Lesson, sandbox: str, limits: Limits = LIMITS):
        solution = source_notebook(lesson)
        self._lesson, self._sandbox, self._limits = lesson, sandbox, limits
        self._key = AnswerKey(_tests_of(lesson), solution)
        code = (cell.source for cell in solution.cells if cell.cell_type == "code")
        self._imports = "\n".join(map(imports_of, code))
        self._run = self._started()

    def _started(self) -> Run:
        run = Run(self._sandbox, self._limits, seed=0)
        run.cell(self._imports)
        return run

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._run.close()

    def grade(self, answer: Known, seeds: list[int], check: bool = True) -> Tried:
        """Grade an answer once per seed."""
        started = time.monotonic()
        exercise = answer.exercise
        if self._run.box_ended:  # by the previous answer
            self._run.close()
            self._run = self._started()
        self._run.forget(exercise)
        self._run.cell(f"globals().pop({exercise!r}, None)", exercise)
        self._run.cell(answer.source, exercise)
        said = self._run.check(f"check({exercise!r})") if check else []
        ended = []
        for seed in seeds:
            self._run.seed = seed
            ended.append(self._asked(exercise).verdict(exercise, 1.0))
        return Tried(
            self._lesson.name,
            exercise,
            answer.name,
            answer.right,
            tuple(verdict.status for verdict in ended),
            tuple(verdict.message for verdict in ended),
            "".join(output.text for output in said).removeprefix("The visible check says: "),
            time.monotonic() - started,
            answer.says,
            tuple(seeds),
        )

    def _asked(self, exercise: str) -> Asked:
        """Ask an exercise; if its test stops unexpectedly, also ask the course's own answer."""
        asked = ask_exercise(self._run, exercise, self._key)
        if not asked.judged.doubt:
            return asked
        seed = self._run.seed
        judged = settled(asked.judged, exercise, self._key, self._sandbox, self._limits, seed)
        return replace(asked, judged=judged)


def right_answers(lesson: Lesson, folder: Path | None = None) -> list[Known]:
    return [answer for answer in known_answers(lesson, folder) if answer.right]


def mutated_answers(lesson: Lesson, folder: Path | None = None) -> list[Known]:
    """Return every mutant of a lesson's references that is not listed as equivalent."""
    known = equivalents(lesson)
    return [
        Known(mutant.exercise, mutant.name, mutant.source, right=False)
        for mutant in mutants(lesson)
        if mutant.name not in known.get(mutant.exercise, {})
    ]


PROOFS = {"variants": known_answers, "seeds": right_answers, "mutants": mutated_answers}
"""The answers of a lesson that each kind of proof grades."""


def answers_to_prove(
    proof: str, lesson: Lesson, sandbox: str, folder: Path | None = None
) -> list[Known]:
    """Return the answers that one of `PROOFS` grades, without those that need a sandbox to fail."""
    answers = PROOFS[proof](lesson, folder)
    if sandbox != NO_SANDBOX:
        return answers
    return [answer for answer in answers if not answer.name.startswith(LEAKS)]


def prove_exercise(
    proof: str, lesson: str, exercise: str, sandbox: str, runs: int, folder: Path | None = None
) -> list[Tried]:
    """Grade the answers to one exercise that one of `PROOFS` names.

    Everything is named by strings, so that it can run in another process.
    """
    chosen = lesson_named(lesson)
    of_mutants = proof == "mutants"
    seeds = [secrets.randbits(32) for _ in range(runs)]
    if proof == "seeds" and folder is None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return list(simulate(chosen, exercise, seeds))
    with (
        contextlib.redirect_stdout(io.StringIO()),
        Bench(chosen, sandbox, MUTANT_LIMITS if of_mutants else LIMITS) as bench,
    ):
        return [
            bench.grade(answer, seeds, check=not of_mutants)
            for answer in answers_to_prove(proof, chosen, sandbox, folder)
            if answer.exercise == exercise
        ]


def simulate(lesson: Lesson, exercise: str, seeds: list[int]) -> Iterator[Tried]:
    """Run an exercise's hidden test on each right answer of the course in this process.

    What a test draws from a seed is the same as in a sandbox, and hundreds of seeds take minutes
    rather than hours. The code is our own, so it needs no sandbox.
    """
    test = _tests_of(lesson)[exercise]
    code = (cell.source for cell in source_notebook(lesson).cells if cell.cell_type == "code")
    imports = "\n".join(map(imports_of, code))
    for known in right_answers(lesson):
        if known.exercise != exercise:
            continue
        started = time.monotonic()
        names: dict[str, Any] = {"__name__": "__main__"}
        for source in (imports, known.source):
            exec(compile(source, known.name, "exec", dont_inherit=True), names)
        remember()
        ended = [_tried_here(test, Answer(names[exercise]), seed) for seed in seeds]
        statuses, messages = zip(*ended, strict=True)
        seconds = time.monotonic() - started
        ran = (lesson.name, exercise, known.name, True, statuses, messages, "", seconds)
        yield Tried(*ran, known.says, tuple(seeds))


def _tried_here(test: Test, answer: Answer, seed: int) -> tuple[str, str]:
    """Return the status and the message with which a hidden test ends in this process."""
    try:
        with own_state():
            seed_everything(seed)
            share = run_test(test, answer, seed)
    except Exception as error:  # whatever it is, a right answer must not cause it
        return FAILED, f"{type(error).__name__}: {error}"
    return (PASSED, "") if share == 1.0 else (FAILED, f"{share:.0%} of the points are reached.")


def exercises_to_prove(
    proof: str, lessons: list[Lesson], sandbox: str, folder: Path | None = None
) -> list[tuple[str, str]]:
    """Return the lesson and the name of each exercise for which one of `PROOFS` has answers."""
    found = {
        (lesson.name, answer.exercise): None
        for lesson in lessons
        for answer in answers_to_prove(proof, lesson, sandbox, folder)
    }
    return list(found)


def prove_exercises(
    proof: str,
    exercises: list[tuple[str, str]],
    sandbox: str,
    runs: int,
    workers: int,
    folder: Path | None = None,
) -> Iterator[tuple[str, list[Tried]]]:
    """Run one of `PROOFS` for several exercises in parallel; yield each of them when it is done."""
    # One long exercise left at the end would keep a single worker busy. Later lessons run models.
    with open_pool(workers, __name__) as pool:
        running = {
            pool.submit(prove_exercise, proof, lesson, exercise, sandbox, runs, folder): exercise
            for lesson, exercise in reversed(exercises)
        }
        for done in concurrent.futures.as_completed(running):
            yield running[done], done.result()


def in_order(tried: list[Tried]) -> list[Tried]:
    """Return answers in the order of the lessons and their exercises."""
    order = [exercise for lesson in LESSONS for exercise in lesson.exercises]
    return sorted(tried, key=lambda one: order.index(one.exercise))


def table_of(tried: list[Tried]) -> pd.DataFrame:
    """Count the answers and problems.

    Returns
    -------
    DataFrame
        One row per exercise, in the order of the lessons: ``lesson``, ``wrong`` and ``right`` (how
        many answers), the columns of `PROBLEMS`, ``caught`` (wrong answers that the visible check
        alone finds), ``seconds``.
    """
    tried = in_order(tried)
    frame = pd.DataFrame(
        {
            "lesson": [one.lesson for one in tried],
            "exercise": [one.exercise for one in tried],
            "wrong": [not one.right for one in tried],
            "right": [one.right for one in tried],
            **{
                column: [one.problem == problem for one in tried]
                for column, problem in PROBLEMS.items()
            },
            "caught": [not one.right and one.caught_by_check for one in tried],
            "seconds": [one.seconds for one in tried],
        }
    )
    sums = {"lesson": "first", **dict.fromkeys(frame.columns[2:], "sum")}
    return frame.groupby("exercise", sort=False).agg(sums)


def mutants_table(tried: list[Tried], lessons: list[Lesson]) -> pd.DataFrame:
    """Count mutants by lesson.

    Returns
    -------
    DataFrame
        One row per lesson: ``mutants``, ``equivalent`` (listed as not a mistake), and how many of
        the others were ``caught`` or ``survived``.
    """
    rows = {}
    for lesson in lessons:
        survived = [not one.loses_points for one in tried if one.lesson == lesson.name]
        listed = sum(map(len, equivalents(lesson).values()))
        rows[lesson.name] = {
            "mutants": listed + len(survived),
            "equivalent": listed,
            "caught": len(survived) - sum(survived),
            "survived": sum(survived),
        }
    return pd.DataFrame(rows).T


def show_proof(
    lessons: list[Lesson],
    sandbox: str,
    runs: int,
    workers: int,
    console: Console,
    folder: Path | None = None,
    proof: str = "variants",
) -> bool:
    """Prove lessons, show progress and a table; return whether the grader was never wrong.

    Parameters
    ----------
    folder : Path, optional
        As for `known_answers`.
    proof : {"variants", "seeds"}
    """
    exercises = exercises_to_prove(proof, lessons, sandbox, folder)
    tried = _proved(proof, exercises, sandbox, runs, workers, console, folder)
    console.print(_table(table_of(tried), runs))
    return _all_tried(tried, exercises, console) and not any(one.problem for one in tried)


def show_mutants(lessons: list[Lesson], sandbox: str, workers: int, console: Console) -> bool:
    """Try the mutants of lessons, and list the survivors; return whether there are none."""
    exercises = exercises_to_prove("mutants", lessons, sandbox)
    tried = _proved("mutants", exercises, sandbox, 1, workers, console)
    counts = mutants_table(tried, lessons)
    table = Table("lesson", *counts.columns, title="Mutants of the reference answers")
    for lesson, row in [*counts.iterrows(), ("all", counts.sum())]:
        table.add_row(shown(lesson), *map(str, row))
    console.print(table)
    return _all_tried(tried, exercises, console) and all(one.loses_points for one in tried)


def _proved(
    proof: str,
    exercises: list[tuple[str, str]],
    sandbox: str,
    runs: int,
    workers: int,
    console: Console,
    folder: Path | None = None,
) -> list[Tried]:
    """Prove exercises, and show each problem when it is found.

    If this is interrupted, return what was tried until then: many seeds take hours.
    """
    tried: list[Tried] = []
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Prove", total=len(exercises))
        try:
            for name, ended in prove_exercises(proof, exercises, sandbox, runs, workers, folder):
                tried += ended
                progress.update(bar, advance=1, description=f"Proved {shown(name)}")
                if not console.is_terminal:  # the bar is written only at the end there
                    console.print(f"Proved {shown(name)}: {len(ended)} answers", highlight=False)
                for one in ended:
                    _show_problem(one, _problem_of(one, proof), console)
        except KeyboardInterrupt:
            if not tried:
                raise
    return in_order(tried)


def _all_tried(tried: list[Tried], exercises: list[tuple[str, str]], console: Console) -> bool:
    done = len({one.exercise for one in tried})
    if done < len(exercises):
        console.print(f"Stopped: {done} of {len(exercises)} exercises were tried.")
    return done == len(exercises)


def _problem_of(one: Tried, proof: str) -> str:
    if proof != "mutants":
        return one.problem
    return "" if one.loses_points else "survived"


def _show_problem(one: Tried, problem: str, console: Console) -> None:
    if not problem:
        return
    where = shown(f"{one.lesson}/{one.exercise}/{one.name}")
    console.print(f"[red]✗[/red] {shown(problem)}: {where}", highlight=False, soft_wrap=True)
    console.print(f"  {shown(_what_was_said(one))}", highlight=False, soft_wrap=True)


def _what_was_said(one: Tried) -> str:
    """Return the messages about a problem, from the check or from the hidden test."""
    if one.problem in (REFUSED_BY_CHECK, CHECK_STOPS):
        return one.check
    pairs = zip(one.statuses, one.messages, strict=True)
    told = dict.fromkeys(
        f"{status}: {message}"
        for status, message in pairs
        if status != PASSED or one.problem != FALSE_REJECT
    )
    said = "; ".join(list(told)[:MOST_SAID])
    if one.problem != FALSE_REJECT or not one.seeds:
        return said
    ended = zip(one.seeds, one.statuses, strict=True)
    refused = [seed for seed, status in ended if status != PASSED]
    share = f"{len(refused)} of {len(one.seeds)} seeds, the first of them {refused[0]}"
    return f"{said} ({share})"


def _table(counts: pd.DataFrame, runs: int) -> Table:
    table = Table(title=f"Known answers, each graded {runs} time{'s' * (runs > 1)}")
    always = ("false_accepts", "false_rejects")
    found = [name for name in PROBLEMS if name in always or counts[name].any()]
    names = ["wrong", "right", *(name.replace("_", " ") for name in found)]
    table.add_column("exercise", min_width=max(map(len, counts.index), default=0))
    for name in [*names, "check alone", "seconds"]:
        table.add_column(name, justify="right")
    for exercise, row in [*counts.iterrows(), ("all", counts.drop(columns="lesson").sum())]:
        numbers = [str(int(row[name.replace(" ", "_")])) for name in names]
        caught = f"{row.caught / max(row.wrong, 1):.0%}"
        table.add_row(shown(exercise), *numbers, caught, f"{row.seconds:.0f}")
    return table
