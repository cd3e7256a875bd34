"""The contract: what FastAPI derives from the code, completed and made strict.

FastAPI knows paths, parameters, schemas and scopes. What it leaves out follows from those by the
tables of `openapi_rules` and is added here, so that an endpoint says only what is its own.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from http import HTTPStatus
from inspect import getdoc, getmodule
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from app import errors
from app.errors import PROBLEM_JSON, ApiError
from app.openapi_examples import example
from app.openapi_rules import ERRORS, REQUEST_HEADERS, RESPONSE_HEADERS, Json, Operation

SCHEMAS = "#/components/schemas/"
TOKEN_URL = "/v1/oauth/token"  # noqa: S105 - an address
SERVER = {
    "url": "/",
    "description": "The installation that serves this document: production, staging or local.",
    "x-internal": False,
}
UPLOAD = 67_108_864
LENGTHS = {"uuid": 36, "date": 10, "date-time": 40}
LENGTHS |= dict.fromkeys(("binary", "csv", "ndjson"), UPLOAD)
"""Longest text of a format; of whole files, in bytes."""
LITERAL = {"example", "examples", "default", "enum", "const"}
"""Keys whose value is no part of the document but a value of the API."""


def install(app: FastAPI, scopes: Mapping[str, str]) -> None:
    """Make the contract the document of the application. Derived once, when first asked for."""
    app.openapi = cache(lambda: derive(app, scopes))  # type: ignore[method-assign]


def render(document: Json) -> str:
    """Write the contract as the file in `openapi/` holds it and `/v1/openapi.json` serves it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def lines_of(model: type[BaseModel]) -> Json:
    """Return the `openapi_extra` of an operation that reads NDJSON, one `model` on each line."""
    schema = model.model_json_schema(ref_template=SCHEMAS + "{model}")
    named = {**schema.pop("$defs", {}), model.__name__: schema}
    item = {"$ref": SCHEMAS + model.__name__, "$defs": named}
    content = {"application/x-ndjson": {"itemSchema": item}}
    return {"requestBody": {"required": True, "content": content}}


def known_errors(family: type[ApiError] = ApiError) -> Iterator[type[ApiError]]:
    """Yield every error there is."""
    for error in family.__subclasses__():
        yield error
        yield from known_errors(error)


def derive(app: FastAPI, scopes: Mapping[str, str]) -> Json:
    """Return the contract of an application whose scopes are given with their sentences."""
    document = deepcopy(FastAPI.openapi(app))
    document["servers"] = app.servers or [SERVER]
    document["tags"] = _tags(app, document)
    schemas = document.setdefault("components", {}).pop("schemas", {}) | errors.problem_schemas()
    document["components"] |= _shared(scopes) | {"responses": {}, "schemas": schemas}
    for node in [*_nodes(document["paths"])]:
        schemas |= node.pop("$defs", {})
    for path, methods in document["paths"].items():
        for method, spec in methods.items():
            _complete(Operation(method, path, spec), document["components"])
    for step in (_allow_null, _tidy):
        for node in [*_nodes(document["paths"]), *_nodes(document["components"])]:
            step(node)
    _rename(document)
    _prune(document["components"], document)
    _exemplify(document)
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
            described.setdefault(str(name), {"name": str(name), "description": _line(text)})
    return sorted(described.values(), key=lambda tag: str(tag["name"]))


def _complete(operation: Operation, components: Json) -> None:
    """Add to an operation what follows from what it is."""
    spec = operation.spec
    if spec["summary"] == spec["operationId"].replace("_", " ").title() and "description" in spec:
        first = _line(spec["description"].partition("\n\n")[0])
        spec["summary"] = first.partition(". ")[0].removesuffix(".")
    ways = spec.get("security", [])
    scopes = sorted({scope for way in ways for asked in way.values() for scope in asked})
    spec["security"] = [{"bearer": []}, {"client_credentials": scopes}] if ways else []
    if scopes:
        needed = ", ".join(f"`{scope}`" for scope in scopes)
        spec["description"] = f"{spec.get('description', '')}\n\nScope: {needed}.".lstrip()
    if operation.method == "patch":
        content = spec.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            content["application/merge-patch+json"] = content.pop("application/json")
    _complete_parameters(operation)
    _complete_responses(operation, components)
    if not spec["parameters"]:
        del spec["parameters"]


def _complete_parameters(operation: Operation) -> None:
    """Take null from what is sent as text, and add the headers that follow from the operation."""
    parameters = operation.spec.setdefault("parameters", [])
    for parameter in parameters:
        schema = parameter["schema"]
        some = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
        if len(some) == 1:
            parameter["schema"] = {**some[0], **{k: v for k, v in schema.items() if k != "anyOf"}}
        parameter["schema"].pop("description", None)  # stands beside it
        if parameter["in"] == "header":
            parameter["name"] = parameter["name"].title()
    for name, (applies, header) in REQUEST_HEADERS.items():
        if applies(operation) and not operation.takes(name):
            parameters.append({"name": name, "in": "header", **deepcopy(header)})


