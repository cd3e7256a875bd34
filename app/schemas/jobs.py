"""Jobs on the wire: work that outlives its request, and how far it is."""

from typing import Annotated, Literal

from pydantic import Field

from app.models.imports import Import, JobStatus
from app.pagination import Paging
from app.schemas.base import RecordRead
from app.schemas.imports import FailureOrNot, FinishedAt, RowsDone, RowsTotal, Status
from app.sensitivity import Computed, Level

PROGRESS = (
    "(CASE WHEN t.status = 'succeeded' THEN 100 WHEN t.rows_total > 0"
    " THEN 100 * t.rows_done / t.rows_total END)::int"
)


class JobRead(RecordRead, table=Import, level=Level.partnership):
    """A job of yours. What a job does at once, `atomic` or as a dry run, stands at 0 until done."""

    kind: Annotated[
        Literal["import"], Computed("'import'::text"), Field(description="What is done.")
    ]
    status: Status
    rows_total: RowsTotal
    rows_done: RowsDone
    progress_percent: Annotated[
        Annotated[int, Field(ge=0, le=100, json_schema_extra={"format": "int32"})] | None,
        Computed(PROGRESS),
        Field(description="How far it is, in percent; null if not known.", examples=[40]),
    ]
    result: Annotated[
        str,
        Computed("'/v1/imports/' || t.id"),
        Field(
            max_length=60,
            pattern="^/v1/",
            description="Path of the report.",
            examples=["/v1/imports/019a0b1c-2d3e-7f40-8a1b-2c3d4e5f6071"],
        ),
    ]
    problem: FailureOrNot
    finished_at: FinishedAt


class JobFilters(Paging):
    """Query parameters of the list."""

    status: Annotated[list[JobStatus], Field(max_length=5, description="Any of these states.")] = []
