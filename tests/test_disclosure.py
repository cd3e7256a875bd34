"""Disclosure grants over HTTP: asked, approved by another, used, counted and ended.

Framework section 7.
"""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from tests.casework import (
    WHY,
    Case,
    join_team,
    move_grant,
    open_case,
    request_grant,
    step_up,
    under,
    undertake,
)
from tests.conftest import Json, SignedIn, SignIn
from tests.people import register, session_of
from tests.rounds import post
from tests.stage import TODAY, Within, tag_of, token_of

NOBODY = "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650"


async def used(caller: SignedIn, grant: Json) -> int:
    """Return how often a grant was used."""
    body = (await caller.get(f"/disclosure-grants/{grant['id']}")).json()
    return int(body["uses_allowed"] - body["uses_left"])


async def entries(owner: asyncpg.Connection, grant: Json) -> list[asyncpg.Record]:
    """Return what the access log holds of a grant."""
    return await owner.fetch("SELECT * FROM access_log WHERE grant_id = $1", grant["id"])


@pytest.mark.duty("7.4")
@pytest.mark.duty("7.3")
async def test_a_grant_shows_who_it_is_and_is_logged(
    owner: asyncpg.Connection, holder: SignedIn, grant: Json, case: Case
) -> None:
    path = f"/persons/{case.child['id']}"

    response = await holder.get(path, headers=under(grant))

    assert response.status_code == 200, response.text
    shown = response.json()
    assert shown["identity"]["names"][0]["family"] == "O'Hallorán"
    assert shown["identity"]["nhs_number"] is None
    assert {"pointer": "/identity/nhs_number", "reason": "out_of_purpose"} in shown["redactions"]
    (entry,) = await entries(owner, grant)
    assert response.headers["disclosure-log"] == str(entry["id"])
    assert (entry["actor_id"], entry["act"]) == (holder.principal_id, "identity_read")
    assert (entry["operation"], entry["members"]) == ("read_person", ["names"])
    assert [str(each) for each in entry["person_ids"]] == [case.child["id"]]
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


async def test_a_grant_that_is_not_named_changes_nothing(
    holder: SignedIn, grant: Json, case: Case
) -> None:
    shown = (await holder.get(f"/persons/{case.child['id']}")).json()

    assert shown["identity"] is None
    assert await used(holder, grant) == 0


async def test_lists_disclose_nobody(holder: SignedIn, grant: Json, case: Case) -> None:
    listed = await holder.get(f"{case.path}/persons", headers=under(grant))

    assert [each["identity"] for each in listed.json()["items"]] == [None] * 3
    assert await used(holder, grant) == 0


async def test_nobody_approves_an_own_request(
    owner: asyncpg.Connection, sign_in: SignIn, case: Case
) -> None:
    chair = await sign_in("chair")
    await undertake(chair)
    asked = await request_grant(chair, case, case.child)

    await move_grant(chair, asked, "approved", 409)

    await step_up(owner, chair)
    refused = await chair.get(f"/persons/{case.child['id']}", headers=under(asked))
    assert (refused.status_code, refused.json()["code"]) == (403, "disclosure_refused")


async def test_nobody_who_may_not_approve_approves(
    holder: SignedIn, business_office: SignedIn, case: Case
) -> None:
    asked = await request_grant(holder, case, case.child)

    await move_grant(business_office, asked, "approved", 403)
    await move_grant(holder, asked, "approved", 409)


@pytest.mark.parametrize(
    "widening",
    [
        {"hours": 720},
        {"uses_left": 1000},
        {"fields": ["names", "nhs_number"]},
        {"expires_at": "2099-01-01T00:00:00Z"},
    ],
)
async def test_nothing_is_widened_while_it_is_approved(
    holder: SignedIn, dpo: SignedIn, case: Case, widening: Json
) -> None:
    asked = await request_grant(holder, case, case.child)

    response = await dpo.post(
        f"/disclosure-grants/{asked['id']}/transitions",
        json={"to": "approved"} | widening,
        headers={"If-Match": "*"},
    )

    assert response.status_code == 422
    assert (await dpo.get(f"/disclosure-grants/{asked['id']}")).json()["status"] == "requested"


