"""Commendations over HTTP: drafted, agreed by a body, published (Framework section 23)."""

import asyncpg
import pytest

from tests.briefings import decided, read, step_on
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post

WELL_DONE: Json = {
    "title": "Schools that told at once",
    "text": "Every absence was followed up on the same day.",
    "source_kind": "maca",
    "source_title": "Audit of neglect",
}


def path_of(commendation: Json) -> str:
    """Return the path of a commendation."""
    return f"/commendations/{commendation['id']}"


@pytest.mark.duty("23.1", "9.5")
async def test_a_commendation_is_agreed_by_a_body_and_published(
    business_office: SignedIn,
    agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
    owner: asyncpg.Connection,
) -> None:
    made = await post(business_office, "/commendations", WELL_DONE | {"agency_id": agency["id"]})
    path = path_of(made)
    drafts = [(await each.get(path)).status_code for each in (agency_system, other_system)]

    undecided = await step_on(business_office, path, "agreed", 409)
    decision = await decided(
        owner, business_office, made, "quality_assurance", subject="commendations"
    )
    await step_on(business_office, path, "agreed", decision_id=decision)
    agreed = [(await each.get(path)).status_code for each in (agency_system, other_system)]
    late = await business_office.patch(path, json={"text": "More."}, headers={"If-Match": "*"})
    await step_on(business_office, path, "published")

    assert undecided["code"] == "decision_needed"
    assert (drafts, agreed) == ([404, 404], [200, 404])
    assert late.json()["code"] == "record_fixed"
    seen = await read(other_system, path)
    assert (seen["is_published"], made["is_published"]) == (True, False)
    asked: Json = {"status": "published", "agency_id": agency["id"]}
    listed = (await other_system.get("/commendations", params=asked)).json()["items"]
    assert listed == [seen]


async def test_nobody_commends_the_own_agency_or_nobody(
    agency: Json, agency_system: SignedIn, board_member: SignedIn, sign_in: SignIn
) -> None:
    own = await agency_system.post("/commendations", json=WELL_DONE | {"agency_id": agency["id"]})
    nobody = await board_member.post("/commendations", json=WELL_DONE)
    lay = await (await sign_in("lay_member")).post(
        "/commendations", json=WELL_DONE | {"team": "Front door"}
    )
    team = await board_member.post("/commendations", json=WELL_DONE | {"team": "Front door"})

    assert [each.status_code for each in (own, nobody, lay, team)] == [403, 422, 403, 201]


@pytest.mark.parametrize("member", ["title", "text", "team", "source_title"])
async def test_a_commendation_names_no_person(board_member: SignedIn, member: str) -> None:
    body = WELL_DONE | {"team": "Front door", member: "Desmond Hartigan did well."}

    response = await board_member.post("/commendations", json=body)

    assert response.status_code == 422
    assert "Hartigan" not in response.text


async def test_who_drafted_it_words_it_anew_and_agrees_nothing(board_member: SignedIn) -> None:
    made = await post(board_member, "/commendations", WELL_DONE | {"team": "Front door"})

    changed = await board_member.patch(
        path_of(made), json={"title": "Schools that told"}, headers={"If-Match": "*"}
    )
    refused = await step_on(board_member, path_of(made), "agreed", 409)

    assert changed.json()["title"] == "Schools that told"
    assert refused["code"] == "transition_not_allowed"


async def test_a_commendation_does_not_say_which_review_shows_it(
    business_office: SignedIn, agency: Json
) -> None:
    of_review = {"source_kind": "case_review", "source_id": agency["id"]}

    response = await business_office.post(
        "/commendations", json=WELL_DONE | {"agency_id": agency["id"]} | of_review
    )

    assert response.status_code == 409
    assert "title alone" in response.text
