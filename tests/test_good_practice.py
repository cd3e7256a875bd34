"""Good practice, shared by leave of its agency. Framework section 15."""

import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import WHOLE, StagedAudit, move, push

GOOD: Json = {
    "question": "1.1",
    "grade": "met",
    "narrative": "Every new starter meets the lead in the first week.",
    "is_good_practice": True,
    "may_be_shared": True,
}


@pytest.fixture
async def answer_id(
    agency_system: SignedIn, moderator: SignedIn, agency: Json, audit: StagedAudit
) -> str:
    """An accepted answer that its agency lets others learn from."""
    await push(agency_system, audit, answers=[GOOD, WHOLE[1]])
    await move(moderator, audit.response_of(agency), "accepted")
    return await answer_of(agency_system, audit.response_of(agency), "1.1")


async def answer_of(caller: SignedIn, path: str, question: str) -> str:
    """Return the identifier of an answer."""
    items = (await caller.get(f"{path}/answers")).json()["items"]
    found: str = next(each["id"] for each in items if each["question"] == question)
    return found


async def share(caller: SignedIn, answer_id: str, **members: object) -> httpx.Response:
    """Share an answer."""
    body = {"answer_id": answer_id, "title": "A first week that counts"}
    return await caller.post("/good-practice", json=body | members)


@pytest.mark.duty("15.2")
async def test_good_practice_is_shared_with_all_partners(
    moderator: SignedIn,
    other_system: SignedIn,
    board_member: SignedIn,
    agency: Json,
    audit: StagedAudit,
    answer_id: str,
) -> None:
    response = await share(moderator, answer_id)

    assert response.status_code == 201
    made = response.json()
    assert made == {
        "id": made["id"],
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "answer_id": answer_id,
        "agency_id": agency["id"],
        "audit_id": str(audit.id),
        "question_code": "1.1",
        "title": "A first week that counts",
        "text": GOOD["narrative"],
    }
    for partner in (other_system, board_member):
        assert (await partner.get(f"/good-practice/{made['id']}")).json() == made
    listed = await other_system.get("/good-practice", params={"audit_id": str(audit.id)})
    assert listed.json()["items"] == [made]


@pytest.mark.parametrize("member", ["is_good_practice", "may_be_shared"])
async def test_what_the_agency_keeps_to_itself_is_not_shared(
    moderator: SignedIn,
    agency_system: SignedIn,
    agency: Json,
    audit: StagedAudit,
    member: str,
) -> None:
    await push(agency_system, audit, answers=[GOOD | {member: False}, WHOLE[1]])
    await move(moderator, audit.response_of(agency), "accepted")
    answer_id = await answer_of(agency_system, audit.response_of(agency), "1.1")

    response = await share(moderator, answer_id)

    assert (response.status_code, response.json()["code"]) == (409, "not_to_be_shared")


async def test_what_is_not_accepted_is_not_shared(
    moderator: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await push(agency_system, audit, answers=[GOOD, WHOLE[1]])
    answer_id = await answer_of(agency_system, audit.response_of(agency), "1.1")

    response = await share(moderator, answer_id)

    assert response.json()["code"] == "not_to_be_shared"


async def test_only_moderators_of_other_agencies_share(
    lead: SignedIn, sign_in: SignIn, agency: Json, answer_id: str
) -> None:
    own = await sign_in("qa_member", agency_id=agency["id"])

    responses = [await share(each, answer_id) for each in (lead, own)]

    assert [each.status_code for each in responses] == [403, 403]


async def test_a_text_may_be_written_for_it_and_one_is_needed(
    moderator: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await push(agency_system, audit, answers=[GOOD | {"narrative": None}, WHOLE[1]])
    await move(moderator, audit.response_of(agency), "accepted")
    answer_id = await answer_of(agency_system, audit.response_of(agency), "1.1")

    without = await share(moderator, answer_id)
    written = await share(moderator, answer_id, text="Every new starter meets the lead.")
    twice = await share(moderator, answer_id, text="Every new starter meets the lead.")

    assert [(e["pointer"], e["code"]) for e in without.json()["errors"]] == [("/text", "missing")]
    assert written.json()["text"] == "Every new starter meets the lead."
    assert twice.status_code == 409


@pytest.mark.parametrize(("who", "again"), [("lead", 409), ("business_office", 201)])
async def test_the_agency_withdraws_it_for_good_and_the_business_office_for_now(
    moderator: SignedIn,
    other_system: SignedIn,
    lead: SignedIn,
    business_office: SignedIn,
    answer_id: str,
    who: str,
    again: int,
) -> None:
    path = f"/good-practice/{(await share(moderator, answer_id)).json()['id']}"
    caller = {"lead": lead, "business_office": business_office}[who]

    response = await caller.delete(path, headers={"If-Match": "*"})

    assert response.status_code == 204
    assert (await other_system.get(path)).status_code == 404
    assert (await share(moderator, answer_id)).status_code == again


async def test_nobody_else_withdraws_it(
    moderator: SignedIn, other_system: SignedIn, answer_id: str
) -> None:
    path = f"/good-practice/{(await share(moderator, answer_id)).json()['id']}"

    response = await other_system.delete(path, headers={"If-Match": "*"})

    assert response.status_code == 403
    assert (await other_system.get(path)).status_code == 200
