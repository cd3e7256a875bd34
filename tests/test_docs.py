"""The reference, the pages about problems and the contract, as a browser gets them."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import httpx
import pytest

from app.main import create_app
from app.openapi import known_errors, render
from tests.conftest import Server

LINK = re.compile(r'(?:src|href)="([^"]*)"')


@pytest.fixture(scope="module")
async def browser(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in and follows links."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        yield client


async def test_the_reference_consists_of_our_own_files(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/docs")
    links = [link for link in LINK.findall(page.text) if link != "data:,"]

    answers = [await browser.get(urljoin("/docs", link)) for link in links]

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert [link for link in links if "//" in link] == []
    assert [answer.status_code for answer in answers] == [200] * len(links)
    assert [answer.headers["content-type"].partition(";")[0] for answer in answers] == [
        "text/css",
        "application/json",
        "text/javascript",
        "text/javascript",
    ]


async def test_browsers_fetch_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/docs")
    policy = dict(
        rule.strip().split(" ", 1) for rule in page.headers["content-security-policy"].split(";")
    )

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


async def test_scripts_stand_in_files(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/docs")

    assert re.findall(r"<script(?: src=\"[^\"]*\")?>(.*?)</script>", page.text) == ["", ""]
    assert re.findall(r"\son\w+=", page.text) == []


async def test_the_reference_keeps_no_token(browser: httpx.AsyncClient) -> None:
    script = await browser.get("/docs/assets/reference.js")

    assert "validatorUrl: null" in script.text
    assert "persistAuthorization: false" in script.text
    assert "queryConfigEnabled: false" in script.text


async def test_a_file_is_sent_again_only_if_it_has_changed(browser: httpx.AsyncClient) -> None:
    first = await browser.get("/docs/assets/swagger-ui/swagger-ui.css")

    second = await browser.get(
        "/docs/assets/swagger-ui/swagger-ui.css", headers={"If-None-Match": first.headers["etag"]}
    )

    assert (first.status_code, second.status_code) == (200, 304)
    assert first.headers["cache-control"] == second.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["../docs.py", "%2e%2e/docs.py", "..%2fdocs.py", "nothing.js"])
async def test_no_other_file_is_served(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(f"/docs/assets/{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_contract_is_served_as_it_is_derived(
    browser: httpx.AsyncClient, server: Server
) -> None:
    answer = await browser.get("/v1/openapi.json")

    assert answer.headers["content-type"] == "application/json"
    assert answer.text == render(create_app(server.settings).openapi())


async def test_the_contract_is_sent_again_only_if_it_has_changed(
    browser: httpx.AsyncClient,
) -> None:
    first = await browser.get("/v1/openapi.json")

    second = await browser.get("/v1/openapi.json", headers={"If-None-Match": first.headers["etag"]})

    assert second.status_code == 304
    assert second.content == b""


async def test_the_type_of_a_problem_leads_to_its_page(browser: httpx.AsyncClient) -> None:
    problem = (await browser.get("/v1/nothing")).json()

    page = await browser.get(problem["type"])

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{problem['title']}</h1>" in page.text
    assert f"<code>{problem['code']}</code>" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_every_problem_is_listed_and_has_a_page(browser: httpx.AsyncClient) -> None:
    listed = (await browser.get("/problems")).text
    types = {error().problem("").type for error in known_errors()}

    links = {urljoin("/problems", link) for link in LINK.findall(listed) if "problems/" in link}
    pages = [await browser.get(link) for link in sorted(links)]

    assert links == types
    assert {page.status_code for page in pages} == {200}


async def test_a_problem_that_does_not_exist_has_no_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/problems/%3Cscript%3E")

    assert answer.status_code == 404
    assert "script" not in answer.text


async def test_search_engines_are_asked_to_stay_away(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/docs")
    robots = await browser.get("/robots.txt")

    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert robots.text == "User-agent: *\nDisallow: /\n"
