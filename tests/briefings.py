"""Briefings for tests: bodies that decide, agencies with a seat on the Board, six steps."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.rounds import post
from tests.stage import TODAY

STEPS: Json = {
    "what_we_looked_at": "Twelve files of children who were not brought to appointments.",
    "why_it_matters": "A missed visit is a missed child.",
    "what_worked_well": "Schools told the local authority at once.",
    "what_needs_to_change": "Missed visits are followed up.",
    "what_to_do_now": "Follow up within two working days.",
    "find_out_more": "How will we know that it works here?",
}
DRAFT: Json = {
    "title": "Visits that were missed",
    "source_kind": "maca",
    "source_title": "Audit of neglect",
    "channels": ["e_learning", "newsletter_bimonthly"],
}


async def insert(owner: asyncpg.Connection, table: str, **values: Any) -> UUID:
    """Write a row behind every policy."""
    names, places = ", ".join(values), ", ".join(f"${n}" for n, _ in enumerate(values, start=1))
    sql = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"
    made: UUID = await owner.fetchval(sql, *values.values())
    return made


async def body_of(owner: asyncpg.Connection, code: str) -> UUID:
    """Return a body by its code."""
    found: UUID = await owner.fetchval("SELECT id FROM bodies WHERE code = $1", code)
    return found


async def decided(
    owner: asyncpg.Connection, caller: SignedIn, record: Json, code: str, **members: Any
) -> str:
    """Have a body agree something on a record, in a meeting of today."""
    body_id = await body_of(owner, code)
    meeting = await insert(owner, "meetings", body_id=body_id, held_on=TODAY, title="Meeting")
    values = {
        "body_id": body_id,
        "meeting_id": meeting,
        "decided_on": TODAY,
        "outcome": "agreed",
        "text": "Agreed.",
        "subject": "briefings",
        "record_id": UUID(record["id"]),
        "recorded_by_id": caller.principal_id,
    }
    return str(await insert(owner, "decisions", **(values | members)))


async def step_on(
    caller: SignedIn, path: str, to: str, status: int = 201, **members: object
) -> Json:
    """Move a record as it stands; return the answer."""
    response = await caller.post(
        f"{path}/transitions", json={"to": to} | members, headers={"If-Match": "*"}
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def read(caller: SignedIn, path: str) -> Json:
    """Read what is there."""
    response = await caller.get(path)
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


@dataclass
class Seat:
    """An agency with a seat on the Board: its member, its senior and its system."""

    agency: Json
    member: SignedIn
    senior: SignedIn
    system: SignedIn


@dataclass
class Spreading:
    """Who briefs and who passes on."""

    db: asyncpg.Connection
    office: SignedIn
    seats: list[Seat] = field(default_factory=list)

    async def draft(self, **members: object) -> Json:
        """Draft a briefing with all six steps."""
        return await post(self.office, "/briefings", DRAFT | STEPS | members)

    async def approve(self, briefing: Json) -> None:
        """Have the sub group approve a draft."""
        decision = await decided(self.db, self.office, briefing, "quality_assurance")
        await step_on(self.office, path_of(briefing), "qa_sg_approved", decision_id=decision)

    async def release(self, **members: object) -> Json:
        """Release a briefing by both approvals."""
        briefing = await self.draft(**members)
        await self.approve(briefing)
        decision = await decided(self.db, self.office, briefing, "board")
        await step_on(self.office, path_of(briefing), "board_received", decision_id=decision)
        await step_on(self.office, path_of(briefing), "released")
        return await read(self.office, path_of(briefing))

    async def receipt_of(self, briefing: Json, seat: Seat) -> str:
        """Return the path of an agency's receipt."""
        asked = {"briefing_id": briefing["id"], "agency_id": seat.agency["id"]}
        found = await self.office.get("/briefing-receipts", params=asked)
        return f"/briefing-receipts/{found.json()['items'][0]['id']}"


def path_of(briefing: Json) -> str:
    """Return the path of a briefing."""
    return f"/briefings/{briefing['id']}"


async def pass_on(seat: Seat, receipt: str, **members: object) -> Json:
    """Acknowledge a receipt and pass the briefing on."""
    await step_on(seat.system, receipt, "acknowledged")
    body: Json = {"channel": "supervision", "reach_headcount": 40, "disseminated_on": str(TODAY)}
    made = await post(seat.system, f"{receipt}/dissemination", body | members)
    await step_on(seat.system, receipt, "disseminated")
    return made


async def take_seat(
    owner: asyncpg.Connection, office: SignedIn, sign_in: SignIn, **members: Any
) -> Seat:
    """Give an agency of its own a seat on the Board; `members` are columns of the membership."""
    agency = await make_agency(office, name=f"Seat {uuid4().hex[:8]}")
    member = await sign_in("board_member", agency_id=agency["id"])
    values = {
        "body_id": await body_of(owner, "board"),
        "user_id": member.principal_id,
        "agency_id": UUID(agency["id"]),
        "position": "member",
        "status": "active",
        "valid_from": TODAY - timedelta(days=100),
    }
    await insert(owner, "memberships", **(values | members))
    senior = await sign_in("agency_senior", agency_id=agency["id"])
    return Seat(agency, member, senior, await sign_in(agency_id=agency["id"]))


@pytest.fixture
async def spreading(
    owner: asyncpg.Connection, business_office: SignedIn, sign_in: SignIn
) -> Spreading:
    """The Business Office, and two agencies with a seat on the Board."""
    seats = [await take_seat(owner, business_office, sign_in) for _ in range(2)]
    return Spreading(owner, business_office, seats)
