"""Destruction of identities over HTTP: two others approve, the keeper carries out, holds stop it.

Framework section 7.
"""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from app.access.tokens import hash_of, service_token
from app.installation import Installation
from app.privacy.keeper import Keeper
from tests.casework import STORY, TOLD, Case, request_grant, under
from tests.conftest import Json, SignedIn, SignIn
from tests.retaining import (
    approve,
    carry_out,
    hold,
    open_over,
    propose,
    read,
    retention_of,
)
from tests.stage import Within, token_of

PERSON: Json = {
    "kind": "family",
    "role": "Uncle",
    "identity": {"names": [{"use": "current", "given": "Ruaridh", "family": "Tresillick"}]},
}
SEALED = "SELECT (SELECT count(*) FROM {} WHERE case_id = $1)"
TABLES = "case_keys identities blind_indexes masked_texts".split()


async def left(owner: asyncpg.Connection, case: Case) -> dict[str, int]:
    """Count what the vault holds of a case."""
    return {table: await owner.fetchval(SEALED.format(table), case.id) for table in TABLES}


async def move(caller: SignedIn, path: str, to: str) -> tuple[int, Json]:
    """Move a record as it stands, with a reason."""
    response = await caller.post(
        f"{path}/transitions",
        json={"to": to, "reason": "It was agreed."},
        headers={"If-Match": "*"},
    )
    return response.status_code, response.json()


@pytest.mark.duty("7.5")
@pytest.mark.duty("X7")
async def test_two_others_approve_and_nobody_is_told_any_more(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    over: Case,
    approved: Json,
    keeper: Keeper,
) -> None:
    assert (await read(business_office, approved))["status"] == "approved"
    assert (await left(owner, over))["identities"] == 3

    assert await carry_out(keeper, approved)
    assert not await carry_out(keeper, approved)

    assert set((await left(owner, over)).values()) == {0}
    after = await read(business_office, approved)
    assert (after["status"], after["completed_at"]) == ("awaiting_key_rotation", None)
    assert after["key_version"] is not None
    person = (await business_office.get(f"/persons/{over.child['id']}")).json()
    assert (person["is_erased"], person["label"]) == (True, "Child A")
    assert person["redactions"] == [{"pointer": "/identity", "reason": "erased"}]
    assert (await business_office.get(over.path)).json()["identities_destroyed_at"] is not None
    assert (await retention_of(business_office, over))["status"] == "identities_destroyed"
    logged = await owner.fetchrow(
        "SELECT * FROM access_log WHERE record_id = $1 AND act = 'identities_destroyed'",
        approved["id"],
    )
    assert logged is not None
    assert [str(each) for each in logged["person_ids"]] == [
        each["id"] for each in (over.child, over.mother, over.visitor)
    ]


@pytest.mark.duty("7.5")
async def test_narratives_and_labels_stay_and_grants_end(
    business_office: SignedIn, dpo: SignedIn, officer: SignedIn, keeper: Keeper
) -> None:
    case = await open_over(business_office)
    await business_office.post("/undertakings", json={"version": "2026-1"})
    grant = await request_grant(business_office, case, case.child, purpose=STORY)
    await move(dpo, f"/disclosure-grants/{grant['id']}", "approved")
    proposed = await propose(officer, case, reasons="[Child A] is an adult; nothing is open.")
    await approve(dpo, proposed, "data_protection")
    await approve(business_office, proposed, "office")

    assert await carry_out(keeper, proposed)

    shown = (await business_office.get(f"/disclosure-grants/{grant['id']}")).json()
    assert (shown["purpose"], shown["status"]) == (TOLD, "revoked")
    assert [each["label"] for each in shown["people"]] == ["Child A", "Health Visitor 1"]
    assert (await read(dpo, proposed))["reasons"] == "[Child A] is an adult; nothing is open."
    opened = await business_office.get(f"/persons/{case.child['id']}", headers=under(grant))
    assert opened.status_code == 403


async def test_who_proposed_it_does_not_approve(
    business_office: SignedIn, sign_in: SignIn, over: Case
) -> None:
    both = await sign_in("bo_manager", "dpo")
    for proposer, capacity in ((business_office, "office"), (both, "data_protection")):
        proposed = await propose(proposer, over)
        await approve(proposer, proposed, capacity, 403)
        await move(proposer, f"/destructions/{proposed['id']}", "withdrawn")


