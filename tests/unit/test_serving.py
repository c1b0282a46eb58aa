"""The course's server: its contract, limits, batches, overload, errors, and how it stops."""

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from fastapi.testclient import TestClient
from huggingface_hub import InferenceClient
from typer.testing import CliRunner

from helpers import operations, serving
from helpers.cli import commands
from helpers.serving import calls_to_this_machine, start_server

LABELS = ("joy", "anger", "fear")


def scores_of(text):
    """Score each text by its length, so that answers in the wrong order are noticed."""
    first = 0.5 + 0.4 / (1 + len(text))
    return [
        {"label": label, "score": score}
        for label, score in zip(LABELS, (first, 0.9 - first, 0.1), strict=True)
    ]


def predict(texts):
    return [scores_of(text) for text in texts]


class Gate:
    """A model that waits until it is released, and records its batches."""

    def __init__(self):
        self.open = threading.Event()
        self.busy = threading.Event()
        self.batches = []

    def __call__(self, texts):
        self.busy.set()
        assert self.open.wait(30)
        self.batches.append(list(texts))
        return predict(texts)


@pytest.fixture(scope="module")
def url():
    with start_server(predict, name="lengths") as server:
        yield server.url


def post(url, body, **options):
    return requests.post(url, json=body, timeout=30, **options)


def wait_for(condition, seconds=10):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"not true after {seconds} seconds"
        time.sleep(0.01)


def test_one_text_gives_a_list_of_one(url):
    assert post(url, {"inputs": "i feel fine"}).json() == [scores_of("i feel fine")]


def test_texts_come_back_in_their_order(url):
    texts = ["aaa", "", "a", "ü" * 50, "aa"]
    assert post(url, {"inputs": texts}).json() == predict(texts)


def test_no_texts_give_an_empty_list(url):
    assert post(url, {"inputs": []}).json() == []


@pytest.mark.parametrize(("top_k", "kept"), [(1, 1), (2, 2), (3, 3), (99, 3), (None, 3)])
def test_top_k_keeps_the_best(url, top_k, kept):
    answer = post(url, {"inputs": "a", "parameters": {"top_k": top_k}})
    assert answer.json() == [scores_of("a")[:kept]]


def test_unknown_keys_are_ignored(url):
    body = {
        "inputs": "a",
        "options": {"wait": True},
        "parameters": {"function_to_apply": "softmax"},
    }
    assert post(url, body).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        7,
        None,
        {"inputs": None},
        {"inputs": 3},
        {"inputs": {"text": "a"}},
        {"inputs": ["a", 3]},
        {"inputs": [["a"]]},
        {"inputs": "a", "parameters": []},
        {"inputs": "a", "parameters": {"top_k": 0}},
        {"inputs": "a", "parameters": {"top_k": -1}},
        {"inputs": "a", "parameters": {"top_k": "2"}},
        {"inputs": "a", "parameters": {"top_k": True}},
        {"inputs": "a", "parameters": {"top_k": 1.5}},
        {"inputs": "\ud800"},
    ],
    ids=str,
)
def test_a_bad_body_is_422_and_says_why(url, body):
    answer = post(url, body)
    assert answer.status_code == 422
    assert len(answer.json()["error"]) > 10


@pytest.mark.parametrize("raw", [b"", b"{", b"inputs=a", b"\xff\xfe\xfa", b"[" * 200_000])
def test_a_body_that_is_not_json_is_422(url, raw):
    assert requests.post(url, data=raw, timeout=30).status_code == 422


def test_the_largest_request_is_served(url):
    assert len(post(url, {"inputs": ["ä" * 10] * 64}).json()) == 64
    assert post(url, {"inputs": "😀" * 10_000}).status_code == 200


@pytest.mark.parametrize(
    "inputs",
    [["a"] * 65, "a" * 10_001, ["a", "b" * 10_001], ["a" * 9_000] * 64 * 2, "b" * 2_000_000],
)
def test_too_much_is_413_and_says_why(url, inputs):
    answer = post(url, {"inputs": inputs})
    assert answer.status_code == 413
    assert "at most" in answer.json()["error"]


def test_a_body_without_a_length_is_refused_at_the_limit(url):
    chunks = (b"x" * 100_000 for _ in range(15))
    assert requests.post(url, data=chunks, timeout=30).status_code == 413


