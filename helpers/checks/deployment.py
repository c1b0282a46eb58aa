"""Visible checks of lesson 6."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import threading
import time
import types
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from helpers.checks.core import NotAttempted, Wrong, described, examples, names_of
from helpers.checks.expect import close, equal, joined, of_type, raises, shown, that, unchanged
from helpers.checks.language import say
from helpers.checks.models import left_as_it_came
from helpers.checks.words import small_tokenizer


def _labels(predictions: Any) -> Any:
    return [entry["label"] for entry in predictions]


def _scores(predictions: Any) -> Any:
    return [entry["score"] for entry in predictions]


@examples("top_predictions")
def _(answer: Any) -> None:
    logits = torch.tensor([math.log(2), 0.0, math.log(5)])
    names = {0: "calm", 1: "cross", 2: "glad"}
    given = say("For the logits log 2, 0 and log 5 of calm, cross and glad")
    got = unchanged(answer, logits, names, given="top_predictions")
    of_type(got, list, "top_predictions")
    that(
        all(isinstance(entry, dict) and set(entry) == {"label", "score"} for entry in got),
        say(
            "Each entry must be a dict with the keys 'label' and 'score'; yours are {1}.",
            shown(got),
        ),
    )
    equal(
        _labels(got),
        ["glad", "calm", "cross"],
        say("{1} the labels, best first", given),
        {
            say("They are in the order of their ids: sort by score."): ["calm", "cross", "glad"],
            say("That is worst first."): ["cross", "calm", "glad"],
            say("Those are ids: `id2label` has their names."): [2, 0, 1],
            say("With top_k=None every class is wanted."): ["glad"],
        },
    )
    of_type(_scores(got)[0], float, say("A score"))
    close(
        _scores(got),
        [0.625, 0.25, 0.125],
        say("{1} the scores", given),
        {
            say("Those are the logits: where is the softmax?"): [1.609438, 0.693147, 0.0],
            say("The logits must go through exp first."): [0.698970, 0.301030, 0.0],
            say("That is a sigmoid for each class; one label of several needs a softmax."): [
                0.833333,
                0.666667,
                0.5,
            ],
            say("Those are logarithms: `softmax`, not `log_softmax`."): [
                -0.470004,
                -1.386294,
                -2.079442,
            ],
        },
    )
    for top_k, kept in ((1, 1), (2, 2), (3, 3), (7, 3)):
        got = answer(logits, names, top_k=top_k)
        equal(
            _labels(got),
            ["glad", "calm", "cross"][:kept],
            say("{1} and top_k={2} the labels", given, top_k),
            say("Where top_k is larger than the number of classes, it gives all.")
            if top_k == 7
            else "",
        )
        close(
            _scores(got),
            [0.625, 0.25, 0.125][:kept],
            say("{1} and top_k={2} the scores", given, top_k),
            {
                say(
                    "The softmax must run over all classes, before the best are taken: the "
                    "scores of the kept ones do not add up to 1."
                ): [[1.0], [0.714286, 0.285714]][min(kept, 2) - 1]
            },
        )
    equal(
        _labels(answer(logits, {2: "glad", 0: "calm", 1: "cross"})),
        ["glad", "calm", "cross"],
        say("For the same logits and `id2label` in another order the labels"),
        {
            say("A class is a key of `id2label`, not a place in it."): ["cross", "glad", "calm"],
        },
    )
    large = answer(torch.tensor([1e4, 0.0, -1e4]), names)
    close(
        _scores(large),
        [1.0, 0.0, 0.0],
        say("For the logits 10000, 0 and -10000 the scores"),
        say("exp(10000) is infinite. `torch.softmax` subtracts the largest logit first."),
    )
    for top_k in (0, -1):
        raises(
            lambda top_k=top_k: answer(logits, names, top_k=top_k),
            ValueError,
            (str(top_k), "top_k"),
            f"top_k={top_k}",
            say("Note that 0 is falsy, like None.") if top_k == 0 else "",
        )


class _Web:
    """Answers all requests of the library `requests` from a list, and records the requests.

    Meanwhile `time.sleep` does not really sleep if the answer calls it, under whatever name.
    """

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.asked: list[Any] = []
        self.timeouts: list[Any] = []
        self._waits: list[tuple[int, float]] = []

    @property
    def slept(self) -> list[float]:
        """The seconds of each wait between two requests, even if it was several calls of sleep."""
        waits: dict[int, float] = {}
        for after, seconds in self._waits:
            waits[after] = waits.get(after, 0.0) + seconds
        return [round(seconds, 6) for seconds in waits.values()]

    def send(self, adapter: Any, request: Any, timeout: Any = None, **_: Any) -> Any:
        """Reply as urllib3 does: repeatedly, if the answer uses an adapter that retries."""
        import requests
        from urllib3 import HTTPResponse
        from urllib3.exceptions import MaxRetryError

        policy = adapter.max_retries
        while True:
            response = self._reply(request, timeout)
            status, headers = response.status_code, response.headers
            if not policy.is_retry(request.method, status, "Retry-After" in headers):
                return response
            body = io.BytesIO(response.content)
            raw = HTTPResponse(body, headers, status, preload_content=False)
            try:
                policy = policy.increment(request.method, request.url, raw)
            except MaxRetryError as error:
                if policy.raise_on_status:
                    raise requests.exceptions.RetryError(error) from None
                return response
            policy.sleep(raw)

    def _reply(self, request: Any, timeout: Any) -> Any:
        import requests

        self.asked.append((request, _parsed(request.body)))
        self.timeouts.append(_in_seconds(timeout))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        status, content, *headers = reply
        response = requests.Response()
        response.status_code = status
        response.headers.update(*headers)
        response.url, response.request = request.url, request
        response.reason = {503: "Service Unavailable"}.get(status, "")
        html = isinstance(content, str)
        response.headers.setdefault("Content-Type", "text/html" if html else "application/json")
        response._content = (content if html else json.dumps(content)).encode()
        response.encoding = "utf-8"
        return response

    @contextlib.contextmanager
    def watched(self, names: dict[str, Any] | None = None) -> Iterator[None]:
        """Watch while an answer runs that has these global names."""
        names = {} if names is None else names

        def send(adapter: Any, request: Any, **options: Any) -> Any:
            return self.send(adapter, request, **options)

        caller, really_sleep = threading.get_ident(), time.sleep

        def sleep(seconds: float) -> None:
            # Threads of the kernel also sleep now and then; those calls are not the answer's.
            if threading.get_ident() == caller:
                self._waits.append((len(self.asked), float(seconds)))
            else:
                really_sleep(seconds)

        imported = [name for name, value in names.items() if value is really_sleep]
        with patch("requests.adapters.HTTPAdapter.send", send), patch("time.sleep", sleep):
            names.update(dict.fromkeys(imported, sleep))
            try:
                yield
            finally:
                names.update(dict.fromkeys(imported, really_sleep))


def _in_seconds(timeout: Any) -> Any:
    """Return a timeout as one number if it is a pair of equal ones, to connect and to read."""
    pair = isinstance(timeout, tuple) and len(timeout) == 2 and timeout[0] == timeout[1]
    return timeout[0] if pair else timeout


def _parsed(body: Any) -> Any:
    """Return what was sent: None for nothing, and the text itself if it is not JSON."""
    text = body.decode() if isinstance(body, bytes) else body
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


_URL = "http://127.0.0.1:9/models/emotion"
_ANSWER = [[{"label": "glad", "score": 0.75}, {"label": "cross", "score": 0.25}]]


def _ask(answer: Any, web: _Web, *arguments: Any, **options: Any) -> Any:
    """Call the answer while `web` replies; return its result or the exception that it raised."""
    with web.watched(names_of(answer)):
        try:
            return answer(*arguments, **options)
        except NotImplementedError as untouched:
            raise NotAttempted from untouched
        except Exception as error:
            return error


@examples("query")
def _(answer: Any) -> None:
    web = _Web((200, _ANSWER))
    got = _ask(answer, web, ["i feel fine"], _URL)
    if isinstance(got, Exception):
        raise got
    equal(got, _ANSWER, say("For a server that answers 200, the answer of query"))
    equal(
        len(web.asked),
        1,
        say("For one text and a server that answers 200 the number of requests"),
        say("It must be sent with `requests`, and only once."),
    )
    request, body = web.asked[0]
    equal(request.method, "POST", say("The method"))
    equal(
        request.url,
        _URL,
        say("The address of the request"),
        say("The request goes to `url` as it stands."),
    )
    equal(
        body,
        {"inputs": ["i feel fine"]},
        say("The JSON body for the texts ['i feel fine']"),
        {
            say("All texts go in one list under 'inputs'."): {"inputs": "i feel fine"},
            say("The list belongs under the key 'inputs'."): ["i feel fine"],
            say(
                "Form fields are not JSON: `requests.post` has a parameter `json`."
            ): "inputs=i+feel+fine",
            say("Nothing was sent: `requests.post` has a parameter `json`."): None,
        },
    )
    that(
        "Authorization" not in request.headers,
        say(
            "Without a token there must be no Authorization header; yours is {1}.",
            shown(request.headers.get("Authorization")),
        ),
    )
    that(
        web.timeouts[0] is not None,
        say(
            "The request has no timeout: a server that never answers would keep your "
            "program waiting forever."
        ),
    )
    web = _Web((200, _ANSWER))
    texts = [" A ", "", "b"]
    _ask(answer, web, texts, _URL, timeout=3.5)
    given = say("For the texts {1}", [" A ", "", "b"])
    equal(
        texts, [" A ", "", "b"], say("{1}, the list after the call", given), say("Work on a copy.")
    )
    equal(
        len(web.asked),
        1,
        say("{1} the number of requests", given),
        say("One request takes them all."),
    )
    equal(
        web.asked[0][1],
        {"inputs": [" A ", "", "b"]},
        say("{1} the JSON body", given),
        say("The texts are sent as they are, blank and empty ones too."),
    )
    equal(web.timeouts[0], 3.5, say("With timeout=3.5 the request's timeout"))
    web = _Web((200, _ANSWER))
    _ask(answer, web, ["a", "b"], _URL, token="hf_example")
    equal(
        len(web.asked),
        1,
        say("For two texts the number of requests"),
        say("One request takes them all."),
    )
    equal(
        web.asked[0][0].headers.get("Authorization"),
        "Bearer hf_example",
        say("With the token 'hf_example' the Authorization header"),
        {say("Put the word Bearer and a space before the token."): "hf_example"},
    )
    web = _Web((201, _ANSWER))
    got = _ask(answer, web, [f"text {number}" for number in range(70)], _URL)
    equal(
        len(web.asked),
        1,
        say("For 70 texts the number of requests"),
        say("One request takes them all."),
    )
    that(
        "Authorization" not in web.asked[0][0].headers,
        say(
            "After a call with a token, a call without one must have no Authorization header; "
            "yours has one."
        ),
    )
    equal(
        shown(got),
        shown(_ANSWER),
        say("For a server that answers 201, the answer of query"),
        say("Errors are the statuses from 400 on."),
    )
    web = _Web((200, _ANSWER))
    got = _ask(answer, web, [], _URL)
    that(not web.asked, say("For no texts there must be no request; yours sends one."))
    equal(got, [], say("For no texts, the answer of query"))
    _check_patience(answer)
    _check_errors(answer)


def _check_patience(answer: Any) -> None:
    busy = (503, {"error": "loading", "estimated_time": 2.5})
    web = _Web(busy, busy, (200, _ANSWER))
    got = _ask(answer, web, ["a"], _URL, token="hf_example", timeout=3.5)
    given = say("For a server that answers 503 twice with estimated_time 2.5, then 200,")
    if isinstance(got, Exception):
        raise Wrong(say("{1} query must try again; yours raises {2}.", given, described(got)))
    equal(got, _ANSWER, say("{1} the answer of query", given))
    equal(
        web.slept,
        [2.5, 2.5],
        say("{1} the seconds waited, with `time.sleep`", given),
        {
            say("It tries again at once: the server says how long it needs."): [],
            say("It waits one second: the body's `estimated_time` says how long."): [1.0, 1.0],
        },
    )
    equal(web.timeouts, [3.5] * 3, say("{1} and timeout=3.5, the timeouts of the requests", given))
    equal(
        [request.headers.get("Authorization") for request, _ in web.asked],
        ["Bearer hf_example"] * 3,
        say("{1} the Authorization headers of the requests", given),
    )
    for status, body, headers, seconds, likely in _waits():
        web = _Web((status, body, headers), (200, _ANSWER))
        got = _ask(answer, web, ["a"], _URL)
        given = say("For a {1} with the body {2}, then 200,", status, shown(body))
        if headers:
            given = say(
                "For a {1} with the headers {2} and the body {3}, then 200,",
                status,
                shown(headers),
                shown(body),
            )
        if isinstance(got, Exception):
            text = say("{1} query must try again; yours raises {2}.", given, described(got))
            # An HTTPError means that the answer took the status for final: no hint about waiting.
            raise Wrong(text if _is_http_error(got) else joined(text, likely))
        equal(sum(web.slept), seconds, say("{1} the seconds waited", given), likely)
    web = _Web((503, {"estimated_time": 6}), (200, _ANSWER))
    _ask(answer, web, ["a"], _URL, timeout=2)
    equal(
        web.slept,
        [6.0],
        say("For a 503 with estimated_time 6, then 200, and timeout=2, the seconds waited"),
        say("`timeout` is for the requests; a wait may be longer, 10 seconds at most."),
    )
    for retries in (3, 0):
        web = _Web(busy)
        got = _ask(answer, web, ["a"], _URL, retries=retries)
        given = say("For a server that always answers 503 and retries={1}", retries)
        equal(
            len(web.asked),
            retries + 1,
            say("{1} the number of requests", given),
            {
                say("The first call is not a retry: retries + 1 calls."): retries,
                say("One too many."): retries + 2,
            },
        )
        _http_error(
            got,
            say(
                "{1}, query must raise requests.HTTPError in the end; yours gives {2}.",
                given,
                shown(got),
            ),
        )
        equal(
            web.slept,
            [2.5] * retries,
            say("{1} the seconds waited", given),
            {
                say("After the last request nobody needs to wait any more."): [2.5] * (retries + 1),
            },
        )


def _is_http_error(got: Any) -> bool:
    import requests

    return isinstance(got, requests.HTTPError)


def _http_error(got: Any, message: str) -> None:
    that(_is_http_error(got), message)


_DATE = "Wed, 21 Oct 2054 07:28:00 GMT"


def _waits() -> tuple[Any, ...]:
    """Return for busy servers: status, body, headers, seconds to wait, and the likely mistake."""
    return (
        (503, {"error": "loading"}, {}, 1.0, say("Without `estimated_time` it is one second.")),
        (503, {"estimated_time": 90}, {}, 10.0, say("Ten seconds at most.")),
        (503, {"estimated_time": 0}, {}, 0.0, say("0 is a number, too: `or 1` would lose it.")),
        (
            503,
            {"estimated_time": "soon"},
            {},
            1.0,
            say("An `estimated_time` that is no number counts as absent."),
        ),
        (
            503,
            {"estimated_time": None},
            {},
            1.0,
            say("An `estimated_time` that is no number counts as absent."),
        ),
        (
            503,
            {"estimated_time": "7"},
            {},
            1.0,
            say("An `estimated_time` that is no number counts as absent."),
        ),
        (
            503,
            {"estimated_time": -0.25},
            {},
            1.0,
            say("An `estimated_time` below 0 counts as absent."),
        ),
        (
            503,
            {"estimated_time": -4},
            {},
            1.0,
            say("An `estimated_time` below 0 counts as absent."),
        ),
        (
            502,
            "<html>busy</html>",
            {},
            1.0,
            say("That body is not JSON, so it has no `estimated_time`."),
        ),
        (
            429,
            {"error": "slow down"},
            {"Retry-After": "4"},
            4.0,
            say("The header `Retry-After` says how long."),
        ),
        (
            504,
            {"estimated_time": 2},
            {"Retry-After": "4"},
            4.0,
            say("The header `Retry-After` comes before `estimated_time`."),
        ),
        (
            503,
            {"estimated_time": 2},
            {"Retry-After": "0"},
            0.0,
            say("0 is a number, too: `or 1` would lose it."),
        ),
        (503, {}, {"Retry-After": "3600"}, 10.0, say("Ten seconds at most.")),
        (
            503,
            {"estimated_time": 2},
            {"Retry-After": _DATE},
            2.0,
            say("A date in `Retry-After` counts as absent."),
        ),
    )


def _check_errors(answer: Any) -> None:
    for status, body, mentions in (
        (400, {"error": "the text is too long"}, "the text is too long"),
        (500, {"error": "out of memory"}, "out of memory"),
        (408, {"error": "you took too long"}, "you took too long"),
        (413, {"error": f"{'too many ' * 24}words"}, f"{'too many ' * 24}words"),
        (404, "<html>nothing here</html>", ""),
    ):
        web, texts = _Web((status, body)), ["b", "a"]
        got = _ask(answer, web, texts, _URL)
        given = say("For a server that answers {1} with the body {2}", status, shown(body))
        hint = "" if mentions else say("A body that is not JSON must not stop your code.")
        text = say("{1}, query must raise requests.HTTPError; yours gives {2}.", given, shown(got))
        _http_error(got, joined(text, hint))
        that(
            mentions in str(got),
            say(
                "{1}, the error's message must contain {2}; yours is {3}. "
                "`raise_for_status` knows the status, but not what the body says.",
                given,
                shown(mentions),
                shown(str(got)),
            ),
        )
        equal(texts, ["b", "a"], say("{1}, the list of texts after the call", given))
        that(
            len(web.asked) == 1 and not web.slept,
            say(
                "{1}, query must not try again: only 429, 502, 503 and 504 mean 'not yet'. Yours "
                "sends {2} requests.",
                given,
                len(web.asked),
            ),
        )


class _Sure(torch.nn.Module):
    """A classifier with predictable scores: for n tokens, the best label has n / (n + 2).

    The best label follows from the sum of the ids.
    """

    device = torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        labels = {2: "glad", 0: "calm", 1: "cross"}
        self.config = types.SimpleNamespace(
            id2label=labels,
            label2id={name: label for label, name in labels.items()},
            num_labels=3,
            problem_type="single_label_classification",
        )

    def forward(
        self, input_ids: Any, attention_mask: Any = None, return_dict: bool = True, **_: Any
    ) -> Any:
        from transformers.modeling_outputs import SequenceClassifierOutput

        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        count = attention_mask.sum(dim=1).float() * self.weight
        best = (input_ids * attention_mask).sum(dim=1) // 10 % 3
        rows = torch.nn.functional.one_hot(best, 3) * torch.log(count)[:, None]
        return SequenceClassifierOutput(logits=rows) if return_dict else (rows,)


@examples("classify")
def _(answer: Any) -> None:
    from transformers import Pipeline

    def refuse(*_: Any, **__: Any) -> None:
        raise Wrong(say("It calls a pipeline of transformers. Here you do its steps yourself."))

    model = _Sure().eval()
    with patch.object(Pipeline, "__init__", refuse), left_as_it_came(model, "classify"):
        _try_classify(answer, small_tokenizer(), model)


def _try_classify(answer: Any, tokenizer: Any, model: Any) -> None:
    about = say("With a model whose best of three labels gets n / (n + 2) for n tokens,")
    for text, label in (("ten ten", "glad"), ("ten twenty", "calm"), ("twenty twenty", "cross")):
        got = answer(text, tokenizer, model)
        of_type(got, dict, "classify")
        that(
            set(got) == {"label", "score"},
            say("The keys must be 'label' and 'score'; yours are {1}.", shown(list(got))),
        )
        equal(
            got["label"],
            label,
            say("{1} the label of {2}", about, shown(text)),
            {
                say("That is the class's id; `model.config.id2label` has its name."): {
                    "calm": 0,
                    "cross": 1,
                    "glad": 2,
                }[label],
                say("A class is a key of `id2label`, not a place in it."): {
                    "calm": "glad",
                    "cross": "calm",
                    "glad": "cross",
                }[label],
            },
        )
        of_type(got["score"], float, say("The score"))
        close(
            got["score"],
            2 / 3,
            say("{1} the score of {2} (four tokens with [CLS] and [SEP])", about, shown(text)),
            {
                say("That is the logit: where is the softmax?"): math.log(4),
                say("The special tokens are missing."): 1 / 2,
                say("That is a sigmoid; one label of several needs a softmax."): 0.8,
                say("Padding was read as text: one text needs none, or the model the mask."): 0.75,
                say("That is a percentage; a probability ends at 1."): 200 / 3,
            },
        )
    that(
        not any(part.training for part in model.modules()),
        say("The model came in evaluation mode and must be left in it."),
    )
    equal(
        answer("Ten ten", tokenizer, model)["label"],
        "cross",
        say("{1} the label of {2}", about, shown("Ten ten")),
        say("The text goes to the tokenizer as it is, capitals too."),
    )
    got = answer("ten " * 9, tokenizer, model)
    close(
        got["score"],
        0.75,
        say("{1} the score of nine words, where the tokenizer's maximum is 6 tokens", about),
        {say("The text was not cut. The tokenizer has an option for that."): 11 / 13},
    )
    cut = tokenizer("ten " * 9, truncation=True)["input_ids"]
    equal(
        got["label"],
        ["calm", "cross", "glad"][sum(cut) // 10 % 3],
        say("{1} the label of nine words", about),
    )


@examples("zero_shot")
def _(answer: Any) -> None:
    vectors = {
        "sun": [3.0, 4.0],
        "day": [6.0, 8.0],
        "night": [-4.0, 3.0],
        "noon": [0.0, 0.5],
        "Sun ": [1.0, 0.0],
        "a_b": [5.0, 5.0],
        "So long " * 99: [0.0, 2.0],
    }
    asked = []

    def embed(texts: list[str]) -> Any:
        if not isinstance(texts, list):
            raise TypeError(f"embed takes a list of texts, not a {type(texts).__name__}")
        asked.extend(texts)
        unknown = [text for text in texts if text not in vectors]
        if unknown:
            text = unknown[0][:40]
            raise KeyError(f"embed was asked for {text!r}, which is neither text nor label")
        return np.array([vectors[text] for text in texts])

    given = say(
        "With the vectors sun (3, 4), night (-4, 3), noon (0, 0.5) and day (6, "
        "8), so that the cosines of 'sun' are 0, 0.8 and 1,"
    )
    labels = ["noon", "night", "day"]
    got = answer("sun", labels, embed)
    equal(labels, ["noon", "night", "day"], say("The list of labels after the call"))
    of_type(got, dict, "zero_shot")
    equal(
        list(got),
        ["day", "noon", "night"],
        say("{1} the labels, best first", given),
        {
            say("They are in the order of the argument: sort by probability."): [
                "noon",
                "night",
                "day",
            ],
            say("That is worst first."): ["night", "noon", "day"],
        },
    )
    of_type(got["day"], float, say("A probability"))
    close(
        list(got.values()),
        [0.880758, 0.119198, 0.00004],
        say("{1} the probabilities", given),
        {
            say("The similarities are not multiplied by 10."): [0.457442, 0.374526, 0.168031],
            say("Those are the similarities: where is the softmax?"): [1.0, 0.8, 0.0],
            say("Those are 10 × the similarities: where is the softmax?"): [10.0, 8.0, 0.0],
            say("The vectors' lengths count: a cosine divides by both of them."): [1.0, 0.0, 0.0],
            say("The similarities are shared out; a softmax takes exp first."): [
                0.555556,
                0.444444,
                0,
            ],
        },
        tolerance=1e-4,
    )
    equal(
        list(answer("sun", ["Sun ", "sun"], embed)),
        ["sun", "Sun "],
        say("For the text 'sun' the labels 'Sun ' and 'sun', best first"),
    )
    equal(
        list(answer("Sun ", ["sun", "a_b", "Sun "], embed)),
        ["Sun ", "a_b", "sun"],
        say("For the text 'Sun ' and the labels 'sun', 'a_b' and 'Sun ', best first"),
        say("Text and labels go to `embed` as they stand, capitals and blanks too."),
    )
    equal(
        list(answer("So long " * 99, ["sun", "noon"], embed)),
        ["noon", "sun"],
        say("For a text of 792 characters the labels, best first"),
    )
    equal(
        list(answer("sun", labels, lambda texts: embed(texts)[:, ::-1] * [-1, 1])),
        ["day", "noon", "night"],
        say("For another `embed`, the labels, best first"),
    )
    raises(
        lambda: answer("sun", [], embed),
        ValueError,
        "labels",
        say("An empty list of labels"),
        say("Say which argument is wrong."),
    )


class _Model:
    """Scores depend on the length of a text, best first; fails on the text "fail"."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.fault = RuntimeError

    def __call__(self, texts: list[str]) -> Any:
        if not isinstance(texts, list):
            raise TypeError(f"predict takes a list of texts, not a {type(texts).__name__}")
        self.asked += texts
        if "fail" in texts:
            raise self.fault("the weights are gone") from OSError("disk 7 is full")
        return [self.scores(text) for text in texts]

    @staticmethod
    def scores(text: str) -> Any:
        best = 0.5 + 0.05 / (1 + len(text))
        names = zip(("glad", "calm", "cross"), (best, 0.8 - best, 0.2), strict=True)
        return [{"label": label, "score": score} for label, score in names]


