"""Reviews of others over HTTP: registered, judged, compared (Framework section 16)."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY, tag_of

FOUND: Json = {
    "title": "Review of visits that were missed",
    "publisher": "A neighbouring Board",
    "kind": "neighbouring",
    "published_on": "2017-03-01",
    "topics": ["neglect", "health visiting"],
    "summary": "Visits that were missed were not followed up. Each is to be followed up in a week.",
}
WHY = "The same pathway is in use here."


async def register(office: SignedIn, **members: object) -> Json:
    """Register a review of others."""
    return await post(office, "/external-reviews", FOUND | members)


def path_of(review: Json) -> str:
    """Return the path of a review."""
    return f"/external-reviews/{review['id']}"


@pytest.fixture(scope="session")
async def sub_group(sign_in: SignIn) -> SignedIn:
    """The chair of the sub group that considers reviews."""
    return await sign_in("scr_chair")


@pytest.mark.duty("16.4")
async def test_every_partner_reads_what_others_have_learned(
    business_office: SignedIn, board_member: SignedIn, agency_system: SignedIn
) -> None:
    topic = f"topic {uuid4().hex[:8]}"
    review = await register(business_office, topics=[topic])

    for partner in (board_member, agency_system):
        seen = (await partner.get(path_of(review))).json()
        assert seen == review
        found = await partner.get("/external-reviews", params={"topic": topic})
        assert found.json()["items"] == [review]
    assert (review["needs_judgement"], review["applies"]) == (True, None)


async def test_only_who_runs_reviews_registers_one(
    board_member: SignedIn, agency_system: SignedIn, sign_in: SignIn, anonymous: httpx.AsyncClient
) -> None:
    outsider = await sign_in("panel_member")

    answers = [
        await each.post("/external-reviews", json=FOUND)
        for each in (board_member, agency_system, outsider, anonymous)
    ]

    assert [each.status_code for each in answers] == [403, 403, 403, 401]


@pytest.mark.parametrize("member", ["title", "publisher", "summary"])
async def test_a_register_that_all_partners_read_names_nobody(
    business_office: SignedIn, member: str
) -> None:
    body = FOUND | {member: "Desmond Hartigan was not visited."}

    response = await business_office.post("/external-reviews", json=body)

    assert response.status_code == 422
    assert response.json()["identifiers"][0]["pointer"] == f"/{member}"
    assert "Hartigan" not in response.text


async def test_a_topic_names_nobody(business_office: SignedIn) -> None:
    body = FOUND | {"topics": ["neglect", "NHS number 999 000 0026"]}

    response = await business_office.post("/external-reviews", json=body)

    assert response.status_code == 422
    assert "999 000 0026" not in response.text


async def test_what_is_not_yet_published_is_not_registered(business_office: SignedIn) -> None:
    body = FOUND | {"published_on": str(TODAY + timedelta(days=1))}

    response = await business_office.post("/external-reviews", json=body)

    assert (response.status_code, response.json()["code"]) == (409, "not_yet_published")


async def test_a_review_is_registered_once(business_office: SignedIn) -> None:
    url = f"https://example.org/reviews/{uuid4().hex}"
    await register(business_office, url=url)

    again = await business_office.post("/external-reviews", json=FOUND | {"url": url})

    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "external_reviews_url_key"


async def test_what_is_registered_is_corrected(business_office: SignedIn) -> None:
    review = await register(business_office)

    changed = await business_office.patch(
        path_of(review),
        json={"kind": "national"},
        headers=await tag_of(business_office, path_of(review)),
    )
    named = await business_office.patch(
        path_of(review), json={"summary": "Desmond Hartigan."}, headers={"If-Match": "*"}
    )

    assert changed.json()["kind"] == "national"
    assert changed.json()["summary"] == FOUND["summary"]
    assert named.status_code == 422


@pytest.mark.duty("16.4")
async def test_the_sub_group_judges_whether_it_applies(
    business_office: SignedIn, sub_group: SignedIn, board_member: SignedIn
) -> None:
    review = await register(business_office, topics=[topic := f"topic {uuid4().hex[:8]}"])
    path = f"{path_of(review)}/applicability-judgements"

    refused = await business_office.post(path, json={"applies": "yes", "reasons": WHY})
    await post(sub_group, path, {"applies": "no", "reasons": WHY})
    last = await post(sub_group, path, {"applies": "partly", "reasons": WHY})

    assert refused.status_code == 403
    seen = (await board_member.get(path_of(review))).json()
    assert (seen["applies"], seen["needs_judgement"]) == ("partly", False)
    judgements = (await board_member.get(path)).json()["items"]
    assert [each["applies"] for each in judgements] == ["partly", "no"]
    assert (await board_member.get(f"{path}/{last['id']}")).json() == last
    asked: Json = {"topic": topic, "needs_judgement": True}
    listed = await board_member.get("/external-reviews", params=asked)
    assert listed.json()["items"] == []


@pytest.mark.duty("16.4")
async def test_two_reviews_that_ask_partners_for_two_things_are_flagged(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    topic = f"topic {uuid4().hex[:8]}"
    one, other, third = [await register(business_office, topics=[topic]) for _ in range(3)]
    path = f"{path_of(one)}/conflicts"
    told = {"conflicts_with_id": other["id"], "explanation": "One says a week, the other a day."}

    conflict = await post(business_office, path, told)

    asked: Json = {"topic": topic, "is_conflicting": True}
    flagged = (await board_member.get("/external-reviews", params=asked)).json()["items"]
    assert {each["id"] for each in flagged} == {one["id"], other["id"]}
    listed = (await board_member.get(f"{path_of(other)}/conflicts")).json()["items"]
    assert listed == [conflict]
    await business_office.patch(
        f"{path}/{conflict['id']}",
        json={"resolved_on": str(TODAY)},
        headers=await tag_of(business_office, f"{path}/{conflict['id']}"),
    )
    settled = (await board_member.get("/external-reviews", params=asked)).json()["items"]
    assert settled == []
    assert (await board_member.get(path_of(third))).json()["is_conflicting"] is False


async def test_a_review_may_ask_for_other_than_the_board_did(business_office: SignedIn) -> None:
    review = await register(business_office)
    told = {"recommendation_reference": "NSCB-2016-04", "explanation": "Ours says a day."}

    conflict = await post(business_office, f"{path_of(review)}/conflicts", told)

    assert conflict["recommendation_reference"] == "NSCB-2016-04"
    assert (await business_office.get(path_of(review))).json()["is_conflicting"] is True


@pytest.mark.parametrize("both", [True, False])
async def test_a_conflict_names_one_other(business_office: SignedIn, *, both: bool) -> None:
    review = await register(business_office)
    body: Json = {"explanation": "Ours says a day."}
    if both:
        other = await register(business_office)
        body |= {"conflicts_with_id": other["id"], "recommendation_reference": "NSCB-2016-04"}

    response = await business_office.post(f"{path_of(review)}/conflicts", json=body)

    assert response.status_code == 422
