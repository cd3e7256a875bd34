"""The edge: what every request passes before the application sees it, and every answer after it.

One plain ASGI middleware around the application. A body is read whole, within a size and a time,
and has one reading only; an upload is passed on as it comes, within a size and without long
pauses. No failure reaches the server's own log, which would print its message.

Beyond its reach, and so a matter of how the server is run: a time limit on headers (a reverse
proxy, `--limit-concurrency`), the `Server` header (`--no-server-header`), the access log with its
addresses (`--no-access-log`), and the plain 400 of the server itself to what is not HTTP.
"""

import asyncio
import re
from collections.abc import Callable
from itertools import chain
from os import urandom
from urllib.parse import unquote_to_bytes

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from app import strict_json
from app.errors import (
    ApiError,
    BadRequest,
    HeadersTooLarge,
    Unexpected,
    UnsupportedMediaType,
)
from app.exchange import Body, Header, Reply
from app.failures import trace

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MAX_QUERY_BYTES = 8_192
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32_768

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods an operation may have: to any other the answer is 405, whatever its body."""
JSON_TYPES = frozenset({b"application/json", b"application/merge-patch+json"})
FORM_TYPE = b"application/x-www-form-urlencoded"
FORM_PATHS = frozenset({"/v1/oauth/token"})
"""Where RFC 6749 prescribes a form."""
ONCE = frozenset(
    b"host content-length content-type authorization idempotency-key disclosure-grant".split()
)
"""Headers that two readers would read differently if they came twice."""

UTF_8 = (b"utf-8", b"utf8")
BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\s;\"]*)", re.IGNORECASE)


class MalformedUrl(BadRequest):
    """The address is too long, or is not UTF-8 in percent-encoding, or holds U+0000."""

    code = "malformed_url"


class MalformedForm(BadRequest):
    """The form is not UTF-8 in percent-encoding, or holds U+0000."""

    code = "malformed_form"


class AmbiguousHeaders(BadRequest):
    """A header that may come once came twice, or the body's length is given in two ways."""

    code = "ambiguous_headers"


class UnknownHost(BadRequest):
    """The service does not go by this host name."""

    code = "unknown_host"


class Edge:
    """Bounds and checks every request, dresses every answer, and swallows every failure.

    `is_upload(method, path)` says which bodies are streamed to the application unread. Sizes are in
    bytes; the deadline is for a whole body, and for each pause of an upload. `hosts` are the names
    the service goes by, in lower case; null takes any.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        is_upload: Callable[[str, str], bool],
        body_limit: int = 1_048_576,
        upload_limit: int = 20_971_520,
        body_deadline_s: float = 15.0,
        hosts: frozenset[str] | None = None,
    ) -> None:
        self._app = app
        self._is_upload = is_upload
        self._body_limit = body_limit
        self._upload_limit = upload_limit
        self._deadline_s = body_deadline_s
        self._hosts = None if hosts is None else frozenset(host.encode() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises nothing but what ends the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        reply = Reply(send, request_id, is_https=scope["scheme"] == "https")
        failure = await self._serve(scope, receive, reply)
        if failure is None:
            return
        refusal = failure if isinstance(failure, ApiError) else Unexpected()
        if reply.started or refusal is not failure:
            log.error("failed", request_id=request_id, **trace(failure))
        if not reply.started:
            await refusal.response(request_id)(scope, receive, reply.send)

    async def _serve(self, scope: Scope, receive: Receive, reply: Reply) -> Exception | None:
        """Let the application answer; return what kept it from it."""
        try:
            body = await self._admit(scope, receive, reply)
            await self._app(scope, body, reply.send)
        except ClientDisconnect:
            return None
        except asyncio.CancelledError as stopped:
            # The server prints this, and would print what was being handled when it came.
            raise stopped from None
        except Exception as failure:  # noqa: BLE001 - the last place where one can be kept in
            return failure
        return None

    async def _admit(self, scope: Scope, receive: Receive, reply: Reply) -> Receive:
        """Check a request as far as its operation does not matter; return where its body comes."""
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length")
        if declared not in (None, b"0") or b"transfer-encoding" in headers:
            reply.body = Body(receive, self._deadline_s)
        self._check_headers(scope["headers"], headers)
        _check_url(scope)
        if reply.body is None:
            return receive
        if self._is_upload(scope["method"], scope["path"]):
            reply.body.limit(self._upload_limit, declared)
            return reply.body.stream
        reply.body.limit(self._body_limit, declared)
        if scope["method"] not in METHODS:
            return reply.body.replay
        check = _checker(scope["path"], headers)
        if content := await reply.body.whole():
            check(content)
        return reply.body.replay

    def _check_headers(self, listed: list[Header], headers: dict[bytes, bytes]) -> None:
        if (
            len(listed) > MAX_HEADERS
            or sum(map(len, chain.from_iterable(listed))) > MAX_HEADER_BYTES
        ):
            raise HeadersTooLarge
        if len(headers) < len(listed):
            names = [name for name, _ in listed]
            if any(names.count(name) > 1 for name in ONCE):
                raise AmbiguousHeaders
        if b"transfer-encoding" in headers and b"content-length" in headers:
            raise AmbiguousHeaders
        if self._hosts is not None and _host(headers.get(b"host", b"")) not in self._hosts:
            raise UnknownHost


def _new_id() -> str:
    """Make a UUID of version 4, in a third of the time that `uuid4` takes."""
    digits = urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _host(header: bytes) -> bytes:
    """Return the name in a `Host` header, without its port."""
    name, colon, port = header.rpartition(b":")
    return (name if colon and port.isdigit() else header).lower()


def _check_url(scope: Scope) -> None:
    query: bytes = scope["query_string"]
    if len(query) > MAX_QUERY_BYTES:
        raise MalformedUrl
    if not (_is_readable(query) and _is_readable(scope.get("raw_path") or b"")):
        raise MalformedUrl


def _is_readable(encoded: bytes) -> bool:
    """Tell whether percent-encoded text is UTF-8 without U+0000."""
    if b"%" not in encoded and encoded.isascii():
        return b"\0" not in encoded
    decoded = unquote_to_bytes(encoded)
    if BAD_PERCENT.search(encoded) or b"\0" in decoded:
        return False
    try:
        decoded.decode()
    except UnicodeDecodeError:
        return False
    return True


def _checker(path: str, headers: dict[bytes, bytes]) -> Callable[[bytes], object]:
    """Return what checks the content of a body. Raises `UnsupportedMediaType`."""
    described = headers.get(b"content-type", b"")
    charset = CHARSET.search(described)
    if b"content-encoding" in headers or (charset and charset[1].lower() not in UTF_8):
        raise UnsupportedMediaType
    media_type = described.partition(b";")[0].strip().lower()
    if media_type in JSON_TYPES:
        return strict_json.read
    if media_type == FORM_TYPE and path in FORM_PATHS:
        return _check_form
    raise UnsupportedMediaType


def _check_form(content: bytes) -> None:
    if not _is_readable(content):
        raise MalformedForm