@pytest.mark.parametrize(
    "change",
    ["hours = 720", "uses_left = 1000", "person_ids = '{}'", "purpose = 'x'", "starts_at = now()"],
)
async def test_the_database_lets_no_approver_widen(
    within: Within, holder: SignedIn, dpo: SignedIn, case: Case, change: str
) -> None:
    asked = await request_grant(holder, case, case.child)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with within(token_of(dpo), "disclosure-grants:read").transaction() as db:
            await db.fetchrow(
                f"UPDATE disclosure_grants SET status = 'approved', {change} WHERE id = $1",
                asked["id"],
            )


async def test_nobody_approves_in_anothers_name(
    within: Within, chair: SignedIn, holder: SignedIn, dpo: SignedIn, case: Case
) -> None:
    asked = await request_grant(holder, case, case.child)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with within(token_of(dpo), "disclosure-grants:read").transaction() as db:
            await db.fetchrow(
                "UPDATE disclosure_grants SET status = 'approved', approved_by_id = $2"
                " WHERE id = $1",
                asked["id"],
                chair.principal_id,
            )


async def test_a_grant_of_one_case_opens_no_other(
    business_office: SignedIn, holder: SignedIn, grant: Json
) -> None:
    other = await open_case(business_office)
    await join_team(business_office, other, holder, "lead_reviewer")

    refused = await holder.get(f"/persons/{other.child['id']}", headers=under(grant))

    assert (refused.status_code, refused.json()["code"]) == (403, "disclosure_refused")
    assert await used(holder, grant) == 0


async def test_a_grant_for_one_person_opens_no_other(
    holder: SignedIn, grant: Json, case: Case
) -> None:
    refused = await holder.get(f"/persons/{case.visitor['id']}", headers=under(grant))

    assert (refused.status_code, refused.json()["code"]) == (403, "disclosure_refused")


async def test_a_grant_is_of_nobody_elses_case(
    business_office: SignedIn, holder: SignedIn, case: Case
) -> None:
    other = await open_case(business_office)
    body = {"case_id": case.id, "person_ids": [other.child["id"]], "fields": ["names"]}

    response = await holder.post("/disclosure-grants", json=body | WHY)

    assert (response.status_code, response.json()["code"]) == (409, "unknown_reference")


async def test_nobody_uses_anothers_grant(
    owner: asyncpg.Connection, business_office: SignedIn, grant: Json, case: Case
) -> None:
    await undertake(business_office)
    await step_up(owner, business_office)

    refused = await business_office.get(f"/persons/{case.child['id']}", headers=under(grant))

    assert (refused.status_code, refused.json()["code"]) == (403, "disclosure_refused")


@pytest.mark.parametrize("named", [NOBODY, "everything", "'; DROP TABLE persons"])
async def test_a_grant_that_does_not_exist_is_refused_alike(
    holder: SignedIn, case: Case, named: str
) -> None:
    refused = await holder.get(f"/persons/{case.child['id']}", headers={"Disclosure-Grant": named})

    assert (refused.status_code, refused.json()["code"]) == (403, "disclosure_refused")


async def test_a_grant_that_has_ended_opens_nothing(
    owner: asyncpg.Connection, holder: SignedIn, grant: Json, case: Case
) -> None:
    await owner.execute(
        "UPDATE disclosure_grants SET expires_at = now() - interval '1 second' WHERE id = $1",
        grant["id"],
    )

    refused = await holder.get(f"/persons/{case.child['id']}", headers=under(grant))

    assert (refused.status_code, refused.json()["code"]) == (403, "disclosure_refused")
    shown = (await holder.get(f"/disclosure-grants/{grant['id']}")).json()
    assert (shown["status"], shown["is_usable"]) == ("approved", False)


async def test_a_grant_that_is_revoked_opens_nothing(
    holder: SignedIn, dpo: SignedIn, grant: Json, case: Case
) -> None:
    await move_grant(dpo, grant, "revoked", reason="The meeting was called off.")

    refused = await holder.get(f"/persons/{case.child['id']}", headers=under(grant))

    assert refused.status_code == 403


