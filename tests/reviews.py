"""A case review for tests: begun, walked through its states, decided, as a board does it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from app.reference.regimes import regime
from tests.casework import Case, undertake
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post, step
from tests.stage import tag_of

BOARD_DAY = "2016-05-06"
"""A day on which Working Together 2015 was in force."""
PARTNERS_DAY = "2024-12-16"
TERMS = "How agencies worked together with [Child A]."


@dataclass(frozen=True, slots=True)
class Cast:
    """Who has a part in a review."""

    office: SignedIn
    sub_group: SignedIn
    chair: SignedIn
    reviewer: SignedIn


@pytest.fixture(scope="session")
async def cast(sign_in: SignIn, business_office: SignedIn, chair: SignedIn) -> Cast:
    """The Business Office, the sub group, the chair, and a reviewer who signed the undertaking."""
    reviewer = await sign_in("lead_reviewer")
    await undertake(reviewer)
    return Cast(business_office, await sign_in("scr_member"), chair, reviewer)


async def begin(office: SignedIn, case: Case, **members: object) -> Json:
    """Begin a review of a case, under Working Together 2015 unless told otherwise."""
    body = {"case_id": case.id, "harm": "death", "notified_on": BOARD_DAY}
    return await post(office, "/case-reviews", body | members)


def path_of(review: Json) -> str:
    """Return the path of a review."""
    return f"/case-reviews/{review['id']}"


async def now(caller: SignedIn, review: Json) -> Json:
    """Return a review as it stands."""
    response = await caller.get(path_of(review))
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


async def change(caller: SignedIn, path: str, **members: object) -> Json:
    """Change a record as it stands; return it."""
    response = await caller.patch(path, json=members, headers=await tag_of(caller, path))
    assert response.status_code == 200, response.text
    changed: Json = response.json()
    return changed


async def answer(office: SignedIn, review: Json, yes: Sequence[str] = (), **members: bool) -> Json:
    """Answer every limb of the criteria: yes to some, no to the others; return the review."""
    limbs = [limb.code for limb in regime(review["regime"]).criteria.limbs]
    said = {limb: limb in yes for limb in limbs} | members
    answers = [
        {"limb": limb, "is_met": said[limb], "reason": f"As the hospital told us of {n}."}
        for n, limb in enumerate(limbs)
    ]
    path = path_of(review)
    response = await office.put(
        f"{path}/criteria", json={"answers": answers}, headers=await tag_of(office, path)
    )
    assert response.status_code == 200, response.text
    answered: Json = response.json()
    return answered


async def recommend(
    caller: SignedIn, review: Json, outcome: str, status: int = 201, **members: object
) -> Json:
    """Recommend an outcome, of one mind unless told otherwise."""
    body = {"outcome": outcome, "is_consensus": True, "reasons": "The criteria speak for it."}
    return await post(caller, f"{path_of(review)}/recommendations", body | members, status)


async def decide(
    caller: SignedIn, review: Json, outcome: str, status: int = 201, **members: object
) -> Json:
    """Decide an outcome."""
    body = {"outcome": outcome, "reasons": "I have read what the sub group says."}
    return await post(caller, f"{path_of(review)}/decisions", body | members, status)


async def screened(cast: Cast, case: Case, **members: object) -> Json:
    """Bring a review to where the sub group recommends."""
    review = await begin(cast.office, case, **members)
    await step(cast.office, path_of(review), "triage", "screening")
    await answer(cast.office, review, ["abuse_or_neglect", "child_died"])
    return await now(cast.office, review)


async def recommended(cast: Cast, case: Case, outcome: str = "statutory_review") -> Json:
    """Bring a review to where the chair decides."""
    review = await screened(cast, case)
    await recommend(cast.sub_group, review, outcome)
    return await now(cast.office, review)


async def sent_to_panel(cast: Cast, case: Case) -> Json:
    """Bring a review of the partners to where they decide."""
    review = await begin(cast.office, case, notified_on=PARTNERS_DAY, regime="LSP_WT2023")
    await answer(cast.office, review, ["abuse_or_neglect", "child_died", "in_the_area"])
    await step(cast.chair, path_of(review), "criteria_agreed")
    await step(cast.office, path_of(review), "rapid_review", "sent_to_panel")
    await change(cast.office, path_of(review), panel_response="agree")
    await step(cast.office, path_of(review), "panel_response")
    return await now(cast.office, review)


async def appoint(cast: Cast, review: Json) -> Json:
    """Write the terms of reference, and appoint the reviewer."""
    await change(cast.office, path_of(review), terms_of_reference=TERMS)
    declared = {"independence": "Never worked here.", "conflicts": "None to declare."}
    body = {"user_id": str(cast.reviewer.principal_id)} | declared
    return await post(cast.office, f"{path_of(review)}/reviewers", body)


async def commissioned(cast: Cast, case: Case) -> Json:
    """Bring a review of the Board to where it is commissioned."""
    review = await recommended(cast, case)
    await decide(cast.chair, review, "statutory_review")
    await appoint(cast, review)
    await step(cast.chair, path_of(review), "commissioned")
    return await now(cast.office, review)


async def approved(cast: Cast, review: Json) -> Json:
    """Take a review that is commissioned to where the Board has approved its report."""
    path = path_of(review)
    states = ("conducting", "report_draft", "agencies_fact_check", "family_shared")
    await step(cast.office, path, *states)
    await step(cast.sub_group, path, "sg_endorsed")
    await step(cast.chair, path, "board_approved")
    return await now(cast.office, review)
