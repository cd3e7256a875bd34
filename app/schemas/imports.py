"""Imports on the wire: many records pushed at once, and what became of each row."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.models.imports import Import, ImportKind, ImportMode, ImportRow, JobStatus, RowOutcome
from app.pagination import Paging
from app.schemas.agencies import Identifier
from app.schemas.answers import AnswerWrite
from app.schemas.base import Code, RecordRead
from app.schemas.submissions import SubmissionCreate
from app.sensitivity import Computed, Level

FIRST_REJECTED = 50

AuditKey = Annotated[
    Code,
    Field(description="The audit, by its reference or its identifier.", examples=["S11-2017"]),
]
OwnAgency = Annotated[
    Identifier | None,
    Field(description="Your own agency, by one of its identifiers; absent says the same."),
]
Kind = Annotated[ImportKind, Field(description="What the rows are.", examples=["answers"])]
Mode = Annotated[
    ImportMode,
    Field(description="`per_item` takes every row that is good, `atomic` all rows or none."),
]
IsDryRun = Annotated[
    bool, Field(description="Whether rows were only checked, and nothing was applied.")
]
Count = Annotated[int, Field(ge=0, le=2_147_483_647, json_schema_extra={"format": "int64"})]
Status = Annotated[JobStatus, Field(description="Where it stands.", examples=["succeeded"])]
RowsTotal = Annotated[Count | None, Field(description="Rows; null while not all have come.")]
RowsDone = Annotated[Count, Field(description="Rows that are dealt with.")]
FinishedAt = Annotated[
    datetime | None, Field(description="When it ended (UTC); null while it has not.")
]
RowNumber = Annotated[
    int,
    Field(
        ge=1,
        le=2_147_483_647,
        json_schema_extra={"format": "int64"},
        description="Line of the file, or place in the array, from 1.",
        examples=[17],
    ),
]


class SubmissionRow(SubmissionCreate):
    """A row of `kind=submissions`: a whole return, and the audit it answers."""

    audit: AuditKey
    agency: OwnAgency = None


class AnswerRow(AnswerWrite):
    """A row of `kind=answers`: one answer of your agency, and the audit it is for.

    Where a question comes twice, the last row counts.
    """

    audit: AuditKey
    agency: OwnAgency = None


class ImportOptions(BaseModel):
    """Query parameters of a push."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    mode: Mode = ImportMode.per_item
    dry_run: Annotated[
        bool, Field(description="Check every row and report, but apply nothing.")
    ] = False


class Failure(BaseModel):
    """Why all of it failed."""

    code: Annotated[
        str, Field(max_length=64, pattern="^[a-z][a-z0-9_]*$", description="For programs; stable.")
    ]
    detail: Annotated[
        str, Field(max_length=300, pattern="^[^\\u0000]+$", description="As a sentence.")
    ]


class RowError(BaseModel):
    """One place of a row that was refused; never its value."""

    pointer: Annotated[
        str,
        Field(
            max_length=4096,
            pattern="^[^\\u0000]*$",
            description="JSON Pointer into the row; empty for all of it.",
        ),
    ]
    code: Annotated[
        str, Field(max_length=64, pattern="^[a-z][a-z0-9_]*$", description="The rule; stable.")
    ]
    detail: Annotated[
        str, Field(max_length=300, pattern="^[^\\u0000]+$", description="The rule as a sentence.")
    ]


RowErrors = Annotated[list[RowError], Field(max_length=50, description="What is wrong with it.")]


class RejectedRow(BaseModel):
    """A row that was refused."""

    row_number: RowNumber
    errors: RowErrors


FailureOrNot = Annotated[
    Failure | None, Field(description="Why all of it failed; null where it did not.")
]
REJECTED = (
    "(SELECT coalesce(json_agg(json_build_object('row_number', r.row_number, 'errors', r.errors)"
    " ORDER BY r.row_number), '[]') FROM (SELECT * FROM import_rows r WHERE r.import_id = t.id"
    f" AND r.outcome = 'rejected' ORDER BY r.row_number LIMIT {FIRST_REJECTED}) r)"
)


class ImportSummaryRead(RecordRead, table=Import, level=Level.partnership):
    """A push of many records: what it was, and how many of its rows were taken."""

    kind: Kind
    mode: Mode
    is_dry_run: IsDryRun
    status: Status
    rows_total: RowsTotal
    rows_done: RowsDone
    rows_accepted: Annotated[Count, Field(description="Rows that made or changed something.")]
    rows_unchanged: Annotated[Count, Field(description="Rows that say what is on record already.")]
    rows_rejected: Annotated[Count, Field(description="Rows that were refused.")]
    problem: FailureOrNot
    finished_at: FinishedAt


class ImportRead(ImportSummaryRead, table=Import, level=Level.partnership):
    """A push of many records, with the first rows that were refused."""

    rejected: Annotated[
        list[RejectedRow],
        Computed(REJECTED),
        Field(max_length=FIRST_REJECTED, description="The first fifty rows that were refused."),
    ]


class ImportRowRead(RecordRead, table=ImportRow, level=Level.partnership):
    """What became of one row. Answers that were taken leave none."""

    row_number: RowNumber
    outcome: Annotated[RowOutcome, Field(description="What became of it.")]
    record_id: Annotated[
        UUID | None, Field(description="The record it made or matched; null if refused.")
    ]
    errors: RowErrors


class ImportFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[list[ImportKind], Field(max_length=4, description="Any of these kinds.")] = []
    status: Annotated[list[JobStatus], Field(max_length=5, description="Any of these states.")] = []


class ImportRowFilters(Paging):
    """Query parameters of the list."""

    outcome: Annotated[
        list[RowOutcome], Field(max_length=3, description="Any of these outcomes.")
    ] = []
