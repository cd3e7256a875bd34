"""Every state of a review is entered by its own door, and by who may (section 16, lifecycle 6).

Generated from the table of moves: what is not in it is refused, whatever stands in the database.
"""

from uuid import UUID

import asyncpg
import pytest

from app.models.case_reviews import CaseReview, ReviewStatus
from app.models.review_lifecycle import DECIDE, OFFICE, RECOMMEND, REVIEW_LIFECYCLE, RUN
from app.services.records import update
from tests.casework import Case, undertake
from tests.conftest import Json, SignedIn, SignIn
from tests.reviews import Cast, appoint, begin, change, now, path_of, sent_to_panel
from tests.rounds import post
from tests.stage import Within, token_of

HELD = {
    "office": {RUN, OFFICE},
    "sub_group": {RUN, RECOMMEND},
    "chair": {DECIDE},
    "reviewer": {RUN},
}
"""What each of the cast holds; a test compares it with what the API offers."""


async def put(owner: asyncpg.Connection, review: Json, **columns: object) -> None:
    """Put a review into a state behind every guard."""
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
    await owner.execute(
        f"UPDATE case_reviews SET {sets} WHERE id = $1", UUID(review["id"]), *columns.values()
    )


@pytest.fixture
async def ready(cast: Cast, case: Case) -> Json:
    """A review that has all any move asks for, but a decision; a test puts it where it likes."""
    review = await sent_to_panel(cast, case)
    await appoint(cast, review)
    body = {"outcome": "statutory_review", "is_consensus": True, "reasons": "So we say."}
    await post(cast.sub_group, f"{path_of(review)}/recommendations", body)
    return review


@pytest.mark.parametrize("who", HELD)
@pytest.mark.parametrize("outcome", [None, "statutory_review", "no_further_action"])
@pytest.mark.duty("16.2")
async def test_nobody_moves_a_review_where_the_table_does_not_lead(
    owner: asyncpg.Connection, cast: Cast, ready: Json, who: str, outcome: str | None
) -> None:
    caller: SignedIn = getattr(cast, who)
    for state in ReviewStatus:
        await put(owner, ready, status=state.value, outcome=outcome)
        may = {
            m.target for m in REVIEW_LIFECYCLE.moves if m.source == state and m.needs in HELD[who]
        }
        offered = {*(await now(caller, ready))["allowed_transitions"]}

        assert offered <= may, (state, offered - may)


@pytest.mark.parametrize("who", HELD)
async def test_a_move_that_is_not_offered_is_refused(
    owner: asyncpg.Connection, cast: Cast, ready: Json, who: str
) -> None:
    caller: SignedIn = getattr(cast, who)
    for state in (ReviewStatus.screening, ReviewStatus.conducting, ReviewStatus.board_approved):
        await put(owner, ready, status=state.value)
        offered = (await now(caller, ready))["allowed_transitions"]
        for to in ReviewStatus:
            if to not in offered:
                response = await caller.post(
                    f"{path_of(ready)}/transitions",
                    json={"to": to, "reason": "It suits us."},
                    headers={"If-Match": "*"},
                )
                assert response.status_code == 409, (state, to, response.text)
    assert (await now(caller, ready))["status"] == "board_approved"


@pytest.mark.parametrize("who", HELD)
async def test_the_database_itself_keeps_each_to_the_own_moves(
    owner: asyncpg.Connection, cast: Cast, ready: Json, within: Within, who: str
) -> None:
    mine = {m.target for m in REVIEW_LIFECYCLE.moves if m.needs in HELD[who]}
    forbidden = {m.target for m in REVIEW_LIFECYCLE.moves} - mine
    caller = within(token_of(getattr(cast, who)), "case-reviews:read")
    await put(owner, ready, status="notified", outcome=None)

    assert forbidden
    for target in sorted(forbidden):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with caller.transaction() as db:
                await update(db, CaseReview, UUID(ready["id"]), {"status": target})


async def test_what_was_decided_changes_with_a_decision_alone(
    owner: asyncpg.Connection, cast: Cast, ready: Json, within: Within
) -> None:
    await put(owner, ready, status="conducting", outcome="statutory_review")
    callers = [within(token_of(each), "case-reviews:read") for each in (cast.office, cast.chair)]

    for caller in callers:
        for members in ({"outcome": "no_further_action"}, {"review_type": "deep_dive"}):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with caller.transaction() as db:
                    await update(db, CaseReview, UUID(ready["id"]), members)


@pytest.mark.duty("16.13")
async def test_nothing_is_published_while_a_process_that_pauses_it_is_open(
    owner: asyncpg.Connection, cast: Cast, ready: Json, within: Within
) -> None:
    await put(owner, ready, status="pre_publication_notice")
    before = (await now(cast.office, ready))["allowed_transitions"]
    path = f"{path_of(ready)}/parallel-processes"
    inquest = await post(cast.office, path, {"kind": "coroner"})
    complaint = await post(cast.office, path, {"kind": "complaint"})

    paused = (await now(cast.office, ready))["allowed_transitions"]
    refused = await cast.office.post(
        f"{path_of(ready)}/transitions", json={"to": "published"}, headers={"If-Match": "*"}
    )
    with pytest.raises(asyncpg.CheckViolationError):
        async with within(token_of(cast.office), "case-reviews:read").transaction() as db:
            await update(db, CaseReview, UUID(ready["id"]), {"status": "published"})
    await change(cast.office, f"{path}/{inquest['id']}", ended_on="2026-01-05")
    after = (await now(cast.office, ready))["allowed_transitions"]

    pauses = (inquest["pauses_publication"], complaint["pauses_publication"])
    assert pauses == (True, False)
    assert (before, paused, after) == (["published"], [], ["published"])
    assert refused.status_code == 409


@pytest.mark.duty("16.5")
async def test_no_review_is_commissioned_without_a_reviewer_who_declared_and_undertook(
    cast: Cast, case: Case, sign_in: SignIn
) -> None:
    review = await begin(cast.office, case, review_type="deep_dive")
    reviewer = await sign_in("lead_reviewer")
    path = f"{path_of(review)}/reviewers"
    body = {"user_id": str(reviewer.principal_id), "independence": "Never worked here."}

    undeclared = await cast.office.post(path, json=body)
    await change(cast.office, path_of(review), terms_of_reference="What was known, and when.")
    await post(cast.office, path, body | {"conflicts": "None to declare."})
    no_undertaking = (await now(cast.chair, review))["allowed_transitions"]
    await undertake(reviewer)
    ready = (await now(cast.chair, review))["allowed_transitions"]

    assert undeclared.status_code == 422
    assert (no_undertaking, ready) == (
        ["no_further_action"],
        ["commissioned", "no_further_action"],
    )
