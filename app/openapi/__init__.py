"""The contract: what FastAPI derives from the code, completed and made strict.

FastAPI knows paths, parameters, schemas and scopes. What it leaves out follows from those by the
tables in `rules` and is added here, so that an endpoint says only what is its own.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from inspect import getdoc, getmodule

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app import errors
from app.openapi.examples import exemplify
from app.openapi.operations import complete, known_errors, link
from app.openapi.rules import RESPONSE_HEADERS, Json, Operation
from app.openapi.schemas import allow_null, bound_answers, lines_of, nodes, prune, rename, tidy
from app.openapi.webhooks import describe_webhooks

__all__ = ["derive", "install", "known_errors", "lines_of", "render"]

TOKEN_URL = "/v1/oauth/token"  # noqa: S105 - an address
WRITTEN = ("paths", "webhooks", "components")
"""The parts of a document that hold schemas."""
SERVER = {
    "url": "/",
    "description": "The installation that serves this document: production, staging or local.",
    "x-internal": False,
}


def install(app: FastAPI, scopes: Mapping[str, str]) -> None:
    """Make the contract the document of the application. Derived once, when first asked for."""
    app.openapi = cache(lambda: derive(app, scopes))  # type: ignore[method-assign]


def render(document: Json) -> str:
    """Write the contract as the file in `openapi/` holds it and `/v1/openapi.json` serves it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def derive(app: FastAPI, scopes: Mapping[str, str]) -> Json:
    """Return the contract of an application whose scopes are given with their sentences."""
    document = deepcopy(FastAPI.openapi(app))
    document["servers"] = app.servers or [SERVER]
    document["tags"] = _tags(app, document)
    schemas = document.setdefault("components", {}).pop("schemas", {}) | errors.problem_schemas()
    document["components"] |= _shared(scopes) | {"responses": {}, "schemas": schemas}
    if "/v1/subscriptions" in document["paths"]:
        describe_webhooks(document)
    for node in [*nodes(document["paths"])]:
        schemas |= node.pop("$defs", {})
    operations = [
        Operation(method, path, spec)
        for path, methods in document["paths"].items()
        for method, spec in methods.items()
    ]
    for operation in operations:
        complete(operation, document["components"]["responses"])
    link(operations)
    bound_answers(document)
    for step in (allow_null, tidy):
        for node in [node for part in WRITTEN for node in nodes(document.get(part, {}))]:
            step(node)
    rename(document)
    prune(document)
    exemplify(document)
    return document


def _shared(scopes: Mapping[str, str]) -> Json:
    """Return the components that do not depend on the operations."""
    return {
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "Opaque access token of a person or an agency's system.",
            },
            "client_credentials": {
                "type": "oauth2",
                "description": "How an agency's system gets its access token (RFC 6749, 4.4). It"
                " is opaque, short-lived and can be revoked; as no JWT it is outside RFC8725.",
                "flows": {"clientCredentials": {"tokenUrl": TOKEN_URL, "scopes": dict(scopes)}},
            },
        },
        "headers": {name: deepcopy(header) for name, (_, header) in RESPONSE_HEADERS.items()},
    }


def _tags(app: FastAPI, document: Json) -> list[Json]:
    """Describe tags: by the application, else by the module of their first endpoint."""
    described = {tag["name"]: tag for tag in document.get("tags", [])}
    for route in iter_route_contexts(app.routes):
        text = (getdoc(getmodule(getattr(route, "endpoint", None))) or "").partition("\n\n")[0]
        for name in getattr(route, "tags", None) or ():
            tag = {"name": str(name), "description": " ".join(text.split())}
            described.setdefault(str(name), tag)
    return sorted(described.values(), key=lambda tag: str(tag["name"]))
