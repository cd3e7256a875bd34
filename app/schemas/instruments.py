"""Instruments on the wire.

An instrument is read in the form it is written in. Without identifiers, dates and state, what one
board reads another board can post: that is how question sets travel (Framework section 4).
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.agencies import DutyBasis, Sector
from app.models.instruments import (
    INSTRUMENT_LIFECYCLE,
    AnswerType,
    AuditKind,
    EvidenceRule,
    Instrument,
    InstrumentStatus,
)
from app.pagination import Paging
from app.schemas.base import (
    WHOLE,
    Body,
    Code,
    CreateSchema,
    Label,
    Prose,
    RecordRead,
    UpdateSchema,
)
from app.schemas.grade_scales import ScaleVersion, ValidFrom, Version
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

Bound = Annotated[int, Field(ge=-(2**31), lt=2**31, json_schema_extra={"format": "int64"}), WHOLE]


class NumberRule(Body):
    """What a number is answered in, and between which bounds."""

    unit: Annotated[Code, Field(description="Unit; `percent` is 0 to 100.", examples=["percent"])]
    minimum: Annotated[Bound | None, Field(description="Smallest, inclusive; null for none.")] = (
        None
    )
    maximum: Annotated[Bound | None, Field(description="Largest, inclusive; null for none.")] = None


class AppliesTo(Body):
    """Whom a question is put to: agencies that fit both lists."""

    sectors: Annotated[
        list[Sector] | None, Field(max_length=40, description="Of these sectors; null for all.")
    ] = None
    duty_bases: Annotated[
        list[DutyBasis] | None,
        Field(max_length=9, description="Owing an answer for any of these reasons; null for all."),
    ] = None


class CrossReference(Body):
    """The same question elsewhere: in another instrument, or in an agency's own audit."""

    numbering: Annotated[
        Code,
        Field(
            description="Whose numbers: another instrument's code, `framework_duty`, or any name"
            " agreed with an agency.",
            examples=["framework_duty"],
        ),
    ]
    reference: Annotated[Label, Field(description="The number there.", examples=["6.1"])]


class QuestionCreate(Body):
    """A question under a standard."""

    code: Annotated[Code, Field(description="Number in the instrument.", examples=["4.1"])]
    text: Annotated[Prose, Field(description="The question.")]
    guidance: Annotated[Prose | None, Field(description="How to answer it.")] = None
    source: Annotated[Label | None, Field(description="What it rests on.")] = None
    answer_type: Annotated[AnswerType, Field(description="What it is answered with.")]
    number: Annotated[
        NumberRule | None, Field(description="Unit and bounds of a number; else null.")
    ] = None
    is_mandatory: Annotated[
        bool, Field(strict=True, description="Whether a return must answer it.")
    ] = True
    evidence: Annotated[EvidenceRule, Field(description="What must stand behind the answer.")] = (
        EvidenceRule.none
    )
    applies_to: Annotated[AppliesTo, Field(description="Whom it is put to.")] = AppliesTo()
    crosswalk: Annotated[
        list[CrossReference], Field(max_length=20, description="The same question elsewhere.")
    ] = []


class StandardCreate(Body):
    """A standard and its questions, in order."""

    code: Annotated[Code, Field(description="Name.", examples=["safer_recruitment"])]
    title: Annotated[Label, Field(description="Title.", examples=["Safer recruitment"])]
    statement: Annotated[Prose | None, Field(description="What is expected.")] = None
    source: Annotated[Label | None, Field(description="What it rests on.")] = None
    questions: Annotated[
        list[QuestionCreate], Field(max_length=200, description="Questions, in order.")
    ]


class QuestionRead(QuestionCreate):
    """A question of an instrument."""

    id: Annotated[UUID, Field(description="Identifier of the question.")]


class StandardRead(Body):
    """A standard of an instrument."""

    id: Annotated[UUID, Field(description="Identifier of the standard.")]
    code: Annotated[Code, Field(description="Name.", examples=["safer_recruitment"])]
    title: Annotated[Label, Field(description="Title.", examples=["Safer recruitment"])]
    statement: Annotated[Prose | None, Field(description="What is expected.")]
    source: Annotated[Label | None, Field(description="What it rests on.")]
    questions: Annotated[
        list[QuestionRead], Field(max_length=200, description="Questions, in order.")
    ]


