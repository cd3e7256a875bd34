"""Agency B can learn nothing of agency A's response: what is A's answers like what is nobody's.

Every request is made twice: with what is A's, and with identifiers that nobody has. Both answers
must be the same to the byte, but for the name of the request. Time is not measured.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import (
    NAMES,
    WHOLE,
    StagedAudit,
    move,
    push,
    put_answers,
    stage_audit,
    tag_of,
)

PDF = {"file": ("minutes.pdf", b"%PDF-1.7\n", "application/pdf")}
LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@dataclass(frozen=True, slots=True)
class Owned:
    """Everything that belongs to agency A, by the name of its collection."""

    audit: StagedAudit
    response: str
    answer: str
    submission: str
    evidence: str
    lock_exception: str
    tags: dict[str, str]

    def ids(self) -> Iterable[str]:
        """Return every identifier that B must not learn."""
        return (self.response, self.answer, self.submission, self.evidence, self.lock_exception)


@pytest.fixture
async def owned(
    owner: asyncpg.Connection,
    lead: SignedIn,
    agency_system: SignedIn,
    moderator: SignedIn,
    sign_in: SignIn,
    agency: Json,
) -> Owned:
    """Agency A's response, with one of everything, to an audit that does not ask agency B."""
    audit = await stage_audit(owner, agency)
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)
    evidence = (await lead.post(f"{path}/evidence", data={"question": "1.2"}, files=PDF)).json()
    submission = (await push(agency_system, audit, external_ref="A-2026")).json()
    grade = {"question": "1.1", "moderated_grade": "partly"}
    body = {"grades": [grade]}
    await moderator.put(f"{path}/moderation", json=body, headers={"If-Match": "*"})
    await move(moderator, path, "returned", reason="Say more at question 1.2.")
    answers = (await lead.get(f"{path}/answers")).json()["items"]
    asked = await (await sign_in("bo_officer")).post(
        "/lock-exceptions",
        json={"response_id": path[17:], "reason": "The office is closed.", "expires_at": LATER},
    )
    tags = await tag_of(lead, path) | {"If-None-Match": (await lead.get(path)).headers["etag"]}
    return Owned(
        audit=audit,
        response=path[17:],
        answer=answers[0]["id"],
        submission=submission["id"],
        evidence=evidence["id"],
        lock_exception=asked.json()["id"],
        tags=tags,
    )


def seen(response: httpx.Response) -> tuple[Any, ...]:
    """Return all that a caller gets, but for the name of the request and the time."""
    body = response.text
    if response.headers.get("content-type") == "application/problem+json":
        problem = response.json()
        assert problem.pop("instance").endswith(problem.pop("request_id"))
        body = str(problem)
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in ("x-request-id", "date", "content-length")
    }
    return response.status_code, body, headers


READS = (
    "/audit-responses/{response}",
    "/audit-responses/{response}/transitions",
    "/audit-responses/{response}/answers",
    "/audit-responses/{response}/evidence",
    "/submissions/{submission}",
    "/evidence/{evidence}",
    "/evidence/{evidence}/content",
    "/lock-exceptions/{lock_exception}",
)


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("tag", ["A's", "none"])
async def test_reading_what_is_anothers_is_like_reading_nothing(
    other_system: SignedIn, lead: SignedIn, owned: Owned, path: str, tag: str
) -> None:
    name = path[path.index("{") + 1 : path.index("}")]
    real = path.format(**{name: getattr(owned, name)})
    headers = {"If-None-Match": owned.tags["If-None-Match"]} if tag == "A's" else {}

    theirs = await other_system.get(real, headers=headers)
    nobodys = await other_system.get(path.format(**{name: uuid4()}), headers=headers)

    assert (await lead.get(real)).status_code == 200
    assert seen(theirs) == seen(nobodys)
    assert theirs.status_code == 404


FILTERS = (
    ("/audit-responses", "audit_id", "audit"),
    ("/audit-responses", "agency_id", "agency"),
    ("/submissions", "response_id", "response"),
    ("/submissions", "audit_id", "audit"),
    ("/submissions", "agency_id", "agency"),
    ("/lock-exceptions", "response_id", "response"),
    ("/lock-exceptions", "agency_id", "agency"),
    ("/good-practice", "agency_id", "agency"),
    ("/good-practice", "audit_id", "audit"),
)


@pytest.mark.parametrize(("path", "name", "what"), FILTERS)
async def test_filtering_by_what_is_anothers_is_like_filtering_by_nothing(
    other_system: SignedIn, owned: Owned, agency: Json, path: str, name: str, what: str
) -> None:
    value = {"audit": owned.audit.id, "agency": agency["id"], "response": owned.response}[what]

    theirs = await other_system.get(path, params={name: str(value)})
    nobodys = await other_system.get(path, params={name: str(uuid4())})

    assert seen(theirs) == seen(nobodys)
    assert theirs.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/audit-responses", {}),
        ("/audit-responses", {"status": "returned"}),
        ("/audit-responses", {"is_late": False}),
        ("/audit-responses", {"updated_at_from": "2017-11-01T00:00:00Z"}),
        ("/audit-responses", {"limit": 200}),
        ("/submissions", {}),
        ("/lock-exceptions", {}),
        ("/lock-exceptions", {"is_live": False}),
        ("/good-practice", {}),
    ],
)
async def test_no_list_holds_what_is_anothers(
    other_system: SignedIn, owned: Owned, path: str, query: Json
) -> None:
    response = await other_system.get(path, params=query)

    assert response.status_code == 200
    assert [each for each in owned.ids() if each in response.text] == []


