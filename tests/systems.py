"""Agency systems for tests that sign in as systems do: registered, with a secret."""

from base64 import b64encode
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import Json, SignedIn

SCOPES = ["audit-responses:write", "audits:read"]
FORM = {"grant_type": "client_credentials"}


async def make_client(caller: SignedIn, agency: Json, **members: object) -> Json:
    """Register a system of an agency."""
    body = {"agency_id": agency["id"], "name": "Case system", "scopes": SCOPES} | members
    response = await caller.post("/clients", json=body)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made


def basic(client: Json, secret: str | None = None) -> dict[str, str]:
    """Authenticate a client by `Basic`."""
    pair = f"{quote(client['client_id'])}:{quote(secret or client['client_secret'])}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def ask(
    anyone: httpx.AsyncClient, client: Json, secret: str | None = None, **form: str
) -> httpx.Response:
    """Ask for an access token."""
    return await anyone.post("/oauth/token", data=FORM | form, headers=basic(client, secret))


async def token_of(anyone: httpx.AsyncClient, client: Json, **form: str) -> dict[str, str]:
    """Get an access token, as headers."""
    response = await ask(anyone, client, **form)
    assert response.status_code == 200, response.text
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


@pytest.fixture
async def client(business_office: SignedIn, agency: Json) -> Json:
    """A system of `agency`, with its secret."""
    return await make_client(business_office, agency)