InstrumentCode = Annotated[Code, Field(description="Name.", examples=["section_11"])]
Title = Annotated[Label, Field(description="Title.", examples=["Section 11 self-assessment"])]
Source = Annotated[Prose | None, Field(description="What it rests on: law, guidance, framework.")]
Kind = Annotated[AuditKind, Field(description="What it asks about.")]
CompletedByPost = Annotated[
    Label | None, Field(description="Post that completes a return.", examples=["Section 11 lead"])
]
SignedOffByPost = Annotated[
    Label | None,
    Field(description="Post that signs it off: another person.", examples=["Chief officer"]),
]
Standards = Annotated[
    list[StandardCreate], Field(max_length=100, description="Standards, in order.")
]
Status = Annotated[InstrumentStatus, Field(description="Where this version stands.")]


class InstrumentCreate(CreateSchema):
    """A version of a question set, as a draft."""

    code: InstrumentCode
    version: Version
    kind: Kind
    title: Title
    source: Source = None
    valid_from: ValidFrom = None
    grade_scale: Annotated[ScaleVersion, Field(description="What its questions are graded on.")]
    completed_by_post: CompletedByPost = None
    signed_off_by_post: SignedOffByPost = None
    standards: Standards


class InstrumentUpdate(UpdateSchema):
    """Changes to a draft. `standards`, if sent, replace all that was there."""

    title: Title | MISSING = MISSING
    source: Source | MISSING = MISSING
    standards: Standards | MISSING = MISSING


QUESTIONS = (
    "SELECT coalesce(json_agg(json_build_object('id', q.id, 'code', q.code, 'text', q.text,"
    " 'guidance', q.guidance, 'source', q.source, 'answer_type', q.answer_type,"
    " 'number', q.number_rule, 'is_mandatory', q.is_mandatory, 'evidence', q.evidence,"
    " 'applies_to', json_build_object('sectors', q.sectors, 'duty_bases', q.duty_bases),"
    " 'crosswalk', q.crosswalk) ORDER BY q.position), '[]')"
    " FROM questions q WHERE q.standard_id = s.id"
)
STANDARDS = (
    "(SELECT coalesce(json_agg(json_build_object('id', s.id, 'code', s.code, 'title', s.title,"
    f" 'statement', s.statement, 'source', s.source, 'questions', ({QUESTIONS}))"
    " ORDER BY s.position), '[]') FROM standards s WHERE s.instrument_id = t.id)"
)


class InstrumentSummaryRead(RecordRead, table=Instrument, level=Level.public):
    """A version of a question set, without its questions."""

    code: InstrumentCode
    version: Version
    kind: Kind
    title: Title
    source: Source
    valid_from: ValidFrom
    grade_scale: Annotated[
        ScaleVersion,
        Computed(
            "(SELECT json_build_object('code', g.code, 'version', g.version)"
            " FROM grade_scales g WHERE g.id = t.grade_scale_id)"
        ),
        Field(description="What its questions are graded on."),
    ]
    completed_by_post: CompletedByPost
    signed_off_by_post: SignedOffByPost
    status: Status
    allowed_transitions: Annotated[AllowedTransitions, Computed(INSTRUMENT_LIFECYCLE.allowed)]


class InstrumentRead(InstrumentSummaryRead, table=Instrument, level=Level.public):
    """A version of a question set with its standards and questions."""

    standards: Annotated[
        list[StandardRead],
        Computed(STANDARDS),
        Field(max_length=100, description="Standards, in order."),
    ]


class InstrumentTransitionCreate(TransitionCreate):
    """A move of an instrument: `published` once it is agreed, `retired` when it is out of use."""

    to: Annotated[InstrumentStatus, Field(description="State to move to.")]


class InstrumentFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[list[AuditKind], Field(max_length=50, description="Any of these kinds.")] = []
    code: Annotated[Code | None, Field(description="Versions of this instrument.")] = None
    status: Annotated[
        list[InstrumentStatus], Field(max_length=50, description="Standing here.")
    ] = []
