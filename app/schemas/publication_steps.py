"""Decisions, notices and withdrawals of publications on the wire (section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.publications import (
    PublicationDecision,
    PublicationDecisionCode,
    PublicationNotice,
    PublicationWithdrawal,
)
from app.pagination import Paging
from app.reference.review_types import review_values
from app.schemas.base import (
    Code,
    CreateSchema,
    Date,
    Narrative,
    Prose,
    RecordRead,
    Redaction,
)
from app.schemas.narratives import CaseRecordRead, NarratedCreate
from app.sensitivity import Classified, Level

OPEN = Classified(Level.partnership)
PublicationId = Annotated[UUID, OPEN, Field(description="The publication.")]
Redactions = Annotated[
    list[Redaction],
    OPEN,
    Field(max_length=200, description="What is withheld from you, and why."),
]


WithholdReason = Annotated[
    Code | None,
    Field(
        description="Why it is withheld, by its code: "
        + ", ".join(f"`{each.code}`" for each in review_values().withhold_reasons)
        + ". Null where it is published.",
        examples=[None],
    ),
]
Reasons = Annotated[
    Narrative,
    Field(description="Reasons, in words.", examples=["Nothing in it says who the child is."]),
]
LegalAdviceReference = Annotated[
    Narrative | None,
    Field(
        max_length=300,
        description="Where the legal advice is; required where it is withheld, else null.",
        examples=[None],
    ),
]
ReviewOn = Annotated[
    Date | None,
    Field(
        description="Day to look again where it is withheld: required for a reason that only"
        " defers. Else null.",
        examples=[None],
    ),
]
Decision = Annotated[PublicationDecisionCode, OPEN, Field(description="What was decided.")]


class PublicationDecisionCreate(NarratedCreate):
    """A decision about a publication: the decision maker's of the regime alone."""

    decision: Decision
    reasons: Reasons
    withhold_reason: WithholdReason = None
    legal_advice_reference: LegalAdviceReference = None
    review_on: ReviewOn = None


class PublicationDecisionRead(CaseRecordRead, table=PublicationDecision, level=Level.restricted):
    """A decision about a publication, and its reasons."""

    publication_id: PublicationId
    check_id: Annotated[
        UUID | None, Field(description="Check of the text decided on; null where withheld.")
    ]
    decision: Decision
    reasons: Reasons
    withhold_reason: WithholdReason
    legal_advice_reference: LegalAdviceReference
    review_on: ReviewOn
    decided_by_id: Annotated[UUID, Field(description="Who decided.")]


class PublicationDecisionFilters(Paging):
    """Query parameters of the list."""


class PublicationNoticeCreate(CreateSchema):
    """That the report was sent to a body ahead of its publication."""

    recipient: Annotated[
        Code,
        Field(description="A body that the review's regime names for it.", examples=["ofsted"]),
    ]
    sent_on: Annotated[Date, Field(description="Day it was sent, today at the latest.")]


class PublicationNoticeRead(RecordRead, table=PublicationNotice, level=Level.restricted):
    """That the report was sent to a body ahead of its publication."""

    case_id: Annotated[UUID, OPEN, Field(description="The case.")]
    publication_id: PublicationId
    decision_id: Annotated[UUID, Field(description="The decision it was sent after.")]
    recipient: Annotated[Code, Field(description="The body.", examples=["ofsted"])]
    sent_on: Annotated[Date, Field(description="Day it was sent.")]
    sent_by_id: Annotated[UUID, Field(description="Who recorded it.")]
    redactions: Redactions


class PublicationNoticeFilters(Paging):
    """Query parameters of the list."""


PublicReason = Annotated[
    Prose,
    Field(
        max_length=300,
        description="What the public is told. Names nobody.",
        examples=["It was available for the time that is required."],
    ),
]


class PublicationWithdrawalCreate(NarratedCreate):
    """That a published report is taken down."""

    reason: Annotated[
        Narrative,
        Field(description="Why, for the team.", examples=["The family asked for it."]),
    ]
    public_reason: PublicReason


class PublicationWithdrawalRead(
    CaseRecordRead, table=PublicationWithdrawal, level=Level.restricted
):
    """That a published report was taken down: when, why, and by whom."""

    publication_id: PublicationId
    reason: Annotated[
        Narrative,
        Field(description="Why, for the team.", examples=["The family asked for it."]),
    ]
    public_reason: PublicReason
    withdrawn_by_id: Annotated[UUID, Field(description="Who took it down.")]


class PublicationWithdrawalFilters(Paging):
    """Query parameters of the list."""
