"""The parts around a server's model: readiness, token, deadline, ids, log, counters, container."""

import asyncio
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import yaml
from fastapi.testclient import TestClient

from grading.paths import ROOT
from helpers import operations, serving
from helpers.operations import requests_log, token_checked, write_container
from helpers.serving import loaded_later, serving_app, start_server

SECRET = "correct-horse"
BEARER = {"Authorization": f"Bearer {SECRET}"}
TEXT = "my own words, which belong in no log"


def predict(texts):
    return [[{"label": "joy", "score": 0.75}, {"label": "fear", "score": 0.25}] for _ in texts]


class Model:
    """A model that a test can break, or block until it is released, and that records its texts."""

    def __init__(self):
        self.broken = False
        self.open = threading.Event()
        self.open.set()
        self.asked = []

    def __call__(self, texts):
        self.asked += texts
        assert self.open.wait(30)
        if self.broken or "poison" in texts:
            raise RuntimeError("no such file: weights.bin")
        return predict(texts)


@pytest.fixture
def model():
    model = Model()
    yield model
    model.open.set()


@pytest.fixture
def log():
    """Return the lines of the request log, parsed, in order."""
    before = requests_log.handlers[:], requests_log.level, requests_log.propagate
    stream = io.StringIO()
    operations.log_requests(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    requests_log.handlers[:], requests_log.level, requests_log.propagate = before


def client_of(predict, **options):
    return TestClient(serving_app(predict, "trees", **options))


def ask(client, inputs="a", **options):
    return client.post("/", json={"inputs": inputs}, **options)


def counted(client, line):
    """Return the value that /metrics gives in the line with this beginning."""
    text = client.get("/metrics").text
    found = re.findall(rf"^{re.escape(line)} (\S+)$", text, re.M)
    return float(found[0]) if found else 0.0


# --- readiness ---------------------------------------------------------------------------------


def test_ready_follows_the_model_and_health_does_not(model):
    with client_of(model) as client:
        seen = [client.get("/ready").status_code]
        model.broken = True
        seen.append(client.get("/ready").status_code)
        assert client.get("/health").status_code == 200
        model.broken = False
        seen.append(client.get("/ready").status_code)
    assert seen == [200, 503, 200]


def test_one_text_that_the_model_cannot_handle_leaves_it_ready(model):
    with client_of(model) as client:
        assert ask(client, "poison").status_code == 500
        assert client.get("/ready").status_code == 200


def test_ready_says_nothing_of_the_reason(model):
    model.broken = True
    with client_of(model) as client:
        assert "weights.bin" not in client.get("/ready").text


def test_a_model_that_is_stuck_is_not_ready(model, monkeypatch):
    monkeypatch.setattr(serving, "PROBE_SECONDS", 0.1)
    model.open.clear()
    with client_of(model) as client:
        assert client.get("/ready").status_code == 503
        assert client.get("/health").status_code == 200
        model.open.set()
        monkeypatch.setattr(serving, "PROBE_SECONDS", 10)
        assert client.get("/ready").status_code == 200


def test_a_server_lives_while_its_model_loads_and_is_ready_after(monkeypatch):
    monkeypatch.setattr(serving, "PROBE_SECONDS", 0.1)
    there = threading.Event()

    def load():
        assert there.wait(30)
        return predict

    with client_of(loaded_later(load)) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        there.set()
        monkeypatch.setattr(serving, "PROBE_SECONDS", 10)
        assert client.get("/ready").status_code == 200
        assert ask(client).json() == predict(["a"])


def test_a_model_that_could_not_be_loaded_is_never_ready():
    def load():
        raise OSError("no such folder")

    with client_of(loaded_later(load)) as client:
        assert client.get("/ready").status_code == 503
        assert ask(client).status_code == 500
        assert client.get("/health").status_code == 200


def test_however_many_ask_whether_it_is_ready_the_model_is_asked_once_at_a_time(model):
    model.open.clear()
    with start_server(model) as server, ThreadPoolExecutor(20) as pool:
        url = f"{server.url}/ready"
        answers = [pool.submit(requests.get, url, timeout=30) for _ in range(20)]
        time.sleep(0.5)
        model.open.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert len(model.asked) < 20


# --- token -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        SECRET,
        f"Basic {SECRET}",
        f"Bearer {SECRET}x",
        f"Bearer {SECRET[:-1]}",
        f"Bearer {SECRET} {SECRET}",
        f"Bearer {SECRET.upper()}",
        f"Bearer \xe9{SECRET}".encode("latin-1"),
        "Bearer " + "x" * 20_000,
    ],
    ids=lambda header: repr(header)[:24],
)
def test_without_the_right_token_it_is_401_and_the_model_is_not_asked(model, header):
    headers = {} if header is None else {"Authorization": header}
    with client_of(model, token=SECRET) as client:
        answer = ask(client, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "token" in answer.json()["error"]
    assert SECRET not in answer.text
    assert model.asked == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_token_it_is_served(scheme):
    with client_of(predict, token=SECRET) as client:
        answer = ask(client, headers={"Authorization": f"{scheme} {SECRET}"})
    assert answer.json() == predict(["a"])


@pytest.mark.parametrize("path", ["/", "/health", "/ready"])
def test_page_and_checks_need_no_token(path):
    with client_of(predict, token=SECRET) as client:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/later", "/health/", "/docs", "/READY"])
def test_whatever_is_not_named_needs_it(path):
    with client_of(predict, token=SECRET) as client:
        assert client.get(path, follow_redirects=False).status_code == 401
        assert client.get("/metrics", headers=BEARER).status_code == 200


def test_with_a_token_health_does_not_tell_how_much_is_asked():
    with client_of(predict, token=SECRET) as client:
        assert client.get("/health").json() == {"status": "ok", "model": "trees"}


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak", "naïve"])
def test_a_token_that_no_header_can_carry_is_refused_at_the_start(token):
    with pytest.raises(ValueError, match="token"):
        token_checked(None, token)
    with pytest.raises(ValueError, match="token"), client_of(predict, token=token):
        pass


def test_a_body_that_is_refused_for_its_token_is_not_read():
    """Call the application as an ASGI server would, with a body that it must not read."""
    app, sent = serving_app(predict, token=SECRET), []

    async def receive():
        raise AssertionError("the body was read")

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 401


# --- deadline ----------------------------------------------------------------------------------


def test_a_request_past_its_deadline_is_504_and_the_next_is_served(model):
    model.open.clear()
    with start_server(model, deadline=0.3) as server, ThreadPoolExecutor(4) as pool:
        started = time.monotonic()
        body = {"inputs": "slow"}
        late = [pool.submit(requests.post, server.url, json=body, timeout=30) for _ in range(3)]
        answers = [answer.result() for answer in late]
        assert time.monotonic() - started < 10
        # The event loop is not blocked: requests that need no model are answered in the meantime.
        assert requests.get(f"{server.url}/health", timeout=30).status_code == 200
        model.open.set()
        after = requests.post(server.url, json={"inputs": "next"}, timeout=30)
    assert [answer.status_code for answer in answers] == [504] * 3
    assert answers[0].json() == {"error": "no answer within 0.3 seconds"}
    assert after.status_code == 200


def test_texts_past_their_deadline_are_not_computed(model):
    model.open.clear()
    with start_server(model, deadline=0.3) as server, ThreadPoolExecutor(4) as pool:
        running = pool.submit(requests.post, server.url, json={"inputs": "running"}, timeout=30)
        while not model.asked:
            time.sleep(0.01)
        waited = requests.post(server.url, json={"inputs": "waited too long"}, timeout=30)
        assert {running.result().status_code, waited.status_code} == {504}
        model.open.set()
        assert requests.post(server.url, json={"inputs": "next"}, timeout=30).status_code == 200
        health = requests.get(f"{server.url}/health", timeout=30).json()
    assert model.asked == ["running", "next"]
    assert health["waiting"] == 0


def test_a_body_that_trickles_in_is_504(model):
    def trickle():
        yield b'{"inputs": '
        time.sleep(1)
        yield b'"a"}'

    with start_server(model, deadline=0.2) as server:
        assert requests.post(server.url, data=trickle(), timeout=30).status_code == 504
    assert model.asked == []


# --- request ids and the log -------------------------------------------------------------------


@pytest.mark.parametrize("given", ["a", "7f3c-22", "A.b_c-9", "x" * 64])
def test_a_sane_request_id_comes_back_and_is_logged(log, given):
    with client_of(predict) as client:
        assert ask(client, headers={"X-Request-ID": given}).headers.get_list("x-request-id") == [
            given
        ]
    assert log()[0]["request_id"] == given


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        " ",
        "x" * 65,
        "x" * 20_000,
        "two words",
        'quo"te',
        "{}",
        "<script>",
        "../../etc",
        "né".encode("latin-1"),
        "a\tb",
        "a\n",
    ],
    ids=lambda given: repr(given)[:20],
)
def test_an_odd_request_id_is_replaced(log, given):
    """Servers refuse line breaks in a header, but a proxy in front of one may not."""
    headers = {} if given is None else {"X-Request-ID": given}
    with client_of(predict) as client:
        answer = ask(client, headers=headers)
    (made,) = answer.headers.get_list("x-request-id")
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert log()[0]["request_id"] == made


