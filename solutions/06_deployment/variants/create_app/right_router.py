# Right: a router, classes outside the function, and a handler for an exception of its own.
import logging
from typing import Annotated

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictStr


class Options(BaseModel):
    top_k: Annotated[int, Field(ge=1, strict=True)] | None = None


class Job(BaseModel):
    inputs: StrictStr | list[StrictStr]
    parameters: Options | None = Options()


class ModelFailed(Exception):
    pass


def create_app(predict):
    router = APIRouter()

    @router.get("/health")
    def alive():
        return "ok"

    @router.post("/")
    def run(job: Job):
        batch = job.inputs if isinstance(job.inputs, list) else [job.inputs]
        if len(batch) > 64 or max(map(len, batch), default=0) > 10_000:
            raise HTTPException(status_code=413, detail={"why": "too large"})
        if not batch:
            return []
        try:
            result = predict(batch)
        except BaseException as e:
            logging.error("predict failed: %s", e)
            raise ModelFailed from e
        k = job.parameters.top_k if job.parameters else None
        return [r if k is None else r[:k] for r in result]

    app = FastAPI()
    app.include_router(router)

    @app.exception_handler(ModelFailed)
    def failed(request: Request, exc: ModelFailed):
        return JSONResponse(status_code=500, content={"error": "Sorry, no answer."})

    return app
