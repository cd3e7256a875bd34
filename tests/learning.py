"""Findings and recommendations for tests: drafted, and walked to where others begin."""

from typing import Any

import httpx
import pytest

from tests.conftest import Json, SignedIn
from tests.governance import Decided, body_of
from tests.rounds import post

FOUND: Json = {
    "kind": "area_for_development",
    "scope": "multi_agency",
    "title": "Visits were not followed up",
    "text": "In 7 of 20 files nobody visited again.",
    "source_kind": "maca",
    "source_title": "Audit of files",
}
RECOMMENDED: Json = {
    "title": "Follow up missed visits",
    "text": "Each visit that fails is made again in a week.",
    "source_kind": "maca",
    "source_title": "Audit of files",
}
WHY = "As the sub group heard."


async def draft_finding(caller: SignedIn, **members: object) -> Json:
    """Draft a finding, of several agencies unless told otherwise."""
    return await post(caller, "/findings", FOUND | members)


async def go(caller: SignedIn, path: str, to: str, **members: Any) -> httpx.Response:
    """Ask for one move of a record as it stands."""
    body = {"to": to} | members
    return await caller.post(f"{path}/transitions", json=body, headers={"If-Match": "*"})


async def went(caller: SignedIn, path: str, to: str, **members: Any) -> Json:
    """Make one move of a record, which must succeed; return the record."""
    response = await go(caller, path, to, **members)
    assert response.status_code == 201, response.text
    found: Json = (await caller.get(path)).json()
    return found


async def confirm(office: SignedIn, finding: Json, agency: SignedIn | None = None) -> Json:
    """Walk a draft to `confirmed`; its agency, if it has one, accepts the facts."""
    path = f"/findings/{finding['id']}"
    if agency is not None:
        await went(office, path, "factual_check")
        accepted = await agency.post(f"{path}/acceptance", headers={"If-Match": "*"})
        assert accepted.status_code == 200, accepted.text
    return await went(office, path, "confirmed")


async def draft_recommendation(office: SignedIn, **members: object) -> Json:
    """Draft a recommendation of the Quality Assurance Sub Group."""
    body = await body_of(office, "quality_assurance")
    return await post(office, "/recommendations", RECOMMENDED | {"body_id": body["id"]} | members)


async def decide_and_go(
    office: SignedIn, decided: Decided, recommendation: Json, to: str, body: str, **members: Any
) -> Json:
    """Have a body agree on a recommendation, and move it."""
    decision_id = await decided("recommendations", recommendation["id"], body)
    path = f"/recommendations/{recommendation['id']}"
    return await went(office, path, to, decision_id=decision_id, **members)


async def support(office: SignedIn, decided: Decided, recommendation: Json) -> Json:
    """Walk a draft to where the Board considers it."""
    for to, body in (
        ("recommended_by_sub_group", "quality_assurance"),
        ("executive_group_supported", "executive_group"),
    ):
        recommendation = await decide_and_go(office, decided, recommendation, to, body)
    return recommendation


async def accept(office: SignedIn, decided: Decided, recommendation: Json) -> Json:
    """Walk a draft to `accepted`."""
    supported = await support(office, decided, recommendation)
    return await decide_and_go(office, decided, supported, "accepted", "board")


@pytest.fixture
async def finding(moderator: SignedIn) -> Json:
    """A draft of a finding of several agencies, by a member of the sub group."""
    return await draft_finding(moderator)


@pytest.fixture
async def recommendation(business_office: SignedIn) -> Json:
    """A draft of a recommendation."""
    return await draft_recommendation(business_office)