async def test_one_person_does_not_approve_twice_whatever_the_roles(
    owner: asyncpg.Connection, sign_in: SignIn, proposed: Json
) -> None:
    both = await sign_in("bo_manager", "dpo")
    await approve(both, proposed, "data_protection")

    await approve(both, proposed, "office", 403)

    assert (await read(both, proposed))["awaits"] == ["office"]
    with pytest.raises(asyncpg.PostgresError):
        await owner.execute(
            "INSERT INTO destruction_approvals (case_id, destruction_id, capacity, approved_by_id)"
            " VALUES ($1, $2, 'office', $3)",
            proposed["case_id"],
            proposed["id"],
            both.principal_id,
        )


async def test_each_capacity_is_for_its_own_role_and_once(
    business_office: SignedIn, dpo: SignedIn, officer: SignedIn, sign_in: SignIn, proposed: Json
) -> None:
    other_officer, chair = await sign_in("bo_officer"), await sign_in("chair")
    for caller in (other_officer, chair):
        for capacity in ("office", "data_protection"):
            await approve(caller, proposed, capacity, 403)
    await approve(business_office, proposed, "data_protection", 403)
    await approve(dpo, proposed, "office", 403)
    await approve(business_office, proposed, "office")

    twice = await approve(await sign_in("bo_manager"), proposed, "office", 409)

    assert twice["errors"][0]["code"] == "destruction_approvals_capacity_key"
    assert (await read(officer, proposed))["status"] == "proposed"
    path = f"/destructions/{proposed['id']}/approvals"
    (listed,) = (await officer.get(path)).json()["items"]
    assert (await officer.get(f"{path}/{listed['id']}")).json() == listed


async def test_the_application_itself_cannot_approve_or_destroy(
    business_office: SignedIn, over: Case, proposed: Json, within: Within
) -> None:
    caller = within(token_of(business_office), "retention:write")
    attempts = (
        ("UPDATE destructions SET status = 'approved' WHERE id = $1", proposed["id"]),
        ("UPDATE destructions SET status = 'complete' WHERE id = $1", proposed["id"]),
        ("UPDATE destructions SET reasons = 'Other.' WHERE id = $1", proposed["id"]),
        ("DELETE FROM case_keys WHERE case_id = $1", over.id),
        ("DELETE FROM identities WHERE case_id = $1", over.id),
        ("DELETE FROM masked_texts WHERE case_id = $1", over.id),
        ("UPDATE cases SET identities_destroyed_at = now() WHERE id = $1", over.id),
        ("UPDATE persons SET is_erased = true WHERE case_id = $1", over.id),
        ("SELECT actor.destroy_identities($1)", proposed["id"]),
    )
    for sql, record_id in attempts:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with caller.transaction() as db:
                await db.fetchrow(sql, UUID(record_id))


async def test_the_vault_destroys_as_the_keeper_alone(
    installation: Installation, approved: Json
) -> None:
    connection = await asyncpg.connect(installation.vault_url)
    token = hash_of(service_token(installation.secret_key, "vault"))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT actor.enter($1, 'vault:open')", token)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SELECT actor.destroy_identities($1)", UUID(approved["id"]))
    await transaction.rollback()
    async with connection.transaction():
        await connection.execute("SELECT actor.enter($1, 'vault:open')", token)
        assert await connection.execute("DELETE FROM blind_indexes") == "DELETE 0"
        assert await connection.execute("UPDATE case_keys SET key_version = 9") == "UPDATE 0"
    await connection.close()


@pytest.mark.duty("7.5")
async def test_a_hold_between_approval_and_execution_stops_it(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    over: Case,
    approved: Json,
    keeper: Keeper,
) -> None:
    held = await hold(business_office, over, "court_order")

    assert not await carry_out(keeper, approved)

    waiting = await read(business_office, approved)
    assert (waiting["status"], waiting["is_held"]) == ("approved", True)
    assert (await left(owner, over))["case_keys"] == 1
    await move(business_office, f"/legal-holds/{held['id']}", "released")
    assert await carry_out(keeper, approved)


