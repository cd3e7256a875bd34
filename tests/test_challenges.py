"""Challenges over HTTP: raised, replied to, resolved (Framework sections 8 and 23)."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from app.reference.working_days import add_working_days
from tests.briefings import body_of, read, step_on
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY

ABOUT: Json = {
    "subject": "other",
    "title": "Attendance at conferences",
    "text": "Half of the conferences were not attended.",
}
OUTCOME: Json = {"outcome": "action_agreed", "outcome_reasons": "Deputies are named from May."}


def path_of(challenge: Json) -> str:
    """Return the path of a challenge."""
    return f"/challenges/{challenge['id']}"


async def write(caller: SignedIn, challenge: Json, status: int = 200, **members: object) -> Json:
    """Write a part of a challenge as it stands."""
    response = await caller.patch(path_of(challenge), json=members, headers={"If-Match": "*"})
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


@pytest.fixture
async def challenge(agency_system: SignedIn, other_agency: Json) -> Json:
    """A challenge of `agency` to `other_agency`."""
    return await post(agency_system, "/challenges", ABOUT | {"to_agency_id": other_agency["id"]})


@pytest.mark.duty("23.2")
async def test_a_challenge_is_logged_from_raised_to_closed(
    challenge: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
    business_office: SignedIn,
    sign_in: SignIn,
    owner: asyncpg.Connection,
) -> None:
    path = path_of(challenge)
    stranger = await sign_in("agency_lead")

    await step_on(other_system, path, "acknowledged")
    unwritten = await step_on(other_system, path, "replied", 409)
    await write(other_system, challenge, reply="The rota is being changed.")
    await step_on(other_system, path, "replied")
    await write(agency_system, challenge, **OUTCOME)
    await step_on(agency_system, path, "resolved")
    hidden = await stranger.get(path)
    await step_on(business_office, path, "closed")

    assert challenge["reply_due_on"] == str(add_working_days(TODAY, 10))
    assert unwritten["code"] == "transition_not_allowed"
    assert hidden.status_code == 404
    seen = await read(stranger, path)
    assert seen.items() >= OUTCOME.items()
    assert (seen["status"], seen["replied_on"]) == ("closed", str(TODAY))
    owed = await owner.fetchval(
        "SELECT status FROM obligations WHERE kind = 'challenge_reply' AND record_id = $1",
        UUID(challenge["id"]),
    )
    assert owed == "met"


async def test_each_side_writes_its_own_part(
    challenge: Json, agency_system: SignedIn, other_system: SignedIn, business_office: SignedIn
) -> None:
    path = path_of(challenge)

    for asker in (agency_system, business_office):
        assert (await step_on(asker, path, "acknowledged", 409))["code"] == "transition_not_allowed"
    await step_on(other_system, path, "acknowledged")
    await write(agency_system, challenge, 403, reply="Ours.")
    await write(business_office, challenge, 403, reply="Ours.")
    await write(other_system, challenge, reply="The rota is being changed.")
    await step_on(other_system, path, "replied")
    await write(other_system, challenge, 403, **OUTCOME)
    await write(other_system, challenge, 403, reply="Otherwise.")
    half = await agency_system.patch(path, json={"outcome": "accepted"}, headers={"If-Match": "*"})

    assert half.status_code == 409


async def test_without_a_reply_it_is_escalated_for_a_reason(
    challenge: Json, agency_system: SignedIn, other_system: SignedIn, business_office: SignedIn
) -> None:
    path = path_of(challenge)

    silent = await step_on(agency_system, path, "escalated", 422)
    refused = await step_on(other_system, path, "escalated", 409, reason="No.")
    await step_on(agency_system, path, "escalated", reason="No reply in ten working days.")
    await write(business_office, challenge, outcome="accepted", outcome_reasons="The Board holds.")
    await step_on(business_office, path, "closed")

    assert silent["errors"][0]["pointer"] == "/reason"
    assert refused["code"] == "transition_not_allowed"


@pytest.mark.duty("23.2")
async def test_an_agency_challenges_the_board_which_does_not_judge_its_own_reply(
    agency_system: SignedIn, business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    board = str(await body_of(owner, "board"))
    challenge = await post(agency_system, "/challenges", ABOUT | {"to_body_id": board})
    path = path_of(challenge)

    await step_on(business_office, path, "acknowledged")
    await write(business_office, challenge, reply="Papers go out a week earlier.")
    await step_on(business_office, path, "replied")
    await write(business_office, challenge, 403, **OUTCOME)
    await write(agency_system, challenge, **OUTCOME)

    assert (await step_on(business_office, path, "resolved", 409))["code"] == (
        "transition_not_allowed"
    )
    await step_on(agency_system, path, "resolved")


async def test_a_body_challenges_by_who_records_its_decisions(
    agency: Json, agency_system: SignedIn, sign_in: SignIn, owner: asyncpg.Connection
) -> None:
    body = ABOUT | {
        "from_body_id": str(await body_of(owner, "board")),
        "to_agency_id": agency["id"],
    }
    chair = await sign_in("chair")

    refused = await agency_system.post("/challenges", json=body)
    made = await post(chair, "/challenges", body)

    assert refused.status_code == 403
    assert (made["from_agency_id"], made["allowed_transitions"]) == (None, ["escalated"])


async def test_a_challenge_goes_to_one_other_side_and_names_nobody(
    agency: Json, other_agency: Json, agency_system: SignedIn, business_office: SignedIn
) -> None:
    to = {"to_agency_id": other_agency["id"]}

    own = await agency_system.post("/challenges", json=ABOUT | {"to_agency_id": agency["id"]})
    nobody = await agency_system.post("/challenges", json=ABOUT)
    of_nobody = await business_office.post("/challenges", json=ABOUT | to)
    named = await agency_system.post(
        "/challenges", json=ABOUT | to | {"text": "Desmond Hartigan did not attend."}
    )

    assert own.json()["code"] == of_nobody.json()["code"] == "nobody_to_challenge"
    assert (nobody.status_code, named.status_code) == (422, 422)
    assert "Hartigan" not in named.text


async def test_two_who_acknowledge_at_once_do_so_once(
    challenge: Json, other_system: SignedIn
) -> None:
    tag = {"If-Match": (await other_system.get(path_of(challenge))).headers["etag"]}

    answers = await asyncio.gather(
        *(
            other_system.post(
                f"{path_of(challenge)}/transitions", json={"to": "acknowledged"}, headers=tag
            )
            for _ in range(2)
        )
    )

    assert sorted(each.status_code for each in answers) == [201, 412]


async def test_the_log_is_read_by_side(
    challenge: Json, other_agency: Json, other_system: SignedIn
) -> None:
    asked: Json = {"to_agency_id": other_agency["id"], "is_unanswered": True, "limit": 1}

    listed = (await other_system.get("/challenges", params=asked)).json()

    assert [each["id"] for each in listed["items"]] == [challenge["id"]]
    assert listed["next_cursor"] is None


async def test_what_is_owed_does_not_tell_others_of_a_challenge(
    challenge: Json, board_member: SignedIn
) -> None:
    asked = {"kind": "challenge_reply", "agency_id": challenge["to_agency_id"]}

    owed = (await board_member.get("/obligations", params=asked)).json()["items"]

    assert [each["title"] for each in owed] == ["Reply to a challenge"]
