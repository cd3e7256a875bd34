"""JSON in one reading only: what two parsers could read differently is refused (RFC 7493).

The standard library's scanner does the work; a megabyte takes milliseconds.
"""

import json
import re
from math import isfinite
from typing import Any, NoReturn

from app.errors import BadRequest

MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 19
"""Enough for 64 bits."""

BRACKETS = bytes.maketrans(b"{}", b"[]")
NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
PAIR = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..", re.DOTALL)
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class MalformedJson(BadRequest):
    """The body is not one JSON object or array."""

    code = "malformed_json"


class NotUtf8(BadRequest):
    """The text is not UTF-8, or begins with a byte order mark."""

    code = "not_utf8"


class JsonTooDeep(BadRequest):
    """The body nests objects and arrays more than 32 deep."""

    code = "json_too_deep"


class JsonDuplicateMember(BadRequest):
    """An object in the body names a member twice."""

    code = "json_duplicate_member"


class JsonNotFinite(BadRequest):
    """The body holds a number that is not finite, or too large to be read as one."""

    code = "json_not_finite"


class JsonIntegerTooLong(BadRequest):
    """The body holds a whole number of more than 19 digits."""

    code = "json_integer_too_long"


class JsonNul(BadRequest):
    """The body holds the character U+0000."""

    code = "json_nul"


class JsonLoneSurrogate(BadRequest):
    """The body holds half of a surrogate pair."""

    code = "json_lone_surrogate"


def read(content: bytes) -> Any:
    """Read one object or array. Raises a `BadRequest` that names the rule that was broken."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise NotUtf8 from None
    if text.startswith("\ufeff"):
        raise NotUtf8
    if "\0" in text:
        raise NotUtf8 if json.detect_encoding(content) != "utf-8" else JsonNul
    value = _parse(text)
    if not isinstance(value, dict | list):
        raise MalformedJson
    _check_depth(content)
    _check_escapes(content)
    return value


def _parse(text: str) -> Any:
    try:
        return DECODER.decode(text)
    except RecursionError:
        raise JsonTooDeep from None
    except ValueError:
        raise MalformedJson from None


def _check_depth(content: bytes) -> None:
    """Refuse what is nested too deeply, in text that was read without error."""
    if content.count(b"[") + content.count(b"{") <= MAX_DEPTH:
        return
    outside_strings = b"".join(_plain(content).replace(b'\\"', b"").split(b'"')[::2])
    nesting = outside_strings.translate(None, NOT_BRACKETS).translate(BRACKETS)
    for _ in range(MAX_DEPTH):
        # Each round takes the innermost level off, at the speed of C.
        nesting = nesting.replace(b"[]", b"")
    if nesting:
        raise JsonTooDeep


def _check_escapes(content: bytes) -> None:
    if b"\\u" not in content:
        return
    escapes = _plain(content)
    if b"\\u0000" in escapes:
        raise JsonNul
    if SURROGATE.search(escapes) and SURROGATE.search(PAIR.sub(b"", escapes)):
        raise JsonLoneSurrogate


def _plain(content: bytes) -> bytes:
    """Blot out escaped backslashes, so that any backslash left begins an escape."""
    return content.replace(b"\\\\", b"__")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise JsonDuplicateMember
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise JsonNotFinite
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS and len(text.removeprefix("-")) > MAX_INTEGER_DIGITS:
        raise JsonIntegerTooLong
    return int(text)


def _not_a_number(_: str) -> NoReturn:
    raise JsonNotFinite


DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_float=_finite,
    parse_int=_integer,
    parse_constant=_not_a_number,
)
