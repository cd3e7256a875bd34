"""Examples of bodies, put together from the examples of their members."""

import json
import re
from typing import Any

from app.openapi.rules import Json
from app.openapi.schemas import nodes

BY_FORMAT = {
    "uuid": "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650",
    "date": "2017-11-01",
    "date-time": "2017-11-01T09:30:00Z",
    "email": "office@example.org",
    "uri": "https://example.org/",
    "uri-reference": "/v1",
}
BY_TYPE: dict[str, Any] = {"boolean": True, "null": None}
TEXTS = ("text", "office@example.org", "0", "/text", BY_FORMAT["uuid"], "0" * 64, "")
"""What a text without an example or a format may be: the first that its schema allows."""


def exemplify(document: Json) -> None:
    """Give every body without an example one, but for files that are no text."""
    schemas = document["components"]["schemas"]
    for node in (*nodes(document["paths"]), *nodes(document.get("webhooks", {}))):
        for media in node.get("content", {}).values():
            if "x-item-schema" in media:
                line = json.dumps(example(media["x-item-schema"], schemas), ensure_ascii=False)
                media.setdefault("example", line + "\n")
            elif not media.keys() & {"example", "examples"} and not _is_binary(media):
                media["example"] = example(media["schema"], schemas)


def _is_binary(media: Json) -> bool:
    return bool(media["schema"].get("format") == "binary")


def example(schema: Json, schemas: Json, within: tuple[str, ...] = ()) -> Any:
    """Return a value of a schema; `schemas` are the named ones, `within` those we are inside."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example(schemas[name] | _given(schema), schemas, (*within, name))
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        return example(branches[0] | _given(schema), schemas, within)
    kind = schema.get("type", "object")
    return _of_type(kind[0] if isinstance(kind, list) else kind, schema, schemas, within)


def _given(schema: Json) -> Json:
    """Return what stands beside a reference or alternatives and outranks them."""
    return {"examples": schema["examples"]} if "examples" in schema else {}


def _of_type(kind: str, schema: Json, schemas: Json, within: tuple[str, ...]) -> Any:
    if kind == "object":
        members = schema.get("properties", {})
        return {name: example(member, schemas, within) for name, member in members.items()}
    if kind == "array":
        items = schema.get("items", {})
        endless = items.get("$ref", "").rpartition("/")[2] in within
        return [] if endless else [example(items, schemas, within)] * schema.get("minItems", 1)
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("maximum", 0))
    if kind == "string":
        return BY_FORMAT.get(schema.get("format", "")) or _text(schema)
    return BY_TYPE[kind]


def _text(schema: Json) -> str:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 1000)
    return next(
        text
        for text in TEXTS
        if shortest <= len(text) <= longest and re.search(schema.get("pattern", ""), text)
    )
