"""Where something was learned, on the wire: the same members for findings and recommendations.

What comes from a live case says so only to who works on that case (Framework section 7).
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.findings import SourceArea, SourceKind
from app.pagination import Matches
from app.reference.source_kinds import area_sql
from app.schemas.base import CreateSchema, Label, Prose
from app.schemas.transitions import DecisionId
from app.sensitivity import Classified, Computed, Level, ShownWhere

WORKS_ON_SOURCE = ShownWhere(
    "t.source_case_id IS NULL OR 'cases:all' = ANY (caller.grants)"
    " OR t.source_case_id = ANY ((SELECT actor.team_cases())::uuid[])"
)
OF_CASE = Classified(Level.restricted)
AREA = area_sql("t.source_kind")

Kind = Annotated[SourceKind, Field(description="Kind of source it was learned from.")]
KINDS = Annotated[list[SourceKind], Field(max_length=24, description="From any of these sources.")]
SourceId = Annotated[
    UUID | None,
    Field(
        description="The source, if it is a record here: an audit, a review, a forum; else null."
    ),
]
SourceTitle = Annotated[
    Label, Field(description="What the source is called.", examples=["Audit of files, May 2018"])
]
Area = Annotated[
    SourceArea, Computed(AREA), Field(description="What the source can tell (figure 3).")
]
ShownSourceId = Annotated[UUID | None, OF_CASE, WORKS_ON_SOURCE, Field(description="The source.")]
ShownSourceTitle = Annotated[
    Label | None, OF_CASE, WORKS_ON_SOURCE, Field(description="What the source is called.")
]
ShownCaseId = Annotated[
    UUID | None,
    OF_CASE,
    WORKS_ON_SOURCE,
    Field(description="Case it was learned from; shown to who works on it. Null for none."),
]
IsReleased = Annotated[
    bool, Field(description="Whether partners may read it although it was learned from a case.")
]
AreaFilter = Annotated[
    SourceArea | None, Matches(f"{AREA} = {{}}"), Field(description="From sources of this area.")
]
PriorityId = Annotated[UUID | None, Field(description="Priority it belongs to; null for none.")]
Standard = Annotated[
    Label | None,
    Field(description="Standard or theme it is about; null for none.", examples=["Supervision"]),
]


class ReleaseCreate(CreateSchema):
    """That what was learned from a case is told to all partners. It is not taken back."""

    reason: Annotated[
        Prose | None,
        Field(
            description="Why, where the review is published or withheld.",
            examples=["The report is published."],
        ),
    ] = None
    decision_id: DecisionId = None
