"""Cases, their agencies, teams and people on the wire (Framework sections 7 and 16)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.cases import AgencyPart, Case, CaseAgency, CaseMember, Person, PersonKind, TeamPart
from app.pagination import Paging
from app.schemas.base import Code, CreateSchema, Date, Label, RecordRead, Redaction, UpdateSchema
from app.schemas.identities import Identity
from app.schemas.narratives import IdentityOf
from app.sensitivity import Classified, Computed, Level

INNER = Classified(Level.restricted)
OPEN = Classified(Level.partnership)
LABEL = r"^[A-Z][A-Za-z0-9'\-]*( [A-Za-z0-9][A-Za-z0-9'\-]*){0,7}$"

Reference = Annotated[
    Code,
    Field(
        description="Name of the case: letters and figures that say nothing of it.",
        examples=["C-7F3A9B2E"],
    ),
]
AreaId = Annotated[UUID | None, Field(description="Area where the people live; null if unknown.")]
OccurredOn = Annotated[
    Date | None,
    Field(description="Day of the incident; null if it was not one event or is unknown."),
]
ClosedOn = Annotated[
    Date | None,
    Field(description="Day the case was closed: retention runs from it; null while it is open."),
]
CaseId = Annotated[UUID, Field(description="The case.")]
AgencyId = Annotated[UUID, Field(description="The agency.")]
Redactions = Annotated[
    list[Redaction],
    OPEN,
    Field(max_length=200, description="What is withheld from you, and why."),
]


class CaseCreate(CreateSchema):
    """A case to open. Who its people are is recorded apart, and sealed."""

    reference: Reference | MISSING = MISSING
    area_id: AreaId = None
    occurred_on: OccurredOn = None


class CaseUpdate(UpdateSchema):
    """Changes to a case."""

    reference: Reference | MISSING = MISSING
    area_id: AreaId | MISSING = MISSING
    occurred_on: OccurredOn | MISSING = MISSING
    closed_on: ClosedOn | MISSING = MISSING


class CaseRead(RecordRead, table=Case, level=Level.partnership):
    """A case: what happened to one child or several."""

    reference: Reference
    area_id: Annotated[AreaId, INNER]
    occurred_on: Annotated[OccurredOn, INNER]
    closed_on: ClosedOn
    identities_destroyed_at: Annotated[
        datetime | None,
        Field(description="When it was destroyed who its people are; null while it is known."),
    ]
    redactions: Redactions


class CaseFilters(Paging):
    """Query parameters of the list."""

    reference: Annotated[Code | None, Field(description="Of this name.")] = None


class CaseAgencyCreate(CreateSchema):
    """An agency that takes part: it sees the case, and writes its own report and chronology."""

    agency_id: AgencyId
    part: Annotated[AgencyPart, Field(description="Its part.")] = AgencyPart.involved


class CaseAgencyUpdate(UpdateSchema):
    """Changes to the part of an agency."""

    part: Annotated[AgencyPart, Field(description="Its part.")] | MISSING = MISSING
    valid_to: (
        Annotated[Date | None, Field(description="Last day it takes part; null while it does.")]
        | MISSING
    ) = MISSING


class CaseAgencyRead(RecordRead, table=CaseAgency, level=Level.partnership):
    """That an agency takes part in a case."""

    case_id: CaseId
    agency_id: AgencyId
    part: Annotated[AgencyPart, Field(description="Its part.")]
    valid_to: Annotated[
        Date | None, Field(description="Last day it takes part; null while it does.")
    ]


class CaseAgencyFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only this agency.")] = None


class CaseMemberCreate(CreateSchema):
    """Somebody to join the team of a case: who sees all of it, pseudonymised."""

    user_id: Annotated[UUID, Field(description="The person.")]
    part: Annotated[TeamPart, Field(description="Part in the team.")]
    valid_to: Annotated[
        Date | None, Field(description="Last day in the team; null while it lasts.")
    ] = None


class CaseMemberUpdate(UpdateSchema):
    """The end of somebody's part in the team. Grants end with it."""

    valid_to: (
        Annotated[Date | None, Field(description="Last day in the team; null while it lasts.")]
        | MISSING
    ) = MISSING


class CaseMemberRead(RecordRead, table=CaseMember, level=Level.partnership):
    """That somebody is in the team of a case."""

    case_id: CaseId
    user_id: Annotated[UUID, Field(description="The person.")]
    part: Annotated[TeamPart, Field(description="Part in the team.")]
    valid_from: Annotated[Date, Field(description="First day in the team.")]
    valid_to: Annotated[
        Date | None, Field(description="Last day in the team; null while it lasts.")
    ]


class CaseMemberFilters(Paging):
    """Query parameters of the list."""

    user_id: Annotated[UUID | None, Field(description="Only this person.")] = None


PersonLabel = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern=LABEL,
        description="Label within the case, which says nothing of who it is. Absent: the next of"
        " its kind, such as `Child B` or `Practitioner 3`.",
        examples=["Child A"],
    ),
]
Kind = Annotated[PersonKind, Field(description="What the person is to the case.")]
PersonAgencyId = Annotated[
    UUID | None, Field(description="Agency of a practitioner; null for others or if unknown.")
]
Role = Annotated[
    str,
    Field(
        min_length=1,
        max_length=60,
        pattern=LABEL,
        description="What the person is, to make a label of: `Mother`, `Health Visitor`.",
        examples=["Health Visitor"],
    ),
]


class PersonCreate(CreateSchema):
    """A person of a case. The identity is sealed before it is stored."""

    kind: Kind
    label: PersonLabel | MISSING = MISSING
    role: Role | MISSING = MISSING
    agency_id: PersonAgencyId = None
    identity: Annotated[Identity, Field(description="Who it is.")]


class PersonUpdate(UpdateSchema):
    """Changes to a person. An identity replaces the one before it as a whole."""

    kind: Kind | MISSING = MISSING
    label: PersonLabel | MISSING = MISSING
    agency_id: PersonAgencyId | MISSING = MISSING
    identity: Annotated[Identity, Field(description="Who it is, whole.")] | MISSING = MISSING


class PersonRead(RecordRead, table=Person, level=Level.partnership):
    """A person of a case, by label."""

    case_id: CaseId
    kind: Kind
    label: Annotated[Label, Field(description="Label within the case.", examples=["Child A"])]
    agency_id: Annotated[PersonAgencyId, INNER]
    identity_version: Annotated[
        int,
        Field(
            ge=0,
            le=2**31 - 1,
            json_schema_extra={"format": "int32"},
            description="How often the identity was recorded.",
        ),
    ]
    is_erased: Annotated[bool, Field(description="Whether the identity was destroyed.")]
    identity: Annotated[IdentityOf, Computed("NULL::json")]
    redactions: Redactions


class PersonFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[list[PersonKind], Field(max_length=4, description="Any of these kinds.")] = []
