"""Notices ahead of a publication: to whom, and from when on it may follow (section 16)."""

from datetime import date, timedelta
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import Conflict, Invalid, TransitionNotAllowed
from app.models.case_reviews import ReviewStatus
from app.models.publications import PublicationNotice, PublicationStatus
from app.reference.clocks import Clock
from app.reference.regimes import regime
from app.schemas.publication_steps import PublicationNoticeCreate
from app.services.campaigns import board_day
from app.services.case_reviews import lock_review
from app.services.publication_decisions import LAST, bring, lock_publication, refuse_paused
from app.services.records import insert

SENT = "SELECT recipient, sent_on FROM publication_notices WHERE decision_id = $1"
ALLOW = "UPDATE publications SET can_publish_on = $2 WHERE id = $1"


class SentBeforeDecision(Conflict):
    """The notice was sent before it was decided to publish."""

    code = "sent_before_decision"


async def record_notice(
    db: ActorSession, publication_id: UUID, body: PublicationNoticeCreate
) -> UUID:
    """Record that a body was sent the report; with the last of them it is known from when on.

    Raises `TransitionNotAllowed`, `PublicationPaused`, `SentBeforeDecision`, and `Invalid` for a
    body that the regime does not name or a day to come.
    """
    publication = await lock_publication(db, publication_id)
    review = await lock_review(db, UUID(publication["case_review_id"]))
    last = await db.fetchrow(LAST, publication_id)
    if publication["status"] != PublicationStatus.approved or last is None:
        raise TransitionNotAllowed
    await refuse_paused(db, UUID(review["id"]))
    clock = regime(review["regime"]).clock("PRE_PUBLICATION")
    _refuse_notice(clock, body, last["decided_on"])
    of = {"case_id": UUID(publication["case_id"]), "publication_id": publication_id}
    of |= {"decision_id": last["id"], "sent_by_id": db.actor.id}
    notice_id = await insert(db, PublicationNotice, of | body.model_dump())
    sent = {row["recipient"]: row["sent_on"] for row in await db.fetch(SENT, last["id"])}
    if sent.keys() >= {each.code for each in clock.recipients}:
        await db.fetchrow(ALLOW, publication_id, first_day_after(clock, max(sent.values())))
    await bring(db, review, ReviewStatus.pre_publication_notice)
    return notice_id


def _refuse_notice(clock: Clock, body: PublicationNoticeCreate, decided_on: date) -> None:
    if body.recipient not in {each.code for each in clock.recipients}:
        raise Invalid.at("/recipient")
    if body.sent_on > board_day():
        raise Invalid.at("/sent_on")
    if body.sent_on < decided_on:
        raise SentBeforeDecision.at("/sent_on")


def first_day_after(clock: Clock, sent_on: date) -> date:
    """Return the first day for which something sent on a day was sent in time."""
    day = sent_on
    while (clock.due_on(day) or day) < sent_on:
        day += timedelta(days=1)
    return day
