"""Challenges on the wire: who challenged whom, what was replied, what came of it.

Framework sections 8 and 23. Every text names nobody: a name is refused.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.challenges import (
    CHALLENGE_LIFECYCLE,
    Challenge,
    ChallengeOutcome,
    ChallengeStatus,
    ChallengeSubject,
)
from app.pagination import Matches, Paging
from app.schemas.base import CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

FromAgencyId = Annotated[
    UUID | None, Field(description="The agency that challenges; null where a body does.")
]
FromBodyId = Annotated[
    UUID | None, Field(description="The body that challenges; null where an agency does.")
]
ToAgencyId = Annotated[
    UUID | None, Field(description="The agency that is challenged; null where a body is.")
]
ToBodyId = Annotated[
    UUID | None, Field(description="The body that is challenged; null where an agency is.")
]
Subject = Annotated[ChallengeSubject, Field(description="What kind of record it is about.")]
RecordId = Annotated[
    UUID | None, Field(description="The record it is about; null where it is about no one record.")
]
Title = Annotated[Label, Field(description="Title.", examples=["Attendance at conferences"])]
Text = Annotated[
    Prose, Field(description="What is challenged, and why.", examples=["Half were not attended."])
]
Reply = Annotated[
    Prose | None,
    Field(
        description="What who was challenged replied; null until then.",
        examples=["Deputies are named from May."],
    ),
]
Outcome = Annotated[
    ChallengeOutcome | None,
    Field(description="What came of it, as the challenger holds; null until then."),
]
OutcomeReasons = Annotated[
    Prose | None,
    Field(description="Why; null until there is an outcome.", examples=["It was done by June."]),
]


class ChallengeCreate(CreateSchema):
    """A challenge, of your own agency or for a body, to another agency or a body."""

    from_body_id: FromBodyId = None
    to_agency_id: ToAgencyId = None
    to_body_id: ToBodyId = None
    subject: Subject
    record_id: RecordId = None
    title: Title
    text: Text


class ChallengeUpdate(UpdateSchema):
    """The reply, of who was challenged only, or the outcome, of the challenger's side."""

    reply: Reply | MISSING = MISSING
    outcome: Outcome | MISSING = MISSING
    outcome_reasons: OutcomeReasons | MISSING = MISSING


class ChallengeRead(RecordRead, table=Challenge, level=Level.partnership):
    """That an agency or a body challenges another. Partners see it when it is closed."""

    from_agency_id: FromAgencyId
    from_body_id: FromBodyId
    to_agency_id: ToAgencyId
    to_body_id: ToBodyId
    subject: Subject
    record_id: RecordId
    title: Title
    text: Text
    reply_due_on: Annotated[
        Date, Field(description="Day by which to reply: ten working days after it was raised.")
    ]
    reply: Reply
    replied_on: Annotated[Date | None, Field(description="Day of the reply; null until then.")]
    outcome: Outcome
    outcome_reasons: OutcomeReasons
    status: Annotated[ChallengeStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(CHALLENGE_LIFECYCLE.allowed)]


class ChallengeFilters(Paging):
    """Query parameters of the log."""

    from_agency_id: Annotated[UUID | None, Field(description="Raised by this agency.")] = None
    to_agency_id: Annotated[UUID | None, Field(description="Put to this agency.")] = None
    from_body_id: Annotated[UUID | None, Field(description="Raised by this body.")] = None
    to_body_id: Annotated[UUID | None, Field(description="Put to this body.")] = None
    status: Annotated[
        list[ChallengeStatus], Field(max_length=6, description="Standing in any of these.")
    ] = []
    outcome: Annotated[
        list[ChallengeOutcome], Field(max_length=4, description="With any of these outcomes.")
    ] = []
    is_unanswered: Annotated[
        bool | None,
        Matches("(t.reply IS NULL) = {}"),
        Field(description="Only those without a reply, or with one."),
    ] = None


class ChallengeTransitionCreate(TransitionCreate):
    """A move of a challenge."""

    to: Annotated[
        ChallengeStatus, Field(description="State to move to.", examples=["acknowledged"])
    ]
