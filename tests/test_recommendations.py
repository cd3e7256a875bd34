"""Recommendations over HTTP: made by a sub group, accepted by the Board (sections 16, 21)."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from tests.conftest import Json, SignedIn
from tests.governance import Decided, body_of
from tests.learning import (
    WHY,
    accept,
    confirm,
    decide_and_go,
    draft_recommendation,
    go,
    support,
    went,
)
from tests.rounds import post
from tests.stage import TODAY

SUB_GROUP = "quality_assurance"


def path_of(recommendation: Json) -> str:
    """Return the path of a recommendation."""
    return f"/recommendations/{recommendation['id']}"


@pytest.mark.duty("16.10")
async def test_a_sub_group_recommends_and_the_board_accepts(
    business_office: SignedIn,
    board_member: SignedIn,
    decided: Decided,
    recommendation: Json,
    owner: asyncpg.Connection,
) -> None:
    hidden = await board_member.get(path_of(recommendation))
    accepted = await accept(business_office, decided, recommendation)
    moves = await board_member.get(f"{path_of(recommendation)}/transitions")
    owed = await owner.fetch(
        "SELECT kind FROM obligations WHERE record_id = $1", recommendation["id"]
    )

    assert (hidden.status_code, accepted["status"]) == (404, "accepted")
    assert all(each["decision_id"] for each in moves.json()["items"])
    assert [each["kind"] for each in owed] == ["agree_actions"]


async def test_only_the_own_body_recommends_by_a_decision_on_this(
    business_office: SignedIn, decided: Decided, recommendation: Json
) -> None:
    path, to = path_of(recommendation), "recommended_by_sub_group"
    other = await decided("recommendations", recommendation["id"], "learning_and_development")
    beside = await draft_recommendation(business_office)
    elsewhere = await decided("recommendations", beside["id"], SUB_GROUP)

    answers = [
        await go(business_office, path, to, decision_id=each) for each in (None, other, elsewhere)
    ]

    assert {each.json()["code"] for each in answers} == {"decision_needed"}


async def test_the_board_itself_does_not_recommend(business_office: SignedIn) -> None:
    board = await body_of(business_office, "board")

    response = await business_office.post(
        "/recommendations",
        json={
            "title": "A title",
            "text": "A text.",
            "body_id": board["id"],
            "source_kind": "maca",
            "source_title": "Audit",
        },
    )

    assert (response.status_code, response.json()["code"]) == (409, "not_a_sub_group")


async def test_a_decision_serves_one_move(
    business_office: SignedIn, decided: Decided, recommendation: Json
) -> None:
    supported = await support(business_office, decided, recommendation)
    path = path_of(supported)
    day = str(TODAY + timedelta(days=30))
    put_off = await decided("recommendations", supported["id"], outcome="deferred")
    yes = await decided("recommendations", supported["id"])

    wrong = await go(business_office, path, "rejected", reason=WHY, decision_id=yes)
    deferred = await went(
        business_office, path, "deferred", reason=WHY, decision_id=put_off, deferred_until=day
    )
    again = await go(business_office, path, "accepted", decision_id=put_off)
    accepted = await went(business_office, path, "accepted", decision_id=yes)

    assert wrong.json()["code"] == "decision_needed"
    assert deferred["deferred_until"] == day
    assert (again.json()["code"], accepted["status"]) == ("decision_needed", "accepted")


async def test_a_deferral_has_a_day_to_come(
    business_office: SignedIn, decided: Decided, recommendation: Json
) -> None:
    supported = await support(business_office, decided, recommendation)
    decision_id = await decided("recommendations", supported["id"], outcome="deferred")

    for day in (None, str(TODAY)):
        response = await go(
            business_office,
            path_of(supported),
            "deferred",
            reason=WHY,
            decision_id=decision_id,
            deferred_until=day,
        )
        assert response.status_code == 422


async def test_only_chairs_action_passes_over_the_executive_group(
    business_office: SignedIn, chair: SignedIn, decided: Decided, recommendation: Json
) -> None:
    made = await decide_and_go(
        business_office, decided, recommendation, "recommended_by_sub_group", SUB_GROUP
    )
    decision_id = await decided("recommendations", made["id"])
    path = path_of(made)

    of_office = await go(business_office, path, "accepted", decision_id=decision_id, reason=WHY)
    without = await go(chair, path, "accepted", decision_id=decision_id)
    accepted = await went(chair, path, "accepted", decision_id=decision_id, reason=WHY)

    assert (of_office.status_code, without.status_code) == (409, 422)
    assert accepted["status"] == "accepted"


async def test_rejection_has_its_reason(
    business_office: SignedIn, decided: Decided, recommendation: Json
) -> None:
    supported = await support(business_office, decided, recommendation)
    no = await decided("recommendations", supported["id"], outcome="rejected")

    without = await go(business_office, path_of(supported), "rejected", decision_id=no)
    rejected = await went(
        business_office, path_of(supported), "rejected", decision_id=no, reason=WHY
    )

    assert (without.status_code, rejected["allowed_transitions"]) == (422, [])


@pytest.mark.duty("16.7")
async def test_nothing_is_agreed_without_an_action(
    business_office: SignedIn, decided: Decided, recommendation: Json
) -> None:
    accepted = await accept(business_office, decided, recommendation)

    response = await go(business_office, path_of(accepted), "actions_agreed")

    assert response.status_code == 409
    assert "actions_agreed" not in accepted["allowed_transitions"]


async def test_a_national_recommendation_enters_as_recommended(business_office: SignedIn) -> None:
    made = await draft_recommendation(
        business_office, is_national=True, source_kind="national_research"
    )

    assert made["status"] == "recommended_by_sub_group"


async def test_what_is_superseded_says_by_what(business_office: SignedIn) -> None:
    old, new = [await draft_recommendation(business_office) for _ in range(2)]

    nothing = await go(business_office, path_of(old), "superseded", reason=WHY)
    itself = await go(
        business_office, path_of(old), "superseded", reason=WHY, superseded_by_id=old["id"]
    )
    done = await went(
        business_office, path_of(old), "superseded", reason=WHY, superseded_by_id=new["id"]
    )

    assert (nothing.status_code, itself.status_code) == (422, 409)
    assert done["superseded_by_id"] == new["id"]


async def test_it_answers_findings_that_are_confirmed(
    business_office: SignedIn, finding: Json, recommendation: Json
) -> None:
    link = {"finding_id": finding["id"]}
    too_soon = await business_office.post(f"{path_of(recommendation)}/findings", json=link)
    await confirm(business_office, finding)
    made = await draft_recommendation(business_office, finding_ids=[finding["id"]])
    await post(business_office, f"{path_of(recommendation)}/findings", link)

    listed = (await business_office.get(f"{path_of(made)}/findings")).json()["items"]

    assert too_soon.json()["code"] == "finding_not_confirmed"
    assert [each["finding_id"] for each in listed] == [finding["id"]]


async def test_what_is_recommended_keeps_its_words_and_names_nobody(
    business_office: SignedIn, decided: Decided, recommendation: Json
) -> None:
    path, tag = path_of(recommendation), {"If-Match": "*"}
    named = await business_office.patch(path, json={"text": "Desmond Hartigan."}, headers=tag)
    worded = await business_office.patch(path, json={"text": "Within a week."}, headers=tag)
    await decide_and_go(
        business_office, decided, recommendation, "recommended_by_sub_group", SUB_GROUP
    )
    fixed = await business_office.patch(path, json={"text": "Within a month."}, headers=tag)

    assert (named.status_code, worded.status_code) == (422, 200)
    assert (fixed.status_code, fixed.json()["code"]) == (409, "record_fixed")


async def test_an_agency_does_not_recommend(lead: SignedIn, recommendation: Json) -> None:
    body = {
        name: recommendation[name]
        for name in ("title", "text", "body_id", "source_kind", "source_title")
    }

    made = await lead.post("/recommendations", json=body)
    moved = await go(lead, path_of(recommendation), "recommended_by_sub_group")

    assert (made.status_code, moved.status_code) == (403, 403)


async def test_of_two_moves_at_once_one_is_made(
    business_office: SignedIn, chair: SignedIn, decided: Decided, recommendation: Json
) -> None:
    supported = await support(business_office, decided, recommendation)
    ids = [await decided("recommendations", supported["id"]) for _ in range(2)]

    answers = await asyncio.gather(
        *(
            go(caller, path_of(supported), "accepted", decision_id=each)
            for caller, each in zip((business_office, chair), ids, strict=True)
        )
    )

    assert sorted(each.status_code for each in answers) == [201, 409]
