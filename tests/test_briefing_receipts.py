"""Receipts of briefings over HTTP: acknowledged, passed on, attested (Framework section 15)."""

import asyncio
from datetime import timedelta

import pytest

from tests.briefings import Spreading, pass_on, path_of, read, step_on
from tests.conftest import Json
from tests.rounds import post
from tests.stage import TODAY, tag_of

ENTRY: Json = {"channel": "team_meeting", "reach_headcount": 12, "disseminated_on": str(TODAY)}


@pytest.mark.duty("15.11", "15.22", "15.27")
async def test_a_receipt_goes_from_pending_to_attested(spreading: Spreading) -> None:
    seat, briefing = spreading.seats[0], await spreading.release()
    receipt = await spreading.receipt_of(briefing, seat)

    early = await step_on(seat.system, receipt, "disseminated", 409)
    await step_on(seat.system, receipt, "acknowledged")
    unproven = await step_on(seat.system, receipt, "disseminated", 409)
    made = await post(seat.system, f"{receipt}/dissemination", ENTRY | {"note": "Night shift."})
    await step_on(seat.system, receipt, "disseminated")
    await step_on(seat.member, receipt, "attested")

    assert early["code"] == unproven["code"] == "transition_not_allowed"
    found = await read(seat.member, receipt)
    assert (found["status"], found["is_outstanding"]) == ("attested", False)
    assert found["attested_by_id"] == str(seat.member.principal_id)
    assert (found["attested_on"], found["reach_headcount"]) == (str(TODAY), 12)
    assert await read(seat.member, f"{receipt}/dissemination/{made['id']}") == made
    moves = (await read(seat.member, f"{receipt}/transitions"))["items"]
    assert [each["to_state"] for each in moves] == ["attested", "disseminated", "acknowledged"]


@pytest.mark.duty("15.27")
async def test_a_system_never_attests_and_a_senior_of_the_agency_may(
    spreading: Spreading,
) -> None:
    seat, briefing = spreading.seats[0], await spreading.release()
    receipt = await spreading.receipt_of(briefing, seat)
    await pass_on(seat, receipt)

    refused = await step_on(seat.system, receipt, "attested", 409)
    await step_on(seat.senior, receipt, "attested")

    assert refused["code"] == "transition_not_allowed"
    assert (await read(seat.system, receipt))["attested_by_id"] == str(seat.senior.principal_id)


async def test_nobody_answers_for_another_agency(spreading: Spreading) -> None:
    ours, theirs = spreading.seats
    receipt = await spreading.receipt_of(await spreading.release(), ours)

    for other in (theirs.system, theirs.member, theirs.senior, spreading.office):
        await step_on(other, receipt, "acknowledged", 403)
        assert (await read(other, receipt))["allowed_transitions"] == []
    await pass_on(ours, receipt)
    for other in (theirs.system, theirs.senior, spreading.office):
        answer = await other.post(f"{receipt}/dissemination", json=ENTRY)
        assert answer.status_code == 403
        await step_on(other, receipt, "attested", 403)


async def test_two_who_attest_at_once_attest_once(spreading: Spreading) -> None:
    seat, briefing = spreading.seats[0], await spreading.release()
    receipt = await spreading.receipt_of(briefing, seat)
    await pass_on(seat, receipt)
    tag = await tag_of(seat.member, receipt)

    answers = await asyncio.gather(
        *(
            each.post(f"{receipt}/transitions", json={"to": "attested"}, headers={"If-Match": any_})
            for each, any_ in ((seat.member, tag["If-Match"]), (seat.senior, "*"))
        )
    )

    codes = sorted(each.status_code for each in answers)
    assert codes[0] == 201
    assert codes[1] in (409, 412)


async def test_what_is_passed_on_is_of_a_day_that_has_come(spreading: Spreading) -> None:
    seat = spreading.seats[0]
    receipt = await spreading.receipt_of(await spreading.release(), seat)

    pending = await seat.system.post(f"{receipt}/dissemination", json=ENTRY)
    await step_on(seat.system, receipt, "acknowledged")
    tomorrow = {"disseminated_on": str(TODAY + timedelta(days=1))}
    early = await seat.system.post(f"{receipt}/dissemination", json=ENTRY | tomorrow)
    named = await seat.system.post(
        f"{receipt}/dissemination", json=ENTRY | {"note": "Desmond Hartigan was told."}
    )

    assert (pending.status_code, pending.json()["code"]) == (409, "record_fixed")
    assert early.json()["errors"][0]["pointer"] == "/disseminated_on"
    assert named.status_code == 422
    assert "Hartigan" not in named.text


@pytest.mark.duty("15.11")
async def test_the_board_sees_how_far_a_briefing_has_come(spreading: Spreading) -> None:
    one, other = spreading.seats
    briefing = await spreading.release()
    path = f"{path_of(briefing)}/dissemination"
    before = await read(one.member, path)
    receipt = await spreading.receipt_of(briefing, one)
    await pass_on(one, receipt, reach_headcount=40)
    await post(one.system, f"{receipt}/dissemination", ENTRY)
    await step_on(one.member, receipt, "attested")

    seen = await read(other.member, path)

    agencies = [one.agency["id"], other.agency["id"]]
    assert {*agencies} <= {*before["outstanding_agency_ids"]}
    assert before["agencies"] == len(before["outstanding_agency_ids"]) == seen["agencies"]
    assert (seen["acknowledged"], seen["disseminated"], seen["attested"]) == (1, 1, 1)
    assert seen["reach_headcount"] == 52
    assert seen["by_channel"] == [
        {"channel": "supervision", "entries": 1, "reach_headcount": 40},
        {"channel": "team_meeting", "entries": 1, "reach_headcount": 12},
    ]
    assert one.agency["id"] not in seen["outstanding_agency_ids"]
    asked: Json = {"briefing_id": briefing["id"], "is_outstanding": False}
    done = (await other.member.get("/briefing-receipts", params=asked)).json()["items"]
    assert [each["agency_id"] for each in done] == [one.agency["id"]]
