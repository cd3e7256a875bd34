"""Actions for tests: a recommendation and decisions behind the API, the rest as a board does it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY

SMART: Json = {
    "specific": "Each missed visit is followed up by a second visit.",
    "measurable": "Visits followed up within a week: from 60 to 95 of 100.",
    "achievable": "Two posts are filled; the rota allows for it.",
    "relevant": "Missed visits were not noticed in time.",
}
DUE = TODAY + timedelta(days=90)
PAGE: Json = {"title": "Rota of the first quarter", "url": "https://example.org/rota"}


async def insert(owner: asyncpg.Connection, table: str, **values: Any) -> UUID:
    """Write a row behind every policy."""
    names, places = ", ".join(values), ", ".join(f"${n}" for n, _ in enumerate(values, start=1))
    sql = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"
    made: UUID = await owner.fetchval(sql, *values.values())
    return made


async def body_id(owner: asyncpg.Connection, code: str) -> UUID:
    """Return a seeded body."""
    found: UUID = await owner.fetchval("SELECT id FROM bodies WHERE code = $1", code)
    return found


async def drafter(owner: asyncpg.Connection) -> UUID:
    """Return somebody who wrote what is staged."""
    found: UUID = await owner.fetchval("SELECT id FROM principals WHERE kind = 'service' LIMIT 1")
    return found


async def stage_recommendation(
    owner: asyncpg.Connection, status: str = "implemented", **members: Any
) -> UUID:
    """Recommend something for the Quality Assurance Sub Group."""
    values = {
        "title": f"Follow up {uuid4().hex[:8]}",
        "text": "Missed visits are followed up.",
        "body_id": await body_id(owner, "quality_assurance"),
        "source_kind": "maca",
        "source_title": "Audit of neglect",
        "drafted_by_id": await drafter(owner),
        "status": status,
    }
    return await insert(owner, "recommendations", **(values | members))


async def stage_finding(owner: asyncpg.Connection, **members: Any) -> UUID:
    """Find something, confirmed by the sub group."""
    values = {
        "kind": "area_for_development",
        "scope": "multi_agency",
        "title": f"Missed visits {uuid4().hex[:8]}",
        "text": "Missed visits were not followed up.",
        "source_kind": "maca",
        "source_title": "Audit of neglect",
        "drafted_by_id": await drafter(owner),
        "status": "confirmed",
    }
    return await insert(owner, "findings", **(values | members))


async def decide(
    owner: asyncpg.Connection, record_id: UUID | str, code: str = "board", **members: Any
) -> str:
    """Have a body agree something on a record, in a meeting of today."""
    body = await body_id(owner, code)
    meeting = await insert(
        owner, "meetings", body_id=body, held_on=TODAY, title="Meeting", status="held"
    )
    values = {
        "body_id": body,
        "meeting_id": meeting,
        "decided_on": TODAY,
        "outcome": "agreed",
        "text": "Agreed.",
        "subject": "actions",
        "record_id": UUID(str(record_id)),
        "recorded_by_id": await drafter(owner),
    }
    return str(await insert(owner, "decisions", **(values | members)))


async def advance(
    caller: SignedIn, path: str, to: str, status: int = 201, **members: object
) -> Json:
    """Move a record as it stands; return the answer."""
    response = await caller.post(
        f"{path}/transitions", json={"to": to} | members, headers={"If-Match": "*"}
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def get(caller: httpx.AsyncClient, path: str) -> Json:
    """Read what is there."""
    response = await caller.get(path)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


class Acting:
    """An agency with an action, its people, and who runs and verifies for the Board."""

    def __init__(
        self,
        db: asyncpg.Connection,
        office: SignedIn,
        checker: SignedIn,
        lead: SignedIn,
        senior: SignedIn,
    ) -> None:
        self.db, self.office, self.checker = db, office, checker
        self.lead, self.senior = lead, senior
        self.agency_id = str(lead.agency_id)
        self.path = ""

    @property
    def body(self) -> Json:
        """All that an action needs to be agreed."""
        return SMART | {
            "agency_id": self.agency_id,
            "title": "Follow up missed visits",
            "due_on": str(DUE),
            "owner_id": str(self.lead.principal_id),
            "deputy_id": str(self.senior.principal_id),
        }

    async def draft(self, **members: Any) -> Json:
        """Draft an action for a recommendation, unless told otherwise."""
        source: Json = {}
        if not {"recommendation_id", "finding_id"} & members.keys():
            source = {"recommendation_id": str(await stage_recommendation(self.db))}
        made = await post(self.office, "/actions", self.body | source | members)
        self.path = f"/actions/{made['id']}"
        return made

    async def agree(self, **members: Any) -> Json:
        """Draft an action that the Board agrees."""
        made = await self.draft(**members)
        decision = await decide(self.db, made["id"])
        await advance(self.office, self.path, "agreed", decision_id=decision)
        return await get(self.office, self.path)

    async def claim(self, **members: Any) -> Json:
        """Have the agency do an agreed action, with evidence, and say that it is done."""
        made = await self.agree(**members)
        await advance(self.lead, self.path, "in_progress")
        await post(self.lead, f"{self.path}/evidence", PAGE)
        await advance(self.lead, self.path, "completion_claimed")
        return made

    async def verify(self, **members: Any) -> list[Json]:
        """Have an action verified; return the checks that follow, the first to come first."""
        made = await self.claim(**members)
        await advance(self.checker, self.path, "verified")
        checks = await get(self.office, f"/impact-checks?record_id={made['id']}")
        return sorted(checks["items"], key=lambda check: str(check["scheduled_on"]))

    async def conclude(self, check: Json, result: str) -> None:
        """Make a check to its end."""
        path = f"/impact-checks/{check['id']}"
        await advance(self.checker, path, "in_progress")
        found = {"result": result, "text": "18 of 20 files show a second visit."}
        response = await self.checker.patch(path, json=found, headers={"If-Match": "*"})
        assert response.status_code == 200, response.text
        await advance(self.checker, path, "concluded")


def months_on(months: int) -> str:
    """Return the day some months from today."""
    month = TODAY.month - 1 + months
    first = date(TODAY.year + month // 12, month % 12 + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return str(first.replace(day=min(TODAY.day, last.day)))


@pytest.fixture(scope="session")
async def checker(sign_in: SignIn) -> SignedIn:
    """The chair of the Quality Assurance Sub Group, of no agency."""
    return await sign_in("qa_chair")


@pytest.fixture
async def acting(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    checker: SignedIn,
    lead: SignedIn,
    senior: SignedIn,
) -> Acting:
    """`agency` with its lead and senior, and nothing to do yet."""
    return Acting(owner, business_office, checker, lead, senior)