def test_line_breaks_in_an_id_forge_neither_header_nor_log(log):
    app, sent = serving_app(predict), []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    for forged in (b"a\r\nSet-Cookie: owned=1", b'a\n{"status": 200}', b"a\x00"):
        headers = [(b"x-request-id", forged)]
        scope = {"type": "http", "method": "GET", "path": "/he\nalth", "headers": headers}
        asyncio.run(app(scope | {"query_string": b""}, receive, send))
    starts = [message for message in sent if message["type"] == "http.response.start"]
    values = b"".join(value for message in starts for _, value in message["headers"])
    assert b"\n" not in values
    assert b"owned" not in values
    assert [line["path"] for line in log()] == ["/he\nalth"] * 3


def test_every_request_has_one_line_with_numbers_and_never_a_text(log, model):
    with client_of(model, token=SECRET) as client:
        ask(client, [TEXT, TEXT], headers=BEARER)
        ask(client, [TEXT])
        ask(client, "poison", headers=BEARER)
        client.post("/", content=b"{", headers=BEARER)
        client.get(f"/health?{TEXT}")
    lines = log()
    seen = [(line["method"], line["path"], line["status"], line["texts"]) for line in lines]
    assert seen == [
        ("POST", "/", 200, 2),
        ("POST", "/", 401, 0),
        ("POST", "/", 500, 1),
        ("POST", "/", 422, 0),
        ("GET", "/health", 200, 0),
    ]
    assert all(0 <= line["milliseconds"] < 30_000 for line in lines)
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", line["time"]) for line in lines)
    assert len({line["request_id"] for line in lines}) == 5
    said = json.dumps(lines)
    assert "words" not in said
    assert SECRET not in said


