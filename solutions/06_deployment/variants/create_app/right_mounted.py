# Right: a Starlette app, mounted into one of FastAPI.
import logging

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response
from starlette.routing import Route


def create_app(predict):
    class Root(HTTPEndpoint):
        async def post(self, request):
            try:
                body = await request.json()
                inputs, parameters = body["inputs"], body.get("parameters") or None
                if body.get("parameters") is not None and type(body["parameters"]) is not dict:
                    raise TypeError("parameters must be an object")
                top_k = (parameters or {}).get("top_k")
                if top_k is not None and (type(top_k) is not int or top_k < 1):
                    raise ValueError("top_k must be a whole number from 1")
                texts = [inputs] if type(inputs) is str else inputs
                if type(texts) is not list or not all(type(text) is str for text in texts):
                    raise TypeError("inputs must be a string or strings")
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                return JSONResponse({"error": f"bad request: {error}"}, status_code=422)
            if len(texts) > 64 or any(len(text) > 10_000 for text in texts):
                return JSONResponse({"error": "too large"}, status_code=413)
            if not texts:
                return JSONResponse([])
            try:
                answers = await anyio.to_thread.run_sync(predict, texts)
            except Exception as error:
                logging.getLogger("mounted").warning("predict: %r", error)
                return JSONResponse({"error": "the model is broken"}, status_code=500)
            return JSONResponse([scores[:top_k] for scores in answers])

    class Health(HTTPEndpoint):
        async def get(self, request):
            return Response(status_code=200)

    app = FastAPI()
    app.mount("/", Starlette(routes=[Route("/", Root), Route("/health", Health)]))
    return app
