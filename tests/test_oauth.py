"""Access tokens of agency systems over HTTP (RFC 6749). Framework section 15."""

from ipaddress import ip_network
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import Json, Server, SignedIn
from tests.people import everything, serving_with
from tests.systems import FORM, ask, basic, make_client, token_of


async def test_a_system_exchanges_its_secret_for_an_access_token(
    anonymous: httpx.AsyncClient, client: Json
) -> None:
    response = await ask(anonymous, client)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"
    body = response.json()
    assert body | {"access_token": "", "secret_expires_at": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "audit-responses:write audits:read",
        "secret_expires_at": "",
    }
    me = await anonymous.get("/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert (me.json()["id"], me.json()["kind"]) == (client["id"], "client")


async def test_a_system_may_authenticate_in_the_form(
    anonymous: httpx.AsyncClient, client: Json
) -> None:
    form = FORM | {"client_id": client["client_id"], "client_secret": client["client_secret"]}

    response = await anonymous.post("/oauth/token", data=form)

    assert response.status_code == 200


async def test_a_token_carries_what_was_asked_for_as_far_as_it_is_held(
    anonymous: httpx.AsyncClient, client: Json
) -> None:
    narrow = await ask(anonymous, client, scope="audits:read users:write")
    nothing = await ask(anonymous, client, scope="users:write")

    assert narrow.json()["scope"] == "audits:read"
    token = {"Authorization": f"Bearer {narrow.json()['access_token']}"}
    assert (await anonymous.get("/me", headers=token)).json()["scopes"] == ["audits:read", "me"]
    assert (await anonymous.get("/agencies", headers=token)).status_code == 403
    assert nothing.status_code == 400
    assert nothing.json()["error"] == "invalid_scope"


async def test_refusals_speak_both_languages(anonymous: httpx.AsyncClient, client: Json) -> None:
    response = await ask(anonymous, client, "sga_c_" + "A" * 43)

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == 'Basic realm="oauth"'
    problem = response.json()
    assert (problem["code"], problem["error"]) == ("invalid_client", "invalid_client")
    assert problem["error_description"] == problem["detail"]


BASIC_ONLY: dict[str, Any] = {"headers": {"Authorization": "Basic bm9ib2R5OnNlY3JldA=="}}


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        ({"data": {}}, 400, "invalid_request"),
        ({"data": {"scope": "audits:read"}}, 400, "invalid_request"),
        ({"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"data": FORM}, 401, "invalid_client"),
        ({"data": FORM | {"client_id": "x", "client_secret": "y"}}, 401, "invalid_client"),
        ({"data": FORM, **BASIC_ONLY}, 401, "invalid_client"),
        ({"data": FORM | {"client_secret": "y"}, **BASIC_ONLY}, 400, "invalid_request"),
        ({"data": FORM, "headers": {"Authorization": "Basic !"}}, 401, "invalid_client"),
        ({"data": FORM, "headers": {"Authorization": "Bearer x"}}, 401, "invalid_client"),
        (
            {
                "content": b"grant_type=client_credentials&scope=a&scope=b",
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            },
            400,
            "invalid_request",
        ),
    ],
)
async def test_a_request_is_refused_in_the_words_of_the_standard(
    anonymous: httpx.AsyncClient, request_: dict[str, Any], status: int, error: str
) -> None:
    if request_.get("data") == {}:
        request_ = {
            "content": b"other=1",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        }

    response = await anonymous.post("/oauth/token", **request_)

    assert (response.status_code, response.json()["error"]) == (status, error)


async def test_a_token_is_asked_for_with_a_form(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.post("/oauth/token", json=FORM)

    assert response.status_code == 415


async def test_unknown_parameters_are_ignored(anonymous: httpx.AsyncClient, client: Json) -> None:
    response = await ask(anonymous, client, audience="somebody")

    assert response.status_code == 200


async def test_many_systems_may_share_an_address_but_failures_count(
    server: Server, client: Json, owner: asyncpg.Connection
) -> None:
    await owner.execute("DELETE FROM sign_in_attempts")
    async with serving_with(server, sign_in_attempts_per_minute=4) as anyone:
        good = [(await ask(anyone, client)).status_code for _ in range(5)]
        bad = [(await ask(anyone, client, "sga_c_" + "B" * 43)).status_code for _ in range(5)]

    assert good == [200] * 4 + [429]
    assert bad == [401] * 4 + [429]
    await owner.execute("DELETE FROM sign_in_attempts")


async def test_a_system_gets_tokens_from_allowed_addresses_only(
    server: Server, business_office: SignedIn, agency: Json, anonymous: httpx.AsyncClient
) -> None:
    client = await make_client(business_office, agency, allowed_addresses=["203.0.113.0/24"])
    trusted = [ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")]
    good, bad = "203.0.113.5", "198.51.100.7"
    async with serving_with(server, trusted_proxies=trusted) as proxied:
        statuses = []
        for forwarded in (good, f"{bad}, {good}, 10.1.2.3", f"{good}:4711", bad, f"{good}, {bad}"):
            proxied.headers["X-Forwarded-For"] = forwarded
            statuses.append((await ask(proxied, client)).status_code)
    anonymous_forwarded = await anonymous.post(
        "/oauth/token", data=FORM, headers=basic(client) | {"X-Forwarded-For": good}
    )

    assert statuses == [200, 200, 200, 401, 401]
    assert anonymous_forwarded.status_code == 401
    assert anonymous_forwarded.json()["error"] == "invalid_client"


async def test_a_system_ends_its_own_token(anonymous: httpx.AsyncClient, client: Json) -> None:
    token = await token_of(anonymous, client)

    response = await anonymous.delete("/sessions/current", headers=token)

    assert response.status_code == 204
    assert (await anonymous.get("/me", headers=token)).status_code == 401


async def test_no_secret_of_a_system_is_kept_or_logged(
    anonymous: httpx.AsyncClient,
    client: Json,
    owner: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    token = (await token_of(anonymous, client))["Authorization"].removeprefix("Bearer ")
    refused = await ask(anonymous, client, wrong := "sga_c_" + "C" * 43)

    kept = await everything(owner)

    secrets = [client["client_secret"], token, wrong, basic(client)["Authorization"]]
    streams = capfd.readouterr()
    heard = f"{caplog.text}{streams.out}{streams.err}{refused.text}"
    assert client["client_id"] in kept
    assert [each for each in secrets if each in kept or each.encode().hex() in kept] == []
    assert [each for each in secrets if each in heard] == []


async def test_the_server_says_how_tokens_are_issued(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as anyone:
        response = await anyone.get("/.well-known/oauth-authorization-server")

    metadata = response.json()
    assert metadata["issuer"] == server.url
    assert metadata["token_endpoint"] == f"{server.url}/v1/oauth/token"
    assert metadata["grant_types_supported"] == ["client_credentials"]
    assert metadata["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
    ]
    assert "audit-responses:write" in metadata["scopes_supported"]