def _complete_responses(operation: Operation, components: Json) -> None:
    """Describe successes, give them their headers, and add the errors."""
    responses = operation.spec["responses"]
    found: dict[int, list[type[ApiError]]] = {}
    for applies, group in ERRORS:
        for error in group if applies(operation) else ():
            found.setdefault(error.status.value, []).append(error)
    for status in [status for status in responses if status >= "4"]:
        found.setdefault(int(status), []).extend(_declared(status, responses.pop(status)))
    if operation.takes("If-None-Match"):
        responses["304"] = {"description": "Still the same."}
    for status, response in responses.items():
        names = [n for n, (applies, _) in RESPONSE_HEADERS.items() if applies(operation, status)]
        response["headers"] = _references(names) | response.get("headers", {})
        if response["description"] == "Successful Response":
            response["description"] = f"{HTTPStatus(int(status)).phrase}."
    for number in sorted(found):
        unique = [*dict.fromkeys(found[number])]
        name = "Or".join(error.__name__ for error in unique)
        components["responses"][name] = errors.responses(*unique)[number] | {
            "headers": _references(["X-Request-Id", *(h for e in unique for h in e.headers)])
        }
        responses[str(number)] = {"$ref": f"#/components/responses/{name}"}


def _references(headers: list[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}


def _declared(status: str, response: Json) -> list[type[ApiError]]:
    """Return the errors an endpoint names: by their examples, else the first of that status."""
    content = response.get("content", {}).get(PROBLEM_JSON, {})
    known = [*known_errors()]
    named = [error for error in known if error.code in content.get("examples", {})]
    return named or [error for error in known if str(error.status.value) == status][:1]


def _nodes(part: Any, *, named: bool = False) -> Iterator[Json]:
    """Yield every object of the document, but no values of the API and no maps of names."""
    if isinstance(part, list):
        for one in part:
            yield from _nodes(one)
    elif isinstance(part, dict):
        if not named:
            yield part
        for key, value in part.items():
            if named or key not in LITERAL:
                yield from _nodes(value, named=not named and key in ("properties", "schemas"))


def _allow_null(node: Json) -> None:
    """Allow null for a member that is withheld from some readers."""
    withheld = node.get("x-sensitivity", {}).get("redaction") == "null"
    if withheld and {"type": "null"} not in node.get("anyOf", []):
        keep = ("description", "x-sensitivity", "default", "examples")
        bare = {key: node.pop(key) for key in [*node] if key not in keep}
        node["anyOf"] = [bare, {"type": "null"}]


def _tidy(node: Json) -> None:
    """Remove what FastAPI made up from names, and write out the bounds a type implies."""
    if isinstance(node.get("title"), str):
        del node["title"]
    if node.get("default", ...) is None:
        del node["default"]
    if node.get("type") == "integer":
        small = max(abs(node.get("minimum", 0)), abs(node.get("maximum", 0))) < 2**31
        node.setdefault("format", "int32" if small else "int64")
    if node.get("format") in LENGTHS:
        node.setdefault("maxLength", LENGTHS[node["format"]])
    if "itemSchema" in node:  # a keyword of OpenAPI 3.2
        node["x-item-schema"] = node.pop("itemSchema")
        node["schema"] = {"type": "string", "format": "ndjson", "maxLength": UPLOAD}


def _rename(document: Json) -> None:
    """Name generic schemas as a person would: `Page_AgencyRead_` becomes `AgencyPage`."""
    schemas = document["components"]["schemas"]
    names = {
        name: re.sub(r"^([A-Za-z]+)_(\w+?)(Read)?_$", r"\2\1", name).replace("-", "")
        for name in sorted(schemas)
    }
    document["components"]["schemas"] = {new: schemas[old] for old, new in names.items()}
    for node in _nodes(document):
        if str(node.get("$ref", "")).startswith(SCHEMAS):
            node["$ref"] = SCHEMAS + names[node["$ref"].removeprefix(SCHEMAS)]


def _prune(components: Json, document: Json) -> None:
    """Remove what nothing refers to, until nothing more falls off."""
    used = {node["$ref"] for node in _nodes(document) if "$ref" in node}
    loose = [
        (kind, name)
        for kind in ("schemas", "headers")
        for name in components[kind]
        if f"#/components/{kind}/{name}" not in used
    ]
    for kind, name in loose:
        del components[kind][name]
    if loose:
        _prune(components, document)


def _exemplify(document: Json) -> None:
    """Give every body without an example one, but for files that are no text."""
    schemas = document["components"]["schemas"]
    for node in _nodes(document["paths"]):
        for media in node.get("content", {}).values():
            if "x-item-schema" in media:
                line = json.dumps(example(media["x-item-schema"], schemas), ensure_ascii=False)
                media.setdefault("example", line + "\n")
            elif not media.keys() & {"example", "examples"} and not _is_binary(media):
                media["example"] = example(media["schema"], schemas)


def _is_binary(media: Json) -> bool:
    return bool(media["schema"].get("format") == "binary")


def _line(text: str) -> str:
    return " ".join(text.split())
