"""Themes over HTTP: what findings show, how many, over which sources (Framework section 9)."""

import pytest

from tests.conftest import Json, SignedIn
from tests.governance import body_of
from tests.learning import confirm, draft_finding, go, went
from tests.rounds import post


async def follow(office: SignedIn, **members: object) -> Json:
    """Begin to follow a theme."""
    body = await body_of(office, "quality_assurance")
    theme = {"title": "Missed visits", "description": "Visits that fail are not made again."}
    return await post(office, "/themes", theme | {"body_id": body["id"]} | members)


def path_of(theme: Json) -> str:
    """Return the path of a theme."""
    return f"/themes/{theme['id']}"


@pytest.mark.duty("9.11")
async def test_a_theme_counts_its_evidence_over_sources(
    business_office: SignedIn, moderator: SignedIn, board_member: SignedIn
) -> None:
    theme = await follow(business_office)
    empty = (theme["evidence_count"], theme["first_seen_at"], theme["source_kinds"])
    for kind in ("maca", "indicator"):
        found = await draft_finding(moderator, source_kind=kind)
        await confirm(business_office, found)
        await post(business_office, f"{path_of(theme)}/findings", {"finding_id": found["id"]})

    seen = (await board_member.get(path_of(theme))).json()
    links = (await board_member.get(f"{path_of(theme)}/findings")).json()["items"]
    first = await board_member.get(f"{path_of(theme)}/findings/{links[0]['id']}")

    assert empty == (0, None, [])
    assert (seen["evidence_count"], seen["source_kinds"]) == (2, ["indicator", "maca"])
    assert seen["source_areas"] == ["data", "qualitative"]
    assert seen["first_seen_at"] < seen["last_seen_at"]
    assert first.json() == links[0]


async def test_only_what_is_confirmed_is_evidence_and_once(
    business_office: SignedIn, moderator: SignedIn, finding: Json
) -> None:
    theme, link = await follow(business_office), {"finding_id": finding["id"]}

    too_soon = await moderator.post(f"{path_of(theme)}/findings", json=link)
    await confirm(business_office, finding)
    await post(moderator, f"{path_of(theme)}/findings", link)
    again = await moderator.post(f"{path_of(theme)}/findings", json=link)
    linked = await moderator.get(f"/findings/{finding['id']}")

    assert (too_soon.status_code, too_soon.json()["code"]) == (409, "finding_not_confirmed")
    assert again.json()["errors"][0]["code"] == "theme_findings_pair_key"
    assert linked.json()["status"] == "linked"


async def test_an_agency_follows_no_theme(lead: SignedIn, business_office: SignedIn) -> None:
    theme = await follow(business_office)

    made = await lead.post(
        "/themes", json={k: theme[k] for k in ("title", "description", "body_id")}
    )
    moved = await go(lead, path_of(theme), "monitored")

    assert (made.status_code, moved.status_code) == (403, 403)


async def test_a_theme_is_monitored_and_closed_for_a_reason(business_office: SignedIn) -> None:
    theme = await follow(business_office)
    await went(business_office, path_of(theme), "monitored")

    without = await go(business_office, path_of(theme), "closed")
    closed = await went(business_office, path_of(theme), "closed", reason="It is gone.")
    moves = (await business_office.get(f"{path_of(theme)}/transitions")).json()["items"]

    assert (without.status_code, closed["allowed_transitions"]) == (422, [])
    assert [each["to_state"] for each in moves] == ["closed", "monitored"]


async def test_a_theme_names_nobody(business_office: SignedIn) -> None:
    theme = await follow(business_office)

    response = await business_office.patch(
        path_of(theme), json={"description": "Desmond Hartigan."}, headers={"If-Match": "*"}
    )

    assert response.status_code == 422
