"""Requests for information on the wire (Framework section 7)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.information_requests import (
    REQUEST_LIFECYCLE,
    InformationRequest,
    RefusalGround,
    RequestOutcome,
    RequestStatus,
)
from app.pagination import Matches, Paging
from app.reference.gateways import GatewayCompliance
from app.schemas.base import WHOLE, Code, Date, Narrative, RecordRead, Redaction
from app.schemas.narratives import NarratedCreate, NarratedUpdate, PersonSpokenOf
from app.schemas.transitions import AllowedTransitions, CaseTransitionCreate
from app.sensitivity import Classified, Computed, Level, People, ShownWhere

SEES = (
    "t.case_id IS NULL OR 'cases:all' = ANY (caller.grants)"
    " OR t.case_id = ANY ((SELECT actor.cases())::uuid[])"
)
"""Whether the reader may know of the case, where there is one. An agency that is asked need not."""
OPEN = Classified(Level.partnership)
TODAY = "(now() AT TIME ZONE 'Europe/London')::date"

FromAgencyId = Annotated[
    UUID | None, Field(description="Agency that asks; null where the Board does.")
]
ToAgencyId = Annotated[
    UUID | None, Field(description="Agency that is asked; null where the Board is.")
]
Gateway = Annotated[
    Code,
    Field(
        description="Legal gateway, by its code in `/v1/legal-gateways`; one that whoever asks may"
        " use today.",
        examples=["ca2004_s16H"],
    ),
]
Purpose = Annotated[
    Narrative,
    Field(description="What it is for.", examples=["To decide whether the case is reviewed."]),
]
Necessity = Annotated[
    Narrative,
    Field(description="Why nothing less will do.", examples=["No other agency saw the family."]),
]
Proportionality = Annotated[
    Narrative,
    Field(
        description="Why it is no more than the purpose needs.",
        examples=["Two years of contacts, no medical detail."],
    ),
]
WorkingDays = Annotated[
    int,
    Field(
        ge=1,
        le=60,
        json_schema_extra={"format": "int32"},
        description="Working days from the issue to the answer.",
    ),
    WHOLE,
]
Asked = Annotated[
    Narrative,
    Field(description="One thing that is asked for.", examples=["Contacts since January 2015."]),
]
Ground = Annotated[
    RefusalGround | None,
    Field(description="Legal ground on which all or some was refused; null where nothing was."),
]


class InformationRequestCreate(NarratedCreate):
    """A request to draft. An agency asks in its own name, the Business Office in the Board's.

    Without a case its texts name nobody: a name is refused.
    """

    case_id: Annotated[
        UUID | None, Field(description="The case it is about; null for none.", examples=[None])
    ] = None
    to_agency_id: ToAgencyId = None
    gateway: Gateway
    purpose: Purpose
    necessity: Necessity
    proportionality: Proportionality
    working_days: WorkingDays = 10
    items: Annotated[
        list[Asked], Field(min_length=1, max_length=50, description="What is asked for, in order.")
    ]


class InformationRequestUpdate(NarratedUpdate):
    """Changes to a draft."""

    gateway: Gateway | MISSING = MISSING
    purpose: Purpose | MISSING = MISSING
    necessity: Necessity | MISSING = MISSING
    proportionality: Proportionality | MISSING = MISSING
    working_days: WorkingDays | MISSING = MISSING


class OfRequestRead(RecordRead, table=InformationRequest, level=Level.partnership):
    """The members of what belongs to a request: the case, where the reader may know of it."""

    case_id: Annotated[
        UUID | None,
        ShownWhere(SEES),
        Field(description="The case; null for none, and for an agency that takes no part in it."),
    ]
    is_about_case: Annotated[
        bool, Computed("t.case_id IS NOT NULL"), Field(description="Whether it is about a case.")
    ]
    people: Annotated[
        list[PersonSpokenOf],
        People(),
        Field(
            max_length=1000,
            description="The people its narratives speak of; none for an agency that takes no part"
            " in the case, which reads `[Person 1]`.",
        ),
    ]
    redactions: Annotated[
        list[Redaction],
        Field(max_length=1000, description="What is withheld from you, and why."),
    ]


class InformationRequestRead(OfRequestRead, table=InformationRequest, level=Level.partnership):
    """A request for information: by which law, what for, and what came of it."""

    from_agency_id: FromAgencyId
    to_agency_id: ToAgencyId
    gateway: Gateway
    compliance: Annotated[
        GatewayCompliance,
        Field(description="Whether who is asked must comply, by the gateway's law."),
    ]
    purpose: Purpose
    necessity: Necessity
    proportionality: Proportionality
    working_days: WorkingDays
    status: Annotated[RequestStatus, Field(description="Where it stands.")]
    outcome: Annotated[
        RequestOutcome | None, Field(description="How it was answered; null until it is.")
    ]
    refusal_ground: Ground
    refusal_reasons: Annotated[
        Narrative | None,
        ShownWhere(SEES),
        Field(description="Why it was refused.", examples=["It is not for the Board's work."]),
    ]
    drafted_by_id: Annotated[UUID, Field(description="Who drafted it.")]
    approved_by_id: Annotated[
        UUID | None, Field(description="Who approved it: another person; null until then.")
    ]
    issued_on: Annotated[Date | None, Field(description="Day it was issued; null until then.")]
    due_on: Annotated[
        Date | None, Field(description="Last day for the answer; null until it is issued.")
    ]
    answered_on: Annotated[Date | None, Field(description="Day of the answer; null until then.")]
    is_overdue: Annotated[
        bool,
        Computed(f"t.status IN ('issued', 'acknowledged') AND t.due_on < {TODAY}"),
        Field(description="Whether the answer is owed and its last day has passed."),
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(REQUEST_LIFECYCLE.allowed)]


class InformationRequestFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[
        UUID | None,
        Matches(f"t.case_id = {{}} AND ({SEES})"),
        Field(description="About this case, where you may know of it."),
    ] = None
    from_agency_id: Annotated[UUID | None, Field(description="Asked by this agency.")] = None
    to_agency_id: Annotated[UUID | None, Field(description="Asked of this agency.")] = None
    status: Annotated[
        list[RequestStatus], Field(max_length=9, description="In any of these states.")
    ] = []
    outcome: Annotated[
        list[RequestOutcome], Field(max_length=3, description="With any of these outcomes.")
    ] = []
    is_overdue: Annotated[
        bool | None,
        Matches(
            f"coalesce(t.status IN ('issued', 'acknowledged') AND t.due_on < {TODAY}, false) = {{}}"
        ),
        Field(description="Only those that are overdue, or are not."),
    ] = None


class InformationRequestTransitionCreate(CaseTransitionCreate):
    """A move of a request. To refuse, all or in part, needs a ground and the reasons."""

    to: Annotated[RequestStatus, Field(description="State to move to.", examples=["approved"])]
    refusal_ground: Annotated[
        RefusalGround | None,
        Field(
            description="Legal ground, to move to `refused` or `part_supplied`.", examples=[None]
        ),
    ] = None
