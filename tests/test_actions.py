"""SMART actions over HTTP: drafted, agreed, done, verified by others (Framework section 21)."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.acting import (
    DUE,
    PAGE,
    SMART,
    Acting,
    advance,
    decide,
    get,
    stage_finding,
    stage_recommendation,
)
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY, Within, token_of

PARTS = (*SMART, "due_on", "owner_id", "deputy_id")


async def test_a_draft_is_read_whole_by_its_agency_and_the_business_office(
    acting: Acting,
) -> None:
    made = await acting.draft()

    assert await get(acting.office, acting.path) == made
    seen = await get(acting.lead, acting.path)
    assert {name: seen[name] for name in acting.body} == acting.body
    assert (seen["status"], seen["rag"], seen["slippage_days"]) == ("draft", None, None)


async def test_a_draft_is_hidden_from_every_other_partner(
    acting: Acting, other_system: SignedIn, board_member: SignedIn
) -> None:
    made = await acting.draft()

    for partner in (other_system, board_member, acting.checker):
        assert (await partner.get(acting.path)).status_code == 404
        assert (await partner.get(f"{acting.path}/updates")).status_code == 404
        listed = await get(partner, f"/actions?agency_id={made['agency_id']}")
        assert listed["items"] == []


@pytest.mark.duty("21.1")
@pytest.mark.parametrize("part", PARTS)
async def test_an_action_that_lacks_a_part_is_not_agreed(acting: Acting, part: str) -> None:
    made = await acting.draft(**{part: None})
    decision = await decide(acting.db, made["id"])

    refused = await advance(acting.office, acting.path, "agreed", 409, decision_id=decision)

    assert refused["code"] == "action_not_smart"
    assert [error["pointer"] for error in refused["errors"]] == [f"/{part}"]


async def test_an_action_that_is_due_already_is_not_agreed(acting: Acting) -> None:
    made = await acting.draft(due_on=str(TODAY))
    decision = await decide(acting.db, made["id"])

    refused = await advance(acting.office, acting.path, "agreed", 409, decision_id=decision)

    assert refused["errors"][0]["pointer"] == "/due_on"


@pytest.mark.duty("21.1")
async def test_only_a_decision_of_the_board_on_this_action_agrees_it(
    acting: Acting, owner: asyncpg.Connection
) -> None:
    made = await acting.draft()
    decisions = [
        None,
        await decide(owner, uuid4()),
        await decide(owner, made["id"], "quality_assurance"),
        await decide(owner, made["id"], outcome="deferred"),
    ]

    for decision in decisions:
        refused = await advance(acting.office, acting.path, "agreed", 409, decision_id=decision)
        assert refused["code"] == "decision_needed"


@pytest.mark.duty("9.12")
async def test_an_agreed_action_is_read_by_all_partners_and_owed_by_its_agency(
    acting: Acting, board_member: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await acting.agree()

    assert (await get(board_member, acting.path))["agreed_on"] == str(TODAY)
    owed = await owner.fetchrow(
        "SELECT agency_id, due_on FROM obligations WHERE kind = 'action_completion'"
        " AND record_id = $1",
        UUID(made["id"]),
    )
    assert owed is not None
    assert (str(owed["agency_id"]), owed["due_on"]) == (acting.agency_id, DUE)


async def test_what_was_agreed_stays_and_who_answers_for_it_may_change(
    acting: Acting, sign_in: SignIn
) -> None:
    await acting.agree()
    other = await sign_in("agency_lead", agency_id=acting.agency_id)

    for body in ({"specific": "Less."}, {"due_on": str(DUE + timedelta(days=9))}):
        refused = await acting.office.patch(acting.path, json=body, headers={"If-Match": "*"})
        assert (refused.status_code, refused.json()["code"]) == (409, "record_fixed")
    taken = await acting.lead.patch(
        acting.path, json={"owner_id": str(other.principal_id)}, headers={"If-Match": "*"}
    )
    assert taken.json()["owner_id"] == str(other.principal_id)


async def test_owner_and_deputy_are_two_people_of_the_agency(
    acting: Acting, board_member: SignedIn
) -> None:
    stranger = acting.body | {"owner_id": str(board_member.principal_id)}
    twice = acting.body | {"deputy_id": acting.body["owner_id"]}
    source = {"recommendation_id": str(await stage_recommendation(acting.db))}

    answers = [
        await acting.office.post("/actions", json=body | source) for body in (stranger, twice)
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert [answer.json()["errors"][0]["code"] for answer in answers] == [
        "actions_owner_agency_check",
        "actions_deputy_check",
    ]


async def test_an_action_has_one_source(acting: Acting) -> None:
    both = {
        "recommendation_id": str(await stage_recommendation(acting.db)),
        "finding_id": str(await stage_finding(acting.db)),
    }

    for body in (acting.body, acting.body | both):
        assert (await acting.office.post("/actions", json=body)).status_code == 422
    unknown = await acting.office.post("/actions", json=acting.body | {"finding_id": str(uuid4())})
    assert unknown.json()["errors"][0]["pointer"] == "/finding_id"


async def test_an_agency_drafts_for_itself_only(acting: Acting, other_system: SignedIn) -> None:
    source = {"finding_id": str(await stage_finding(acting.db))}

    assert (await acting.lead.post("/actions", json=acting.body | source)).status_code == 201
    assert (await other_system.post("/actions", json=acting.body | source)).status_code == 403


async def test_an_action_names_nobody(acting: Acting) -> None:
    source = {"finding_id": str(await stage_finding(acting.db))}
    body = acting.body | source | {"specific": "Desmond Hartigan visits."}

    refused = await acting.office.post("/actions", json=body)

    assert refused.status_code == 422
    assert refused.json()["identifiers"][0]["pointer"] == "/specific"


@pytest.mark.duty("21.2")
async def test_the_agency_reports_progress_and_nobody_else(
    acting: Acting, other_system: SignedIn
) -> None:
    await acting.agree()
    late = str(DUE + timedelta(days=5))
    report = {"text": "The rota is in force.", "percent": 40, "forecast_on": late}

    made = await post(acting.lead, f"{acting.path}/updates", report)

    assert made["text"] == report["text"]
    seen = await get(acting.office, acting.path)
    assert (seen["percent"], seen["forecast_on"], seen["rag"]) == (40, late, "amber")
    assert seen["update_count"] == 1
    for other in (acting.office, other_system):
        assert (await other.post(f"{acting.path}/updates", json=report)).status_code == 403


async def test_what_an_agency_says_of_its_action_is_for_itself_and_the_board_s_own(
    acting: Acting, board_member: SignedIn
) -> None:
    await acting.agree()
    await post(acting.lead, f"{acting.path}/updates", {"text": "The rota is in force."})
    await post(acting.lead, f"{acting.path}/evidence", PAGE)

    for reader, shown in ((acting.checker, True), (board_member, False)):
        update = (await get(reader, f"{acting.path}/updates"))["items"][0]
        proof = (await get(reader, f"{acting.path}/evidence"))["items"][0]
        assert (update["text"] is not None, proof["url"] is not None) == (shown, shown)
        withheld = {each["pointer"] for each in proof["redactions"]}
        assert ("/url" in withheld) is not shown


async def test_evidence_is_one_page_or_one_file_of_the_agency(acting: Acting) -> None:
    await acting.agree()
    path = f"{acting.path}/evidence"

    nothing = await acting.lead.post(path, json={"title": "Rota"})
    unknown = await acting.lead.post(path, json={"title": "Rota", "evidence_id": str(uuid4())})

    assert nothing.status_code == 422
    assert unknown.status_code in {403, 409}


async def test_nothing_is_claimed_without_evidence(acting: Acting) -> None:
    await acting.agree()
    await advance(acting.lead, acting.path, "in_progress")

    refused = await advance(acting.lead, acting.path, "completion_claimed", 409)

    assert refused["code"] == "transition_not_allowed"


async def test_only_the_agency_claims_that_its_action_is_done(acting: Acting) -> None:
    await acting.agree()
    await advance(acting.lead, acting.path, "in_progress")
    await post(acting.lead, f"{acting.path}/evidence", PAGE)

    await advance(acting.office, acting.path, "completion_claimed", 409)
    await advance(acting.lead, acting.path, "completion_claimed")


async def test_an_action_is_blocked_for_a_reason_and_goes_on(acting: Acting) -> None:
    await acting.agree()
    await advance(acting.lead, acting.path, "in_progress")

    await advance(acting.lead, acting.path, "blocked", 422)
    await advance(acting.lead, acting.path, "blocked", reason="The system is late.")
    assert (await get(acting.office, acting.path))["rag"] == "red"
    await advance(acting.lead, acting.path, "in_progress")


@pytest.mark.duty("21.2")
async def test_nobody_verifies_an_action_of_the_own_agency(
    acting: Acting, sign_in: SignIn, other_agency: Json
) -> None:
    await acting.claim()
    own = await sign_in("qa_member", agency_id=acting.agency_id)
    other = await sign_in("qa_member", agency_id=other_agency["id"])

    await advance(own, acting.path, "verified", 409)
    await advance(acting.lead, acting.path, "verified", 409)
    await advance(other, acting.path, "verified")

    seen = await get(acting.office, acting.path)
    assert seen["verified_by_id"] == str(other.principal_id)
    assert seen["rag"] == "blue_complete"


@pytest.mark.duty("21.2")
async def test_the_database_itself_lets_no_owner_verify(
    acting: Acting, sign_in: SignIn, within: Within
) -> None:
    made = await acting.claim()
    own = await sign_in("qa_member", agency_id=acting.agency_id)

    for state in ("verified", "rejected_back"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with within(token_of(own), "actions:verify").transaction() as db:
                await db.fetchrow(
                    "UPDATE actions SET status = $2 WHERE id = $1 RETURNING id",
                    UUID(made["id"]),
                    state,
                )
    assert (await get(acting.office, acting.path))["status"] == "completion_claimed"


async def test_who_claimed_it_does_not_verify_it_from_another_seat(
    acting: Acting, owner: asyncpg.Connection, other_agency: Json
) -> None:
    await acting.claim()
    await owner.execute(
        "UPDATE principals SET agency_id = $2 WHERE id = $1",
        acting.lead.principal_id,
        UUID(other_agency["id"]),
    )
    await owner.execute(
        "INSERT INTO role_assignments (user_id, role) VALUES ($1, 'qa_member')",
        acting.lead.principal_id,
    )

    await advance(acting.lead, acting.path, "verified", 409)


@pytest.mark.duty("21.2")
async def test_of_two_verifiers_at_once_one_verifies(acting: Acting, sign_in: SignIn) -> None:
    made = await acting.claim()
    second = await sign_in("scr_chair")

    answers = await asyncio.gather(
        *(
            each.post(
                f"{acting.path}/transitions", json={"to": "verified"}, headers={"If-Match": "*"}
            )
            for each in (acting.checker, second)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    checks = await get(acting.office, f"/impact-checks?record_id={made['id']}")
    assert len(checks["items"]) == 2


async def test_what_is_rejected_goes_back_to_its_agency_with_a_reason(acting: Acting) -> None:
    await acting.claim()

    await advance(acting.checker, acting.path, "rejected_back", 422)
    await advance(acting.checker, acting.path, "rejected_back", reason="The rota has gaps.")
    assert (await get(acting.lead, acting.path))["allowed_transitions"] == ["in_progress"]
    await advance(acting.lead, acting.path, "in_progress")
    await advance(acting.lead, acting.path, "completion_claimed")
    await advance(acting.checker, acting.path, "verified")


@pytest.mark.duty("21.2")
async def test_a_new_last_day_keeps_the_old_one_and_what_it_slipped(
    acting: Acting, owner: asyncpg.Connection
) -> None:
    made = await acting.agree()
    for days in (30, 50):
        body = {
            "due_on": str(DUE + timedelta(days=days)),
            "decision_id": await decide(owner, made["id"], "quality_assurance"),
            "reason": "The new system comes later.",
        }
        await post(acting.office, f"{acting.path}/due-date-changes", body)

    seen = await get(acting.lead, acting.path)
    assert (seen["slippage_days"], seen["first_due_on"]) == (50, str(DUE))
    changes = (await get(acting.lead, f"{acting.path}/due-date-changes"))["items"]
    assert [change["from_due_on"] for change in changes] == [
        str(DUE + timedelta(days=30)),
        str(DUE),
    ]


async def test_a_last_day_moves_by_a_decision_that_served_nothing_else(
    acting: Acting, owner: asyncpg.Connection
) -> None:
    made = await acting.draft()
    agreed = await decide(owner, made["id"])
    await advance(acting.office, acting.path, "agreed", decision_id=agreed)
    path = f"{acting.path}/due-date-changes"
    body = {"due_on": str(DUE + timedelta(days=30)), "reason": "The new system comes later."}
    on_another = await decide(owner, uuid4(), "quality_assurance")

    for decision in (agreed, on_another):
        refused = await acting.office.post(path, json=body | {"decision_id": decision})
        assert (refused.status_code, refused.json()["code"]) == (409, "decision_needed")
    own = await decide(owner, made["id"], "quality_assurance")
    answer = await acting.lead.post(path, json=body | {"decision_id": own})
    assert answer.status_code == 403


async def test_only_the_board_cancels_an_action(acting: Acting, owner: asyncpg.Connection) -> None:
    made = await acting.draft()
    agreed = await decide(owner, made["id"])
    await advance(acting.office, acting.path, "agreed", decision_id=agreed)
    why: Json = {"reason": "The service has closed."}

    for decision in (None, agreed, await decide(owner, made["id"], "quality_assurance")):
        refused = await advance(
            acting.office, acting.path, "cancelled", 409, decision_id=decision, **why
        )
        assert refused["code"] == "decision_needed"
    own = await decide(owner, made["id"])
    await advance(acting.office, acting.path, "cancelled", decision_id=own, **why)


@pytest.mark.duty("15.14")
async def test_individual_support_is_recorded_without_naming_anybody_outside_the_agency(
    acting: Acting, board_member: SignedIn
) -> None:
    await acting.claim(delivery_type="individual_support")
    await advance(
        acting.office, acting.path, "rejected_back", reason="The supervision has not begun."
    )
    hidden = {"/title", "/specific", "/measurable", "/achievable", "/relevant", "/owner_id"}

    for reader in (board_member, acting.checker):
        seen = await get(reader, acting.path)
        assert {seen[each[1:]] for each in hidden} == {None}
        assert hidden <= {each["pointer"] for each in seen["redactions"]}
        proof = (await get(reader, f"{acting.path}/evidence"))["items"][0]
        assert (proof["title"], proof["url"], proof["added_by_id"]) == (None, None, None)
        assert (await get(reader, f"{acting.path}/transitions"))["items"] == []
    for reader in (acting.office, acting.lead):
        assert (await get(reader, acting.path))["specific"] == SMART["specific"]
        assert len((await get(reader, f"{acting.path}/transitions"))["items"]) == 4


@pytest.mark.duty("16.11")
async def test_a_sub_group_follows_its_actions_by_age_evidence_and_verification(
    acting: Acting, board_member: SignedIn
) -> None:
    made = await acting.claim()
    board = f"/actions?body_id={made['body_id']}&agency_id={acting.agency_id}&limit=200"

    row = (await get(board_member, board))["items"][0]

    assert (row["age_days"], row["evidence_count"], row["verified_on"]) == (0, 1, None)
    for query, found in (
        ("&has_evidence=true&is_verified=false", [made["id"]]),
        ("&has_evidence=false", []),
        ("&age_days_from=1", []),
        ("&is_overdue=true", []),
        ("&impact_known=false", [made["id"]]),
    ):
        listed = await get(board_member, board + query)
        assert [each["id"] for each in listed["items"]] == found


async def test_an_action_of_a_live_case_waits_for_its_release(
    acting: Acting,
    owner: asyncpg.Connection,
    board_member: SignedIn,
    other_system: SignedIn,
) -> None:
    case = await post(acting.office, "/cases", {"occurred_on": "2016-05-04"})
    source = await stage_recommendation(owner, source_case_id=UUID(case["id"]))
    await acting.agree(recommendation_id=str(source))

    assert (await get(acting.office, acting.path))["source_case_id"] == case["id"]
    for partner in (board_member, other_system):
        assert (await partner.get(acting.path)).status_code == 404
        assert (await partner.get(f"{acting.path}/transitions")).status_code == 404
    assert (await get(acting.lead, acting.path))["source_case_id"] is None
    await owner.execute(
        "UPDATE recommendations SET is_released = true, release_reason = 'Agreed' WHERE id = $1",
        source,
    )
    seen = await get(board_member, acting.path)
    assert (seen["is_released"], seen["source_case_id"]) == (True, None)


async def test_actions_come_in_pages(acting: Acting) -> None:
    made = [(await acting.agree())["id"] for _ in range(3)]

    first = await get(acting.office, f"/actions?agency_id={acting.agency_id}&limit=2")
    rest = await get(
        acting.office,
        f"/actions?agency_id={acting.agency_id}&limit=2&cursor={first['next_cursor']}",
    )

    assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]
