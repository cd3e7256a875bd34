"""Schemas: what FastAPI made up is removed, what the types imply is written out."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from app.openapi.rules import Json

SCHEMAS = "#/components/schemas/"
UPLOAD = 67_108_864
LENGTHS = {"uuid": 36, "date": 10, "date-time": 40, "binary": UPLOAD, "csv": UPLOAD}
"""Longest text of a format; of files, in bytes."""
LITERAL = {"example", "examples", "default", "enum", "const"}
"""Keys whose value is no part of the document but a value of the API."""


def lines_of(model: type[BaseModel]) -> Json:
    """Return the `openapi_extra` of an operation that reads NDJSON, one `model` on each line."""
    schema = model.model_json_schema(ref_template=SCHEMAS + "{model}")
    named = {**schema.pop("$defs", {}), model.__name__: schema}
    item = {"$ref": SCHEMAS + model.__name__, "$defs": named}
    content = {"application/x-ndjson": {"itemSchema": item}}
    return {"requestBody": {"required": True, "content": content}}


def nodes(part: Any, *, named: bool = False) -> Iterator[Json]:
    """Yield every object of the document, but no values of the API and no maps of names."""
    if isinstance(part, list):
        for one in part:
            yield from nodes(one)
    elif isinstance(part, dict):
        if not named:
            yield part
        for key, value in part.items():
            if named or key not in LITERAL:
                yield from nodes(value, named=not named and key in ("properties", "schemas"))


def tidy(node: Json) -> None:
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
    for kind, media in node.get("content", {}).items():
        if kind.startswith("text/") and media.get("schema", {}).get("format") == "binary":
            media["schema"] |= {"format": kind.removeprefix("text/"), "maxLength": UPLOAD}
    if "itemSchema" in node:  # a keyword of OpenAPI 3.2
        node["x-item-schema"] = node.pop("itemSchema")
        node["schema"] = {"type": "string", "format": "ndjson", "maxLength": UPLOAD}


def bound_answers(document: Json) -> None:
    """Write out that whole numbers we answer with are of 32 bits; of what is sent, none."""
    schemas = document["components"]["schemas"]
    sent: set[str] = set()
    waiting: list[Any] = [
        operation.get("requestBody", {})
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    while waiting:
        refs = {node["$ref"] for node in nodes(waiting.pop()) if "$ref" in node}
        names = {ref.removeprefix(SCHEMAS) for ref in refs if ref.startswith(SCHEMAS)} - sent
        sent |= names
        waiting += [schemas[name] for name in names if name in schemas]
    for name in schemas.keys() - sent:
        for node in nodes(schemas[name]):
            if node.get("type") == "integer" and "enum" not in node:
                if "exclusiveMinimum" not in node:
                    node.setdefault("minimum", 1 - 2**31)
                if "exclusiveMaximum" not in node:
                    node.setdefault("maximum", 2**31 - 1)


def allow_null(node: Json) -> None:
    """Allow null for a member that is withheld from some readers."""
    withheld = node.get("x-sensitivity", {}).get("redaction") == "null"
    if withheld and {"type": "null"} not in node.get("anyOf", []):
        keep = ("description", "x-sensitivity", "default", "examples")
        bare = {key: node.pop(key) for key in [*node] if key not in keep}
        node["anyOf"] = [bare, {"type": "null"}]


def rename(document: Json) -> None:
    """Name generic schemas as a person would: `Page_AgencyRead_` becomes `AgencyPage`."""
    schemas = document["components"]["schemas"]
    names = {
        name: re.sub(r"^([A-Za-z]+)_(\w+?)(Read)?_$", r"\2\1", name).replace("-", "")
        for name in schemas
    }
    named = {new: schemas[old] for old, new in names.items()}
    if len(named) < len(names):
        message = f"Two schemas would have one name: {sorted(names.items())}"
        raise ValueError(message)
    document["components"]["schemas"] = dict(sorted(named.items()))
    for node in nodes(document):
        if str(node.get("$ref", "")).startswith(SCHEMAS):
            node["$ref"] = SCHEMAS + names[node["$ref"].removeprefix(SCHEMAS)]


def prune(document: Json) -> None:
    """Remove what nothing refers to, until nothing more falls off."""
    used = {node["$ref"] for node in nodes(document) if "$ref" in node}
    loose = [
        (kind, name)
        for kind in ("schemas", "headers")
        for name in document["components"][kind]
        if f"#/components/{kind}/{name}" not in used
    ]
    for kind, name in loose:
        del document["components"][kind][name]
    if loose:
        prune(document)
