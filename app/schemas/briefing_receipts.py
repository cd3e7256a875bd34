"""What agencies do with a briefing, on the wire (Framework section 15)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.briefings import (
    RECEIPT_LIFECYCLE,
    Briefing,
    BriefingDissemination,
    BriefingReceipt,
    DisseminationChannel,
    ReceiptStatus,
)
from app.pagination import Matches, Paging
from app.schemas.base import WHOLE, Body, CreateSchema, Date, Prose, ReadSchema, RecordRead
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

OUTSTANDING = "t.status <> 'attested'"
OF_BRIEFING = "FROM briefing_receipts r WHERE r.briefing_id = t.id"
REACHED = "FROM briefing_disseminations d JOIN briefing_receipts r ON r.id = d.receipt_id"
BY_CHANNEL = f"""coalesce((SELECT json_agg(c ORDER BY c.channel) FROM (
    SELECT d.channel, count(*) AS entries, sum(d.reach_headcount) AS reach_headcount
    {REACHED} WHERE r.briefing_id = t.id GROUP BY d.channel) c), '[]'::json)"""

Count = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]
Channel = Annotated[DisseminationChannel, Field(description="By what it was passed on.")]
DisseminatedOn = Annotated[Date, Field(description="Day it was passed on.")]
Note = Annotated[
    Prose | None,
    Field(description="What else there is to say; null for nothing.", examples=["Night shift."]),
]
Reach = Annotated[
    int,
    Field(
        ge=0,
        le=1_000_000,
        json_schema_extra={"format": "int32"},
        description="People it reached, as heads.",
    ),
    WHOLE,
]


class BriefingReceiptRead(RecordRead, table=BriefingReceipt, level=Level.partnership):
    """What an agency with a seat on the Board does with a briefing."""

    briefing_id: Annotated[UUID, Field(description="The briefing.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    membership_id: Annotated[
        UUID, Field(description="The seat on the Board whose member answers for it.")
    ]
    due_on: Annotated[Date, Field(description="Day by which the member attests.")]
    reach_headcount: Annotated[
        Count,
        Computed(
            "(SELECT coalesce(sum(d.reach_headcount), 0) FROM briefing_disseminations d"
            " WHERE d.receipt_id = t.id)"
        ),
        Field(description="People reached, as the agency counts them, over all channels."),
    ]
    attested_by_id: Annotated[
        UUID | None,
        Field(description="Who attested that staff know it and respond; null until then."),
    ]
    attested_on: Annotated[Date | None, Field(description="Day of that; null until then.")]
    is_outstanding: Annotated[
        bool, Computed(OUTSTANDING), Field(description="Whether it is not attested.")
    ]
    status: Annotated[ReceiptStatus, Field(description="How far the agency has come.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(RECEIPT_LIFECYCLE.allowed)]


class OfBriefingReceiptFilters(Paging):
    """Query parameters of the list of one briefing."""

    status: Annotated[
        list[ReceiptStatus], Field(max_length=4, description="Standing in any of these.")
    ] = []
    is_outstanding: Annotated[
        bool | None,
        Matches(f"({OUTSTANDING}) = {{}}"),
        Field(description="Only those that are not attested, or are."),
    ] = None


class BriefingReceiptFilters(OfBriefingReceiptFilters):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only of this agency.")] = None
    briefing_id: Annotated[UUID | None, Field(description="Only of this briefing.")] = None
    due_on_before: Annotated[Date | None, Field(description="Due before this day.")] = None


class BriefingReceiptTransitionCreate(TransitionCreate):
    """A move of a receipt."""

    to: Annotated[ReceiptStatus, Field(description="State to move to.", examples=["acknowledged"])]


class DisseminationCreate(CreateSchema):
    """That the agency passed a briefing on. A later one adds to those before."""

    channel: Channel
    reach_headcount: Reach
    disseminated_on: DisseminatedOn
    note: Note = None


class DisseminationRead(RecordRead, table=BriefingDissemination, level=Level.partnership):
    """That an agency passed a briefing on by a channel, on a day, to so many people."""

    receipt_id: Annotated[UUID, Field(description="The receipt.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    channel: Channel
    reach_headcount: Reach
    disseminated_on: DisseminatedOn
    note: Note


class DisseminationFilters(Paging):
    """Query parameters of the list."""


class ChannelReach(Body):
    """What one channel reached."""

    channel: Channel
    entries: Annotated[Count, Field(description="How often it was used.")]
    reach_headcount: Annotated[Count, Field(description="People reached by it, as heads.")]


def _agencies(*states: str) -> Computed:
    """Count the agencies whose receipt has come to one of these states."""
    listed = ", ".join(f"'{state}'" for state in states)
    return Computed(f"(SELECT count(*) {OF_BRIEFING} AND r.status IN ({listed}))")


class BriefingDisseminationRead(ReadSchema, table=Briefing, level=Level.partnership):
    """How far a briefing has come among the agencies of the Board."""

    briefing_id: Annotated[UUID, Computed("t.id"), Field(description="The briefing.")]
    agencies: Annotated[
        Count,
        Computed(f"(SELECT count(*) {OF_BRIEFING})"),
        Field(description="Agencies asked to pass it on."),
    ]
    acknowledged: Annotated[
        Count,
        _agencies("acknowledged", "disseminated", "attested"),
        Field(description="Agencies that have it; those that went further included."),
    ]
    disseminated: Annotated[
        Count,
        _agencies("disseminated", "attested"),
        Field(description="Agencies that passed it on; those that attested included."),
    ]
    attested: Annotated[
        Count, _agencies("attested"), Field(description="Agencies whose member attested.")
    ]
    reach_headcount: Annotated[
        Count,
        Computed(
            f"(SELECT coalesce(sum(d.reach_headcount), 0) {REACHED} WHERE r.briefing_id = t.id)"
        ),
        Field(description="People reached, as heads; who is reached twice counts twice."),
    ]
    by_channel: Annotated[
        list[ChannelReach],
        Computed(BY_CHANNEL),
        Field(max_length=12, description="The same by channel; unused ones are left out."),
    ]
    outstanding_agency_ids: Annotated[
        list[UUID],
        Computed(
            "coalesce((SELECT json_agg(r.agency_id ORDER BY r.agency_id)"
            f" {OF_BRIEFING} AND r.status <> 'attested'), '[]'::json)"
        ),
        Field(max_length=1000, description="Agencies whose member has not attested."),
    ]
