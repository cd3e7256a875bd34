"""Subject access over HTTP: prepared by one, decided on by another, fetched once and logged.

Framework section 7.
"""

import asyncpg
import pytest

from app.privacy.keeper import Keeper
from tests.casework import CHILD, STORY, TOLD, WHY, Case, step_up, undertake
from tests.conftest import Json, SignedIn, SignIn
from tests.retaining import approve, carry_out, open_over, propose
from tests.rounds import post

ABOUT_THE_MOTHER = "Siân O'Hallorán told us of the debts of Zoë's father."
ALONE = "Zoë O'Hallorán asked for it."


@pytest.fixture
async def clerk(owner: asyncpg.Connection, sign_in: SignIn) -> SignedIn:
    """An officer of the Business Office with undertaking and a fresh second factor."""
    member = await sign_in("bo_officer")
    await undertake(member)
    await step_up(owner, member)
    return member


@pytest.fixture
async def narrated(business_office: SignedIn, case: Case) -> Json:
    """A record whose narratives speak of the child, alone and with others."""
    await undertake(business_office)
    body = {
        "case_id": case.id,
        "person_ids": [case.visitor["id"]],
        "fields": ["names"],
        "gateway": WHY["gateway"],
        "purpose": STORY,
        "necessity": ALONE,
        "proportionality": ABOUT_THE_MOTHER,
    }
    return await post(business_office, "/disclosure-grants", body)


async def prepare(caller: SignedIn, *people: Json) -> Json:
    """Prepare an export of somebody."""
    body = {
        "person_ids": [each["id"] for each in people],
        "gateway": "ca2004_s14B",
        "purpose": "A request that was verified.",
    }
    return await post(caller, "/subject-exports", body)


