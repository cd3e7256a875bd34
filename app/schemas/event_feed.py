"""Events on the wire: that something happened to a record, and where to read it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.access import Event
from app.pagination import Cursor, Paging
from app.schemas.base import Code, Id, ReadSchema, Time
from app.sensitivity import Computed, Level

TYPE = (
    "t.subject || '.' || CASE WHEN t.action = 'changed' AND 'status' = ANY (t.members)"
    " THEN 'moved' ELSE t.action END"
)
"""A change of `status` is a move of a lifecycle."""
HREF = (
    "(SELECT '/v1/' || s.path || '/' || t.record_id FROM event_subjects s"
    " WHERE s.subject = t.subject)"
)
KINDS = "(created|changed|moved|deleted)"

EventType = Annotated[
    str,
    Field(
        max_length=100,
        pattern=rf"^[a-z][a-z_]*\.({KINDS}|tested)$",
        description="Kind of record and what happened: `created`, `changed`, `moved` to another"
        " state, `deleted`.",
        examples=["audit_responses.moved"],
    ),
]
EventPattern = Annotated[
    str,
    Field(
        max_length=100,
        pattern=rf"^(\*|([a-z][a-z_]*|\*)\.({KINDS}|\*))$",
        examples=["audit_responses.*"],
    ),
]
"""A type of event, with `*` for any kind of record or anything that happened to it."""
EventTypes = Annotated[
    list[EventPattern],
    Field(
        min_length=1,
        max_length=50,
        description="Any of these types; `*` stands for any kind of record, or anything that"
        " happened to it.",
        examples=[["audit_responses.moved", "agencies.*"]],
    ),
]


Href = Annotated[
    str | None,
    Field(
        max_length=200,
        pattern=r"^/v1/[a-z0-9/\-]+$",
        description="Path of the record; null where it is read within another one.",
        examples=["/v1/audit-responses/0199f7c2-5d3e-7a41-9c06-2b8f41d7e650"],
    ),
]


class FeedEventRead(ReadSchema, table=Event, level=Level.partnership):
    """That something happened to a record that the reader may read. Nothing of what it holds."""

    id: Id
    type: Annotated[EventType, Computed(TYPE)]
    occurred_at: Annotated[datetime, Field(description="When (UTC).")]
    subject: Annotated[Code, Field(description="Kind of record.", examples=["audit_responses"])]
    record_id: Annotated[UUID, Field(description="The record.")]
    href: Annotated[Href, Computed(HREF)]


class WebhookEventRecord(BaseModel):
    """The record that an event is about."""

    id: Annotated[UUID, Field(description="Identifier of the event; of the delivery, in a test.")]
    subject: Annotated[Code, Field(description="Kind of record.", examples=["audit_responses"])]
    record_id: Annotated[UUID, Field(description="The record.")]
    href: Href


class WebhookEvent(BaseModel):
    """An event as it is sent to a subscriber."""

    type: EventType
    timestamp: Annotated[datetime, Field(description="When it happened (UTC).")]
    data: Annotated[WebhookEventRecord, Field(description="What it happened to.")]


class FeedPage(BaseModel):
    """Events from where the reader was."""

    items: Annotated[
        list[FeedEventRead], Field(max_length=200, description="The events, oldest first.")
    ]
    next_cursor: Annotated[
        Cursor | None,
        Field(description="Where to go on at once; null where the reader has caught up."),
    ]
    position: Annotated[
        Cursor, Field(description="Where to go on later: a cursor that is always there.")
    ]


class FeedEventFilters(Paging):
    """Query parameters of the feed."""

    type: Annotated[
        list[EventPattern],
        Field(max_length=50, description="Any of these types; `*` stands for anything."),
    ] = []
    occurred_at_from: Annotated[
        Time | None,
        Field(
            description="Where to begin without a cursor: at what was written at this moment. Later"
            " events follow; one or the other from just before may come along."
        ),
    ] = None
