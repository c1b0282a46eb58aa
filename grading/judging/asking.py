"""Ask a student's answer in its box, through a hidden test, and say how that ended.

This runs in the disposable process of `grading.judging.disposable`: here replies are read, and
hidden tests compute with what was in them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from grading.inside.answer import MOST_ANCESTORS, Answer, AnswerError
from grading.inside.protocol import LONGEST_NAME, QUESTION, REPLY
from grading.inside.standins import AppRequests, Backward
from grading.inside.wire import MACHINE_FAULTS, Bounds, WireError, decode, encode
from grading.judging.disposable import Ask, Judged
from grading.judging.testing import Failure, Test, run_test, shown_call
from grading.judging.verdicts import (
    CANNOT_GRADE,
    FAILED,
    NOT_ATTEMPTED,
    PASSED,
    TAMPERED,
    described,
    sentence,
    status_of_exception,
)

RESULT = Bounds()


class NotAttempted(Exception):
    """The function is still the stub."""


class Missing(Exception):
    """The notebook defines nothing of the exercise's name."""


class Tampered(Exception):
    """What came back is not what an honest kernel replies."""


class RemoteAnswer(Answer):
    """A student's answer in its box: same calls, same results, nothing but plain data back.

    Parameters
    ----------
    exercise : str
    ask : callable
        Puts a question to the box.
    next_seed : callable
        Gives each question's seed for what the student's code draws.
    """

    def __init__(self, exercise: str, ask: Ask, next_seed: Callable[[], int]):
        super().__init__(None)
        self._exercise, self._put, self._next_seed = exercise, ask, next_seed
        self.asked: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def used(self, use: AppRequests | Backward | None, *arguments: Any, **options: Any) -> Any:
        self.arguments, self.calls, self.asked = (), [], (arguments, options)
        reply = self._ask([use, arguments, options], len(arguments))
        if "error" in reply:
            kind, message, *ancestors = reply["error"]
            if kind == "NotImplementedError":
                raise NotAttempted
            raise AnswerError(kind, message, tuple(ancestors))
        return _result(reply)

    def value(self) -> Any:
        return _result(self._ask(None, 0))

    def _ask(self, call: list[Any] | None, arguments: int) -> dict[str, Any]:
        nonce, seed = secrets.token_hex(8), self._next_seed()
        question = {"nonce": nonce, "seed": seed, "exercise": self._exercise, "call": call}
        raw = self._put(encode(question, QUESTION))
        try:
            reply = _checked(decode(raw, REPLY), nonce)
            if call is not None and "missing" not in reply:
                self.arguments = _decoded(reply, "arguments", tuple)
                self.calls = _decoded(reply, "calls", list)
                if self.arguments and len(self.arguments) != arguments:
                    raise WireError("it holds arguments that were not given")
        except WireError as error:
            raise Tampered(str(error)) from None
        if "missing" in reply:
            raise Missing(self._exercise)
        return reply


def _result(reply: dict[str, Any]) -> Any:
    if "unsendable" in reply:
        raise Failure(f"The answer is {reply['unsendable']}.")
    try:
        # A box reads each result once before it sends it: what cannot be read is none of its own.
        return decode(reply["result"], RESULT)
    except WireError as error:
        raise Tampered(str(error)) from None


def _checked(reply: Any, nonce: str) -> dict[str, Any]:
    """Return a reply of the right form to the question of this nonce."""
    if type(reply) is not dict or reply.get("nonce") != nonce:
        raise WireError("it belongs to another question")
    forms: dict[str, Callable[[Any], bool]] = {
        "result": lambda value: type(value) is bytes,
        "error": _is_error,
        "unsendable": lambda value: type(value) is str,
        "missing": lambda value: value is True,
    }
    given = [name for name in forms if name in reply]
    if len(given) != 1 or not forms[given[0]](reply[given[0]]):
        raise WireError("it says neither a result nor an error")
    return reply


def _is_error(value: Any) -> bool:
    """Return whether a value is the class, the message and the ancestors of an exception."""
    if type(value) is not list or not 2 <= len(value) <= 2 + MOST_ANCESTORS:
        return False
    return all(type(text) is str for text in value) and all(
        len(name) <= LONGEST_NAME for name in (value[0], *value[2:])
    )


def _decoded(reply: dict[str, Any], name: str, kind: type) -> Any:
    if type(reply.get(name)) is not bytes:
        raise WireError(f"it does not say its {name}")
    value = decode(reply[name], RESULT)
    # None is sent in place of what has grown too large.
    if type(value) is not kind and value is not None:
        raise WireError(f"its {name} are a {type(value).__name__}")
    return kind() if value is None else value


def judged(
    test: Test, exercise: str, seed: int, ask: Ask, next_seed: Callable[[], int], stopped: list[str]
) -> Judged:
    """Run an exercise's hidden test and return how it ended, whatever happens.

    Parameters
    ----------
    test : Test
    exercise : str
    seed : int
        Decides every argument that the test draws.
    ask, next_seed
        As `RemoteAnswer` takes them.
    stopped : list of str
        Class and message of the exception with which the exercise's own cell stopped, if it did.
    """
    answer = RemoteAnswer(exercise, ask, next_seed)
    try:
        share = run_test(test, answer, seed)
    except NotAttempted:
        return Judged(NOT_ATTEMPTED)
    except Missing:
        return _why_missing(exercise, stopped)
    except Tampered as error:
        return Judged(TAMPERED, f"While it was asked: a malformed reply ({error}).")
    except Failure as failure:
        return Judged(FAILED, str(failure), failure.share)
    except AnswerError as error:
        call = f"{exercise}({shown_call(*answer.asked)})"
        return Judged(status_of_exception(error.kind), f"{sentence(str(error))} It came of {call}.")
    except MemoryError:
        raise
    except MACHINE_FAULTS as fault:
        return Judged(CANNOT_GRADE, f"The grader's machine stopped the test: {described(fault)}.")
    except Exception as error:
        return Judged(
            CANNOT_GRADE, f"The hidden test stopped with {described(error)}.", doubt=FAILED
        )
    if share == 1.0:
        return Judged(PASSED)
    return Judged(FAILED, f"{share:.0%} of the points are reached.", share)


def _why_missing(exercise: str, stopped: list[str]) -> Judged:
    kind, message = stopped or ("", "")
    told = f"{kind}: {message}" if message else kind
    if not kind:
        return Judged(NOT_ATTEMPTED, f"There is no {exercise!r} when the cell has run.")
    return Judged(status_of_exception(kind), sentence(f"The cell stops with {told}"))
