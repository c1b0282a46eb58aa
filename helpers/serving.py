"""The course's inference server: the Hub's API for text classification, and a page to try it.

``POST /`` takes ``{"inputs": text or texts, "parameters": {"top_k": …}}`` and answers one list of
``{"label", "score"}`` per text, best first. Requests that arrive together are computed together.
``GET /health`` says that the process answers, and ``GET /ready`` whether the model does. ``GET
/metrics`` has counters for Prometheus, and ``GET /`` is the page. What surrounds every request,
such as the token and the log, is in `helpers.operations`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import logging
import os
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.colab import on_colab
from helpers.operations import Metrics, observed, token_checked

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from starlette.requests import Request

Predictions = list[list[dict[str, Any]]]
Predict = Callable[[list[str]], Predictions]

TEXTS_LIMIT = 64
CHARACTERS_LIMIT = 10_000
BODY_LIMIT = 1_000_000  # bytes
QUEUE_LIMIT = 512  # texts that wait for the model
BATCH_SIZE = 32  # texts that the model gets at once
BATCH_WAIT = 0.002  # seconds that the first text of a batch waits for others
DEADLINE = 30.0  # seconds that a request may take
PROBE = "ready?"
PROBE_SECONDS = 2.0  # a model that is ready answers the probe within this time
SHUTDOWN_SECONDS = 30

PAGE = Path(__file__).with_name("serving_page.html")
COLAB_FRAMES = ("https://colab.research.google.com", "https://*.googleusercontent.com")
"""Pages that may frame ours on Colab: Colab's own, and the frame around a cell's output."""

log = logging.getLogger("course.serving")
log.addHandler(logging.NullHandler())  # silent in a notebook; `course serve` adds its own


class Refused(Exception):
    """A request that is not served: an HTTP status, and a body that says why."""

    def __init__(self, status: int, message: str, **more: Any):
        super().__init__(message)
        self.status = status
        self.body = {"error": message, **more}


class ModelFault(Exception):
    """The model failed on a text."""


class Batcher:
    """Collects texts of concurrent requests and passes them to the model together.

    One forward pass over 32 short texts takes far less time than 32 passes. While one batch is
    computed, texts for the next one arrive. Only a text that comes to an idle server is delayed,
    for a moment, so that others can join its batch.

    Parameters
    ----------
    predict : callable
        Takes a list of texts; called in its own thread, one batch at a time.
    batch_size, queue_limit : int
    wait : float
        Seconds.
    """

    def __init__(
        self,
        predict: Predict,
        batch_size: int = BATCH_SIZE,
        wait: float = BATCH_WAIT,
        queue_limit: int = QUEUE_LIMIT,
    ):
        self.predict = predict
        self.batch_size = batch_size
        self.wait = wait
        self.queue_limit = queue_limit
        self.waiting = 0
        self.texts = 0
        self.batches = 0
        self.seconds_per_text = 0.01  # a guess, until the first batch is timed
        self._probing: asyncio.Task[bool] | None = None
        self._queue: asyncio.Queue[tuple[str, asyncio.Future[Any]]] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")

    async def answer(self, texts: list[str]) -> Predictions:
        """Return the predictions of some texts, in their order.

        Raises
        ------
        Refused
            With status 503 if too many texts are waiting already.
        ModelFault
            If the model fails on one of them.
        """
        if self.waiting + len(texts) > max(self.queue_limit, len(texts)):
            seconds = round(max(0.1, self.waiting * self.seconds_per_text), 2)
            raise Refused(503, "too many texts are waiting; try again", estimated_time=seconds)
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in texts]
        self.waiting += len(texts)
        for pair in zip(texts, futures, strict=True):
            self._queue.put_nowait(pair)
        return list(await asyncio.gather(*futures))

    async def run(self) -> None:
        """Compute batch after batch, until cancelled."""
        while True:
            batch = [await self._queue.get()]
            if self.waiting < self.batch_size:
                await asyncio.sleep(self.wait)
            while len(batch) < self.batch_size and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            self.waiting -= len(batch)
            # Nobody waits any longer for texts of requests that have passed their deadline.
            batch = [pair for pair in batch if not pair[1].done()]
            if batch:
                await self._compute(batch)

    async def is_ready(self) -> bool:
        """Return whether the model answers a tiny text in time.

        The tiny text goes through the queue like all texts: a model that is stuck, is still being
        loaded, or has far too much to do is not ready. There is only one probe at a time, however
        many clients ask: anybody may ask, and that must not become a way to keep the model busy.
        """
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe())
        return await asyncio.shield(self._probing)

    async def _probe(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self.answer([PROBE])
        except (ModelFault, Refused, TimeoutError):
            return False
        return True

    async def _compute(self, batch: list[tuple[str, asyncio.Future[Any]]]) -> None:
        loop = asyncio.get_running_loop()
        texts = [text for text, _ in batch]
        try:
            answers = await loop.run_in_executor(self._thread, self._predicted, texts)
        except ModelFault as fault:
            # If the model fails on one text, the others of its batch must still be answered.
            if len(batch) > 1:
                for pair in batch:
                    await self._compute([pair])
            elif not batch[0][1].done():
                batch[0][1].set_exception(fault)
            return
        self.texts += len(batch)
        self.batches += 1
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    def _predicted(self, texts: list[str]) -> Predictions:
        started = time.perf_counter()
        try:
            answers = self.predict(texts)
            if len(answers) != len(texts):
                raise ValueError(f"{len(answers)} predictions for {len(texts)} texts")
        except BaseException as reason:  # SystemExit too: a model must not take the server down
            log.exception("the model failed on %d texts", len(texts))
            raise ModelFault(str(reason)) from reason
        took = (time.perf_counter() - started) / len(texts)
        self.seconds_per_text += 0.2 * (took - self.seconds_per_text)
        return answers

    def close(self) -> None:
        """Wait for the model's thread to end."""
        self._thread.shutdown(wait=True)


