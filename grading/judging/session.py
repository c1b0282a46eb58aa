"""Grade one submitted notebook: run it cell by cell in a box, and run each hidden test on it.

The answer key never enters the process that earns points. Only the student's cells run in the first
box, and every exercise is asked there, just before its graded cell is run. When that box is closed,
a second box may be opened. It runs the same cells again, but with the course's own answer in place
of each wrong one. This is done if one mistake would cost more than its own points, because a later
exercise builds on the wrong answer. If a hidden test stopped unexpectedly, the course's own answer
is asked in another box, to find out whether the answer or the test is at fault. Only verdicts are
kept from these boxes.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_output

from grading.inside.protocol import QUESTION
from grading.inside.wire import encode
from grading.intake.parts import parts
from grading.intake.texts import clean
from grading.judging.asking import judged
from grading.judging.dependence import Dependents
from grading.judging.disposable import Judged, judged_apart
from grading.judging.outputs import (
    NotebookOutputs,
    deaths_notes,
    line_of_error,
    plain_text,
    text_output,
)
from grading.judging.reference import grade_id, imports_of, reference_cells
from grading.judging.testing import Test
from grading.judging.verdicts import (
    CANNOT_GRADE,
    CRASHED,
    FAILED,
    OUT_OF_MEMORY,
    PASSED,
    TAMPERED,
    TIMED_OUT,
    Verdict,
    make_verdict,
)
from grading.sandbox.box import Sandbox, SandboxDied, SandboxFault
from grading.sandbox.limits import Limits

# A submission that ends its sandbox more often than this is not started again.
MOST_STARTS = 20
# A graded cell runs the visible examples, which normally takes a moment.
CHECK_SECONDS = 120.0
CHECK_CHARACTERS = 3000
CHECK_OUTPUTS = 100
# Makes random numbers that cells draw without a seed the same in every run. torch is not imported
# for this: it always starts with its default seed.
SEED_CELL = "__import__('random').seed({seed}); __import__('numpy').random.seed({seed})"
UNEXPLAINED = "The result is not what the exercise asks for"
"""How the message begins if a hidden test raised an exception because of an answer."""
NOT_RUN = "[This cell was not run: it calls an answer that would end the sandbox.]\n"
# `UsageError` is IPython's exception for an unknown magic command.
NOT_THERE = ("ModuleNotFoundError", "ImportError", "UsageError")
MISSING = (
    "a cell needs something that the grader does not have ({}); its other imports and definitions "
    "were run"
)
MISSING_IN_CELLS = (
    "{} cells need something that the grader does not have ({}); their other imports and "
    "definitions were run"
)
NAMED_MISSING = 5
ENDED_ITS_BOX = (TIMED_OUT, OUT_OF_MEMORY, CRASHED)


@dataclass(frozen=True)
class AnswerKey:
    """The hidden tests and the course's own answers, with which a submission is graded.

    Attributes
    ----------
    tests : dict of str to Test
        Hidden tests by exercise.
    solution : NotebookNode
        The lesson's notebook with its answers.
    """

    tests: dict[str, Test]
    solution: NotebookNode


@dataclass
class Graded:
    """A submission's grades and the outputs of its cells.

    Attributes
    ----------
    verdicts : list of Verdict
        In the notebook's order.
    outputs : dict of int to list
        Each code cell's outputs in the notebook format, by the cell's index. The outputs of a
        graded cell begin with its score and contain nothing else that nbgrader might read as a
        score.
    notes : list of str
        For the teacher.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    outputs: dict[int, list[NotebookNode]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """How an exercise's hidden test ended in a box, and how long it took."""

    judged: Judged
    seconds: float

    def verdict(self, exercise: str, points: float) -> Verdict:
        made = make_verdict(
            exercise, points, self.judged.status, self.judged.message, self.judged.share
        )
        return replace(made, seconds=self.seconds)


def grade(
    notebook: NotebookNode, key: AnswerKey, seed: int, limits: Limits, sandbox: str
) -> Graded:
    """Return the grades of one submission.

    Parameters
    ----------
    notebook : NotebookNode
        With the release's cells, as `realign` returns it.
    key : AnswerKey
    seed : int
        Determines every argument that the hidden tests draw.
    limits : Limits
    sandbox : str
        From `grading.sandbox.commands.find_sandbox`.
    """
    run = Run(sandbox, limits, seed)
    found: dict[str, Asked] = {}
    graded = Graded(notes=run.notes)
    try:
        run_and_ask(notebook, key, run, found, graded.outputs)
    finally:
        run.close()
        run.add_notes()
    ended = {exercise: asked.judged for exercise, asked in found.items()}
    again, notes = ask_again(notebook, key, run, ended)
    graded.notes += notes
    for index, cell in enumerate(notebook.cells):
        exercise = graded_exercise(cell)
        if exercise:
            asked = replace(found[exercise], judged=again[exercise])
            verdict = asked.verdict(exercise, float(cell.metadata.nbgrader["points"]))
            graded.verdicts.append(verdict)
            graded.outputs[index].insert(0, score_output(verdict))
    return graded


def run_and_ask(
    notebook: NotebookNode,
    key: AnswerKey,
    run: Run,
    found: dict[str, Asked],
    outputs: dict[int, list[NotebookNode]],
) -> None:
    """Run a notebook's cells in the first box, and ask each exercise where its graded cell is.

    If an answer has ended the box, later cells without an exercise that call it are not run: they
    would end the box again, and take as long.
    """
    harmful = Dependents()
    for index, cell in enumerate(notebook.cells):
        exercise = graded_exercise(cell)
        if exercise:
            found[exercise] = ask_exercise(run, exercise, key)
            outputs[index] = run.check(cell.source, exercise)
            if found[exercise].judged.status in ENDED_ITS_BOX:
                harmful.add(exercise)
        elif cell.cell_type == "code":
            harmful.follow(cell.source)
            if not grade_id(cell) and harmful.runs_one(cell.source):
                outputs[index] = [text_output(NOT_RUN)]
            else:
                outputs[index] = run.cell(cell.source, grade_id(cell))


def ask_again(
    notebook: NotebookNode, key: AnswerKey, first: Run, ended: dict[str, Judged]
) -> tuple[dict[str, Judged], list[str]]:
    """Return the final verdicts after further boxes, and a sentence for each that was asked again.

    Parameters
    ----------
    notebook : NotebookNode
    key : AnswerKey
    first : Run
        The run of the first box, which is closed.
    ended : dict of str to Judged
        How each exercise ended there, in the notebook's order.
    """
    ended = dict(ended)
    notes: list[str] = []
    for exercise, doubted in ended.items():
        if doubted.doubt:
            ended[exercise] = settled(doubted, exercise, key, first.kind, first.limits, first.seed)
    waiting = to_ask_again(notebook, ended, reference_cells(key.solution))
    if waiting:
        run = Run(first.kind, first.limits_left(), first.seed)
        try:
            _second_box(notebook, key, first, run, ended, notes, waiting)
        finally:
            run.close()
    return ended, notes


def to_ask_again(
    notebook: NotebookNode, ended: dict[str, Judged], references: dict[str, str]
) -> list[str]:
    """Return the exercises that build on a wrong answer above them and are not right themselves.

    Forged answers are not asked again; neither are those that could not be graded.
    """
    wrong, waiting = Dependents(), []
    final = (PASSED, TAMPERED, CANNOT_GRADE)
    for cell in notebook.cells:
        exercise = graded_exercise(cell)
        if exercise:
            if ended[exercise].status != PASSED and exercise in references:
                wrong.add(exercise)
        elif cell.cell_type == "code":
            name = grade_id(cell)
            if name in ended and ended[name].status not in final and wrong.uses_one(cell.source):
                waiting.append(name)
            wrong.follow(cell.source)
    return waiting


def _second_box(
    notebook: NotebookNode,
    key: AnswerKey,
    first: Run,
    run: Run,
    ended: dict[str, Judged],
    notes: list[str],
    waiting: list[str],
) -> None:
    """Run the cells again, with the course's own answer after each wrong one; ask `waiting`."""
    references = reference_cells(key.solution)
    used: list[str] = []
    for cell in notebook.cells:
        exercise = graded_exercise(cell)
        if not exercise:
            if cell.cell_type == "code" and grade_id(cell) not in first.deaths:
                run.cell(cell.source, grade_id(cell))
            continue
        before = ended[exercise]
        if exercise in waiting:
            ended[exercise] = _better(before, ask_exercise(run, exercise, key).judged)
            if ended[exercise] is not before:
                beside = f"{exercise} was asked again beside the course's own {', '.join(used)}"
                notes.append(f"{beside}: {ended[exercise].status}")
            if exercise == waiting[-1]:
                return
        if ended[exercise].status != PASSED and exercise in references:
            # If the course's answer cannot be defined, later exercises are asked without it.
            with contextlib.suppress(SandboxDied, SandboxFault):
                run.define(exercise, references[exercise])
                used.append(exercise)


def _better(before: Judged, now: Judged) -> Judged:
    """Return the verdict that counts: the one of the second box only if it gives more points.

    Its message is not kept: in the second box the student's code ran next to the course's answers,
    and its messages might reveal them.
    """
    if now.status == PASSED:
        return Judged(PASSED)
    if now.status == FAILED and now.share > before.share:
        return Judged(FAILED, f"{now.share:.0%} of the points are reached.", now.share)
    return before


def settled(
    stopped: Judged, exercise: str, key: AnswerKey, sandbox: str, limits: Limits, seed: int
) -> Judged:
    """Return the verdict for a hidden test that stopped unexpectedly.

    If the course's own answer passes the test, the student's answer is at fault. The course's
    answer is asked in a box without any code of the student, with the same limits. An answer that
    is a variable is not tried, because it may take minutes to compute.
    """
    references = reference_cells(key.solution)
    if exercise not in references:
        status = TAMPERED if stopped.doubt == TAMPERED else CANNOT_GRADE
        return Judged(status, stopped.message)
    run = Run(sandbox, limits, seed)
    try:
        code = (cell.source for cell in key.solution.cells if cell.cell_type == "code")
        run.cell("\n".join(map(imports_of, code)))
        for name, source in references.items():
            run.define(name, source)
            if name == exercise:
                break
        own = ask_exercise(run, exercise, key).judged
    except (SandboxDied, SandboxFault) as fault:
        own = Judged(CANNOT_GRADE, str(fault))
    finally:
        run.close()
    if own.status != PASSED:
        why = f"With the course's own answer it ends as {own.status}: {own.message}"
        return Judged(CANNOT_GRADE, f"{stopped.message} {why}")
    if stopped.doubt == TAMPERED:
        return Judged(TAMPERED, stopped.message)
    return Judged(FAILED, f"{UNEXPLAINED} ({stopped.message.removesuffix('.')}).")


def graded_exercise(cell: NotebookNode) -> str:
    """Return the exercise that a cell grades automatically, or an empty text."""
    marks = cell.metadata.get("nbgrader", {})
    if cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"):
        return grade_id(cell).removeprefix("test_")
    return ""


def score_output(verdict: Verdict) -> NotebookNode:
    """Return an output in which nbgrader finds the score, and people the reason for it."""
    data = {"text/plain": str(verdict.points or 0.0), "text/html": verdict.card}
    return new_output("execute_result", data, execution_count=None)


def ask_exercise(run: Run, exercise: str, key: AnswerKey) -> Asked:
    """Run an exercise's hidden test on the answer in a box; always return how it ended."""
    started = time.monotonic()
    ended = _ask(run, exercise, key)
    return Asked(ended, round(time.monotonic() - started, 3))


def _ask(run: Run, exercise: str, key: AnswerKey) -> Judged:
    test = key.tests.get(exercise)
    if test is None:
        return Judged(CANNOT_GRADE, "There is no hidden test for it.")
    if exercise in run.deaths:
        death = run.deaths[exercise]
        return Judged(death.status, f"The exercise's cell ended the sandbox: {death}.")
    deadline = time.monotonic() + min(run.limits.test_seconds, run.seconds_left())

    def put(question: bytes) -> bytes:
        run.next_seed()  # keep in step: the disposable process takes it from its copy
        return run.box().ask(question, max(0.0, deadline - time.monotonic()))

    def judge(ask: Callable[[bytes], bytes]) -> Judged:
        stopped = run.errors.get(exercise) or []
        return judged(test, exercise, run.seed, ask, run.next_seed, stopped)

    try:
        ended = judged_apart(judge, put)
    except SandboxDied as death:
        run.leave_out(exercise)
        return Judged(death.status, f"While the hidden test called it: {death}.")
    except SandboxFault as fault:
        return Judged(CANNOT_GRADE, str(fault))
    except OSError as fault:
        return Judged(CANNOT_GRADE, f"The grader's machine could not judge the answer: {fault}.")
    if TAMPERED in (ended.status, ended.doubt):
        run.end(TAMPERED, ended.message)
        run.leave_out(exercise)
    return ended


def missing_note(missing: list[list[str]]) -> str:
    """Return one sentence about what cells could not import; it names only the first few.

    Parameters
    ----------
    missing : list of list of str
        For each cell, Python's error messages.
    """
    names = list(dict.fromkeys(name for cell in missing for name in cell))
    more = len(names) - NAMED_MISSING
    told = " ".join(names[:NAMED_MISSING]) + (f" and {more:,} more" if more > 0 else "")
    if len(missing) == 1:
        return MISSING.format(told)
    return MISSING_IN_CELLS.format(f"{len(missing):,}", told)


def _missing(code: str, line: int, kind: str, message: str) -> list[str]:
    """Return what the grader lacks if that is why a cell stopped at a line; otherwise nothing.

    It may lack a package, or something that a magic or shell command needs, such as
    `%matplotlib widget`.
    """
    said = clean(message[:200])
    if kind in NOT_THERE:
        return [said]
    lines = code.splitlines()
    stopped = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return [f"{clean(stopped[:80])}: {said}"] if stopped.startswith(("%", "!")) else []


class Step(NamedTuple):
    """Code that was run in a box: a cell, with the exercise that it answers, or a reference."""

    exercise: str
    code: str
    is_reference: bool = False


class Run:
    """The kernel of one submission, which is started again whenever the submission ends it.

    Attributes
    ----------
    errors : dict of str to list
        By exercise, class and message of the exception that its own cell raised.
    deaths : dict of str to SandboxDied
        By exercise, how its own cell ended the sandbox.
    """

    def __init__(self, sandbox: str, limits: Limits, seed: int):
        self.limits, self.seed = limits, seed
        self._asked = 0
        self.errors: dict[str, list[str]] = {}
        self.deaths: dict[str, SandboxDied] = {}
        self.notes: list[str] = []
        self._missing: list[list[str]] = []  # what each cell could not import
        self._dead: list[tuple[str, SandboxDied]] = []
        self._dead_again: list[tuple[str, SandboxDied]] = []
        self._outputs = NotebookOutputs(limits.output_bytes, limits.notebook_output_bytes)
        self.kind = sandbox
        self._box: Sandbox | None = None
        self._history: list[Step] = []
        self._starts = 0
        self._fault: SandboxFault | None = None
        self._seed_of_cells = self.next_seed()
        self._end = time.monotonic() + limits.notebook_seconds

    def seconds_left(self) -> float:
        return self._end - time.monotonic()

    def limits_left(self) -> Limits:
        """Return the limits, with the time that the notebook has left."""
        return replace(self.limits, notebook_seconds=max(0.0, self.seconds_left()))

    def next_seed(self) -> int:
        """Return a new seed for each question; the sequence is the same in every run.

        The student's process gets these seeds, but cannot compute the tests' own seed from them.
        """
        self._asked += 1
        return int(hashlib.sha256(f"{self.seed}/{self._asked}".encode()).hexdigest()[:8], 16)

    def cell(self, code: str, exercise: str = "") -> list[NotebookNode]:
        """Run a cell and return its outputs; one that ends the sandbox is not run again."""
        try:
            seconds = self._seconds(self.limits.cell_seconds)
            reply = self.box().run(code, seconds, self._outputs.room)
        except SandboxDied as death:
            self._note_death(death, exercise)
            return [text_output(f"[This cell was ended: {death.status}, {death}.]\n")]
        except SandboxFault:
            return []
        self._history.append(Step(exercise, code))
        if reply["error"] and exercise:
            self.errors[exercise] = [part[:500] for part in reply["error"]]
        outputs = self._outputs.taken(reply["outputs"])
        if reply["error"]:
            line = line_of_error(reply["outputs"])
            missing = _missing(code, line, *reply["error"])
            if missing or not exercise:
                outputs += self._rest(code, line, exercise, missing)
        return outputs

    def _rest(self, code: str, line: int, exercise: str, missing: list[str]) -> list[NotebookNode]:
        """Run the imports, definitions and constants below the line at which a cell stopped.

        If a package exists only on the student's machine, what follows its import must still count.
        `missing` says what made the cell stop, if it is something that the grader lacks.
        """
        missing = list(missing)
        for part in parts(code, from_line=line):
            try:
                reply = self.box().run(part, self._seconds(self.limits.cell_seconds), 0)
            except SandboxDied as death:
                self._note_death(death, exercise)
                break
            except SandboxFault:
                break
            if not reply["error"]:
                self._history.append(Step(exercise, part))
            else:
                missing += _missing(part, 0, *reply["error"])
        if not missing:
            return []
        self._missing.append(missing)
        return [text_output(f"[{missing_note([missing])}]\n")]

    def define(self, exercise: str, reference: str) -> None:
        """Replace the student's answer by the course's own; only in a box opened for that."""
        self._define(self.box(), reference)
        self._history.append(Step(exercise, reference, is_reference=True))

    def _define(self, box: Sandbox, reference: str) -> None:
        question = {"nonce": secrets.token_hex(8), "definition": reference}
        box.ask(encode(question, QUESTION), self._seconds(self.limits.cell_seconds))

    def end(self, status: str, detail: str) -> None:
        """End the box, because its reply was not an answer."""
        if self._box is not None and not self._box.ended:
            self._box.end(status, detail)

    def check(self, code: str, exercise: str = "") -> list[NotebookNode]:
        """Run a graded cell's visible examples; return their message as plain text.

        If they end the box, the teacher gets a note, as for any cell that does. The exercise's own
        cell did not end it, so it is run again in the next box.
        """
        box = self._box
        if box is None or box.ended:
            return []
        try:
            reply = box.run(code, self._seconds(CHECK_SECONDS))
        except SandboxDied as death:
            if self.box_ended:
                self._dead.append((f"{exercise} (its visible check)", death))
            return []
        said = filter(None, map(plain_text, reply["outputs"][:CHECK_OUTPUTS]))
        text = "\n".join(said)[:CHECK_CHARACTERS]
        return [text_output(f"The visible check says: {text}\n")] if text else []

    def box(self) -> Sandbox:
        """Return a sandbox in which all cells so far have been run; start a new one if needed."""
        while self._box is None or self._box.ended:
            self._start()
        return self._box

    @property
    def box_ended(self) -> bool:
        """Whether the next cell or question needs another sandbox."""
        return self._box is None or self._box.ended

    def leave_out(self, exercise: str) -> None:
        """Do not run an exercise's own cell again: it has ended the sandbox."""
        self._history = [
            step for step in self._history if step.exercise != exercise or step.is_reference
        ]

    def forget(self, exercise: str) -> None:
        """Continue as if an exercise's own cell had never been run; the names it defined remain."""
        self.leave_out(exercise)
        self.errors.pop(exercise, None)
        self.deaths.pop(exercise, None)

    def close(self) -> None:
        if self._box:
            self._box.close()

    def add_notes(self) -> None:
        """Add the notes that sum up all cells."""
        self.notes += [missing_note(self._missing)] if self._missing else []
        self.notes += deaths_notes(self._dead)
        self.notes += deaths_notes(self._dead_again, " after a restart")
        self.notes += self._outputs.notes

    def _start(self) -> None:
        self.close()
        self._box = None
        if self._fault:
            raise self._fault
        if self._starts >= MOST_STARTS:
            raise SandboxDied(CRASHED, f"the sandbox had to be started {MOST_STARTS} times")
        self._seconds(0.0)
        self._starts += 1
        try:
            self._box = box = Sandbox(self.kind, self.limits)
            box.run(SEED_CELL.format(seed=self._seed_of_cells), self.limits.cell_seconds)
        except (SandboxFault, SandboxDied) as fault:  # no code of the student has run yet
            self._fault = SandboxFault(str(fault))
            raise self._fault from None
        self._replay(box)

    def _replay(self, box: Sandbox) -> None:
        """Run earlier cells again. If one ends the box now, it is left out the next time."""
        for place, step in enumerate(self._history):
            try:
                if step.is_reference:
                    self._define(box, step.code)
                else:
                    box.run(step.code, self._seconds(self.limits.cell_seconds))
            except SandboxDied as death:
                self._dead_again.append((step.exercise, death))
                del self._history[place]
                return

    def _seconds(self, limit: float) -> float:
        left = self.seconds_left()
        if left <= 0:
            raise SandboxDied(TIMED_OUT, "the notebook's time was up")
        return min(limit, left)

    def _note_death(self, death: SandboxDied, exercise: str) -> None:
        self._dead.append((exercise, death))
        if exercise:
            self.deaths[exercise] = death
