"""What a team adds around a service: token, request ids, a log, counters, a container.

`observed` and `token_checked` are layers around an application (ASGI middleware): each request goes
through them, and they know nothing about models.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import shutil
import sys
import time
import uuid
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = frozenset({"GET /", "GET /health", "GET /ready"})
"""Routes that need no token: the page, which shows nothing secret, and the two health checks, since
the software that starts and stops containers often has no token to send. The counters of
``/metrics`` do need a token: they tell how much a service is used and when it fails, and Prometheus
can send a token."""
ROUTES = frozenset({"POST /", "GET /metrics", *OPEN})
"""Routes that have their own counter. All others share one: otherwise a caller who makes up paths
could fill the server's memory with counters."""
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
LONGEST_PATH = 200  # characters of a path that go into the log

requests_log = logging.getLogger("course.serving.requests")


class Metrics:
    """Counters of one application. Each has its own registry, so two in one process don't clash."""

    def __init__(self, waiting: Callable[[], int]):
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        options: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter(
            "classifier_requests", "Requests answered.", ["route", "status"], **options
        )
        self.seconds = Histogram(
            "classifier_request_seconds",
            "Time until the answer was sent.",
            ["route"],
            buckets=BUCKETS,
            **options,
        )
        self.texts = Counter("classifier_texts", "Texts in valid requests.", **options)
        queue = Gauge("classifier_waiting_texts", "Texts that wait for the model.", **options)
        queue.set_function(waiting)

    def count(self, route: str, status: int, seconds: float, texts: int) -> None:
        route = route if route in ROUTES else "other"
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)
        self.texts.inc(texts)

    def shown(self) -> tuple[bytes, str]:
        """Return what ``GET /metrics`` answers, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self.registry), CONTENT_TYPE_LATEST


def observed(app: ASGIApp, metrics: Metrics) -> ASGIApp:
    """Return an application that counts and logs each request, and gives each an id.

    If the request has a harmless ``X-Request-ID``, it is kept, so that callers can find their
    request in the log; any other id is replaced. The application may set ``request.state.texts`` to
    the number of texts in a request. That number is logged, but never the texts: people did not
    write them to have them stored, and a log is read by many people and kept for a long time.
    """

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        state = scope.setdefault("state", {})
        status = 500  # stays if nothing is sent because the application failed
        started = time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (b"x-request-id", request_id.encode("ascii"))
                message = {**message, "headers": [*message.get("headers", ()), named]}
            await send(message)

        try:
            await app(scope, receive, noted)
        finally:
            seconds, texts = time.perf_counter() - started, state.get("texts", 0)
            metrics.count(route_of(scope), status, seconds, texts)
            line = {
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "request_id": request_id,
                "method": scope["method"],
                "path": scope["path"][:LONGEST_PATH],  # without the query after "?"
                "status": status,
                "milliseconds": round(1000 * seconds, 1),
                "texts": texts,
            }
            requests_log.info(json.dumps(line))  # JSON writes line breaks in a path as \n

    return around


def token_checked(app: ASGIApp, token: str) -> ASGIApp:
    """Return an application that answers 401 to requests without ``Authorization: Bearer TOKEN``.

    A request is refused before its body is read. Every route that is not in `OPEN` needs the token,
    so that a route that somebody adds later is not open by mistake.

    Raises
    ------
    ValueError
        If the token is empty, or has characters that are not allowed in a header.
    """
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError(
            "a token must consist of visible ASCII characters, without spaces; to serve without "
            "a token, pass None"
        )

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or route_of(scope) in OPEN or has_token(scope, token):
            await app(scope, receive, send)
            return
        from starlette.responses import JSONResponse

        said = {"error": "this server needs a token, in the header Authorization: Bearer …"}
        refusal = JSONResponse(said, 401, {"WWW-Authenticate": "Bearer"})
        await refusal(scope, receive, send)

    return around


def has_token(scope: Scope, token: str) -> bool:
    """Return whether a request has the token. The time that this takes reveals nothing about it."""
    scheme, _, given = header(scope, b"authorization").partition(b" ")
    right = hmac.compare_digest(given.strip(), token.encode("ascii"))
    return right and scheme.lower() == b"bearer"


def request_id_of(scope: Scope) -> str:
    """Return the id that a request has, or a new one if it has none or one with odd characters.

    The id is written into a header and into the log: line breaks in it could forge entries there.
    """
    given = header(scope, b"x-request-id").decode("latin-1")
    return given if SANE_ID.fullmatch(given) else uuid.uuid4().hex


def header(scope: Scope, name: bytes) -> bytes:
    """Return the first header with this name, or an empty value."""
    return next((value for key, value in scope["headers"] if key == name), b"")


def route_of(scope: Scope) -> str:
    return f"{scope['method']} {scope['path']}"


def log_requests(stream: Any = None) -> None:
    """Write one JSON line per request to a stream, by default to standard output."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    requests_log.handlers[:] = [handler]  # only one, even if a cell runs twice
    requests_log.setLevel(logging.INFO)
    requests_log.propagate = False


