"""Undertakings, disclosure grants and look-ups on the wire (Framework section 7)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.models.disclosure import (
    GRANT_LIFECYCLE,
    DisclosureGrant,
    GrantStatus,
    PersonLookup,
    Undertaking,
)
from app.models.vault import BlindKind
from app.pagination import Paging
from app.schemas.base import (
    WHOLE,
    Body,
    Code,
    CreateSchema,
    Date,
    Narrative,
    Prose,
    RecordRead,
)
from app.schemas.identities import Identifying, IdentityField, NhsNumber, Upn
from app.schemas.narratives import CaseRecordRead, NarratedCreate
from app.schemas.transitions import AllowedTransitions, CaseTransitionCreate
from app.sensitivity import Classified, Computed, Level

UNDERTAKING = "2026-1"
"""The undertaking in force; `docs/confidentiality-undertaking.md` holds its text."""

OPEN = Classified(Level.partnership)
Gateway = Annotated[
    Code,
    Field(
        description="Legal gateway, by its code in `/v1/legal-gateways`.",
        examples=["ca2004_s14B"],
    ),
]
CaseId = Annotated[UUID, Field(description="The case.")]
PersonIds = Annotated[
    list[UUID], Field(min_length=1, max_length=100, description="The people of that case.")
]
Fields = Annotated[
    list[IdentityField],
    Field(
        min_length=1,
        max_length=20,
        description="What of their identities is needed.",
        examples=[["names", "date_of_birth"]],
    ),
]
Purpose = Annotated[
    Narrative, Field(description="What it is for.", examples=["To arrange the family's meeting."])
]
Necessity = Annotated[
    Narrative,
    Field(description="Why nothing less will do.", examples=["Invitations go out by name."]),
]
Proportionality = Annotated[
    Narrative,
    Field(
        description="Why it is no more than the purpose needs.",
        examples=["Two people, once, names only."],
    ),
]
Hours = Annotated[
    int, Field(ge=1, le=720, description="Hours from the approval; thirty days at most."), WHOLE
]
UsesAllowed = Annotated[
    int, Field(ge=1, le=1000, description="Reads it may be used for; a record is one."), WHOLE
]


class UndertakingCreate(CreateSchema):
    """That the caller undertakes to keep confidential what is disclosed."""

    version: Annotated[
        Literal["2026-1"],
        Field(description="The undertaking in force, which the caller has read."),
    ]


class UndertakingRead(RecordRead, table=Undertaking, level=Level.partnership):
    """That somebody undertook to keep confidential what is disclosed."""

    user_id: Annotated[UUID, Field(description="Who.")]
    version: Annotated[Code, Field(description="Version of its text.", examples=["2026-1"])]
    valid_to: Annotated[Date, Field(description="Last day; then it is signed again.")]


class UndertakingFilters(Paging):
    """Query parameters of the list."""

    user_id: Annotated[UUID | None, Field(description="Only of this person.")] = None


class DisclosureGrantCreate(NarratedCreate):
    """What somebody asks to see, why, and for how long. In an emergency it is given at once."""

    case_id: CaseId
    person_ids: PersonIds
    fields: Fields
    gateway: Gateway
    purpose: Purpose
    necessity: Necessity
    proportionality: Proportionality
    hours: Hours = 168
    uses_allowed: UsesAllowed = 20
    is_emergency: Annotated[
        bool,
        Field(
            strict=True,
            description="Whether it cannot wait for approval: it then lasts four hours and twenty"
            " reads at most, approvers are told at once, and one reviews it within two working"
            " days.",
        ),
    ] = False


USABLE = (
    "t.status = 'approved' AND t.uses_left > 0 AND t.starts_at <= now() AND t.expires_at > now()"
)


class DisclosureGrantRead(CaseRecordRead, table=DisclosureGrant, level=Level.partnership):
    """Leave to see who some people of a case are, and how often it was used."""

    person_ids: PersonIds
    fields: Fields
    gateway: Gateway
    purpose: Purpose
    necessity: Necessity
    proportionality: Proportionality
    hours: Annotated[int, Field(ge=1, le=720, description="Hours from the approval.")]
    uses_allowed: Annotated[int, Field(ge=1, le=1000, description="Reads it may be used for.")]
    uses_left: Annotated[int, Field(ge=0, le=1000, description="Reads left.")]
    status: Annotated[GrantStatus, Field(description="Where it stands.")]
    is_usable: Annotated[
        bool,
        Computed(USABLE),
        Field(description="Whether it discloses now: approved, not ended and not used up."),
    ]
    is_emergency: Annotated[bool, Field(description="Whether it was taken in an emergency.")]
    requested_by_id: Annotated[UUID, Field(description="Who asked, and alone may use it.")]
    approved_by_id: Annotated[
        UUID | None, Field(description="Who approved or refused; null for nobody.")
    ]
    starts_at: Annotated[datetime | None, Field(description="From when; null if not approved.")]
    expires_at: Annotated[datetime | None, Field(description="Until when, exclusive; else null.")]
    revoked_at: Annotated[datetime | None, Field(description="When revoked; null if not.")]
    reviewed_by_id: Annotated[UUID | None, Field(description="Who reviewed it; null for nobody.")]
    reviewed_at: Annotated[datetime | None, Field(description="When reviewed; null if not.")]
    review_due_on: Annotated[
        Date | None,
        Field(description="Day by which an emergency is reviewed; null for others."),
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(GRANT_LIFECYCLE.allowed)]


class DisclosureGrantFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[UUID | None, Field(description="Only of this case.")] = None
    requested_by_id: Annotated[UUID | None, Field(description="Only asked by this person.")] = None
    status: Annotated[
        list[GrantStatus], Field(max_length=10, description="Standing in any of these.")
    ] = []
    is_emergency: Annotated[bool | None, Field(description="Only emergencies, or none.")] = None


class DisclosureGrantTransitionCreate(CaseTransitionCreate):
    """A move of a grant."""

    to: Annotated[GrantStatus, Field(description="State to move to.", examples=["approved"])]


class PersonLookupCreate(CreateSchema):
    """A person to look for, by one identifier. What is sent here is not kept."""

    nhs_number: NhsNumber = None
    upn: Upn = None
    family_name: Annotated[
        Identifying | None,
        Field(description="Family name, with the date of birth.", examples=[None]),
    ] = None
    date_of_birth: Annotated[
        Date | None, Field(description="Date of birth, with the family name.", examples=[None])
    ] = None
    gateway: Gateway
    purpose: Annotated[
        Prose,
        Field(
            description="What it is for. Names nobody.",
            examples=["A second notification may be about the same child."],
        ),
    ]


class FoundPerson(Body):
    """A person that was found, by label."""

    person_id: Annotated[UUID, Field(description="The person.")]
    case_id: Annotated[UUID, Field(description="The case.")]


class PersonLookupRead(RecordRead, table=PersonLookup, level=Level.partnership):
    """That somebody asked whether a person is known."""

    requested_by_id: Annotated[UUID, Field(description="Who asked.")]
    kind: Annotated[BlindKind, Field(description="By what.")]
    gateway: Gateway
    purpose: Annotated[Prose, Field(description="What it was for.")]


class PersonLookupFilters(Paging):
    """Query parameters of the list."""

    requested_by_id: Annotated[UUID | None, Field(description="Only asked by this person.")] = None


class PersonLookupResult(PersonLookupRead, table=PersonLookup, level=Level.partnership):
    """A look-up and who was found: people of cases that the caller may know of."""

    found: Annotated[
        list[FoundPerson], Field(max_length=100, description="Who was found; empty for nobody.")
    ]