async def move(caller: SignedIn, export: Json, to: str, status: int = 201) -> Json:
    """Move an export as it stands; return the answer."""
    response = await caller.post(
        f"/subject-exports/{export['id']}/transitions",
        json={"to": to, "reason": "It was agreed."},
        headers={"If-Match": "*"},
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def queue(caller: SignedIn, export: Json) -> dict[str, Json]:
    """Return the passages to decide on, by their member."""
    listed = await caller.get(f"/subject-exports/{export['id']}/passages")
    return {each["member"]: each for each in listed.json()["items"]}


async def decide(caller: SignedIn, passage: Json, decision: str, status: int = 200) -> Json:
    """Decide on a passage."""
    response = await caller.patch(
        f"/subject-exports/{passage['subject_export_id']}/passages/{passage['id']}",
        json={"decision": decision},
        headers={"If-Match": "*"},
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def released(clerk: SignedIn, reviewer: SignedIn, *people: Json) -> Json:
    """Prepare an export, review it, withholding what is about the mother, and release it."""
    export = await prepare(clerk, *people)
    for member, passage in (await queue(reviewer, export)).items():
        await decide(reviewer, passage, "withhold" if member == "proportionality" else "release")
    await move(reviewer, export, "reviewed")
    await move(clerk, export, "released")
    return export


def document(export: Json) -> str:
    """Return the path of the content of an export."""
    return f"/subject-exports/{export['id']}/document"


@pytest.mark.duty("X12")
async def test_a_person_is_told_all_that_is_held_and_nobody_else_is_named(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    clerk: SignedIn,
    case: Case,
    narrated: Json,
) -> None:
    export = await released(clerk, business_office, case.child)

    response = await clerk.get(document(export))

    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    told = response.json()
    (person,) = told["person"]
    assert person["identity"]["names"][0] == CHILD["identity"]["names"][0]
    assert person["identity"]["nhs_number"] == CHILD["identity"]["nhs_number"]
    assert (person["label"], person["kind"]) == ("Child A", "child")
    texts = {each["member"]: each["text"] for each in told["passages"]}
    assert texts == {"purpose": TOLD, "necessity": "[Child A] asked for it."}
    assert {each["record_id"] for each in told["passages"]} == {narrated["id"]}
    assert (told["withheld"], told["changed_since"]) == (1, 0)
    assert told["retention"][0]["record_class"] == "case_review_papers"
    for other in ("Siân", "Quist", "Bartholomew"):
        assert other not in response.text
    acts = [(each["act"], each["roles"]) for each in told["accesses"]]
    assert acts[0] == ("identity_recorded", ["bo_manager"])
    assert acts[-1] == ("subject_export", ["bo_officer"])
    entry = await owner.fetchrow(
        "SELECT * FROM access_log WHERE record_id = $1 AND act = 'subject_export'", export["id"]
    )
    assert entry is not None
    assert entry["actor_id"] == clerk.principal_id
    assert [str(each) for each in entry["person_ids"]] == [case.child["id"]]


@pytest.mark.duty("X12")
async def test_passages_wait_for_another_person(
    business_office: SignedIn, clerk: SignedIn, case: Case, narrated: Json
) -> None:
    export = await prepare(clerk, case.child)

    listed = await queue(business_office, export)

    assert {member: each["mentions_others"] for member, each in listed.items()} == {
        "purpose": True,
        "necessity": False,
        "proportionality": True,
    }
    assert listed["purpose"]["text"] == TOLD
    assert listed["purpose"]["record_id"] == narrated["id"]
    assert {each["decision"] for each in listed.values()} == {"pending"}
    await decide(clerk, listed["purpose"], "release", 403)
    await move(business_office, export, "reviewed", 409)
    path = f"/subject-exports/{export['id']}"
    assert (await clerk.get(path)).json()["pending_passages"] == 3
    decided = await decide(business_office, listed["purpose"], "withhold")
    assert decided["decided_by_id"] == str(business_office.principal_id)
    assert (await clerk.get(f"{path}/passages/{decided['id']}")).json() == decided


async def test_nobody_reviews_an_own_export(
    owner: asyncpg.Connection, sign_in: SignIn, business_office: SignedIn, case: Case
) -> None:
    manager = await sign_in("bo_manager")
    await undertake(manager)
    export = await prepare(manager, case.visitor)

    await move(manager, export, "reviewed", 409)

    for each in (await queue(business_office, export)).values():
        await decide(business_office, each, "release")
    await move(business_office, export, "reviewed")
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(
            "UPDATE subject_exports SET reviewed_by_id = requested_by_id WHERE id = $1",
            export["id"],
        )


@pytest.mark.duty("X12")
async def test_an_export_is_fetched_once_by_who_asked(
    business_office: SignedIn, clerk: SignedIn, case: Case, owner: asyncpg.Connection
) -> None:
    export = await prepare(clerk, case.child)
    early = await clerk.get(document(export))
    assert (early.status_code, early.json()["code"]) == (409, "export_not_open")
    await move(clerk, export, "withdrawn")
    export = await released(clerk, business_office, case.child)
    await undertake(business_office)
    await step_up(owner, business_office)
    assert (await business_office.get(document(export))).json()["code"] == "export_not_open"

    assert (await clerk.get(document(export))).status_code == 200

    again = await clerk.get(document(export))
    assert (again.status_code, again.json()["code"]) == (409, "export_not_open")


async def test_an_export_is_over_after_seven_days(
    owner: asyncpg.Connection, business_office: SignedIn, clerk: SignedIn, case: Case
) -> None:
    export = await released(clerk, business_office, case.child)
    await owner.execute(
        "UPDATE subject_exports SET expires_at = expires_at - interval '7 days' WHERE id = $1",
        export["id"],
    )

    late = await clerk.get(document(export))

    assert late.json()["code"] == "export_not_open"


async def test_an_export_takes_a_fresh_second_factor_and_an_undertaking(
    owner: asyncpg.Connection, sign_in: SignIn, business_office: SignedIn, case: Case
) -> None:
    member = await sign_in("bo_officer")
    body = {
        "person_ids": [case.child["id"]],
        "gateway": "ca2004_s14B",
        "purpose": "A request that was verified.",
    }
    refused = await member.post("/subject-exports", json=body)
    assert refused.json()["code"] == "no_undertaking"
    await undertake(member)
    export = await released(member, business_office, case.child)

    assert (await member.get(document(export))).json()["code"] == "step_up_required"

    await step_up(owner, member, minutes_ago=11)
    assert (await member.get(document(export))).json()["code"] == "step_up_required"
    await step_up(owner, member)
    assert (await member.get(document(export))).status_code == 200


async def test_a_text_that_changed_after_the_review_is_left_out(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    clerk: SignedIn,
    case: Case,
    narrated: Json,
) -> None:
    export = await released(clerk, business_office, case.child)
    await owner.execute(
        "UPDATE disclosure_grants SET purpose = purpose || ' And more.' WHERE id = $1",
        narrated["id"],
    )

    told = (await clerk.get(document(export))).json()

    assert told["changed_since"] == 1
    assert [each["member"] for each in told["passages"]] == ["necessity"]


async def test_one_person_may_stand_in_several_cases(
    business_office: SignedIn, clerk: SignedIn, case: Case
) -> None:
    other = await post(business_office, "/cases", {"occurred_on": "2017-01-05"})
    same = await post(business_office, f"/cases/{other['id']}/persons", CHILD)

    export = await released(clerk, business_office, case.child, same)

    told = (await clerk.get(document(export))).json()
    assert len({each["case_reference"] for each in told["person"]}) == 2
    assert len(told["retention"]) == 2


async def test_who_sees_no_cases_exports_nobody(
    dpo: SignedIn, sign_in: SignIn, agency_system: SignedIn, business_office: SignedIn, case: Case
) -> None:
    await undertake(dpo)
    body = {
        "person_ids": [case.child["id"]],
        "gateway": "ca2004_s14B",
        "purpose": "A request that was verified.",
    }
    assert (await dpo.post("/subject-exports", json=body)).status_code == 403
    for caller in (agency_system, await sign_in("lead_reviewer"), await sign_in("chair")):
        assert (await caller.post("/subject-exports", json=body)).status_code == 403
    nobody = body | {"person_ids": ["0199f7c2-5d3e-7a41-9c06-2b8f41d7e650"]}
    await undertake(business_office)
    unknown = await business_office.post("/subject-exports", json=nobody)
    assert unknown.json()["code"] == "unknown_reference"


async def test_whose_identity_was_destroyed_is_not_exported(
    business_office: SignedIn,
    dpo: SignedIn,
    officer: SignedIn,
    clerk: SignedIn,
    keeper: Keeper,
) -> None:
    case = await open_over(business_office)
    export = await released(clerk, business_office, case.child)
    proposed = await propose(officer, case)
    await approve(dpo, proposed, "data_protection")
    await approve(business_office, proposed, "office")
    await carry_out(keeper, proposed)

    told = (await clerk.get(document(export))).json()

    assert told["person"][0]["identity"] is None
    body = {
        "person_ids": [case.child["id"]],
        "gateway": "ca2004_s14B",
        "purpose": "A request that was verified.",
    }
    again = await clerk.post("/subject-exports", json=body)
    assert again.json()["code"] == "unknown_reference"


@pytest.mark.duty("X12")
async def test_what_is_wrong_is_put_right_and_an_objection_holds_the_case(
    business_office: SignedIn, clerk: SignedIn, case: Case
) -> None:
    right = {"identity": CHILD["identity"] | {"date_of_birth": "2011-03-10"}}
    path = f"/persons/{case.child['id']}"
    fixed = await business_office.patch(path, json=right, headers={"If-Match": "*"})
    assert fixed.status_code == 200, fixed.text
    held = await post(
        business_office,
        "/legal-holds",
        {
            "case_id": case.id,
            "hold_reason": "dsar_in_progress",
            "narrative": "[Child A] objects to the use of school records.",
        },
    )
    assert held["status"] == "active"

    export = await released(clerk, business_office, case.child)

    told = (await clerk.get(document(export))).json()
    assert told["person"][0]["identity"]["date_of_birth"] == "2011-03-10"
    assert "objects to the use" in told["passages"][0]["text"]
