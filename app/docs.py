"""The reference for people, from our own files: `/docs`, a page for each problem, the contract.

Nothing is fetched from elsewhere, and browsers are told to allow nothing else.
"""

import re
from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from app import openapi
from app.errors import ApiError, NotFound

STATIC = Path(__file__).parent / "static"
REVALIDATE = {"Cache-Control": "no-cache"}
"""Keep it, but ask every time whether it is still the same."""
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex, nofollow",
    **REVALIDATE,
}
"""The styles that Swagger UI writes into its elements are the only thing allowed in line."""
PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}docs/assets/{style}">
</head>
<body>
{content}
</body>
</html>
"""
REFERENCE = """<main id="reference"></main>
<noscript>The contract as a file: <a href="v1/openapi.json">openapi.json</a></noscript>
<script src="docs/assets/swagger-ui/swagger-ui-bundle.js"></script>
<script src="docs/assets/reference.js"></script>"""
PROBLEM = """<dt><a href="{root}problems/{slug}">{title}</a></dt>
<dd>{detail}<br>Status {status}, code <code>{code}</code></dd>"""


class Assets(StaticFiles):
    """Files that browsers may keep."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Send a file, or that it is still the same."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(REVALIDATE)
        return response


def install(app: FastAPI) -> None:
    """Serve the reference of an application, to anybody: it holds what the contract holds."""
    pages = {
        "/docs": _reference(app.title),
        "/problems": _problems,
        "/problems/{slug}": _problem,
        "/robots.txt": _robots,
        "/v1/openapi.json": _contract(app),
    }
    for path, answer in pages.items():
        app.add_route(path, answer, include_in_schema=False)
    app.mount("/docs/assets", Assets(directory=STATIC))


def slug_of(error: type[ApiError]) -> str:
    """Return the name of a problem's page, the last part of its `type`."""
    return error.code.replace("_", "-")


def _page(title: str, content: str, *, style: str = "plain.css", root: str = "") -> Response:
    """Lay out a page; links are relative, so that they work behind a proxy with a prefix."""
    page = PAGE.format(title=escape(title), content=content, style=style, root=root)
    return HTMLResponse(page, headers=PAGE_HEADERS)


def _reference(title: str) -> Callable[[Request], Awaitable[Response]]:
    async def reference(_: Request) -> Response:
        return _page(f"{title}: reference", REFERENCE, style="swagger-ui/swagger-ui.css")

    return reference


async def _problems(_: Request) -> Response:
    listed = sorted(openapi.known_errors(), key=lambda error: (error.status, error.code))
    return _page("Problems", _definitions(listed, "Problems", root=""))


async def _problem(request: Request) -> Response:
    slug = request.path_params["slug"]
    found = [error for error in openapi.known_errors() if slug_of(error) == slug]
    if not found:
        raise NotFound
    return _page(found[0].title, _definitions(found, found[0].title, root="../"), root="../")


def _definitions(problems: list[type[ApiError]], heading: str, root: str) -> str:
    items = (
        PROBLEM.format(
            root=root,
            slug=slug_of(error),
            title=escape(error.title),
            detail=re.sub("`([^`]+)`", r"<code>\1</code>", escape(error.detail)),
            status=error.status.value,
            code=error.code,
        )
        for error in problems
    )
    return "\n".join((f"<h1>{escape(heading)}</h1>", "<dl>", *items, "</dl>"))


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n", headers=REVALIDATE)


def _contract(app: FastAPI) -> Callable[[Request], Awaitable[Response]]:
    @cache
    def written() -> tuple[bytes, str]:
        body = openapi.render(app.openapi()).encode()
        return body, f'"{sha256(body).hexdigest()[:32]}"'

    async def contract(request: Request) -> Response:
        body, tag = written()
        headers = {"ETag": tag, **REVALIDATE}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")

    return contract