@dataclass(frozen=True)
class Asked:
    """What a valid request body asks for."""

    texts: list[str]
    top_k: int | None


def read_body(body: bytes) -> Asked:
    """Read the body of a request.

    Raises
    ------
    Refused
        With status 422 if it does not follow the API, 413 if it contains too much.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(422, "the body is not JSON") from None
    if not isinstance(request, dict) or "inputs" not in request:
        raise Refused(422, 'the body must be an object with "inputs"')
    inputs = request["inputs"]
    texts = [inputs] if isinstance(inputs, str) else inputs
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refused(422, '"inputs" must be a string or a list of strings')
    if len(texts) > TEXTS_LIMIT:
        raise Refused(413, f"{len(texts)} texts; at most {TEXTS_LIMIT} per request")
    longest = max(map(len, texts), default=0)
    if longest > CHARACTERS_LIMIT:
        raise Refused(413, f"a text of {longest} characters; at most {CHARACTERS_LIMIT}")
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:  # JSON can contain half of a surrogate pair, not a character
        raise Refused(422, "a text holds half of a surrogate pair") from None
    return Asked(texts, _top_k(request.get("parameters")))


def _top_k(parameters: Any) -> int | None:
    if not isinstance(parameters, dict | None):
        raise Refused(422, '"parameters" must be an object')
    top_k = (parameters or {}).get("top_k")
    if top_k is not None and (type(top_k) is not int or top_k < 1):
        raise Refused(
            422, f'"top_k" must be a whole number of at least 1, not {json.dumps(top_k)[:50]}'
        )
    return top_k


async def receive(request: Request) -> bytes:
    """Return a request's body, and refuse one that is too large without keeping it in memory."""
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= BODY_LIMIT:
            body += chunk
        elif size > 10 * BODY_LIMIT:
            # Up to this size we go on reading, since many clients send everything before they read
            # an answer.
            break
    if size > BODY_LIMIT:
        raise Refused(413, f"the body is too large; at most {BODY_LIMIT:,} bytes")
    return bytes(body)


def serving_app(
    predict: Predict,
    name: str = "",
    batch_size: int = BATCH_SIZE,
    wait: float = BATCH_WAIT,
    queue_limit: int = QUEUE_LIMIT,
    deadline: float = DEADLINE,
    token: str | None = None,
) -> FastAPI:
    """Return the server's application.

    Parameters
    ----------
    predict : callable
        Takes a list of texts and returns one list of ``{"label", "score"}`` per text, best first.
    name : str
        The model's name, for ``GET /health`` and the page.
    batch_size, wait, queue_limit
        As in `Batcher`.
    deadline : float
        Seconds after which a request is answered with 504. Its texts that are still waiting are not
        computed. A forward pass that has begun cannot be stopped, so other requests wait for it.
    token : str, optional
        If given, requests must contain it, except those in `helpers.operations.OPEN`.
    """
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse, JSONResponse, Response

    batcher = Batcher(predict, batch_size, wait, queue_limit)
    metrics = Metrics(lambda: batcher.waiting)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        working = asyncio.create_task(batcher.run())
        yield
        working.cancel()
        batcher.close()

    app = FastAPI(title="Text classification", lifespan=lifespan, openapi_url=None)
    if token is not None:
        app.add_middleware(token_checked, token=token)
    app.add_middleware(observed, metrics=metrics)  # the outer layer, to count refusals
    page, headers = page_and_headers(name)

    async def answer(request: Request) -> JSONResponse:
        try:
            async with asyncio.timeout(deadline):
                asked = read_body(await receive(request))
                request.state.texts = len(asked.texts)
                answers = await batcher.answer(asked.texts)
        except TimeoutError:
            return JSONResponse({"error": f"no answer within {deadline:g} seconds"}, 504)
        except Refused as refused:
            wait = refused.body.get("estimated_time")
            retry = {"Retry-After": str(max(1, round(wait)))} if wait else {}
            return JSONResponse(refused.body, refused.status, retry)
        except ModelFault:
            # Its message may name files on the server, so it goes to the log, not to the caller.
            return JSONResponse({"error": "the model failed; the server's log says why"}, 500)
        return JSONResponse([scores[: asked.top_k] for scores in answers])

    def health() -> dict[str, Any]:
        alive = {"status": "ok", "model": name}
        if token is not None:  # without the token, nobody should learn how much it is used
            return alive
        counts = {"texts": batcher.texts, "batches": batcher.batches, "waiting": batcher.waiting}
        return alive | counts

    async def ready() -> JSONResponse:
        if await batcher.is_ready():
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "the model does not answer"}, 503)

    def counted() -> Response:
        content, media_type = metrics.shown()
        return Response(content, media_type=media_type)

    # A plain route: FastAPI would read the whole body, however large, before it calls us.
    app.add_route("/", answer, methods=["POST"])
    app.get("/health")(health)
    app.get("/ready")(ready)
    app.get("/metrics")(counted)
    app.get("/")(lambda: HTMLResponse(page, headers=headers))
    return app


