"""The trail on the wire: who changed what. It holds names of members and never a value."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.access import Event
from app.pagination import Paging
from app.schemas.base import Code, Id, ReadSchema, Time
from app.sensitivity import Level


class Action(StrEnum):
    """What was done to a record."""

    created = "created"
    changed = "changed"
    deleted = "deleted"


Subject = Annotated[Code, Field(description="Kind of record.", examples=["agencies"])]
RecordId = Annotated[UUID, Field(description="The record.")]
ActorId = Annotated[UUID | None, Field(description="Who did it; null for the installation.")]
OfAgency = Annotated[UUID | None, Field(description="Agency of the record; null for none.")]


class TrailEntryRead(ReadSchema, table=Event, level=Level.partnership):
    """That a record was made, changed or deleted."""

    id: Id
    occurred_at: Annotated[datetime, Field(description="When (UTC).")]
    action: Annotated[Action, Field(description="What was done.")]
    subject: Subject
    record_id: RecordId
    agency_id: OfAgency
    actor_id: ActorId
    actor_agency_id: Annotated[
        UUID | None, Field(description="Agency of who did it; null for none.")
    ]
    members: Annotated[
        list[Code], Field(max_length=200, description="Members that changed; never their values.")
    ]


class TrailEntryFilters(Paging):
    """Query parameters of the list."""

    subject: Annotated[
        list[Code], Field(max_length=50, description="Any of these kinds of record.")
    ] = []
    record_id: Annotated[UUID | None, Field(description="Only this record.")] = None
    agency_id: Annotated[UUID | None, Field(description="Only records of this agency.")] = None
    actor_id: Annotated[UUID | None, Field(description="Only by this person or system.")] = None
    action: Annotated[list[Action], Field(max_length=3, description="Any of these acts.")] = []
    occurred_at_from: Annotated[
        Time | None, Field(description="From this moment on, inclusive.")
    ] = None
    occurred_at_before: Annotated[Time | None, Field(description="Before this moment.")] = None