@examples("create_app")
def _(answer: Any) -> None:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    model = _Model()
    app = answer(model)
    of_type(app, FastAPI, "create_app")
    with TestClient(app, raise_server_exceptions=False) as client:
        _check_contract(client, model)
        _check_refusals(client)
        with _logged() as log:
            fault = client.post("/", json={"inputs": "fail"})
        given = say("When `predict` raises RuntimeError('the weights are gone')")
        equal(fault.status_code, 500, say("{1}, the status", given))
        got = _json(fault)
        that(
            isinstance(got, dict) and list(got) == ["error"],
            say(
                '{1}, the body must be {"error": …}; yours is {2}. Catch the exception, '
                "and answer with a JSONResponse.",
                given,
                shown(fault.text[:200]),
            ),
        )
        that(
            isinstance(got["error"], str) and bool(got["error"].strip()),
            say("{1}, the error must be a sentence; yours is {2}.", given, shown(got["error"])),
        )
        that(
            "Traceback" not in fault.text and "File " not in fault.text,
            say(
                "{1}, the body must not hold the traceback: it tells people you don't "
                "know about your files.",
                given,
            ),
        )
        that(
            "the weights are gone" not in fault.text,
            say(
                "{1}, the body must not hold the exception's message, which was not written for "
                "people you don't know: answer with a sentence of your own. Yours is {2}.",
                given,
                shown(fault.text[:200]),
            ),
        )
        that(
            "disk 7" not in fault.text,
            say(
                "{1} from OSError('disk 7 is full'), the body must not hold that message either. "
                "Yours is {2}.",
                given,
                shown(fault.text[:200]),
            ),
        )
        that(
            "the weights are gone" in "\n".join(log),
            say(
                "{1}, the exception must reach your log: call a logger of `logging` where you "
                "catch it.",
                given,
            ),
        )
        equal(
            client.post("/", json={"inputs": "a"}).status_code,
            200,
            say("After a fault the status of the next good request"),
        )
        _check_other_faults(client, model)
    _check_health_of_the_broken(answer)
    _check_many_classes(answer)


