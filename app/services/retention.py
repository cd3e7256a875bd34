"""How long it is kept who the people of a case are, worked out from the schedule.

Periods may run from a birth. The vault reads that day, and what is stored is the last day of the
year in which the period ends: it tells a year, which the age of a child in a report tells too,
and no birthday. Framework section 7.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.models.retention import CaseRetention
from app.privacy.vault import Vault
from app.reference.retention import DueDates, due_dates, longest
from app.reference.retention_rules import (
    Period,
    RetentionCircumstance,
    RetentionRule,
    RetentionStart,
    rules_for,
)
from app.schemas.base import ReadSchema
from app.schemas.narratives import NarratedCreate
from app.services.casework import narrate
from app.services.records import creating, insert, update

OVERRIDE = """
SELECT o.id, o.years, o.months, o.starts_from, o.review_at_years FROM retention_overrides o
WHERE o.area_id = c.area_id AND o.record_class = r.record_class AND o.status = 'approved'
"""
BASIS = (
    "concat_ws('|', r.record_class, array_to_string(r.circumstances, ','), c.closed_on,"
    " c.people_version, c.area_id, o.id)"
)
"""What days are worked out from; where it has changed they are worked out again."""
FOUND = f"""
FROM case_retentions r JOIN cases c ON c.id = r.case_id LEFT JOIN LATERAL ({OVERRIDE}) o ON true
"""
FACTS = f"""
SELECT r.id, r.record_class, r.circumstances, c.closed_on, {BASIS} AS basis, o.years, o.months,
    o.starts_from, o.review_at_years {FOUND} WHERE r.case_id = $1
"""
STALE = f"""
SELECT r.case_id {FOUND} WHERE c.identities_destroyed_at IS NULL AND r.basis <> {BASIS}
ORDER BY r.id LIMIT 100
"""


async def work_out(db: ActorSession, vault: Vault, case_id: UUID) -> None:
    """Work the days of a case out anew. Raises `Unavailable` without the keeper of keys."""
    found = await db.fetchrow(FACTS, case_id)
    if found is None:
        return
    circumstances = [RetentionCircumstance(each) for each in found["circumstances"]]
    rules = [_in_force(rule, found) for rule in rules_for(found["record_class"], circumstances)]
    children = await vault.days_of_children(case_id) or [(None, None)]
    facts: list[dict[RetentionStart, date | None]] = [
        {
            RetentionStart.closure: found["closed_on"],
            RetentionStart.birth: born_on,
            RetentionStart.death: died_on,
        }
        for born_on, died_on in children
    ]
    dates = by_year(longest(due_dates(rule, each) for rule in rules for each in facts))
    values: dict[str, Any] = {
        "rules": [rule.code for rule in rules],
        "review_on": list(dates.review_on),
        "dispose_on": dates.dispose_on,
        "basis": found["basis"],
    }
    await update(db, CaseRetention, found["id"], values)


def by_year(dates: DueDates) -> DueDates:
    """Put every day off to the last of its year: none tells a birthday any more."""
    end = dates.dispose_on and _last_of_year(dates.dispose_on)
    reviews = sorted({_last_of_year(day) for day in dates.review_on})
    return DueDates(tuple(day for day in reviews if end is None or day < end), end)


def _last_of_year(day: date) -> date:
    return date(day.year, 12, 31)


def _in_force(rule: RetentionRule, found: Any) -> RetentionRule:
    """Return an area's own rule in the place of that of the class; stricter ones stay."""
    if rule.circumstance is not None or found["starts_from"] is None:
        return rule
    period = Period(years=found["years"], months=found["months"], start=found["starts_from"])
    reviews = tuple(found["review_at_years"])
    return rule.model_copy(
        update={
            "code": f"{rule.code}_of_area",
            "period": period,
            "review_at_years": reviews,
            "exceptions": (),
        }
    )


async def work_out_stale(caller: Caller, vault: Vault) -> int:
    """Work out anew what cases were closed, or people recorded, since; return how many."""
    async with caller.transaction() as db:
        stale: Iterable[Any] = await db.fetch(STALE)
    done = 0
    for row in stale:
        async with caller.transaction() as db:
            await work_out(db, vault, row["case_id"])
        done += 1
    return done


async def create_signed(
    caller: Caller, schema: type[ReadSchema], case_id: UUID, body: NarratedCreate, by: str
) -> Response:
    """Make a record of a case with narratives; its column `by` is who made it."""
    async with creating(caller, schema, [str(case_id), body]) as creation:
        if creation.is_new:
            said = await narrate(creation.db, caller, schema, case_id, body.model_dump())
            signed = {"case_id": case_id, by: creation.db.actor.id}
            creation.id = await insert(creation.db, schema.table, said | signed)
    return creation.response
