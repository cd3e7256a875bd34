"""Answers on the wire: what an agency says to each question, and what moderators say beside it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.audits import Answer
from app.pagination import Matches, Paging
from app.schemas.base import (
    Body,
    Code,
    CreateSchema,
    Date,
    Label,
    PersonName,
    Prose,
    RecordRead,
    Redaction,
)
from app.sensitivity import Classified, Computed, Level

MAX_ANSWERS = 500

QuestionCode = Annotated[
    Code, Field(description="The question, by its code in the instrument.", examples=["1.2"])
]
Grade = Annotated[
    Code | None,
    Field(description="Grade of the audit's scale; null where none is given.", examples=["met"]),
]
Number = Annotated[float, Field(strict=True, ge=-1e15, le=1e15, allow_inf_nan=False)]
Whole = Annotated[
    int, Field(strict=True, ge=-(10**15), le=10**15, json_schema_extra={"format": "int64"})
]
Value = Annotated[
    Annotated[bool, Field(strict=True)] | Whole | Number | Prose | None,
    Field(
        description="What a question without grades is answered with: a number, true or false, a"
        " text, or a date as `YYYY-MM-DD`; null where nothing is given.",
        examples=[None],
    ),
]
Narrative = Annotated[
    Prose | None,
    Field(
        description="How the agency knows. Names no child, relative or practitioner.",
        examples=["The board's minutes of March and September."],
    ),
]
Impact = Annotated[
    Prose | None,
    Field(
        description="What it changes for children.", examples=["Referrals are made the same day."]
    ),
]
IsNotApplicable = Annotated[
    bool,
    Field(
        strict=True,
        description="Whether the question does not apply to this agency.",
        examples=[False],
    ),
]
NotApplicableReason = Annotated[
    Prose | None,
    Field(description="Why it does not apply; required where it does not.", examples=[None]),
]
IsGoodPractice = Annotated[
    bool, Field(strict=True, description="Whether others could learn from it.")
]
MayBeShared = Annotated[
    bool,
    Field(strict=True, description="Whether the agency gives leave to share it with all partners."),
]
OwnReference = Annotated[
    Label | None,
    Field(description="Number of this question in the agency's own audits.", examples=["QA-7"]),
]


Sha256 = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        max_length=64,
        description="SHA-256 of the content, in hexadecimal.",
        examples=["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ),
]


class Improvement(Body):
    """What the agency will do better."""

    text: Annotated[Prose, Field(description="What will be done.", examples=["Train the deputy."])]
    lead: Annotated[
        Label | None,
        Field(
            description="Post that leads it, not a name; needed to submit.",
            examples=["Head of Quality Assurance"],
        ),
    ] = None
    due_on: Annotated[Date | None, Field(description="Day it is due; needed to submit.")] = None


Improvements = Annotated[
    list[Improvement], Field(max_length=20, description="What the agency will do better.")
]


class AnswerWrite(Body):
    """An answer. It replaces what the agency said to this question before, as a whole."""

    question: QuestionCode
    grade: Grade = None
    value: Value = None
    narrative: Narrative = None
    impact: Impact = None
    is_not_applicable: IsNotApplicable = False
    not_applicable_reason: NotApplicableReason = None
    is_good_practice: IsGoodPractice = False
    may_be_shared: MayBeShared = False
    improvements: Improvements = []
    own_reference: OwnReference = None


CompletedBy = Annotated[
    PersonName, Field(description="Post or name of who completed it.", examples=["Head teacher"])
]
SignedOffBy = Annotated[
    PersonName,
    Field(
        description="Post or name of who signed it off: not who completed it.",
        examples=["Safeguarding governor"],
    ),
]


class AnswersWrite(CreateSchema):
    """Answers to some of the questions. Those that are not named stay as they are."""

    answers: Annotated[
        list[AnswerWrite],
        Field(min_length=1, max_length=MAX_ANSWERS, description="One for each question."),
    ]
    completed_by: Annotated[
        CompletedBy | None, Field(description="Who completes the response; absent: as it stands.")
    ] = None


OF_QUESTION = "(SELECT {} FROM questions q {} WHERE q.id = t.question_id)"
INNER = Classified(Level.agency)
"""What the agency says is for itself and the Board's inner roles."""


class AnswerRead(RecordRead, table=Answer, level=Level.partnership):
    """An agency's answer, with the moderated grade beside its own."""

    response_id: Annotated[UUID, Field(description="The response it belongs to.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    question: Annotated[QuestionCode, Computed(OF_QUESTION.format("q.code", ""))]
    standard: Annotated[
        Code,
        Computed(OF_QUESTION.format("s.code", "JOIN standards s ON s.id = q.standard_id")),
        Field(description="The standard the question stands under, by its code."),
    ]
    grade: Annotated[Grade, INNER]
    value: Annotated[Value, INNER]
    narrative: Annotated[Narrative, INNER]
    impact: Annotated[Impact, INNER]
    is_not_applicable: Annotated[IsNotApplicable, INNER]
    not_applicable_reason: Annotated[NotApplicableReason, INNER]
    is_good_practice: Annotated[IsGoodPractice, INNER]
    may_be_shared: Annotated[MayBeShared, INNER]
    improvements: Annotated[Improvements, INNER]
    own_reference: Annotated[OwnReference, INNER]
    previous_grade: Annotated[Grade, INNER, Field(description="Grade in the audit before.")]
    previous_narrative: Annotated[
        Narrative, INNER, Field(description="Narrative in the audit before.")
    ]
    is_carried_forward: Annotated[
        bool,
        INNER,
        Field(
            description="Whether it still stands as carried forward from the audit before: to be"
            " confirmed or changed before the response is submitted."
        ),
    ]
    moderated_grade: Annotated[
        Grade, Field(description="Grade the moderators gave; null where they gave none.")
    ]
    moderator_comment: Annotated[
        Prose | None, INNER, Field(description="What the moderators say about the grade.")
    ]
    returned_comment: Annotated[
        Prose | None,
        INNER,
        Field(description="What the response was returned for, at this question."),
    ]
    redactions: Annotated[
        list[Redaction], Field(max_length=50, description="Members withheld from you.")
    ]


class AnswerFilters(Paging):
    """Query parameters of the list."""

    standard: Annotated[
        Code | None,
        Matches(
            "t.question_id IN (SELECT q.id FROM questions q JOIN standards s"
            " ON s.id = q.standard_id WHERE s.code = {})"
        ),
        Field(description="Only answers under this standard."),
    ] = None


class ModeratedAnswer(Body):
    """What the moderators say about one answer. It replaces what they said before, as a whole."""

    question: QuestionCode
    moderated_grade: Annotated[Grade, Field(description="The grade; null gives none.")] = None
    comment: Annotated[Prose | None, Field(description="About the grade; the agency reads it.")] = (
        None
    )
    returned_comment: Annotated[
        Prose | None, Field(description="What to do again, where the response is returned.")
    ] = None


class ModerationWrite(CreateSchema):
    """Moderated grades and comments. Questions that are not named stay as they are."""

    grades: Annotated[
        list[ModeratedAnswer],
        Field(min_length=1, max_length=MAX_ANSWERS, description="One for each question."),
    ]
