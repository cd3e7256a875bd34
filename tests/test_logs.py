"""The log: one line of JSON for each event, and no value that anybody sent."""

import json
import logging

import httpx
import pytest

from app.logs import RequestLog, logging_to_stderr
from app.main import serve_app
from tests.conftest import Json, Server, SignedIn
from tests.wire import on_the_wire

Capture = pytest.CaptureFixture[str]


def parsed(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_failure_in_a_library_loses_what_it_quotes(capsys: Capture) -> None:
    with logging_to_stderr():
        try:
            int("Jane Doe")
        except ValueError:
            logging.getLogger("library").exception("It failed\nfor Jane Doe")

    printed = capsys.readouterr().err
    (line,) = parsed(printed)
    assert "Jane" not in printed
    assert (line["event"], line["level"], line["logger"]) == ("It failed", "error", "library")
    assert line["types"] == ["ValueError"]


def test_a_server_that_does_not_start_says_what_kind_of_failure(capsys: Capture) -> None:
    with logging_to_stderr():
        logging.getLogger("uvicorn.error").error(
            "Traceback (most recent call last):\n  File …\nValueError: Jane Doe\n"
        )

    assert [line["event"] for line in parsed(capsys.readouterr().err)] == ["failed: ValueError"]


async def test_a_request_leaves_a_line_without_its_address(
    server: Server, business_office: SignedIn, agency: Json, capsys: Capture
) -> None:
    app = RequestLog(serve_app(server.settings, server.installation))

    with logging_to_stderr():
        async with (
            on_the_wire(app, lifespan="on") as url,
            httpx.AsyncClient(base_url=url, headers=business_office.headers) as client,
        ):
            listed = await client.get("/v1/agencies", params={"identifier": "jane-doe"})
            read = await client.get(f"/v1/agencies/{agency['id']}")
            lost = await client.get("/nowhere/jane-doe")

    printed = capsys.readouterr().err
    told = [line for line in parsed(printed) if line["event"] == "request"]
    assert [(line["operation"], line["status"]) for line in told] == [
        ("list_agencies", 200),
        ("read_agency", 200),
        (None, 404),
    ]
    assert [line["request_id"] for line in told] == [
        response.headers["x-request-id"] for response in (listed, read, lost)
    ]
    assert "jane" not in printed
    assert agency["id"] not in printed
