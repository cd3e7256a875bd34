"""A small application behind an edge: one operation of each kind that the edge must tell apart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Query, Request, UploadFile
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict

from app import refusals
from app.edge import Edge
from tests.wire import CANARY, on_the_wire

MEGABYTE = 1_048_576
JSON = {"Content-Type": "application/json"}
DEADLINE_S = 0.3


class Answer(BaseModel):
    """A body that takes no other members."""

    model_config = ConfigDict(extra="forbid")

    question: str
    grade: int


class Filters(BaseModel):
    """Parameters, and no others."""

    model_config = ConfigDict(extra="forbid")

    status: str | None = None


operations = APIRouter(prefix="/v1")


@operations.get("/answers")
async def list_answers(filters: Annotated[Filters, Query()]) -> Filters:
    return filters


@operations.post("/answers", status_code=201)
async def create_answer(body: Answer) -> Answer:
    return body


@operations.post("/anything", status_code=201)
async def take_anything(request: Request) -> int:
    return len(await request.body())


@operations.post("/imports", status_code=201)
async def take_upload(request: Request) -> str:
    digest = sha256()
    async for part in request.stream():
        digest.update(part)
    return digest.hexdigest()


@operations.post("/imports/form", status_code=201)
async def take_form(file: UploadFile) -> int | None:
    return file.size


@operations.post("/imports/forbidden", status_code=403)
async def refuse_upload() -> None:
    return None


@operations.post("/oauth/token")
async def token(grant_type: Annotated[str, Form()]) -> str:
    return grant_type


@operations.get("/cached")
async def cached() -> PlainTextResponse:
    return PlainTextResponse("", headers={"Cache-Control": "max-age=60", "Vary": "Origin, accept"})


@operations.get("/broken")
async def broken() -> int:
    return int(CANARY)


@operations.post("/broken")
async def broken_with_body(request: Request) -> int:
    return int(await request.body() + CANARY.encode())


@operations.get("/half")
async def half() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "half"
        yield str(int(CANARY))

    return StreamingResponse(parts(), headers={"Content-Length": "8"})


def application() -> FastAPI:
    """Build the application, without an edge."""
    app = FastAPI(openapi_url=None)
    app.include_router(operations)
    refusals.install(app)
    return app


@asynccontextmanager
async def served(http: Any = "httptools", **options: Any) -> AsyncIterator[str]:
    """Serve it behind an edge; give its address."""
    edge = Edge(
        application(),
        is_upload=lambda _, path: path.startswith("/v1/imports"),
        body_deadline_s=DEADLINE_S,
        upload_limit=2 * MEGABYTE,
        **options,
    )
    async with on_the_wire(edge, http) as url:
        yield url
