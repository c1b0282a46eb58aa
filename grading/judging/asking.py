"""Run a hidden test on a student's answer in its box (sandbox), and return how that ended.

This runs in the disposable process of `grading.judging.disposable`. It reads the replies, which are
untrusted, and hidden tests compute with their contents.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from grading.inside.answer import MOST_ANCESTORS, Answer, AnswerError
from grading.inside.protocol import LONGEST_NAME, QUESTION, REPLY
from grading.inside.standins import AppRequests, Backward, LayerTrial
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
    """The notebook defines nothing with the exercise's name."""


class Tampered(Exception):
    """The reply is not one that an unmodified kernel would send."""


class RemoteAnswer(Answer):
    """A student's answer in its box: called like a local one, but only plain data comes back.

    Parameters
    ----------
    exercise : str
    ask : callable
        Sends a question to the box and returns the reply.
    next_seed : callable
        Returns a seed for each question, for the random numbers of the student's code.
    """

    def __init__(self, exercise: str, ask: Ask, next_seed: Callable[[], int]):
        super().__init__(None)
        self._exercise, self._put, self._next_seed = exercise, ask, next_seed
        self.asked: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def used(
        self, use: AppRequests | Backward | LayerTrial | None, *arguments: Any, **options: Any
    ) -> Any:
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
                    raise WireError("it contains arguments that were not given")
        except WireError as error:
            raise Tampered(str(error)) from None
        if "missing" in reply:
            raise Missing(self._exercise)
        return reply


def _result(reply: dict[str, Any]) -> Any:
    if "unsendable" in reply:
        raise Failure(f"The answer is {reply['unsendable']}.")
    try:
        # A box decodes each result once before it sends it. So a result that cannot be decoded
        # does not come from an unmodified box.
        return decode(reply["result"], RESULT)
    except WireError as error:
        raise Tampered(str(error)) from None


def _checked(reply: Any, nonce: str) -> dict[str, Any]:
    """Return a reply if it has the right form and answers the question with this nonce."""
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
        raise WireError("it contains neither a result nor an error")
    return reply


def _is_error(value: Any) -> bool:
    """Return whether a value lists the class, the message and the ancestors of an exception."""
    if type(value) is not list or not 2 <= len(value) <= 2 + MOST_ANCESTORS:
        return False
    return all(type(text) is str for text in value) and all(
        len(name) <= LONGEST_NAME for name in (value[0], *value[2:])
    )


def _decoded(reply: dict[str, Any], name: str, kind: type) -> Any:
    if type(reply.get(name)) is not bytes:
        raise WireError(f"its {name} are missing")
    value = decode(reply[name], RESULT)
    # None is sent instead of values that have become too large.
    if type(value) is not kind and value is not None:
        raise WireError(f"its {name} have the type {type(value).__name__}, not {kind.__name__}")
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
        Determines every argument that the test draws.
    ask, next_seed
        As for `RemoteAnswer`.
    stopped : list of str
        Class and message of the exception that the exercise's own cell raised, if it did.
    """
    answer = RemoteAnswer(exercise, ask, next_seed)
    try:
        share = run_test(test, answer, seed)
    except NotAttempted:
        return Judged(NOT_ATTEMPTED)
    except Missing:
        return _why_missing(exercise, stopped)
    except Tampered as error:
        return Judged(TAMPERED, f"The reply to a question was malformed: {error}.")
    except Failure as failure:
        return Judged(FAILED, str(failure), failure.share)
    except AnswerError as error:
        call = f"{exercise}({shown_call(*answer.asked)})"
        return Judged(status_of_exception(error.kind), f"{sentence(str(error))} The call: {call}.")
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
        return Judged(NOT_ATTEMPTED, f"{exercise!r} is not defined after its cell was run.")
    return Judged(status_of_exception(kind), sentence(f"The cell stops with {told}"))
