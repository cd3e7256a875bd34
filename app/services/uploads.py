"""Taking in a file: the form is read to its end in memory, within a size, and scanned.

Nothing touches a disk before it is encrypted. The caller is known before a byte is read.
"""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.broken_rules import RULES
from app.errors import (
    BadRequest,
    Invalid,
    PayloadTooLarge,
    ProblemError,
    Unavailable,
    UnsupportedMediaType,
)
from app.schemas.base import Body

FORM_BYTES = 65_536
"""Room for what a form holds besides its file."""
SCAN_S = 60.0


class InfectedFile(Invalid):
    """The scanner found malicious content in the file."""

    code = "infected_file"


class ScannerFailed(Unavailable):
    """The file could not be scanned. Nothing was stored; try again later."""

    code = "scanner_failed"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent, and what its form says of it."""

    file_name: str
    content: bytes
    form: Body


class _InMemory(MultiPartParser):
    """Keeps files off the disk, where they would lie in the clear."""

    spool_max_size = 2**31


class _TooLarge(MultiPartException):
    """More is coming than may: an error of the parser's own kind, so that it lets go of files."""


async def receive(request: Request, form: type[Body], limit: int) -> Upload:
    """Read a form of one part `file` and the members of a schema.

    Raises `UnsupportedMediaType`, `PayloadTooLarge` above `limit` bytes, `BadRequest`, and what
    does not match the schema.
    """
    described = request.headers.get("content-type", "").lower()
    is_utf_8 = "charset" not in described or "charset=utf-8" in described
    if not (described.startswith("multipart/form-data") and is_utf_8):
        raise UnsupportedMediaType
    parser = _InMemory(
        request.headers,
        _at_most(request.stream(), limit + FORM_BYTES),
        max_files=1,
        max_fields=len(form.model_fields) + 1,
        max_part_size=FORM_BYTES,
    )
    try:
        fields = await parser.parse()
    except _TooLarge:
        raise PayloadTooLarge from None
    except (MultiPartException, KeyError):
        raise BadRequest from None
    try:
        return await _upload(fields.multi_items(), form, limit)
    finally:
        await fields.close()


async def _at_most(stream: AsyncIterator[bytes], limit: int) -> AsyncGenerator[bytes, None]:
    left = limit
    async for part in stream:
        left -= len(part)
        if left < 0:
            raise _TooLarge("")
        yield part


async def _upload(fields: list[tuple[str, Any]], form: type[Body], limit: int) -> Upload:
    sent = dict(fields)
    if len(sent) < len(fields):
        raise BadRequest
    file = sent.pop("file", None)
    if not isinstance(file, UploadFile):
        raise _refused("missing")
    try:
        said = form.model_validate({name: value for name, value in sent.items() if value != ""})
    except ValidationError as error:
        failures = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(failures) from None
    content = await file.read()
    if len(content) > limit:
        raise PayloadTooLarge
    if not content:
        raise _refused("too_short")
    return Upload(file.filename or "", content, said)


def _refused(code: str) -> Invalid:
    return Invalid(ProblemError(location="body", pointer="/file", code=code, detail=RULES[code]))


async def scan(command: Sequence[str], content: bytes) -> str:
    """Have a file scanned; return `clean`, or `not_scanned` where there is no scanner.

    Raises `InfectedFile` and `ScannerFailed`. The scanner gets nothing but the content.
    """
    if not command:
        return "not_scanned"
    try:
        scanner = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env={"PATH": os.defpath}
        )
    except OSError:
        raise ScannerFailed from None
    try:
        async with asyncio.timeout(SCAN_S):
            await scanner.communicate(content)
    except TimeoutError:
        raise ScannerFailed from None
    finally:
        with suppress(ProcessLookupError):
            scanner.kill()
        await scanner.wait()
    if scanner.returncode == 1:
        raise InfectedFile.at("/file")
    if scanner.returncode != 0:
        raise ScannerFailed
    return "clean"
