"""What the Board tells other boards, over HTTP: what stands and names no case (section 8)."""

import httpx
import pytest

from tests.casework import Case
from tests.conftest import Json, SignedIn
from tests.governance import Decided
from tests.learning import FOUND, accept, draft_finding, draft_recommendation, support, went
from tests.reviews import begin
from tests.rounds import post
from tests.stage import TODAY


async def told_to(caller: SignedIn, **query: int) -> dict[str, Json]:
    """Return what is shared, by its identifier."""
    response = await caller.get("/shared-learning", params=query)
    assert response.status_code == 200, response.text
    return {each["id"]: each for each in response.json()["items"]}


@pytest.mark.duty("8.4")
async def test_what_the_board_accepted_and_what_goes_well_is_told_to_other_boards(
    business_office: SignedIn, moderator: SignedIn, board_member: SignedIn, decided: Decided
) -> None:
    good = await draft_finding(moderator, kind="good_practice")
    unshared = await draft_finding(moderator, kind="strength")
    await went(business_office, f"/findings/{good['id']}", "shared")
    supported = await support(business_office, decided, await draft_recommendation(business_office))
    accepted = await accept(business_office, decided, await draft_recommendation(business_office))

    told = await told_to(board_member)
    this_year = await told_to(board_member, year=TODAY.year)
    other_year = await told_to(board_member, year=TODAY.year - 1)

    members = ("id", "title", "text", "source_kind")
    for kind, record in (("good_practice", good), ("recommendation", accepted)):
        expected = {name: record[name] for name in members}
        assert told[record["id"]] == expected | {"kind": kind, "year": TODAY.year}
        assert record["id"] in this_year.keys() - other_year.keys()
    assert not {unshared["id"], supported["id"]} & told.keys()
    assert list(told) == sorted(told, reverse=True)


@pytest.mark.duty("8.4")
async def test_what_was_learned_from_a_case_is_told_once_it_is_released(
    business_office: SignedIn, chair: SignedIn, case: Case, decided: Decided
) -> None:
    review = await begin(business_office, case)
    source = {"source_kind": "case_review", "source_id": review["id"]}
    good = await post(business_office, "/findings", FOUND | source | {"kind": "good_practice"})
    path = f"/findings/{good['id']}"
    await went(chair, path, "shared")

    before = await told_to(business_office)
    decision_id = await decided("findings", good["id"])
    released = await business_office.post(
        f"{path}/release", json={"decision_id": decision_id}, headers={"If-Match": "*"}
    )
    after = await told_to(business_office)

    assert released.status_code == 200
    assert good["id"] in after.keys() - before.keys()
    assert case.id not in str(after[good["id"]])


async def test_shared_learning_is_for_who_reads_learning(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/shared-learning")).status_code == 401
