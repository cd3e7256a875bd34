"""Ten thousand requests of eight agencies at once: nobody ever gets a row of another's."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn, make_agency

REQUESTS = 10_000
ACTORS = 8
AT_ONCE = 64


@dataclass(slots=True)
class Tally:
    """What was counted."""

    rows: int = 0
    foreign: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


@pytest.fixture
async def cast(business_office: SignedIn, sign_in: SignIn) -> list[SignedIn]:
    """Eight agencies' systems."""
    agencies = [await make_agency(business_office) for _ in range(ACTORS)]
    return [await sign_in(agency_id=each["id"]) for each in agencies]


@pytest.fixture
async def responses(owner: asyncpg.Connection, cast: list[SignedIn]) -> dict[UUID, UUID]:
    """The response of each agency to one open audit, each with an answer."""
    scale = await owner.fetchval(
        "INSERT INTO grade_scales (code, version, title) VALUES ($1, 1, 'Scale') RETURNING id",
        uuid4().hex[:8],
    )
    instrument = await owner.fetchval(
        "INSERT INTO instruments (code, version, kind, title, grade_scale_id, status)"
        " VALUES ($1, 1, 'section_11', 'Instrument', $2, 'published') RETURNING id",
        uuid4().hex[:8],
        scale,
    )
    standard = await owner.fetchval(
        "INSERT INTO standards (instrument_id, position, code, title)"
        " VALUES ($1, 1, 'one', 'One') RETURNING id",
        instrument,
    )
    question = await owner.fetchval(
        "INSERT INTO questions (instrument_id, standard_id, position, code, text, answer_type)"
        " VALUES ($1, $2, 1, '1.1', 'Is it so?', 'grade') RETURNING id",
        instrument,
        standard,
    )
    audit = await owner.fetchval(
        "INSERT INTO audits (reference, title, kind, instrument_id, opens_on, due_on, locks_on,"
        " status) VALUES ($1, 'Audit', 'section_11', $2, current_date, current_date,"
        " current_date, 'open') RETURNING id",
        uuid4().hex,
        instrument,
    )
    made = {}
    for caller in cast:
        assert caller.agency_id is not None
        response = await owner.fetchval(
            "INSERT INTO audit_responses (audit_id, agency_id, status, completed_by)"
            " VALUES ($1, $2, 'in_progress', $3) RETURNING id",
            audit,
            caller.agency_id,
            f"Officer of {caller.agency_id}",
        )
        await owner.execute(
            "INSERT INTO answers (response_id, audit_id, agency_id, question_id, grade, narrative)"
            " VALUES ($1, $2, $3, $4, 'met', $5)",
            response,
            audit,
            caller.agency_id,
            question,
            f"Narrative of {caller.agency_id}",
        )
        made[caller.agency_id] = response
    return made


def requests_of(
    caller: SignedIn, responses: dict[UUID, UUID], number: int
) -> tuple[str, str, Json | None]:
    """Choose one request: reads of the own and of others' records, and a write now and then."""
    own = responses[caller.agency_id] if caller.agency_id else None
    other = list(responses.values())[number % ACTORS]
    lead = {
        "agency_id": str(caller.agency_id),
        "function": "data",
        "name": "A. Officer",
        "valid_from": "2017-04-01",
    }
    choices: list[tuple[str, str, Json | None]] = [
        ("GET", "/audit-responses", None),
        ("GET", f"/audit-responses/{own}", None),
        ("GET", f"/audit-responses/{other}", None),
        ("GET", f"/audit-responses/{own}/answers", None),
        ("GET", f"/audit-responses/{other}/answers", None),
        ("GET", "/audit-responses?limit=1", None),
        ("POST", "/agency-leads", lead),
    ]
    return choices[(number * 7 + number // ACTORS) % len(choices)]


def agencies_in(body: Any) -> Iterator[str]:
    """Find every agency a body speaks of."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name == "agency_id" and value is not None:
                yield value
            else:
                yield from agencies_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from agencies_in(value)


async def test_ten_thousand_mixed_requests_show_no_row_of_anothers(
    cast: list[SignedIn], responses: dict[UUID, UUID]
) -> None:
    tally = Tally()
    turns = cycle(cast)
    numbers = iter(range(REQUESTS))

    async def work() -> None:
        for number in numbers:
            caller = next(turns)
            method, path, body = requests_of(caller, responses, number)
            answer = await caller.request(method, path, json=body)
            count(tally, caller, answer)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    assert tally.foreign == 0
    assert sum(tally.statuses.values()) == REQUESTS
    assert tally.statuses.keys() <= {200, 201, 404}
    assert tally.rows > REQUESTS / 2


def count(tally: Tally, caller: SignedIn, answer: httpx.Response) -> None:
    """Count whose rows an answer holds."""
    tally.statuses[answer.status_code] += 1
    found = list(agencies_in(json.loads(answer.content))) if answer.status_code < 300 else []
    tally.rows += len(found)
    tally.foreign += sum(each != str(caller.agency_id) for each in found)
