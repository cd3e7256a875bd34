"""How a record is answered: its bytes, its tag, and the refusal of a stale one."""

from collections.abc import Mapping
from hashlib import sha256

from fastapi import Response

from app.errors import PreconditionFailed, PreconditionRequired

JSON = "application/json"


def etag(body: bytes) -> str:
    """Return the strong tag of a body: it moves when, and only when, what this reader sees does."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Send a record, under its tag."""
    return Response(body, status, {"ETag": etag(body), **(headers or {})}, JSON)


def check_tag(expected: str | None, body: bytes) -> None:
    """Compare `If-Match` with the tag of what the caller sees now."""
    if expected is None:
        raise PreconditionRequired
    if expected != "*" and etag(body) not in [tag.strip() for tag in expected.split(",")]:
        raise PreconditionFailed
