"""Pages by key: a cursor is the last key of the page before, sealed against change."""

import base64
import hmac
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidCursor

Cursor = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[A-Za-z0-9_.\-]+$")]


class Paging(BaseModel):
    """Query parameters that every list has. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[
        int,
        Field(
            ge=1, le=200, description="Most items on a page.", json_schema_extra={"format": "int32"}
        ),
    ] = 50
    cursor: Annotated[
        Cursor | None, Field(description="`next_cursor` of the page before; absent for the first.")
    ] = None


@dataclass(frozen=True, slots=True)
class Matches:
    """Gives a filter a condition of its own over `t`; `{}` is its value."""

    sql: str


def seal(key: bytes, binding: str, keys: list[Any]) -> str:
    """Write a cursor: the keys of the last row, valid for one caller, list and set of filters.

    It holds ids and sort keys only, in base64, which hides nothing: sort keys are never
    personal data.
    """
    body = json.dumps(keys, separators=(",", ":"), default=str).encode()
    tag = hmac.digest(key, binding.encode() + b"\0" + body, sha256)[:16]
    return base64.urlsafe_b64encode(tag + body).decode().rstrip("=")


def unseal(key: bytes, binding: str, cursor: str) -> list[Any]:
    """Read a cursor back. Raises `InvalidCursor` if it was made for anything else."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise InvalidCursor from None
    expected = hmac.digest(key, binding.encode() + b"\0" + raw[16:], sha256)[:16]
    if not hmac.compare_digest(expected, raw[:16]):
        raise InvalidCursor
    keys: list[Any] = json.loads(raw[16:])
    return keys


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: Annotated[
        list[T], Field(max_length=200, description="The records, in the list's order.")
    ]
    next_cursor: Annotated[
        Cursor | None, Field(description="Where the next page begins; null on the last.")
    ]
