"""Bodies on their way in, over the wire: too much and too slow are cut off, soon and with a word.

"Soon" is a time limit of a second on every call, so that what hangs fails.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.behind_the_edge import DEADLINE_S, JSON, MEGABYTE, served
from tests.wire import assert_problem, discreet, request, say


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


async def in_parts(content: bytes) -> AsyncIterator[bytes]:
    """Send without announcing a length."""
    for start in range(0, len(content), MEGABYTE):
        yield content[start : start + MEGABYTE]


async def test_64_megabytes_are_refused_by_their_announcement(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/answers", content=bytes(64 * MEGABYTE), headers=JSON)

    assert_problem(response, 413, "payload_too_large")
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/v1/answers", "/v1/imports"])
async def test_what_is_announced_as_too_large_need_not_come(url: str, path: str) -> None:
    head = request(f"POST {path}", JSON | {"Content-Length": str(64 * MEGABYTE)})

    async with asyncio.timeout(DEADLINE_S / 2):
        heard = await say(url, head)

    assert (heard.status, heard.problem["code"]) == (413, "payload_too_large")


async def test_64_megabytes_unannounced_are_refused_at_the_limit(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post(
        "/v1/answers", content=in_parts(bytes(64 * MEGABYTE)), headers=JSON
    )

    assert_problem(response, 413, "payload_too_large")
    assert response.headers["connection"] == "close"


async def test_who_sends_everything_before_listening_still_hears_the_answer(url: str) -> None:
    headers = JSON | {"Content-Length": str(64 * MEGABYTE)}

    heard = await asyncio.to_thread(
        _send_all_then_listen, url, request("POST /v1/answers", headers) + bytes(64 * MEGABYTE)
    )

    assert heard.startswith(b"HTTP/1.1 413 ")


def _send_all_then_listen(url: str, content: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(content)
        return connection.recv(65_536)


async def test_a_body_that_trickles_is_cut_off_at_the_deadline(url: str) -> None:
    head = request("POST /v1/answers", JSON | {"Content-Length": "1000"})

    async with asyncio.timeout(1):
        heard = await say(url, head, *[b"[", *[b" "] * 40], pause_s=0.05)

    assert (heard.status, heard.problem["code"]) == (408, "request_timeout")
    assert heard.headers["connection"] == "close"


async def test_a_body_that_never_comes_is_cut_off_at_the_deadline(url: str) -> None:
    head = request("POST /v1/answers", JSON | {"Transfer-Encoding": "chunked"})

    async with asyncio.timeout(1):
        heard = await say(url, head)

    assert (heard.status, heard.problem["code"]) == (408, "request_timeout")


async def test_a_client_that_leaves_halfway_reaches_no_operation(
    url: str, log: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(request("POST /v1/broken", JSON | {"Content-Length": "1000"}, b"[]"))
    await writer.drain()

    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.1)

    assert (log, caplog.records) == ([], [])


# Uploads


async def test_an_upload_passes_untouched(client: httpx.AsyncClient) -> None:
    content = bytes(range(256)) * 8_000

    response = await client.post(
        "/v1/imports", content=content, headers={"Content-Type": "application/x-ndjson"}
    )

    assert (response.status_code, response.json()) == (201, sha256(content).hexdigest())


async def test_an_upload_may_take_longer_than_the_deadline_if_it_keeps_coming(url: str) -> None:
    head = request("POST /v1/imports", {"Content-Length": "10"})

    heard = await say(url, head, *[b"x"] * 10, pause_s=DEADLINE_S / 5)

    assert (heard.status, json.loads(heard.body)) == (201, sha256(b"x" * 10).hexdigest())


async def test_an_upload_that_pauses_too_long_is_cut_off(url: str) -> None:
    head = request("POST /v1/imports", {"Content-Length": "10"})

    async with asyncio.timeout(1):
        heard = await say(url, head, b"x")

    assert (heard.status, heard.problem["code"]) == (408, "request_timeout")
    assert heard.headers["connection"] == "close"


async def test_an_upload_is_refused_by_its_announcement(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/imports", content=bytes(3 * MEGABYTE))

    assert_problem(response, 413, "payload_too_large")


async def test_an_upload_is_refused_at_the_limit(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/imports", content=in_parts(bytes(64 * MEGABYTE)))

    assert_problem(response, 413, "payload_too_large")


async def test_a_file_in_a_form_is_refused_at_the_limit(client: httpx.AsyncClient) -> None:
    form = httpx.Request("POST", "http://board.example", files={"file": bytes(3 * MEGABYTE)})

    response = await client.post(
        "/v1/imports/form",
        content=in_parts(form.read()),
        headers={"Content-Type": form.headers["content-type"]},
    )

    assert_problem(response, 413, "payload_too_large")


async def test_an_upload_refused_unread_ends_its_connection(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/imports/forbidden", content=bytes(2 * MEGABYTE))

    assert (response.status_code, response.headers["connection"]) == (403, "close")
