"""Work on a review: reviewers, panel, processes, family, findings (section 16)."""

from datetime import timedelta

import pytest

from app.services.campaigns import board_day
from tests.casework import (
    STORY,
    TOLD,
    Case,
    join_team,
    move_grant,
    open_case,
    request_grant,
    under,
)
from tests.conftest import Json, SignedIn, SignIn
from tests.reviews import Cast, appoint, begin, change, path_of
from tests.rounds import post

MEETING: Json = {"held_on": "2016-09-01", "is_quorate": True, "minutes": STORY}
INQUEST: Json = {"kind": "coroner", "reference": "Inquest O'Hallorán", "note": STORY}
STRENGTH: Json = {"kind": "strength", "scope": "multi_agency", "finding": STORY}


def contact(*people: Json) -> Json:
    """Describe a contact with the family."""
    ids = [each["id"] for each in people]
    return {
        "person_ids": ids,
        "method": "meeting",
        "contacted_on": "2016-10-03",
        "note": "Siân O'Hallorán asks that her views stand in the report.",
    }


@pytest.fixture
async def review(cast: Cast, case: Case) -> Json:
    """A review that nobody else uses."""
    return await begin(cast.office, case)


@pytest.mark.duty("16.13")
async def test_contacts_with_the_family_are_kept_by_label(
    cast: Cast, case: Case, review: Json
) -> None:
    path = f"{path_of(review)}/family-contacts"

    made = await post(cast.office, path, contact(case.mother))
    changed = await change(cast.office, f"{path}/{made['id']}", method="letter")

    assert made["note"] == "[Mother] asks that her views stand in the report."
    assert (changed["method"], changed["person_ids"]) == ("letter", [case.mother["id"]])
    assert (await cast.office.get(path)).json()["items"] == [changed]


async def test_a_contact_is_with_people_of_the_case_alone(
    cast: Cast, review: Json, business_office: SignedIn
) -> None:
    other = await open_case(business_office)

    response = await cast.office.post(
        f"{path_of(review)}/family-contacts", json=contact(other.mother)
    )

    assert (response.status_code, response.json()["code"]) == (409, "unknown_reference")


@pytest.mark.duty("16.6")
async def test_findings_are_strengths_as_well_as_shortfalls(cast: Cast, review: Json) -> None:
    path = f"{path_of(review)}/findings"
    strength = await post(cast.office, path, STRENGTH)
    concern = await post(cast.office, path, STRENGTH | {"kind": "concern"})

    confirmed = await change(cast.office, f"{path}/{strength['id']}", confirmed_on="2017-01-09")

    async def found(**query: str) -> list[Json]:
        items: list[Json] = (await cast.office.get(path, params=query)).json()["items"]
        return items

    assert (strength["finding"], strength["confirmed_on"]) == (TOLD, None)
    assert await found(kind="strength") == [confirmed]
    assert await found(is_confirmed="false") == [concern]


@pytest.mark.duty("16.13")
async def test_reviews_that_others_run_are_referred_to(cast: Cast, review: Json) -> None:
    path = f"{path_of(review)}/parallel-processes"

    made = await post(cast.office, path, INQUEST)
    linked = await post(cast.office, path, {"kind": "mappa_scr"})
    held = await post(cast.office, path, {"kind": "complaint", "pauses_publication": True})
    ended = await change(cast.office, f"{path}/{made['id']}", ended_on="2017-03-01")

    assert (made["reference"], made["note"]) == ("Inquest [Child A or Mother]", TOLD)
    pauses = [each["pauses_publication"] for each in (made, linked, held)]
    assert pauses == [True, False, True]
    still = (await cast.office.get(path, params={"is_open": True})).json()["items"]
    assert [each["id"] for each in still] == [held["id"], linked["id"]]
    assert ended["ended_on"] == "2017-03-01"


