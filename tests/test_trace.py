"""The trace over HTTP: from a finding to its impact, for who may see what (Framework section 3)."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.acting import Acting, decide, get, insert, stage_finding, stage_recommendation
from tests.conftest import Json, SignedIn
from tests.rounds import post

LISTS = ("findings", "recommendations", "actions", "impact_checks", "decisions", "transitions")


@dataclass(frozen=True, slots=True)
class Story:
    """A finding, what was recommended, and what was done, checked and done again."""

    finding: UUID
    recommendation: UUID
    action: str

    @property
    def paths(self) -> tuple[str, str, str]:
        """Return the three ends of the trace."""
        return (
            f"/findings/{self.finding}/trace",
            f"/recommendations/{self.recommendation}/trace",
            f"/actions/{self.action}/trace",
        )


async def tell(acting: Acting, case_id: str | None = None) -> Story:
    """Have a finding lead to an action that did not embed, of a live case if one is given."""
    db, case = acting.db, UUID(case_id) if case_id else None
    of_case: Json = {
        "source_case_id": case,
        "source_kind": "case_review" if case else "maca",
        "source_id": uuid4(),
    }
    finding = await stage_finding(db, **of_case)
    recommendation = await stage_recommendation(db, **of_case)
    await link(db, recommendation, finding)
    await decide(db, recommendation, subject="recommendations")
    checks = await acting.verify(recommendation_id=str(recommendation))
    await acting.conclude(checks[0], "not_embedded")
    return Story(finding, recommendation, acting.path.rpartition("/")[2])


async def link(db: asyncpg.Connection, recommendation: UUID, finding: UUID) -> None:
    """Say that a recommendation answers a finding."""
    added_by = await db.fetchval("SELECT id FROM principals WHERE kind = 'service' LIMIT 1")
    await insert(
        db,
        "recommendation_findings",
        recommendation_id=recommendation,
        finding_id=finding,
        added_by_id=added_by,
    )


@pytest.mark.duty("16.7")
@pytest.mark.duty("21.2")
async def test_a_trace_leads_from_the_finding_to_what_it_changed(acting: Acting) -> None:
    story = await tell(acting)

    trace = await get(acting.office, story.paths[1])

    assert [each["id"] for each in trace["findings"]] == [str(story.finding)]
    assert trace["findings"][0]["source_title"] == "Audit of neglect"
    assert [each["id"] for each in trace["recommendations"]] == [str(story.recommendation)]
    first, child = trace["actions"]
    assert (first["id"], first["evidence_count"], first["child_count"]) == (story.action, 1, 1)
    assert first["verified_by_id"] == str(acting.checker.principal_id)
    assert (child["parent_id"], child["status"]) == (story.action, "draft")
    assert [each["result"] for each in trace["impact_checks"]] == ["not_embedded", None]
    assert [each["body_code"] for each in trace["decisions"]] == ["board", "board"]
    states = [each["to_state"] for each in trace["transitions"]]
    assert {"agreed", "verified", "closed_not_embedded", "concluded", "reopened"} <= set(states)
    assert trace["reopenings"] == 1


async def test_the_trace_is_the_same_from_its_three_ends(acting: Acting) -> None:
    story = await tell(acting)

    ends = [await get(acting.office, path) for path in story.paths]

    for name in LISTS:
        assert ends[0][name] == ends[1][name] == ends[2][name], name
    assert [end["subject"] for end in ends] == ["findings", "recommendations", "actions"]


async def test_a_partner_reads_the_trace_without_drafts_and_without_an_agency_s_own_words(
    acting: Acting, board_member: SignedIn
) -> None:
    story = await tell(acting)

    trace = await get(board_member, story.paths[0])

    assert [each["id"] for each in trace["actions"]] == [story.action]
    assert trace["actions"][0]["evidence_count"] == 1
    assert "evidence" not in trace
    assert trace["reopenings"] == 1


@pytest.mark.parametrize("end", [0, 1, 2])
async def test_a_trace_of_a_live_case_is_for_who_works_on_it(
    acting: Acting, board_member: SignedIn, other_system: SignedIn, end: int
) -> None:
    case = await post(acting.office, "/cases", {"occurred_on": "2016-05-04"})
    story = await tell_of_case(acting, case)

    known = await get(acting.office, story.paths[end])

    assert known["actions"][0]["source_case_id"] == case["id"]
    assert known["findings"][0]["source_title"] == "Audit of neglect"
    for partner in (board_member, other_system):
        assert (await partner.get(story.paths[end])).status_code == 404


async def tell_of_case(acting: Acting, case: Json) -> Story:
    """Tell the story of a live case, checked by who works on it."""
    acting.checker, checker = acting.office, acting.checker
    try:
        return await tell(acting, case["id"])
    finally:
        acting.checker = checker


async def test_the_agency_of_an_action_of_a_live_case_reads_its_action_and_nothing_of_the_source(
    acting: Acting,
) -> None:
    case = await post(acting.office, "/cases", {"occurred_on": "2016-05-04"})
    story = await tell_of_case(acting, case)

    trace = await get(acting.lead, story.paths[2])

    assert trace["actions"][0]["id"] == story.action
    assert trace["actions"][0]["source_case_id"] is None
    assert (trace["findings"], trace["recommendations"]) == ([], [])
    assert case["id"] not in str(trace)
    for path in story.paths[:2]:
        assert (await acting.lead.get(path)).status_code == 404


async def test_what_was_released_of_a_case_is_traced_without_its_source(
    acting: Acting, board_member: SignedIn
) -> None:
    case = await post(acting.office, "/cases", {"occurred_on": "2016-05-04"})
    story = await tell_of_case(acting, case)
    for table, record in (
        ("findings", story.finding),
        ("recommendations", story.recommendation),
    ):
        await acting.db.execute(
            f"UPDATE {table} SET is_released = true, release_reason = 'Agreed' WHERE id = $1",
            record,
        )

    trace = await get(board_member, story.paths[1])

    assert [each["id"] for each in trace["actions"]] == [story.action]
    withheld = {each["pointer"] for each in trace["findings"][0]["redactions"]}
    assert "/source_title" in withheld
    assert trace["findings"][0]["source_title"] is None
    assert case["id"] not in str(trace)


async def test_a_trace_of_nothing_is_not_found(board_member: SignedIn) -> None:
    for table in ("findings", "recommendations", "actions"):
        assert (await board_member.get(f"/{table}/{uuid4()}/trace")).status_code == 404