def _check_other_faults(client: Any, model: Any) -> None:
    for model.fault in (ValueError, KeyError, TimeoutError, MemoryError):
        fault = client.post("/", json={"inputs": ["a", "fail"]})
        given = say("When `predict` raises {1}('the weights are gone')", model.fault.__name__)
        likely = say("Whatever its class: `except Exception`.")
        equal(fault.status_code, 500, say("{1}, the status", given), likely)
        got = _json(fault)
        that(
            isinstance(got, dict) and list(got) == ["error"],
            say(
                '{1}, the body must be {"error": …}; yours is {2}.', given, shown(fault.text[:200])
            ),
        )


def _check_health_of_the_broken(answer: Any) -> None:
    from starlette.testclient import TestClient

    def broken(texts: list[str]) -> None:
        raise RuntimeError("the weights are gone")

    with TestClient(answer(broken), raise_server_exceptions=False) as client:
        equal(
            client.get("/health").status_code,
            200,
            say("The status of GET /health where `predict` always fails"),
            say("It tells that the service runs, and needs no model for that."),
        )


def _check_many_classes(answer: Any) -> None:
    """Try a model of twelve classes that keeps the lists it returns: they must not be changed."""
    from starlette.testclient import TestClient

    kept = [{"label": f"Class {place}", "score": (12 - place) / 78} for place in range(12)]
    app = answer(lambda texts: [kept for _ in texts])
    with TestClient(app, raise_server_exceptions=False) as client:
        two = client.post("/", json={"inputs": "a", "parameters": {"top_k": 2}})
        equal(_json(two), [kept[:2]], say("For twelve classes and top_k=2, the answer"))
        equal(
            len(kept),
            12,
            say("After a request with top_k=2, the length of the list that `predict` returned"),
            say("That list is the model's own: cut a copy."),
        )
        equal(
            list(map(len, _json(client.post("/", json={"inputs": "a"})) or [])),
            [12],
            say("For one text, twelve classes and no `top_k`, the number of labels of each text"),
            say("Without `top_k` all of them are wanted."),
        )


