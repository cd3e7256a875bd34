"""Priorities over HTTP: versions, and the decisions that move them (Framework section 9)."""

from uuid import uuid4

import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.governance import Decided, post


async def propose(office: SignedIn, **members: object) -> Json:
    """Propose a priority under a code of its own."""
    body = {
        "code": f"priority_{uuid4().hex[:8]}",
        "title": "Neglect",
        "description": "Early help for all.",
    }
    return await post(office, "/priorities", body | members)


async def move(office: SignedIn, priority: Json, to: str, **members: object) -> httpx.Response:
    """Move a priority as it stands."""
    return await office.post(
        f"/priorities/{priority['id']}/transitions",
        json={"to": to} | members,
        headers={"If-Match": "*"},
    )


async def test_a_code_that_is_there_takes_its_next_version(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    first = await propose(business_office)
    other = await propose(business_office)
    second = await propose(business_office, code=first["code"], title="Neglect, anew")

    read = (await board_member.get(f"/priorities/{second['id']}")).json()
    listed = (await board_member.get("/priorities", params={"code": first["code"]})).json()

    assert [each["version"] for each in (first, other, second)] == [1, 1, 2]
    assert (read["title"], read["description"]) == ("Neglect, anew", "Early help for all.")
    assert (read["status"], second["allowed_transitions"]) == ("proposed", ["adopted"])
    assert [each["id"] for each in listed["items"]] == [second["id"], first["id"]]


@pytest.mark.duty("9.7")
async def test_a_priority_is_adopted_begun_and_retired_by_decisions(
    business_office: SignedIn, board_member: SignedIn, decided: Decided
) -> None:
    priority = await propose(business_office)
    adopting = await decided("priorities", priority["id"])
    early = await move(business_office, priority, "active")

    adopted = await move(business_office, priority, "adopted", decision_id=adopting)
    active = await move(business_office, priority, "active")
    undecided = await move(business_office, priority, "retired")
    retiring = await decided("priorities", priority["id"])
    retired = await move(business_office, priority, "retired", decision_id=retiring)

    assert early.status_code == 409
    assert [each.status_code for each in (adopted, active, retired)] == [201] * 3
    assert (undecided.status_code, undecided.json()["code"]) == (409, "decision_needed")
    moves = (await board_member.get(f"/priorities/{priority['id']}/transitions")).json()["items"]
    assert [(each["to_state"], each["decision_id"]) for each in moves] == [
        ("retired", retiring),
        ("active", None),
        ("adopted", adopting),
    ]
    last = (await business_office.get(f"/priorities/{priority['id']}")).json()
    assert (last["status"], last["allowed_transitions"]) == ("retired", [])


async def test_only_a_proposal_is_worded_anew(business_office: SignedIn, decided: Decided) -> None:
    priority = await propose(business_office)
    path = f"/priorities/{priority['id']}"
    body = {"title": "Early help"}

    proposed = await business_office.patch(path, json=body, headers={"If-Match": "*"})
    decision = await decided("priorities", priority["id"])
    await move(business_office, priority, "adopted", decision_id=decision)
    adopted = await business_office.patch(
        path, json={"title": "Too late"}, headers={"If-Match": "*"}
    )

    assert (proposed.status_code, proposed.json()["title"]) == (200, "Early help")
    assert (adopted.status_code, adopted.json()["code"]) == (409, "not_proposed")
    assert (await business_office.get(path)).json()["title"] == "Early help"


@pytest.mark.parametrize("member", ["title", "description"])
async def test_a_priority_names_nobody(business_office: SignedIn, member: str) -> None:
    priority = await propose(business_office)
    named = {member: "Desmond Hartigan is seen."}

    proposed = await business_office.post(
        "/priorities", json={"code": priority["code"], "title": "Neglect"} | named
    )
    changed = await business_office.patch(
        f"/priorities/{priority['id']}", json=named, headers={"If-Match": "*"}
    )

    for each in (proposed, changed):
        assert (each.status_code, each.json()["code"]) == (422, "unresolved_identifiers")


async def test_only_the_business_office_proposes(
    business_office: SignedIn, sign_in: SignIn, agency: Json, anonymous: httpx.AsyncClient
) -> None:
    priority = await propose(business_office)
    path = f"/priorities/{priority['id']}"
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    body = {"code": priority["code"], "title": "Neglect"}

    proposed = [await each.post("/priorities", json=body) for each in (lead, anonymous)]
    changed = await lead.patch(path, json={"title": "Ours"}, headers={"If-Match": "*"})

    assert [each.status_code for each in proposed] == [403, 401]
    assert changed.status_code == 403
    assert (await business_office.get(path)).json() == priority
