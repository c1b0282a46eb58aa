"""While an answer's waits are watched, threads that are not the answer's wait as ever."""

import threading
import time

import pytest

from grading.inside.standins import HttpServer, Reply
from helpers.checks.deployment import _Web


def watched_by_check():
    web = _Web((200, []))
    return web.watched(), lambda: web.slept


def watched_by_grader():
    calls = []
    around = HttpServer("server", (Reply(200, "[]"),)).around(calls)
    return around, lambda: [call["seconds"] for call in calls]


@pytest.mark.parametrize("watched", [watched_by_check, watched_by_grader])
def test_only_the_answer_s_own_waits_are_noted_and_left_out(watched):
    around, noted = watched()
    waited = []

    def poll():
        started = time.monotonic()
        time.sleep(0.2)
        waited.append(time.monotonic() - started)

    with around:
        poller = threading.Thread(target=poll)
        poller.start()
        time.sleep(7.5)
        poller.join()
    assert noted() == [7.5]
    assert waited[0] >= 0.2
