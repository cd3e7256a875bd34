"""Moderated grades beside the agency's own. Framework section 15."""

import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import WHOLE, StagedAudit, move, push, put_answers


async def moderate(caller: SignedIn, path: str, *grades: Json) -> httpx.Response:
    """Write what moderators say, of the response as it stands."""
    body = {"grades": list(grades)}
    return await caller.put(f"{path}/moderation", json=body, headers={"If-Match": "*"})


GRADE: Json = {
    "question": "1.1",
    "moderated_grade": "partly",
    "comment": "The minutes show less.",
    "returned_comment": None,
}


@pytest.mark.duty("15.2")
async def test_a_moderated_grade_stands_beside_the_agencys_own(
    moderator: SignedIn,
    agency_system: SignedIn,
    board_member: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)

    response = await moderate(moderator, path, GRADE)

    assert response.status_code == 200
    own = (await agency_system.get(f"{path}/answers")).json()["items"][1]
    assert (own["question"], own["grade"], own["moderated_grade"]) == ("1.1", "met", "partly")
    assert own["moderator_comment"] == "The minutes show less."
    board = (await board_member.get(f"{path}/answers")).json()["items"][1]
    assert (board["grade"], board["moderated_grade"], board["moderator_comment"]) == (
        None,
        "partly",
        None,
    )


async def test_a_response_is_returned_with_comments_at_its_questions(
    moderator: SignedIn, lead: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)
    await moderate(moderator, path, {"question": "1.2", "returned_comment": "Which minutes?"})

    await move(moderator, path, "returned", reason="See question 1.2.")

    answers = (await lead.get(f"{path}/answers")).json()["items"]
    assert {each["question"]: each["returned_comment"] for each in answers} == {
        "1.1": None,
        "1.2": "Which minutes?",
    }


@pytest.mark.duty("15.2")
async def test_nobody_moderates_the_own_agency(
    sign_in: SignIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)
    member = await sign_in("qa_member", agency_id=agency["id"])
    both = await sign_in("qa_member", "agency_lead", agency_id=agency["id"])

    graded = [await moderate(each, path, GRADE) for each in (member, both)]
    moved = [await move(each, path, "accepted") for each in (member, both)]

    assert [each.status_code for each in graded] == [403, 403]
    assert [each.status_code for each in moved] == [403, 409]
    assert (await member.get(path)).json()["allowed_transitions"] == []
    assert (await both.get(path)).json()["allowed_transitions"] == ["in_progress"]


async def test_a_member_moderates_other_agencies(
    sign_in: SignIn, agency_system: SignedIn, other_agency: Json, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)
    member = await sign_in("qa_member", agency_id=other_agency["id"])

    graded = await moderate(member, path, GRADE)
    accepted = await move(member, path, "accepted")

    assert (graded.status_code, accepted.status_code) == (200, 201)


@pytest.mark.parametrize("role", ["board_member", "agency_lead", "agency_senior", "chair"])
async def test_who_does_not_moderate_is_refused(
    sign_in: SignIn, agency_system: SignedIn, agency: Json, audit: StagedAudit, role: str
) -> None:
    await push(agency_system, audit)
    caller = await sign_in(role, agency_id=agency["id"])

    response = await moderate(caller, audit.response_of(agency), GRADE)

    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")


async def test_what_is_not_submitted_is_not_moderated(
    moderator: SignedIn, lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)

    response = await moderate(moderator, path, GRADE)

    assert (response.status_code, response.json()["code"]) == (409, "not_under_moderation")


async def test_every_grade_that_does_not_fit_is_named(
    moderator: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)

    invalid = await moderate(
        moderator,
        path,
        {"question": "1.1", "moderated_grade": "superb"},
        {"question": "9.9", "moderated_grade": "met"},
    )
    unanswered = await moderate(moderator, path, GRADE, {"question": "2.1", "comment": "Why not?"})

    assert [(each["pointer"], each["code"]) for each in invalid.json()["errors"]] == [
        ("/grades/1/question", "unknown_question"),
        ("/grades/0/moderated_grade", "unknown_grade"),
    ]
    assert (unanswered.status_code, unanswered.json()["code"]) == (409, "not_answered")
    assert unanswered.json()["errors"][0]["pointer"] == "/grades/1/question"
    answers = (await moderator.get(f"{path}/answers")).json()["items"]
    assert [each["moderated_grade"] for each in answers] == [None, None]


async def test_a_response_goes_all_the_way(
    business_office: SignedIn,
    moderator: SignedIn,
    agency_system: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = audit.response_of(agency)
    await push(agency_system, audit)

    for state in ("accepted", "moderated", "challenged", "final"):
        assert (await move(moderator, path, state)).status_code == 201
    await move(business_office, path, "locked")

    moves = (await agency_system.get(f"{path}/transitions")).json()["items"]
    assert [each["to_state"] for each in moves][::-1] == [
        "submitted", "accepted", "moderated", "challenged", "final", "locked"
    ]  # fmt: skip
    assert (await business_office.get(path)).json()["allowed_transitions"] == []
