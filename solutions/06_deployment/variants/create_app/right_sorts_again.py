# Right: sorts again what is sorted already, and cuts a copy.
import logging

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr


class Parameters(BaseModel):
    top_k: StrictInt | None = Field(default=None, ge=1)


class Question(BaseModel):
    inputs: StrictStr | list[StrictStr]
    parameters: Parameters | None = None


def best_first(entries, top_k):
    return sorted(entries, key=lambda entry: entry["score"], reverse=True)[:top_k]


def create_app(predict):
    app = FastAPI()

    @app.get("/health")
    def health():
        return "fine"

    @app.post("/")
    def classify(question: Question):
        texts = [question.inputs] if isinstance(question.inputs, str) else question.inputs
        if len(texts) > 64 or any(len(text) > 10_000 for text in texts):
            raise HTTPException(413, "at most 64 texts of 10,000 characters")
        if not texts:
            return []
        try:
            answers = predict(texts)
        except Exception:
            logging.exception("predict failed")
            return JSONResponse({"error": "The model has no answer."}, status_code=500)
        top_k = question.parameters.top_k if question.parameters else None
        return [best_first(entries, top_k) for entries in answers]

    return app
