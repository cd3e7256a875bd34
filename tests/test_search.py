"""Search over HTTP: words, no names, and only what its reader may read (Framework section 7)."""

import pytest

from tests.casework import Case, join_team, open_case, take_part
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post


async def search(caller: SignedIn, text: str, **members: object) -> list[Json]:
    """Search the narratives of cases."""
    found = await post(caller, "/searches", {"text": text} | members, 200)
    items: list[Json] = found["items"]
    return items


@pytest.fixture
async def review(business_office: SignedIn, case: Case) -> Json:
    """A review of `case` that speaks of a lantern, and of Child A by name."""
    said = "Zoë O'Hallorán kept a lantern by the window; handovers were rushed."
    body = {"case_id": case.id, "harm": "serious_harm", "circumstances": said}
    return await post(business_office, "/case-reviews", body)


async def test_words_are_found_where_they_stand(
    business_office: SignedIn, case: Case, review: Json
) -> None:
    found = await search(business_office, "lantern handover", case_id=case.id)

    assert found == [
        {
            "subject": "case_reviews",
            "record_id": review["id"],
            "case_id": case.id,
            "member": "circumstances",
        }
    ]


@pytest.mark.duty("7.4")
@pytest.mark.usefixtures("review")
@pytest.mark.parametrize("name", ["O'Hallorán", "Zoë", "Halloran", "9990000026"])
async def test_nobody_is_found_by_name(business_office: SignedIn, case: Case, name: str) -> None:
    assert await search(business_office, name, case_id=case.id) == []


@pytest.mark.usefixtures("review")
async def test_the_team_finds_in_its_case_alone(
    business_office: SignedIn, reviewer: SignedIn, case: Case
) -> None:
    other = await open_case(business_office)
    body = {"case_id": other.id, "harm": "serious_harm", "circumstances": "A lantern, too."}
    await post(business_office, "/case-reviews", body)

    found = await search(reviewer, "lantern")

    assert [each["case_id"] for each in found] == [case.id]
    assert await search(reviewer, "lantern", case_id=other.id) == []


@pytest.mark.usefixtures("review")
async def test_who_may_not_read_a_narrative_does_not_find_its_words(
    business_office: SignedIn, sign_in: SignIn, agency: Json, agency_system: SignedIn, case: Case
) -> None:
    await take_part(business_office, case, agency)
    stranger = await sign_in("panel_member")
    member = await sign_in("board_member")

    assert await search(agency_system, "lantern") == []
    assert await search(stranger, "lantern") == []
    assert (await member.post("/searches", json={"text": "lantern"})).status_code == 403
    await join_team(business_office, case, stranger, "panel_member")
    assert len(await search(stranger, "lantern")) == 1
