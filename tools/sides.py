"""A contract read for comparison: what a caller sends and gets, as named slots."""

import re
from typing import Any, NamedTuple

Json = dict[str, Any]
Schema = Json | bool

TYPES = {"null", "boolean", "object", "array", "number", "string", "integer"}
TYPE_OF = {"NoneType": "null", "bool": "boolean", "dict": "object", "list": "array"}
TYPE_OF |= {"str": "string", "int": "integer", "float": "number"}


class Slot(NamedTuple):
    """A named place for a value: a parameter, a header, a body of one media type, a member."""

    schema: Schema
    required: bool = False
    form: tuple[Any, ...] = ()
    """How the value is written, where that is a choice."""


class Side:
    """One of the two documents, and how to read it."""

    def __init__(self, document: Json) -> None:
        self.document = document

    def follow(self, node: Json) -> Json:
        """Replace a reference by what it points to; keys beside it win.

        `from` keeps where the reference led.
        """
        while "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node = {**target, **beside, "from": node["$ref"]}
        return node

    def schema(self, node: Schema) -> Json:
        """Write a schema in one form.

        References, `allOf`, `const` and a lone alternative are dissolved; `types` is a set that
        includes null; `branches` holds what is left of `anyOf` or `oneOf`.
        """
        if isinstance(node, bool):
            return {"types": set(TYPES) if node else set(), "branches": []}
        whole = dict(self.follow(node))
        branches = whole.pop("anyOf", None) or whole.pop("oneOf", None) or []
        others = [branch for branch in branches if branch.get("type") != "null"]
        if "const" in whole:
            whole["enum"] = [whole.pop("const")]
        listed = {TYPE_OF[type(value).__name__] for value in whole.get("enum", [])}
        named = whole.pop("type", listed or TYPES)
        whole["types"] = {named} if isinstance(named, str) else set(named)
        whole["branches"] = others if len(others) > 1 else []
        for part in [*whole.pop("allOf", []), *(others if len(others) == 1 else [])]:
            whole = _both(whole, self.schema(part))
        if len(others) > 1:
            whole["types"] &= set().union(*(self.schema(other)["types"] for other in others))
        if len(others) < len(branches):
            whole["types"].add("null")
        return whole

    def operations(self, section: str) -> dict[str, Json]:
        """Return the operations by method and path; names of path parameters do not count."""
        return {
            f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}": {
                **operation,
                "parameters": [*item.get("parameters", []), *operation.get("parameters", [])],
                "path": path,
            }
            for path, item in self.document.get(section, {}).items()
            for method, operation in item.items()
            if isinstance(operation, dict)
        }

    def security(self, operation: Json) -> list[Json]:
        """Return the ways to get in: scopes by scheme. Public is one way that asks nothing."""
        return operation.get("security", self.document.get("security")) or [{}]

    def entrance(self) -> dict[str, Slot]:
        """Return the addresses, and the security schemes with what they ask of a caller."""
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        urls = [server["url"] for server in self.document.get("servers", [])]
        return {f"server {url}": Slot(True) for url in urls} | {
            f"security scheme {name}": Slot(
                True,
                form=tuple(scheme.get(key) for key in ("type", "scheme", "in", "name"))
                + tuple(flow.get("tokenUrl") for flow in scheme.get("flows", {}).values()),
            )
            for name, scheme in schemes.items()
        }

    def request(self, operation: Json) -> dict[str, Slot]:
        """Return what a request is made of; parameters of the path by position."""
        order = re.findall(r"{([^}]*)}", operation["path"])
        slots = {}
        for one in map(self.follow, operation["parameters"]):
            key = order.index(one["name"]) + 1 if one["in"] == "path" else one["name"]
            form = one.get("style"), one.get("explode")
            slots[f"{one['in']} {key}"] = Slot(
                one.get("schema", True), one.get("required", False), form
            )
        if "requestBody" in operation:
            body = self.follow(operation["requestBody"])
            slots |= {"body": Slot(True, body.get("required", False)), **_contents("body ", body)}
        return slots

    def answer(self, response: Json) -> dict[str, Slot]:
        """Return what an answer is made of."""
        response = self.follow(response)
        headers = {name: self.follow(one) for name, one in response.get("headers", {}).items()}
        return _contents("", response) | {
            f"header {name}": Slot(header.get("schema", True), header.get("required", False))
            for name, header in headers.items()
        }


def _both(one: Json, two: Json) -> Json:
    """Join two normal forms that hold at the same time."""
    joined = {**two, **one, "types": one["types"] & two["types"]}
    joined["properties"] = {**two.get("properties", {}), **one.get("properties", {})}
    for key in ("required", "branches"):
        joined[key] = [*one.get(key, []), *two.get(key, [])]
    return joined


def members(schema: Json) -> dict[str, Slot]:
    """Return the members of an object whose schema is in normal form."""
    required = schema.get("required", [])
    return {n: Slot(part, n in required) for n, part in schema.get("properties", {}).items()}


def _contents(prefix: str, body: Json) -> dict[str, Slot]:
    contents = body.get("content", {}).items()
    return {f"{prefix}{media}": Slot(one.get("schema", True)) for media, one in contents}
