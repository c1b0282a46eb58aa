"""Hidden tests of lesson 6."""

import json
from dataclasses import replace

import numpy as np
import requests
import torch

from grading.standins import (
    AppRequests,
    DropoutClassifier,
    Embedder,
    HttpServer,
    Predict,
    Reply,
)
from grading.testing import (
    COARSE,
    FLOAT32,
    AnswerError,
    awkward,
    close,
    equal,
    grades,
    has_type,
    left_alone,
    raises,
    that,
    unchanged,
)


def _softmax(values):
    values = np.asarray(values, dtype=np.float64)
    powers = np.exp(values - values.max())
    return powers / powers.sum()


def _names(rng, n):
    """Draw names of classes, of which one has what is easily lost on the way."""
    first, *others = awkward.names(rng, n)
    return awkward.shuffled(rng, [f" {first}_{first} ", *others])


def _require_entries(got, what):
    has_type(got, list, what)
    for entry in got:
        has_type(entry, dict, f"{what}: an entry")
        equal(sorted(entry), ["label", "score"], f"{what}: the keys of an entry")
        has_type(entry["score"], float, f"{what}: a score")


@grades("top_predictions")
def _(answer, rng):
    for classes in (1, 2, 6, 20):
        # The dict's order is none: only its keys say which class is which.
        names = awkward.shuffled_dict(rng, dict(enumerate(_names(rng, classes))))
        logits = torch.tensor(rng.normal(scale=2, size=classes), dtype=torch.float32)
        scores = _softmax(logits.numpy())
        order = np.argsort(-scores)
        for top_k in (None, 1, classes // 2 or 1, classes, classes + 1, classes + 50):
            what = f"{classes} classes with top_k={top_k}"
            got = unchanged(answer, logits, names, top_k=top_k)
            _require_entries(got, what)
            best = order[: classes if top_k is None else top_k]
            equal(
                [entry["label"] for entry in got],
                [names[int(index)] for index in best],
                f"{what}: the labels",
                likely="not sorted, worst first, ids instead of names, or names taken by place",
            )
            close(
                [entry["score"] for entry in got],
                scores[best],
                f"{what}: the scores",
                likely="softmax over the kept classes only, a sigmoid, or the logits themselves",
            )
        default = answer(logits, names)
        equal(len(default), classes, "without top_k there is one entry per class")
    for values in ([1e4, -1e4, 0.0], [1e4, 1e4 - 1, -1e4], [-1e4, -1e4 - 2, -1e4 - 1]):
        shuffled = rng.permutation(values)
        # Two classes may share a name and are still two.
        got = answer(torch.tensor(shuffled, dtype=torch.float32), {0: "a", 1: "b", 2: "a"})
        close(
            [entry["score"] for entry in got],
            np.sort(_softmax(values))[::-1],
            f"the scores of the logits {shuffled.tolist()}",
            likely="exp of a large number; subtract the largest logit first",
            tolerance=COARSE,
        )
    names = {0: "a", 1: "b", 2: "c"}
    for classes, top_k in ((3, 0), (3, -1), (1, 0), (2, -int(rng.integers(2, 90)))):
        raises(
            answer,
            torch.zeros(classes),
            names,
            top_k=top_k,
            error=ValueError,
            mentions=(str(top_k), "top_k"),
            what=f"top_k={top_k}",
        )


def _answers(rng, texts):
    scores = rng.dirichlet([1, 1], size=len(texts)).tolist()
    return [
        [{"label": "yes", "score": max(pair)}, {"label": "no", "score": min(pair)}]
        for pair in scores
    ]


def _texts(rng, count):
    """Draw texts of any kind, with line breaks, too, of which some are empty.

    Of many texts one comes twice: each place has an answer of its own.
    """
    words = ["oak", "elm", "größe", 'a "quote"', "🙂", "line\nbreak", "NaN", "\\n"]
    drawn = [" ".join(rng.choice(words, size=int(rng.integers(1, 5)))) for _ in range(count)]
    kept = max(count - 4, (count + 1) // 2)
    found = awkward.texts(rng, kept) + drawn[kept:]
    if count > 4:
        found[-2] = found[-1]
    return awkward.shuffled(rng, found)


def _requests(answer):
    return [call for call in answer.calls if call["of"] == "server"]


def _slept(answer):
    """Return the seconds of each wait; a wait may be slept in parts."""
    waits, waiting = [], False
    for call in answer.calls:
        slept = call["of"] == "time.sleep"
        if slept and waiting:
            waits[-1] += call["seconds"]
        elif slept:
            waits.append(call["seconds"])
        waiting = slept
    return waits


def _server(*replies):
    """Return a server that gives these replies: status, body and perhaps a dict of headers."""
    made = (Reply(status, body, headers=_items(*headers)) for status, body, *headers in replies)
    return HttpServer("server", tuple(made))


def _items(headers=None):
    return tuple((headers or {}).items())


BUSY = (429, 502, 503, 504)


@grades("query")
def _(answer, rng):
    # The last has none again: what was sent before belongs to another call.
    many, secret = int(rng.integers(66, 99)), f"hf_{rng.integers(10**9)}AbC"
    for count, token in ((1, None), (3, None), (many, secret), (2, None)):
        texts = _texts(rng, count)
        expected = _answers(rng, texts)
        options = {} if token is None else {"token": token}
        server = _server((200, json.dumps(expected)))
        got = unchanged(answer, texts, server, **options)
        asked = _requests(answer)
        equal(len(asked), 1, f"the number of requests for {count} texts")
        equal(got, expected, f"the answers to {count} texts")
        equal(asked[0]["method"], "POST", "the method")
        equal(asked[0]["elsewhere"], "", "what the request's address has beyond `url`")
        equal(
            _body(asked[0]),
            {"inputs": texts},
            "the JSON body",
            likely="no JSON, another key, or texts that were changed on the way",
        )
        equal(
            asked[0]["headers"].get("authorization"),
            None if token is None else f"Bearer {token}",
            f"the Authorization header {'without' if token is None else 'with'} a token",
        )
        equal(_slept(answer), [], "seconds waited when the server answers at once")
    got = _answered(answer, [], [(500, "{}")], "no texts, for which nothing may be sent")
    equal(got, [], "the answers to no texts")
    equal(_requests(answer), [], "requests for no texts")
    _grade_patience(answer, rng)
    _grade_errors(answer, rng)
    expected = _answers(rng, ["a"])
    got = _answered(answer, ["a"], [(201, json.dumps(expected))], "status 201, which is no error")
    equal(got, expected, "the answers with status 201, which is no error")
    late = Reply(200, "[[]]", seconds=0.9)
    busy = Reply(503, json.dumps({"estimated_time": 0.5}))
    for replies, what in (
        ((late,), "takes 0.9 s"),
        ((busy, late), "answers 503, then takes 0.9 s"),
    ):
        try:
            answer(["a"], HttpServer("server", replies), timeout=0.3, retries=1)
        except AnswerError as raised:
            that(
                any("Timeout" in kind for kind in (raised.kind, *raised.ancestors))
                or raised.is_a(ConnectionError),
                f"A server that {what}, with timeout=0.3, must end in a timeout, got {raised}.",
            )
        else:
            that(False, f"A server that {what}, with timeout=0.3: `timeout` was not passed on.")


def _answered(answer, texts, replies, what, **options):
    """Ask where there must be a result; say what was replied if there is none."""
    try:
        return answer(texts, _server(*replies), **options)
    except AnswerError as raised:
        that(False, f"{what}: expected the answers, got {raised}.")


def _body(request):
    try:
        return json.loads(request["body"])
    except ValueError:
        return request["body"]


def _grade_patience(answer, rng):
    texts = _texts(rng, 2)
    expected = _answers(rng, texts)
    done = (200, json.dumps(expected))
    short = round(float(rng.uniform(0.2, 9.8)), 2)
    whole, other = (int(rng.integers(2, 9)) for _ in range(2))
    date = "Wed, 21 Oct 2054 07:28:00 GMT"
    cases = (
        ({"estimated_time": short}, {}, short, "the body's estimated_time"),
        ({"estimated_time": whole}, {}, whole, "a whole number of seconds"),
        ({"estimated_time": 10}, {}, 10, "ten seconds"),
        ({"estimated_time": float(rng.uniform(10.5, 300))}, {}, 10, "more than ten seconds"),
        ({"error": "Model is loading"}, {}, 1, "a body without estimated_time"),
        ({"estimated_time": "soon"}, {}, 1, "an estimated_time that is no number"),
        ({"estimated_time": str(whole)}, {}, 1, "an estimated_time that is a string of digits"),
        ({"estimated_time": None}, {}, 1, "an estimated_time that is null"),
        ({"estimated_time": -whole}, {}, 1, "a negative estimated_time"),
        ({"estimated_time": -0.25}, {}, 1, "an estimated_time just below 0"),
        ({}, {}, 1, "an empty object"),
        ("<html>Service Unavailable</html>", {}, 1, "a body that is not JSON"),
        ("", {}, 1, "an empty body"),
        ({}, {"Retry-After": str(whole)}, whole, "Retry-After alone"),
        ("<html>", {"Retry-After": str(whole)}, whole, "Retry-After and a body that is not JSON"),
        (
            {"estimated_time": whole + 0.5},
            {"Retry-After": str(other)},
            other,
            "Retry-After and estimated_time",
        ),
        ({"estimated_time": 3}, {"retry-after": "0"}, 0, "Retry-After of 0 and estimated_time"),
        ({}, {"Retry-After": "3600"}, 10, "Retry-After of an hour"),
        ({"estimated_time": short}, {"Retry-After": date}, short, "a date in Retry-After"),
        ({}, {"Retry-After": date}, 1, "a date in Retry-After and no estimated_time"),
    )
    for place, (body, headers, seconds, what) in enumerate(cases):
        status = BUSY[(place + whole) % 4]
        text = body if isinstance(body, str) else json.dumps(body)
        replies = [(status, text, headers), done]
        got = _answered(answer, texts, replies, f"one {status} with {what}, then 200")
        equal(got, expected, f"the answers after one {status} with {what}")
        # A wait of no seconds may be left out.
        close(sum(_slept(answer)), seconds, f"seconds waited after a {status} with {what}")
        equal(len(_requests(answer)), 2, f"requests when one {status} with {what} comes first")
        equal(
            [_body(request) for request in _requests(answer)],
            [{"inputs": texts}] * 2,
            f"what is sent again after a {status}",
        )
    times = [round(float(rng.uniform(0.5, 5)), 2) for _ in BUSY]
    asked_for = {"Retry-After": str(other)}
    for seconds, headers in ((other, asked_for), (10, {"Retry-After": "60"})):
        what = f"a 503 with {headers}, then 200"
        _answered(answer, texts, [(503, "{}", headers), done], what, timeout=1.5)
        close(
            sum(_slept(answer)),
            seconds,
            f"seconds waited after a 503 with {headers} and timeout=1.5",
            likely="`timeout` is for one request, not for the wait",
        )
    busy = [
        (status, json.dumps({"estimated_time": seconds}))
        for status, seconds in zip(awkward.shuffled(rng, list(BUSY)), times, strict=True)
    ]
    what = "three busy replies, then 200"
    got = _answered(answer, texts, [*busy[:3], done], what, token="hf_twice")
    equal(got, expected, f"the answers after {what}")
    close(_slept(answer), times[:3], "seconds waited after three replies with different times")
    equal(
        [request["headers"].get("authorization") for request in _requests(answer)],
        ["Bearer hf_twice"] * 4,
        "the token of each attempt",
    )
    replies = [(503, json.dumps({"estimated_time": 0})), done]
    got = _answered(answer, texts, replies, "a 503 with an estimated_time of 0, then 200")
    equal(got, expected, "the answers after a 503 with an estimated_time of 0")
    close(sum(_slept(answer)), 0.0, "seconds waited for an estimated_time of 0", likely="`or 1`")
    for place, retries in enumerate((0, 1, int(rng.integers(4, 8)), None)):
        options = {} if retries is None else {"retries": retries}
        calls = 4 if retries is None else retries + 1
        status, seconds = busy[place][0], times[place]
        what = f"only {status} with "
        what += "the default of three retries" if retries is None else f"retries={retries}"
        _raises_http_error(answer, texts, busy[place : place + 1], what, **options)
        equal(len(_requests(answer)), calls, f"requests for {what}")
        close(
            _slept(answer),
            [seconds] * (calls - 1),
            f"seconds waited for {what}",
            likely="a wait after the last request, which nobody needs",
        )
        if calls > 1:
            what = f"the last attempt succeeds, {what}"
            replies = [*busy[:1] * (calls - 1), done]
            got = _answered(answer, texts, replies, what, **options)
            equal(got, expected, f"the answers when {what}")


def _raises_http_error(answer, texts, replies, what, **options):
    try:
        got = answer(texts, _server(*replies), **options)
    except AnswerError as raised:
        got = "another library's HTTPError" if raised.kind == "HTTPError" else raised
        that(
            raised.is_a(requests.HTTPError),
            f"{what}: expected requests.HTTPError, got {got}.",
        )
        left_alone(answer, texts, _server(*replies))
        return raised.message
    that(False, f"{what}: expected requests.HTTPError, got the result {got!r:.100}.")


def _grade_errors(answer, rng):
    texts = _texts(rng, 1)
    for status in (400, 401, 403, 404, 408, 409, 413, 418, 422, 423, 425, 500, 501, 505, 507, 520):
        reason = f"The Reason, whatever it is, comes last: {rng.integers(10**9)}"
        what = f"status {status} with an error in the body"
        body = json.dumps({"error": reason, "estimated_time": 2})
        message = _raises_http_error(answer, texts, [(status, body)], what)
        that(reason in message, f"{what}: the message must hold {reason!r}; it says {message!r}.")
        equal(len(_requests(answer)), 1, f"{what}: requests; only {BUSY} are tried again")
        equal(_slept(answer), [], f"{what}: seconds waited")
    for body in ("<html>Bad Gateway</html>", "", "{", json.dumps({"detail": "nothing"})):
        _raises_http_error(answer, texts, [(500, body)], f"status 500 with the body {body!r}")
        equal(len(_requests(answer)), 1, f"status 500 with the body {body!r}: requests")
    for body in ("<html>Bad Gateway</html>", ""):
        what = f"status 502 with the body {body!r} and no retries"
        _raises_http_error(answer, texts, [(502, body)], what, retries=0)
    busy = (503, json.dumps({"estimated_time": 0.5}))
    message = _raises_http_error(
        answer, texts, [busy, (400, json.dumps({"error": "too long"}))], "a 400 after a 503"
    )
    that("too long" in message, f"A 400 after a 503: the message lacks 'too long': {message!r}.")
    equal(len(_requests(answer)), 2, "requests for a 400 after a 503")


_WORDS = (
    "oak",
    "elm",
    "ash",
    "fir",
    "yew",
    "bay",
    "fig",
    "pine",
    "palm",
    "plum",
    "pear",
    "lime",
    "rose",
    "reed",
    "fern",
    "moss",
)


@grades("classify")
def _(answer, rng):
    cased = int(rng.integers(2))
    for place, (kind, drawn) in enumerate(awkward.tokenizers(rng, vocabulary=_WORDS)):
        tokenizer = replace(drawn, lowercase=place % 2 == cased)
        labels = tuple(_names(rng, (2, 3, 6, 9)[place]))
        model = DropoutClassifier(
            "model",
            labels=labels,
            vocabulary_size=21,
            # The model would take more: the tokenizer's maximum decides.
            max_length=200,
            named=tuple(awkward.shuffled_dict(rng, dict.fromkeys(range(len(labels))))),
            seed=int(rng.integers(1_000_000)),
            dtype=("float32", "float32", "float64", "float16")[place],
        )
        longest = tokenizer.max_length
        # Without special tokens a text of no words is no input for a model.
        empty = () if tokenizer.ends == "none" else ("",)
        lengths = [1, 5, longest - 1, longest, longest + 1, 150]
        texts = [" ".join(rng.choice(_WORDS, size=length)) for length in lengths]
        texts += [
            *empty,
            "Zebra oak ÉLM",
            "OAK Oak",
            "oak. elm!",
            "  oak\t elm ",
            "oak 🙂 [SEP] elm",
        ]
        probabilities = _reader(tokenizer, model)
        for text in texts:
            got = answer(text, tokenizer, model)
            shown = text if len(text) < 30 else f"{len(text.split())} words"
            what = f"{shown!r}, {len(labels)} classes, {kind}, a maximum of {longest} tokens"
            has_type(got, dict, what)
            equal(sorted(got), ["label", "score"], f"{what}: the keys")
            has_type(got["score"], float, f"{what}: the score")
            scores = probabilities(text)
            close(
                got["score"],
                scores.max(),
                f"{what}: the score",
                likely="not truncated, special tokens left out, or a logit instead of a "
                "probability",
                tolerance=FLOAT32 if model.dtype != "float16" else COARSE,
            )
            best = np.sort(scores)[-2:]
            if best[1] - best[0] > COARSE:
                equal(got["label"], labels[int(scores.argmax())], f"{what}: the label")
            (left,) = (call for call in answer.calls if call["of"] == "model afterwards")
            equal(left["training"], [False], f"{what}: the modes of the model's parts afterwards")
            equal(left["changed"], [], f"{what}: what is changed of the model afterwards")
            that(
                not any(call["of"] == "pipeline" for call in answer.calls),
                f"{what}: a pipeline of transformers gave the answer; do its steps yourself.",
            )


def _reader(tokenizer, model):
    """Return a function that computes a text's probabilities here, on the truncated ids."""
    encode, forward = tokenizer.build([]), model.build([])

    def probabilities(text):
        ids = encode(text)["input_ids"]
        if len(ids) > tokenizer.max_length:
            last = ids[-1:] if tokenizer.ends in ("both", "back") else []
            ids = ids[: tokenizer.max_length - len(last)] + last
        with torch.no_grad():
            logits = forward(input_ids=torch.tensor([ids])).logits[0]
        return _softmax(logits.double().numpy())

    return probabilities


@grades("zero_shot")
def _(answer, rng):
    texts = awkward.KINDS_OF_TEXT | {"much": "so LONG " * 99}
    kinds = awkward.shuffled(rng, ["blanks at both ends", "capitals", "emoji", "nothing", "much"])
    sizes = ((1, "float64"), (2, "float32"), (3, "float64"), (5, "float64"), (12, "float32"))
    for kind, (count, dtype) in zip(kinds, sizes, strict=True):
        width = 5 if count == 5 else int(rng.integers(3, 9))  # square, which hides a wrong axis
        labels = _names(rng, count)
        text = texts[kind]
        # Vectors of very different lengths: only their direction may count.
        scale = 10.0 ** rng.uniform(-2, 2, size=(count + 1, 1))
        vectors = rng.normal(size=(count + 1, width)) * scale
        table = {
            name: tuple(vector)
            for name, vector in zip([text, *labels], vectors.tolist(), strict=True)
        }
        got = unchanged(answer, text, labels, Embedder("embed", table, dtype))
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        scores = _softmax(10 * unit[1:] @ unit[0])
        order = np.argsort(-scores)
        what = f"{count} labels for {text[:40]!r}"
        has_type(got, dict, what)
        equal(
            list(got),
            [labels[index] for index in order],
            f"{what}: the labels, best first",
            likely="not sorted, or dot products where the vectors' lengths count",
        )
        for value in got.values():
            has_type(value, float, f"{what}: a probability")
        close(
            list(got.values()),
            scores[order],
            f"{what}: the probabilities",
            likely="no factor of 10, or similarities that are not cosines",
            tolerance=FLOAT32,
        )
    # Opposite directions: the factor and the sign show most clearly.
    table = {"text": (2.0, 0.0), "same": (0.5, 0.0), "right angle": (0.0, 9.0), "back": (-3.0, 0.0)}
    got = answer("text", ["back", "right angle", "same"], Embedder("embed", table))
    close(list(got.values()), _softmax([10, 0, -10]), "the cosines 1, 0 and -1", tolerance=FLOAT32)
    table = {"joy": (2.0, 1.0), "Joy": (1.0, 3.0), " joy ": (4.0, -1.0)}
    labels = awkward.shuffled(rng, list(table))
    got = answer("joy", labels, Embedder("embed", table))
    equal(list(got), ["joy", " joy ", "Joy"], "a text that is a label, too, and labels like it")
    table = {name: vector[::-1] for name, vector in table.items()} | {"joy": (2.0, -1.0)}
    got = answer("joy", labels, Embedder("embed", table))
    best = ["joy", "Joy", " joy "]
    equal(list(got), best, "the same text and labels with another `embed`", "kept from before")
    raises(
        answer,
        "text",
        [],
        Embedder("embed", table),
        error=ValueError,
        mentions="labels",
        what="no labels",
    )


def _post(body):
    return {"method": "POST", "path": "/", "json": body}


@grades("create_app")
def _(answer, rng):
    labels = tuple(_names(rng, int(rng.integers(6, 12))))
    predict = Predict("predict", labels=labels)
    _grade_contract(answer, rng, predict)
    _grade_refusals(answer, rng, predict)
    _grade_faults(answer, rng, labels)


def _grade_contract(answer, rng, predict):
    texts = _texts(rng, 20)
    every = [predict.scores(text) for text in texts]
    one = texts[0] or "a"
    cases = [
        (_post({"inputs": texts}), every, "a list of texts"),
        (_post({"inputs": [one]}), [predict.scores(one)], "a list of one text"),
        (_post({"inputs": one}), [predict.scores(one)], "one string"),
        (_post({"inputs": ""}), [predict.scores("")], "the empty string"),
        (_post({"inputs": "  "}), [predict.scores("  ")], "a string of blanks"),
        (_post({"inputs": []}), [], "no texts"),
        (_post({"inputs": [], "parameters": {"top_k": 1}}), [], "no texts with top_k"),
        (_post({"inputs": texts, "parameters": {}}), every, "empty parameters"),
        (_post({"inputs": texts, "parameters": None}), every, "parameters that are null"),
    ]
    for top_k in (1, 2, 5, len(predict.labels), len(predict.labels) + 1, 1000, None):
        kept = [scores[:top_k] for scores in every]
        body = {"inputs": texts, "parameters": {"top_k": top_k}}
        cases.append((_post(body), kept, f"top_k={top_k}"))
    extra = {"inputs": one, "options": {"use_cache": False}, "parameters": {"x": [1]}, "y": None}
    cases.append((_post(extra), [predict.scores(one)], "unknown keys"))
    function = {"inputs": one, "parameters": {"function_to_apply": "softmax", "top_k": 2}}
    cases.append((_post(function), [predict.scores(one)[:2]], "an unknown parameter with top_k"))
    beside = {"inputs": one, "top_k": 1}
    cases.append((_post(beside), [predict.scores(one)], "top_k beside inputs, an unknown key"))
    largest = ["x" * int(rng.integers(1, 9)) for _ in range(64)]
    cases.append((_post({"inputs": largest}), list(map(predict.scores, largest)), "64 texts"))
    wide = "🙂" * 10_000  # one character each, however it is written
    cases.append((_post({"inputs": wide}), [predict.scores(wide)], "10,000 characters"))
    cases.append((_post({"inputs": ["a", wide]}), None, "10,000 characters in a list"))
    replies = answer.used(AppRequests(tuple(request for request, *_ in cases)), predict)
    for reply, (_, expected, what) in zip(replies, cases, strict=True):
        equal(reply["status"], 200, f"the status for {what}")
        if expected is not None:
            got = _parsed(reply)
            equal(got, expected, f"the answer to {what}", likely=_LIKELY.get(what, ""))
    requests = ({"method": "GET", "path": "/health"}, _post({"inputs": "fail"}))
    requests += ({"method": "GET", "path": "/health"},)
    statuses = [reply["status"] for reply in answer.used(AppRequests(requests), predict)]
    equal(statuses[0], 200, "the status of GET /health")
    equal(statuses[2], 200, "the status of GET /health after a fault of the model")


_LIKELY = {
    "one string": "one text, too, gives a list of lists",
    "no texts": "an empty list is valid",
}


def _parsed(reply):
    try:
        return json.loads(reply["text"])
    except ValueError:
        return reply["text"]


def _grade_refusals(answer, rng, predict):
    count, length = int(rng.integers(66, 200)), int(rng.integers(10_002, 20_000))
    fine = _texts(rng, 1)[0]
    bad = [
        *({}, [], "text", 3, None, [fine]),
        *(
            {"text": fine},
            {"inputs": None},
            {"inputs": 3},
            {"inputs": True},
            {"inputs": {"a": fine}},
        ),
        *(
            {"inputs": [fine, None]},
            {"inputs": [3]},
            {"inputs": [[fine]]},
            {"inputs": [fine, True]},
        ),
    ]
    for top_k in (0, -1, -int(rng.integers(2, 90)), 1.5, "2", "all", True, False, [1]):
        bad.append({"inputs": fine, "parameters": {"top_k": top_k}})
    bad.append({"inputs": [], "parameters": {"top_k": 0}})
    bad.append({"inputs": fine, "parameters": [1]})
    bad.append({"inputs": fine, "parameters": "top_k"})
    cases = [(_post(body), 422, f"the body {json.dumps(body)}") for body in bad]
    for raw in ("", "{", "inputs=a", '{"inputs": "a"', "[1,"):
        request = {"method": "POST", "path": "/", "body": raw}
        cases.append((request, 422, f"the body {raw!r}, which is not JSON"))
    large = {
        "65 texts": ["a"] * 65,
        f"{count} texts": ["a"] * count,
        "a string of 10,001 characters": "é" * 10_001,
        "a text of 10,001 characters": ["x" * 10_001],
        "10,001 characters after a short text": ["a", "b", " " * 10_001],
        f"a text of {length} characters": "x" * length,
    }
    cases += [(_post({"inputs": inputs}), 413, what) for what, inputs in large.items()]
    cases.append((_post({"inputs": fine}), 200, "a good body after many bad ones"))
    replies = answer.used(AppRequests(tuple(request for request, *_ in cases)), predict)
    for reply, (_, status, what) in zip(replies, cases, strict=True):
        equal(reply["status"], status, f"the status for {what}")
        got = _parsed(reply)
        that(
            status == 200 or (type(got) is dict and bool(got.get("error") or got.get("detail"))),
            f"The body of a {status} must say why under 'error' or 'detail': {what} got {got!r}.",
        )


def _grade_faults(answer, rng, labels):
    others = ("AssertionError", "AttributeError", "IndexError", "MemoryError", "TimeoutError")
    for kind in ("RuntimeError", "ValueError", "KeyError", "OSError", "TypeError", *others):
        message, cause = (f"{word} {rng.integers(10**9)}" for word in ("fault", "cause"))
        predict = Predict("predict", labels, f"{kind}: {message}", cause)
        bodies = ({"inputs": "fail"}, {"inputs": ["a", "fail"]}, {"inputs": "a"})
        replies = answer.used(AppRequests(tuple(map(_post, bodies))), predict)
        for reply in replies[:2]:
            what = f"a model that raises {kind}"
            equal(reply["status"], 500, f"{what}: the status")
            got = _parsed(reply)
            has_type(got, dict, f"{what}: the body")
            equal(list(got), ["error"], f"{what}: the keys of the body")
            said = got["error"]
            that(type(said) is str and said.strip(), f"{what}: expected a sentence, got {said!r}.")
            for secret in ("Traceback", 'File "', message, cause, ".py"):
                that(
                    secret not in reply["text"],
                    f"{what}: the body holds {secret!r}; what went wrong belongs in the log.",
                )
            that(
                message in reply["log"],
                f"{what}: neither the exception's message nor its trace reached `logging`.",
            )
        equal(replies[2]["status"], 200, "the status of a good request after two faults")
    broken = Predict("predict", labels, fails_on="")
    (reply,) = answer.used(AppRequests(({"method": "GET", "path": "/health"},)), broken)
    equal(reply["status"], 200, "the status of GET /health where `predict` always raises")
