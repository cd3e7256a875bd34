"""Responses of agencies to audits on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.agencies import DutyBasis
from app.models.audits import RESPONSE_LIFECYCLE, AuditResponse, ResponseStatus, Transition
from app.pagination import Paging
from app.schemas.answers import INNER, CompletedBy, SignedOffBy
from app.schemas.base import ExternalRef, PersonName, RecordRead, Redaction, Time
from app.schemas.transitions import AllowedTransitions, Reason, TransitionCreate, TransitionRead
from app.sensitivity import Computed, Level

AuditId = Annotated[UUID, Field(description="The audit.")]
AgencyId = Annotated[UUID, Field(description="The agency.")]
ResponseId = Annotated[UUID, Field(description="The response.")]
Status = Annotated[ResponseStatus, Field(description="Where the response stands.")]
IsLate = Annotated[
    bool | None,
    Field(description="Whether it was submitted after the day it was due; null before that."),
]
Redactions = Annotated[
    list[Redaction], Field(max_length=50, description="Members withheld from you.")
]
Count = Annotated[int, Field(ge=0, le=32_767, json_schema_extra={"format": "int32"}, examples=[1])]


class AuditResponseRead(RecordRead, table=AuditResponse, level=Level.partnership):
    """The response of one agency to one audit."""

    audit_id: AuditId
    agency_id: AgencyId
    duty_basis: Annotated[
        DutyBasis | None, Field(description="Why the agency owes it; null if not recorded.")
    ]
    status: Status
    revision: Annotated[Count, Field(description="How many times it was submitted.")]
    times_returned: Annotated[Count, Field(description="How many times it was returned.")]
    submitted_at: Annotated[
        datetime | None, Field(description="When it last arrived (UTC); null before that.")
    ]
    submitted_on: Annotated[
        date | None,
        Field(description="Day it counts as submitted, in the United Kingdom; null before that."),
    ]
    is_late: IsLate
    completed_by: Annotated[
        PersonName | None,
        INNER,
        Field(description="Post or name of who completed it."),
    ]
    signed_off_by: Annotated[
        PersonName | None,
        INNER,
        Field(description="Post or name of who signed it off."),
    ]
    answered: Annotated[
        Count,
        INNER,
        Field(description="Questions answered; one carried forward counts once it is confirmed."),
    ]
    unanswered: Annotated[
        Count | None,
        INNER,
        Field(description="Mandatory questions left; null before the first answer."),
    ]
    reason: Annotated[
        Reason,
        INNER,
        Field(description="Why it was returned, exempted or withdrawn; else null."),
    ]
    external_ref: Annotated[
        ExternalRef | None,
        INNER,
        Field(description="The agency's own identifier of its last submission."),
    ]
    previous_response_id: Annotated[
        UUID | None,
        INNER,
        Field(description="The agency's response to the audit before; null if there is none."),
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(RESPONSE_LIFECYCLE.allowed)]
    redactions: Redactions


class AuditResponseFilters(Paging):
    """Query parameters of the list."""

    audit_id: Annotated[UUID | None, Field(description="Only responses to this audit.")] = None
    agency_id: Annotated[UUID | None, Field(description="Only responses of this agency.")] = None
    status: Annotated[
        list[ResponseStatus], Field(max_length=50, description="Standing in any of these.")
    ] = []
    is_late: Annotated[bool | None, Field(description="Submitted late, or in time.")] = None
    updated_at_from: Annotated[
        Time | None, Field(description="Changed at this moment or later.")
    ] = None


class AuditResponseTransitionCreate(TransitionCreate):
    """A move of a response. Signing off, the move to `submitted`, says whose work it is."""

    to: Annotated[ResponseStatus, Field(description="State to move to.", examples=["accepted"])]
    completed_by: Annotated[
        CompletedBy | None,
        Field(description="Who completed it, to sign off; absent: as on the response."),
    ] = None
    signed_off_by: Annotated[
        SignedOffBy | None, Field(description="Who signs it off; required to sign off.")
    ] = None


class AuditResponseTransitionRead(TransitionRead, table=Transition, level=Level.partnership):
    """That a response moved: from where to where, who, when and why."""

    reason: Annotated[Reason, INNER]
    redactions: Redactions