async def test_meetings_of_the_panel_name_who_was_there(
    cast: Cast, review: Json, case: Case
) -> None:
    path = f"{path_of(review)}/panel-meetings"
    there = [str(cast.reviewer.principal_id), str(cast.chair.principal_id)]

    made = await post(cast.office, path, MEETING | {"attendee_ids": there})
    stranger = await cast.office.post(path, json=MEETING | {"attendee_ids": [case.child["id"]]})

    assert (made["attendee_ids"], made["minutes"]) == (there, TOLD)
    assert (stranger.status_code, stranger.json()["code"]) == (409, "unknown_reference")


@pytest.mark.duty("16.5")
async def test_a_reviewer_joins_the_team_and_leaves_it(
    cast: Cast, sign_in: SignIn, review: Json
) -> None:
    reviewer = await sign_in("lead_reviewer")
    path = f"{path_of(review)}/reviewers"
    body = {
        "user_id": str(reviewer.principal_id),
        "starts_on": "2016-07-01",
        "independence": "Never worked for an agency here.",
        "conflicts": "Once trained Bartholomew Quist.",
    }
    before = await reviewer.get(path_of(review))

    made = await post(cast.office, path, body)
    within = await reviewer.get(path_of(review))
    twice = await cast.office.post(path, json=body)
    yesterday = str(board_day() - timedelta(days=1))
    await change(cast.office, f"{path}/{made['id']}", ends_on=yesterday)
    again = await cast.office.patch(
        f"{path}/{made['id']}", json={"ends_on": None}, headers={"If-Match": "*"}
    )

    assert made["conflicts"] == "Once trained [Health Visitor 1]."
    assert (before.status_code, within.status_code, twice.status_code) == (404, 200, 409)
    assert (await reviewer.get(path_of(review))).status_code == 404
    assert (again.status_code, again.json()["code"]) == (409, "appointment_ended")


async def test_whoever_only_works_on_a_review_appoints_nobody(
    cast: Cast, sign_in: SignIn, case: Case, review: Json
) -> None:
    member = await sign_in("panel_member")
    await join_team(cast.office, case, member, "panel_member")
    declared = {"independence": "Never worked here.", "conflicts": "None to declare."}
    body = {"user_id": str(cast.reviewer.principal_id)} | declared

    response = await member.post(f"{path_of(review)}/reviewers", json=body)

    assert response.status_code == 403


async def test_the_chair_reads_the_work_and_does_none_of_it(cast: Cast, review: Json) -> None:
    path = f"{path_of(review)}/findings"
    made = await post(cast.office, path, STRENGTH)

    assert (await cast.chair.get(f"{path}/{made['id']}")).json()["finding"] == TOLD
    assert (await cast.chair.post(path, json=STRENGTH)).status_code == 403


async def test_work_is_found_under_its_own_review_only(
    cast: Cast, case: Case, review: Json
) -> None:
    other = await begin(cast.office, case)
    made = {
        "findings": await post(cast.office, f"{path_of(review)}/findings", STRENGTH),
        "reviewers": await appoint(cast, review),
        "panel-meetings": await post(cast.office, f"{path_of(review)}/panel-meetings", MEETING),
    }

    for name, record in made.items():
        path = f"{path_of(other)}/{name}/{record['id']}"
        changed = await cast.office.patch(path, json={}, headers={"If-Match": "*"})
        assert (await cast.office.get(path)).status_code == 404, name
        assert changed.status_code == 404, name
        assert (await cast.office.get(f"{path_of(other)}/{name}")).json()["items"] == []


async def test_a_grant_shows_who_a_finding_speaks_of(
    cast: Cast, holder: SignedIn, dpo: SignedIn, case: Case, review: Json
) -> None:
    path = f"{path_of(review)}/findings"
    made = await post(cast.office, path, STRENGTH)
    grant = await request_grant(holder, case, case.child)
    await move_grant(dpo, grant, "approved")

    shown = (await holder.get(f"{path}/{made['id']}", headers=under(grant))).json()

    child = next(each for each in shown["people"] if each["label"] == "Child A")
    assert child["identity"]["names"][0]["given"] == "Zoë Marguerite"
    assert shown["finding"] == TOLD
