"""A review whose report is to be published: drafted, checked, decided and announced by its cast."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from tests.casework import Case
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY, tag_of

SAID = "Zoë O'Hallorán lived with Siân O'Hallorán. Bartholomew Quist saw Zoë on Monday."
SECTION: Json = {"heading": "What happened", "text": SAID}
RECIPIENTS = ("child_safeguarding_practice_review_panel", "ofsted", "dfe")
"""Whom the regime of today has told ahead."""
REASONS = "Nothing in it says who the child is."
WITHHOLD: Json = {
    "decision": "withhold",
    "reasons": "A sibling would be known at once.",
    "withhold_reason": "risk_to_sibling_or_family",
    "legal_advice_reference": "Advice of 3 May, file 12",
}


@pytest.fixture
async def review(owner: asyncpg.Connection, business_office: SignedIn, case: Case) -> Json:
    """A review of `case` whose report the Board has approved."""
    return await approved_review(owner, business_office, case)


@pytest.fixture(scope="session")
async def second(sign_in: SignIn) -> SignedIn:
    """An officer who writes nothing and confirms what others checked."""
    return await sign_in("bo_officer")


async def approved_review(owner: asyncpg.Connection, office: SignedIn, case: Case) -> Json:
    """Begin a review, and have it stand where the Board approved of its report."""
    review = await post(office, "/case-reviews", {"case_id": case.id, "harm": "death"})
    await stand(owner, review, "board_approved")
    return review


async def stand(owner: asyncpg.Connection, review: Json, status: str) -> None:
    """Have a review stand somewhere, without the way there."""
    await owner.execute(
        "UPDATE case_reviews SET status = $2 WHERE id = $1", UUID(review["id"]), status
    )


async def draft(office: SignedIn, review: Json, **members: object) -> Json:
    """Draft a publication of a review."""
    body = {
        "case_review_id": review["id"],
        "kind": "overview_report",
        "title": "What was learned",
        "sections": [SECTION],
        "family_informed_on": TODAY.isoformat(),
    }
    return await post(office, "/publications", body | members)


def path_of(publication: Json) -> str:
    """Return the path of a publication."""
    return f"/publications/{publication['id']}"


async def patch(office: SignedIn, publication: Json, status: int = 200, **members: object) -> Json:
    """Change a draft as it stands."""
    path = path_of(publication)
    response = await office.patch(path, json=members, headers=await tag_of(office, path))
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def checked(office: SignedIn, publication: Json, **members: object) -> Json:
    """Check a publication."""
    return await post(office, f"{path_of(publication)}/checks", members)


async def confirm(
    caller: SignedIn, publication: Json, check: Json, status: int = 200, sha256: str | None = None
) -> Json:
    """Confirm a check as the second person."""
    path = f"{path_of(publication)}/checks/{check['id']}/confirmations"
    return await post(caller, path, {"sha256": sha256 or check["sha256"]}, status)


async def confirmed(office: SignedIn, second: SignedIn, publication: Json) -> Json:
    """Check a publication and have it confirmed; return the check."""
    check = await checked(office, publication)
    assert check["findings"] == []
    return await confirm(second, publication, check)


async def decide(chair: SignedIn, publication: Json, status: int = 201, **members: object) -> Json:
    """Decide about a publication; to publish it in full, unless told otherwise."""
    body = {"decision": "publish_full", "reasons": REASONS} | members
    return await post(chair, f"{path_of(publication)}/decisions", body, status)


async def announce(
    owner: asyncpg.Connection, office: SignedIn, publication: Json, days_ago: int
) -> None:
    """Have every body told some days ago, and the decision taken by then."""
    await owner.execute(
        "UPDATE publication_decisions SET created_at = now() - make_interval(days => $2)"
        " WHERE publication_id = $1",
        UUID(publication["id"]),
        days_ago,
    )
    sent_on = (TODAY - timedelta(days=days_ago)).isoformat()
    for recipient in RECIPIENTS:
        body = {"recipient": recipient, "sent_on": sent_on}
        await post(office, f"{path_of(publication)}/notices", body)


async def publish(office: SignedIn, publication: Json, status: int = 201) -> Json:
    """Publish what is ready as it stands."""
    response = await office.post(
        f"{path_of(publication)}/transitions",
        json={"to": "published"},
        headers={"If-Match": "*"},
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def ready(
    owner: asyncpg.Connection,
    office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    publication: Json,
) -> Json:
    """Bring a draft to where it may be published today; return it."""
    await confirmed(office, second, publication)
    await decide(chair, publication)
    await announce(owner, office, publication, 21)
    return await shown(office, publication)


async def shown(caller: SignedIn, publication: Json) -> Json:
    """Read a publication."""
    response = await caller.get(path_of(publication))
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


async def published(
    owner: asyncpg.Connection,
    office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> Json:
    """Draft a publication of a review and publish it; return it."""
    publication = await draft(office, review)
    await ready(owner, office, second, chair, publication)
    await publish(office, publication)
    return await shown(office, publication)
