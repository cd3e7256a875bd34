"""The edge, over the wire: what is hostile gets a clear answer, and nothing of it comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from traceback import format_exception
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app.edge import Edge
from tests import behind_the_edge
from tests.behind_the_edge import JSON, application, served
from tests.wire import CANARY, assert_problem, discreet, on_the_wire, request, say


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    async with served() as url:
        yield url


@pytest.fixture(scope="module")
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=1) as client:
        yield client


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[list[Any]]:
    """What we log. Nothing of it, or of what others print, may hold the canary."""
    with discreet(caplog, capfd) as entries:
        yield entries


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no type"),
        pytest.param({"Content-Type": "text/plain"}, id="text"),
        pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, id="a form"),
        pytest.param({"Content-Type": "application/json; charset=latin-1"}, id="Latin-1"),
        pytest.param({"Content-Type": 'application/json;CHARSET="UTF-16"'}, id="UTF-16"),
        pytest.param(JSON | {"Content-Encoding": "gzip"}, id="compressed"),
    ],
)
async def test_a_body_of_another_type_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    response = await client.post("/v1/anything", content=f'["{CANARY}"]', headers=headers)

    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF8",
        "application/merge-patch+json",
    ],
)
async def test_json_may_say_that_it_is_utf_8(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post(
        "/v1/anything", content=b"[]", headers={"Content-Type": content_type}
    )

    assert response.status_code == 201


async def test_a_token_is_asked_for_with_a_form(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/oauth/token", data={"grant_type": "clïent"})

    assert (response.status_code, response.json()) == (200, "clïent")


@pytest.mark.parametrize("form", ["grant_type=%E9", "grant_type=%00", "grant_type=%G0"])
async def test_a_form_that_is_not_text_is_refused(client: httpx.AsyncClient, form: str) -> None:
    response = await client.post(
        "/v1/oauth/token",
        content=f"{form}&name={CANARY}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert_problem(response, 400, "malformed_form")


async def test_an_unknown_member_is_refused_without_its_name(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/v1/answers", json={"question": "1.1", "grade": CANARY, CANARY: CANARY}
    )

    assert_problem(response, 422, "invalid")
    assert [error["code"] for error in response.json()["errors"]] == [
        "wrong_format",
        "unknown_member",
    ]


async def test_an_unknown_parameter_is_refused_without_its_name(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/v1/answers?{CANARY}={CANARY}")

    assert_problem(response, 422, "invalid")
    assert [error["code"] for error in response.json()["errors"]] == ["unknown_member"]


# Addresses and headers


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/v1/answers?status=%E9", id="Latin-1"),
        pytest.param("/v1/answers?status=%00", id="NUL"),
        pytest.param("/v1/answers?status=%ED%A0%80", id="half a surrogate pair"),
        pytest.param("/v1/answers?status=100%", id="a bare percent sign"),
        pytest.param("/v1/answers?status=%zz", id="no hexadecimal digits"),
        pytest.param("/v1/answers?status=" + "x" * 8_192, id="over 8 KiB"),
        pytest.param("/v1/answers/%00", id="NUL in the path"),
        pytest.param("/v1/answers/%FF", id="Latin-1 in the path"),
    ],
)
async def test_an_address_that_is_not_text_is_refused(url: str, target: str) -> None:
    async with asyncio.timeout(1):
        heard = await say(url, request(f"GET {target}", {"X-Note": CANARY}))

    assert (heard.status, heard.problem["code"]) == (400, "malformed_url")


async def test_an_address_may_hold_any_text(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/answers", params={"status": "naïve 😀 100%"})

    assert response.json() == {"status": "naïve 😀 100%"}


@pytest.mark.parametrize("host", ["evil.example", "board.example.evil.example", ""])
async def test_only_its_own_host_names_are_served(host: str) -> None:
    async with served(hosts=frozenset({"board.example"})) as url:
        heard = await say(url, f"GET /v1/answers HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    assert (heard.status, heard.problem["code"]) == (400, "unknown_host")


@pytest.mark.parametrize("host", ["board.example", "Board.Example:8443", "[::1]:8000", "[::1]"])
async def test_its_own_host_names_are_served_on_any_port(host: str) -> None:
    async with served(hosts=frozenset({"board.example", "[::1]"})) as url:
        heard = await say(url, f"GET /v1/answers HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    assert heard.status == 200


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_a_body_with_two_lengths_is_refused(http: str) -> None:
    headers = JSON | {"Content-Length": "2", "Transfer-Encoding": "chunked"}

    async with served(http) as url:
        heard = await say(url, request("POST /v1/anything", headers, b"2\r\n[]\r\n0\r\n\r\n"))

    assert (heard.status, heard.headers["connection"]) == (400, "close")


@pytest.mark.parametrize("name", ["Host", "Authorization", "Idempotency-Key", "Content-Type"])
async def test_a_header_that_may_come_once_is_refused_twice(url: str, name: str) -> None:
    twice = f"{name}: a\r\n{name}: {CANARY}\r\n"

    heard = await say(url, f"GET /v1/answers HTTP/1.1\r\nHost: b\r\n{twice}\r\n".encode())

    assert (heard.status, heard.problem["code"]) == (400, "ambiguous_headers")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({f"X-{number}": "a" for number in range(101)}, id="too many"),
        pytest.param({"X-Note": "a" * 33_000}, id="too long"),
    ],
)
async def test_headers_have_a_limit(url: str, headers: dict[str, str]) -> None:
    heard = await say(url, request("GET /v1/answers", headers))

    assert (heard.status, heard.problem["code"]) == (431, "headers_too_large")


# Answers


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/answers"), ("GET", "/v1/nowhere"), ("PUT", "/v1/answers"), ("GET", "/v1/broken")],
)
async def test_every_answer_wears_the_same_headers(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    response = await client.request(method, path)

    worn = {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "vary": "Authorization, Disclosure-Grant, Accept",
        "x-content-type-options": "nosniff",
    }
    assert dict(response.headers) == dict(response.headers) | worn
    assert {"server", "strict-transport-security"}.isdisjoint(response.headers)


async def test_an_operation_may_say_how_it_is_cached(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/cached")

    assert response.headers.get_list("cache-control") == ["max-age=60"]
    assert response.headers.get_list("vary") == ["Authorization, Disclosure-Grant, accept, Origin"]


async def test_who_came_by_https_is_told_to_keep_to_it(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/answers", headers={"X-Forwarded-Proto": "https"})

    assert response.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_request_has_an_id_of_our_own(client: httpx.AsyncClient) -> None:
    answers = [await client.get("/v1/answers", headers={"X-Request-Id": CANARY}) for _ in "ab"]

    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids - {CANARY}) == 2


# Failures


async def test_a_failure_is_logged_by_its_place_and_not_by_its_words(
    client: httpx.AsyncClient, log: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    response = await client.get("/v1/broken")

    assert_problem(response, 500, "unexpected")
    [entry] = log
    assert entry["types"] == ["ValueError"]
    assert entry["request_id"] == response.json()["request_id"]
    assert entry["frames"][-1].startswith(f"{behind_the_edge.__file__}:")
    assert caplog.records == []


async def test_an_edge_inside_the_framework_keeps_failures_in_too(
    log: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = application()
    app.add_middleware(Edge, is_upload=lambda _, __: False)

    async with on_the_wire(app) as url, httpx.AsyncClient(base_url=url) as client:
        response = await client.get("/v1/broken")

    assert_problem(response, 500, "unexpected")
    assert [entry["types"] for entry in log] == [["ValueError"]]
    assert "ValueError" not in caplog.text


async def test_an_answer_that_breaks_off_is_logged_without_its_words(
    client: httpx.AsyncClient, log: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/v1/half")

    assert [entry["types"] for entry in log] == [["ValueError"]]
    assert [record.exc_info for record in caplog.records] == [None]


async def test_a_request_stopped_with_the_server_does_not_say_what_it_was_handling() -> None:
    async def handles_for_ever(_: Scope, __: Receive, ___: Send) -> None:
        try:
            int(CANARY)
        except ValueError:
            await asyncio.Event().wait()

    edge = Edge(handles_for_ever, is_upload=lambda _, __: False)
    scope = {"type": "http", "scheme": "http", "headers": [], "query_string": b""}
    serving = asyncio.ensure_future(edge(scope, nothing, nothing))
    await asyncio.sleep(0)

    serving.cancel()
    with pytest.raises(asyncio.CancelledError) as stopped:
        await serving

    assert CANARY not in "".join(format_exception(stopped.value))


async def nothing(*_: object) -> Any:
    """Stand in for a server that is not asked."""
