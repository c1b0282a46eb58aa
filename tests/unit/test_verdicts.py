"""What a verdict says, and how nbgrader reads it."""

from types import SimpleNamespace

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade

from grading.inside.answer import AnswerError
from grading.inside.questions import answer_question
from grading.inside.wire import WireError, decode, encode
from grading.judging.asking import _checked
from grading.judging.outputs import own_output
from grading.judging.session import AnswerKey, ask_exercise, score_output
from grading.judging.testing import Answer, Failure, Parts, equal, run_test, unchanged
from grading.judging.verdicts import (
    CANNOT_GRADE,
    PASSED,
    STATUSES,
    make_verdict,
    sentence,
    status_of_exception,
)
from grading.sandbox.limits import Limits

MARKS = {"nbgrader": {"grade_id": "double", "solution": True}}
ANSWER = "def double(numbers):\n    return [2 * number for number in numbers]"
SOLUTION = new_notebook(cells=[new_code_cell(ANSWER, metadata=MARKS)])


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_sentence_and_points(status):
    verdict = make_verdict("double", 3.0, status, "expected 4, got 5.")
    assert STATUSES[status] in verdict.text
    assert "expected 4, got 5." in verdict.text
    assert verdict.points == (None if status == CANNOT_GRADE else 3.0 * (status == PASSED))


def test_a_message_cannot_be_html():
    verdict = make_verdict("double", 1.0, "failed", "<script>alert(1)</script>")
    assert "<script>" not in verdict.card
    assert "&lt;script&gt;" in verdict.card


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_nbgrader_reads_the_score_from_the_first_output(share):
    marks = {"grade": True, "solution": False, "grade_id": "test_double", "points": 2}
    status = PASSED if share == 1.0 else "failed"
    output = score_output(make_verdict("double", 2.0, status, share=share))
    cell = new_code_cell("", metadata={"nbgrader": marks}, outputs=[output])
    assert determine_grade(cell) == (2.0 * share, 2.0)


def test_exceptions_that_say_more_have_a_status_of_their_own():
    assert status_of_exception("MemoryError") == "out of memory"
    assert status_of_exception("SystemExit") == "crashed"
    assert status_of_exception("KeyError") == "error"


def test_parts_count_what_is_right():
    def test(answer, rng):
        parts = Parts()
        with parts("small numbers", weight=3):
            equal(answer(1), 2, "1")
        with parts("large numbers"):
            equal(answer(1000), 2000, "1000")
        parts.count()

    assert run_test(test, Answer(lambda number: 2 * number), 0) == 1.0
    with pytest.raises(Failure, match="large numbers: 1000: expected 2000") as failure:
        run_test(test, Answer(lambda number: min(2 * number, 99)), 0)
    assert failure.value.share == 0.75


def asked(namespace, call, name="double"):
    question = {"nonce": "n", "seed": 1, "exercise": name, "call": call}
    reply = decode(answer_question(encode(question), namespace))
    assert reply["nonce"] == "n"
    return {
        key: decode(value) if isinstance(value, bytes) else value for key, value in reply.items()
    }


def test_a_question_is_answered_with_result_arguments_and_calls():
    def double(numbers):
        numbers.append(0)
        return np.array(numbers) * 2

    reply = asked({"double": double}, [None, ([1, 2],), {}])
    assert reply["result"].tolist() == [2, 4, 0]
    assert reply["arguments"] == ([1, 2, 0],)
    assert reply["calls"] == []


def test_a_question_is_answered_where_the_function_fails_or_is_missing():
    def leaves(numbers):
        raise SystemExit(3)

    assert asked({"double": leaves}, [None, ([],), {}])["error"] == ["SystemExit", ""]
    assert asked({}, [None, ([],), {}])["missing"] is True
    assert "type object" in asked({"double": lambda n: object()}, [None, ([],), {}])["unsendable"]
    assert asked({"double": 7}, None)["result"] == 7


