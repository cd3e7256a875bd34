"""What rules make owed: one obligation for each rule, owner and period (Framework section 23)."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from app.access.caller import Caller
from app.reference.working_days import add_months

AHEAD_MONTHS = 13
LAST_DAY = date(9000, 1, 1)
"""How far ahead the timetable is laid out."""

RULES = """
SELECT id, every_months, counted_from, anchor_on, opens_before_days, grace_days, valid_from,
    valid_to, agency_ids
FROM schedule_rules
WHERE is_active AND every_months IS NOT NULL AND valid_from <= $2
    AND coalesce(valid_to, 'infinity') >= $1 AND coalesce(generated_on < $1, true)
ORDER BY id LIMIT 3 FOR NO KEY UPDATE SKIP LOCKED
"""
"""Some rules that have not been gone through today, by no other worker at this moment: a short
transaction holds up neither the feed nor the seals of the access log."""
OWNERS = """
owners AS (
    SELECT r.id AS rule_id, a.id AS agency_id, NULL::uuid AS body_id
    FROM schedule_rules r JOIN agencies a ON r.body_id IS NULL
        AND coalesce(a.valid_from, '-infinity') <= $1 AND coalesce(a.valid_to, 'infinity') >= $1
        AND (cardinality(r.sectors) = 0 OR a.sector = ANY (r.sectors))
        AND (cardinality(r.duty_bases) = 0 OR a.duty_bases && r.duty_bases)
        AND (cardinality(r.agency_ids) = 0 OR a.id = ANY (r.agency_ids))
    WHERE r.id = ANY ($2::uuid[])
    UNION ALL
    SELECT r.id, NULL, b.id FROM schedule_rules r JOIN bodies b ON b.id = r.body_id
        AND b.valid_from <= $1 AND coalesce(b.valid_to, 'infinity') >= $1
    WHERE r.id = ANY ($2::uuid[])
)"""
MAKE = """
INSERT INTO obligations (rule_id, kind, title, period, agency_id, body_id, in_charge_id, function,
    reminder_days, escalation_days, opens_on, due_on, locks_on, next_on)
SELECT r.id, r.code, r.title, to_char(p.due_on, 'YYYY-MM'), p.agency_id, p.body_id,
    r.in_charge_id, r.function, r.reminder_days, r.escalation_days,
    p.due_on - r.opens_before_days, p.due_on, p.due_on + r.grace_days,
    p.due_on - r.opens_before_days
FROM ({}) p JOIN schedule_rules r ON r.id = p.rule_id
WHERE NOT EXISTS (
    SELECT FROM obligations o WHERE o.rule_id = r.id
        AND (o.agency_id = p.agency_id OR o.body_id = p.body_id)
        AND o.period = to_char(p.due_on, 'YYYY-MM'))
ON CONFLICT DO NOTHING
RETURNING id
"""
COUNT = "WITH {}, made AS ({}) SELECT count(*) FROM made"
BY_ANCHOR = COUNT.format(
    OWNERS,
    MAKE.format(
        "SELECT o.rule_id, o.agency_id, o.body_id, d.due_on"
        " FROM unnest($3::uuid[], $4::date[]) AS d (rule_id, due_on) JOIN owners o USING (rule_id)"
    ),
)
LAST = """
SELECT o.rule_id, o.agency_id, o.body_id, max(b.met_on) AS met_on
FROM owners o LEFT JOIN obligations b ON b.rule_id = o.rule_id
    AND (b.agency_id = o.agency_id OR b.body_id = o.body_id)
GROUP BY o.rule_id, o.agency_id, o.body_id
HAVING count(b.id) FILTER (WHERE b.status NOT IN ('met', 'met_late', 'waived', 'cancelled')) = 0
"""
BY_DELIVERY = COUNT.format(
    OWNERS,
    MAKE.format(
        "SELECT l.rule_id, l.agency_id, l.body_id, n.due_on"
        f" FROM ({LAST}) l JOIN schedule_rules s ON s.id = l.rule_id"
        " JOIN unnest($3::uuid[], $4::date[]) AS f (rule_id, due_on) ON f.rule_id = l.rule_id"
        " CROSS JOIN LATERAL (SELECT CASE WHEN l.met_on IS NULL THEN f.due_on ELSE greatest($1,"
        " (l.met_on + make_interval(months => s.every_months))::date) END AS due_on) n"
        " WHERE n.due_on <= $5"
    ),
)
"""What is due so long after the last was delivered; where none was, on the cadence's next day."""
DONE = "UPDATE schedule_rules SET generated_on = $2 WHERE id = ANY ($1::uuid[])"


def due_days(anchor: date, every_months: int, first: date, last: date) -> Iterator[date]:
    """Yield the days of a cadence within a period, both its ends included.

    Each is counted from the anchor: after 31 January comes 28 February, and then 31 March.
    """
    elapsed = (first.year - anchor.year) * 12 + first.month - anchor.month
    n = max(0, elapsed // every_months - 1)
    while (day := add_months(anchor, n * every_months)) <= last:
        if day >= first:
            yield day
        n += 1


async def generate(caller: Caller, day: date) -> int | None:
    """Lay out the next months by some rules; return how many are new, null if no rule is left.

    Once a day for each rule, whoever of several workers comes first. What is on record already is
    not made again, and nothing is made that was due before the rule began or before today.
    """
    horizon = add_months(day, AHEAD_MONTHS)
    async with caller.transaction() as db:
        rules = await db.fetch(RULES, day, horizon)
        if not rules:
            return None
        fixed = [rule for rule in rules if rule["counted_from"] == "anchor"]
        moving = [rule for rule in rules if rule["counted_from"] == "last_met"]
        dues = [(rule["id"], due) for rule in fixed for due in _dues(rule, day, horizon)]
        firsts = [(rule["id"], next(_dues(rule, day, LAST_DAY), horizon)) for rule in moving]
        rows = [
            await db.fetchrow(BY_ANCHOR, day, *_columns(fixed, dues)),
            await db.fetchrow(BY_DELIVERY, day, *_columns(moving, firsts), horizon),
        ]
        await db.fetchrow(DONE, [rule["id"] for rule in rules], day)
    made: int = sum(row["count"] for row in rows if row is not None)
    return made


def _dues(rule: Any, day: date, horizon: date) -> Iterator[date]:
    last = min(horizon, rule["valid_to"] or horizon)
    first = max(day, rule["valid_from"])
    return due_days(rule["anchor_on"], rule["every_months"], first, last)


def _columns(
    rules: Sequence[Any], dues: Sequence[tuple[Any, date]]
) -> tuple[list[Any], list[Any], list[date]]:
    return [rule["id"] for rule in rules], [rule for rule, _ in dues], [due for _, due in dues]
