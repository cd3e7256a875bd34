"""What agencies and the Board wrote of a case is gone through again when a person is recorded.

Framework section 7: of reports, chronologies, requests for information and the reasons of moves.
"""

from uuid import UUID

import asyncpg
import pytest

from app.access.caller import Caller
from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.installation import Installation
from app.jobs.rescan import rescan
from app.privacy.vault import Vault
from tests import agency_reports, information_requests
from tests.agency_reports import Involved
from tests.casework import Case
from tests.conftest import Json, SignedIn
from tests.rounds import post

TEXT = "Her neighbour Desmond Hartigan collected her."
UNCLE: Json = {
    "kind": "family",
    "role": "Uncle",
    "identity": {"names": [{"given": "Desmond", "family": "Hartigan"}]},
}


def kept(*pointers: str) -> Json:
    """Say of the name in texts that it identifies nobody."""
    place = {"start": 14, "length": 16, "treat_as": "not_identifying"}
    return {"resolutions": [place | {"pointer": each} for each in pointers]}


async def go_through_again(installation: Installation, case: Case) -> int:
    """Do what the worker does; return how many records changed."""
    key = installation.secret_key
    database = await Database.connect(installation.app_url, 2)
    vault = await Vault.connect(installation.vault_url, key, installation.keys())
    token = hash_of(service_token(key, "vault"))
    caller = Caller(database, token, "vault:open", derived_key(key, "cursors"))
    try:
        return await rescan(caller, vault, UUID(case.id))
    finally:
        await vault.close()
        await database.close()


async def stored(owner: asyncpg.Connection, case: Case) -> str:
    """Return all that is stored of agencies' texts on a case, and of moves."""
    tables = (
        "agency_reports",
        "chronology_entries",
        "information_requests",
        "information_request_items",
        "transitions",
    )
    parts = []
    for table in tables:
        rows = await owner.fetch(f"SELECT t::text FROM {table} t WHERE case_id = $1", UUID(case.id))
        assert rows, table
        parts += [row["t"] for row in rows]
    return "\n".join(parts)


@pytest.mark.duty("16.12")
async def test_whoever_is_recorded_later_is_found_in_all_that_agencies_wrote(
    owner: asyncpg.Connection,
    installation: Installation,
    business_office: SignedIn,
    officer: SignedIn,
    involved: Involved,
    report: Json,
    case: Case,
) -> None:
    await agency_reports.write(involved.system, report, involvement=TEXT, **kept("/involvement"))
    pushed = agency_reports.entry("a", event=TEXT)
    await agency_reports.push(involved.system, involved, pushed, **kept("/entries/0/event"))
    request = await information_requests.draft(
        officer,
        involved.agency,
        case_id=case.id,
        purpose=TEXT,
        items=[TEXT],
        **kept("/purpose", "/items/0"),
    )
    await information_requests.issue(officer, business_office, request)
    await information_requests.move(officer, request, "withdrawn", reason=TEXT, **kept("/reason"))
    assert (await stored(owner, case)).count("Hartigan") == 5
    await post(business_office, f"{case.path}/persons", UNCLE)

    changed = await go_through_again(installation, case)

    assert changed == 5
    assert "Hartigan" not in await stored(owner, case)
    (seen,) = await agency_reports.chronology(involved.system, involved)
    assert seen["event"] == "Her neighbour [Uncle] collected her."
