"""The schools audit of 2017, as the demonstration plays it. Framework section 15."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest

from demo import board, schools
from demo.api import Api
from tests.conftest import Json, Server, SignedIn, SignIn


@pytest.fixture
def office(server: Server, business_office: SignedIn) -> Iterator[Api]:
    """The Business Office, as the demonstration has it."""
    token = business_office.headers["authorization"].removeprefix("Bearer ")
    api = Api(server.url, token)
    yield api
    api.http.close()


async def tokens_of_schools(
    sign_in: SignIn, owner: asyncpg.Connection, urns: list[str]
) -> dict[str, str]:
    """Sign in the system of each school."""
    rows = await owner.fetch(
        "SELECT value, agency_id FROM agency_identifiers WHERE scheme = 'urn'"
        " AND value = ANY ($1) AND valid_to IS NULL",
        urns,
    )
    found = {}
    for row in rows:
        caller = await sign_in(agency_id=row["agency_id"])
        found[row["value"]] = caller.headers["authorization"].removeprefix("Bearer ")
    return found


@pytest.mark.duty("15.5")
@pytest.mark.duty("9.8")
async def test_the_round_of_2017_gives_exactly_the_expected_figures(
    server: Server, office: Api, sign_in: SignIn, owner: asyncpg.Connection
) -> None:
    wanted = schools.expected()
    registers = await asyncio.to_thread(board.load_registers, office)
    returned = {line["urn"] for line in schools.returns()}
    urns = sorted(returned | set(wanted["not_returned_urns"]))
    tokens = await tokens_of_schools(sign_in, owner, urns)

    def play() -> tuple[int, Json]:
        audit_id = schools.open_audit(office, urns, f"SCHOOLS-{uuid4().hex[:6]}")
        pushed = schools.push_all(audit_id, lambda urn: Api(server.url, tokens[urn]))
        return pushed, schools.figures(office, audit_id)

    pushed, found = await asyncio.to_thread(play)

    assert registers["schools"] == 326
    assert registers["nhs-trusts"] == 218
    assert registers["police-forces"] == 44
    assert registers["local-authorities"] == 354
    assert pushed == 306
    assert found == wanted
