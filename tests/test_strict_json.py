"""Bodies as JSON, over the wire: what could be read in two ways is refused, the rest untouched."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI, Request

from app import refusals
from app.edge import Edge
from tests.wire import CANARY, assert_problem, discreet, on_the_wire

MEGABYTE = 1_048_576
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A caller of an operation that counts the bytes of whatever it is sent."""
    app = FastAPI(openapi_url=None)
    refusals.install(app)

    @app.post("/v1/anything", status_code=201)
    async def take_anything(request: Request) -> int:
        return len(await request.body())

    async with (
        on_the_wire(Edge(app, is_upload=lambda _, __: False)) as url,
        httpx.AsyncClient(base_url=url, timeout=1) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing is logged or printed of what was sent."""
    with discreet(caplog, capfd):
        yield


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b'{"Jane-Doe-9434765919": NaN}', "json_not_finite", id="NaN"),
        pytest.param(b'["Jane-Doe-9434765919", -Infinity]', "json_not_finite", id="-Infinity"),
        pytest.param(b'["Jane-Doe-9434765919", 1e999]', "json_not_finite", id="1e999"),
        pytest.param(b"[" + b"9" * 400 + b".0]", "json_not_finite", id="400 digits and a point"),
        pytest.param(b"[12345678901234567890]", "json_integer_too_long", id="20 digits"),
        pytest.param(b"[-" + b"9" * 5000 + b"]", "json_integer_too_long", id="5,000 digits"),
        pytest.param(
            b'{"Jane-Doe-9434765919": 1, "Jane-Doe-9434765919": 2}',
            "json_duplicate_member",
            id="a member twice",
        ),
        pytest.param(b'[{"a": {"b": 1, "\\u0062": 2}}]', "json_duplicate_member", id="spelt twice"),
        pytest.param(b'["Jane-Doe-9434765919\x00"]', "json_nul", id="raw NUL"),
        pytest.param(b'["Jane-Doe-9434765919\\u0000"]', "json_nul", id="escaped NUL"),
        pytest.param(b'["\\\\\\u0000"]', "json_nul", id="NUL after an escaped backslash"),
        pytest.param(b'{"\\u0000": 1}', "json_nul", id="NUL in a name"),
        pytest.param(b'["\\ud83d Jane-Doe-9434765919"]', "json_lone_surrogate", id="high half"),
        pytest.param(b'["\\uDE00"]', "json_lone_surrogate", id="low half"),
        pytest.param(b'["\\ude00\\ud83d"]', "json_lone_surrogate", id="halves reversed"),
        pytest.param(b'["\\ud83d\\\\\\ude00"]', "json_lone_surrogate", id="halves apart"),
        pytest.param(b'["\\ud83d\\ud83d\\ude00"]', "json_lone_surrogate", id="a half too many"),
        pytest.param(b'["\xed\xa0\x80"]', "not_utf8", id="a half in three bytes"),
        pytest.param(f'["{CANARY}é"]'.encode("latin-1"), "not_utf8", id="Latin-1"),
        pytest.param(f'["{CANARY}"]'.encode("utf-16"), "not_utf8", id="UTF-16"),
        pytest.param(f'["{CANARY}"]'.encode("utf-16-le"), "not_utf8", id="UTF-16 without mark"),
        pytest.param(f'["{CANARY}"]'.encode("utf-32-be"), "not_utf8", id="UTF-32"),
        pytest.param(f'["{CANARY}"]'.encode("utf-8-sig"), "not_utf8", id="byte order mark"),
        pytest.param(nested(33), "json_too_deep", id="33 deep"),
        pytest.param(b'{"a":[' * 17 + b"1" + b"]}" * 17, "json_too_deep", id="34 deep, mixed"),
        pytest.param(b'["\\"", ' + nested(32) + b', "\\\\"]', "json_too_deep", id="among quotes"),
        pytest.param(nested(100_000), "json_too_deep", id="100,000 deep"),
        pytest.param(b'{"a":' * 100_000, "json_too_deep", id="100,000 deep and open"),
        pytest.param(b'"Jane-Doe-9434765919"', "malformed_json", id="a bare string"),
        pytest.param(b"null", "malformed_json", id="null"),
        pytest.param(b'{"Jane-Doe-9434765919": ', "malformed_json", id="cut off"),
        pytest.param(b'["Jane-Doe-9434765919",]', "malformed_json", id="a comma too many"),
        pytest.param(b'["Jane-Doe-9434765919\n"]', "malformed_json", id="raw control character"),
        pytest.param(b"[] []", "malformed_json", id="two documents"),
        pytest.param(b"  ", "malformed_json", id="blank"),
    ],
)
async def test_json_with_more_than_one_reading_is_refused(
    client: httpx.AsyncClient, body: bytes, code: str
) -> None:
    response = await client.post("/v1/anything", content=body, headers=JSON)

    assert_problem(response, 400, code)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(nested(32), id="32 deep"),
        pytest.param(
            b'["' + b"[{" * 100 + b'", "\\"[[", "\\\\"]' + b" " * 9, id="brackets in text"
        ),
        pytest.param(b"[" + b"{}," * 99 + b"[]]", id="many side by side"),
        pytest.param(b"[-1234567890123456789, 0.12345678901234567890, 1e308]", id="long numbers"),
        pytest.param('["naïve Zoë 😀"]'.encode(), id="UTF-8"),
        pytest.param(b'["\\ud83d\\ude00 \\u00e9"]', id="a pair, escaped"),
        pytest.param(b'["\\\\u0000 \\\\ud83d"]', id="escaped backslashes"),
        pytest.param(b"\r\n\t {}", id="blanks before"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_json_with_one_reading_passes_unchanged(
    client: httpx.AsyncClient, body: bytes
) -> None:
    response = await client.post("/v1/anything", content=body, headers=JSON)

    assert (response.status_code, response.json()) == (201, len(body))


@pytest.mark.parametrize(
    "unit", [b"1,", b"{},", b"[],", b'{"a":1},', b'"",', b'"\\u00e9",', nested(31) + b","]
)
async def test_a_megabyte_of_the_costliest_json_passes(
    client: httpx.AsyncClient, unit: bytes
) -> None:
    body = b"[" + unit * (MEGABYTE // len(unit) - 2) + b"1]"

    response = await client.post("/v1/anything", content=body, headers=JSON, timeout=10)

    assert (response.status_code, response.json()) == (201, len(body))
