"""What every version is asked, and that all give the same answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from typing import Any

from benchmarks.load import KEY
from benchmarks.servers import Version
from benchmarks.stage import SignedIn, Stage

RESPONSES = "/v1/audit-responses"
OF_THE_RECORD = ("id", "created_at", "updated_at")
"""Members that differ between records made from the same body."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request, as it goes over the wire to a version."""

    name: str
    requests: Callable[[str], list[bytes]]
    """The requests for a version, by its name."""
    goal: float
    """Least share of the floor's rate."""
    orm_goal: float
    """Least multiple of the ORM version's rate."""
    is_write: bool = False


def workloads(stage: Stage) -> list[Workload]:
    """Return what is asked, for the records and callers of a stage."""
    office, agency = stage.business_office, stage.agency_system

    def list_of_agency(version: str) -> list[bytes]:
        predicate = f"?agency_id={agency.agency_id}" if version == "floor" else ""
        return [get(agency, RESPONSES + predicate)]

    def reads(_: str) -> list[bytes]:
        return [get(office, f"{RESPONSES}/{response_id}") for response_id in stage.response_ids]

    lead = {
        "agency_id": str(agency.agency_id),
        "function": "section_11",
        "name": "A. Officer",
        "post": "Head of Safeguarding",
        "email": "officer@example.org",
        "valid_from": "2017-04-01",
    }
    return [
        Workload("list", lambda _: [get(office, RESPONSES)], 0.70, 8),
        Workload("list_of_agency", list_of_agency, 0.70, 8),
        Workload("read", reads, 0.80, 10),
        Workload("create", lambda _: [post(office, "/v1/agency-leads", lead)], 0.60, 10, True),
    ]


def get(caller: SignedIn, path: str) -> bytes:
    """Write a GET request."""
    return _head("GET", path, caller) + b"\r\n"


def post(caller: SignedIn, path: str, body: object) -> bytes:
    """Write a POST request with an `Idempotency-Key` that is new each time."""
    content = json.dumps(body).encode()
    own = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return (
        _head("POST", path, caller)
        + own.encode()
        + b"Idempotency-Key: "
        + KEY
        + b"\r\n\r\n"
        + content
    )


def _head(method: str, path: str, caller: SignedIn) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {caller.token}\r\n"
    ).encode()


def check_equal(workload: Workload, versions: list[Version]) -> None:
    """Ask every version the first request. Raises `RuntimeError` if they do not answer alike."""
    answers = {
        version.name: _ask(version, workload.requests(version.name)[0]) for version in versions
    }
    for name, answer in answers.items():
        if not is_same(answer, answers["ours"], is_new=workload.is_write):
            raise RuntimeError(f"{workload.name}: {name} does not answer as ours does.")


def is_same(one: Any, other: Any, *, is_new: bool = False) -> bool:
    """Tell whether two answers are equal, member by member.

    Times may be written differently and cursors are everybody's own. In new records the id and
    the times of the record need only be there.
    """
    return bool(_plain(one, is_new=is_new) == _plain(other, is_new=is_new))


def _ask(version: Version, request: bytes) -> Any:
    head, _, body = request.partition(b"\r\n\r\n")
    start, *lines = head.decode().split("\r\n")
    method, path, _ = start.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    connection = HTTPConnection("127.0.0.1", version.port, timeout=30)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status not in {200, 201}:
        raise RuntimeError(f"{version.name} answers {response.status} to {method} {path}.")
    return json.loads(content)


def _plain(value: Any, *, is_new: bool = False) -> Any:
    """Write an answer so that two of the same meaning are equal."""
    if isinstance(value, dict):
        return {
            name: name if is_new and name in OF_THE_RECORD else _plain_member(name, member)
            for name, member in value.items()
        }
    return value


def _plain_member(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str) and name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name == "next_cursor":
        return value is None
    return value
