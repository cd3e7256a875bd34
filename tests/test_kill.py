"""`kill -9` during a push: nothing acknowledged is lost, nothing is half-applied, retries converge.

Six agencies push return after return, each under a key of its own and each sent again until it is
acknowledged, while PostgreSQL and then the whole server are killed under them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from demo import schools
from demo.api import Api, Json, expect, system
from tests.people import PASSWORD, new_address
from tests.rounds import audit_body, whole_return
from tests.test_serving import (
    COMMAND,
    children,
    command_of,
    environment,
    eventually,
    served,
)

WRITERS, PUSHES = 6, 16
FIRST_KILL, SECOND_KILL = 16, 48
"""How many of the pushes are through when a kill comes; others are under way then."""
PAUSE_S, PATIENCE_S = 0.1, 25.0
SCOPES = ["audit-responses:read", "audit-responses:write", "audit-responses:submit"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@dataclass(slots=True)
class Writer:
    """The system of one agency: pushes returns one after the other, whatever happens."""

    agency: Json
    token: str
    instrument: Json
    path: str
    acknowledged: dict[int, str] = field(default_factory=dict)
    interrupted: int = 0

    def push(self, http: httpx.Client, url: str, number: int) -> str | None:
        """Push a return under its key; return the submission, null if nobody acknowledged it."""
        body = whole_return(self.instrument, self.agency, "2")
        for each in body["answers"]:
            each["narrative"] = f"Push {number}"
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": f"{self.agency['id']}-{number}",
        }
        try:
            answer = http.post(f"{url}/v1{self.path}", json=body, headers=headers)
        except httpx.TransportError:
            return None
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return None
        return str(expect(answer, 201).json()["id"])


@dataclass(slots=True)
class Push:
    """All writers at work, at an address that may change under them."""

    url: str
    writers: list[Writer]
    office_token: str
    audit_id: str

    def run(self, writer: Writer) -> None:
        """Push until everything is acknowledged."""
        deadline = time.monotonic() + PATIENCE_S
        with httpx.Client(timeout=PATIENCE_S) as http:
            for number in range(1, PUSHES + 1):
                while (made := writer.push(http, self.url, number)) is None:
                    writer.interrupted += 1
                    assert time.monotonic() < deadline, "The server never came back."
                    time.sleep(PAUSE_S)
                writer.acknowledged[number] = made

    def reaches(self, count: int) -> None:
        """Wait until so many pushes are acknowledged, and leave in the middle of it."""
        eventually(lambda: self.acknowledged >= count)
        assert self.acknowledged < WRITERS * PUSHES, "Too late to kill anything."

    @property
    def acknowledged(self) -> int:
        """How many pushes somebody was told are kept."""
        return sum(len(writer.acknowledged) for writer in self.writers)

    @property
    def interrupted(self) -> int:
        """How many attempts nobody acknowledged."""
        return sum(writer.interrupted for writer in self.writers)

    def kept(self, writer: Writer) -> dict[int, str]:
        """Return the submissions on record by revision; each must be whole."""
        office = Api(self.url, self.office_token)
        query = {"audit_id": self.audit_id, "agency_id": writer.agency["id"]}
        found = {}
        for each in office.all("/submissions", **query):
            answers = office.get(f"/submissions/{each['id']}")["answers"]
            asked = whole_return(writer.instrument, writer.agency, "2")["answers"]
            assert len(answers) == len(asked) > 30
            assert {answer["narrative"] for answer in answers} == {f"Push {each['revision']}"}
            assert each["revision"] not in found
            found[each["revision"]] = each["id"]
        (response,) = office.all("/audit-responses", **query)
        answers = office.all(f"/audit-responses/{response['id']}/answers")
        assert response["revision"] == len(found)
        assert {answer["narrative"] for answer in answers} == {f"Push {len(found)}"}
        events = office.all("/trail", subject="submissions", agency_id=writer.agency["id"])
        assert sorted(event["record_id"] for event in events) == sorted(found.values())
        office.http.close()
        return found

    def again(self, writer: Writer) -> dict[int, str | None]:
        """Send every return of a writer again, as a system does that missed the answers."""
        with httpx.Client(timeout=PATIENCE_S) as http:
            return {n: writer.push(http, self.url, n) for n in writer.acknowledged}


def manager(data_dir: Path, url: str) -> Api:
    """Register the manager of the Business Office on the machine itself, and log in."""
    email = new_address()
    words = ["--email", email, "--name", "A. Manager", "--role", "bo_manager", "--password-stdin"]
    subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "create-user", *words],
        env=environment(data_dir),
        input=f"{PASSWORD}\n",
        stdout=subprocess.DEVNULL,
        text=True,
        check=True,
        timeout=30,
    )
    session = httpx.post(f"{url}/v1/sessions", json={"email": email, "password": PASSWORD})
    return Api(url, expect(session, 201).json()["token"])


def arrange(data_dir: Path, url: str) -> Push:
    """Open an audit of six agencies, each with a system."""
    office = manager(data_dir, url)
    instrument = office.get(f"/instruments/{schools.publish(office, 'section_11', 2015)}")
    audit = office.post("/audits", audit_body(instrument))
    path = f"/audits/{audit['id']}"
    writers = []
    for _ in range(WRITERS):
        name = f"Agency {uuid4().hex[:8]}"
        body = {"name": name, "sector": "police", "duty_bases": ["section_11"]}
        agency = office.post("/agencies", body)
        client = {"agency_id": agency["id"], "name": "Case system", "scopes": SCOPES}
        caller = system(url, office.post("/clients", client))
        token = caller.http.headers["authorization"].removeprefix("Bearer ")
        caller.http.close()
        writers.append(Writer(agency, token, instrument, f"{path}/submissions"))
    office.post(f"{path}/roster", {"agency_ids": [w.agency["id"] for w in writers]}, 200)
    office.move(path, "approved")
    office.move(path, "open")
    token = office.http.headers["authorization"].removeprefix("Bearer ")
    office.http.close()
    return Push(url, writers, token, audit["id"])


def tree(pid: int) -> list[int]:
    """Return a process with all that descend from it."""
    return [pid, *(each for child in children(pid) for each in tree(child))]


def kill(pids: Iterable[int]) -> None:
    """Kill processes at once, without a word."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def holds(push: Push) -> None:
    """Check that what was acknowledged is on record once and whole, and stays so when resent."""
    for writer in push.writers:
        assert push.kept(writer) == writer.acknowledged
        assert push.again(writer) == writer.acknowledged
        assert push.kept(writer) == writer.acknowledged


def test_a_push_survives_a_killed_postgresql_and_then_a_killed_server(tmp_path: Path) -> None:
    data_dir = tmp_path / "board"
    with served(data_dir) as server, ThreadPoolExecutor(WRITERS) as pool:
        push = arrange(data_dir, server.url)
        runs = [pool.submit(push.run, writer) for writer in push.writers]

        push.reaches(FIRST_KILL)
        kill(p for p in children(server.process.pid) if "postgres" in command_of(p))
        push.reaches(SECOND_KILL)
        by_first_kill = push.interrupted
        killed = tree(server.process.pid)
        kill(killed)

        with served(data_dir) as again:
            push.url = again.url
            for run in runs:
                run.result()
            assert 0 < by_first_kill < push.interrupted
            holds(push)
    assert len(killed) > 3
    eventually(lambda: not any(command_of(pid) for pid in killed))
