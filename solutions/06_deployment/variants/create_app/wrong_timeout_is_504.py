# Wrong: a TimeoutError of `predict` is answered with 504.
import logging

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr


def create_app(predict):
    class Parameters(BaseModel):
        top_k: StrictInt | None = Field(default=None, ge=1)

    class Question(BaseModel):
        inputs: StrictStr | list[StrictStr]
        parameters: Parameters | None = None

    app = FastAPI()

    @app.get("/health")
    def health():
        return {"status": "ok"}

    @app.post("/")
    def classify(question: Question):
        inputs = question.inputs
        texts = [inputs] if isinstance(inputs, str) else inputs
        if len(texts) > 64:
            raise HTTPException(status_code=413, detail="more than 64 texts")
        if any(len(text) > 10_000 for text in texts):
            raise HTTPException(status_code=413, detail="a text of more than 10,000 characters")
        if not texts:
            return []
        top_k = question.parameters.top_k if question.parameters else None
        try:
            answers = predict(texts)
        except TimeoutError:
            logging.getLogger(__name__).exception("predict failed")
            return JSONResponse({"error": "too slow"}, status_code=504)
        except Exception:
            logging.getLogger(__name__).exception("predict failed")
            return JSONResponse({"error": "The model could not answer."}, status_code=500)
        return [scores[:top_k] for scores in answers]

    return app
