"""Submissions on the wire: a whole return pushed in one call, and what is kept of it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.audits import Submission
from app.pagination import Paging
from app.schemas.answers import (
    INNER,
    MAX_ANSWERS,
    AnswerWrite,
    CompletedBy,
    Grade,
    Impact,
    Improvements,
    IsGoodPractice,
    IsNotApplicable,
    MayBeShared,
    Narrative,
    NotApplicableReason,
    OwnReference,
    QuestionCode,
    Sha256,
    SignedOffBy,
    Value,
)
from app.schemas.base import CreateSchema, Date, ExternalRef, Label, RecordRead, Redaction
from app.sensitivity import Level

OwnRef = Annotated[
    ExternalRef | None,
    Field(
        description="The agency's own identifier of this submission. Sent again with the same"
        " content it makes nothing new; each new submission has one of its own.",
        examples=["return-2017-121902"],
    ),
]


class SubmissionCreate(CreateSchema):
    """A return as its agency signed it off.

    Each answer replaces what stood there; questions that are not named stay as they are, so that
    a response filled in before may be submitted with no answers here.
    """

    answers: Annotated[
        list[AnswerWrite], Field(max_length=MAX_ANSWERS, description="One for each question.")
    ] = []
    completed_by: CompletedBy
    signed_off_by: SignedOffBy
    submitted_on: Annotated[
        Date | None,
        Field(
            description="Day it was submitted, for a retrospective audit; for any other, today or"
            " absent.",
            examples=[None],
        ),
    ] = None
    external_ref: OwnRef = None


class SubmittedFile(BaseModel):
    """A file that stood behind an answer."""

    file_name: Annotated[Label, Field(description="Its name.")]
    sha256: Sha256


class SubmittedAnswer(BaseModel):
    """An answer as it was submitted."""

    question: QuestionCode
    grade: Grade
    value: Value
    narrative: Narrative
    impact: Impact
    is_not_applicable: IsNotApplicable
    not_applicable_reason: NotApplicableReason
    is_good_practice: IsGoodPractice
    may_be_shared: MayBeShared
    improvements: Improvements
    own_reference: OwnReference
    evidence: Annotated[
        list[SubmittedFile], Field(max_length=1000, description="Files behind it, at that time.")
    ]


class SubmissionSummaryRead(RecordRead, table=Submission, level=Level.partnership):
    """That an agency submitted its response; every revision is kept."""

    response_id: Annotated[UUID, Field(description="The response.")]
    audit_id: Annotated[UUID, Field(description="The audit.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    revision: Annotated[
        int,
        Field(
            ge=1,
            le=32_767,
            json_schema_extra={"format": "int32"},
            description="Number of the submission, from 1; the last one counts.",
        ),
    ]
    completed_by: Annotated[CompletedBy, INNER]
    signed_off_by: Annotated[SignedOffBy, INNER]
    submitted_on: Annotated[
        date, Field(description="Day it counts as submitted, in the United Kingdom.")
    ]
    external_ref: Annotated[OwnRef, INNER]
    redactions: Annotated[
        list[Redaction], Field(max_length=50, description="Members withheld from you.")
    ]


class SubmissionRead(SubmissionSummaryRead, table=Submission, level=Level.partnership):
    """A submission with its answers, as they were."""

    answers: Annotated[
        list[SubmittedAnswer],
        INNER,
        Field(max_length=MAX_ANSWERS, description="The answers, by question."),
    ]


class SubmissionFilters(Paging):
    """Query parameters of the list."""

    response_id: Annotated[UUID | None, Field(description="Only of this response.")] = None
    audit_id: Annotated[UUID | None, Field(description="Only to this audit.")] = None
    agency_id: Annotated[UUID | None, Field(description="Only of this agency.")] = None
