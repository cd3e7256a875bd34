"""Who challenges whom at a challenge event: each one other, and one other each (section 15)."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from app.access.caller import Caller
from app.errors import Conflict, Invalid
from app.models.challenge_events import ChallengeEventStatus, ChallengePairing
from app.schemas.challenge_events import ChallengeEventRead, Pair, PairingsCreate
from app.services.records import changing, insert
from app.services.wording import RecordFixed

RETURNED = """
SELECT e.agency_id FROM roster_entries e JOIN audit_responses r
    ON r.audit_id = e.audit_id AND r.agency_id = e.agency_id
WHERE e.audit_id = $1 AND (cardinality($2::uuid[]) = 0 OR e.agency_id = ANY ($2))
    AND r.status IN ('submitted', 'accepted', 'moderated', 'challenged', 'final', 'locked')
"""


class NotInRing(Conflict):
    """Each agency that returned challenges one other, and one other challenges it."""

    code = "not_in_ring"


def ring(event_id: UUID, agencies: Sequence[UUID]) -> list[Pair]:
    """Let each agency challenge the next, in an order that differs from event to event.

    The same event and agencies give the same ring. Raises `NotInRing` below two agencies.
    """
    if len(agencies) < 2:  # noqa: PLR2004 - nobody challenges the own agency
        raise NotInRing.at("/agency_ids")
    order = sorted(set(agencies), key=lambda agency: sha256(event_id.bytes + agency.bytes).digest())
    return [
        Pair(challenger_agency_id=one, challenged_agency_id=other)
        for one, other in zip(order, order[1:] + order[:1], strict=True)
    ]


async def pair(caller: Caller, event_id: UUID, body: PairingsCreate) -> list[Pair]:
    """Say who challenges whom, in place of what was said before.

    Raises `RecordFixed` once the pack is issued, `NotInRing`, `Invalid`.
    """
    if body.agency_ids and body.pairs:
        raise Invalid.at("/pairs")
    async with changing(caller, ChallengeEventRead, event_id) as changed:
        if changed.before["status"] != ChallengeEventStatus.planned:
            raise RecordFixed
        asked = body.agency_ids or [each.challenger_agency_id for each in body.pairs]
        audit_id = UUID(changed.before["audit_id"])
        rows = await changed.db.fetch(RETURNED, audit_id, asked)
        agencies = {row["agency_id"] for row in rows}
        if asked and agencies != set(asked):
            raise NotInRing.at("/agency_ids" if body.agency_ids else "/pairs")
        pairs = _whole(body.pairs) if body.pairs else ring(event_id, [*agencies])
        await changed.db.fetch("DELETE FROM challenge_pairings WHERE event_id = $1", event_id)
        for each in pairs:
            values = {"event_id": event_id} | each.model_dump()
            await insert(changed.db, ChallengePairing, values)
    return pairs


def _whole(pairs: Sequence[Pair]) -> list[Pair]:
    """Hold that each agency is once on either side and never on both of a pair."""
    ones = [each.challenger_agency_id for each in pairs]
    others = [each.challenged_agency_id for each in pairs]
    if sorted(ones) != sorted(set(others)) or any(
        each.challenger_agency_id == each.challenged_agency_id for each in pairs
    ):
        raise NotInRing.at("/pairs")
    return [*pairs]
