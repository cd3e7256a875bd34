"""Challenge events on the wire: who challenges whom, what was asked, replied and promised.

Framework section 15. Every text names nobody: a name is refused.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.challenge_events import (
    EVENT_LIFECYCLE,
    ChallengeEvent,
    ChallengeEventStatus,
    ChallengePairing,
)
from app.pagination import Paging
from app.schemas.base import Body, CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level

AuditId = Annotated[UUID, Field(description="The audit whose returns are challenged.")]
BodyId = Annotated[UUID, Field(description="The body that meets for it.")]
Title = Annotated[Label, Field(description="Title.", examples=["Section 11 challenge, 2017"])]
HeldOn = Annotated[Date, Field(description="Day on which it is held.")]
RecordOfEvent = Annotated[
    Prose | None,
    Field(
        description="What the record says over all; it is agreed when it is written.",
        examples=["Supervision was the theme of the day."],
    ),
]
Status = Annotated[ChallengeEventStatus, Field(description="Where it stands.")]
EventId = Annotated[UUID, Field(description="The event.")]
Challenger = Annotated[UUID, Field(description="The agency that challenges.")]
Challenged = Annotated[UUID, Field(description="The agency that is challenged: another one.")]


class ChallengeEventCreate(CreateSchema):
    """An event to plan."""

    audit_id: AuditId
    body_id: BodyId
    title: Title
    held_on: HeldOn


class ChallengeEventUpdate(UpdateSchema):
    """Changes to an event whose record is not agreed."""

    title: Title | MISSING = MISSING
    held_on: HeldOn | MISSING = MISSING
    record: RecordOfEvent | MISSING = MISSING


class ChallengeEventRead(RecordRead, table=ChallengeEvent, level=Level.partnership):
    """A meeting at which agencies challenge each other's returns to an audit."""

    audit_id: AuditId
    body_id: BodyId
    title: Title
    held_on: HeldOn
    record: RecordOfEvent
    status: Status
    allowed_transitions: Annotated[AllowedTransitions, Computed(EVENT_LIFECYCLE.allowed)]


class ChallengeEventFilters(Paging):
    """Query parameters of the list."""

    audit_id: Annotated[UUID | None, Field(description="Only on this audit.")] = None
    status: Annotated[
        list[ChallengeEventStatus], Field(max_length=6, description="Standing in any of these.")
    ] = []
    held_on_from: Annotated[Date | None, Field(description="Held on this day or later.")] = None
    held_on_before: Annotated[Date | None, Field(description="Held before this day.")] = None


class ChallengeEventTransitionCreate(DecidedTransitionCreate):
    """A move of an event."""

    to: Annotated[
        ChallengeEventStatus, Field(description="State to move to.", examples=["pack_issued"])
    ]


class Pair(Body):
    """That one agency challenges another."""

    challenger_agency_id: Challenger
    challenged_agency_id: Challenged


class PairingsCreate(CreateSchema):
    """Who takes part, or who challenges whom; neither: all who returned, in a ring."""

    agency_ids: Annotated[
        list[UUID],
        Field(
            max_length=500,
            description="Agencies on the roster that take part; they are put in a ring.",
        ),
    ] = []
    pairs: Annotated[
        list[Pair],
        Field(
            max_length=500,
            description="Who challenges whom, in full: each agency challenges one other, and one"
            " challenges it.",
        ),
    ] = []


class ChallengePairingRead(RecordRead, table=ChallengePairing, level=Level.partnership):
    """That an agency challenges another at an event."""

    event_id: EventId
    challenger_agency_id: Challenger
    challenged_agency_id: Challenged


class ChallengePairings(Body):
    """Who challenges whom at an event, as computed or given."""

    pairs: Annotated[list[Pair], Field(max_length=500, description="All of them.")]


class ChallengePairingFilters(Paging):
    """Query parameters of the list."""
