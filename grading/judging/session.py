"""Grade one submitted notebook: run it cell by cell in a sandbox, and ask it each hidden test.

A graded cell is asked before anything below it runs, and the reference's answer enters the sandbox
only after that, and only where the student's was not right: the cells that follow find an answer
that works, and whoever reads it there can no longer use it. One mistake costs its own points only.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from grading.inside.answer import Answer, AnswerError
from grading.inside.protocol import QUESTION, REPLY
from grading.inside.standins import AppRequests, Backward
from grading.inside.wire import MACHINE_FAULTS, Bounds, WireError, decode, encode
from grading.judging.outputs import NotebookOutputs, deaths_notes, plain_text, text_output
from grading.judging.reference import grade_id, reference_cells, run_cell
from grading.judging.testing import Failure, Test, run_test
from grading.judging.verdicts import (
    CANNOT_GRADE,
    CRASHED,
    FAILED,
    NOT_ATTEMPTED,
    PASSED,
    TAMPERED,
    TIMED_OUT,
    Verdict,
    described,
    make_verdict,
    status_of_exception,
)
from grading.sandbox.box import Sandbox, SandboxDied, SandboxFault
from grading.sandbox.limits import Limits

RESULT = Bounds()
# A submission that ends its sandbox more often than this is not started again.
MOST_STARTS = 20
# A graded cell runs the visible examples, which take a moment.
CHECK_SECONDS = 120.0
CHECK_CHARACTERS = 3000
# What cells draw without a seed is the same in every run; torch begins with a seed of its own.
SEED_CELL = "__import__('random').seed({seed}); __import__('numpy').random.seed({seed})"
LONGEST_MESSAGE = 1500
UNEXPLAINED = "The result is not what the exercise asks for"
"""How the message begins where a hidden test stopped over an answer instead of judging it."""


@dataclass(frozen=True)
class AnswerKey:
    """What a submission is graded with.

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
    """A submission's grades and what its cells showed.

    Attributes
    ----------
    verdicts : list of Verdict
        In the notebook's order.
    outputs : dict of int to list
        A code cell's outputs in the notebook format, by its index; a graded cell's begin with its
        score, and hold nothing else that nbgrader could take for one.
    notes : list of str
        For the teacher.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    outputs: dict[int, list[NotebookNode]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class NotAttempted(Exception):
    """The function is still the stub."""


class Missing(Exception):
    """The notebook defines nothing of the exercise's name."""


def grade(
    notebook: NotebookNode, key: AnswerKey, seed: int, limits: Limits, sandbox: str
) -> Graded:
    """Return the grades of one submission that has the release's cells, as `realign` returns.

    Parameters
    ----------
    notebook : NotebookNode
    key : AnswerKey
    seed : int
        Decides every argument that the hidden tests draw.
    limits : Limits
    sandbox : str
        As `grading.sandbox.box.find_sandbox` returns.
    """
    run = Run(sandbox, limits, seed)
    references = reference_cells(key.solution)
    graded = Graded(notes=run.notes)
    try:
        for index, cell in enumerate(notebook.cells):
            exercise = graded_exercise(cell)
            if exercise:
                points = float(cell.metadata.nbgrader["points"])
                verdict = verdict_of(run, exercise, points, key)
                graded.verdicts.append(verdict)
                graded.outputs[index] = [score_output(verdict), *run.check(cell.source)]
                if verdict.status != PASSED and exercise in references:
                    run.cell(references[exercise], "reference")
            elif cell.cell_type == "code":
                graded.outputs[index] = run.cell(cell.source, grade_id(cell))
    finally:
        run.close()
        run.add_notes()
    return graded


def graded_exercise(cell: NotebookNode) -> str:
    """Return the exercise that a cell grades by program, or an empty text."""
    marks = cell.metadata.get("nbgrader", {})
    if cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"):
        return grade_id(cell).removeprefix("test_")
    return ""


def score_output(verdict: Verdict) -> NotebookNode:
    """Return an output from which nbgrader reads the score, and people the reason for it."""
    data = {"text/plain": str(verdict.points or 0.0), "text/html": verdict.card}
    return new_output("execute_result", data, execution_count=None)


