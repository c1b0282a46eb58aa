# Right: asks `predict` for one text after the other.
import logging

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr


def create_app(predict):
    app = FastAPI()

    class P(BaseModel):
        top_k: StrictInt | None = Field(default=None, gt=0)

    class B(BaseModel):
        inputs: StrictStr | list[StrictStr]
        parameters: P | None = None

    @app.get("/health")
    def health():
        return "ok"

    @app.post("/")
    def root(b: B):
        inputs = b.inputs
        if isinstance(inputs, str):
            inputs = [inputs]
        if len(inputs) > 64:
            raise HTTPException(413, "max. 64 texts")
        out = []
        for text in inputs:
            if len(text) > 10000:
                raise HTTPException(413, "max. 10000 characters per text")
        for text in inputs:
            try:
                scores = predict([text])[0]
            except Exception as e:
                logging.exception(e)
                return JSONResponse(content={"error": "model error"}, status_code=500)
            if b.parameters and b.parameters.top_k:
                scores = scores[: b.parameters.top_k]
            out.append([{"label": s["label"], "score": s["score"]} for s in scores])
        return out

    return app
