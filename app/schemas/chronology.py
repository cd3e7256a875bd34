"""The integrated chronology of a case on the wire (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.agency_reports import ChronologyEntry, Precision
from app.pagination import Matches, Paging
from app.schemas.base import Body, Date, ExternalRef, Narrative
from app.schemas.health import Said
from app.schemas.narratives import CaseRecordRead, NarratedCreate, NarratedUpdate
from app.sensitivity import Classified, Level

OPEN = Classified(Level.partnership)
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

CaseReviewId = Annotated[UUID, Field(description="The review of the case.")]
OwnRef = Annotated[
    ExternalRef,
    Field(
        description="The agency's own reference of the entry in this review: sent again, it"
        " changes the entry. Names nobody.",
        examples=["visit-0042"],
    ),
]
OptionalRef = Annotated[
    ExternalRef | None,
    Field(
        description="The agency's own reference of the entry in this review; null where a person"
        " recorded it.",
        examples=["visit-0042"],
    ),
]
HappenedOn = Annotated[
    Date,
    Field(
        description="The day it happened or began; any day of the month or year where `precision`"
        " says that no more is known."
    ),
]
HappenedTo = Annotated[
    Date | None, Field(description="Last day of a period; null for what happened at once.")
]
HappenedAt = Annotated[
    str | None,
    Field(
        min_length=5,
        max_length=5,
        pattern=CLOCK,
        description="Time of the day in the United Kingdom, `HH:MM`; null if unknown.",
        examples=["14:30"],
    ),
]
HowPrecise = Annotated[Precision, Field(description="How exactly the day is known.")]
Source = Annotated[
    Narrative | None,
    Field(description="Where it is recorded.", examples=["Health visiting records"]),
]
Event = Annotated[
    Narrative, Field(description="What happened.", examples=["A visit; nobody was at home."])
]
Significance = Annotated[
    Narrative | None,
    Field(description="Why it matters.", examples=["The third visit in a row that was missed."]),
]
PracticeComment = Annotated[
    Narrative | None,
    Field(description="What it says of practice.", examples=["It was not followed up."]),
]
IsWithdrawn = Annotated[
    bool, Field(strict=True, description="Whether the agency takes it back; it stays on record.")
]


class EntryWrite(Body):
    """An entry as it is pushed, whole."""

    external_ref: OwnRef
    happened_on: HappenedOn
    happened_to: HappenedTo = None
    happened_at: HappenedAt = None
    precision: HowPrecise = Precision.day
    source: Source = None
    event: Event
    significance: Significance = None
    practice_comment: PracticeComment = None
    is_withdrawn: IsWithdrawn = False


class ChronologyWrite(NarratedCreate):
    """Entries of one agency: all are written, or none."""

    entries: Annotated[
        list[EntryWrite], Field(min_length=1, max_length=500, description="The entries.")
    ]


class ChronologyEntryCreate(NarratedCreate):
    """An entry of the caller's agency."""

    case_review_id: CaseReviewId
    external_ref: OptionalRef = None
    happened_on: HappenedOn
    happened_to: HappenedTo = None
    happened_at: HappenedAt = None
    precision: HowPrecise = Precision.day
    source: Source = None
    event: Event
    significance: Significance = None
    practice_comment: PracticeComment = None


class ChronologyEntryUpdate(NarratedUpdate):
    """Changes to an entry, as its agency."""

    happened_on: HappenedOn | MISSING = MISSING
    happened_to: HappenedTo | MISSING = MISSING
    happened_at: HappenedAt | MISSING = MISSING
    precision: HowPrecise | MISSING = MISSING
    source: Source | MISSING = MISSING
    event: Event | MISSING = MISSING
    significance: Significance | MISSING = MISSING
    practice_comment: PracticeComment | MISSING = MISSING
    is_withdrawn: IsWithdrawn | MISSING = MISSING


class ChronologyEntryRead(CaseRecordRead, table=ChronologyEntry, level=Level.restricted):
    """Something that happened, as one agency knows it."""

    case_review_id: Annotated[CaseReviewId, OPEN]
    agency_id: Annotated[UUID, OPEN, Field(description="The agency that says so.")]
    external_ref: OptionalRef
    happened_on: HappenedOn
    happened_to: HappenedTo
    happened_at: HappenedAt
    precision: HowPrecise
    source: Source
    event: Event
    significance: Significance
    practice_comment: PracticeComment
    is_withdrawn: Annotated[IsWithdrawn, OPEN]
    recorded_by_id: Annotated[UUID, Field(description="Who recorded it.")]


class ChronologyEntryFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[
        list[UUID], Field(max_length=100, description="Of any of these agencies.")
    ] = []
    happened_on_from: Annotated[Date | None, Field(description="On this day or later.")] = None
    happened_on_before: Annotated[Date | None, Field(description="Before this day.")] = None
    is_withdrawn: Annotated[
        bool | None,
        Matches("t.is_withdrawn = {}"),
        Field(description="Only what was taken back, or was not."),
    ] = None


Number = Annotated[int, Field(ge=0, le=500, json_schema_extra={"format": "int32"})]


class ChronologyPushed(Said):
    """What became of entries that were pushed."""

    created: Annotated[Number, Field(description="Entries that are new.")]
    changed: Annotated[Number, Field(description="Entries that were changed.")]
    unchanged: Annotated[Number, Field(description="Entries sent before just so.")]
