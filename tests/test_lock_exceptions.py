"""Leave to answer after the lock: asked for, approved by somebody else, and ended."""

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import TODAY, WHOLE, StagedAudit, push, put_answers, stage_audit


def tomorrow() -> str:
    """Return a moment to come."""
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
async def officer(sign_in: SignIn) -> SignedIn:
    """An officer of the Business Office: asks, and does not approve."""
    return await sign_in("bo_officer")


@pytest.fixture
async def closed(owner: asyncpg.Connection, agency: Json) -> StagedAudit:
    """An audit that is closed; `agency` did not return."""
    audit = await stage_audit(
        owner,
        agency,
        status="closed",
        due_on=TODAY - timedelta(days=5),
        locks_on=TODAY - timedelta(days=1),
    )
    await owner.execute(
        "UPDATE audit_responses SET status = 'non_return' WHERE audit_id = $1", audit.id
    )
    return audit


async def ask(
    caller: SignedIn, audit: StagedAudit, agency: Json, **members: object
) -> httpx.Response:
    """Ask for a lock exception."""
    body = {
        "response_id": str(audit.responses[agency["id"]]),
        "reason": "The records moved to another system.",
        "expires_at": tomorrow(),
    }
    return await caller.post("/lock-exceptions", json=body | members)


async def test_what_one_asks_another_approves_and_the_agency_answers_late(
    officer: SignedIn,
    business_office: SignedIn,
    agency_system: SignedIn,
    closed: StagedAudit,
    agency: Json,
) -> None:
    asked = (await ask(officer, closed, agency)).json()
    before = await push(agency_system, closed)

    approved = await business_office.post(f"/lock-exceptions/{asked['id']}/approval")
    after = await push(agency_system, closed)

    assert before.json()["code"] == "response_not_open"
    assert approved.status_code == 200
    assert approved.json() == asked | {
        "updated_at": approved.json()["updated_at"],
        "approved_by_id": str(business_office.principal_id),
        "approved_at": approved.json()["approved_at"],
        "is_live": True,
    }
    assert after.status_code == 201
    response = (await agency_system.get(closed.response_of(agency))).json()
    assert (response["status"], response["is_late"]) == ("submitted", True)


async def test_a_non_return_is_taken_up_again_by_leave(
    officer: SignedIn,
    business_office: SignedIn,
    lead: SignedIn,
    closed: StagedAudit,
    agency: Json,
) -> None:
    path = closed.response_of(agency)
    asked = (await ask(officer, closed, agency)).json()
    before = (await lead.get(path)).json()["allowed_transitions"]
    await business_office.post(f"/lock-exceptions/{asked['id']}/approval")

    allowed = (await lead.get(path)).json()["allowed_transitions"]
    response = await put_answers(lead, path, WHOLE[0])

    assert (before, allowed) == ([], ["in_progress"])
    assert response.json()["status"] == "in_progress"


async def test_nobody_approves_an_own_request(
    business_office: SignedIn, closed: StagedAudit, agency: Json
) -> None:
    asked = (await ask(business_office, closed, agency)).json()

    response = await business_office.post(f"/lock-exceptions/{asked['id']}/approval")

    assert (response.status_code, response.json()["code"]) == (409, "own_request")


async def test_only_who_may_approve_approves(
    officer: SignedIn, sign_in: SignIn, agency_system: SignedIn, closed: StagedAudit, agency: Json
) -> None:
    asked = (await ask(officer, closed, agency)).json()
    analyst = await sign_in("bo_analyst")
    path = f"/lock-exceptions/{asked['id']}/approval"

    responses = [await each.post(path) for each in (analyst, agency_system)]

    assert [each.status_code for each in responses] == [403, 403]


async def test_an_approval_is_given_once(
    officer: SignedIn,
    business_office: SignedIn,
    sign_in: SignIn,
    closed: StagedAudit,
    agency: Json,
) -> None:
    asked = (await ask(officer, closed, agency)).json()
    path = f"/lock-exceptions/{asked['id']}/approval"
    await business_office.post(path)

    response = await (await sign_in("bo_manager")).post(path)

    assert (response.status_code, response.json()["code"]) == (409, "already_approved")


async def test_whoever_runs_the_audit_ends_an_exception(
    officer: SignedIn,
    business_office: SignedIn,
    agency_system: SignedIn,
    closed: StagedAudit,
    agency: Json,
) -> None:
    asked = (await ask(officer, closed, agency)).json()
    path = f"/lock-exceptions/{asked['id']}"
    await business_office.post(f"{path}/approval")

    revoked = await officer.post(f"{path}/revocation")
    again = await officer.post(f"{path}/revocation")
    approved = await business_office.post(f"{path}/approval")

    assert (revoked.status_code, revoked.json()["is_live"]) == (200, False)
    assert [each.json()["code"] for each in (again, approved)] == ["already_revoked"] * 2
    assert (await push(agency_system, closed)).json()["code"] == "response_not_open"


async def test_an_exception_that_expired_is_over(
    officer: SignedIn,
    business_office: SignedIn,
    agency_system: SignedIn,
    owner: asyncpg.Connection,
    closed: StagedAudit,
    agency: Json,
) -> None:
    asked = (await ask(officer, closed, agency)).json()
    await business_office.post(f"/lock-exceptions/{asked['id']}/approval")
    await owner.execute("UPDATE lock_exceptions SET expires_at = now() WHERE id = $1", asked["id"])

    response = await push(agency_system, closed)

    assert response.json()["code"] == "response_not_open"
    listed = await officer.get(
        "/lock-exceptions", params={"agency_id": agency["id"], "is_live": False}
    )
    assert [each["id"] for each in listed.json()["items"]] == [asked["id"]]


@pytest.mark.parametrize(("days", "code"), [(-1, "too_early"), (100, "too_late")])
async def test_an_exception_ends_soon_and_not_before_it_begins(
    officer: SignedIn, closed: StagedAudit, agency: Json, days: int, code: str
) -> None:
    moment = (datetime.now(UTC) + timedelta(days=days)).isoformat()

    response = await ask(officer, closed, agency, expires_at=moment)

    assert response.status_code == 422
    assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [("/expires_at", code)]


async def test_why_an_exception_was_given_is_not_for_all(
    officer: SignedIn,
    agency_system: SignedIn,
    board_member: SignedIn,
    closed: StagedAudit,
    agency: Json,
) -> None:
    asked = (await ask(officer, closed, agency)).json()
    path = f"/lock-exceptions/{asked['id']}"

    own = (await agency_system.get(path)).json()
    board = (await board_member.get(path)).json()

    assert own == asked
    assert board == asked | {
        "reason": None,
        "redactions": [{"pointer": "/reason", "reason": "agency_only"}],
    }


async def test_an_approver_can_change_nothing_else(
    officer: SignedIn, owner: asyncpg.Connection, closed: StagedAudit, agency: Json
) -> None:
    asked = (await ask(officer, closed, agency)).json()

    rights = await owner.fetch(
        "SELECT column_name FROM information_schema.column_privileges"
        " WHERE table_name = 'lock_exceptions' AND grantee = 'safeguarding_app'"
        " AND privilege_type = 'UPDATE'"
    )

    changeable = {row["column_name"] for row in rights}
    assert asked.keys() & changeable == {
        "approved_by_id", "approved_at", "revoked_at", "updated_at"
    }  # fmt: skip
