"""Decisions: of a meeting with a quorum, or of the chair until one ratifies it."""

import asyncio

import pytest

from tests.conftest import SignedIn, SignIn
from tests.governance import Decided, body_of, hold_meeting, post


async def _proposed(office: SignedIn) -> str:
    made = await post(office, "/priorities", {"code": "neglect", "title": "Neglect, anew"})
    return str(made["id"])


@pytest.mark.duty("13.3")
@pytest.mark.duty("9.7")
async def test_what_the_board_agrees_points_to_its_decision(
    business_office: SignedIn, board_member: SignedIn, decided: Decided
) -> None:
    priority = await _proposed(business_office)
    decision = await decided("priorities", priority)

    moved = await business_office.post(
        f"/priorities/{priority}/transitions",
        json={"to": "adopted", "decision_id": decision},
        headers={"If-Match": "*"},
    )

    assert moved.status_code == 201, moved.text
    assert moved.json()["decision_id"] == decision
    seen = (await board_member.get(f"/decisions/{decision}")).json()
    assert (seen["record_id"], seen["is_ratified"]) == (priority, True)


@pytest.mark.parametrize("other", ["none", "another record", "another body", "noted"])
async def test_a_move_takes_a_decision_on_it_by_the_body_in_charge(
    business_office: SignedIn, decided: Decided, other: str
) -> None:
    priority, another = await _proposed(business_office), await _proposed(business_office)
    decision = {
        "none": None,
        "another record": await decided("priorities", another),
        "another body": await decided("priorities", priority, "quality_assurance"),
        "noted": await decided("priorities", priority, outcome="noted"),
    }[other]

    moved = await business_office.post(
        f"/priorities/{priority}/transitions",
        json={"to": "adopted", "decision_id": decision},
        headers={"If-Match": "*"},
    )

    assert (moved.status_code, moved.json()["code"]) == (409, "decision_needed")


async def test_a_meeting_without_a_quorum_decides_nothing(
    business_office: SignedIn, sign_in: SignIn
) -> None:
    board = await body_of(business_office, "board")
    meeting = await hold_meeting(business_office, sign_in, board | {"quorum": 1})
    decision = {
        "body_id": board["id"],
        "meeting_id": meeting["id"],
        "decided_on": meeting["held_on"],
        "outcome": "agreed",
        "text": "It is agreed.",
    }

    response = await business_office.post("/decisions", json=decision)

    assert (response.status_code, response.json()["code"]) == (409, "not_taken_in_meeting")


async def test_the_action_of_the_chair_is_ratified_once_by_a_meeting(
    business_office: SignedIn, sign_in: SignIn, decided: Decided
) -> None:
    chair = await sign_in("chair")
    board = await body_of(business_office, "board")
    priority = await _proposed(business_office)
    taken = {
        "body_id": board["id"],
        "decided_on": "2017-11-01",
        "outcome": "agreed",
        "text": "The chair agrees for the Board.",
        "is_chairs_action": True,
        "subject": "priorities",
        "record_id": priority,
    }
    refused = await business_office.post("/decisions", json=taken)
    action = await post(chair, "/decisions", taken)
    later = await decided("priorities", priority)
    path = f"/decisions/{action['id']}/ratification"

    both = await asyncio.gather(
        *(
            business_office.post(path, json={"decision_id": later}, headers={"If-Match": "*"})
            for _ in range(2)
        )
    )

    assert refused.status_code == 403
    assert action["is_ratified"] is False
    assert sorted(each.status_code for each in both) == [200, 409]


async def test_only_who_leads_a_body_records_what_it_decided(
    sign_in: SignIn, business_office: SignedIn
) -> None:
    board = await body_of(business_office, "board")
    meeting = await hold_meeting(business_office, sign_in, board)
    sub_group_chair = await sign_in("qa_chair")
    decision = {
        "body_id": board["id"],
        "meeting_id": meeting["id"],
        "decided_on": meeting["held_on"],
        "outcome": "agreed",
        "text": "It is agreed.",
    }

    response = await sub_group_chair.post("/decisions", json=decision)

    assert response.status_code == 403


async def test_a_decision_is_about_a_record_one_may_see(decided: Decided) -> None:
    with pytest.raises(AssertionError, match="unknown_reference"):
        await decided("priorities", "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650")
