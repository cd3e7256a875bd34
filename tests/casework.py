"""A case for tests: opened through the API, with people, agencies, a team and grants."""

from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest

from app.access.tokens import hash_of
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import token_of

CHILD: Json = {
    "kind": "child",
    "identity": {
        "names": [
            {"use": "current", "given": "Zoë Marguerite", "family": "O'Hallorán"},
            {"use": "nickname", "given": "Zozo"},
        ],
        "date_of_birth": "2011-03-09",
        "nhs_number": "9990000026",
        "addresses": [{"lines": "14 Quarrywell Lane, Kettering", "postcode": "NN15 7QX"}],
    },
}
MOTHER: Json = {
    "kind": "family",
    "role": "Mother",
    "identity": {"names": [{"use": "current", "given": "Siân", "family": "O'Hallorán"}]},
}
VISITOR: Json = {
    "kind": "practitioner",
    "role": "Health Visitor",
    "identity": {"names": [{"use": "current", "given": "Bartholomew", "family": "Quist"}]},
}
STORY = "Zoë O'Hallorán (NHS number 999 000 0026) was seen by Bartholomew Quist on Monday."
TOLD = "[Child A] (NHS number [NHS number of Child A]) was seen by [Health Visitor 1] on Monday."
WHY = {
    "gateway": "ca2004_s14B",
    "purpose": "To arrange the meeting with the family.",
    "necessity": "Invitations go out by name.",
    "proportionality": "Two people, once, by name only.",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A case and its people, as the API gave them back."""

    id: str
    child: Json
    mother: Json
    visitor: Json

    @property
    def path(self) -> str:
        """Return the path of the case."""
        return f"/cases/{self.id}"


async def open_case(office: SignedIn, **members: object) -> Case:
    """Open a case with a child, her mother and a health visitor."""
    case = await post(office, "/cases", {"occurred_on": "2016-05-04"} | members)
    people = [
        await post(office, f"/cases/{case['id']}/persons", each)
        for each in (CHILD, MOTHER, VISITOR)
    ]
    return Case(case["id"], *people)


async def join_team(office: SignedIn, case: Case, member: SignedIn, part: str) -> Json:
    """Have somebody join the team of a case."""
    body = {"user_id": str(member.principal_id), "part": part}
    return await post(office, f"{case.path}/members", body)


async def take_part(office: SignedIn, case: Case, agency: Json) -> Json:
    """Have an agency take part in a case."""
    return await post(office, f"{case.path}/agencies", {"agency_id": agency["id"]})


async def step_up(owner: asyncpg.Connection, caller: SignedIn, minutes_ago: int = 0) -> None:
    """Have somebody shown a second factor some minutes ago."""
    await owner.execute(
        "UPDATE tokens SET stepped_up_at = now() - make_interval(mins => $2) WHERE token_hash = $1",
        hash_of(token_of(caller)),
        minutes_ago,
    )


async def undertake(caller: SignedIn) -> None:
    """Sign the confidentiality undertaking."""
    await post(caller, "/undertakings", {"version": "2026-1"})


async def request_grant(caller: SignedIn, case: Case, *people: Json, **members: object) -> Json:
    """Ask for a grant for people of a case; their names, unless told otherwise."""
    body = {
        "case_id": case.id,
        "person_ids": [each["id"] for each in people],
        "fields": ["names"],
    }
    return await post(caller, "/disclosure-grants", body | WHY | members)


async def move_grant(
    caller: SignedIn, grant: Json, to: str, status: int = 201, reason: str | None = None
) -> Json:
    """Move a grant as it stands; return the answer."""
    response = await caller.post(
        f"/disclosure-grants/{grant['id']}/transitions",
        json={"to": to, "reason": reason},
        headers={"If-Match": "*"},
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


def under(grant: Json) -> dict[str, str]:
    """Return the header that uses a grant."""
    return {"Disclosure-Grant": grant["id"]}


@pytest.fixture
async def case(business_office: SignedIn) -> Case:
    """A case that nobody else uses."""
    return await open_case(business_office)


@pytest.fixture
async def reviewer(sign_in: SignIn, business_office: SignedIn, case: Case) -> SignedIn:
    """The lead reviewer of `case`."""
    member = await sign_in("lead_reviewer")
    await join_team(business_office, case, member, "lead_reviewer")
    return member


@pytest.fixture(scope="session")
async def chair(sign_in: SignIn) -> SignedIn:
    """The Independent Chair."""
    return await sign_in("chair")


@pytest.fixture(scope="session")
async def dpo(sign_in: SignIn) -> SignedIn:
    """The data protection officer."""
    return await sign_in("dpo")


@pytest.fixture
async def holder(owner: asyncpg.Connection, reviewer: SignedIn) -> SignedIn:
    """The lead reviewer, having signed the undertaking and shown the second factor just now."""
    await undertake(reviewer)
    await step_up(owner, reviewer)
    return reviewer


@pytest.fixture
async def grant(holder: SignedIn, dpo: SignedIn, case: Case) -> Json:
    """An approved grant of `holder` for the names of the child and her mother, of five uses."""
    asked = await request_grant(holder, case, case.child, case.mother, uses_allowed=5)
    await move_grant(dpo, asked, "approved")
    return asked


def reference() -> str:
    """Make up a reference that nobody uses."""
    return f"C-{uuid4().hex[:10].upper()}"