async def test_a_hold_that_is_just_being_placed_is_waited_for(
    owner: asyncpg.Connection,
    installation: Installation,
    business_office: SignedIn,
    over: Case,
    approved: Json,
    keeper: Keeper,
) -> None:
    assert installation.owner_url is not None
    placing = await asyncpg.connect(installation.owner_url)
    transaction = placing.transaction()
    await transaction.start()
    await placing.execute(
        "INSERT INTO legal_holds (case_id, hold_reason, narrative, placed_by_id)"
        " VALUES ($1, 'coroner', 'The coroner asked.', $2)",
        over.id,
        business_office.principal_id,
    )
    executing = asyncio.create_task(carry_out(keeper, approved))
    await asyncio.sleep(0.3)
    assert not executing.done()

    await transaction.commit()

    assert not await executing
    assert (await left(owner, over))["case_keys"] == 1
    await placing.close()


async def test_a_hold_stops_an_approval(
    business_office: SignedIn, dpo: SignedIn, over: Case, proposed: Json
) -> None:
    await hold(business_office, over)

    refused = await approve(dpo, proposed, "data_protection", 409)

    assert refused["code"] == "legal_hold_in_force"


async def test_a_case_that_was_opened_again_is_not_destroyed(
    business_office: SignedIn, over: Case, approved: Json, keeper: Keeper
) -> None:
    await business_office.patch(over.path, json={"closed_on": None}, headers={"If-Match": "*"})

    assert not await carry_out(keeper, approved)


async def test_an_approval_can_be_taken_back_until_it_is_carried_out(
    dpo: SignedIn, officer: SignedIn, over: Case, approved: Json, keeper: Keeper
) -> None:
    path = f"/destructions/{approved['id']}"

    status, _ = await move(dpo, path, "refused")

    assert status == 201
    assert not await carry_out(keeper, approved)
    moves = (await officer.get(f"{path}/transitions")).json()["items"]
    assert [each["to_state"] for each in moves] == ["refused"]
    await approve(dpo, approved, "data_protection", 403)
    again = await propose(officer, over)
    assert again["status"] == "proposed"


async def test_a_case_has_one_destruction_at_a_time(officer: SignedIn, proposed: Json) -> None:
    body = {"case_id": proposed["case_id"], "reasons": "Once more."}

    twice = await officer.post("/destructions", json=body)

    assert twice.json()["errors"][0]["code"] == "destructions_open_key"


async def test_nobody_is_recorded_in_a_case_whose_identities_are_gone(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    over: Case,
    approved: Json,
    keeper: Keeper,
) -> None:
    await carry_out(keeper, approved)
    attempts: list[tuple[str, Json, dict[str, str]]] = [
        (f"{over.path}/persons", PERSON, {}),
        (
            "/legal-holds",
            {"case_id": over.id, "hold_reason": "complaint", "narrative": "They complained."},
            {},
        ),
        ("/destructions", {"case_id": over.id, "reasons": "Again."}, {}),
    ]
    for path, body, headers in attempts:
        refused = await business_office.post(path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "identities_destroyed"), path
    kept = await retention_of(business_office, over)
    named = {"until_on": "2030-12-31", "reason": "Mrs Ermintrude Tresillick rang on Monday."}
    path = f"/retentions/{kept['id']}/extensions"
    masked = await business_office.post(path, json=named, headers={"Prefer": "identifiers=mask"})
    assert (masked.status_code, masked.json()["code"]) == (409, "identities_destroyed")
    assert (await business_office.post(path, json=named)).status_code == 422
    for table in ("identities", "masked_texts", "blind_indexes"):
        with pytest.raises(asyncpg.PostgresError) as refused_by:
            await owner.execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table},"
                " jsonb_build_object('case_id', $1::text, 'id', gen_random_uuid()))).*",
                over.id,
            )
        assert refused_by.value.sqlstate == "SG460"


async def test_a_destruction_is_known_to_retention_alone(
    agency_system: SignedIn, sign_in: SignIn, proposed: Json
) -> None:
    for caller in (agency_system, await sign_in("scr_chair"), await sign_in("sysadmin")):
        for path in (f"/destructions/{proposed['id']}", "/destructions"):
            assert (await caller.get(path)).status_code == 403
