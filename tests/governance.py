"""Bodies that meet and decide: what tests of everything "agreed by" need."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn

Decided = Callable[..., Awaitable[str]]


async def body_of(office: SignedIn, code: str) -> Json:
    """Return a body by its code."""
    items = (await office.get("/bodies", params={"code": code})).json()["items"]
    found: Json = items[0]
    return found


async def post(caller: SignedIn, path: str, body: Json, status: int = 201) -> Json:
    """Send a body and return what was made of it."""
    response = await caller.post(path, json=body)
    assert response.status_code == status, response.text
    made: Json = response.json()
    return made


async def seat(
    office: SignedIn, sign_in: SignIn, body_id: str, *, agency_id: str | None = None, **named: Any
) -> Json:
    """Seat somebody new, who has signed the undertaking."""
    person = await sign_in("agency_contributor", agency_id=agency_id)
    user_id = (await person.get("/me")).json()["id"]
    nominated = {
        "body_id": body_id,
        "user_id": user_id,
        "agency_id": agency_id,
        "position": "member",
        "valid_from": str(date.today()),  # noqa: DTZ011 - any day near today will do
    }
    await post(person, "/undertakings", {"version": "2026-1"})
    made = await post(office, "/memberships", nominated | named)
    for state in ("inducting", "active"):
        path = f"/memberships/{made['id']}/transitions"
        moved = await office.post(path, json={"to": state}, headers={"If-Match": "*"})
        assert moved.status_code == 201, moved.text
    return made


async def hold_meeting(office: SignedIn, sign_in: SignIn, body: Json) -> Json:
    """Hold a meeting of a body today, with a quorum."""
    today = str(date.today())  # noqa: DTZ011 - any day near today will do
    planned = {"body_id": body["id"], "held_on": today, "title": "Meeting"}
    meeting = await post(office, "/meetings", planned)
    for _ in range(body["quorum"]):
        member = await seat(office, sign_in, body["id"])
        there = {"membership_id": member["id"], "presence": "attended"}
        await post(office, f"/meetings/{meeting['id']}/attendances", there)
    await office.post(
        f"/meetings/{meeting['id']}/transitions", json={"to": "held"}, headers={"If-Match": "*"}
    )
    return meeting


@pytest.fixture
async def decided(business_office: SignedIn, sign_in: SignIn, owner: asyncpg.Connection) -> Decided:
    """Have a body agree something on a record, in a meeting with a quorum; give the decision."""
    # Documents that other tests made for the induction would keep every seat from being taken.
    await owner.execute("UPDATE documents SET is_for_induction = false WHERE is_for_induction")
    held: dict[str, Json] = {}

    async def decide(subject: str, record_id: str, body: str = "board", **named: Any) -> str:
        found = await body_of(business_office, body)
        if body not in held:
            held[body] = await hold_meeting(business_office, sign_in, found)
        decision = {
            "body_id": found["id"],
            "meeting_id": held[body]["id"],
            "decided_on": held[body]["held_on"],
            "outcome": "agreed",
            "text": "It is agreed.",
            "subject": subject,
            "record_id": record_id,
        }
        made = await post(business_office, "/decisions", decision | named)
        return str(made["id"])

    return decide
