"""Decisions about publications, which move their review too (Framework section 16)."""

import json
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Forbidden, Invalid, TransitionNotAllowed
from app.models.case_reviews import ReviewStatus
from app.models.publications import (
    PublicationDecision,
    PublicationDecisionCode,
    PublicationKind,
    PublicationStatus,
)
from app.reference.review_types import review_values
from app.schemas.case_reviews import CaseReviewRead
from app.schemas.publication_steps import (
    PublicationDecisionCreate,
    PublicationDecisionRead,
)
from app.schemas.publications import PublicationRead
from app.services.campaigns import board_day
from app.services.case_reviews import EFFECTS, lock_review
from app.services.casework import narrate
from app.services.records import insert, render
from app.services.transitions import record_move

UNPUBLISHED = {PublicationStatus.draft, PublicationStatus.approved, PublicationStatus.withheld}
IN_PUBLICATION = {
    ReviewStatus.board_approved,
    ReviewStatus.publication_decision,
    ReviewStatus.pre_publication_notice,
    ReviewStatus.published,
    ReviewStatus.withheld,
    ReviewStatus.learning_implementation,
    ReviewStatus.impact,
    ReviewStatus.closed,
}
"""States of a review of whose report the Board approved."""
ONLY_FOR = {
    PublicationDecisionCode.publish_summary_only: PublicationKind.summary,
    PublicationDecisionCode.improvements_information_only: PublicationKind.improvements_information,
}
LOCK = "SELECT id FROM publications WHERE id = $1 FOR UPDATE"
VALID_CHECK = "SELECT actor.valid_check($1) AS id"
OTHERS = """
SELECT count(*) AS n FROM publications
WHERE case_review_id = $1 AND id <> $2 AND status IN ('approved', 'published')
"""
PAUSED = """
SELECT EXISTS (SELECT FROM parallel_processes WHERE case_review_id = $1 AND pauses_publication
    AND ended_on IS NULL) AS is_paused
"""
LAST = """
SELECT id, decision, check_id, (created_at AT TIME ZONE 'Europe/London')::date AS decided_on
FROM publication_decisions WHERE publication_id = $1 ORDER BY id DESC LIMIT 1
"""


class NotChecked(Conflict):
    """No check holds: clean, confirmed by a second person, and of the text as it is."""

    code = "not_checked"


class DecisionDoesNotFit(Conflict):
    """The decision is about another kind of publication."""

    code = "decision_does_not_fit"


class PublicationPaused(Conflict):
    """A process beside the review pauses its publication."""

    code = "publication_paused"


async def lock_publication(db: ActorSession, publication_id: UUID) -> dict[str, Any]:
    """Return a publication as the actor sees it, and keep others from changing it meanwhile."""
    await db.fetchrow(LOCK, publication_id)
    publication: dict[str, Any] = json.loads(await render(db, PublicationRead, publication_id))
    return publication


async def decide(
    db: ActorSession, caller: Caller, publication_id: UUID, body: PublicationDecisionCreate
) -> UUID:
    """Record a decision, move publication and review.

    Raises `Forbidden`, `TransitionNotAllowed`, `NotChecked`, `DecisionDoesNotFit`, `Invalid`.
    """
    publication = await lock_publication(db, publication_id)
    review = await lock_review(db, UUID(publication["case_review_id"]))
    if not db.actor.can("case-reviews:decide"):
        raise Forbidden
    _refuse_unfit(publication, review, body)
    case_id = UUID(publication["case_id"])
    values = await narrate(db, caller, PublicationDecisionRead, case_id, body.model_dump())
    values |= {
        "case_id": case_id,
        "publication_id": publication_id,
        "decided_by_id": db.actor.id,
        "check_id": await _checked(db, publication_id, body.decision),
    }
    decision_id = await insert(db, PublicationDecision, values)
    is_withheld = body.decision is PublicationDecisionCode.withhold
    to = PublicationStatus.withheld if is_withheld else PublicationStatus.approved
    if publication["status"] != to:
        await record_move(db, PublicationRead, publication, to, values["reasons"])
    await _move_with(db, review, publication_id, values["reasons"], is_withheld=is_withheld)
    return decision_id


def _refuse_unfit(
    publication: dict[str, Any], review: dict[str, Any], body: PublicationDecisionCreate
) -> None:
    if publication["status"] not in UNPUBLISHED or review["status"] not in IN_PUBLICATION:
        raise TransitionNotAllowed
    refuse_incomplete(body)
    if ONLY_FOR.get(body.decision, publication["kind"]) != publication["kind"]:
        raise DecisionDoesNotFit


def refuse_incomplete(body: PublicationDecisionCreate) -> None:
    """Refuse a decision that lacks what it needs, or has what it must not. Raises `Invalid`."""
    known = {each.code: each for each in review_values().withhold_reasons}
    if body.decision is not PublicationDecisionCode.withhold:
        for name in ("withhold_reason", "legal_advice_reference", "review_on"):
            if getattr(body, name) is not None:
                raise Invalid.at(f"/{name}")
        return
    if body.withhold_reason not in known:
        raise Invalid.at("/withhold_reason")
    if body.legal_advice_reference is None:
        raise Invalid.at("/legal_advice_reference")
    is_due = body.review_on is None and known[body.withhold_reason].is_defer_only
    if is_due or (body.review_on is not None and body.review_on <= board_day()):
        raise Invalid.at("/review_on")


async def _checked(
    db: ActorSession, publication_id: UUID, decision: PublicationDecisionCode
) -> UUID | None:
    if decision is PublicationDecisionCode.withhold:
        return None
    row = await db.fetchrow(VALID_CHECK, publication_id)
    if row is None or row["id"] is None:
        raise NotChecked
    check_id: UUID = row["id"]
    return check_id


async def _move_with(
    db: ActorSession, review: dict[str, Any], publication_id: UUID, why: str, *, is_withheld: bool
) -> None:
    """Move the review with a decision: it is withheld once nothing of it is to be published."""
    if not is_withheld or review["status"] == ReviewStatus.board_approved:
        review = await bring(db, review, ReviewStatus.publication_decision, why)
    if is_withheld:
        others = await db.fetchrow(OTHERS, UUID(review["id"]), publication_id)
        if others is not None and others["n"] == 0:
            await bring(db, review, ReviewStatus.withheld, why)


async def bring(
    db: ActorSession, review: dict[str, Any], to: ReviewStatus, why: str | None = None
) -> dict[str, Any]:
    """Move a review if it may go there from where it stands; return it as it is then."""
    if to not in review["allowed_transitions"]:
        return review
    await record_move(db, CaseReviewRead, review, to, why)
    if to in EFFECTS:
        await EFFECTS[to](db, review)
    return await lock_review(db, UUID(review["id"]))


async def refuse_paused(db: ActorSession, review_id: UUID) -> None:
    """Refuse while a process beside the review pauses publication. Raises `PublicationPaused`."""
    row = await db.fetchrow(PAUSED, review_id)
    if row is None or row["is_paused"]:
        raise PublicationPaused