async def test_a_grant_ends_with_the_part_in_the_team(
    owner: asyncpg.Connection, business_office: SignedIn, holder: SignedIn, grant: Json, case: Case
) -> None:
    (member,) = (await business_office.get(f"{case.path}/members")).json()["items"]
    path = f"{case.path}/members/{member['id']}"
    await owner.execute(
        "UPDATE case_members SET valid_from = current_date - 2 WHERE id = $1", member["id"]
    )
    ended = await business_office.patch(
        path,
        json={"valid_to": str(TODAY - timedelta(days=1))},
        headers=await tag_of(business_office, path),
    )

    refused = await holder.get(f"/persons/{case.child['id']}", headers=under(grant))

    assert ended.status_code == 200, ended.text
    assert refused.status_code == 404
    assert await used(business_office, grant) == 0


@pytest.mark.duty("7.3")
async def test_fifty_reads_at_once_on_five_uses_are_counted_exactly(
    owner: asyncpg.Connection, holder: SignedIn, grant: Json, case: Case
) -> None:
    path = f"/persons/{case.child['id']}"

    answers = await asyncio.gather(*(holder.get(path, headers=under(grant)) for _ in range(50)))

    statuses = sorted(each.status_code for each in answers)
    assert statuses == [200] * 5 + [403] * 45
    assert await used(holder, grant) == 5
    assert len(await entries(owner, grant)) == 5


async def test_a_second_factor_must_be_fresh(
    owner: asyncpg.Connection, holder: SignedIn, grant: Json, case: Case
) -> None:
    await step_up(owner, holder, minutes_ago=11)

    refused = await holder.get(f"/persons/{case.child['id']}", headers=under(grant))

    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    assert await used(holder, grant) == 0


@pytest.mark.duty("7.6")
async def test_without_an_undertaking_nothing_is_granted_or_disclosed(
    sign_in: SignIn, business_office: SignedIn, case: Case
) -> None:
    member = await sign_in("panel_member")
    await join_team(business_office, case, member, "panel_member")
    body = {"case_id": case.id, "person_ids": [case.child["id"]], "fields": ["names"]}

    refused = await member.post("/disclosure-grants", json=body | WHY)

    assert (refused.status_code, refused.json()["code"]) == (409, "no_undertaking")


@pytest.mark.duty("7.6")
async def test_an_undertaking_that_has_ended_discloses_nothing(
    owner: asyncpg.Connection, holder: SignedIn, grant: Json, case: Case
) -> None:
    await owner.execute(
        "UPDATE undertakings SET valid_to = current_date - 1 WHERE user_id = $1",
        holder.principal_id,
    )

    refused = await holder.get(f"/persons/{case.child['id']}", headers=under(grant))

    assert (refused.status_code, refused.json()["code"]) == (403, "undertaking_required")


async def test_an_emergency_is_disclosed_at_once_told_and_reviewed_by_another(
    owner: asyncpg.Connection,
    sign_in: SignIn,
    business_office: SignedIn,
    anonymous: SignedIn,
    chair: SignedIn,
    case: Case,
) -> None:
    approver = await register(business_office, anonymous, roles=["dpo"])
    manager = await sign_in("bo_manager")
    await undertake(manager)
    await step_up(owner, manager)

    taken = await request_grant(manager, case, case.child, is_emergency=True, hours=100)
    shown = await manager.get(f"/persons/{case.child['id']}", headers=under(taken))

    assert (taken["status"], taken["hours"], taken["uses_allowed"]) == ("approved", 4, 20)
    assert taken["review_due_on"] is not None
    assert shown.status_code == 200, shown.text
    (entry,) = await entries(owner, taken)
    assert entry["act"] == "emergency_disclosure"
    told = await owner.fetchval(
        "SELECT count(*) FROM mail WHERE recipient = $1 AND dedupe_key LIKE $2",
        approver.email,
        f"emergency:{taken['id']}:%",
    )
    assert told == 1
    await move_grant(manager, taken, "reviewed", 409, reason="It was right.")
    await move_grant(chair, taken, "reviewed", reason="It was right.")
    assert (await session_of(anonymous, approver)) != {}


async def test_who_may_not_take_an_emergency_is_refused(holder: SignedIn, case: Case) -> None:
    body = {"case_id": case.id, "person_ids": [case.child["id"]], "fields": ["names"]}

    response = await holder.post("/disclosure-grants", json=body | WHY | {"is_emergency": True})

    assert response.status_code == 403


