"""The business plan on the wire: objectives, what shows how far they are, and how far that is.

Framework section 9.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.plans import (
    Objective,
    ObjectiveEvidence,
    ObjectiveProgress,
    ObjectiveProgressState,
)
from app.pagination import Matches, Paging
from app.schemas.base import WHOLE, CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.schemas.decisions import RecordId, Subject
from app.schemas.external_reviews import Url
from app.sensitivity import Computed, Level

PROGRESS = (
    "coalesce((SELECT p.progress FROM objective_progress p WHERE p.objective_id = t.id"
    " ORDER BY p.id DESC LIMIT 1), 'on_track')"
)

PriorityId = Annotated[UUID, Field(description="The priority it is for, in its version.")]
BodyId = Annotated[UUID, Field(description="Body that sees to it.")]
Year = Annotated[
    int,
    Field(
        ge=2004,
        le=2999,
        json_schema_extra={"format": "int32"},
        description="Year of the business plan: that in which it begins.",
        examples=[2017],
    ),
    WHOLE,
]
Title = Annotated[
    Label, Field(description="What is to be reached.", examples=["Earlier help for neglect"])
]
Measure = Annotated[
    Prose,
    Field(description="How it is known.", examples=["Assessments completed within 45 days."]),
]
DueOn = Annotated[Date, Field(description="Day by which it is to be reached.")]
Progress = Annotated[ObjectiveProgressState, Field(description="How far it is.")]
EvidenceTitle = Annotated[
    Label, Field(description="What shows it.", examples=["Scorecard of the third quarter"])
]
Note = Annotated[
    Prose | None, Field(description="What it shows; null: nothing more.", examples=["It rises."])
]
Address = Annotated[
    Url,
    Field(description="Where it is; null where it is a record here.", examples=["https://e.org/"]),
]
ProgressNote = Annotated[
    Prose, Field(description="Why it is held to be so far.", examples=["Two of three are done."])
]


class ObjectiveCreate(CreateSchema):
    """An objective of the business plan."""

    priority_id: PriorityId
    body_id: BodyId
    year: Year
    title: Title
    measure: Measure
    due_on: DueOn


class ObjectiveUpdate(UpdateSchema):
    """Changes to an objective. How far it is, is reported as progress."""

    body_id: BodyId | MISSING = MISSING
    title: Title | MISSING = MISSING
    measure: Measure | MISSING = MISSING
    due_on: DueOn | MISSING = MISSING


class ObjectiveRead(RecordRead, table=Objective, level=Level.partnership):
    """What a body means to reach in a year for a priority."""

    priority_id: PriorityId
    body_id: BodyId
    year: Year
    title: Title
    measure: Measure
    due_on: DueOn
    progress: Annotated[
        ObjectiveProgressState,
        Computed(PROGRESS),
        Field(description="How far it is, as reported last; `on_track` before the first report."),
    ]
    evidence_count: Annotated[
        int,
        Computed("(SELECT count(*) FROM objective_evidence e WHERE e.objective_id = t.id)"),
        Field(ge=0, json_schema_extra={"format": "int32"}, description="How many items show it."),
    ]


class ObjectiveFilters(Paging):
    """Query parameters of the list."""

    priority_id: Annotated[UUID | None, Field(description="Only those for this priority.")] = None
    body_id: Annotated[UUID | None, Field(description="Only those of this body.")] = None
    year: Annotated[Year | None, Field(description="Only those of this year's plan.")] = None
    progress: Annotated[
        list[ObjectiveProgressState],
        Matches(f"{PROGRESS} = ANY ({{}}::text[])"),
        Field(max_length=4, description="As far as any of these."),
    ] = []
    due_on_before: Annotated[Date | None, Field(description="Due before this day.")] = None


class ObjectiveEvidenceCreate(CreateSchema):
    """What shows how far an objective is: a record that you may see, or an address."""

    title: EvidenceTitle
    subject: Subject = None
    record_id: RecordId = None
    url: Address = None
    note: Note = None


class ObjectiveEvidenceRead(RecordRead, table=ObjectiveEvidence, level=Level.partnership):
    """What shows how far an objective is."""

    objective_id: Annotated[UUID, Field(description="The objective.")]
    title: EvidenceTitle
    subject: Subject
    record_id: RecordId
    url: Address
    note: Note


class ObjectiveEvidenceFilters(Paging):
    """Query parameters of the list."""


class ObjectiveProgressCreate(CreateSchema):
    """How far an objective is. A later report takes its place and leaves it on record."""

    progress: Progress
    note: ProgressNote


class ObjectiveProgressRead(RecordRead, table=ObjectiveProgress, level=Level.partnership):
    """How far an objective was held to be."""

    objective_id: Annotated[UUID, Field(description="The objective.")]
    progress: Progress
    note: ProgressNote
    reported_by_id: Annotated[UUID, Field(description="Who reported it.")]


class ObjectiveProgressFilters(Paging):
    """Query parameters of the list."""