def verdict_of(run: Run, exercise: str, points: float, key: AnswerKey) -> Verdict:
    """Run an exercise's hidden test and return how it ended, whatever happens."""
    started = time.monotonic()

    def ended(status: str, message: str = "", share: float = 0.0) -> Verdict:
        made = make_verdict(exercise, points, status, message[:LONGEST_MESSAGE], share)
        return replace(made, seconds=round(time.monotonic() - started, 3))

    test = key.tests.get(exercise)
    if test is None:
        return ended(CANNOT_GRADE, "There is no hidden test for it.")
    if exercise in run.deaths:
        death = run.deaths[exercise]
        return ended(death.status, f"The cell ended it all: {death}.")
    try:
        share = run_test(test, RemoteAnswer(run, exercise), run.seed)
    except NotAttempted:
        return ended(NOT_ATTEMPTED)
    except Missing:
        return ended(*_why_missing(run, exercise))
    except Failure as failure:
        return ended(FAILED, str(failure), failure.share)
    except AnswerError as error:
        return ended(status_of_exception(error.kind), f"{error}.")
    except SandboxDied as death:
        run.leave_out(exercise)
        return ended(death.status, f"While it was asked: {death}.")
    except SandboxFault as fault:
        return ended(CANNOT_GRADE, str(fault))
    except MACHINE_FAULTS as fault:
        return ended(CANNOT_GRADE, f"The grader's machine stopped the test: {described(fault)}.")
    except Exception as error:
        return ended(*_doubt(error, test, exercise, key, run.seed))
    if share == 1.0:
        return ended(PASSED)
    return ended(FAILED, f"{share:.0%} of the points are reached.", share)


def _why_missing(run: Run, exercise: str) -> tuple[str, str]:
    kind, message = run.errors.get(exercise) or ("", "")
    if not kind:
        return NOT_ATTEMPTED, f"There is no {exercise!r} when the cell has run."
    return status_of_exception(kind), f"The cell stops with {kind}: {message}."


def _doubt(error: Exception, test: Test, exercise: str, key: AnswerKey, seed: int):
    """Tell whose fault it is that a hidden test stopped: the answer's, if the reference passes."""
    what = described(error)
    try:
        reference = run_cell(key.solution, exercise)[exercise]
        if run_test(test, Answer(reference), seed) == 1.0:
            return FAILED, f"{UNEXPLAINED} ({what})."
    except Exception as other:
        what = f"{what}; with the reference, {described(other)}"
    return CANNOT_GRADE, f"The hidden test stopped with {what}."


class RemoteAnswer(Answer):
    """A student's answer in its sandbox: same calls, same results, nothing but plain data back."""

    def __init__(self, run: Run, exercise: str):
        super().__init__(None)
        self._run, self._exercise = run, exercise
        limit = min(run.limits.test_seconds, run.seconds_left())
        self._deadline = time.monotonic() + limit

    def used(self, use: AppRequests | Backward | None, *arguments: Any, **options: Any) -> Any:
        self.arguments, self.calls = (), []
        reply = self._ask([use, arguments, options], len(arguments))
        if "error" in reply:
            kind, message = reply["error"]
            if kind == "NotImplementedError":
                raise NotAttempted
            raise AnswerError(kind, message)
        return self._result(reply)

    def value(self) -> Any:
        return self._result(self._ask(None, 0))

    def _ask(self, call: list | None, arguments: int) -> dict[str, Any]:
        nonce = secrets.token_hex(8)
        seed = self._run.next_seed()
        question = {"nonce": nonce, "seed": seed, "exercise": self._exercise, "call": call}
        box = self._run.box()
        raw = box.ask(encode(question, QUESTION), max(0.0, self._deadline - time.monotonic()))
        try:
            reply = _checked(decode(raw, REPLY), nonce)
            if call is not None and "missing" not in reply:
                self.arguments = _decoded(reply, "arguments", tuple)
                self.calls = _decoded(reply, "calls", list)
                if self.arguments and len(self.arguments) != arguments:
                    raise WireError("arguments that were not given")
        except WireError as error:
            raise box.end(TAMPERED, f"a reply that is none ({error})") from None
        if "missing" in reply:
            raise Missing(self._exercise)
        return reply

    def _result(self, reply: dict[str, Any]) -> Any:
        if "unsendable" in reply:
            raise Failure(f"The answer is {reply['unsendable']}.")
        try:
            return decode(reply["result"], RESULT)
        except WireError as error:
            raise Failure(f"The answer cannot be read: {error}.") from None


def _checked(reply: Any, nonce: str) -> dict[str, Any]:
    """Return a reply of the right form to the question of this nonce."""
    if type(reply) is not dict or reply.get("nonce") != nonce:
        raise WireError("it belongs to another question")
    forms: dict[str, Callable[[Any], bool]] = {
        "result": lambda value: type(value) is bytes,
        "error": lambda value: type(value) is list and [*map(type, value)] == [str, str],
        "unsendable": lambda value: type(value) is str,
        "missing": lambda value: value is True,
    }
    given = [name for name in forms if name in reply]
    if len(given) != 1 or not forms[given[0]](reply[given[0]]):
        raise WireError("it says neither a result nor an error")
    return reply


