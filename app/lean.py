"""Plain reads without the framework's machinery: the same endpoints, called directly.

FastAPI spends more on a small read than PostgreSQL does. This layer stands before it and calls
endpoints that take nothing but a caller, identifiers and filters, found by their signatures.
It knows the good case only: whatever is unusual (no token, a filter that does not validate, a
refusal, an error) is left to FastAPI, which runs the request from the start, so that there is
one way to refuse. A read has no effects: running it again does no harm. One that uses a disclosure
grant has, and never comes this way.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.params import Path, Query, Security
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.caller import Bearer

PREFIX = "/v1/"
DISCLOSES = b"disclosure-grant"
HEX = "[0-9a-fA-F]"
ID = re.compile(f"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}")


@dataclass(frozen=True, slots=True)
class Read:
    """An endpoint that can be called directly: what it takes, and under which names."""

    endpoint: Callable[..., Awaitable[Response]]
    bearer: Bearer
    caller: str
    ids: tuple[str, ...]
    filters: str | None
    model: type[BaseModel] | None
    lists: frozenset[str]
    unfiltered: BaseModel | None

    def filters_of(self, query: bytes) -> BaseModel:
        """Validate the query. Raises `ValueError` for what FastAPI should look at."""
        if not query and self.unfiltered is not None:
            return self.unfiltered
        if self.model is None:
            raise ValueError
        values: dict[str, Any] = {}
        for name, value in parse_qsl(query.decode("ascii"), keep_blank_values=True):
            if name in self.lists:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise ValueError
            else:
                values[name] = value
        return self.model.model_validate(values)


class LeanReads:
    """An ASGI application that answers plain reads and passes on everything else."""

    def __init__(self, app: FastAPI, routers: Iterable[APIRouter]) -> None:
        self.app: ASGIApp = app
        self.fastapi = app
        self.reads = dict(
            found for router in routers for route in router.routes if (found := _read_of(route))
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain read, or pass it on."""
        if scope["type"] == "http" and scope["method"] == "GET":
            response = await self._answer(scope, receive)
            if response is not None:
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        path = scope["path"]
        if not path.startswith(PREFIX) or any(name == DISCLOSES for name, _ in scope["headers"]):
            return None
        parts = path[len(PREFIX) :].split("/")
        ids = [part for part in parts if ID.fullmatch(part)]
        read = self.reads.get("/".join("{}" if part in ids else part for part in parts))
        if read is None:
            return None
        try:
            taken: dict[str, Any] = {
                name: UUID(part) for name, part in zip(read.ids, ids, strict=True)
            }
            if read.filters:
                taken[read.filters] = read.filters_of(scope["query_string"])
            elif scope["query_string"]:
                return None
            scope["endpoint"] = read.endpoint  # as Starlette does, for whoever logs
            request = Request({**scope, "app": self.fastapi}, receive)
            taken[read.caller] = await read.bearer(request)
            return await read.endpoint(**taken)
        except Exception:  # noqa: BLE001 - FastAPI runs it again and says what is wrong
            return None


def _read_of(route: object) -> tuple[str, Read] | None:
    """Describe a route that can be called directly; null for any other."""
    if not isinstance(route, APIRoute) or route.methods != {"GET"}:
        return None
    callers: list[tuple[str, Bearer]] = []
    ids: list[str] = []
    filters: list[tuple[str, type[BaseModel]]] = []
    for name, hint in get_type_hints(route.endpoint, include_extras=True).items():
        if name == "return":
            continue
        kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        mark = next(iter(marks), None)
        if isinstance(mark, Security) and isinstance(mark.dependency, Bearer):
            callers.append((name, mark.dependency))
        elif isinstance(mark, Path) and kind is UUID:
            ids.append(name)
        elif isinstance(mark, Query) and isinstance(kind, type) and issubclass(kind, BaseModel):
            filters.append((name, kind))
        else:
            return None
    if len(callers) != 1 or len(filters) > 1:
        return None
    in_path = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    if in_path != ids:
        return None
    model = filters[0][1] if filters else None
    template = "/".join("{}" if part.startswith("{") else part for part in route.path.split("/"))
    return template.removeprefix("/"), Read(
        endpoint=route.endpoint,
        bearer=callers[0][1],
        caller=callers[0][0],
        ids=tuple(ids),
        filters=filters[0][0] if filters else None,
        model=model,
        lists=_lists(model),
        unfiltered=_unfiltered(model),
    )


def _lists(model: type[BaseModel] | None) -> frozenset[str]:
    fields = {} if model is None else model.model_fields
    return frozenset(name for name, field in fields.items() if get_origin(field.annotation) is list)


def _unfiltered(model: type[BaseModel] | None) -> BaseModel | None:
    """Return the filters of a request without a query; null where some are required."""
    if model is None or any(field.is_required() for field in model.model_fields.values()):
        return None
    return model()
