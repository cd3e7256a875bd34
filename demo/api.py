"""Callers of the API, as small as they can be."""

import json
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpx

Json = dict[str, Any]

TRUST = ssl.create_default_context()
"""Read once: every caller would read all certificates again."""


class StepFailedError(Exception):
    """Something did not go as the demonstration says it goes."""


class Api:
    """One caller: an address, and a token once there is one."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=60, verify=TRUST)
        self.url = url

    def get(self, path: str, **query: Any) -> Any:
        """Read something that is there."""
        return expect(self.http.get(path, params=query), 200).json()

    def post(
        self, path: str, body: Any, status: int = 201, headers: dict[str, str] | None = None
    ) -> Any:
        """Make something."""
        return expect(self.http.post(path, json=body, headers=headers), status).json()

    def move(self, path: str, to: str, reason: str | None = None, **more: Any) -> None:
        """Move a record to another state, from how it stands now."""
        moved = {"to": to, "reason": reason} | more
        self.post(f"{path}/transitions", moved, 201, {"If-Match": self._tag(path)})

    def patch(self, path: str, changes: Json) -> Any:
        """Change a record, from how it stands now."""
        tagged = {"If-Match": self._tag(path)}
        return expect(self.http.patch(path, json=changes, headers=tagged), 200).json()

    def _tag(self, path: str) -> str:
        return expect(self.http.get(path), 200).headers["etag"]

    def all(self, path: str, **query: Any) -> list[Json]:
        """Read every page of a list."""
        items: list[Json] = []
        while True:
            page = self.get(path, **query)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            query["cursor"] = page["next_cursor"]

    def push(self, kind: str, rows: Iterable[Json]) -> Json:
        """Push many records at once; wait for the job that a large push becomes."""
        response = self.http.post(
            "/imports",
            params={"kind": kind},
            content="".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
            headers={"Content-Type": "application/x-ndjson"},
        )
        report: Json = expect(response, 200, 202).json()
        while response.status_code == httpx.codes.ACCEPTED and report["status"] in {
            "queued",
            "running",
        }:
            time.sleep(0.2)
            report = self.get(response.headers["location"].removeprefix("/v1"))
        return report


def expect(response: httpx.Response, *statuses: int) -> httpx.Response:
    """Return an answer of one of the statuses; raise what is wrong with any other."""
    if response.status_code not in statuses:
        request = response.request
        message = (
            f"{request.method} {request.url.path}: {response.status_code} {response.text[:600]}"
        )
        raise StepFailedError(message)
    return response


def system(url: str, client: Json) -> Api:
    """Sign in an agency's system with its client credentials."""
    response = httpx.post(
        f"{url}/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(client["client_id"], client["client_secret"]),
        timeout=60,
        verify=TRUST,
    )
    return Api(url, expect(response, 200).json()["access_token"])


def person(url: str, email: str, invitation: str, password: str) -> Api:
    """Accept an invitation and log in."""
    anybody = Api(url)
    accepted = anybody.http.post(
        "/invitations/accept", json={"token": invitation, "new_password": password}
    )
    expect(accepted, 200, 201, 204)
    session = anybody.post("/sessions", {"email": email, "password": password})
    return Api(url, session["token"])
