"""Meetings: what they consider, who was there, and how often each agency is."""

import json
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import Conflict, Invalid, NotFound
from app.models.governance import AgendaItem, Attendance, MeetingStatus
from app.models.governance import Meeting as MeetingTable
from app.schemas.meetings import (
    AgendaItemCreate,
    AgendaItemRead,
    AttendanceCreate,
    AttendanceRateFilters,
    AttendanceRead,
    MeetingRead,
    MeetingUpdate,
)
from app.services.answering import JSON
from app.services.decisions import require_seen
from app.services.nameless import refuse_names_in
from app.services.records import changing, creating, insert, patch, render, update

SEAT = """
SELECT s.agency_id FROM memberships s JOIN meetings m ON m.body_id = s.body_id
WHERE s.id = $1 AND m.id = $2
"""
RATES = f"""
{ENTER}, seen AS (
    SELECT b.id FROM bodies b WHERE b.id = $3 AND (SELECT id FROM caller) IS NOT NULL
), rates AS (
    SELECT p.agency_id, count(*) AS meetings, count(*) FILTER (WHERE p.attended) AS attended,
        count(*) FILTER (WHERE p.deputised AND NOT p.attended) AS deputised,
        round(100.0 * count(*) FILTER (WHERE p.attended OR p.deputised) / count(*), 1) AS percent
    FROM (
        SELECT a.agency_id, a.meeting_id, bool_or(a.presence = 'attended') AS attended,
            bool_or(a.presence = 'deputised') AS deputised
        FROM seen JOIN meetings m ON m.body_id = seen.id
        JOIN attendances a ON a.meeting_id = m.id
        WHERE m.status IN ('held', 'minutes_agreed')
            AND m.held_on >= coalesce($4::date, '-infinity')
            AND m.held_on < coalesce($5::date, 'infinity')
        GROUP BY a.agency_id, a.meeting_id
    ) p GROUP BY p.agency_id
)
SELECT (SELECT id FROM seen) AS id,
    json_build_object('items', coalesce((SELECT json_agg(r ORDER BY r.agency_id) FROM rates r),
        '[]'))::text AS json
"""


class NotOfThisBody(Conflict):
    """No such seat in the body that meets."""

    code = "not_of_this_body"


class MeetingIsOver(Conflict):
    """The meeting is not planned any more: its day stands, and its agenda."""

    code = "meeting_is_over"


async def change_meeting(caller: Caller, meeting_id: UUID, body: MeetingUpdate) -> Response:
    """Change a meeting. Raises `MeetingIsOver` for its day once it was held."""
    sent = patch(body)
    await refuse_names_in(caller, {"/minutes": sent["minutes"]} if sent.get("minutes") else {})
    async with changing(caller, MeetingRead, meeting_id, body) as changed:
        if "held_on" in sent and changed.before["status"] != MeetingStatus.planned:
            raise MeetingIsOver.at("/held_on")
        await update(changed.db, MeetingTable, meeting_id, sent)
    return changed.response


async def add_item(caller: Caller, meeting_id: UUID, body: AgendaItemCreate) -> Response:
    """Put something on the agenda of a meeting that is still planned."""
    if (body.subject is None) != (body.record_id is None):
        raise Invalid.at("/record_id")
    texts = {"/title": body.title} | ({"/presenter": body.presenter} if body.presenter else {})
    await refuse_names_in(caller, texts)
    async with creating(caller, AgendaItemRead, [str(meeting_id), body]) as creation:
        if creation.is_new:
            meeting = json.loads(await render(creation.db, MeetingRead, meeting_id))
            if meeting["status"] != MeetingStatus.planned:
                raise MeetingIsOver
            if body.subject is not None:
                await require_seen(creation.db, body.subject, body.record_id)
            values = body.model_dump() | {"meeting_id": meeting_id}
            creation.id = await insert(creation.db, AgendaItem, values)
    return creation.response


async def record_attendance(caller: Caller, meeting_id: UUID, body: AttendanceCreate) -> Response:
    """Record whether a member was there. Raises `NotOfThisBody`."""
    async with creating(caller, AttendanceRead, [str(meeting_id), body]) as creation:
        if creation.is_new:
            await render(creation.db, MeetingRead, meeting_id)
            seat = await creation.db.fetchrow(SEAT, body.membership_id, meeting_id)
            if seat is None:
                raise NotOfThisBody.at("/membership_id")
            values = body.model_dump() | {
                "meeting_id": meeting_id,
                "agency_id": seat["agency_id"],
            }
            creation.id = await insert(creation.db, Attendance, values)
    return creation.response


async def show_attendance_rates(
    caller: Caller, body_id: UUID, filters: AttendanceRateFilters
) -> Response:
    """Answer with the attendance of each agency. Raises `NotFound`."""
    row = await caller.fetchrow(RATES, body_id, filters.held_on_from, filters.held_on_before)
    if row is None or row["id"] is None:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)
