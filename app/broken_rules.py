"""Which rules of its schema a request breaks: where, and which; never with what.

Pydantic's own messages repeat values, and its places repeat names that the caller invented.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from app.errors import MAX_ERRORS, Location, ProblemError

RULES: dict[str, str] = {
    "missing": "Required, and absent.",
    "unknown_member": "The contract knows no member or parameter of this name here.",
    "wrong_type": "Of another type than the contract says.",
    "wrong_format": "Not written in the format that the contract says.",
    "too_short": "Shorter than the contract allows.",
    "too_long": "Longer than the contract allows.",
    "too_small": "Smaller than the contract allows.",
    "too_large": "Larger than the contract allows.",
    "too_early": "Earlier than the contract allows.",
    "too_late": "Later than the contract allows.",
    "pattern": "Does not match the pattern in the contract.",
    "not_a_choice": "Not one of the values in the contract.",
    "date_format": "A date is written YYYY-MM-DD.",
    "time_format": "A time is written as RFC 3339 with its offset.",
    "days_in_order": "An audit opens, is due and locks, in this order.",
    "names_nobody": "Say whom: by records, by identifiers or by a selection.",
    "invalid": "Breaks a rule of the contract.",
}
"""What a value can break, by code. A `PydanticCustomError` of ours takes its type from here."""

FROM_TYPE: Mapping[str, str] = {
    "extra_forbidden": "unknown_member",
    "union_tag_not_found": "missing",
    "union_tag_invalid": "not_a_choice",
    "enum": "not_a_choice",
    "literal_error": "not_a_choice",
    "string_pattern_mismatch": "pattern",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "int_parsing_size": "too_large",
    "int_from_float": "wrong_type",
    "date_future": "too_early",
    "datetime_future": "too_early",
    "date_past": "too_late",
    "datetime_past": "too_late",
    "date_from_datetime_inexact": "wrong_format",
    "timezone_naive": "wrong_format",
    "timezone_aware": "wrong_format",
    "url_scheme": "wrong_format",
    "url_syntax_violation": "wrong_format",
    "uuid_version": "wrong_format",
}
"""Codes of Pydantic's types that do not say it by their ending."""

FROM_ENDING: Mapping[str, str] = {
    "_type": "wrong_type",
    "_parsing": "wrong_format",
    "_too_short": "too_short",
    "_too_long": "too_long",
    "_digits": "too_long",
    "_places": "too_long",
}

LOCATIONS: Mapping[object, Location] = {"query": "query", "path": "path", "header": "header"}

Step = str | int


def broken_rules(
    failures: Sequence[Mapping[str, Any]], body: object, names: Collection[str]
) -> list[ProblemError]:
    """Describe Pydantic's failures, at most fifty, in the contract's own words.

    Each place begins with the part of the request ("body", "query" …). `names` are the member
    names of the contract (`member_names`): a pointer ends before any other.
    """
    found: dict[ProblemError, None] = {}
    for failure in failures:
        if len(found) == MAX_ERRORS:
            break
        found[_broken_rule(failure, body, names)] = None
    return list(found)


def member_names(document: object) -> frozenset[str]:
    """Collect the names of all members in a JSON Schema or OpenAPI document."""
    return frozenset(_member_names(document))


def _member_names(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(members := node.get("properties"), dict):
            yield from members
        for child in node.values():
            yield from _member_names(child)
    elif isinstance(node, list):
        for child in node:
            yield from _member_names(child)


def _broken_rule(failure: Mapping[str, Any], body: object, names: Collection[str]) -> ProblemError:
    code = _code(failure["type"])
    part, *steps = failure["loc"] or ("body",)
    location = LOCATIONS.get(part, "header" if part == "cookie" else "body")
    if failure["type"] == "extra_forbidden":
        steps = steps[:-1]
    if location == "body":
        pointer = "".join(f"/{_escape(step)}" for step in _known(steps, body, names))
    else:
        pointer = str(steps[0]) if steps else ""
    return ProblemError(location=location, pointer=pointer, code=code, detail=RULES[code])


def _code(kind: str) -> str:
    if kind in RULES:
        return kind
    if kind in FROM_TYPE:
        return FROM_TYPE[kind]
    return next((code for end, code in FROM_ENDING.items() if kind.endswith(end)), "invalid")


def _known(steps: Sequence[Step], body: object, names: Collection[str]) -> Iterator[Step]:
    """Follow the steps into the body, as far as the contract names them.

    Pydantic puts labels of union branches between the steps; they lead nowhere in the body.
    """
    place = body
    for position, step in enumerate(steps, start=1):
        if isinstance(place, list) and isinstance(step, int) and step < len(place):
            place = place[step]
        elif isinstance(place, dict) and step in place:
            if step not in names:
                return
            place = place[step]
        elif position < len(steps) or step not in names:
            continue
        yield step


def _escape(step: Step) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
