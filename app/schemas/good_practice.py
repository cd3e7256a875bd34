"""Good practice on the wire: what one agency does well, for all partners to learn from."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.audits import GoodPractice
from app.pagination import Paging
from app.schemas.answers import QuestionCode
from app.schemas.base import CreateSchema, Label, Prose, RecordRead
from app.sensitivity import Level

Title = Annotated[
    Label,
    Field(
        description="What it is about, in a few words.", examples=["Supervision that reaches all"]
    ),
]


class GoodPracticeCreate(CreateSchema):
    """Good practice to share. The agency must have flagged the answer and given leave to share."""

    answer_id: Annotated[UUID, Field(description="The answer it comes from.")]
    title: Title
    text: Annotated[
        Prose | None,
        Field(
            description="What the agency does. Names no child, relative or practitioner. Absent:"
            " the narrative of the answer."
        ),
    ] = None


class GoodPracticeRead(RecordRead, table=GoodPractice, level=Level.partnership):
    """Good practice that an agency shares with all partners."""

    answer_id: Annotated[UUID, Field(description="The answer it comes from.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    audit_id: Annotated[UUID, Field(description="The audit.")]
    question_code: QuestionCode
    title: Title
    text: Annotated[Prose, Field(description="What the agency does.")]


class GoodPracticeFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only of this agency.")] = None
    audit_id: Annotated[UUID | None, Field(description="Only from this audit.")] = None
    question_code: Annotated[QuestionCode | None, Field(description="Only at this question.")] = (
        None
    )
