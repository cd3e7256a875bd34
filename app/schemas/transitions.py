"""Transitions on the wire: one form for every stateful resource."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.audits import Transition
from app.pagination import Paging
from app.schemas.base import Code, CreateSchema, Narrative, Prose, RecordRead
from app.schemas.narratives import NarratedCreate
from app.sensitivity import Level, Narrated

Reason = Annotated[
    Prose | None,
    Field(description="Why; some moves require it.", examples=["Agreed by the sub group."]),
]
AllowedTransitions = Annotated[
    list[Code],
    Field(
        max_length=20,
        description="States that you may move the record to now.",
        examples=[["approved"]],
    ),
]


DecisionId = Annotated[
    UUID | None,
    Field(description="Decision of the body that agreed it; null where the move needs none."),
]


class TransitionCreate(CreateSchema):
    """A move to another state."""

    reason: Reason = None


class DecidedTransitionCreate(TransitionCreate):
    """A move to another state, which some moves need the decision of a body for."""

    decision_id: DecisionId = None


class CaseTransitionCreate(NarratedCreate):
    """A move of a record of a case to another state; the reason is a narrative."""

    reason: Annotated[
        Narrative | None,
        Field(description="Why; some moves require it.", examples=["Agreed by the sub group."]),
    ] = None


class TransitionRead(RecordRead, table=Transition, level=Level.partnership):
    """That a record moved: from where to where, who, when and why."""

    record_id: Annotated[UUID, Field(description="The record that moved.")]
    from_state: Annotated[Code, Field(description="State before.")]
    to_state: Annotated[Code, Field(description="State after.")]
    reason: Annotated[Reason, Narrated()]
    actor_id: Annotated[UUID, Field(description="Who moved it.")]
    decision_id: DecisionId


class TransitionFilters(Paging):
    """Query parameters of the list."""
