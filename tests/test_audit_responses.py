"""Responses and their lifecycle over HTTP. Framework section 15."""

from datetime import timedelta

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import NAMES, TODAY, WHOLE, StagedAudit, move, push, put_answers, stage_audit

SIGNED = {"completed_by": "Named lead", "signed_off_by": "Chief officer"}


@pytest.mark.duty("15.3")
async def test_a_response_says_why_its_agency_answers(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    response = await agency_system.get(audit.response_of(agency))

    body = response.json()
    assert body == {
        "id": str(audit.responses[agency["id"]]),
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
        "audit_id": str(audit.id),
        "agency_id": agency["id"],
        "duty_basis": "section_11",
        "status": "not_started",
        "revision": 0,
        "times_returned": 0,
        "submitted_at": None,
        "submitted_on": None,
        "is_late": None,
        "completed_by": None,
        "signed_off_by": None,
        "answered": 0,
        "unanswered": None,
        "reason": None,
        "external_ref": None,
        "previous_response_id": None,
        "allowed_transitions": ["in_progress"],
        "redactions": [],
    }


async def test_a_board_member_sees_where_responses_stand_and_no_more(
    board_member: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await push(agency_system, audit, external_ref="return-1")

    body = (await board_member.get(audit.response_of(agency))).json()

    assert (body["status"], body["revision"], body["is_late"]) == ("submitted", 1, False)
    withheld = {each["pointer"][1:] for each in body["redactions"]}
    assert withheld == {
        "completed_by", "signed_off_by", "answered", "unanswered", "reason", "external_ref",
        "previous_response_id",
    }  # fmt: skip
    assert [body[name] for name in withheld] == [None] * len(withheld)


@pytest.mark.duty("6.7")
async def test_the_business_office_watches_returns_arrive(
    business_office: SignedIn,
    agency_system: SignedIn,
    other_agency: Json,
    agency: Json,
    audit: StagedAudit,
) -> None:
    await push(agency_system, audit)
    query = {"audit_id": str(audit.id)}

    arrived = await business_office.get("/audit-responses", params=query | {"status": "submitted"})
    awaited = await business_office.get(
        "/audit-responses", params=query | {"status": ["not_started", "in_progress"]}
    )
    late = await business_office.get("/audit-responses", params=query | {"is_late": True})
    of_agency = await business_office.get(
        "/audit-responses", params=query | {"agency_id": agency["id"]}
    )

    assert [each["agency_id"] for each in arrived.json()["items"]] == [agency["id"]]
    assert [each["agency_id"] for each in awaited.json()["items"]] == [other_agency["id"]]
    assert late.json()["items"] == []
    assert [each["id"] for each in of_agency.json()["items"]] == [
        str(audit.responses[agency["id"]])
    ]


async def test_what_changed_since_is_listed(
    business_office: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await push(agency_system, audit)
    changed_at = (await agency_system.get(audit.response_of(agency))).json()["updated_at"]

    response = await business_office.get(
        "/audit-responses", params={"audit_id": str(audit.id), "updated_at_from": changed_at}
    )

    assert [each["agency_id"] for each in response.json()["items"]] == [agency["id"]]


@pytest.mark.duty("X11")
async def test_everybody_is_shown_the_moves_that_are_theirs(
    lead: SignedIn,
    senior: SignedIn,
    moderator: SignedIn,
    business_office: SignedIn,
    board_member: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)
    await move(lead, path, "agency_review")

    async def allowed(caller: SignedIn) -> list[str]:
        moves: list[str] = (await caller.get(path)).json()["allowed_transitions"]
        return sorted(moves)

    assert await allowed(lead) == ["in_progress"]
    assert await allowed(senior) == ["submitted"]
    assert await allowed(moderator) == []
    assert await allowed(board_member) == []
    assert await allowed(business_office) == ["non_return", "withdrawn"]
    await move(senior, path, "submitted", **NAMES)
    assert await allowed(moderator) == ["accepted", "returned"]
    assert await allowed(senior) == []


async def test_a_response_is_returned_twice_at_most_and_says_why(
    lead: SignedIn,
    agency_system: SignedIn,
    moderator: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)
    silent = await move(moderator, path, "returned")

    await move(moderator, path, "returned", reason="Question 1.2 is not answered in full.")
    returned = (await lead.get(path)).json()
    await put_answers(lead, path, WHOLE[1])
    resumed = (await lead.get(path)).json()
    await push(agency_system, audit)
    await move(moderator, path, "returned", reason="Still not.")
    await push(agency_system, audit)
    third = await move(moderator, path, "returned", reason="Again.")

    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert (returned["status"], returned["times_returned"]) == ("returned", 1)
    assert returned["reason"] == "Question 1.2 is not answered in full."
    assert resumed["status"] == "in_progress"
    assert third.json()["code"] == "transition_not_allowed"
    body = (await lead.get(path)).json()
    assert (body["revision"], body["times_returned"], body["reason"]) == (3, 2, None)


async def test_why_a_response_was_returned_is_not_for_all(
    board_member: SignedIn,
    agency_system: SignedIn,
    moderator: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)
    await move(moderator, path, "returned", reason="Question 1.2 is not answered in full.")

    own = (await agency_system.get(f"{path}/transitions")).json()["items"]
    board = (await board_member.get(f"{path}/transitions")).json()["items"]

    assert [each["to_state"] for each in board] == ["returned", "submitted"]
    assert own[0]["reason"] == "Question 1.2 is not answered in full."
    assert (board[0]["reason"], board[0]["redactions"]) == (
        None,
        [{"pointer": "/reason", "reason": "agency_only"}],
    )


async def test_an_agency_takes_back_what_it_submitted_while_the_audit_is_open(
    lead: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)
    direct = await put_answers(lead, path, WHOLE[0])

    response = await move(lead, path, "in_progress")

    assert (direct.status_code, direct.json()["code"]) == (409, "response_not_open")
    assert response.status_code == 201
    assert (await put_answers(lead, path, WHOLE[0])).status_code == 200


async def test_the_chair_exempts_an_agency_and_says_why(
    sign_in: SignIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    chair = await sign_in("chair")

    response = await move(
        chair, audit.response_of(agency), "exempt", reason="The service ended in March."
    )

    assert response.status_code == 201
    body = (await agency_system.get(audit.response_of(agency))).json()
    assert (body["status"], body["reason"]) == ("exempt", "The service ended in March.")
    assert body["allowed_transitions"] == []


async def test_grace_takes_answers_and_counts_them_late(
    agency_system: SignedIn, owner: asyncpg.Connection, agency: Json
) -> None:
    audit = await stage_audit(
        owner, agency, status="grace", due_on=TODAY - timedelta(days=2), locks_on=TODAY
    )

    await push(agency_system, audit)

    body = (await agency_system.get(audit.response_of(agency))).json()
    assert (body["status"], body["is_late"]) == ("submitted", True)


async def test_a_response_is_moved_as_it_was_read(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = f"{audit.response_of(agency)}/transitions"

    without = await lead.post(path, json={"to": "in_progress"})
    stale = await lead.post(path, json={"to": "in_progress"}, headers={"If-Match": '"old"'})

    assert (without.status_code, stale.status_code) == (428, 412)