def test_health_tells_what_was_served():
    with start_server(predict, name="lengths") as server:
        post(server.url, {"inputs": ["a", "b"]})
        answer = requests.get(f"{server.url}/health", timeout=30)
    assert answer.status_code == 200
    expected = {"status": "ok", "model": "lengths", "texts": 2, "batches": 1, "waiting": 0}
    assert answer.json() == expected


def test_inference_client_reads_the_answer_unchanged(url):
    client = InferenceClient(model=url)
    with calls_to_this_machine():
        elements = client.text_classification("i feel fine")
        assert len(client.text_classification("i feel fine", top_k=2)) == 2
    assert [(element.label, element.score) for element in elements] == [
        tuple(scores.values()) for scores in scores_of("i feel fine")
    ]


def test_no_answer_waits_until_the_one_before_is_confirmed():
    """asyncio sets TCP_NODELAY only for the connections of a socket that names its protocol."""
    _, listening = serving._prepared(serving.serving_app(predict, "lengths"), 0)
    with listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_requests_that_come_together_are_computed_together():
    gate = Gate()
    with start_server(gate) as server, ThreadPoolExecutor(20) as pool:
        first = pool.submit(post, server.url, {"inputs": "first"})
        assert gate.busy.wait(10)
        later = [pool.submit(post, server.url, {"inputs": f"text {n}"}) for n in range(19)]
        health = f"{server.url}/health"
        wait_for(lambda: requests.get(health, timeout=30).json()["waiting"] == 19)
        gate.open.set()
        answers = [future.result().json() for future in [first, *later]]
    assert answers == [[scores_of(text)] for text in ["first", *(f"text {n}" for n in range(19))]]
    assert sorted(map(len, gate.batches)) == [1, 19]


def test_no_batch_is_larger_than_the_limit():
    gate = Gate()
    gate.open.set()
    with start_server(gate, batch_size=8) as server:
        assert len(post(server.url, {"inputs": [str(n) for n in range(30)]}).json()) == 30
    assert max(map(len, gate.batches)) == 8


def test_a_full_queue_answers_503_with_an_estimate_and_recovers():
    gate = Gate()
    with start_server(gate, queue_limit=10) as server, ThreadPoolExecutor(20) as pool:
        running = [pool.submit(post, server.url, {"inputs": "running"})]
        assert gate.busy.wait(10)
        running.append(pool.submit(post, server.url, {"inputs": ["waiting"] * 10}))
        health = f"{server.url}/health"
        wait_for(lambda: requests.get(health, timeout=30).json()["waiting"] == 10)
        refused = post(server.url, {"inputs": "one too many"})
        gate.open.set()
        assert [future.result().status_code for future in running] == [200, 200]
        assert post(server.url, {"inputs": "one too many"}).status_code == 200
    assert refused.status_code == 503
    assert refused.json()["estimated_time"] >= 0.1
    assert int(refused.headers["Retry-After"]) >= 1


def test_a_request_larger_than_the_queue_is_served_by_an_idle_server():
    with start_server(predict, queue_limit=10) as server:
        assert len(post(server.url, {"inputs": ["a"] * 64}).json()) == 64


def broken_on_bad(texts):
    if any("bad" in text for text in texts):
        raise RuntimeError("no such file: secret.bin")
    return predict(texts)


def test_a_model_s_fault_is_500_without_a_trace():
    with start_server(broken_on_bad) as server:
        answer = post(server.url, {"inputs": ["good", "bad"]})
        assert post(server.url, {"inputs": "good"}).status_code == 200
    assert answer.status_code == 500
    assert list(answer.json()) == ["error"]
    assert "Traceback" not in answer.text
    assert "secret" not in answer.text


def test_one_bad_text_does_not_fail_its_neighbours_in_the_batch():
    gate = Gate()

    def fragile(texts):
        gate(texts)
        return broken_on_bad(texts)

    with start_server(fragile) as server, ThreadPoolExecutor(8) as pool:
        pool.submit(post, server.url, {"inputs": "first"})
        assert gate.busy.wait(10)
        texts = ["good", "bad", "fine"]
        futures = [pool.submit(post, server.url, {"inputs": text}) for text in texts]
        health = f"{server.url}/health"
        wait_for(lambda: requests.get(health, timeout=30).json()["waiting"] == 3)
        gate.open.set()
        assert [future.result().status_code for future in futures] == [200, 500, 200]