def loaded_later(load: Callable[[], Predict]) -> Predict:
    """Return a predict callable at once, while a thread loads the model.

    So the server can say from the start that it is alive but not ready yet. A call of the returned
    function waits until the model is loaded; if `load` raised an exception, the call raises it.
    """
    loading = ThreadPoolExecutor(1, thread_name_prefix="loading").submit(load)
    return lambda texts: loading.result()(texts)


def page_and_headers(name: str) -> tuple[str, dict[str, str]]:
    """Return the page for a model with this name, and HTTP headers for it.

    The headers allow the browser to run the page's own script and nothing else.
    """
    page = PAGE.read_text(encoding="utf-8")
    sources = []
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        sources.append(f"{tag}-src 'sha256-{digest}'")
    policy = ["default-src 'none'", "connect-src 'self'", "img-src data:", "base-uri 'none'"]
    framed_by = " ".join(COLAB_FRAMES) if on_colab() else "'none'"
    policy += ["form-action 'none'", f"frame-ancestors {framed_by}", *sources]
    return page.replace("MODEL_NAME", html.escape(name or "a text classifier")), {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


class RunningServer:
    """A server in a thread of this process. Call `stop`, or use it in a ``with`` block.

    Attributes
    ----------
    url : str
        Such as ``"http://127.0.0.1:40123"``.
    """

    def __init__(self, app: FastAPI, port: int):
        self._server, self._socket = _prepared(app, port)
        self.url = address_of(self._socket)
        options = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=options, daemon=True)

    def start(self) -> RunningServer:
        _leave_proxy_out()
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"the server at {self.url} did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Accept no new requests, finish those that are being answered, and end the thread."""
        self._server.should_exit = True
        self._thread.join(SHUTDOWN_SECONDS + 5)
        self._socket.close()

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running at" if self._thread.is_alive() else "stopped, was at"
        return f"<server {state} {self.url}>"


def start_server(predict: Predict, port: int = 0, name: str = "", **options: Any) -> RunningServer:
    """Start the server in a thread, only for this machine, and return it once it answers.

    Parameters
    ----------
    predict, name, options
        As in `serving_app`.
    port : int
        0 chooses any free port.

    Raises
    ------
    OSError
        If the port is in use; the message names it.
    """
    return RunningServer(serving_app(predict, name, **options), port).start()


def run_server(predict: Predict, port: int, name: str = "", token: str | None = None) -> None:
    """Serve until Ctrl+C or SIGTERM; requests that have been received are answered first."""
    server, listening = _prepared(serving_app(predict, name, token=token), port)
    print(f"{name} at {address_of(listening)}  (Ctrl+C stops it)", flush=True)
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        print("stopped")


@contextmanager
def calls_to_this_machine() -> Iterator[None]:
    """Let the Hub's own client call our server even if ``HF_HUB_OFFLINE`` is set.

    That variable stops every call of the client, even calls to this machine.
    """
    from huggingface_hub import constants

    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, False
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def address_of(listening: socket.socket) -> str:
    """Return the address of a listening socket, to open in a browser."""
    return "http://{}:{}".format(*listening.getsockname())


def _prepared(app: FastAPI, port: int) -> tuple[uvicorn.Server, socket.socket]:
    import uvicorn

    # If the protocol is given, asyncio sends the last bytes of an answer at once. Otherwise they
    # wait until the client has confirmed the first bytes: 40 ms on a connection that is kept open.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as reason:
        listening.close()
        raise OSError(f"port {port} cannot be used ({reason.strerror}); try another") from reason
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return uvicorn.Server(config), listening


def _leave_proxy_out() -> None:
    """Send requests to this machine directly: a school's proxy could not answer them."""
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        if "127.0.0.1" not in hosts:
            os.environ[name] = ",".join([*hosts, "127.0.0.1"])