async def test_no_system_is_ever_granted_anything(agency_system: SignedIn, case: Case) -> None:
    body = {"case_id": case.id, "person_ids": [case.child["id"]], "fields": ["names"]}

    assert (await agency_system.post("/disclosure-grants", json=body | WHY)).status_code == 403


@pytest.mark.duty("X6")
@pytest.mark.parametrize("failure", ["full", "gone"])
async def test_without_a_log_there_are_no_identities_and_all_else_goes_on(
    owner: asyncpg.Connection, holder: SignedIn, grant: Json, case: Case, failure: str
) -> None:
    path = f"/persons/{case.child['id']}"
    break_it, mend_it = {
        "full": (
            "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$;"
            "CREATE TRIGGER fails BEFORE INSERT ON access_log FOR EACH ROW"
            " EXECUTE FUNCTION public.fail()",
            "DROP FUNCTION public.fail CASCADE",
        ),
        "gone": (
            "REVOKE INSERT ON access_log FROM safeguarding_policy",
            "GRANT INSERT ON access_log TO safeguarding_policy",
        ),
    }[failure]
    await owner.execute(break_it)
    try:
        refused = await holder.get(path, headers=under(grant))
        plain = await holder.get(path)
        listed = await holder.get("/cases")
    finally:
        await owner.execute(mend_it)

    assert (refused.status_code, plain.status_code, listed.status_code) == (503, 200, 200)
    assert await used(holder, grant) == 0
    assert (await holder.get(path, headers=under(grant))).status_code == 200


async def test_a_vault_that_does_not_open_costs_one_use_and_no_more(
    owner: asyncpg.Connection, holder: SignedIn, grant: Json, case: Case
) -> None:
    path = f"/persons/{case.child['id']}"
    await owner.execute("REVOKE SELECT ON identities FROM safeguarding_vault")
    try:
        refused = await holder.get(path, headers=under(grant))
    finally:
        await owner.execute("GRANT SELECT ON identities TO safeguarding_vault")

    assert refused.status_code == 503
    assert (await used(holder, grant), len(await entries(owner, grant))) == (1, 1)


@pytest.mark.duty("7.1")
async def test_a_purpose_names_nobody(holder: SignedIn, case: Case) -> None:
    asked = await request_grant(
        holder, case, case.child, purpose="To invite Siân O'Hallorán, Zoë's mother."
    )

    assert asked["purpose"] == "To invite [Mother], [Child A]'s mother."
    assert [each["label"] for each in asked["people"]] == ["Child A", "Mother"]


async def look_up(caller: SignedIn, **sought: object) -> Json:
    """Look somebody up."""
    body = {"gateway": "ca2004_s14B", "purpose": "Whether the child is known."} | sought
    return await post(caller, "/person-lookups", body)


async def test_a_person_is_found_by_identifiers_and_never_by_address(
    owner: asyncpg.Connection, sign_in: SignIn, case: Case
) -> None:
    officer = await sign_in("bo_officer")

    by_number = await look_up(officer, nhs_number="9990000026")
    by_birth = await look_up(officer, family_name="o\u2019halloran", date_of_birth="2011-03-09")
    nobody = await look_up(officer, nhs_number="9990000034")

    wanted = {"person_id": case.child["id"], "case_id": case.id}
    assert wanted in by_number["found"]
    assert nobody["found"] == []
    rows = await owner.fetch(
        "SELECT found FROM access_log WHERE record_id = ANY ($1) ORDER BY seq",
        [by_number["id"], by_birth["id"], nobody["id"]],
    )
    assert [row["found"] for row in rows] == [True, bool(by_birth["found"]), False]


async def test_look_ups_are_limited(sign_in: SignIn) -> None:
    officer = await sign_in("bo_officer")
    for _ in range(20):
        await look_up(officer, nhs_number="9990000034")

    refused = await officer.post(
        "/person-lookups",
        json={"gateway": "ca2004_s14B", "purpose": "Again.", "nhs_number": "9990000034"},
    )

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_look_ups")
    assert refused.headers["retry-after"] == "3600"
