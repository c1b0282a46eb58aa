# Right: the body read and checked by hand, faults by an exception handler.
import json
import traceback
from logging import getLogger

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse


class Fault(Exception):
    pass


def parsed(raw):
    body = json.loads(raw)
    inputs = body["inputs"]
    texts = [inputs] if isinstance(inputs, str) else inputs
    if type(texts) is not list or any(type(text) is not str for text in texts):
        raise TypeError("inputs")
    parameters = body.get("parameters")
    parameters = {} if parameters is None else parameters
    top_k = parameters.get("top_k")
    if top_k is not None and (type(top_k) is not int or top_k < 1):
        raise ValueError("top_k")
    return texts, top_k


def create_app(predict):
    app = FastAPI()

    @app.exception_handler(Fault)
    async def failed(request, fault):
        return JSONResponse({"error": "the model failed"}, 500)

    async def answer(request: Request):
        try:
            texts, top_k = parsed(await request.body())
        except (ValueError, TypeError, KeyError, AttributeError) as reason:
            return JSONResponse({"error": f"bad request: {reason}"}, 422)
        if len(texts) > 64 or max(map(len, texts), default=0) > 10_000:
            return JSONResponse({"error": "too large"}, 413)
        try:
            predictions = [predict([text])[0] for text in texts]
        except Exception as reason:
            getLogger("service").error(traceback.format_exc())
            raise Fault from reason
        return JSONResponse([entries[:top_k] for entries in predictions])

    async def health(request: Request):
        return PlainTextResponse("fine")

    app.add_api_route("/", answer, methods=["POST"])
    app.add_api_route("/health", health)
    return app
