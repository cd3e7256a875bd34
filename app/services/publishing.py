"""Publishing and taking down: guarded here with a sentence, and by PostgreSQL without one.

Framework section 16.
"""

from datetime import date
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, TransitionNotAllowed
from app.models.case_reviews import ReviewStatus
from app.models.publications import PublicationStatus
from app.reference.clocks import ClockTrigger
from app.reference.regimes import regime
from app.schemas.publication_steps import PublicationWithdrawalCreate, PublicationWithdrawalRead
from app.schemas.publications import PublicationRead
from app.services.campaigns import board_day
from app.services.case_reviews import lock_review
from app.services.casework import narrate, refuse_names
from app.services.publication_decisions import (
    LAST,
    NotChecked,
    bring,
    lock_publication,
    refuse_paused,
)
from app.services.review_clocks import start_clock
from app.services.transitions import record_move

PUBLISH = "SELECT actor.publish($1, $2) AS id"
WITHDRAW = "SELECT actor.withdraw($1, $2, $3) AS id"
IS_OF_DECISION = """
SELECT k.sha256 = (SELECT r.hash FROM actor.rendition(k.publication_id) r) AS is_same
FROM publication_checks k WHERE k.id = $1
"""
HAS_CLOCK = "SELECT id FROM case_deadlines WHERE case_review_id = $1 AND clock = 'PUBLISHED_MIN'"
MEET = """
UPDATE case_deadlines d SET met_on = n.sent_on FROM publication_notices n
WHERE d.case_review_id = $1 AND d.clock = 'PRE_PUBLICATION' AND d.recipient = n.recipient
    AND n.decision_id = $2 AND d.met_on IS NULL
"""


class FamilyNotInformed(Conflict):
    """The family was not told of the publication yet."""

    code = "family_not_informed"


class TooEarlyToPublish(Conflict):
    """Not all notices were sent, or too few working days have passed since the last."""

    code = "too_early_to_publish"


class StillToBeAvailable(Conflict):
    """Until it was available for the required time, only the decision maker takes it down."""

    code = "still_to_be_available"


async def publish(
    db: ActorSession, before: dict[str, Any], to: PublicationStatus, reason: str | None
) -> UUID:
    """Publish what was checked and decided; return the transition.

    Raises `TransitionNotAllowed`, `PublicationPaused`, `FamilyNotInformed`, `TooEarlyToPublish`
    and `NotChecked`.
    """
    publication_id = UUID(before["id"])
    if to not in before["allowed_transitions"]:
        raise TransitionNotAllowed
    review = await lock_review(db, UUID(before["case_review_id"]))
    await refuse_paused(db, UUID(review["id"]))
    _refuse_unready(before)
    last = await db.fetchrow(LAST, publication_id)
    same = last and await db.fetchrow(IS_OF_DECISION, last["check_id"])
    if not before["is_checked"] or last is None or not same or not same["is_same"]:
        raise NotChecked
    until = regime(review["regime"]).clock("PUBLISHED_MIN").due_on(board_day())
    await db.fetchrow(PUBLISH, publication_id, until)
    transition_id = await record_move(db, PublicationRead, before, to, reason)
    await bring(db, review, ReviewStatus.published, reason)
    await _start_clocks(db, review, last["id"])
    return transition_id


def _refuse_unready(publication: dict[str, Any]) -> None:
    today = board_day().isoformat()
    if publication["family_informed_on"] is None or publication["family_informed_on"] > today:
        raise FamilyNotInformed
    if publication["can_publish_on"] is None or publication["can_publish_on"] > today:
        raise TooEarlyToPublish


async def _start_clocks(db: ActorSession, review: dict[str, Any], decision_id: UUID) -> None:
    """Start the clocks of the first publication of a review; notices were in time or not."""
    review_id = UUID(review["id"])
    if await db.fetchrow(HAS_CLOCK, review_id) is None:
        await start_clock(db, review, ClockTrigger.publication)
        await db.fetchrow(MEET, review_id, decision_id)


async def withdraw(
    db: ActorSession, caller: Caller, publication_id: UUID, body: PublicationWithdrawalCreate
) -> UUID:
    """Take a published report down, and keep who, when and why.

    Raises `TransitionNotAllowed`, `StillToBeAvailable`, `UnresolvedIdentifiers`.
    """
    before = await lock_publication(db, publication_id)
    if before["status"] != PublicationStatus.published:
        raise TransitionNotAllowed
    is_over = board_day() >= date.fromisoformat(before["available_until"])
    if not is_over and not db.actor.can("case-reviews:decide"):
        raise StillToBeAvailable
    case_id = UUID(before["case_id"])
    await refuse_names(caller, case_id, "/public_reason", body.public_reason)
    said = await narrate(db, caller, PublicationWithdrawalRead, case_id, body.model_dump())
    row = await db.fetchrow(WITHDRAW, publication_id, said["reason"], said["public_reason"])
    assert row is not None  # noqa: S101 - a function returns, or raises
    await record_move(db, PublicationRead, before, PublicationStatus.withdrawn, said["reason"])
    made: UUID = row["id"]
    return made
