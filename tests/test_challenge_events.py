"""Challenge events: who challenges whom, what is promised, and what becomes of it (section 15)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.services.challenge_pairings import ring
from tests.briefings import body_of, decided, read, step_on
from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.rounds import post
from tests.stage import TODAY, StagedAudit, stage_audit, tag_of

IN_A_MONTH = str(TODAY + timedelta(days=30))
COMMITMENT: Json = {
    "reply": "By a register of supervision.",
    "commitment": "Supervision is recorded for every practitioner.",
    "commitment_due_on": IN_A_MONTH,
}


@dataclass
class Event:
    """An event on an audit that three agencies returned."""

    db: asyncpg.Connection
    office: SignedIn
    audit: StagedAudit
    leads: dict[str, SignedIn]
    path: str = ""

    async def plan(self) -> str:
        """Plan it for today."""
        body = {
            "audit_id": str(self.audit.id),
            "body_id": str(await body_of(self.db, "board")),
            "title": "Section 11 challenge",
            "held_on": str(TODAY),
        }
        made = await post(self.office, "/challenge-events", body)
        self.path = f"/challenge-events/{made['id']}"
        return self.path

    async def pair(self, status: int = 200, **body: object) -> Json:
        """Say who challenges whom."""
        response = await self.office.post(
            f"{self.path}/pairings", json=body, headers=await tag_of(self.office, self.path)
        )
        assert response.status_code == status, response.text
        answer: Json = response.json()
        return answer

    async def issue(self) -> list[Json]:
        """Plan it, pair the agencies in a ring and issue the pack."""
        await self.plan()
        pairs: list[Json] = (await self.pair())["pairs"]
        await step_on(self.office, self.path, "pack_issued")
        return pairs

    async def ask(self, pair: Json) -> str:
        """Have one agency put a question to the one it is paired with."""
        body = pair | {"question": "1.1", "challenge": "How do you know that it reaches all?"}
        made = await post(self.leads[pair["challenger_agency_id"]], f"{self.path}/exchanges", body)
        return f"{self.path}/exchanges/{made['id']}"

    async def to_record(self) -> None:
        """Hold it and write its record."""
        await step_on(self.office, self.path, "held")
        await step_on(self.office, self.path, "record_draft")
        tag = await tag_of(self.office, self.path)
        record = {"record": "Supervision was the theme of the day."}
        answer = await self.office.patch(self.path, json=record, headers=tag)
        assert answer.status_code == 200, answer.text


@pytest.fixture
async def event(owner: asyncpg.Connection, business_office: SignedIn, sign_in: SignIn) -> Event:
    """An audit that three agencies returned, moderated."""
    agencies = [await make_agency(business_office) for _ in range(3)]
    audit = await stage_audit(owner, *agencies)
    await owner.execute(
        "UPDATE audit_responses SET status = 'moderated', revision = 1 WHERE audit_id = $1",
        audit.id,
    )
    for agency in agencies:
        await owner.execute(
            "INSERT INTO answers (response_id, audit_id, agency_id, question_id, grade,"
            " moderated_grade) VALUES ($1, $2, $3, $4, 'met', 'partly')",
            audit.responses[agency["id"]],
            audit.id,
            UUID(agency["id"]),
            audit.questions["1.1"],
        )
    leads = {each["id"]: await sign_in("agency_lead", agency_id=each["id"]) for each in agencies}
    return Event(owner, business_office, audit, leads)


@pytest.fixture(scope="session")
async def chair(sign_in: SignIn) -> SignedIn:
    """The Independent Chair."""
    return await sign_in("chair")


@pytest.mark.parametrize("size", [2, 3, 5, 8, 41])
def test_in_a_ring_each_challenges_one_other_and_is_challenged_once(size: int) -> None:
    for _ in range(50):
        event_id, agencies = uuid4(), [uuid4() for _ in range(size)]

        pairs = ring(event_id, agencies)

        assert {each.challenger_agency_id for each in pairs} == {*agencies}
        assert {each.challenged_agency_id for each in pairs} == {*agencies}
        assert len(pairs) == size
        assert all(each.challenger_agency_id != each.challenged_agency_id for each in pairs)
        assert ring(event_id, agencies[::-1]) == pairs


async def test_pairings_are_those_of_the_agencies_that_returned(event: Event) -> None:
    await event.plan()
    ids = [*event.leads]

    computed = (await event.pair())["pairs"]
    again = (await event.pair())["pairs"]
    given = [
        {"challenger_agency_id": one, "challenged_agency_id": other}
        for one, other in zip(ids, ids[1:] + ids[:1], strict=True)
    ]
    explicit = (await event.pair(pairs=given))["pairs"]

    assert computed == again
    assert {each["challenger_agency_id"] for each in computed} == {*ids}
    assert explicit == given
    listed = (await read(event.office, f"{event.path}/pairings"))["items"]
    assert len(listed) == 3
    swapped = [given[0], given[0] | {"challenger_agency_id": ids[2]}]
    own = [{"challenger_agency_id": each, "challenged_agency_id": each} for each in ids]
    for refused in ({"pairs": swapped}, {"pairs": own}, {"agency_ids": [ids[0], str(uuid4())]}):
        assert (await event.pair(409, **refused))["code"] == "not_in_ring"
    await step_on(event.office, event.path, "pack_issued")
    assert (await event.pair(409))["code"] == "record_fixed"


async def test_only_the_business_office_plans_an_event(event: Event, chair: SignedIn) -> None:
    await event.plan()
    seen = await read(event.office, event.path)
    body = {name: seen[name] for name in ("audit_id", "body_id", "title", "held_on")}

    answers = [
        await each.post("/challenge-events", json=body) for each in (chair, *event.leads.values())
    ]
    unpaired = await step_on(event.office, event.path, "pack_issued", 409)

    assert {each.status_code for each in answers} == {403}
    assert unpaired["code"] == "transition_not_allowed"


@pytest.mark.duty("15.4")
async def test_an_agency_questions_the_one_it_is_paired_with(
    event: Event, chair: SignedIn, board_member: SignedIn
) -> None:
    pair, other, third = await event.issue()
    exchange = await event.ask(pair)
    challenged = event.leads[pair["challenged_agency_id"]]
    challenger = event.leads[pair["challenger_agency_id"]]
    bystander = next(each for key, each in event.leads.items() if key not in pair.values())

    seen = await read(challenged, exchange)
    not_paired = await challenger.post(
        f"{event.path}/exchanges",
        json={
            "challenger_agency_id": pair["challenger_agency_id"],
            "challenged_agency_id": str(bystander.agency_id),
            "question": "1.1",
            "challenge": "Why?",
        },
    )
    for_another = await bystander.post(
        f"{event.path}/exchanges", json=pair | {"question": "1.1", "challenge": "Why?"}
    )

    assert (seen["grade_before"], seen["question"]) == ("partly", "1.1")
    assert not_paired.json()["code"] == "not_paired"
    assert for_another.status_code == 403
    assert {pair["challenger_agency_id"], other["challenger_agency_id"]} != {
        third["challenger_agency_id"]
    }
    for reader in (challenger, event.office, chair):
        assert (await read(reader, exchange))["id"] == seen["id"]
    for stranger in (bystander, board_member):
        assert (await stranger.get(exchange)).status_code == 404


@pytest.mark.duty("15.4")
async def test_each_side_writes_its_own_part_of_an_exchange(event: Event) -> None:
    pair = (await event.issue())[0]
    exchange = await event.ask(pair)
    challenged = event.leads[pair["challenged_agency_id"]]
    challenger = event.leads[pair["challenger_agency_id"]]

    by_challenger = await challenger.patch(
        exchange, json={"reply": "Ours."}, headers={"If-Match": "*"}
    )
    by_office = await event.office.patch(
        exchange, json={"reply": "Ours."}, headers={"If-Match": "*"}
    )
    replied = await challenged.patch(exchange, json=COMMITMENT, headers={"If-Match": "*"})
    undated = await challenged.patch(
        exchange, json={"commitment_due_on": None}, headers={"If-Match": "*"}
    )
    own_grade = await challenged.patch(
        exchange, json={"grade_after": "met"}, headers={"If-Match": "*"}
    )
    await step_on(event.office, event.path, "held")
    graded, unknown = [
        await event.office.patch(exchange, json={"grade_after": grade}, headers={"If-Match": "*"})
        for grade in ("not_met", "splendid")
    ]

    assert (by_challenger.status_code, by_office.status_code) == (403, 403)
    assert replied.json().items() >= COMMITMENT.items()
    assert undated.status_code == 409
    assert own_grade.status_code == 403
    assert (graded.json()["grade_after"], unknown.status_code) == ("not_met", 422)


@pytest.mark.duty("15.4")
async def test_an_agreed_record_makes_each_commitment_one_draft_action(
    event: Event, chair: SignedIn, board_member: SignedIn
) -> None:
    pairs = await event.issue()
    exchanges = [await event.ask(pair) for pair in pairs[:2]]
    challenged = event.leads[pairs[0]["challenged_agency_id"]]
    await challenged.patch(exchanges[0], json=COMMITMENT, headers={"If-Match": "*"})
    await event.to_record()
    tag = await tag_of(chair, event.path)

    answers = await asyncio.gather(
        *(
            chair.post(f"{event.path}/transitions", json={"to": "record_agreed"}, headers=tag)
            for _ in range(2)
        )
    )

    assert sorted(each.status_code for each in answers) == [201, 412]
    promised, silent = [await read(board_member, each) for each in exchanges]
    assert silent["action_id"] is None
    rows = await event.db.fetch(
        "SELECT id::text, status, agency_id::text, due_on::text, specific FROM actions"
        " WHERE source_subject = 'challenge_exchanges' AND source_record_id = $1",
        UUID(promised["id"]),
    )
    assert [tuple(row.values()) for row in rows] == [
        (
            promised["action_id"],
            "draft",
            pairs[0]["challenged_agency_id"],
            IN_A_MONTH,
            COMMITMENT["commitment"],
        )
    ]
    late = await challenged.patch(
        exchanges[0], json={"reply": "Otherwise."}, headers={"If-Match": "*"}
    )
    assert late.status_code == 403


async def test_without_the_chair_the_record_needs_a_decision_of_the_board(event: Event) -> None:
    await event.issue()
    await event.to_record()
    record = await read(event.office, event.path)

    refused = await step_on(event.office, event.path, "record_agreed", 409)
    decision = await decided(event.db, event.office, record, "board", subject="challenge_events")
    await step_on(event.office, event.path, "record_agreed", decision_id=decision)
    late = await event.office.patch(
        event.path, json={"record": "Otherwise."}, headers={"If-Match": "*"}
    )

    assert refused["code"] == "decision_needed"
    assert late.json()["code"] == "record_fixed"


async def test_to_close_an_event_marks_what_was_challenged_and_grades_nothing(
    event: Event, chair: SignedIn
) -> None:
    pair = (await event.issue())[0]
    exchange = await event.ask(pair)
    await step_on(event.office, event.path, "held")
    await event.office.patch(exchange, json={"grade_after": "met"}, headers={"If-Match": "*"})
    await step_on(event.office, event.path, "record_draft")
    await event.office.patch(event.path, json={"record": "Done."}, headers={"If-Match": "*"})
    await step_on(chair, event.path, "record_agreed")
    await step_on(event.office, event.path, "closed")

    rows = await event.db.fetch(
        "SELECT agency_id::text, status FROM audit_responses WHERE audit_id = $1", event.audit.id
    )
    states: dict[str, str] = {row["agency_id"]: row["status"] for row in rows}
    grade = await event.db.fetchval(
        "SELECT moderated_grade FROM answers WHERE audit_id = $1 AND agency_id = $2",
        event.audit.id,
        UUID(pair["challenged_agency_id"]),
    )
    assert states.pop(pair["challenged_agency_id"]) == "challenged"
    assert {*states.values()} == {"moderated"}
    assert grade == "partly"