@pytest.mark.parametrize(
    "wrong",
    [lambda texts: [], lambda texts: None, lambda texts: exit(1)],
    ids=["few", "none", "exit"],
)
def test_a_model_that_answers_nonsense_or_exits_is_a_fault_and_no_end(wrong):
    with start_server(wrong) as server:
        for _ in range(2):
            assert post(server.url, {"inputs": "a"}).status_code == 500
        assert requests.get(f"{server.url}/health", timeout=30).status_code == 200


def test_stopping_answers_the_requests_that_are_under_way():
    gate = Gate()
    server = start_server(gate)
    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(post, server.url, {"inputs": "first"})]
        assert gate.busy.wait(10)
        running += [pool.submit(post, server.url, {"inputs": f"text {n}"}) for n in range(4)]
        health = f"{server.url}/health"
        wait_for(lambda: requests.get(health, timeout=30).json()["waiting"] == 4)
        stopping = pool.submit(server.stop)
        time.sleep(0.3)
        with pytest.raises(requests.ConnectionError):
            requests.get(health, timeout=5)
        assert not stopping.done()
        gate.open.set()
        assert [future.result().status_code for future in running] == [200] * 5
        stopping.result()
    assert "stopped" in repr(server)


def test_a_stopped_server_leaves_no_thread_and_frees_its_port():
    before = threading.active_count()
    server = start_server(predict)
    port = int(server.url.rsplit(":", 1)[1])
    post(server.url, {"inputs": "a"})
    server.stop()
    assert threading.active_count() == before
    with start_server(predict, port=port) as again:
        assert again.url == server.url


def test_a_port_that_is_taken_is_named(url):
    port = int(url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=f"port {port} cannot be used"):
        start_server(predict, port=port)


def test_the_page_loads_nothing_from_elsewhere(url):
    answer = requests.get(url, timeout=30)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for address in ("http://", "https://", 'src="'):
        assert address not in answer.text


def test_the_page_shows_the_model_s_own_name():
    for name, shown in (("film-reviews", "film-reviews"), ("", "a text classifier")):
        with TestClient(serving.serving_app(predict, name)) as client:
            page = client.get("/").text
        assert f"<title>{shown}: try it</title>" in page
        assert f"<h1>{shown}</h1>" in page


def test_a_hostile_name_stays_text_and_leaves_the_page_s_policy_alone():
    hostile = "</title><script>alert(1)</script><style>"
    with TestClient(serving.serving_app(predict, hostile)) as client:
        answer = client.get("/")
    assert answer.text.count("<script>") == answer.text.count("<style>") == 1
    with TestClient(serving.serving_app(predict)) as client:
        plain = client.get("/").headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"] == plain


def test_a_server_starts_within_a_running_event_loop(url):
    async def within():
        with start_server(predict) as server:
            return await asyncio.to_thread(post, server.url, {"inputs": "a"})

    assert asyncio.run(within()).status_code == 200


def test_course_serve_says_what_is_wrong_with_a_folder(tmp_path):
    result = CliRunner().invoke(commands, ["serve", str(tmp_path)])
    assert result.exit_code == 1
    assert "contains no config.json" in result.output


def test_course_serve_serves_a_saved_model(tmp_path, monkeypatch):
    from grading.inside.standins import Classifier, Tokenizer

    Tokenizer("tokenizer", ("oak", "elm")).build([]).save_pretrained(tmp_path)
    Classifier("model", vocabulary_size=7, labels=LABELS).build([]).save_pretrained(tmp_path)
    served = {}

    def note(predict, port, name, token):
        served.update(answers=predict(["oak elm", "elm"]), port=port, name=name, token=token)

    monkeypatch.setattr(serving, "run_server", note)
    monkeypatch.setattr(operations, "log_requests", lambda: None)
    monkeypatch.setenv("SERVICE_TOKEN", "from-the-environment")
    result = CliRunner().invoke(commands, ["serve", str(tmp_path), "--port", "8123"])
    assert result.exit_code == 0, result.output
    assert served["port"] == 8123
    assert served["name"] == tmp_path.name
    assert served["token"] == "from-the-environment"
    for scores in served["answers"]:
        assert {entry["label"] for entry in scores} == set(LABELS)
        assert scores == sorted(scores, key=lambda entry: -entry["score"])
    assert json.dumps(served["answers"])
