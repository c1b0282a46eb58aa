"""While the waits of an answer are recorded, other threads wait as usual."""

import threading
import time

import pytest

from grading.inside.answer import Answer, AnswerError
from grading.inside.standins import SLEEP, HttpServer, Reply
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


def answer_with(line, call):
    """Return an answer that waits for five seconds, and the names that are defined for it."""
    names = {}
    source = f"{line}\n\ndef answer(url):\n    {call}\n    return url\n"
    exec(compile(source, "<cell>", "exec"), names)
    return names["answer"], names


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("import time", "time.sleep(5)"),
        ("import time as clock", "clock.sleep(5)"),
        ("from time import sleep", "sleep(5)"),
        ("from time import sleep as wait", "wait(5)"),
        ("", "from time import sleep; sleep(5)"),
    ],
)
def test_a_wait_is_noted_however_it_was_imported(line, call):
    answer, names = answer_with(line, call)
    before = dict(names)
    asked = Answer(answer)
    started = time.monotonic()
    assert asked(HttpServer("server", (Reply(200, "[]"),))).startswith("http://127.0.0.1")
    assert asked.calls == [{"of": "time.sleep", "seconds": 5.0}]
    assert time.monotonic() - started < 5
    assert names == before, "names are as they were, so that the next call may be watched too"


def test_a_failing_answer_gets_its_own_sleep_back():
    answer, names = answer_with("from time import sleep", "raise OSError")
    asked = Answer(answer)
    with pytest.raises(AnswerError, match="OSError"):
        asked(HttpServer("server", (Reply(200, "[]"),)))
    assert names["sleep"] is time.sleep is SLEEP


def test_a_server_logs_the_body_s_type_and_the_query():
    requests = pytest.importorskip("requests")

    def answer(url):
        replies = [requests.post(f"{url}{end}", timeout=10) for end in ("", "/?so=1")]
        return [reply.headers["Content-Type"] for reply in replies]

    asked = Answer(answer)
    replies = asked(HttpServer("server", (Reply(502, "<html>"), Reply(200, "[]"))))
    assert replies == ["text/html", "application/json"]
    assert [call["elsewhere"] for call in asked.calls] == ["", "/?so=1"]


def test_a_server_sends_the_headers_of_each_reply():
    requests = pytest.importorskip("requests")
    busy = Reply(503, "{}", headers=(("Retry-After", "7"), ("X-Request-Id", "so")))

    def answer(url):
        replies = [requests.post(url, json={}, timeout=10) for _ in range(2)]
        return [[r.status_code, r.headers.get("Retry-After", "none")] for r in replies]

    asked = Answer(answer)
    replies = asked(HttpServer("server", (busy, Reply(200, "[]"))))
    assert replies == [[503, "7"], [200, "none"]]
    assert [call["method"] for call in asked.calls] == ["POST", "POST"]
