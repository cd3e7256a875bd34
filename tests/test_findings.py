"""Findings over HTTP: drafted, checked, confirmed by others, told (Framework sections 1, 3, 9)."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from app.models.findings import SourceArea, SourceKind
from app.reference.source_kinds import SOURCE_AREAS, SOURCE_TABLES
from tests.casework import Case, join_team
from tests.conftest import Json, SignedIn, SignIn
from tests.governance import Decided
from tests.learning import FOUND, WHY, confirm, draft_finding, go, went
from tests.reviews import begin
from tests.rounds import post
from tests.stage import StagedAudit

METHOD = {
    "sample": "20 files of one month.",
    "exclusions": "Open police cases.",
    "denominators": "20 of 212 files.",
    "research_references": ["National review of neglect, 2014"],
}


def path_of(finding: Json) -> str:
    """Return the path of a finding."""
    return f"/findings/{finding['id']}"


async def of_agency(office: SignedIn, agency: Json, **members: object) -> Json:
    """Draft a finding of one agency."""
    return await draft_finding(office, agency_id=agency["id"], scope="single_agency", **members)


def test_every_kind_of_source_has_an_area() -> None:
    assert SOURCE_AREAS.keys() == {kind.value for kind in SourceKind}
    assert set(SOURCE_AREAS.values()) == {area.value for area in SourceArea}
    assert SOURCE_TABLES.keys() <= SOURCE_AREAS.keys()


@pytest.mark.duty("1.5")
@pytest.mark.duty("3.3")
@pytest.mark.duty("23.2")
async def test_a_finding_says_how_it_was_found_why_it_happened_and_what_it_weighs(
    moderator: SignedIn,
) -> None:
    made = await draft_finding(
        moderator, method=METHOD, analysis="There was no list.", severity=4, spread=5
    )

    assert (made["method"], made["analysis"]) == (METHOD, "There was no list.")
    assert (made["priority_score"], made["source_area"], made["status"]) == (
        20,
        "qualitative",
        "drafted",
    )


@pytest.mark.parametrize("member", ["title", "text", "analysis", "source_title"])
async def test_a_finding_names_nobody(moderator: SignedIn, member: str) -> None:
    body = FOUND | {member: "Desmond Hartigan was not visited."}

    response = await moderator.post("/findings", json=body)

    assert response.status_code == 422
    assert "Hartigan" not in response.text


async def test_neither_does_its_method(moderator: SignedIn) -> None:
    body = FOUND | {"method": {"sample": "Files of Desmond Hartigan."}}

    response = await moderator.post("/findings", json=body)

    assert response.status_code == 422
    assert response.json()["identifiers"][0]["pointer"] == "/method/sample"


async def test_a_draft_is_for_who_runs_the_pipeline_until_it_is_confirmed(
    business_office: SignedIn, board_member: SignedIn, finding: Json
) -> None:
    hidden = await board_member.get(path_of(finding))
    await confirm(business_office, finding)
    shown = await board_member.get(path_of(finding))

    assert (hidden.status_code, shown.status_code) == (404, 200)
    assert shown.json()["allowed_transitions"] == []


async def test_who_only_reads_writes_no_finding(board_member: SignedIn, lead: SignedIn) -> None:
    of_reader = await board_member.post("/findings", json=FOUND)
    of_others = await lead.post("/findings", json=FOUND)

    assert (of_reader.status_code, of_others.status_code) == (403, 403)


async def test_who_drafted_a_finding_does_not_confirm_it(business_office: SignedIn) -> None:
    mine = await draft_finding(business_office)

    response = await go(business_office, path_of(mine), "confirmed")

    assert (response.status_code, "confirmed" in mine["allowed_transitions"]) == (409, False)


async def test_the_database_holds_that_too(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    mine = await draft_finding(business_office)

    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(
            "UPDATE findings SET confirmed_by_id = drafted_by_id WHERE id = $1", mine["id"]
        )


async def test_an_agency_checks_the_facts_before_they_are_confirmed(
    business_office: SignedIn,
    moderator: SignedIn,
    agency: Json,
    lead: SignedIn,
    other_system: SignedIn,
) -> None:
    draft = await of_agency(moderator, agency)
    before = await lead.get(path_of(draft))
    checked = await went(business_office, path_of(draft), "factual_check")
    too_soon = await go(business_office, path_of(draft), "confirmed")
    seen, of_others = await lead.get(path_of(draft)), await other_system.get(path_of(draft))
    accepted = await lead.post(f"{path_of(draft)}/acceptance", headers={"If-Match": "*"})
    again = await lead.post(f"{path_of(draft)}/acceptance", headers={"If-Match": "*"})
    done = await went(business_office, path_of(draft), "confirmed")

    assert before.status_code == 404
    assert checked["factual_check_due_on"] is not None
    assert (too_soon.status_code, seen.status_code, of_others.status_code) == (409, 200, 404)
    assert (accepted.status_code, again.status_code) == (200, 409)
    assert done["confirmed_by_id"] == str(business_office.principal_id)


async def test_only_the_agency_concerned_disputes_and_says_why(
    business_office: SignedIn, moderator: SignedIn, agency: Json, lead: SignedIn
) -> None:
    draft = await of_agency(moderator, agency)
    await went(business_office, path_of(draft), "factual_check")

    of_office = await go(business_office, path_of(draft), "disputed", reason=WHY)
    without = await go(lead, path_of(draft), "disputed")
    await went(lead, path_of(draft), "disputed", reason="Two visits were made.")
    settled = await went(business_office, path_of(draft), "resolved", reason=WHY)

    assert (of_office.status_code, without.status_code) == (409, 422)
    assert settled["status"] == "resolved"


async def test_an_agency_does_not_word_what_is_found_of_it(
    business_office: SignedIn, moderator: SignedIn, agency: Json, lead: SignedIn
) -> None:
    draft = await of_agency(moderator, agency)
    await went(business_office, path_of(draft), "factual_check")

    for members in ({"text": "All was well."}, {"severity": 1}):
        response = await lead.patch(path_of(draft), json=members, headers={"If-Match": "*"})
        assert response.status_code in {403, 409}


async def test_what_is_confirmed_is_weighed_but_not_worded_anew(
    business_office: SignedIn, finding: Json
) -> None:
    await confirm(business_office, finding)

    worded = await business_office.patch(
        path_of(finding), json={"text": "Other."}, headers={"If-Match": "*"}
    )
    weighed = await business_office.patch(
        path_of(finding), json={"severity": 3, "spread": 2}, headers={"If-Match": "*"}
    )

    assert (worded.status_code, worded.json()["code"]) == (409, "record_fixed")
    assert weighed.json()["priority_score"] == 6


@pytest.mark.duty("1.4")
async def test_good_practice_is_shared_at_once_and_counted(
    business_office: SignedIn, moderator: SignedIn, board_member: SignedIn, audit: StagedAudit
) -> None:
    source = {"source_kind": "s11", "source_id": str(audit.id)}
    good = await draft_finding(moderator, kind="good_practice", **source)
    await went(business_office, path_of(good), "shared")
    for _ in range(3):
        other = await draft_finding(moderator, **source)
        await confirm(business_office, other)

    seen = await board_member.get("/learning-balance", params=source)

    assert seen.json() == {"findings": 4, "good_practice": 1, "share_percent": 25.0}


@pytest.mark.duty("9.4")
async def test_concerns_that_are_open_are_listed_with_their_age_and_escalation(
    business_office: SignedIn, moderator: SignedIn, agency: Json
) -> None:
    concern = await of_agency(moderator, agency, kind="concern")
    await went(business_office, path_of(concern), "factual_check")

    query = {"kind": "concern", "is_open": True, "agency_id": agency["id"]}
    (found,) = (await business_office.get("/findings", params=query)).json()["items"]

    assert (found["id"], found["age_days"]) == (concern["id"], 0)
    assert found["escalation"] is not None


async def test_a_source_that_nobody_sees_is_unknown(moderator: SignedIn) -> None:
    unknown = {"source_kind": "s11", "source_id": str(uuid4())}
    no_record = {"source_kind": "complaint_compliment", "source_id": str(uuid4())}

    answers = [
        await moderator.post("/findings", json=FOUND | each) for each in (unknown, no_record)
    ]

    assert [each.status_code for each in answers] == [409, 409]


async def test_what_a_live_review_taught_is_for_who_works_on_the_case_until_released(
    business_office: SignedIn,
    sign_in: SignIn,
    board_member: SignedIn,
    chair: SignedIn,
    case: Case,
) -> None:
    review = await begin(business_office, case)
    draft = await post(
        business_office,
        "/findings",
        FOUND | {"source_kind": "case_review", "source_id": review["id"]},
    )
    await went(chair, path_of(draft), "confirmed")
    hidden = await board_member.get(path_of(draft))
    reason = {"reason": "It is time."}
    too_soon = await business_office.post(
        f"{path_of(draft)}/release", json=reason, headers={"If-Match": "*"}
    )
    outsider = await sign_in("qa_chair")
    of_outsider = await outsider.post(
        "/findings", json=FOUND | {"source_kind": "case_review", "source_id": review["id"]}
    )

    assert draft["source_case_id"] == case.id
    assert hidden.status_code == 404
    assert (too_soon.status_code, too_soon.json()["code"]) == (409, "review_is_live")
    assert of_outsider.status_code == 409


async def test_what_is_released_by_decision_hides_its_case_still(
    business_office: SignedIn,
    board_member: SignedIn,
    chair: SignedIn,
    case: Case,
    decided: Decided,
) -> None:
    review = await begin(business_office, case)
    draft = await post(
        business_office,
        "/findings",
        FOUND | {"source_kind": "case_review", "source_id": review["id"]},
    )
    await went(chair, path_of(draft), "confirmed")
    decision_id = await decided("findings", draft["id"])
    path, tag = f"{path_of(draft)}/release", {"If-Match": "*"}
    released = await business_office.post(path, json={"decision_id": decision_id}, headers=tag)
    again = await business_office.post(path, json={"decision_id": decision_id}, headers=tag)
    seen = (await board_member.get(path_of(draft))).json()
    balance = await board_member.get("/learning-balance", params={"source_id": review["id"]})
    listed = await board_member.get("/findings", params={"from_source_id": review["id"]})

    assert (released.status_code, again.status_code) == (200, 409)
    assert seen["text"] == FOUND["text"]
    assert (seen["source_id"], seen["source_title"], seen["source_case_id"]) == (None, None, None)
    assert "/source_id" in {each["pointer"] for each in seen["redactions"]}
    assert (balance.json()["findings"], listed.json()["items"]) == (0, [])


async def test_a_finding_of_a_review_is_taken_over_once(
    business_office: SignedIn, case: Case
) -> None:
    review = await begin(business_office, case)
    told = await post(
        business_office,
        f"/case-reviews/{review['id']}/findings",
        {"kind": "concern", "scope": "multi_agency", "finding": "Nobody visited again."},
    )
    source = {"source_kind": "case_review", "source_id": review["id"]}
    taken = FOUND | source | {"review_finding_id": told["id"]}

    made = await post(business_office, "/findings", taken)
    again = await business_office.post("/findings", json=taken)
    other = await begin(business_office, case)
    of_other = await business_office.post("/findings", json=taken | {"source_id": other["id"]})

    assert made["review_finding_id"] == told["id"]
    assert again.json()["errors"][0]["code"] == "findings_review_finding_id_key"
    assert of_other.json()["errors"][0]["pointer"] == "/review_finding_id"


async def test_of_two_who_confirm_at_once_one_does(
    business_office: SignedIn, chair: SignedIn, finding: Json
) -> None:
    answers = await asyncio.gather(
        go(business_office, path_of(finding), "confirmed"), go(chair, path_of(finding), "confirmed")
    )

    assert sorted(each.status_code for each in answers) == [201, 409]


@pytest.mark.duty("1.3")
async def test_a_forum_is_recorded_and_is_a_source(
    moderator: SignedIn, board_member: SignedIn, agency: Json
) -> None:
    forum = await post(
        moderator,
        "/practitioner-forums",
        {"held_on": "2018-03-01", "title": "Forum on neglect", "agency_ids": [agency["id"]]},
    )
    path = f"/practitioner-forums/{forum['id']}"
    raised = await moderator.patch(
        path, json={"themes_raised": "Who visits again."}, headers={"If-Match": "*"}
    )
    found = await draft_finding(moderator, source_kind="forum", source_id=forum["id"])

    assert (await board_member.get(path)).json() == raised.json()
    assert found["source_id"] == forum["id"]


async def test_a_member_of_the_team_of_a_case_sees_what_it_taught(
    business_office: SignedIn, sign_in: SignIn, chair: SignedIn, case: Case
) -> None:
    review = await begin(business_office, case)
    draft = await draft_finding(business_office, source_kind="case_review", source_id=review["id"])
    await went(chair, path_of(draft), "confirmed")
    member = await sign_in("lead_reviewer", "board_member")

    before = await member.get(path_of(draft))
    await join_team(business_office, case, member, "lead_reviewer")
    after = await member.get(path_of(draft))

    assert (before.status_code, after.status_code) == (404, 200)
    assert after.json()["source_case_id"] == case.id
