"""A case whose time is over, those who end it, and the keeper: for tests of retention."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.installation import Installation
from app.jobs.destruction import destroy, keeper_of
from app.privacy.keeper import Keeper
from tests.casework import Case, open_case
from tests.conftest import Json, SignedIn
from tests.rounds import post

OVER = "2015-06-30"
"""A day of closing after which a period of one year is long over."""


async def patch(caller: SignedIn, path: str, body: Json, status: int = 200) -> Json:
    """Change a record as it stands; return the answer."""
    response = await caller.patch(path, json=body, headers={"If-Match": "*"})
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def retention_of(caller: SignedIn, case: Case) -> Json:
    """Return the retention of a case."""
    response = await caller.get("/retentions", params={"case_id": case.id})
    (found,) = response.json()["items"]
    kept: Json = found
    return kept


async def classify(caller: SignedIn, case: Case, record_class: str, *circumstances: str) -> Json:
    """Confirm the class of a case."""
    found = await retention_of(caller, case)
    body = {"record_class": record_class, "circumstances": list(circumstances)}
    return await patch(caller, f"/retentions/{found['id']}", body)


async def open_over(office: SignedIn) -> Case:
    """Open a case, close it long ago, and confirm a class whose period is one year."""
    case = await open_case(office)
    await patch(office, case.path, {"closed_on": OVER})
    await classify(office, case, "multi_agency_case_audit_identities")
    return case


async def propose(officer: SignedIn, case: Case, **members: object) -> Json:
    """Propose to destroy who the people of a case are."""
    body = {"case_id": case.id, "reasons": "The period is over and nothing is open."}
    return await post(officer, "/destructions", body | members)


async def hold(office: SignedIn, case: Case, reason: str = "police_investigation") -> Json:
    """Place a legal hold on a case."""
    body = {"case_id": case.id, "hold_reason": reason, "narrative": "The police asked for it."}
    return await post(office, "/legal-holds", body)


async def approve(caller: SignedIn, destruction: Json, capacity: str, status: int = 201) -> Json:
    """Approve a destruction in a capacity; return the answer."""
    path = f"/destructions/{destruction['id']}/approvals"
    response = await caller.post(path, json={"capacity": capacity})
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def read(caller: SignedIn, destruction: Json) -> Json:
    """Read a destruction again."""
    body: Json = (await caller.get(f"/destructions/{destruction['id']}")).json()
    return body


async def carry_out(keeper: Keeper, destruction: Json) -> bool:
    """Do what the worker does with an approved destruction."""
    return await destroy(keeper, UUID(destruction["id"]))


@pytest.fixture
async def over(business_office: SignedIn) -> Case:
    """A case whose period is over."""
    return await open_over(business_office)


@pytest.fixture
async def proposed(officer: SignedIn, over: Case) -> Json:
    """A destruction of `over`, proposed."""
    return await propose(officer, over)


@pytest.fixture
async def approved(business_office: SignedIn, dpo: SignedIn, proposed: Json) -> Json:
    """The same, approved by two."""
    await approve(dpo, proposed, "data_protection")
    await approve(business_office, proposed, "office")
    return proposed


@pytest.fixture
async def keeper(installation: Installation) -> AsyncIterator[Keeper]:
    """The keeper, as the worker has it."""
    async with keeper_of(installation) as found:
        yield found
