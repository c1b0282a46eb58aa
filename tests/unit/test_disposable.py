"""Replies may end the process that reads them, but no other process."""

import contextlib
import ctypes
import os
import signal
import time

import psutil
import pytest

from grading.judging import disposable
from grading.judging.disposable import Judged, judged_apart
from grading.judging.verdicts import CANNOT_GRADE, FAILED, PASSED, TAMPERED


def no_question(_):
    raise AssertionError("no question was expected")


def ends_by(number):
    def judge(ask):
        os.kill(os.getpid(), number)

    return judge


def reads_nowhere(ask):
    ctypes.string_at(0)


def leaves(ask):
    os._exit(0)


def holds_much(ask):
    return [bytearray(2**26) for _ in range(40)]


def never_ends(ask):
    while True:
        pass


@pytest.mark.parametrize(
    ("judge", "why"),
    [
        (ends_by(signal.SIGFPE), "signal 8"),
        (reads_nowhere, "signal 11"),
        (ends_by(signal.SIGABRT), "signal 6"),
        (leaves, "the code 0"),
        (holds_much, "too much memory"),
    ],
)
def test_a_reply_that_ends_its_reader_is_in_doubt_and_the_grader_lives(judge, why):
    ended = judged_apart(judge, no_question)
    assert (ended.status, ended.doubt) == (CANNOT_GRADE, TAMPERED)
    assert why in ended.message


def test_a_reply_that_keeps_its_reader_busy_is_in_doubt(monkeypatch):
    monkeypatch.setattr(disposable, "PROCESSOR_SECONDS", 1)
    started = time.monotonic()
    ended = judged_apart(never_ends, no_question)
    assert (ended.status, ended.doubt) == (CANNOT_GRADE, TAMPERED)
    assert "more than 1 seconds" in ended.message
    assert time.monotonic() - started < 60


def test_a_reader_that_is_killed_from_outside_is_not_tampering():
    ended = judged_apart(ends_by(signal.SIGKILL), no_question)
    assert (ended.status, ended.doubt) == (CANNOT_GRADE, "")


def test_a_silent_reader_is_ended_and_is_not_tampering(monkeypatch):
    """The process sleeps, so that no limit on processor time ends it."""
    monkeypatch.setattr(disposable, "PATIENCE", 0.5)
    before = set(psutil.Process().children())
    ended = judged_apart(lambda ask: time.sleep(600), no_question)
    assert (ended.status, ended.doubt) == (CANNOT_GRADE, "")
    assert ended.message == "Judging hangs: no message for 0.5 seconds."
    assert set(psutil.Process().children()) <= before


def test_questions_go_up_and_replies_come_down():
    asked = []

    def answer(question):
        asked.append(question)
        return question * 2

    def judge(ask):
        return Judged(FAILED, f"{ask(b'ab')} {len(ask(bytes(10**7)))}", 0.25)

    assert judged_apart(judge, answer) == Judged(FAILED, "b'abab' 20000000", 0.25)
    assert [len(question) for question in asked] == [2, 10**7]


def test_what_stops_a_question_ends_the_process_and_is_raised():
    def ask_for_ever(ask):
        while True:
            ask(b"")

    def stop(_):
        raise TimeoutError("the time was up")

    with pytest.raises(TimeoutError, match="the time was up"):
        judged_apart(ask_for_ever, stop)
    assert not [p for p in psutil.Process().children() if p.status() == psutil.STATUS_ZOMBIE]


def test_the_process_holds_none_of_the_grader_s_files(tmp_path):
    with open(tmp_path / "gradebook.db", "w") as opened:

        def judge(ask):
            held = []
            for number in os.listdir("/proc/self/fd"):
                with contextlib.suppress(FileNotFoundError):  # the descriptor of the listing itself
                    held.append(os.readlink(f"/proc/self/fd/{number}"))
            return Judged(PASSED, str(sorted(held)))

        said = judged_apart(judge, no_question).message
        assert opened.name not in said
        assert "/dev/null" in said
        assert said.count("socket") == 1


def test_text_that_is_not_valid_unicode_gets_through():
    assert judged_apart(lambda ask: Judged(FAILED, "\ud83d"), no_question).message == "\ud83d"


def test_numbers_are_computed_after_a_fork_of_a_process_that_has_computed():
    """Threads of the libraries do not survive a fork, and waiting for them would never end."""
    import numpy as np
    import torch
    from sklearn.metrics import pairwise_distances

    def compute():
        rows = torch.arange(300_000, dtype=torch.float32).reshape(1000, 300)
        product = float((rows @ rows.T).mean())
        near = float(pairwise_distances(rows.numpy()[:200]).mean())
        return [product, near, float(np.linalg.norm(rows.numpy() @ rows.numpy().T))]

    here = compute()
    there = judged_apart(lambda ask: Judged(PASSED, repr(compute())), no_question)
    assert np.allclose(eval(there.message), here, rtol=1e-4)
