"""The clock of audits: what the worker does because a day has come. Framework section 15."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from app.access.caller import Caller
from app.access.sealing import unseal
from app.access.tokens import derived_key, service_token
from app.installation import Installation
from app.services.campaigns import advance_audits, due_reminders
from tests.conftest import Json, SignedIn
from tests.rounds import plan, post, publish, response_to, shipped, step, whole_return
from tests.stage import Within

OPENS, DUE, LOCKS = date(2001, 3, 1), date(2001, 4, 30), date(2001, 5, 10)
DAYS = {"opens_on": OPENS.isoformat(), "due_on": DUE.isoformat(), "locks_on": LOCKS.isoformat()}
"""Days so long ago that no audit of another test moves when it is one of them."""


@pytest.fixture
def worker(installation: Installation, within: Within) -> Caller:
    """The worker."""
    return within(service_token(installation.secret_key, "worker"), "audits:write")


@pytest.fixture
async def instrument(business_office: SignedIn) -> Json:
    """The shipped Section 11 question set, published."""
    return await publish(business_office, shipped("section_11"))


@pytest.fixture
async def audit(business_office: SignedIn, instrument: Json, agency: Json) -> Json:
    """An approved audit of `agency`."""
    audit = await plan(business_office, instrument, [agency], **DAYS)
    await step(business_office, f"/audits/{audit['id']}", "approved")
    return audit


async def state_of(caller: SignedIn, audit: Json) -> str:
    """Return where an audit stands."""
    state: str = (await caller.get(f"/audits/{audit['id']}")).json()["status"]
    return state


async def test_the_clock_opens_locks_and_closes_an_audit_by_its_days(
    business_office: SignedIn, worker: Caller, audit: Json, agency: Json
) -> None:
    day = timedelta(days=1)
    states = []

    for today in (OPENS - day, OPENS, DUE, DUE + day, LOCKS, LOCKS + day):
        await advance_audits(worker, today)
        states.append(await state_of(business_office, audit))

    assert states == ["approved", "open", "open", "grace", "grace", "closed"]
    assert (await response_to(business_office, audit, agency))["status"] == "non_return"
    moves = (await business_office.get(f"/audits/{audit['id']}/transitions")).json()["items"]
    assert [each["to_state"] for each in moves] == ["closed", "grace", "open", "approved"]
    assert str(business_office.principal_id) not in {each["actor_id"] for each in moves[:3]}


async def test_the_clock_does_nothing_twice(
    business_office: SignedIn, worker: Caller, audit: Json
) -> None:
    first = await advance_audits(worker, OPENS)
    second = await advance_audits(worker, OPENS)

    assert (UUID(audit["id"]) in first, second) == (True, [])
    moves = (await business_office.get(f"/audits/{audit['id']}/transitions")).json()["items"]
    assert len(moves) == 2


async def test_a_clock_that_stood_still_catches_up_step_by_step(
    business_office: SignedIn, worker: Caller, audit: Json
) -> None:
    await advance_audits(worker, LOCKS)

    moved = await advance_audits(worker, LOCKS + timedelta(days=1))

    assert moved.count(UUID(audit["id"])) == 1
    moves = (await business_office.get(f"/audits/{audit['id']}/transitions")).json()["items"]
    assert [each["to_state"] for each in moves] == ["closed", "grace", "open", "approved"]


async def test_an_audit_that_nobody_could_answer_any_more_is_not_opened(
    business_office: SignedIn, worker: Caller, audit: Json
) -> None:
    moved = await advance_audits(worker, LOCKS + timedelta(days=1))

    assert UUID(audit["id"]) not in moved
    assert await state_of(business_office, audit) == "approved"


async def test_two_workers_move_an_audit_once(
    business_office: SignedIn, worker: Caller, instrument: Json, agency: Json
) -> None:
    audits = [await plan(business_office, instrument, [agency], **DAYS) for _ in range(4)]
    for audit in audits:
        await step(business_office, f"/audits/{audit['id']}", "approved")

    moved = await asyncio.gather(advance_audits(worker, OPENS), advance_audits(worker, OPENS))

    ours = {UUID(audit["id"]) for audit in audits}
    assert sorted([*moved[0], *moved[1]]) == sorted({*moved[0], *moved[1]})
    assert ours <= {*moved[0], *moved[1]}
    for audit in audits:
        moves = (await business_office.get(f"/audits/{audit['id']}/transitions")).json()["items"]
        assert [each["to_state"] for each in moves] == ["open", "approved"]


async def test_an_audit_that_somebody_is_changing_waits(
    business_office: SignedIn, worker: Caller, owner: asyncpg.Connection, audit: Json
) -> None:
    async with owner.transaction():
        await owner.execute("SELECT FROM audits WHERE id = $1 FOR UPDATE", UUID(audit["id"]))
        during = await asyncio.wait_for(advance_audits(worker, OPENS), 10)
    after = await advance_audits(worker, OPENS)

    assert (UUID(audit["id"]) in during, UUID(audit["id"]) in after) == (False, True)
    assert await state_of(business_office, audit) == "open"


async def test_the_clock_leaves_drafts_and_rounds_of_the_past_alone(
    business_office: SignedIn, worker: Caller, instrument: Json, agency: Json
) -> None:
    draft = await plan(business_office, instrument, [agency], **DAYS)
    past = await plan(business_office, instrument, [agency], **DAYS, is_retrospective=True)
    await step(business_office, f"/audits/{past['id']}", "approved")

    await advance_audits(worker, LOCKS + timedelta(days=1))

    assert await state_of(business_office, draft) == "draft"
    assert await state_of(business_office, past) == "approved"


async def test_nobody_without_the_right_runs_the_clock(
    within: Within, agency_system: SignedIn, business_office: SignedIn, audit: Json
) -> None:
    token = agency_system.headers["authorization"].removeprefix("Bearer ")

    with pytest.raises(DBAPIError, match="The scope is missing"):
        await advance_audits(within(token, "audits:write"), OPENS)

    assert await state_of(business_office, audit) == "approved"


class Letters:
    """What waits to be sent, opened."""

    def __init__(self, owner: asyncpg.Connection, key: bytes) -> None:
        self.owner, self.key = owner, key

    async def about(self, audit: Json) -> list[tuple[str, str, str]]:
        """Return recipient, milestone and text of each message about an audit, oldest first."""
        rows = await self.owner.fetch(
            "SELECT * FROM mail WHERE dedupe_key LIKE $1 ORDER BY id", f"reminder:{audit['id']}:%"
        )
        found = []
        for row in rows:
            sealed, name = bytes(row["body"]), row["dedupe_key"]
            body = unseal(derived_key(self.key, "mail"), sealed, name.encode()).decode()
            found.append((row["recipient"], name.rpartition(":")[2], row["subject"] + "\n" + body))
        return found


@pytest.fixture
def letters(owner: asyncpg.Connection, installation: Installation) -> Letters:
    """The mail of this installation."""
    return Letters(owner, installation.secret_key)


async def name_lead(office: SignedIn, agency: Json, **members: object) -> Json:
    """Name a lead of an agency for Section 11; return it."""
    body = {
        "agency_id": agency["id"],
        "function": "section_11",
        "name": "Avery Officer",
        "email": "lead@agency.example",
        "valid_from": "1999-01-01",
    }
    return await post(office, "/agency-leads", body | members)


async def test_agencies_are_reminded_at_each_milestone_and_once(
    business_office: SignedIn, worker: Caller, audit: Json, agency: Json, letters: Letters
) -> None:
    await name_lead(business_office, agency)
    await advance_audits(worker, OPENS)
    due = [DUE - timedelta(days=days) for days in (14, 7, 1, 0, -1)]

    for day in (OPENS, OPENS, OPENS + timedelta(days=20), *due):
        await due_reminders(worker, letters.key, day)

    sent = await letters.about(audit)
    assert [milestone for _, milestone, _ in sent] == [
        "opened", "14_days", "7_days", "1_day", "overdue",
    ]  # fmt: skip
    assert {recipient for recipient, _, _ in sent} == {"lead@agency.example"}
    text = sent[0][2]
    assert audit["reference"] in text
    assert f"{DUE:%d %B %Y}" in text
    response = await response_to(business_office, audit, agency)
    assert f"/v1/audit-responses/{response['id']}\n" in text
    assert "Avery" not in text


async def test_a_reminder_counts_when_it_is_new(
    business_office: SignedIn, worker: Caller, audit: Json, agency: Json, letters: Letters
) -> None:
    await name_lead(business_office, agency)
    await advance_audits(worker, OPENS)

    first = await due_reminders(worker, letters.key, OPENS)
    second = await due_reminders(worker, letters.key, OPENS)

    assert (first >= 1, second) == (True, 0)
    assert len(await letters.about(audit)) == 1


async def test_the_reminder_of_a_day_without_a_worker_goes_out_within_the_week(
    business_office: SignedIn, worker: Caller, audit: Json, agency: Json, letters: Letters
) -> None:
    await name_lead(business_office, agency)
    await advance_audits(worker, OPENS)

    await due_reminders(worker, letters.key, OPENS + timedelta(days=7))
    too_late = await letters.about(audit)
    await due_reminders(worker, letters.key, DUE - timedelta(days=10))

    assert too_late == []
    assert [milestone for _, milestone, _ in await letters.about(audit)] == ["14_days"]


async def test_who_has_submitted_is_left_in_peace(
    business_office: SignedIn,
    worker: Caller,
    audit: Json,
    agency: Json,
    agency_system: SignedIn,
    instrument: Json,
    letters: Letters,
) -> None:
    await name_lead(business_office, agency)
    await advance_audits(worker, OPENS)
    path = f"/audits/{audit['id']}/submissions"
    await post(agency_system, path, whole_return(instrument, agency, "3"))

    await due_reminders(worker, letters.key, OPENS)

    assert await letters.about(audit) == []


async def test_the_deputy_is_reminded_where_no_lead_is_in_office(
    business_office: SignedIn, worker: Caller, audit: Json, agency: Json, letters: Letters
) -> None:
    await name_lead(business_office, agency, valid_to="2000-12-31")
    await name_lead(business_office, agency, function="section_175", email="other@agency.example")
    await name_lead(business_office, agency, is_deputy=True, email="deputy@agency.example")
    await advance_audits(worker, OPENS)

    await due_reminders(worker, letters.key, OPENS)

    assert [recipient for recipient, _, _ in await letters.about(audit)] == [
        "deputy@agency.example"
    ]


async def test_the_lead_in_office_goes_before_the_deputy(
    business_office: SignedIn, worker: Caller, audit: Json, agency: Json, letters: Letters
) -> None:
    deputy = {"is_deputy": True, "email": "deputy@agency.example", "valid_from": "2000-01-01"}
    await name_lead(business_office, agency, **deputy)
    await name_lead(business_office, agency)
    await advance_audits(worker, OPENS)

    await due_reminders(worker, letters.key, OPENS)

    assert [recipient for recipient, _, _ in await letters.about(audit)] == ["lead@agency.example"]
