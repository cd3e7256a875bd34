"""Operations: their words, security, parameters, answers, and what can be done next."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from http import HTTPStatus

from app import errors
from app.errors import PROBLEM_JSON, ApiError
from app.openapi.rules import ERRORS, REQUEST_HEADERS, RESPONSE_HEADERS, Json, Operation


def known_errors(family: type[ApiError] = ApiError) -> Iterator[type[ApiError]]:
    """Yield every error there is."""
    for error in family.__subclasses__():
        yield error
        yield from known_errors(error)


def complete(operation: Operation, shared: Json) -> None:
    """Add to an operation what follows from what it is; errors go to the `shared` responses."""
    spec = operation.spec
    _complete_words(spec)
    _complete_security(spec)
    if operation.method == "patch":
        content = spec.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            content["application/merge-patch+json"] = content.pop("application/json")
    _complete_parameters(operation)
    _complete_successes(operation)
    _complete_errors(operation, shared)


def _complete_words(spec: Json) -> None:
    """Make the first sentence of the docstring the summary."""
    text = spec.get("description", "")
    made_up = spec["operationId"].replace("_", " ").title()
    if text and spec["summary"] == made_up:
        first = " ".join(text.partition("\n\n")[0].split())
        spec["summary"] = first.partition(". ")[0].removesuffix(".")


def _complete_security(spec: Json) -> None:
    """Say who may call: everybody, or who holds a token with the scopes."""
    ways = spec.get("security", [])
    scopes = sorted({scope for way in ways for asked in way.values() for scope in asked})
    spec["security"] = [{"bearer": []}, {"client_credentials": scopes}] if ways else []
    if scopes:
        needed = ", ".join(f"`{scope}`" for scope in scopes)
        spec["description"] = f"{spec.get('description', '')}\n\nScope: {needed}.".lstrip()


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


def _complete_successes(operation: Operation) -> None:
    """Describe successes and give them their headers."""
    responses = operation.spec["responses"]
    if operation.takes("If-None-Match"):
        responses["304"] = {"description": "Still the same."}
    for status in [status for status in responses if status < "4"]:
        response = responses[status]
        names = [n for n, (applies, _) in RESPONSE_HEADERS.items() if applies(operation, status)]
        response["headers"] = _references(names) | response.get("headers", {})
        if response["description"] == "Successful Response":
            response["description"] = f"{HTTPStatus(int(status)).phrase}."


def _complete_errors(operation: Operation, shared: Json) -> None:
    """Gather the errors that follow from the operation and those it names, by status."""
    responses = operation.spec["responses"]
    found: dict[int, list[type[ApiError]]] = {}
    for applies, group in ERRORS:
        for error in group if applies(operation) else ():
            found.setdefault(error.status.value, []).append(error)
    for status in [status for status in responses if status >= "4"]:
        found.setdefault(int(status), []).extend(_named(status, responses.pop(status)))
    for number in sorted(found):
        unique = [*dict.fromkeys(found[number])]
        name = "Or".join(error.__name__ for error in unique)
        headers = ("X-Request-Id", *(header for error in unique for header in error.headers))
        shared[name] = errors.responses(*unique)[number] | {"headers": _references(headers)}
        responses[str(number)] = {"$ref": f"#/components/responses/{name}"}


def _named(status: str, response: Json) -> list[type[ApiError]]:
    """Return the errors an endpoint names: by their examples, else the first of that status."""
    content = response.get("content", {}).get(PROBLEM_JSON, {})
    known = [*known_errors()]
    named = [error for error in known if error.code in content.get("examples", {})]
    return named or [error for error in known if str(error.status.value) == status][:1]


def _references(headers: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}


def link(operations: list[Operation]) -> None:
    """Lead from a record that was made or read to the operations on it, under its tag."""
    for operation in operations:
        responses = operation.spec["responses"]
        if operation.creates and "201" in responses:
            ids, root = "$response.body#/id", operation.path
            _lead(responses["201"], ids, root, operations)
        if operation.reads_record:
            root, _, name = operation.path.removesuffix("}").rpartition("/{")
            changes = [other for other in operations if other.takes("If-Match")]
            _lead(responses["200"], f"$request.path.{name}", root, changes)


def _lead(response: Json, id: str, root: str, operations: list[Operation]) -> None:
    for operation in operations:
        if match := re.fullmatch(re.escape(root) + r"/{(\w+)}(/[a-z-]+)*", operation.path):
            known = {match[1]: id}
            if operation.takes("If-Match"):
                known["If-Match"] = "$response.header.ETag"
            name = operation.spec["operationId"]
            response.setdefault("links", {})[name] = {"operationId": name, "parameters": known}
