"""Reports and chronologies of agencies in tests: two agencies that take part in one review."""

from dataclasses import dataclass

import pytest

from tests.casework import STORY, Case, take_part
from tests.conftest import Json, SignedIn
from tests.reviews import begin
from tests.rounds import post


@dataclass(frozen=True, slots=True)
class Involved:
    """A review, and two agencies that take part in its case, with their systems."""

    review: Json
    agency: Json
    other_agency: Json
    system: SignedIn
    other_system: SignedIn

    @property
    def chronology(self) -> str:
        """Return the path of the integrated chronology."""
        return f"/case-reviews/{self.review['id']}/chronology"


@pytest.fixture
async def involved(
    business_office: SignedIn,
    case: Case,
    agency: Json,
    other_agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
) -> Involved:
    """A review of `case`, in which `agency` and `other_agency` take part."""
    review = await begin(business_office, case)
    for each in (agency, other_agency):
        await take_part(business_office, case, each)
    return Involved(review, agency, other_agency, agency_system, other_system)


def path_of(report: Json) -> str:
    """Return the path of a report."""
    return f"/agency-reports/{report['id']}"


async def ask(
    office: SignedIn, review: Json, agency: Json, status: int = 201, **more: object
) -> Json:
    """Ask an agency for its report."""
    body = {"case_review_id": review["id"], "agency_id": agency["id"]}
    return await post(office, "/agency-reports", body | more, status)


async def write(caller: SignedIn, report: Json, status: int = 200, **texts: object) -> Json:
    """Write on a report as it stands."""
    response = await caller.patch(path_of(report), json=texts, headers={"If-Match": "*"})
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def move(
    caller: SignedIn, report: Json, to: str, status: int = 201, reason: str | None = None
) -> Json:
    """Move a report as it stands."""
    response = await caller.post(
        f"{path_of(report)}/transitions",
        json={"to": to, "reason": reason},
        headers={"If-Match": "*"},
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


def entry(ref: str, day: str = "2015-03-02", **members: object) -> Json:
    """Describe an entry."""
    return {"external_ref": ref, "happened_on": day, "event": "A visit was made."} | members


async def push(
    caller: SignedIn, involved: Involved, *entries: Json, status: int = 200, **more: object
) -> Json:
    """Push entries."""
    masks = {"Prefer": "identifiers=mask"} if more.pop("masks", False) else {}
    body = {"entries": list(entries)} | more
    response = await caller.put(involved.chronology, json=body, headers=masks)
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def chronology(caller: SignedIn, involved: Involved, **asked: str | int | bool) -> list[Json]:
    """Return the integrated chronology as a caller sees it, all pages."""
    items: list[Json] = []
    cursor: dict[str, str | int | bool] = {}
    while True:
        response = await caller.get(involved.chronology, params=asked | cursor)
        assert response.status_code == 200, response.text
        body = response.json()
        items += body["items"]
        if body["next_cursor"] is None:
            return items
        cursor = {"cursor": body["next_cursor"]}


@pytest.fixture
async def report(business_office: SignedIn, involved: Involved) -> Json:
    """The report that `agency` is asked for."""
    return await ask(business_office, involved.review, involved.agency)


@pytest.fixture
async def written(involved: Involved, report: Json) -> Json:
    """The same report, written by the agency's system."""
    return await write(involved.system, report, involvement=STORY, learning="Visits were missed.")
