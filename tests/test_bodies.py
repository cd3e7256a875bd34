"""Bodies over HTTP: what meets and decides, who chairs it, whom it lacks (Framework section 13)."""

from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.governance import body_of, post, seat
from tests.stage import TODAY


@pytest.fixture(autouse=True)
async def nothing_to_read(owner: asyncpg.Connection) -> None:
    """No document of the induction is left over from elsewhere."""
    await owner.execute("UPDATE documents SET is_for_induction = false WHERE is_for_induction")


async def set_up(office: SignedIn, **members: object) -> Json:
    """Set up a task and finish group under the Board."""
    body = {
        "code": f"group_{uuid4().hex[:8]}",
        "name": "Neglect Task and Finish Group",
        "kind": "task_and_finish_group",
        "parent_id": (await body_of(office, "board"))["id"],
        "terms_of_reference": "To reduce neglect by early help.",
        "quorum": 2,
        "valid_from": str(TODAY),
    }
    return await post(office, "/bodies", body | members)


@pytest.mark.duty("13.1")
async def test_a_body_is_set_up_read_whole_and_ended(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    made = await set_up(business_office)
    path = f"/bodies/{made['id']}"

    read = await board_member.get(path)
    changed = await business_office.patch(
        path, json={"quorum": 4, "valid_to": str(TODAY)}, headers={"If-Match": "*"}
    )

    whole = read.json()
    assert whole == made
    assert whole["terms_of_reference"] == "To reduce neglect by early help."
    assert whole["parent_id"] == (await body_of(business_office, "board"))["id"]
    assert (whole["quorum"], whole["valid_from"]) == (2, str(TODAY))
    assert (whole["chair_id"], whole["members"], whole["member_role"]) == (None, 0, None)
    assert (changed.json()["quorum"], changed.json()["valid_to"]) == (4, str(TODAY))


async def test_only_the_business_office_sets_up_and_changes_bodies(
    business_office: SignedIn, sign_in: SignIn, agency: Json, anonymous: httpx.AsyncClient
) -> None:
    made = await set_up(business_office)
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    body = {
        "code": f"group_{uuid4().hex[:8]}",
        "name": "Group",
        "kind": "panel",
        "valid_from": str(TODAY),
    }

    created = [await each.post("/bodies", json=body) for each in (lead, anonymous)]
    changed = await lead.patch(
        f"/bodies/{made['id']}", json={"quorum": 1}, headers={"If-Match": "*"}
    )

    assert [each.status_code for each in created] == [403, 401]
    assert changed.status_code == 403
    assert (await business_office.get(f"/bodies/{made['id']}")).json() == made


async def test_terms_of_reference_name_nobody(business_office: SignedIn) -> None:
    made = await set_up(business_office)
    named = {"terms_of_reference": "To see that Desmond Hartigan is seen."}

    changed = await business_office.patch(
        f"/bodies/{made['id']}", json=named, headers={"If-Match": "*"}
    )
    created = await business_office.post(
        "/bodies",
        json=named
        | {"code": f"g_{uuid4().hex}", "name": "Group", "kind": "panel", "valid_from": str(TODAY)},
    )

    for each in (changed, created):
        assert (each.status_code, each.json()["code"]) == (422, "unresolved_identifiers")


@pytest.mark.duty("13.2")
async def test_a_body_tells_whether_its_chair_is_vacant(
    business_office: SignedIn, board_member: SignedIn, sign_in: SignIn
) -> None:
    made = await set_up(business_office)
    path = f"/bodies/{made['id']}"
    of_kind = {"code": made["code"], "is_without_chair": True}
    vacant = (await board_member.get("/bodies", params=of_kind)).json()["items"]
    before = (await board_member.get(f"{path}/vacancies")).json()

    chair = await seat(business_office, sign_in, made["id"], position="chair")

    filled = (await board_member.get("/bodies", params=of_kind)).json()["items"]
    read = (await board_member.get(path)).json()
    assert [each["id"] for each in vacant] == [made["id"]]
    assert filled == []
    assert (read["chair_id"], read["members"]) == (chair["user_id"], 1)
    assert before == {"is_without_chair": True, "agencies": []}
    after = (await board_member.get(f"{path}/vacancies")).json()
    assert after == {"is_without_chair": False, "agencies": []}


@pytest.mark.duty("13.2")
async def test_the_board_lacks_its_agencies_without_an_active_seat(
    business_office: SignedIn, board_member: SignedIn, sign_in: SignIn
) -> None:
    board = await body_of(business_office, "board")
    group = await set_up(business_office)
    seated, elsewhere, unseated = [
        (await make_agency(business_office, is_board_member=True))["id"] for _ in range(3)
    ]
    outside = (await make_agency(business_office))["id"]
    ended = (await make_agency(business_office, is_board_member=True, valid_to="2017-03-31"))["id"]
    held = await seat(business_office, sign_in, board["id"], agency_id=seated)
    await seat(business_office, sign_in, group["id"], agency_id=elsewhere)
    path = f"/bodies/{board['id']}/vacancies"
    ours = {seated, elsewhere, unseated, outside, ended}

    lacking = set((await board_member.get(path)).json()["agencies"])
    await business_office.post(
        f"/memberships/{held['id']}/transitions", json={"to": "ended"}, headers={"If-Match": "*"}
    )
    later = set((await board_member.get(path)).json()["agencies"])

    assert lacking & ours == {elsewhere, unseated}
    assert later & ours == {seated, elsewhere, unseated}


async def test_vacancies_are_for_who_reads_bodies(
    business_office: SignedIn, board_member: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    board = await body_of(business_office, "board")

    unknown = await board_member.get(f"/bodies/{uuid4()}/vacancies")
    nobody = await anonymous.get(f"/bodies/{board['id']}/vacancies")

    assert (unknown.status_code, nobody.status_code) == (404, 401)
