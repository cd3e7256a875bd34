"""The timetable that every installation begins with (Framework section 23).

It is only added: what a board has made of its rules since stays as it is.
"""

from collections.abc import Sequence
from datetime import date

from pydantic import TypeAdapter

from app.reference.shipped import Shipped, read

RULE_SQL = """
INSERT INTO schedule_rules (code, title, section, sectors, duty_bases, body_id, in_charge_id,
    every_months, counted_from, anchor_on, opens_before_days, function)
VALUES ($1, $2, $3, $4, $5, (SELECT id FROM bodies WHERE code = $6),
    (SELECT id FROM bodies WHERE code = $7), $8, $9, $10, $11, $12)
ON CONFLICT DO NOTHING
"""


class SeedRule(Shipped):
    """A rule of the list. `body` owes it, or else every agency with one of the duty bases."""

    code: str
    title: str
    section: str
    sectors: list[str] = []
    duty_bases: list[str] = []
    body: str | None = None
    in_charge: str = "quality_assurance"
    every_months: int | None
    counted_from: str = "anchor"
    anchor_on: date
    opens_before_days: int = 60
    function: str = "safeguarding"


def seed_rules() -> list[SeedRule]:
    """Return the rules this version ships."""
    return TypeAdapter(list[SeedRule]).validate_json(read("schedule_rules.json"))


def schedule_rows() -> list[tuple[str, Sequence[Sequence[object]]]]:
    """Return the statement that adds them, with its rows; after the bodies that they name."""
    return [(RULE_SQL, [tuple(dict(rule).values()) for rule in seed_rules()])]
