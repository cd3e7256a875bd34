"""What rows of an agency's own returns name: an audit, and at most the agency itself."""

from typing import Protocol
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import Forbidden, NotFound
from app.models.imports import RowOutcome
from app.schemas.agencies import Identifier
from app.schemas.imports import SubmissionRow
from app.schemas.submissions import SubmissionCreate
from app.services.submissions import submit

AUDIT = "SELECT id FROM audits WHERE reference = $1 UNION SELECT id FROM audits WHERE id = $2"
IS_OWN = (
    "SELECT FROM agency_identifiers WHERE scheme = $1 AND value = $2"
    " AND agency_id = (SELECT actor.agency_id())"
)
WAS_KNOWN = "SELECT created_at < now() AS was_known FROM submissions WHERE id = $1"


class NotOwnAgency(Forbidden):
    """Rows are of your own agency: the identifier is of none, or of another."""

    code = "not_own_agency"


class OwnRow(Protocol):
    """A row of an agency's own return."""

    audit: str
    agency: Identifier | None


async def audit_of(db: ActorSession, row: OwnRow) -> UUID:
    """Return the audit of a row of the own agency; each is looked up once in a transaction.

    Raises `NotFound` and `NotOwnAgency`.
    """
    if row.agency is not None:
        await _refuse_others(db, row.agency)
    known: dict[str, UUID] = db.info.setdefault("audits", {})
    if row.audit not in known:
        found = await db.fetchrow(AUDIT, row.audit, _id(row.audit))
        if found is None:
            raise NotFound.at("/audit")
        known[row.audit] = found["id"]
    return known[row.audit]


async def write_submission(db: ActorSession, row: SubmissionRow) -> tuple[UUID, RowOutcome]:
    """Submit a row as the single operation would. Raises `ApiError`."""
    audit_id = await audit_of(db, row)
    members = {name: getattr(row, name) for name in SubmissionCreate.model_fields}
    # What was checked is not checked again.
    submission_id = await submit(db, audit_id, SubmissionCreate.model_construct(**members))
    found = await db.fetchrow(WAS_KNOWN, submission_id)
    is_same = found is not None and found["was_known"]
    return submission_id, RowOutcome.unchanged if is_same else RowOutcome.accepted


async def _refuse_others(db: ActorSession, identifier: Identifier) -> None:
    own: dict[tuple[str, str], bool] = db.info.setdefault("own_identifiers", {})
    key = (identifier.scheme, identifier.value)
    if key not in own:
        own[key] = await db.fetchrow(IS_OWN, *key) is not None
    if not own[key]:
        raise NotOwnAgency.at("/agency")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
