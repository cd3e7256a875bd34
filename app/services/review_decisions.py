"""Who says what becomes of an incident: criteria, the sub group, the decision maker (section 16).

The service shows whether criteria are met; people recommend and decide. A recommendation and a
decision move the review themselves.
"""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Invalid, TransitionNotAllowed
from app.models.case_reviews import CaseReview, Outcome, ReviewStatus, ReviewTypeCode
from app.models.review_lifecycle import REVIEW_LIFECYCLE
from app.models.review_work import CriterionAnswer, Decision, Recommendation
from app.reference.clocks import ClockTrigger
from app.reference.regimes import Regime, regime
from app.reference.review_types import ReviewLifecycle, review_values
from app.schemas.case_reviews import CaseReviewRead
from app.schemas.review_decisions import (
    CriteriaAnswers,
    DecisionCreate,
    DecisionRead,
    ReviewRecommendationCreate,
    ReviewRecommendationRead,
)
from app.services.campaigns import board_day
from app.services.case_reviews import EFFECTS, NotItsTurn, lock_review, shown
from app.services.casework import narrate, tokenised
from app.services.records import changing, insert, update
from app.services.review_clocks import meet_clock, start_clock
from app.services.transitions import record_move

PANEL_WAITS = {ReviewStatus.rapid_review, ReviewStatus.sent_to_panel, ReviewStatus.panel_response}
"""Where partners hear a recommendation before they decide; the review stays where it is."""
DECIDED = {
    ReviewLifecycle.lscb: ReviewStatus.chair_decision,
    ReviewLifecycle.partnership: ReviewStatus.partners_decision,
}
GOES_ON = {
    Outcome.rapid_review_only: ReviewStatus.learning_implementation,
    Outcome.case_mapping_exercise: ReviewStatus.commissioned,
    Outcome.single_agency_review: ReviewStatus.agreed_with_sub_group,
    Outcome.thematic_audit: ReviewStatus.audit_theme,
    Outcome.refer_to_other_process: ReviewStatus.other_process,
    Outcome.no_further_action: ReviewStatus.no_further_action,
}
"""Where a decision takes the review at once. A statutory review is commissioned by an act of its
own, when its reviewer and its terms of reference are there."""


async def answer_criteria(caller: Caller, review_id: UUID, body: CriteriaAnswers) -> Response:
    """Answer every limb of the criteria anew, under `If-Match` of the review; answer with it.

    Raises `Invalid` where a limb is missing, unknown or there twice, and `NotItsTurn` after the
    decision.
    """
    async with changing(caller, CaseReviewRead, review_id) as changed:
        before, db = changed.before, changed.db
        _refuse_other_limbs(regime(before["regime"]), body)
        if before["outcome"] is not None:
            raise NotItsTurn
        version = before["criteria_version"] + 1
        case_id = UUID(before["case_id"])
        texts = {f"/answers/{n}/reason": each.reason for n, each in enumerate(body.answers)}
        said = await tokenised(db, caller, case_id, texts, body.resolutions)
        of_all = {"case_id": case_id, "case_review_id": review_id, "version": version}
        of_all |= {"answered_by_id": db.actor.id}
        for each, reason in zip(body.answers, said.texts.values(), strict=True):
            answer = {"limb": each.limb, "is_met": each.is_met, "reason": reason}
            await insert(db, CriterionAnswer, of_all | answer)
        await update(db, CaseReview, review_id, {"criteria_version": version})
    return changed.response


def _refuse_other_limbs(rules: Regime, body: CriteriaAnswers) -> None:
    if sorted(each.limb for each in body.answers) != sorted(rules.criteria.codes):
        raise Invalid.at("/answers")


async def recommend(
    db: ActorSession, caller: Caller, review_id: UUID, body: ReviewRecommendationCreate
) -> UUID:
    """Record what the sub group recommends, and move the review on where the Board's does.

    Raises `NotItsTurn`, and `TransitionNotAllowed` while the criteria are not answered.
    """
    review = await lock_review(db, review_id)
    if review["status"] not in {ReviewStatus.screening, *PANEL_WAITS}:
        raise NotItsTurn
    _refuse_outcome(review, body.outcome)
    values = body.model_dump()
    values["recommended_on"] = _day(review, "recommended_on", values.get("recommended_on"))
    said = await narrate(db, caller, ReviewRecommendationRead, UUID(review["case_id"]), values)
    made = await insert(db, Recommendation, _of(review) | said | {"recorded_by_id": db.actor.id})
    if review["status"] == ReviewStatus.screening:
        await _go(db, review_id, ReviewStatus.sg_recommendation)
    return made


async def decide(db: ActorSession, caller: Caller, review_id: UUID, body: DecisionCreate) -> UUID:
    """Record what the decision maker decides, and take the review there.

    Raises `NotItsTurn`. PostgreSQL itself compares it with the recommendation, and refuses one
    that differs without saying why.
    """
    review = await lock_review(db, review_id)
    rules = regime(review["regime"])
    decided = DECIDED[rules.lifecycle]
    if review["status"] not in {m.source for m in REVIEW_LIFECYCLE.moves if m.target == decided}:
        raise NotItsTurn
    _refuse_outcome(review, body.outcome)
    values = body.model_dump()
    day = values["decided_on"] = _day(review, "decided_on", values.get("decided_on"))
    said = await narrate(db, caller, DecisionRead, UUID(review["case_id"]), values)
    made = await insert(db, Decision, _of(review) | said | {"decided_by_id": db.actor.id})
    what = {"outcome": body.outcome, "decided_on": day, "status": decided}
    what["review_type"] = _type_after(rules, review, body.outcome)
    await update(db, CaseReview, review_id, what)
    await record_move(db, CaseReviewRead, review, decided)
    await meet_clock(db, review, "CHAIR_DECISION", day)
    await start_clock(db, review | what, ClockTrigger.decision, day)
    if body.outcome in GOES_ON:
        await _go(db, review_id, GOES_ON[body.outcome])
    return made


async def _go(db: ActorSession, review_id: UUID, to: ReviewStatus) -> None:
    """Move a review as the table of its lifecycle allows. Raises `TransitionNotAllowed`."""
    review = await shown(db, review_id)
    if to not in review["allowed_transitions"]:
        raise TransitionNotAllowed
    await record_move(db, CaseReviewRead, review, to)
    if to in EFFECTS:
        await EFFECTS[to](db, review)


def _of(review: dict[str, Any]) -> dict[str, Any]:
    return {"case_id": UUID(review["case_id"]), "case_review_id": UUID(review["id"])}


def _day(review: dict[str, Any], name: str, day: date | None) -> date:
    """Return the day something was said; not before the notification, nor to come."""
    if day is None:
        return board_day()
    if not date.fromisoformat(review["notified_on"]) <= day <= board_day():
        raise Invalid.at(f"/{name}")
    return day


def _refuse_outcome(review: dict[str, Any], outcome: Outcome) -> None:
    """Refuse what the regime's lifecycle does not know."""
    known = {each.code: each.lifecycles for each in review_values().decision_outcomes}
    if regime(review["regime"]).lifecycle not in known[outcome]:
        raise Invalid.at("/outcome")


def _type_after(rules: Regime, review: dict[str, Any], outcome: Outcome) -> str:
    """Return the type of review after a decision."""
    if outcome is Outcome.statutory_review:
        return rules.statutory_review
    if outcome in (Outcome.case_mapping_exercise, Outcome.single_agency_review):
        return ReviewTypeCode(outcome.value)
    before: str = review["review_type"]
    return before
