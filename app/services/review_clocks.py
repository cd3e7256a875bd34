"""The clocks of a review's regime: what is due when, and to whom (Framework section 16).

A clock makes one deadline for each body that is to be told, or one alone. Whether a deadline is
overdue is worked out on reading.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.models.case_reviews import Outcome
from app.reference.clocks import Clock, ClockBound, ClockTrigger
from app.reference.regimes import Regime, regime
from app.services.campaigns import board_day

START = """
INSERT INTO case_deadlines
    (case_id, case_review_id, clock, recipient, starts_on, due_on, is_earliest, met_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
"""Without RETURNING: an agency that notifies starts clocks that are not for it to see."""
MEET = """
UPDATE case_deadlines SET met_on = greatest($3::date, starts_on)
WHERE case_review_id = $1 AND clock = $2 AND met_on IS NULL
"""
RAPID_REVIEW = "rapid_review"
ONLY_WITHOUT_REVIEW = {"NO_REVIEW_NOTICE"}
ONLY_WITH_REVIEW = {"SCR_COMPLETE", "LCSPR_PUBLISH"}
TOLD_BY_NOTIFICATION = {"lscb", "safeguarding_partners"}


async def start_clock(
    db: ActorSession, review: Mapping[str, Any], trigger: ClockTrigger, on: date | None = None
) -> None:
    """Start every clock of the review's regime that an event starts, on a day; today, if none.

    `review` is the review as it is shown to somebody who sees all of it. For `publication` the
    day is that for which it is planned. Raises `BeyondCalendar`.
    """
    rules = regime(review["regime"])
    day = on or board_day()
    for clock in rules.clocks:
        if clock.trigger is trigger and runs_for(rules, clock, review):
            for recipient, met_on in _recipients(clock, review):
                await db.fetchrow(
                    START,
                    UUID(str(review["case_id"])),
                    UUID(str(review["id"])),
                    clock.id,
                    recipient,
                    day,
                    clock.due_on(day) or day,
                    clock.bound is ClockBound.no_earlier_than,
                    met_on,
                )


async def meet_clock(
    db: ActorSession, review: Mapping[str, Any], clock: str, on: date | None = None
) -> None:
    """Record that what a clock counts was done on a day, today if none: for all it was due to."""
    await db.fetchrow(MEET, UUID(str(review["id"])), clock, on or board_day())


def runs_for(rules: Regime, clock: Clock, review: Mapping[str, Any]) -> bool:
    """Tell whether a clock runs for a review.

    Clocks of incidents do for statutory reviews and what leads to them; learning reviews of no
    statute have none but those of publication.
    """
    is_of_incident: bool = review["review_type"] in (rules.statutory_review, RAPID_REVIEW)
    is_statutory: bool = review["outcome"] == Outcome.statutory_review
    if clock.id in ONLY_WITHOUT_REVIEW:
        return not is_statutory
    if clock.id in ONLY_WITH_REVIEW:
        return is_statutory
    always = (ClockTrigger.publication, ClockTrigger.decision)
    return clock.trigger in always or is_of_incident


def _recipients(
    clock: Clock, review: Mapping[str, Any]
) -> Iterator[tuple[str | None, date | None]]:
    """Yield who is to be told, and the day if the notification itself told them."""
    if not clock.recipients:
        yield None, None
    for each in clock.recipients:
        is_told = clock.id == "LA_NOTIFY" and each.code in TOLD_BY_NOTIFICATION
        yield each.code, date.fromisoformat(str(review["notified_on"])) if is_told else None


async def start_first_clocks(db: ActorSession, review: Mapping[str, Any]) -> None:
    """Start what an incident and its notification start."""
    day = date.fromisoformat(str(review["notified_on"]))
    await start_clock(db, review, ClockTrigger.notification, day)
    if review["aware_on"] is not None:
        known_on = date.fromisoformat(str(review["aware_on"]))
        await start_clock(db, review, ClockTrigger.incident_known, known_on)
    if review["is_looked_after_child_death"]:
        await start_clock(db, review, ClockTrigger.looked_after_child_death, day)
