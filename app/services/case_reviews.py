"""Case reviews: begun under the regime of the day, moved with what each move starts.

Framework section 16.
"""

import json
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid
from app.models.case_reviews import CaseReview, ReviewStatus
from app.models.review_lifecycle import REVIEW_LIFECYCLE
from app.reference.clocks import ClockTrigger
from app.reference.regimes import NoRegime, Regime, regime, regime_on
from app.reference.review_types import ReviewLifecycle
from app.schemas.case_reviews import CaseReviewCreate, CaseReviewRead, CaseReviewTransitionCreate
from app.services.campaigns import board_day
from app.services.casework import narrate
from app.services.reading import read
from app.services.records import insert, render
from app.services.review_clocks import RAPID_REVIEW, meet_clock, start_clock, start_first_clocks
from app.services.transitions import Effect, move

FIRST = {
    ReviewLifecycle.lscb: ReviewStatus.notified,
    ReviewLifecycle.partnership: ReviewStatus.incident_notified,
}


class NotItsTurn(Conflict):
    """The review does not stand where this is said."""

    code = "not_its_turn"


class UnknownReviewType(Conflict):
    """The regime of the review knows no such type of review."""

    code = "unknown_review_type"


def regime_to_begin_under(day: date, named: str | None) -> Regime:
    """Return the regime of a review that begins on a day. Raises `NoRegime`.

    In a time of transition two are in force, and one may be named.
    """
    if named is None:
        return regime_on(day)
    if not regime(named).is_open_on(day):
        raise NoRegime.at("/regime")
    return regime(named)


async def begin_review(db: ActorSession, rules: Regime, values: dict[str, Any]) -> UUID:
    """Make a review in the first state of its regime, and start its clocks.

    Without a type it is what follows an incident: a rapid review where the regime has them.
    """
    follows = RAPID_REVIEW if rules.allows(RAPID_REVIEW) else rules.statutory_review
    made = {"review_type": follows} | values
    made |= {"regime": rules.code, "status": FIRST[rules.lifecycle]}
    review_id = await insert(db, CaseReview, made)
    await start_first_clocks(db, made | {"id": review_id, "outcome": None})
    return review_id


async def create_review(db: ActorSession, caller: Caller, body: CaseReviewCreate) -> UUID:
    """Begin a review of a case that is open.

    Raises `NoRegime`, `UnknownReviewType`, `Invalid` for a day to come, `UnresolvedIdentifiers`.
    """
    sent = body.model_dump()
    day = sent.setdefault("notified_on", board_day())
    if day > board_day():
        raise Invalid.at("/notified_on")
    rules = regime_to_begin_under(day, sent.pop("regime", None))
    if not rules.allows(sent.get("review_type", rules.statutory_review)):
        raise UnknownReviewType.at("/review_type")
    values = await narrate(db, caller, CaseReviewRead, body.case_id, sent)
    return await begin_review(db, rules, values)


async def shown(db: ActorSession, review_id: UUID) -> dict[str, Any]:
    """Return a review as the actor sees it. Raises `NotFound`."""
    review: dict[str, Any] = json.loads(await render(db, CaseReviewRead, review_id))
    return review


async def case_of(caller: Caller, review_id: UUID) -> UUID:
    """Return the case of a review that the caller may know of. Raises `NotFound`."""
    return UUID(json.loads(await read(caller, CaseReviewRead, review_id))["case_id"])


async def lock_review(db: ActorSession, review_id: UUID) -> dict[str, Any]:
    """Return a review as the actor sees it, and keep others from changing it meanwhile."""
    await db.fetchrow("SELECT id FROM case_reviews WHERE id = $1 FOR UPDATE", review_id)
    return await shown(db, review_id)


async def move_review(
    caller: Caller, review_id: UUID, body: CaseReviewTransitionCreate
) -> Response:
    """Move a review, with the clocks that the move starts or stops."""
    return await move(
        caller,
        CaseReviewRead,
        REVIEW_LIFECYCLE,
        review_id,
        body.to,
        body.reason,
        EFFECTS,
        resolutions=body.resolutions,
    )


async def _screen(db: ActorSession, review: dict[str, Any]) -> None:
    await start_clock(db, review, ClockTrigger.information_requested)


async def _commission(db: ActorSession, review: dict[str, Any]) -> None:
    await start_clock(db, review, ClockTrigger.review_initiated)


async def _send_to_panel(db: ActorSession, review: dict[str, Any]) -> None:
    await meet_clock(db, review, "RAPID_REVIEW")


async def _approve(db: ActorSession, review: dict[str, Any]) -> None:
    await meet_clock(db, review, "SCR_COMPLETE")


async def _publish(db: ActorSession, review: dict[str, Any]) -> None:
    await meet_clock(db, review, "LCSPR_PUBLISH")


EFFECTS: dict[str, Effect] = {
    ReviewStatus.screening: _screen,
    ReviewStatus.commissioned: _commission,
    ReviewStatus.sent_to_panel: _send_to_panel,
    ReviewStatus.board_approved: _approve,
    ReviewStatus.published: _publish,
}
"""What a move of a review starts or stops, by where it goes."""
