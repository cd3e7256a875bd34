"""Audits and their rosters on the wire (Framework section 15)."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import MISSING, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from app.broken_rules import RULES
from app.models.agencies import DutyBasis, IdentifierScheme, Sector
from app.models.audits import AUDIT_LIFECYCLE, Audit, AuditStatus, RosterEntry
from app.models.instruments import AuditKind
from app.pagination import Paging
from app.schemas.base import (
    Body,
    Code,
    CreateSchema,
    Date,
    Label,
    RecordRead,
    UpdateSchema,
)
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

Reference = Annotated[
    Code, Field(description="The Board's own name of it; no two share one.", examples=["S11-2017"])
]
Title = Annotated[Label, Field(description="Title.", examples=["Section 11 audit 2017"])]
Kind = Annotated[AuditKind, Field(description="What it asks about: that of its instrument.")]
InstrumentId = Annotated[UUID, Field(description="The instrument, in its version.")]
PreviousAuditId = Annotated[
    UUID | None,
    Field(description="Audit that answers are carried forward from; null for none."),
]
OpensOn = Annotated[Date, Field(description="First day for answers.", examples=["2017-11-01"])]
DueOn = Annotated[Date, Field(description="Last day in time.", examples=["2018-01-31"])]
LocksOn = Annotated[
    Date, Field(description="Last day for late answers, inclusive.", examples=["2018-02-28"])
]
Status = Annotated[AuditStatus, Field(description="Where the audit stands.")]


class AuditCreate(CreateSchema):
    """An audit to plan. Its days follow each other: it opens, is due, and locks."""

    reference: Reference
    title: Title
    instrument_id: InstrumentId
    previous_audit_id: PreviousAuditId = None
    opens_on: OpensOn
    due_on: DueOn
    locks_on: LocksOn
    is_retrospective: Annotated[
        bool,
        Field(
            strict=True,
            description="Whether it records a round of the past: the clock does not move it, and"
            " returns say on which day they were submitted.",
        ),
    ] = False

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if not self.opens_on <= self.due_on <= self.locks_on:
            raise PydanticCustomError("days_in_order", RULES["days_in_order"])
        return self


class AuditUpdate(UpdateSchema):
    """Changes to an audit that is not closed."""

    title: Title | MISSING = MISSING
    opens_on: OpensOn | MISSING = MISSING
    due_on: DueOn | MISSING = MISSING
    locks_on: LocksOn | MISSING = MISSING


class AuditRead(RecordRead, table=Audit, level=Level.partnership):
    """One round of an instrument: what it asks, and from when to when."""

    reference: Reference
    title: Title
    kind: Kind
    instrument_id: InstrumentId
    previous_audit_id: PreviousAuditId
    opens_on: OpensOn
    due_on: DueOn
    locks_on: LocksOn
    is_retrospective: Annotated[bool, Field(description="Whether it records a round of the past.")]
    status: Status
    allowed_transitions: Annotated[AllowedTransitions, Computed(AUDIT_LIFECYCLE.allowed)]


class AuditFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[list[AuditKind], Field(max_length=50, description="Any of these kinds.")] = []
    status: Annotated[
        list[AuditStatus], Field(max_length=50, description="Standing in any of these.")
    ] = []
    reference: Annotated[Code | None, Field(description="Of this name.")] = None
    instrument_id: Annotated[UUID | None, Field(description="Of this instrument.")] = None
    opens_on_from: Annotated[Date | None, Field(description="Opening on this day or later.")] = None
    opens_on_before: Annotated[Date | None, Field(description="Opening before this day.")] = None


class AuditTransitionCreate(TransitionCreate):
    """A move of an audit."""

    to: Annotated[AuditStatus, Field(description="State to move to.", examples=["approved"])]


class NamedAgency(Body):
    """An agency by an identifier in somebody's register."""

    scheme: Annotated[IdentifierScheme, Field(description="Who gave it.", examples=["urn"])]
    value: Annotated[Code, Field(description="The identifier itself.", examples=["121902"])]


class RosterSelection(Body):
    """Agencies by what they are: those that fit everything given here."""

    sectors: Annotated[
        list[Sector], Field(max_length=40, description="Of any of these sectors; none for all.")
    ] = []
    duty_bases: Annotated[
        list[DutyBasis],
        Field(max_length=9, description="Owing an answer for any of these reasons; none for all."),
    ] = []
    area_id: Annotated[
        UUID | None, Field(description="Working in this area or a part of it; null for anywhere.")
    ] = None
    existing_on: Annotated[
        Date | None, Field(description="Existing on this day; null for the day the audit opens.")
    ] = None


class RosterAdd(CreateSchema):
    """Agencies to ask: by their records, by identifiers, by what they are; at least one way."""

    agency_ids: Annotated[list[UUID], Field(max_length=2000, description="By their records.")] = []
    identifiers: Annotated[
        list[NamedAgency],
        Field(
            max_length=2000,
            description="By identifiers: the agency each means today, or meant last.",
        ),
    ] = []
    select: Annotated[RosterSelection | None, Field(description="By what they are.")] = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.agency_ids and not self.identifiers and self.select is None:
            raise PydanticCustomError("names_nobody", RULES["names_nobody"])
        return self


Count = Annotated[
    int, Field(ge=0, le=2**31 - 1, json_schema_extra={"format": "int32"}, examples=[8])
]


class RosterAdded(BaseModel):
    """What became of agencies that were put on a roster."""

    added: Annotated[Count, Field(description="Agencies that were not on it.")]
    already_there: Annotated[Count, Field(description="Agencies that were on it before.")]
    size: Annotated[Count, Field(description="Agencies on the roster now.")]


class RosterEntryRead(RecordRead, table=RosterEntry, level=Level.partnership):
    """That an audit asks an agency, and on what basis."""

    audit_id: Annotated[UUID, Field(description="The audit.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    agency_name: Annotated[
        Label,
        Computed("(SELECT g.name FROM agencies g WHERE g.id = t.agency_id)"),
        Field(description="Name of the agency."),
    ]
    duty_basis: Annotated[
        DutyBasis | None,
        Field(description="Why the agency owes an answer of this kind; null if nothing says."),
    ]


class RosterFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only this agency.")] = None
    duty_basis: Annotated[
        list[DutyBasis], Field(max_length=50, description="Asked on any of these bases.")
    ] = []
