"""Calendars of what is owed, as other programs take them: iCalendar (RFC 5545), section 23.

The few lines that the standard asks for. Every entry is a whole day, so that no time zone and no
change of summer time moves it.
"""

import secrets
from base64 import b64decode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import NotFound, Unauthenticated
from app.models.timetable import CalendarFeed
from app.schemas.timetable import CalendarFeedCreate, CalendarFeedRead
from app.services.records import creating, insert
from app.services.revealing import revealing

ENTRIES = f"""{ENTER}
SELECT e.* FROM caller CROSS JOIN LATERAL actor.calendar_entries($3, $4) e
WHERE caller.id IS NOT NULL
"""
DONE = {"met": "Delivered: ", "met_late": "Delivered late: ", "waived": "Waived: "}
LINE = 75
"""Octets of a line, its end not counted."""


async def issue_feed(caller: Caller, body: CalendarFeedCreate) -> Response:
    """Make a calendar and show its secret this once; null to who sends the same key again."""
    secret: str | None = None
    async with creating(caller, CalendarFeedRead, body) as creation:
        if creation.is_new:
            secret = secrets.token_urlsafe(32)
            made = body.model_dump() | {
                "made_by_id": creation.db.actor.id,
                "token_hash": sha256(secret.encode()).digest(),
            }
            creation.id = await insert(creation.db, CalendarFeed, made)
    return revealing(creation.response, secret=secret)


async def show_feed(caller: Caller, feed_id: UUID) -> Response:
    """Answer with a calendar; 304 if the caller has it.

    Raises `Unauthenticated` without a password, `NotFound` for a wrong one.
    """
    hashed = sha256(_password(caller.header("authorization") or "")).digest()
    rows = await caller.database.reads.fetch(
        ENTRIES, caller.token_hash, caller.scope, feed_id, hashed
    )
    if not rows:
        raise NotFound
    text = calendar_of([row for row in rows if row["id"] is not None]).encode()
    tag = f'"{sha256(text).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in (caller.header("if-none-match") or ""):
        return Response(status_code=304, headers=headers)
    return Response(text, 200, headers, "text/calendar; charset=utf-8")


def _password(authorization: str) -> bytes:
    """Return the password of HTTP Basic."""
    scheme, _, given = authorization.partition(" ")
    try:
        _, separator, password = b64decode(given, validate=True).partition(b":")
    except ValueError:
        raise Unauthenticated from None
    if scheme.lower() != "basic" or not separator:
        raise Unauthenticated
    return password


def calendar_of(rows: Sequence[Any]) -> str:
    """Write a calendar of obligations."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//safeguarding-api//timetable//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        *(line for row in rows for line in _event(row)),
        "END:VCALENDAR",
    ]
    return "".join(folded(line) for line in lines)


def _event(row: Any) -> Iterable[str]:
    """Write one entry. Its identifier stays the same, its sequence grows with every move."""
    day = row["due_on"]
    changed: datetime = row["updated_at"].astimezone(UTC)
    status = "CANCELLED" if row["status"] in ("cancelled", "waived") else "CONFIRMED"
    yield "BEGIN:VEVENT"
    yield f"UID:{row['id']}@safeguarding-api"
    yield f"DTSTAMP:{changed:%Y%m%dT%H%M%SZ}"
    yield f"LAST-MODIFIED:{changed:%Y%m%dT%H%M%SZ}"
    yield f"SEQUENCE:{row['changes']}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escaped(DONE.get(row['status'], '') + row['title'])}"
    yield f"STATUS:{status}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """Write a text as a value: backslash, comma, semicolon and line ends are escaped."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n")):
        text = text.replace(plain, written)
    text = text.replace("\n", "\\n").replace("\r", "\\n")
    return "".join(each for each in text if each >= " " or each == "\t")


def folded(line: str) -> str:
    """End a line, and break it where it is longer than 75 octets, never within a character."""
    parts, room = [""], LINE
    for each in line:
        size = len(each.encode())
        if size > room:
            parts.append("")
            room = LINE - 1
        parts[-1] += each
        room -= size
    return "\r\n ".join(parts) + "\r\n"
