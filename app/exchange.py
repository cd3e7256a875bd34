"""One request and its answer on the wire: what comes in is bounded, what goes out is dressed."""

import asyncio
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from app.errors import PayloadTooLarge, RequestTimeout

LINGER_S = 1.0
"""How long an early answer waits for the rest of a body. A connection closed at once is reset, and
the answer lost to a client that is still sending."""

ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
NO_STORE = (b"cache-control", b"no-store")
CLOSE = (b"connection", b"close")
VARY = b"Authorization, Disclosure-Grant, Accept"

Header = tuple[bytes, bytes]


class Body:
    """The body of a request, on its way in."""

    __slots__ = ("_content", "_deadline_s", "_left", "_receive", "arrived")

    def __init__(self, receive: Receive, deadline_s: float) -> None:
        self._receive = receive
        self._deadline_s = deadline_s
        self._left = 0
        self._content: bytes | None = None
        self.arrived = False

    def limit(self, limit: int, declared: bytes | None) -> None:
        """Set how many bytes to take. Raises `PayloadTooLarge` if more are announced."""
        if declared is not None and int(declared) > limit:
            raise PayloadTooLarge
        self._left = limit

    async def whole(self) -> bytes:
        """Read to the end, which must come within the deadline.

        Raises `RequestTimeout`, `PayloadTooLarge`, or `ClientDisconnect` if nobody is left.
        """
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(self._deadline_s):
                while not self.arrived:
                    message = await self._next()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnect
                    chunks.append(message.get("body", b""))
        except TimeoutError:
            raise RequestTimeout from None
        self._content = b"".join(chunks)
        return self._content

    async def replay(self) -> Message:
        """Hand over what `whole` has read; after that, what the server says."""
        if self._content is None:
            return await self._receive()
        content, self._content = self._content, None
        return {"type": "http.request", "body": content, "more_body": False}

    async def stream(self) -> Message:
        """Hand over the next part, which must come within the deadline.

        Raises `RequestTimeout` or `PayloadTooLarge`.
        """
        if self.arrived:
            return await self._receive()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._next()
        except TimeoutError:
            raise RequestTimeout from None

    async def linger(self) -> None:
        """Let the rest come, unread, for a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self.arrived:
                    self._note(await self._receive())

    async def _next(self) -> Message:
        message = await self._receive()
        self._note(message)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise PayloadTooLarge
        return message

    def _note(self, message: Message) -> None:
        self.arrived = message["type"] == "http.disconnect" or not message.get("more_body", False)


class Reply:
    """The answer to a request, on its way out, in the headers that every answer wears."""

    __slots__ = ("_id", "_is_https", "_send", "body", "started")

    def __init__(self, send: Send, request_id: str, *, is_https: bool) -> None:
        self._send = send
        self._id = request_id.encode()
        self._is_https = is_https
        self.body: Body | None = None
        """What the request brings; null for nothing."""
        self.started = False

    async def send(self, message: Message) -> None:
        """Send the next part. Closes the connection where the body has not come to its end."""
        unread = None if self.body is None or self.body.arrived else self.body
        if message["type"] == "http.response.start":
            self.started = True
            headers = self._dress(message.get("headers", []))
            if unread:
                headers.append(CLOSE)
            await self._send({**message, "headers": headers})
        elif unread and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await unread.linger()
            await self._send({"type": "http.response.body"})
        else:
            await self._send(message)

    def _dress(self, answered: list[Header]) -> list[Header]:
        headers = [*answered, *ALWAYS, (b"x-request-id", self._id)]
        present = dict(answered)
        if b"cache-control" not in present:
            headers.append(NO_STORE)
        if self._is_https:
            headers.append(HTTPS_ONLY)
        if b"vary" not in present:
            return [*headers, (b"vary", VARY)]
        return _merge_vary(headers)


def _merge_vary(headers: list[Header]) -> list[Header]:
    values = [VARY, *(value for name, value in headers if name == b"vary")]
    fields = {field.strip().lower(): field.strip() for field in b",".join(values).split(b",")}
    others = [header for header in headers if header[0] != b"vary"]
    return [*others, (b"vary", b", ".join(fields.values()))]
