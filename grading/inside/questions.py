"""Answer one question of the grader with the student's function or variable."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from typing import Any

from grading.inside.answer import Answer, AnswerError
from grading.inside.asking import asking
from grading.inside.guard import own_state
from grading.inside.protocol import LONGEST_ERROR, LONGEST_NAME, QUESTION, REPLY
from grading.inside.standins import CLASSES
from grading.inside.wire import MACHINE_FAULTS, WireError, decode, encode


def answer_question(payload: bytes, namespace: dict[str, Any]) -> bytes:
    """Return the reply to a question. Both are encoded by `grading.inside.wire`.

    A question contains a `nonce`, a `seed`, the name of an `exercise` and, unless it asks for a
    variable, a `call`: use, arguments and options. A question with a `definition` asks nothing, but
    replaces the student's answer by the course's own. A reply contains the nonce and one of
    `result`, `error` (class, message, and the base classes), `unsendable` (what cannot be sent) and
    `missing`. After a call it also contains the `arguments` as they are afterwards, and the `calls`
    of its stand-ins.
    """
    question = decode(payload, QUESTION, CLASSES)
    reply = {"nonce": question["nonce"]}
    if "definition" in question:
        _defined(question.pop("definition"), namespace)
        return encode({**reply, "result": encode(None)})
    name, call = question["exercise"], question["call"]
    if name not in namespace:
        return encode({**reply, "missing": True})
    answer = Answer(namespace[name])
    seed_everything(question["seed"])
    with (
        asking(name),
        own_state(),
        # Printing invalid Unicode must not fail: nobody reads this output.
        open(os.devnull, "w", encoding="utf-8", errors="backslashreplace") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        reply |= _outcome(answer, call)
    if call is not None:
        reply["arguments"] = _encoded_loosely(answer.arguments)
        reply["calls"] = _encoded_loosely(answer.calls)
    try:
        return encode(reply, REPLY)
    except (WireError, *MACHINE_FAULTS) as error:
        nothing = {"arguments": encode(None), "calls": encode(None)} if call is not None else {}
        told = str(error) if isinstance(error, WireError) else f"too much ({type(error).__name__})"
        return encode({"nonce": reply["nonce"], "unsendable": told, **nothing})


def _outcome(answer: Answer, call: list[Any] | None) -> dict[str, Any]:
    try:
        if call is None:
            result = answer.value()
        else:
            use, arguments, options = call
            result = answer.used(use, *arguments, **options)
        sent = encode(result)
        decode(sent)  # as the grader will do: a result that it cannot decode would count as forged
        return {"result": sent}
    except AnswerError as error:
        ancestors = [name[:LONGEST_NAME] for name in error.ancestors]
        return {"error": [error.kind[:LONGEST_NAME], error.message[:LONGEST_ERROR], *ancestors]}
    except WireError as error:
        return {"unsendable": str(error)}
    except BaseException as error:  # even SystemExit must not end the kernel
        return {"error": [type(error).__name__[:LONGEST_NAME], ""]}


def _encoded_loosely(value: Any) -> bytes:
    try:
        sent = encode(value, opaque=True)
        decode(sent)
        return sent
    except (WireError, *MACHINE_FAULTS):
        return encode(None)


def _defined(source: str, namespace: dict[str, Any]) -> None:
    """Run the course's own answer so that neither `In` nor `inspect.getsource` shows its code."""
    exec(compile(source, "<reference>", "exec", dont_inherit=True), namespace)


def seed_everything(seed: int) -> None:
    """Make random numbers that code draws without a seed the same in every run of the grader."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