@pytest.mark.parametrize("name", ["sort", "order_by", "completed_by", "external_ref", "grade"])
async def test_nobody_sorts_or_filters_by_what_is_withheld(
    other_system: SignedIn, owned: Owned, name: str
) -> None:
    theirs = await other_system.get("/audit-responses", params={name: "A-2026"})
    nobodys = await other_system.get("/audit-responses", params={name: "Z-2026"})

    assert owned
    assert seen(theirs) == seen(nobodys)
    assert theirs.status_code == 422


async def test_a_cursor_of_anothers_opens_nothing(
    lead: SignedIn, other_system: SignedIn, owner: asyncpg.Connection, agency: Json
) -> None:
    for _ in range(2):
        await stage_audit(owner, agency)
    cursor = (await lead.get("/audit-responses", params={"limit": 1})).json()["next_cursor"]

    theirs = await other_system.get("/audit-responses", params={"limit": 1, "cursor": cursor})
    nobodys = await other_system.get("/audit-responses", params={"limit": 1, "cursor": "bm9uZQ"})

    assert seen(theirs) == seen(nobodys)
    assert theirs.json()["code"] == "invalid_cursor"


WRITES: tuple[tuple[str, str, Json], ...] = (
    ("PUT", "/audit-responses/{response}/answers", {"answers": WHOLE}),
    ("PUT", "/audit-responses/{response}/answers", {"answers": [{"question": "9.9"}]}),
    ("POST", "/audit-responses/{response}/transitions", {"to": "in_progress"}),
    ("POST", "/audit-responses/{response}/transitions", {"to": "submitted"} | NAMES),
    ("PUT", "/audit-responses/{response}/moderation", {"grades": [{"question": "1.1"}]}),
    ("DELETE", "/evidence/{evidence}", {}),
    ("POST", "/lock-exceptions/{lock_exception}/approval", {}),
    ("POST", "/lock-exceptions/{lock_exception}/revocation", {}),
)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
@pytest.mark.parametrize("tag", ["A's", "any", "wrong", "none"])
async def test_writing_what_is_anothers_is_like_writing_nothing(
    sign_in: SignIn,
    other_agency: Json,
    owned: Owned,
    method: str,
    path: str,
    body: Json,
    tag: str,
) -> None:
    name = path[path.index("{") + 1 : path.index("}")]
    tags = {"A's": owned.tags["If-Match"], "any": "*", "wrong": '"wrong"'}
    headers = {"If-Match": tags[tag]} if tag in tags else {}
    callers = [
        await sign_in(agency_id=other_agency["id"]),
        await sign_in("agency_lead", "agency_senior", agency_id=other_agency["id"]),
    ]

    for caller in callers:
        answers = [
            await caller.request(
                method, path.format(**{name: each}), json=body or None, headers=headers
            )
            for each in (getattr(owned, name), uuid4())
        ]
        assert seen(answers[0]) == seen(answers[1])
        assert answers[0].status_code in (403, 404)


async def test_a_file_for_anothers_response_is_like_a_file_for_none(
    other_system: SignedIn, owned: Owned
) -> None:
    theirs = await other_system.post(f"/audit-responses/{owned.response}/evidence", files=PDF)
    nobodys = await other_system.post(f"/audit-responses/{uuid4()}/evidence", files=PDF)

    assert seen(theirs) == seen(nobodys)
    assert theirs.status_code == 404


@pytest.mark.parametrize("roles", [(), ("agency_lead",), ("agency_lead", "agency_senior")])
async def test_a_reference_to_what_is_anothers_is_like_a_reference_to_nothing(
    sign_in: SignIn, other_agency: Json, owned: Owned, roles: tuple[str, ...]
) -> None:
    caller = await sign_in(*roles, agency_id=other_agency["id"])
    exception = {"reason": "The office is closed.", "expires_at": LATER}

    for path, body, name, value in (
        ("/lock-exceptions", exception, "response_id", owned.response),
        ("/good-practice", {"title": "Good"}, "answer_id", owned.answer),
    ):
        theirs = await caller.post(path, json=body | {name: value})
        nobodys = await caller.post(path, json=body | {name: str(uuid4())})
        assert seen(theirs) == seen(nobodys)
        assert theirs.status_code in (403, 409)


async def test_an_audit_that_does_not_ask_is_like_one_that_is_not(
    other_system: SignedIn, owned: Owned
) -> None:
    body = {"answers": WHOLE, "external_ref": "A-2026"} | NAMES

    theirs = await other_system.post(f"/audits/{owned.audit.id}/submissions", json=body)
    nobodys = await other_system.post(f"/audits/{uuid4()}/submissions", json=body)

    assert seen(theirs) == seen(nobodys)
    assert theirs.status_code == 404


async def test_anothers_reference_and_key_are_free(
    agency_system: SignedIn, other_system: SignedIn, audit: StagedAudit
) -> None:
    body = {"answers": WHOLE, "external_ref": "shared-1"} | NAMES
    key = {"Idempotency-Key": "shared-1"}
    path = f"/audits/{audit.id}/submissions"

    first = await agency_system.post(path, json=body, headers=key)
    second = await other_system.post(path, json=body, headers=key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert "idempotency-replayed" not in second.headers
    assert second.json()["response_id"] != first.json()["response_id"]
    assert second.json()["agency_id"] == str(other_system.agency_id)


async def test_what_one_agency_writes_does_not_move_anothers_tag(
    agency_system: SignedIn, other_system: SignedIn, other_agency: Json, audit: StagedAudit
) -> None:
    before = await tag_of(other_system, audit.response_of(other_agency))

    await push(agency_system, audit)

    assert await tag_of(other_system, audit.response_of(other_agency)) == before
