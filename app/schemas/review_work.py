"""Work on a review on the wire: parallel processes, family, findings (section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.review_work import (
    ContactMethod,
    FamilyContact,
    Finding,
    FindingKind,
    FindingScope,
    Process,
    ProcessKind,
)
from app.pagination import Matches, Paging
from app.schemas.base import Date, Narrative
from app.schemas.narratives import CaseRecordRead, NarratedCreate, NarratedUpdate
from app.sensitivity import Classified, Level

OPEN = Classified(Level.partnership)
ReviewId = Annotated[UUID, OPEN, Field(description="The review.")]

Kind = Annotated[ProcessKind, OPEN, Field(description="What the process is.")]
Reference = Annotated[
    Narrative | None,
    Field(
        description="What others call the process; null if unknown.", examples=["Inquest 2017-88"]
    ),
]
StartedOn = Annotated[Date | None, Field(description="Day it began; null if unknown.")]
ExpectedEndOn = Annotated[
    Date | None, Field(description="Day it is expected to end; null if unknown.")
]
EndedOn = Annotated[Date | None, Field(description="Day it ended; null while it is open.")]
PausesPublication = Annotated[
    bool, Field(description="Whether nothing is published of the review while it is open.")
]
Note = Annotated[
    Narrative | None,
    Field(description="What matters of it here; null for nothing.", examples=["Listed for May."]),
]
PersonIds = Annotated[
    list[UUID],
    Field(min_length=1, max_length=20, description="Who was spoken to, of the people of the case."),
]
Method = Annotated[ContactMethod, Field(description="How.")]
ContactedOn = Annotated[Date, Field(description="Day of the contact.")]
ContactNote = Annotated[
    Narrative,
    Field(
        description="What was said, and what the family asks of the review.",
        examples=["[Mother] asks that her views stand in the report."],
    ),
]
KindOfFinding = Annotated[FindingKind, OPEN, Field(description="What it says of practice.")]
Scope = Annotated[FindingScope, Field(description="Whose practice it is about.")]
ConfirmedOn = Annotated[
    Date | None, Field(description="Day it was confirmed; null while it is a draft.")
]
Text = Annotated[
    Narrative,
    Field(
        description="The finding.",
        examples=["Agencies did not tell each other that appointments were missed."],
    ),
]


class ParallelProcessCreate(NarratedCreate):
    """A process beside the review, or a review that others run."""

    kind: Annotated[ProcessKind, Field(description="What the process is.")]
    reference: Reference = None
    started_on: StartedOn = None
    expected_end_on: ExpectedEndOn = None
    pauses_publication: (
        Annotated[
            bool,
            Field(
                strict=True,
                description="Whether nothing is published of the review while it is open. Absent:"
                " as is usual for its kind.",
            ),
        ]
        | MISSING
    ) = MISSING
    note: Note = None


class ParallelProcessUpdate(NarratedUpdate):
    """Changes to a process beside the review."""

    reference: Reference | MISSING = MISSING
    started_on: StartedOn | MISSING = MISSING
    expected_end_on: ExpectedEndOn | MISSING = MISSING
    ended_on: EndedOn | MISSING = MISSING
    pauses_publication: (
        Annotated[
            bool,
            Field(
                strict=True,
                description="Whether nothing is published of the review while it is open.",
            ),
        ]
        | MISSING
    ) = MISSING
    note: Note | MISSING = MISSING


class ParallelProcessRead(CaseRecordRead, table=Process, level=Level.restricted):
    """A process beside the review, or a review that others run."""

    case_review_id: ReviewId
    kind: Kind
    reference: Reference
    started_on: StartedOn
    expected_end_on: ExpectedEndOn
    ended_on: EndedOn
    pauses_publication: PausesPublication
    note: Note


class ParallelProcessFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[
        list[ProcessKind], Field(max_length=20, description="Of any of these kinds.")
    ] = []
    is_open: Annotated[
        bool | None,
        Matches("(t.ended_on IS NULL) = {}"),
        Field(description="Only what is open, or what has ended."),
    ] = None


class FamilyContactCreate(NarratedCreate):
    """That somebody of the family was spoken to."""

    person_ids: PersonIds
    method: Method
    contacted_on: ContactedOn
    note: ContactNote


class FamilyContactUpdate(NarratedUpdate):
    """Changes to what was recorded of a contact."""

    person_ids: PersonIds | MISSING = MISSING
    method: Method | MISSING = MISSING
    contacted_on: ContactedOn | MISSING = MISSING
    note: ContactNote | MISSING = MISSING


class FamilyContactRead(CaseRecordRead, table=FamilyContact, level=Level.restricted):
    """That somebody of the family was spoken to. It is for the team of the case."""

    case_review_id: ReviewId
    person_ids: PersonIds
    method: Method
    contacted_on: ContactedOn
    note: ContactNote


class ReviewFindingCreate(NarratedCreate):
    """What the review found: strengths as well as shortfalls."""

    kind: Annotated[FindingKind, Field(description="What it says of practice.")]
    scope: Scope
    confirmed_on: ConfirmedOn = None
    finding: Text


class ReviewFindingUpdate(NarratedUpdate):
    """Changes to a finding, or that it is confirmed."""

    kind: Annotated[FindingKind, Field(description="What it says of practice.")] | MISSING = MISSING
    scope: Scope | MISSING = MISSING
    confirmed_on: ConfirmedOn | MISSING = MISSING
    finding: Text | MISSING = MISSING


class ReviewFindingRead(CaseRecordRead, table=Finding, level=Level.restricted):
    """What the review found; a draft until it is confirmed."""

    case_review_id: ReviewId
    kind: KindOfFinding
    scope: Scope
    confirmed_on: ConfirmedOn
    finding: Text


class ReviewFindingFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[
        list[FindingKind], Field(max_length=10, description="Of any of these kinds.")
    ] = []
    is_confirmed: Annotated[
        bool | None,
        Matches("(t.confirmed_on IS NOT NULL) = {}"),
        Field(description="Only what is confirmed, or drafts."),
    ] = None
