"""6 Step Briefings over HTTP: drafted, approved twice, released (Framework sections 15, 22)."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.briefings import (
    DRAFT,
    STEPS,
    Spreading,
    decided,
    insert,
    path_of,
    read,
    step_on,
    take_seat,
)
from tests.casework import Case
from tests.conftest import Json, SignedIn, SignIn
from tests.reviews import begin
from tests.rounds import post
from tests.stage import tag_of


async def test_a_draft_is_for_its_authors_only(
    spreading: Spreading, board_member: SignedIn, agency_system: SignedIn
) -> None:
    briefing = await spreading.draft()

    assert await read(spreading.office, path_of(briefing)) == briefing
    assert briefing["status"] == "draft"
    assert briefing["redactions"] == []
    for partner in (board_member, agency_system):
        assert (await partner.get(path_of(briefing))).status_code == 404
    await spreading.approve(briefing)
    for partner in (board_member, agency_system):
        seen = await read(partner, path_of(briefing))
        assert [seen[step] for step in STEPS] == [*STEPS.values()]


async def test_partners_write_no_briefing(
    board_member: SignedIn, agency_system: SignedIn, sign_in: SignIn
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency_system.agency_id)

    answers = [
        await each.post("/briefings", json=DRAFT) for each in (board_member, agency_system, lead)
    ]

    assert [each.status_code for each in answers] == [403, 403, 403]


@pytest.mark.parametrize("member", [*STEPS, "title", "source_title"])
async def test_no_step_names_anybody(business_office: SignedIn, member: str) -> None:
    body = DRAFT | STEPS | {member: "Desmond Hartigan was not visited."}

    response = await business_office.post("/briefings", json=body)

    assert response.status_code == 422
    assert response.json()["identifiers"][0]["pointer"] == f"/{member}"
    assert "Hartigan" not in response.text


@pytest.mark.duty("15.10")
async def test_a_briefing_is_approved_whole_and_by_the_sub_group(spreading: Spreading) -> None:
    office = spreading.office
    briefing = await post(office, "/briefings", DRAFT | {"why_it_matters": "It does."})
    path = path_of(briefing)
    decision = await decided(spreading.db, office, briefing, "quality_assurance")

    refused = await step_on(office, path, "qa_sg_approved", 409, decision_id=decision)

    missing = {each["pointer"] for each in refused["errors"]}
    assert refused["code"] == "briefing_incomplete"
    assert missing == {f"/{step}" for step in STEPS if step != "why_it_matters"}
    await office.patch(path, json=STEPS, headers=await tag_of(office, path))
    other = await decided(spreading.db, office, briefing, "board")
    for no_decision in ({}, {"decision_id": other}):
        answer = await step_on(office, path, "qa_sg_approved", 409, **no_decision)
        assert answer["code"] == "decision_needed"
    moved = await step_on(office, path, "qa_sg_approved", decision_id=decision)
    assert moved["decision_id"] == decision


@pytest.mark.duty("15.10")
async def test_after_the_sub_group_the_board_receives_it(spreading: Spreading) -> None:
    office, briefing = spreading.office, await spreading.draft()
    await spreading.approve(briefing)
    path = path_of(briefing)

    early = await step_on(office, path, "released", 409)
    no_decision = await step_on(office, path, "board_received", 409)
    decision = await decided(spreading.db, office, briefing, "board")
    await step_on(office, path, "board_received", decision_id=decision)

    assert early["code"] == "transition_not_allowed"
    assert no_decision["code"] == "decision_needed"
    moves = (await read(office, f"{path}/transitions"))["items"]
    assert [each["to_state"] for each in moves] == ["board_received", "qa_sg_approved"]


async def test_what_was_approved_is_not_worded_anew(spreading: Spreading) -> None:
    briefing = await spreading.draft()
    await spreading.approve(briefing)

    response = await spreading.office.patch(
        path_of(briefing), json={"why_it_matters": "Otherwise."}, headers={"If-Match": "*"}
    )

    assert (response.status_code, response.json()["code"]) == (409, "record_fixed")


async def test_two_who_release_at_once_release_once(spreading: Spreading) -> None:
    office, briefing = spreading.office, await spreading.draft()
    await spreading.approve(briefing)
    decision = await decided(spreading.db, office, briefing, "board")
    await step_on(office, path_of(briefing), "board_received", decision_id=decision)
    tag = await tag_of(office, path_of(briefing))

    answers = await asyncio.gather(
        *(
            office.post(f"{path_of(briefing)}/transitions", json={"to": "released"}, headers=tag)
            for _ in range(2)
        )
    )

    assert sorted(each.status_code for each in answers) == [201, 412]
    receipts = await read(office, f"{path_of(briefing)}/receipts?limit=200")
    agencies = [each["agency_id"] for each in receipts["items"]]
    assert len(agencies) == len(set(agencies))


@pytest.mark.duty("15.11", "15.27")
async def test_release_asks_every_agency_with_a_seat_on_the_board(
    spreading: Spreading, sign_in: SignIn
) -> None:
    ended = await take_seat(spreading.db, spreading.office, sign_in, status="ended")
    new = await take_seat(spreading.db, spreading.office, sign_in, status="inducting")
    seatless = await spreading.db.fetchval("SELECT id FROM bodies WHERE code = 'cdop'")
    panel = await take_seat(spreading.db, spreading.office, sign_in, body_id=seatless)

    briefing = await spreading.release()

    found = await read(spreading.office, f"{path_of(briefing)}/receipts?limit=200")
    asked = {each["agency_id"]: each for each in found["items"]}
    assert {seat.agency["id"] for seat in spreading.seats} <= asked.keys()
    assert not {seat.agency["id"] for seat in (ended, new, panel)} & asked.keys()
    receipt = asked[spreading.seats[0].agency["id"]]
    assert (receipt["status"], receipt["is_outstanding"]) == ("pending", True)
    responsible = await spreading.db.fetchval(
        "SELECT user_id FROM memberships WHERE id = $1", UUID(receipt["membership_id"])
    )
    assert responsible == spreading.seats[0].member.principal_id


@pytest.mark.duty("22.4")
async def test_a_released_briefing_is_checked_for_impact_before_it_is_archived(
    spreading: Spreading,
) -> None:
    briefing = await spreading.release()
    path, office = path_of(briefing), spreading.office
    found = await spreading.db.fetch(
        "SELECT method, scheduled_on > current_date + 175 AS is_later FROM impact_checks"
        " WHERE subject = 'briefings' AND record_id = $1",
        UUID(briefing["id"]),
    )

    silent = await step_on(office, path, "archived", 409)
    await step_on(office, path, "archived", reason="The new pathway made it out of date.")

    assert [tuple(row) for row in found] == [("survey", True)]
    assert silent["code"] == "briefing_outstanding"
    assert (await read(office, path))["status"] == "archived"


async def test_a_briefing_is_superseded_by_one_that_was_released(spreading: Spreading) -> None:
    old = await spreading.release()
    path, office = path_of(old), spreading.office

    early = await step_on(office, path, "superseded", 409)
    new = await spreading.release(supersedes_id=old["id"])
    await step_on(office, path, "superseded")

    assert early["code"] == "transition_not_allowed"
    assert new["supersedes_id"] == old["id"]


async def test_a_briefing_tells_of_findings_that_its_author_may_see(spreading: Spreading) -> None:
    finding = str(
        await insert(
            spreading.db,
            "findings",
            kind="area_for_development",
            scope="system",
            title="Missed visits",
            text="Missed visits were not followed up.",
            source_kind="maca",
            source_title="Audit of neglect",
            status="confirmed",
            drafted_by_id=spreading.office.principal_id,
        )
    )

    briefing = await spreading.draft(finding_ids=[finding])
    unknown = await spreading.office.post(
        "/briefings", json=DRAFT | {"finding_ids": [finding, str(uuid4())]}
    )

    assert briefing["finding_ids"] == [finding]
    assert unknown.status_code == 409
    assert unknown.json()["errors"][0]["pointer"] == "/finding_ids/1"
    asked = {"finding_id": finding}
    listed = (await spreading.office.get("/briefings", params=asked)).json()["items"]
    assert [each["id"] for each in listed] == [briefing["id"]]
    changed = await spreading.office.patch(
        path_of(briefing),
        json={"finding_ids": []},
        headers=await tag_of(spreading.office, path_of(briefing)),
    )
    assert changed.json()["finding_ids"] == []


async def test_a_briefing_from_a_live_case_does_not_show_which(
    spreading: Spreading, case: Case, board_member: SignedIn
) -> None:
    review = await begin(spreading.office, case)
    briefing = await spreading.draft(
        source_kind="case_review", source_id=review["id"], source_title="Review of this year"
    )
    await spreading.approve(briefing)
    early = await board_member.get(path_of(briefing))
    decision = await decided(spreading.db, spreading.office, briefing, "board")
    await step_on(spreading.office, path_of(briefing), "board_received", decision_id=decision)
    await step_on(spreading.office, path_of(briefing), "released")

    seen = await read(board_member, path_of(briefing))

    hidden: Json = {"source_id": None, "source_title": None, "source_case_id": None}
    assert early.status_code == 404
    assert seen.items() >= hidden.items()
    assert {each["pointer"] for each in seen["redactions"]} == {f"/{name}" for name in hidden}
    assert briefing["source_case_id"] == str(case.id)


@pytest.mark.parametrize("source", [{}, {"source_id": "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650"}])
async def test_a_briefing_from_a_case_names_a_review_that_its_author_sees(
    spreading: Spreading, source: Json
) -> None:
    drafted = DRAFT | {"source_kind": "case_review", "source_title": "A review"} | source

    response = await spreading.office.post("/briefings", json=drafted)

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (
        409 if source else 422,
        "/source_id",
    )


async def test_a_page_of_briefings_goes_on_where_the_last_ended(spreading: Spreading) -> None:
    made = [await spreading.draft() for _ in range(3)]

    first = (await spreading.office.get("/briefings", params={"limit": 2})).json()
    rest = (
        await spreading.office.get(
            "/briefings", params={"limit": 2, "cursor": first["next_cursor"]}
        )
    ).json()

    found = [each["id"] for each in first["items"] + rest["items"]]
    assert found[:3] == [each["id"] for each in reversed(made)]
