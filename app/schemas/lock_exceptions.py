"""Lock exceptions on the wire: leave to answer after an audit has closed."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.broken_rules import RULES
from app.models.audits import LockException
from app.pagination import Matches, Paging
from app.schemas.answers import INNER
from app.schemas.base import CreateSchema, Prose, RecordRead, Redaction, Time
from app.sensitivity import Computed, Level

LONGEST = timedelta(days=92)
LIVE = (
    "(t.approved_at IS NOT NULL AND t.revoked_at IS NULL AND t.expires_at > statement_timestamp())"
)


def _soon(moment: datetime) -> datetime:
    now = datetime.now(UTC)
    if moment <= now:
        raise PydanticCustomError("too_early", RULES["too_early"])
    if moment > now + LONGEST:
        raise PydanticCustomError("too_late", RULES["too_late"])
    return moment


Reason = Annotated[
    Prose,
    Field(
        description="Why the agency answers late. Names no child, relative or practitioner.",
        examples=["The agency's records moved to another system in the last week."],
    ),
]


class LockExceptionCreate(CreateSchema):
    """Leave for one agency to answer after the lock. Somebody else approves it."""

    response_id: Annotated[UUID, Field(description="The response that may still be answered.")]
    reason: Reason
    expires_at: Annotated[
        Time,
        AfterValidator(_soon),
        Field(description="Moment it ends: from now on, and within 92 days."),
    ]


class LockExceptionRead(RecordRead, table=LockException, level=Level.partnership):
    """Leave for one agency to answer after the lock."""

    response_id: Annotated[UUID, Field(description="The response that may still be answered.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    reason: Annotated[Reason, INNER]
    expires_at: Annotated[datetime, Field(description="Moment it ends (UTC).")]
    requested_by_id: Annotated[UUID, Field(description="Who asked for it.")]
    approved_by_id: Annotated[
        UUID | None, Field(description="Who approved it: never who asked; null before that.")
    ]
    approved_at: Annotated[datetime | None, Field(description="When it was approved (UTC).")]
    revoked_at: Annotated[
        datetime | None, Field(description="When it was revoked or refused (UTC).")
    ]
    is_live: Annotated[
        bool, Computed(LIVE), Field(description="Whether the agency may answer by it now.")
    ]
    redactions: Annotated[
        list[Redaction], Field(max_length=50, description="Members withheld from you.")
    ]


class LockExceptionFilters(Paging):
    """Query parameters of the list."""

    response_id: Annotated[UUID | None, Field(description="Only for this response.")] = None
    agency_id: Annotated[UUID | None, Field(description="Only for this agency.")] = None
    is_live: Annotated[
        bool | None, Matches(f"{LIVE} = {{}}"), Field(description="Live now, or not.")
    ] = None
