"""People for tests who sign in as people do: invited, with a password, with a session."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pyotp
import pytest

from tests.conftest import Json, Server, SignedIn, serving

PASSWORD = "marsh lantern quietly ninepence"
OTHER_PASSWORD = "copper walrus beneath umbrella"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has accepted an invitation."""

    id: str
    email: str
    password: str = PASSWORD

    @property
    def login(self) -> Json:
        """What the person logs in with."""
        return {"email": self.email, "password": self.password}


def new_address() -> str:
    """Make up an e-mail address that nobody uses."""
    return f"officer-{uuid4().hex[:12]}@agency.example"


async def invite(inviter: SignedIn, **members: object) -> Json:
    """Invite somebody; return the invitation with its token."""
    body = {"email": new_address(), "name": "A. Officer", "roles": ["board_member"]}
    response = await inviter.post("/invitations", json=body | members)
    assert response.status_code == 201, response.text
    invited: Json = response.json()
    return invited


async def accept(anyone: httpx.AsyncClient, token: str, password: str = PASSWORD) -> httpx.Response:
    """Accept an invitation."""
    return await anyone.post("/invitations/accept", json={"token": token, "new_password": password})


async def register(inviter: SignedIn, anyone: httpx.AsyncClient, **members: object) -> Person:
    """Invite somebody who accepts."""
    email = new_address()
    invited = await invite(inviter, **({"email": email} | members))
    accepted = await accept(anyone, invited["invitation_token"])
    assert accepted.status_code == 204, accepted.text
    return Person(invited["user_id"], str(members.get("email", email)))


async def log_in(anyone: httpx.AsyncClient, person: Person, **members: Any) -> httpx.Response:
    """Log in."""
    return await anyone.post("/sessions", json=person.login | members)


async def session_of(anyone: httpx.AsyncClient, person: Person, **members: Any) -> dict[str, str]:
    """Log in; return the headers of the session."""
    response = await log_in(anyone, person, **members)
    assert response.status_code == 201, response.text
    return {"Authorization": f"Bearer {response.json()['token']}"}


async def second_factor(
    anyone: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> tuple[pyotp.TOTP, list[str]]:
    """Set up a second factor; return what makes its codes, and the recovery codes."""
    proposed = await anyone.post(
        "/me/totp", json={"current_password": person.password}, headers=session
    )
    totp = pyotp.parse_uri(proposed.json()["provisioning_uri"])
    assert isinstance(totp, pyotp.TOTP)
    confirmed = await anyone.post(
        "/me/totp/confirm", json={"totp_code": totp.now()}, headers=session
    )
    assert confirmed.status_code == 200, confirmed.text
    return totp, confirmed.json()["recovery_codes"]


async def everything(owner: asyncpg.Connection) -> str:
    """Return all tables as text, bytes in hexadecimal digits."""
    tables = await owner.fetch(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'actor')"
    )
    parts = []
    for table in tables:
        rows = await owner.fetch(
            f'SELECT t::text FROM {table["schemaname"]}."{table["tablename"]}" t'
        )
        parts += [row["t"] for row in rows]
    return "\n".join(parts)


@asynccontextmanager
async def serving_with(server: Server, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the same database under other settings; give a caller who has not signed in."""
    settings = server.settings.model_copy(update=changes)
    async with (
        serving(settings, server.installation) as other,
        httpx.AsyncClient(base_url=other.url + "/v1", timeout=30) as client,
    ):
        yield client


@pytest.fixture
async def person(business_office: SignedIn, anonymous: httpx.AsyncClient) -> Person:
    """A member of the Board with a password."""
    return await register(business_office, anonymous)


@pytest.fixture
async def session(anonymous: httpx.AsyncClient, person: Person) -> dict[str, str]:
    """A session of that person, as headers."""
    return await session_of(anonymous, person)
