"""What agencies ask each other at a challenge event, on the wire (Framework section 15).

Every text names nobody: a name is refused.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.challenge_events import ChallengeExchange
from app.pagination import Paging
from app.schemas.answers import QuestionCode
from app.schemas.base import Code, CreateSchema, Date, Prose, RecordRead, UpdateSchema
from app.schemas.challenge_events import Challenged, Challenger, EventId
from app.sensitivity import Computed, Level

ChallengeText = Annotated[
    Prose, Field(description="What was asked.", examples=["How do you know that it reaches all?"])
]
Reply = Annotated[
    Prose | None,
    Field(
        description="What the challenged agency replied; null until it has.",
        examples=["By a register of supervision."],
    ),
]
GradeAfter = Annotated[
    Code | None,
    Field(
        description="Grade that the event held, of the audit's scale; null where none was held. It"
        " changes no return.",
        examples=["partly"],
    ),
]
Commitment = Annotated[
    Prose | None,
    Field(
        description="What the challenged agency promised; null for nothing.",
        examples=["Supervision is recorded for every practitioner."],
    ),
]
CommitmentDueOn = Annotated[
    Date | None, Field(description="Day by which it is done; given with a commitment only.")
]


class ExchangeCreate(CreateSchema):
    """What one agency asks another. The grade before is taken from the return."""

    challenger_agency_id: Challenger
    challenged_agency_id: Challenged
    question: Annotated[QuestionCode, Field(description="Question of the audit, by its code.")]
    challenge: ChallengeText


class ExchangeUpdate(UpdateSchema):
    """Reply and commitment, of the challenged agency only; the grade, of who runs the event."""

    reply: Reply | MISSING = MISSING
    commitment: Commitment | MISSING = MISSING
    commitment_due_on: CommitmentDueOn | MISSING = MISSING
    grade_after: GradeAfter | MISSING = MISSING


class ExchangeRead(RecordRead, table=ChallengeExchange, level=Level.partnership):
    """What one agency asked another about its answer, and what came of it.

    Until the record is agreed the two agencies see it, and who runs the event.
    """

    event_id: EventId
    challenger_agency_id: Challenger
    challenged_agency_id: Challenged
    question: Annotated[
        QuestionCode,
        Computed("(SELECT q.code FROM questions q WHERE q.id = t.question_id)"),
        Field(description="Question of the audit, by its code."),
    ]
    challenge: ChallengeText
    reply: Reply
    grade_before: Annotated[
        Code | None,
        Field(
            description="Grade of the return when it was asked, as moderated where it was; null"
            " where it has none.",
            examples=["met"],
        ),
    ]
    grade_after: GradeAfter
    commitment: Commitment
    commitment_due_on: CommitmentDueOn
    action_id: Annotated[
        UUID | None,
        Field(description="The action the commitment became; null until the record is agreed."),
    ]


class ExchangeFilters(Paging):
    """Query parameters of the list."""

    challenger_agency_id: Annotated[UUID | None, Field(description="Asked by this agency.")] = None
    challenged_agency_id: Annotated[UUID | None, Field(description="Asked of this agency.")] = None
