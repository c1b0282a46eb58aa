# Wrong: top_k over the number of classes is refused.
import logging

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr


class Options(BaseModel):
    top_k: StrictInt | None = Field(default=None, ge=1, le=5)


class Question(BaseModel):
    inputs: StrictStr | list[StrictStr]
    parameters: Options | None = None


def create_app(predict):
    app = FastAPI()

    @app.post("/", response_model=None)
    def answer(question: Question):
        texts = question.inputs
        if isinstance(texts, str):
            texts = [texts]
        if len(texts) > 64 or any(len(text) > 10_000 for text in texts):
            raise HTTPException(status_code=413, detail="too much")
        if not texts:
            return []
        try:
            predictions = predict(texts)
        except Exception:
            logging.exception("the model failed")
            return JSONResponse({"error": "the model failed"}, status_code=500)
        top_k = question.parameters.top_k if question.parameters else None
        return [entries[:top_k] for entries in predictions]

    @app.get("/health")
    def health():
        return {}

    return app