def _decoded(reply: dict[str, Any], name: str, kind: type) -> Any:
    if type(reply.get(name)) is not bytes:
        raise WireError(f"it does not say its {name}")
    value = decode(reply[name], RESULT)
    # None is sent in place of what has grown too large.
    if type(value) is not kind and value is not None:
        raise WireError(f"{name} that are none")
    return kind() if value is None else value


class Run:
    """The kernel of one submission, started again where the submission ends it.

    Attributes
    ----------
    errors : dict of str to list
        Class and message of the exception with which an exercise's own cell stopped.
    deaths : dict of str to SandboxDied
        How an exercise's own cell ended the sandbox.
    """

    def __init__(self, sandbox: str, limits: Limits, seed: int):
        self.limits, self.seed = limits, seed
        self._asked = 0
        self.errors: dict[str, list[str]] = {}
        self.deaths: dict[str, SandboxDied] = {}
        self.notes: list[str] = []
        self._dead: list[tuple[str, SandboxDied]] = []
        self._outputs = NotebookOutputs(limits.output_bytes, limits.notebook_output_bytes)
        self._kind = sandbox
        self._box: Sandbox | None = None
        self._history: list[tuple[str, str]] = []  # names and sources of the cells that were run
        self._starts = 0
        self._fault: SandboxFault | None = None
        self._seed_of_cells = self.next_seed()
        self._end = time.monotonic() + limits.notebook_seconds

    def seconds_left(self) -> float:
        return self._end - time.monotonic()

    def next_seed(self) -> int:
        """Return another seed for each question, the same ones in every run.

        The student's process learns these, and could not find the tests' own from them.
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
        self._history.append((exercise, code))
        if reply["error"] and exercise:
            self.errors[exercise] = [part[:500] for part in reply["error"]]
        return self._outputs.taken(reply["outputs"])

    def check(self, code: str) -> list[NotebookNode]:
        """Run a graded cell's visible examples; return what they say as plain text."""
        if self.box_ended:
            return []
        try:
            reply = self._box.run(code, self._seconds(CHECK_SECONDS))
        except SandboxDied:
            return []
        said = [text for output in reply["outputs"] if (text := plain_text(output))]
        text = "\n".join(said)[:CHECK_CHARACTERS]
        return [text_output(f"The visible check says: {text}\n")] if text else []

    def box(self) -> Sandbox:
        """Return a sandbox in which everything has run that was run so far."""
        while self.box_ended:
            self._start()
        return self._box

    @property
    def box_ended(self) -> bool:
        """Whether the next cell or question needs another sandbox."""
        return self._box is None or self._box.ended

    def leave_out(self, exercise: str) -> None:
        """Do not run an exercise's own cell again: it has ended the sandbox."""
        self._history = [(name, code) for name, code in self._history if name != exercise]

    def forget(self, exercise: str) -> None:
        """Go on as if an exercise's own cell had never been run; its names stay."""
        self.leave_out(exercise)
        self.errors.pop(exercise, None)
        self.deaths.pop(exercise, None)

    def close(self) -> None:
        if self._box:
            self._box.close()

    def add_notes(self) -> None:
        """Add what there is to note about all cells together."""
        self.notes += [*deaths_notes(self._dead), *self._outputs.notes]

    def _start(self) -> None:
        self.close()
        self._box = None
        if self._fault:
            raise self._fault
        if self._starts >= MOST_STARTS:
            raise SandboxDied(CRASHED, f"it had to be started {MOST_STARTS} times")
        self._seconds(0.0)
        self._starts += 1
        try:
            self._box = Sandbox(self._kind, self.limits)
            self._box.run(SEED_CELL.format(seed=self._seed_of_cells), self.limits.cell_seconds)
        except (SandboxFault, SandboxDied) as fault:  # nothing of the student's has run yet
            self._fault = SandboxFault(str(fault))
            raise self._fault from None
        self._replay()

    def _replay(self) -> None:
        """Run again what was run before; what ends the box this time is left out the next."""
        for place, (_, code) in enumerate(self._history):
            try:
                self._box.run(code, self._seconds(self.limits.cell_seconds))
            except SandboxDied as death:
                self.notes.append(f"a cell was left out after a restart: {death.status}, {death}")
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
