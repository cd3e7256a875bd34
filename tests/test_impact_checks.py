"""Checks of impact over HTTP, and what follows from them (Framework sections 15, 16, 22, 23)."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from tests.acting import Acting, advance, get, months_on, stage_finding
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY, Within, token_of


def path_of(check: Json) -> str:
    """Return the path of a check."""
    return f"/impact-checks/{check['id']}"


async def write(caller: SignedIn, check: Json, **members: object) -> httpx.Response:
    """Change a check as it stands."""
    return await caller.patch(path_of(check), json=members, headers={"If-Match": "*"})


@pytest.mark.duty("3.1")
@pytest.mark.duty("16.9")
async def test_a_verified_action_is_checked_after_six_and_twelve_months(
    acting: Acting, owner: asyncpg.Connection
) -> None:
    checks = await acting.verify()

    assert [check["scheduled_on"] for check in checks] == [months_on(6), months_on(12)]
    owed = await owner.fetch(
        "SELECT body.code FROM obligations o JOIN bodies body ON body.id = o.body_id"
        " WHERE o.kind = 'impact_check' AND o.record_id = ANY ($1::uuid[])",
        [UUID(check["id"]) for check in checks],
    )
    assert [row["code"] for row in owed] == ["quality_assurance"] * 2


@pytest.mark.duty("15.9")
async def test_what_was_learned_from_a_case_review_is_audited_again_after_two_years(
    acting: Acting, owner: asyncpg.Connection
) -> None:
    finding = await stage_finding(owner, source_kind="case_review", source_id=uuid4())

    checks = await acting.verify(finding_id=str(finding))

    assert (checks[-1]["scheduled_on"], checks[-1]["method"]) == (months_on(24), "maca")


async def test_checks_begun_tell_that_impact_is_looked_into(acting: Acting) -> None:
    first, _ = await acting.verify()

    await advance(acting.checker, path_of(first), "in_progress")

    assert (await get(acting.office, acting.path))["status"] == "impact_pending"


async def test_an_action_is_embedded_once_its_last_check_says_so(acting: Acting) -> None:
    first, last = await acting.verify()

    await acting.conclude(first, "embedded")
    between = await get(acting.office, acting.path)
    await acting.conclude(last, "embedded")

    assert (between["status"], between["impact_known"]) == ("impact_pending", True)
    after = await get(acting.office, acting.path)
    assert (after["status"], after["closed_on"]) == ("closed_embedded", str(TODAY))


async def test_of_two_last_checks_at_once_the_second_closes_the_action(acting: Acting) -> None:
    checks = await acting.verify()
    for check in checks:
        await advance(acting.checker, path_of(check), "in_progress")
        assert (await write(acting.checker, check, result="embedded", text="18 of 20.")).is_success

    answers = await asyncio.gather(
        *(
            acting.checker.post(
                f"{path_of(check)}/transitions",
                json={"to": "concluded"},
                headers={"If-Match": "*"},
            )
            for check in checks
        )
    )

    assert [answer.status_code for answer in answers] == [201, 201]
    assert (await get(acting.office, acting.path))["status"] == "closed_embedded"


@pytest.mark.parametrize(("result", "months"), [("too_early", 3), ("partly_embedded", 6)])
async def test_what_stays_open_is_checked_again(acting: Acting, result: str, months: int) -> None:
    first, _ = await acting.verify()

    await acting.conclude(first, result)

    listed = await get(acting.office, f"/impact-checks?record_id={first['record_id']}")
    again = next(each for each in listed["items"] if each["follows_id"] == first["id"])
    assert (again["scheduled_on"], again["status"]) == (months_on(months), "scheduled")
    assert (await get(acting.office, acting.path))["status"] == "impact_pending"


@pytest.mark.duty("3.1")
@pytest.mark.duty("22.4")
async def test_what_did_not_embed_reopens_everything_at_once(
    acting: Acting, owner: asyncpg.Connection
) -> None:
    first, later = await acting.verify()

    await acting.conclude(first, "not_embedded")

    action = await get(acting.office, acting.path)
    assert (action["status"], action["child_count"]) == ("closed_not_embedded", 1)
    children = await get(acting.lead, f"/actions?parent_id={action['id']}")
    child = children["items"][0]
    assert (child["status"], child["specific"], child["title"]) == ("draft", None, action["title"])
    assert (await get(acting.office, path_of(later)))["status"] == "cancelled"
    recommendation = UUID(action["recommendation_id"])
    moves = await owner.fetch(
        "SELECT created_at, subject FROM transitions WHERE record_id = ANY ($1::uuid[])"
        " AND (subject, to_state) IN (('recommendations', 'reopened'),"
        " ('actions', 'closed_not_embedded'), ('impact_checks', 'concluded'))",
        [recommendation, UUID(action["id"]), UUID(first["id"])],
    )
    assert {row["subject"] for row in moves} == {"recommendations", "actions", "impact_checks"}
    assert len({row["created_at"] for row in moves}) == 1
    told = await owner.fetchval(
        "SELECT count(*) FROM obligations WHERE kind = 'reopened_recommendation'"
        " AND record_id = $1",
        recommendation,
    )
    assert told == 1


@pytest.mark.duty("21.2")
async def test_nobody_checks_the_own_agency(
    acting: Acting, sign_in: SignIn, within: Within
) -> None:
    first, _ = await acting.verify()
    own = await sign_in("qa_member", agency_id=acting.agency_id)

    await advance(own, path_of(first), "in_progress", 409)
    await advance(acting.checker, path_of(first), "in_progress")
    assert (await write(own, first, result="embedded", text="18 of 20.")).status_code == 403
    assert (await write(acting.checker, first, result="embedded", text="18.")).is_success
    await advance(own, path_of(first), "concluded", 409)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with within(token_of(own), "impact-checks:write").transaction() as db:
            await db.fetchrow(
                "UPDATE impact_checks SET status = 'concluded' WHERE id = $1 RETURNING id",
                UUID(first["id"]),
            )


async def test_a_check_is_concluded_with_a_result_and_what_was_found(acting: Acting) -> None:
    first, _ = await acting.verify()
    await advance(acting.checker, path_of(first), "in_progress")

    refused = await advance(acting.checker, path_of(first), "concluded", 409)

    assert [error["pointer"] for error in refused["errors"]] == ["/result", "/text"]


async def test_a_plan_changes_until_it_begins_and_a_result_until_it_ends(acting: Acting) -> None:
    first, _ = await acting.verify()

    early = await write(acting.checker, first, result="embedded")
    planned = await write(acting.checker, first, scheduled_on=months_on(7), method="maca")
    await acting.conclude(first, "embedded")
    late = await write(acting.checker, first, text="All of them.")

    assert (early.status_code, early.json()["code"]) == (409, "record_fixed")
    assert (planned.json()["method"], planned.json()["scheduled_on"]) == ("maca", months_on(7))
    assert late.status_code == 409


@pytest.mark.duty("15.9")
async def test_a_sub_group_asks_for_a_check_of_its_own(
    acting: Acting, board_member: SignedIn, agency_system: SignedIn
) -> None:
    action = await acting.agree()
    body = {
        "subject": "recommendations",
        "record_id": action["recommendation_id"],
        "body_id": action["body_id"],
        "method": "maca",
        "scheduled_on": str(TODAY + timedelta(days=60)),
    }

    made = await post(acting.checker, "/impact-checks", body)

    assert await get(board_member, path_of(made)) | {"allowed_transitions": []} == made | {
        "allowed_transitions": []
    }
    unknown = body | {"record_id": str(uuid4())}
    answer = await acting.checker.post("/impact-checks", json=unknown)
    assert answer.json()["errors"][0]["pointer"] == "/record_id"
    for partner in (board_member, agency_system):
        assert (await partner.post("/impact-checks", json=body)).status_code == 403


@pytest.mark.duty("3.1")
async def test_partners_read_of_how_many_actions_the_impact_is_known(
    acting: Acting, owner: asyncpg.Connection, board_member: SignedIn
) -> None:
    finding = str(await stage_finding(owner, source_kind="jsna"))
    before = await known(board_member)
    first, _ = await acting.verify(finding_id=finding)
    await acting.conclude(first, "embedded")
    await acting.agree(finding_id=finding)

    after = await known(board_member)

    assert after["actions"] - before["actions"] == 2
    assert after["impact_known"] - before["impact_known"] == 1
    assert after["impact_unknown"] - before["impact_unknown"] == 1
    assert after["median_age_days"] == 0


async def known(reader: SignedIn) -> Json:
    """Return the numbers of what goes back to the needs assessment."""
    rows = (await get(reader, "/impact-summary"))["sources"]
    none: Json = dict.fromkeys(("actions", "impact_known", "impact_unknown", "overdue"), 0)
    return next((row for row in rows if row["source_kind"] == "jsna"), none)
