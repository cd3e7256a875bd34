"""The event feed over HTTP: everything once, in order, and only what its reader may read."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi.routing import APIRoute

from app.access.caller import Bearer
from app.installation import Installation
from app.models.event_feed import SUBJECTS, UNTOLD
from app.routers import ROUTERS
from app.schemas.base import ReadSchema
from tests.casework import Case, take_part
from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.receiving import settle
from tests.stage import StagedAudit, move, stage_audit, tag_of

CatchUp = Callable[..., Awaitable[tuple[list[Json], str]]]
MEMBERS = {"id", "type", "occurred_at", "subject", "record_id", "href"}


async def look(caller: SignedIn, cursor: str | None = None, **query: object) -> Json:
    """Read one page of the feed."""
    params: Json = query | ({"cursor": cursor} if cursor else {})
    response = await caller.get("/events", params=params)
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


async def to_the_end(
    caller: SignedIn, cursor: str | None = None, **query: object
) -> tuple[list[Json], str]:
    """Read the feed to its end; return what came, and where to go on."""
    events: list[Json] = []
    while True:
        found = await look(caller, cursor, limit=200, **query)
        events += found["items"]
        cursor = found["next_cursor"]
        if cursor is None:
            return events, found["position"]


@pytest.fixture(scope="session")
def catch_up(owner: asyncpg.Connection) -> CatchUp:
    """Read the feed to its end, once everything is final that was written."""

    async def when_settled(*args: Any, **query: Any) -> tuple[list[Json], str]:
        await settle(owner)
        return await to_the_end(*args, **query)

    return when_settled


def of(events: list[Json], *records: Json) -> list[str]:
    """Return the types of events about records, in the order of the feed."""
    ids = [each["id"] for each in records]
    return [event["type"] for event in events if event["record_id"] in ids]


async def test_a_change_is_an_event_that_leads_to_its_record(
    catch_up: CatchUp, business_office: SignedIn, agency_system: SignedIn
) -> None:
    _, position = await catch_up(agency_system)
    agency = await make_agency(business_office)
    path = f"/agencies/{agency['id']}"
    tag = await tag_of(business_office, path)
    await business_office.patch(path, json={"town": "Corby"}, headers=tag)

    events, later = await catch_up(agency_system, position)

    mine = [event for event in events if event["record_id"] == agency["id"]]
    assert [event["type"] for event in mine] == ["agencies.created", "agencies.changed"]
    assert mine[0].keys() == MEMBERS
    assert mine[0]["href"] == f"/v1{path}"
    assert "Corby" not in str(events)
    assert str(business_office.principal_id) not in str(events)
    assert of((await catch_up(agency_system, later))[0], agency) == []


async def test_a_move_of_a_lifecycle_says_so(
    catch_up: CatchUp, sign_in: SignIn, agency: Json, audit: StagedAudit
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    _, position = await catch_up(lead)

    moved = await move(lead, audit.response_of(agency), "in_progress")

    events, _ = await catch_up(lead, position, type=["audit_responses.moved"])
    assert moved.status_code == 201, moved.text
    assert [event["href"] for event in events] == [f"/v1{audit.response_of(agency)}"]


async def test_pages_give_every_event_once(
    catch_up: CatchUp, business_office: SignedIn, agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    _, position = await catch_up(agency_system)
    made = [await make_agency(business_office) for _ in range(5)]
    await settle(owner)
    cursor: str | None = position
    seen: list[str] = []

    while cursor:
        found = await look(agency_system, cursor, limit=2)
        assert len(found["items"]) <= 2
        seen += [event["record_id"] for event in found["items"]]
        cursor = found["next_cursor"]

    assert [each for each in seen if each in {one["id"] for one in made}] == [
        each["id"] for each in made
    ]
    assert len(seen) == len(set(seen))


async def test_types_choose_what_comes(
    catch_up: CatchUp, business_office: SignedIn, agency_system: SignedIn, agency: Json
) -> None:
    path = f"/agencies/{agency['id']}"
    await business_office.patch(
        path, json={"town": "Corby"}, headers=await tag_of(business_office, path)
    )

    async def found(*types: str) -> list[str]:
        return of((await catch_up(agency_system, type=list(types)))[0], agency)

    assert await found("agencies.*") == ["agencies.created", "agencies.changed"]
    assert await found("*.changed") == ["agencies.changed"]
    assert await found("*") == ["agencies.created", "agencies.changed"]
    assert await found("audits.*", "agencies.deleted") == []
    refused = await agency_system.get("/events", params={"type": "agencies.%"})
    assert refused.status_code == 422


async def test_the_feed_begins_at_a_time(
    catch_up: CatchUp, agency_system: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    now = await owner.fetchval("SELECT to_json(now() + interval '1 hour') #>> '{}'")
    born = await owner.fetchval(
        "SELECT to_json(occurred_at) #>> '{}' FROM events WHERE record_id = $1", UUID(agency["id"])
    )

    later, _ = await catch_up(agency_system, occurred_at_from=now)
    since, _ = await catch_up(agency_system, occurred_at_from=born)

    assert later == []
    assert of(since, agency) == ["agencies.created"]


@pytest.mark.duty("X4")
async def test_no_event_is_ever_skipped_for_a_transaction_that_commits_late(
    catch_up: CatchUp,
    agency_system: SignedIn,
    business_office: SignedIn,
    installation: Installation,
) -> None:
    assert installation.owner_url is not None
    slow = await asyncpg.connect(installation.owner_url)
    _, position = await catch_up(agency_system)
    transaction = slow.transaction()
    await transaction.start()
    early = await slow.fetchval(
        "INSERT INTO agencies (name, sector, duty_bases) VALUES ($1, 'police', '{section_11}')"
        " RETURNING id",
        f"Slow {uuid4().hex[:8]}",
    )
    quick = await make_agency(business_office)

    meanwhile, position = await to_the_end(agency_system, position)
    await transaction.commit()
    await slow.close()
    after, _ = await catch_up(agency_system, position)

    # The quick one waits for the slow one, and neither is lost.
    assert of(meanwhile, quick, {"id": str(early)}) == []
    assert of(after, quick, {"id": str(early)}) == ["agencies.created", "agencies.created"]


async def test_an_agency_is_told_of_no_other_agencys_records(
    catch_up: CatchUp,
    owner: asyncpg.Connection,
    agency: Json,
    other_agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
) -> None:
    audit = await stage_audit(owner, agency, other_agency)

    mine, _ = await catch_up(agency_system, type=["audit_responses.*"])
    theirs, _ = await catch_up(other_system, type=["audit_responses.*"])

    assert [event["record_id"] for event in mine] == [str(audit.responses[agency["id"]])]
    assert [event["record_id"] for event in theirs] == [str(audit.responses[other_agency["id"]])]


async def test_nobody_learns_of_a_case_but_who_may_know_of_it(
    catch_up: CatchUp,
    business_office: SignedIn,
    agency_system: SignedIn,
    other_system: SignedIn,
    board_member: SignedIn,
    case: Case,
    agency: Json,
) -> None:
    case_id = str(case.id)
    await take_part(business_office, case, agency)
    bound = {"cases", "case_reviews", "case_notifications", "persons", "case_agencies"}

    office, _ = await catch_up(business_office, type=["cases.*"])
    involved, _ = await catch_up(agency_system, type=["cases.*"])
    strangers = [(await catch_up(each))[0] for each in (other_system, board_member)]

    assert case_id in {event["record_id"] for event in office}
    assert {event["record_id"] for event in involved} == {case_id}
    for events in strangers:
        assert {event["subject"] for event in events} & bound == set()
        assert case_id not in str(events)


async def test_who_reads_the_trail_follows_no_more_than_others(
    catch_up: CatchUp, business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    events, _ = await catch_up(business_office)

    told = {event["subject"] for event in events}
    assert told <= set(SUBJECTS)
    assert await owner.fetchval("SELECT count(*) FROM events WHERE subject = 'principals'")


async def test_a_deletion_is_told_to_whom_it_belonged(
    catch_up: CatchUp,
    owner: asyncpg.Connection,
    agency_system: SignedIn,
    other_system: SignedIn,
    agency: Json,
) -> None:
    gone = uuid4()
    await owner.execute(
        "INSERT INTO events (action, subject, record_id, agency_id)"
        " VALUES ('deleted', 'evidence', $1, $2)",
        gone,
        UUID(agency["id"]),
    )

    mine, _ = await catch_up(agency_system, type=["*.deleted"])
    theirs, _ = await catch_up(other_system, type=["*.deleted"])

    assert str(gone) in {event["record_id"] for event in mine}
    assert str(gone) not in {event["record_id"] for event in theirs}


async def test_without_a_scope_its_records_are_no_events(
    catch_up: CatchUp, sign_in: SignIn, agency: Json
) -> None:
    member = await sign_in("board_member")
    dpo = await sign_in("dpo")

    events, _ = await catch_up(member)

    assert {event["subject"] for event in events} & {"cases", "disclosure_grants"} == set()
    assert of(events, agency) == ["agencies.created"]
    assert (await dpo.get("/events")).status_code == 403


async def test_a_position_is_its_readers_alone(
    catch_up: CatchUp, agency_system: SignedIn, other_system: SignedIn
) -> None:
    _, position = await catch_up(agency_system)

    foreign = await other_system.get("/events", params={"cursor": position})
    own = await agency_system.get("/events", params={"cursor": position, "type": "audits.*"})

    assert (foreign.status_code, foreign.json()["code"]) == (400, "invalid_cursor")
    assert own.status_code == 200


def scope_of(dependant: Any) -> str | None:
    """Return the scope of an operation."""
    for each in dependant.dependencies:
        if isinstance(each.call, Bearer):
            return each.call.scope
        if found := scope_of(each):
            return found
    return None


def readable() -> dict[str, list[tuple[str, str | None]]]:
    """Return the operations that read one record, by its table."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for route in (route for router in ROUTERS for route in router.routes):
        if not isinstance(route, APIRoute) or route.methods != {"GET"}:
            continue
        schema = route.response_model
        if route.path.endswith("}") and isinstance(schema, type) and issubclass(schema, ReadSchema):
            table = schema.table.__tablename__
            found.setdefault(table, []).append((route.path, scope_of(route.dependant)))
    return found


def test_every_record_that_can_be_read_is_told_of_or_is_not_on_purpose() -> None:
    assert set(SUBJECTS) | UNTOLD == set(readable())
    assert set(SUBJECTS) & UNTOLD == set()


@pytest.mark.parametrize("table", sorted(SUBJECTS))
def test_an_event_leads_to_where_its_record_is_read(table: str) -> None:
    told, (path, scope) = SUBJECTS[table], readable()[table][0]

    assert told.scope == scope
    assert told.path == (path.split("/")[1] if path.count("/") == 2 else None)