@pytest.mark.parametrize(
    "reply",
    [
        [],
        {"nonce": "other", "result": b""},
        {"nonce": "n"},
        {"nonce": "n", "result": "text"},
        {"nonce": "n", "error": ["ValueError"]},
        {"nonce": "n", "result": b"", "error": ["A", "b"]},
    ],
)
def test_replies_of_another_form_are_refused(reply):
    with pytest.raises(WireError):
        _checked(reply, "n")


@pytest.mark.parametrize(
    "output",
    [
        None,
        {"output_type": "strange"},
        {"output_type": "display_data", "data": "text"},
        {"output_type": "stream", "text": 3, "name": []},
        {"output_type": "error", "ename": 1, "evalue": {}, "traceback": "no list"},
        {"output_type": "execute_result", "data": {"text/plain": ["2.0"]}},
    ],
)
def test_outputs_are_rebuilt_from_untrusted_data(output):
    made = own_output(output)
    assert made is None or made.output_type in ("stream", "error", "display_data")


def asked_on_a_machine(fault, monkeypatch, place):
    """Return the verdict on a right answer if this machine fails at some point of the question."""
    key = AnswerKey({"double": lambda answer, rng: equal(answer([1]), [2], "one")}, SOLUTION)
    replies = {"double": lambda numbers: [2 * number for number in numbers]}
    box = SimpleNamespace(ask=lambda question, seconds: answer_question(question, replies))
    run = SimpleNamespace(
        limits=Limits(),
        seed=0,
        deaths={},
        errors={},
        seconds_left=lambda: 60.0,
        next_seed=lambda: 1,
        box=lambda: box,
    )

    def fail(*_, **__):
        raise fault

    if place:
        monkeypatch.setattr(place, fail)
        full = SimpleNamespace(available=0)
        monkeypatch.setattr("grading.judging.disposable.psutil.virtual_memory", lambda: full)
    return ask_exercise(run, "double", key).verdict("double", 2.0)


def test_a_right_answer_passes_where_the_machine_does_not_fail(monkeypatch):
    assert asked_on_a_machine(None, monkeypatch, "").status == PASSED


@pytest.mark.parametrize(
    "fault",
    [MemoryError(), OSError(28, "No space left on device"), ImportError("No module named 'x'")],
    ids=lambda fault: type(fault).__name__,
)
@pytest.mark.parametrize(
    "place",
    ["grading.judging.asking.run_test", "grading.judging.asking._checked"],
    ids=["in the test", "in reading the reply"],
)
def test_a_fault_of_the_graders_machine_is_never_the_student_s(fault, place, monkeypatch):
    verdict = asked_on_a_machine(fault, monkeypatch, place)
    assert (verdict.status, verdict.points) == (CANNOT_GRADE, None)
    assert type(fault).__name__ in verdict.message


def test_a_grader_out_of_memory_while_it_decodes_is_not_tampering(monkeypatch):
    def fail(*_):
        raise MemoryError

    message = encode([1, 2])
    monkeypatch.setattr("grading.inside.wire._Reader.value", fail)
    with pytest.raises(MemoryError):
        decode(message)


@pytest.mark.parametrize(
    ("text", "said"),
    [("lengths differ", "lengths differ."), ("they differ.", "they differ."), ("why?", "why?")],
)
def test_a_sentence_has_one_full_stop(text, said):
    assert sentence(text) == said


def test_an_error_without_a_message_is_reported_by_its_class():
    assert str(AnswerError("ValueError", "")) == "ValueError"
    assert str(AnswerError("ValueError", "no text")) == "ValueError: no text"


class _LostArguments(Answer):
    """An answer that changed its input into something that no box can send."""

    def used(self, use, *arguments, **options):
        result = super().used(use, *arguments, **options)
        self.arguments = ()
        return result


def test_an_input_that_cannot_be_read_after_the_call_is_reported():
    with pytest.raises(Failure, match="What is left of the input cannot be read after the call"):
        unchanged(_LostArguments(lambda numbers: numbers), [1, 2])
    assert unchanged(_LostArguments(lambda: 3)) == 3
