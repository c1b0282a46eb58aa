"""What a verdict says, and what nbgrader makes of it."""

import numpy as np
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.utils import determine_grade

from grading.inside.questions import answer_question
from grading.inside.wire import WireError, decode, encode
from grading.judging.session import _checked, own_output, score_output
from grading.judging.testing import Answer, Failure, Parts, equal, run_test
from grading.judging.verdicts import (
    CANNOT_GRADE,
    PASSED,
    STATUSES,
    make_verdict,
    status_of_exception,
)


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
def test_outputs_are_made_anew_from_what_a_stranger_sent(output):
    made = own_output(output)
    assert made is None or made.output_type in ("stream", "error", "display_data")