def test_a_long_path_is_cut_in_the_log(log):
    with client_of(predict) as client:
        client.get("/" + "x" * 5000)
    assert len(log()[0]["path"]) == operations.LONGEST_PATH


def test_concurrent_requests_keep_their_ids(log):
    with start_server(predict) as server, ThreadPoolExecutor(16) as pool:

        def one(number):
            headers = {"X-Request-ID": f"id-{number}"}
            body = {"inputs": ["a"] * (number % 5)}
            return requests.post(server.url, json=body, headers=headers, timeout=30)

        answers = list(pool.map(one, range(60)))
    assert [answer.headers["X-Request-ID"] for answer in answers] == [f"id-{n}" for n in range(60)]
    assert {line["request_id"]: line["texts"] for line in log()} == {
        f"id-{n}": n % 5 for n in range(60)
    }


def test_a_second_call_of_log_requests_does_not_double_the_lines(log):
    stream = io.StringIO()
    operations.log_requests(stream)
    operations.log_requests(stream)
    with client_of(predict) as client:
        client.get("/health")
    assert len(stream.getvalue().splitlines()) == 1
    assert log() == []


# --- counters ----------------------------------------------------------------------------------


def test_metrics_count_requests_by_route_and_status(model):
    with client_of(model) as client:
        for inputs in ("a", ["a", "b"], "poison"):
            ask(client, inputs)
        client.post("/", content=b"{")
        assert counted(client, 'classifier_requests_total{route="POST /",status="200"}') == 2
        assert counted(client, 'classifier_requests_total{route="POST /",status="500"}') == 1
        assert counted(client, 'classifier_requests_total{route="POST /",status="422"}') == 1
        assert counted(client, "classifier_texts_total") == 4
        assert counted(client, 'classifier_request_seconds_count{route="POST /"}') == 4
        assert counted(client, "classifier_waiting_texts") == 0
        assert client.get("/metrics").headers["Content-Type"].startswith("text/plain; version=")


def test_the_histogram_puts_a_slow_request_into_a_late_bucket(model):
    def slow(texts):
        time.sleep(0.3)
        return predict(texts)

    with client_of(slow) as client:
        ask(client)
        line = 'classifier_request_seconds_bucket{{le="{}",route="POST /"}}'
        assert counted(client, line.format("0.25")) == 0
        assert counted(client, line.format("30.0")) == 1


