"""What the clock writes about an obligation, and to whom (Framework sections 9 and 23).

Whoever is in office on the day gets it. Where nobody is, the Business Office does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.services.timetable_steps import Step

LEADS = """
SELECT agency_id, function, is_deputy, email FROM agency_leads
WHERE agency_id = ANY ($2::uuid[]) AND email IS NOT NULL AND valid_from <= $1
    AND coalesce(valid_to, 'infinity') >= $1
ORDER BY valid_from DESC, id
"""
BODIES = "SELECT id, code, parent_id FROM bodies"
HOLDERS = "SELECT office, of_id, email FROM actor.office_addresses($1) ORDER BY email"

ROLES = {
    "overdue_1": ("owner", "deputy"),
    "overdue_2": ("senior",),
    "escalated_subgroup": ("chair_in_charge",),
    "escalated_chair": ("chair",),
}
"""Whom a step is for; every other one is for the owner."""
LATE = frozenset(ROLES)
SUBJECT = "{title}{period}: {state} {due_on:%d %B %Y}"
BODY = """\
{opening}

What: {title}{period}
Owed by: {owner}
Due: {due_on:%d %B %Y}
On record: /v1/obligations/{id}

It is still owed: nobody has said that it is delivered.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One step of one obligation: to whom it went, or that it was passed over."""

    obligation_id: UUID
    step: str
    planned_on: date
    outcome: str
    recipients: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Offices:
    """Addresses of whoever is in office on a day."""

    leads: dict[tuple[UUID, str, bool], str]
    holders: dict[tuple[str, UUID | None], list[str]]
    parents: dict[UUID, UUID | None]
    board_id: UUID | None

    def addresses(self, row: Any, role: str) -> list[str]:
        """Return the addresses of a role for an obligation; none if nobody holds it."""
        if role == "chair":
            return self.everywhere("chair")
        if role == "chair_in_charge":
            return self.holders.get(("chair", row["in_charge_id"] or self.board_id), [])
        if role == "business_office":
            return self.everywhere("bo_manager")
        if row["agency_id"] is None:
            return self._of_body(row["body_id"], role)
        return self._of_agency(row["agency_id"], row["function"], role)

    def everywhere(self, office: str) -> list[str]:
        """Return the addresses of all who hold a role of the Board, each once."""
        return self.holders.get((f"role:{office}", None), [])

    def _of_body(self, body_id: UUID, role: str) -> list[str]:
        if role == "senior":
            above = self.parents.get(body_id) or self.board_id
            return self.holders.get(("chair", above), []) or self.everywhere("chair")
        office = "chair" if role == "owner" else "vice_chair"
        return self.holders.get((office, body_id), [])

    def _of_agency(self, agency_id: UUID, function: str, role: str) -> list[str]:
        if role == "senior":
            seniors = [
                email
                for office in ("agency_senior", "school_governor")
                for email in self.holders.get((f"role:{office}", agency_id), [])
            ]
            return seniors or self._leads(agency_id, ("safeguarding",), (False, True))
        if role == "deputy":
            return self._leads(agency_id, (function,), (True,))
        return self._leads(agency_id, (function, "safeguarding"), (False, True))

    def _leads(
        self, agency_id: UUID, functions: tuple[str, ...], deputies: tuple[bool, ...]
    ) -> list[str]:
        """Return the first that is found: the lead before the deputy."""
        for function in functions:
            for is_deputy in deputies:
                if email := self.leads.get((agency_id, function, is_deputy)):
                    return [email]
        return []


async def offices_on(db: ActorSession, day: date, agencies: Iterable[UUID | None]) -> Offices:
    """Look up who is in office on a day."""
    leads: dict[tuple[UUID, str, bool], str] = {}
    for row in await db.fetch(LEADS, day, [*{each for each in agencies if each}]):
        leads.setdefault((row["agency_id"], row["function"], row["is_deputy"]), row["email"])
    holders: dict[tuple[str, UUID | None], list[str]] = {}
    for row in await db.fetch(HOLDERS, day):
        holders.setdefault((row["office"], row["of_id"]), []).append(row["email"])
    bodies = await db.fetch(BODIES)
    board = next((body["id"] for body in bodies if body["code"] == "board"), None)
    return Offices(leads, holders, {body["id"]: body["parent_id"] for body in bodies}, board)


def letter(row: Any, step: Step, offices: Offices, *, is_sent: bool) -> Letter:
    """Write what a step says, to everybody it is for; nothing where it was passed over."""
    if not is_sent:
        return Letter(row["id"], step.name, step.on, "skipped")
    found = {role: offices.addresses(row, role) for role in ROLES.get(step.name, ("owner",))}
    if not any(found.values()):
        found = {"business_office": offices.addresses(row, "business_office")}
    roles = tuple(role for role, addresses in found.items() if addresses)
    addresses = tuple(dict.fromkeys(each for some in found.values() for each in some))
    outcome = "sent" if addresses else "nobody"
    subject, body = _texts(row, step)
    return Letter(row["id"], step.name, step.on, outcome, roles, addresses, subject, body)


def _texts(row: Any, step: Step) -> tuple[str, str]:
    is_late = step.name in LATE
    words = {
        "id": row["id"],
        "title": row["title"],
        "period": f" ({row['period']})" if row["period"] else "",
        "due_on": row["due_on"],
        "state": "overdue since" if is_late else "due",
        "owner": row["agency_name"] or "a body of the Board",
        "opening": "This is overdue." if is_late else "This is owed to the Board.",
    }
    return SUBJECT.format(**words), BODY.format(**words)