@contextlib.contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect what is logged meanwhile, including tracebacks."""
    texts, handle = [], logging.Logger.handle

    def note(logger: logging.Logger, record: logging.LogRecord) -> None:
        texts.append(logging.Formatter("%(message)s").format(record))
        handle(logger, record)

    with patch("logging.Logger.handle", note):
        yield texts


def _json(response: Any) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _check_contract(client: Any, model: Any) -> None:
    equal(
        client.get("/health").status_code,
        200,
        say("The status of GET /health"),
        {say("There is no such path."): 404},
    )
    response = client.post("/", json={"inputs": ["a", "abc"]})
    equal(
        response.status_code,
        200,
        say('The status of POST / with {"inputs": ["a", "abc"]}'),
        {
            say("There is no such path."): 404,
            say(
                "Your app does not accept this body; the answer's text says why: {1}",
                shown(response.text[:200]),
            ): 422,
        },
    )
    equal(
        _json(response),
        [model.scores("a"), model.scores("abc")],
        say('The answer to {"inputs": ["a", "abc"]}'),
    )
    equal(
        _json(client.post("/", json={"inputs": "abc"})),
        [model.scores("abc")],
        say('The answer to {"inputs": "abc"}'),
        {
            say("One text, too, gives a list of lists."): model.scores("abc"),
            say("The string was taken for a list of its characters."): [model.scores("a")] * 3,
        },
    )
    equal(_json(client.post("/", json={"inputs": []})), [], say('The answer to {"inputs": []}'))
    odd = ["", "  ", " A\t", "e\u0301"]
    given = say("{1} (nothing, only blanks, blanks at the ends, an accent of its own)", odd)
    response = client.post("/", json={"inputs": odd})
    equal(response.status_code, 200, say("The status for the texts {1}", given))
    likely = say("Each text goes to the model as it is.")
    equal(
        _json(response),
        [model.scores(text) for text in odd],
        say("The answer to the texts {1}", given),
        likely,
    )
    response = client.post("/", json={"inputs": "  "})
    equal(response.status_code, 200, say("The status for a string of two blanks"))
    equal(
        _json(response), [model.scores("  ")], say("The answer to a string of two blanks"), likely
    )
    for top_k, kept in ((1, 1), (2, 2), (9, 3), (None, 3)):
        equal(
            _json(client.post("/", json={"inputs": "a", "parameters": {"top_k": top_k}})),
            [model.scores("a")[:kept]],
            say('The answer to {"inputs": "a", "parameters": {"top_k": {1}}}', json.dumps(top_k)),
            {say("`top_k` is ignored."): [model.scores("a")]},
        )
    null = client.post("/", json={"inputs": "a", "parameters": None})
    given = say('The status for {"inputs": "a", "parameters": null}')
    equal(null.status_code, 200, given, {say("`parameters` may be null."): 422})
    equal(
        _json(null), [model.scores("a")], say('The answer to {"inputs": "a", "parameters": null}')
    )
    more = {"inputs": "a", "options": {"wait": True}, "parameters": {"colour": "red"}}
    equal(
        client.post("/", json=more).status_code,
        200,
        say("The status for {1}", json.dumps(more)),
        {say("Unknown keys must be ignored, not refused."): 422},
    )
    beside = {"inputs": "a", "top_k": 1}
    equal(
        _json(client.post("/", json=beside)),
        [model.scores("a")],
        say("The answer to {1}", json.dumps(beside)),
        say("`top_k` belongs under `parameters`; beside `inputs` it is an unknown key."),
    )


def _check_refusals(client: Any) -> None:
    for body, why in (
        ({}, say("`inputs` is missing")),
        ({"inputs": 3}, say("a number is neither a string nor a list")),
        ({"inputs": ["a", 3]}, say("one of the texts is a number")),
        ({"inputs": None}, say("null is neither a string nor a list")),
        ({"inputs": "a", "parameters": {"top_k": 0}}, say("`top_k` starts at 1")),
        ({"inputs": "a", "parameters": {"top_k": "2"}}, say("a string is no integer")),
        (
            {"inputs": "a", "parameters": {"top_k": True}},
            say("true is no integer, even if Python's is"),
        ),
    ):
        response = client.post("/", json=body)
        given = say("The status for {1} ({2})", json.dumps(body), why)
        equal(response.status_code, 422, given)
        _says_why(response)
    status = client.post("/", content=b"{", headers={"Content-Type": "application/json"})
    equal(status.status_code, 422, say("The status for a body that is not JSON"))
    for count, length, status, what in (
        (64, 1, 200, say("64 texts")),
        (65, 1, 413, say("65 texts")),
        (1, 10_000, 200, say("a text of 10,000 characters")),
        (1, 10_001, 413, say("a text of 10,001 characters")),
    ):
        response = client.post("/", json={"inputs": ["x" * length] * count})
        equal(
            response.status_code,
            status,
            say("The status for {1}", what),
            {
                say("Too large is 413; 422 is for what cannot be understood."): 422
                if status == 413
                else 0,
                say("The limit itself is still allowed."): 413 if status == 200 else 0,
                say("That is over the limit."): 200 if status == 413 else 0,
            },
        )
        if status == 413:
            _says_why(response)
    equal(
        client.post("/", json={"inputs": "x" * 10_001}).status_code,
        413,
        say('The status for {"inputs": a string of 10,001 characters}'),
        say("Is the limit checked for a single string, too?"),
    )
    for texts, status, what, likely in (
        (
            ["a", "x" * 10_001],
            413,
            say("a short text and one of 10,001 characters"),
            say("Every text has the limit, not only the first."),
        ),
        (
            ["x" * 6_000] * 2,
            200,
            say("two texts of 6,000 characters"),
            say("The limit is for each text, not for all of them together."),
        ),
        (
            "\N{SLIGHTLY SMILING FACE}" * 10_000,
            200,
            say("a text of 10,000 emoji"),
            say("An emoji is one character, as `len` counts, however many bytes it takes."),
        ),
    ):
        response = client.post("/", json={"inputs": texts})
        equal(response.status_code, status, say("The status for {1}", what), likely)


def _says_why(response: Any) -> None:
    got = _json(response)
    that(
        isinstance(got, dict) and bool(got.get("error") or got.get("detail")),
        say(
            "The body of a {1} must say why under 'error' or 'detail'; yours is {2}.",
            response.status_code,
            shown(response.text[:200]),
        ),
    )