# --- a container -----------------------------------------------------------------------------

PORT = 7860  # where a Hugging Face Space expects its service
LIBRARIES = ("fastapi", "numpy", "prometheus-client", "tokenizers", "transformers", "uvicorn")
DOCKERFILE = """\
FROM python:{python}-slim
RUN useradd --create-home --uid 1000 user
WORKDIR /app
# The libraries first: as long as they stay the same, a new model does not install them again.
COPY requirements.txt .
RUN pip install --no-cache-dir --requirement requirements.txt
COPY --chown=user . .
# From here on as an ordinary user: who breaks into the service is not root.
USER user
ENV HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1
EXPOSE {port}
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \\
    "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/health', timeout=4)"]
CMD ["python", "app.py"]
"""
README = """\
---
title: {name}
emoji: 💬
colorFrom: blue
colorTo: green
sdk: docker
app_port: {port}
---

Text classification over HTTP: `POST /` takes `{{"inputs": "a text"}}`, and `GET /` is a page.
Set the variable `SERVICE_TOKEN` (in a Space: a secret) and the service asks for that token.

    docker build --tag classifier:1 .
    docker run --rm --publish {port}:{port} --env SERVICE_TOKEN classifier:1
"""
PROGRAM = '''\
"""Serve the model beside this file."""

import os
from pathlib import Path

import uvicorn

from helpers.operations import log_requests
from helpers.predictors import load_predictor
from helpers.serving import loaded_later, serving_app

FOLDER = Path(__file__).with_name("model")

predict = loaded_later(lambda: load_predictor(FOLDER)[0])
app = serving_app(predict, {name}, token=os.environ.get("SERVICE_TOKEN"))

if __name__ == "__main__":
    log_requests()
    uvicorn.run(app, host="0.0.0.0", port={port}, log_config=None, access_log=False)
'''
IGNORED = "**/__pycache__\n.git\n"


def write_container(model: Path, target: Path, name: str) -> Path:
    """Write the files for a container that serves a model, alone or as a Hugging Face Space.

    The files are a Dockerfile, requirements.txt with the releases that are installed here, a
    README.md with the Space's settings, the program, the model and the course's helpers. The
    course's tests check the text of these files and run the program, but build no image, since
    there is no Docker where they run.

    Parameters
    ----------
    model : Path
        A folder that `save_pretrained` wrote. With an ONNX file in it the image needs no PyTorch.
    target : Path
        A folder that does not exist yet.
    name : str
        The model's name, for the page.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    OSError
        If `model` contains no model, or `target` exists.
    """
    import helpers
    from helpers.predictors import ONNX_FILES

    if not (model / "config.json").is_file():
        raise OSError(f"{model} contains no config.json; give a folder that save_pretrained wrote")
    target.mkdir(parents=True)
    exported = next((file for file in ONNX_FILES if (model / file).is_file()), None)
    runtime = "onnxruntime" if exported else "torch"
    # If there are several forms of the weights, copy only the one that `load_predictor` uses.
    unused = [Path(file).name for file in ONNX_FILES if file != exported]
    unused += ["*.safetensors"] if exported else []
    shutil.copytree(model, target / "model", ignore=shutil.ignore_patterns(*unused))
    left_out = shutil.ignore_patterns("__pycache__", "corpora", "checks", "plots", "results")
    shutil.copytree(Path(helpers.__file__).parent, target / "helpers", ignore=left_out)
    python = ".".join(map(str, sys.version_info[:2]))
    files = {
        "Dockerfile": DOCKERFILE.format(python=python, port=PORT),
        "requirements.txt": "".join(
            # Without the name of a build, such as +cpu: the package index does not know it.
            f"{library}=={version(library).partition('+')[0]}\n"
            for library in sorted((*LIBRARIES, runtime))
        ),
        "README.md": README.format(name=json.dumps(name), port=PORT),
        "app.py": PROGRAM.format(name=repr(name), port=PORT),
        ".dockerignore": IGNORED,
    }
    for file, text in files.items():
        (target / file).write_text(text, encoding="utf-8")
    return target
