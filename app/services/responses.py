"""A response while its agency writes it: locked, and open to be written (Framework section 15)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import Conflict, NotFound
from app.models.audits import MAY_WRITE, ResponseStatus

WRITABLE = frozenset(
    {
        ResponseStatus.not_started,
        ResponseStatus.in_progress,
        ResponseStatus.returned,
        ResponseStatus.non_return,
    }
)
"""Where a response takes answers: the first of them moves it to `in_progress`."""
SUBMITTABLE = WRITABLE | {ResponseStatus.agency_review, ResponseStatus.submitted}
"""Where a whole return may be pushed; one that was submitted gets its next revision."""

LOCK = f"""
SELECT t.id, t.audit_id, t.agency_id, t.status, t.completed_by, t.contributor_ids, g.sector,
    g.duty_bases || array_remove(ARRAY[t.duty_basis], NULL) AS duty_bases,
    ({MAY_WRITE}) AS is_open, (now() AT TIME ZONE 'Europe/London')::date AS today
FROM audit_responses t JOIN agencies g ON g.id = t.agency_id WHERE {{}} FOR UPDATE OF t
"""


class ResponseNotOpen(Conflict):
    """The response takes no answers as it stands: its audit is closed, or it has gone further."""

    code = "response_not_open"


@dataclass(frozen=True, slots=True)
class Draft:
    """A response, locked until the transaction ends. `today` is the day in the United Kingdom."""

    id: UUID
    audit_id: UUID
    agency_id: UUID
    status: str
    completed_by: str | None
    contributor_ids: list[UUID]
    sector: str
    duty_bases: list[str]
    is_open: bool
    today: date

    def refuse_outside(self, states: frozenset[ResponseStatus]) -> None:
        """Raise `ResponseNotOpen` unless the agency may write now and the state is one of these."""
        if not self.is_open or self.status not in states:
            raise ResponseNotOpen


async def lock(db: ActorSession, response_id: UUID) -> Draft:
    """Lock a response. Raises `NotFound` where it is none of the actor's to change."""
    return await _lock(db, LOCK.format("t.id = $1"), response_id)


async def lock_own(db: ActorSession, audit_id: UUID) -> Draft:
    """Lock the response of the actor's own agency to an audit. Raises `NotFound`."""
    own = "t.audit_id = $1 AND t.agency_id = (SELECT actor.agency_id())"
    return await _lock(db, LOCK.format(own), audit_id)


async def _lock(db: ActorSession, sql: str, id: UUID) -> Draft:
    row = await db.fetchrow(sql, id)
    if row is None:
        raise NotFound
    return Draft(**dict(row))
