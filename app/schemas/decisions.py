"""Decisions on the wire: what a body agreed, and what it is about.

Framework sections 13 and 21.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.governance import BodyDecision, DecidedSubject, DecisionOutcome
from app.pagination import Matches, Paging
from app.schemas.base import WHOLE, CreateSchema, Date, Prose, RecordRead
from app.sensitivity import Computed, Level

IS_RATIFIED = "(NOT t.is_chairs_action OR t.ratified_by_id IS NOT NULL)"

BodyId = Annotated[UUID, Field(description="The body that decided.")]
MeetingId = Annotated[
    UUID | None,
    Field(description="Meeting it was decided in, held with a quorum; null for a chair's action."),
]
AgendaItemId = Annotated[UUID | None, Field(description="Item of that meeting; null for none.")]
DecidedOn = Annotated[Date, Field(description="Day of the decision, today or before.")]
Outcome = Annotated[DecisionOutcome, Field(description="What was decided.")]
DecisionText = Annotated[
    Prose,
    Field(description="The decision in words, without names.", examples=["The Board accepts it."]),
]
Subject = Annotated[
    DecidedSubject | None, Field(description="Kind of record it is about; null for none.")
]
RecordId = Annotated[UUID | None, Field(description="The record it is about; null for none.")]
IsChairsAction = Annotated[
    bool, Field(description="Whether the chair decided for the body, between its meetings.")
]
IsConsensus = Annotated[bool, Field(description="Whether the body was of one mind.")]
Votes = Annotated[
    Annotated[int, Field(ge=0, le=100)] | None,
    WHOLE,
    Field(description="Votes; null where the body was of one mind."),
]
Dissent = Annotated[
    Prose | None, Field(description="What was held against it; null for nothing.", examples=[None])
]


class BodyDecisionCreate(CreateSchema):
    """What a body decided, in a meeting or by its chair."""

    body_id: BodyId
    meeting_id: MeetingId = None
    agenda_item_id: AgendaItemId = None
    decided_on: DecidedOn
    outcome: Outcome
    text: DecisionText
    subject: Subject = None
    record_id: RecordId = None
    is_chairs_action: IsChairsAction = False
    is_consensus: IsConsensus = True
    votes_for: Votes = None
    votes_against: Votes = None
    votes_abstained: Votes = None
    dissent: Dissent = None


class BodyDecisionRead(RecordRead, table=BodyDecision, level=Level.partnership):
    """What a body decided; it is never changed afterwards."""

    body_id: BodyId
    meeting_id: MeetingId
    agenda_item_id: AgendaItemId
    decided_on: DecidedOn
    outcome: Outcome
    text: DecisionText
    subject: Subject
    record_id: RecordId
    is_chairs_action: IsChairsAction
    is_ratified: Annotated[
        bool,
        Computed(IS_RATIFIED),
        Field(description="Whether a meeting took it, or has ratified the chair's action since."),
    ]
    ratified_by_id: Annotated[
        UUID | None, Field(description="Decision by which a meeting ratified it; null for none.")
    ]
    is_consensus: IsConsensus
    votes_for: Votes
    votes_against: Votes
    votes_abstained: Votes
    dissent: Dissent
    recorded_by_id: Annotated[UUID, Field(description="Who recorded it.")]


class BodyDecisionFilters(Paging):
    """Query parameters of the list."""

    body_id: Annotated[UUID | None, Field(description="Only of this body.")] = None
    meeting_id: Annotated[UUID | None, Field(description="Only of this meeting.")] = None
    record_id: Annotated[UUID | None, Field(description="Only about this record.")] = None
    outcome: Annotated[
        list[DecisionOutcome], Field(max_length=4, description="Any of these outcomes.")
    ] = []
    is_ratified: Annotated[
        bool | None,
        Matches(f"{IS_RATIFIED} = {{}}"),
        Field(description="Only ratified ones, or only what still waits for it."),
    ] = None


class RatificationCreate(CreateSchema):
    """The decision of a meeting that ratifies what the chair decided before it."""

    decision_id: Annotated[
        UUID, Field(description="Decision of a later meeting of the same body, that agreed.")
    ]
