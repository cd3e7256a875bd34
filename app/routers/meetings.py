"""`/meetings`: what bodies consider, and who was there (Framework section 13)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.governance import MEETING_LIFECYCLE, Meeting
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.meetings import (
    AgendaItemCreate,
    AgendaItemFilters,
    AgendaItemRead,
    AttendanceCreate,
    AttendanceFilters,
    AttendanceRead,
    MeetingCreate,
    MeetingFilters,
    MeetingRead,
    MeetingTransitionCreate,
    MeetingUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.meetings import (
    MeetingIsOver,
    NotOfThisBody,
    add_item,
    change_meeting,
    record_attendance,
)
from app.services.nested import page_of_moves, page_within
from app.services.records import create, page, show
from app.services.transitions import move

router = APIRouter(tags=["meetings"])

MeetingId = Annotated[UUID, Path(description="The meeting.")]
ItemId = Annotated[UUID, Path(description="The item of the agenda.")]
AttendanceId = Annotated[UUID, Path(description="The attendance.")]
Read = Annotated[Caller, Requires(Scope.governance_read)]
Write = Annotated[Caller, Requires(Scope.governance_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
OF_MEETING = "t.meeting_id = $3"
IN_MEETING = "t.meeting_id = $4"


@router.get("/meetings", response_model=Page[MeetingRead])
async def list_meetings(caller: Read, filters: Annotated[MeetingFilters, Query()]) -> Response:
    """List meetings, the newest on record first."""
    return await page(caller, MeetingRead, filters)


@router.post("/meetings", status_code=201, response_model=MeetingRead)
async def create_meeting(caller: Write, body: MeetingCreate) -> Response:
    """Plan a meeting of a body."""
    return await create(caller, MeetingRead, body.model_dump())


@router.get("/meetings/{meeting_id}", response_model=MeetingRead)
async def read_meeting(caller: Read, meeting_id: MeetingId) -> Response:
    """Read one meeting."""
    return await show(caller, MeetingRead, meeting_id)


@router.patch(
    "/meetings/{meeting_id}",
    response_model=MeetingRead,
    responses=responses(MeetingIsOver, *OF_TEXTS),
)
async def update_meeting(caller: Write, meeting_id: MeetingId, body: MeetingUpdate) -> Response:
    """Change a meeting that is planned, or write its minutes."""
    return await change_meeting(caller, meeting_id, body)


@router.post("/meetings/{meeting_id}/transitions", status_code=201, response_model=TransitionRead)
async def create_meeting_transition(
    caller: Write, meeting_id: MeetingId, body: MeetingTransitionCreate
) -> Response:
    """Record that a meeting was held, that its minutes are agreed, or that it is cancelled."""
    return await move(caller, MeetingRead, MEETING_LIFECYCLE, meeting_id, body.to, body.reason)


@router.get("/meetings/{meeting_id}/transitions", response_model=Page[TransitionRead])
async def list_meeting_transitions(
    caller: Read, meeting_id: MeetingId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a meeting, newest first."""
    return await page_of_moves(caller, Meeting, meeting_id, filters)


@router.get("/meetings/{meeting_id}/agenda-items", response_model=Page[AgendaItemRead])
async def list_agenda_items(
    caller: Read, meeting_id: MeetingId, filters: Annotated[AgendaItemFilters, Query()]
) -> Response:
    """List what a meeting considers, in the order of the agenda."""
    return await page_within(
        caller, Meeting, meeting_id, AgendaItemRead, filters, OF_MEETING, sort="number"
    )


@router.post(
    "/meetings/{meeting_id}/agenda-items",
    status_code=201,
    response_model=AgendaItemRead,
    responses=responses(MeetingIsOver, *OF_TEXTS),
)
async def create_agenda_item(
    caller: Write, meeting_id: MeetingId, body: AgendaItemCreate
) -> Response:
    """Put something on the agenda."""
    return await add_item(caller, meeting_id, body)


@router.get("/meetings/{meeting_id}/agenda-items/{item_id}", response_model=AgendaItemRead)
async def read_agenda_item(caller: Read, meeting_id: MeetingId, item_id: ItemId) -> Response:
    """Read one item of an agenda."""
    return await show(caller, AgendaItemRead, item_id, IN_MEETING, meeting_id)


@router.get("/meetings/{meeting_id}/attendances", response_model=Page[AttendanceRead])
async def list_attendances(
    caller: Read, meeting_id: MeetingId, filters: Annotated[AttendanceFilters, Query()]
) -> Response:
    """List who was at a meeting, newest first."""
    return await page_within(caller, Meeting, meeting_id, AttendanceRead, filters, OF_MEETING)


@router.post(
    "/meetings/{meeting_id}/attendances",
    status_code=201,
    response_model=AttendanceRead,
    responses=responses(NotOfThisBody),
)
async def create_attendance(
    caller: Write, meeting_id: MeetingId, body: AttendanceCreate
) -> Response:
    """Record whether a member was at a meeting, once for each seat."""
    return await record_attendance(caller, meeting_id, body)


@router.get("/meetings/{meeting_id}/attendances/{attendance_id}", response_model=AttendanceRead)
async def read_attendance(
    caller: Read, meeting_id: MeetingId, attendance_id: AttendanceId
) -> Response:
    """Read one attendance."""
    return await show(caller, AttendanceRead, attendance_id, IN_MEETING, meeting_id)