def test_two_applications_in_one_process_count_for_themselves():
    with client_of(predict) as one, client_of(predict) as two:
        ask(one)
        line = 'classifier_requests_total{route="POST /",status="200"}'
        assert (counted(one, line), counted(two, line)) == (1, 0)


def test_paths_and_methods_that_somebody_makes_up_share_one_counter():
    with client_of(predict) as client:
        for number in range(50):
            client.get(f"/{number}")
            client.request(f"M{number}", "/")
        text = client.get("/metrics").text
    lines = re.findall(r'^classifier_requests_total\{route="([^"]+)"', text, re.M)
    assert set(lines) == {"other"}
    assert len(text.splitlines()) < 100


# --- a container -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    from grading.inside.standins import Classifier, Tokenizer

    folder = tmp_path_factory.mktemp("models") / "trees"
    Tokenizer("tokenizer", ("oak", "elm")).build([]).save_pretrained(folder)
    labels = ("joy", "fear")
    Classifier("model", vocabulary_size=7, labels=labels).build([]).save_pretrained(folder)
    return folder


def test_a_container_s_files_have_the_required_contents(saved, tmp_path):
    """No image is built: there is no Docker where the course is tested."""
    folder = write_container(saved, tmp_path / "space", 'trees: "old" ones')
    dockerfile = (folder / "Dockerfile").read_text()
    lines = dockerfile.splitlines()
    assert lines[0] == f"FROM python:{sys.version_info[0]}.{sys.version_info[1]}-slim"
    assert lines.index("USER user") < next(n for n, line in enumerate(lines) if "CMD" in line)
    assert "HEALTHCHECK" in dockerfile
    assert f"EXPOSE {operations.PORT}" in dockerfile
    front = yaml.safe_load((folder / "README.md").read_text().split("---")[1])
    assert front["title"] == 'trees: "old" ones'
    assert front["sdk"] == "docker"
    assert front["app_port"] == operations.PORT
    pins = (folder / "requirements.txt").read_text().split()
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", pin) for pin in pins)
    assert any(pin.startswith("torch==") for pin in pins)
    assert (folder / "model" / "config.json").is_file()
    assert (folder / "model" / "model.safetensors").is_file()
    assert "SERVICE_TOKEN" not in dockerfile, "everybody who has an image can read it"
    compile((folder / "app.py").read_text(), "app.py", "exec")


def test_with_an_onnx_file_the_image_needs_neither_weights_nor_pytorch(saved, tmp_path):
    import shutil

    exported = tmp_path / "exported"
    shutil.copytree(saved, exported)
    (exported / "onnx").mkdir()
    (exported / "onnx" / "model_int8.onnx").write_bytes(b"a graph")
    (exported / "onnx" / "model.onnx").write_bytes(b"a larger one")
    folder = write_container(exported, tmp_path / "space", "trees")
    assert "torch==" not in (folder / "requirements.txt").read_text()
    assert not (folder / "model" / "model.safetensors").exists()
    assert [path.name for path in (folder / "model" / "onnx").iterdir()] == ["model_int8.onnx"]


def test_the_container_s_program_serves_from_its_own_folder(saved, tmp_path):
    """Start the program that the image would start, and call it as a client does, with a token."""
    folder = write_container(saved, tmp_path / "space", "trees")
    source = (
        "import app, helpers, time\n"
        "from fastapi.testclient import TestClient\n"
        "print(helpers.__file__)\n"
        "with TestClient(app.app) as client:\n"
        "    while client.get('/ready').status_code != 200: time.sleep(0.1)\n"
        "    body = {'inputs': 'oak elm'}\n"
        "    print(client.post('/', json=body).status_code)\n"
        f"    print(client.post('/', json=body, headers={BEARER!r}).status_code)\n"
        "    print('<h1>trees</h1>' in client.get('/').text)\n"
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-c", source],
        cwd=folder,
        env=clean | {"SERVICE_TOKEN": SECRET},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert ran.returncode == 0, ran.stderr
    where, *seen = ran.stdout.split()
    assert str(ROOT) not in where
    assert seen == ["401", "200", "True"]


def test_a_container_is_not_written_over_anything_or_without_a_model(saved, tmp_path):
    with pytest.raises(OSError, match=r"contains no config\.json"):
        write_container(tmp_path, tmp_path / "space", "trees")
    (tmp_path / "space").mkdir()
    with pytest.raises(OSError, match="space"):
        write_container(saved, tmp_path / "space", "trees")
