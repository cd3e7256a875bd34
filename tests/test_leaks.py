"""Canaries: identities that nobody may meet but under a grant, looked for everywhere.

The walk is driven by the contract: an operation that is added is walked from that day on, as every
role, with real identifiers in its path and the canaries in every text that it takes. Framework
section 7.
"""

import json
import mmap
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from app.access.roles import AGENCY_ROLES, ROLES
from tests.casework import (
    Case,
    join_team,
    move_grant,
    request_grant,
    step_up,
    take_part,
    under,
    undertake,
)
from tests.conftest import SHARED, Json, SignedIn, SignIn, make_agency
from tests.rounds import post
from tests.test_guards import operations
from tests.test_reach import NOBODY

GIVEN, FAMILY, NICKNAME, STREET = "Xanthë", "Ó'Brádaigh-Wycliffe", "Xanxan", "Thrimbleby Wharf"
BORN = "2009-11-23"
CANARY: Json = {
    "kind": "child",
    "identity": {
        "names": [
            {"use": "current", "given": GIVEN, "family": FAMILY},
            {"use": "nickname", "given": NICKNAME},
        ],
        "date_of_birth": BORN,
        "nhs_number": "9990001111",
        "addresses": [{"lines": f"7 {STREET}, Corby", "postcode": "NN17 9ZZ"}],
    },
}
NEEDLES = ("xanth", "bradaigh", "wycliffe", "xanxan", "thrimbleby", "9990001111", "nn179zz")
SAID = (
    f"{GIVEN} {FAMILY} ({NICKNAME}), NHS number 999 000 1111, of 7 {STREET}, NN17 9ZZ,"
    f" told her teacher. XANTHE O'BRADAIGH-WYCLIFFE was seen."
)


NO_LETTER = re.compile("[^a-z0-9]+")


def plain(text: str) -> str:
    """Return letters and digits alone, without marks: however it was written, it is found."""
    if text.isascii() and "\\" not in text:  # nothing to decode, and much faster
        return NO_LETTER.sub("", text.lower())
    with suppress(ValueError):
        text = json.dumps(json.loads(text), ensure_ascii=False)
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in decomposed if each.isalnum())


def found_in(text: str) -> list[str]:
    """Return the canaries in a text."""
    bare = plain(text)
    return [needle for needle in NEEDLES if needle in bare]


def heard(response: httpx.Response) -> str:
    """Return all that an answer says: headers and body."""
    return "\n".join((*(f"{k}: {v}" for k, v in response.headers.items()), response.text))


Callers = dict[str, Any]
"""Everybody by role: `SignedIn`, or a client without a token."""


class Walk:
    """Requests of every operation, with the identifiers of real records."""

    def __init__(self, document: Json, office: SignedIn, case: Case) -> None:
        self.document, self.office, self.case = document, office, case
        self.known: dict[str, str] = {}
        child = str(case.child["id"])
        self.ids = {"case_id": case.id, "person_id": child, "person_ids": child}

    async def path_of(self, template: str) -> str:
        """Fill a path with records of the case, as its lists name them."""
        filled = ""
        for part in template.removeprefix("/v1/").split("/"):
            is_id = part.startswith("{")
            filled += "/" + (await self._id_in(filled) if is_id else part)
        return filled

    async def _id_in(self, root: str) -> str:
        if root == "/cases":
            return self.case.id
        if root == "/persons":
            return str(self.case.child["id"])
        if root not in self.known:
            operation = self.document["paths"].get(f"/v1{root}", {}).get("get", {})
            names = {each.get("name") for each in operation.get("parameters", [])}
            query = {"case_id": self.case.id} if "case_id" in names else {}
            answer = await self.office.get(root, params=query)
            items = answer.json().get("items", []) if answer.status_code == 200 else []
            self.known[root] = next((str(i["id"]) for i in items if "id" in i), NOBODY)
        return self.known[root]

    def bodies_of(self, operation: Json) -> Iterator[tuple[str, Any]]:
        """Write bodies from the example of an operation.

        In one the canaries stand in every narrative. In the other they stand everywhere, and a
        member too many makes it one that is refused.
        """
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            if "json" in media_type and "example" in media:
                yield media_type, self._said(media["example"], media["schema"], "", all_=False)
                wrong = self._said(media["example"], media["schema"], "", all_=True)
                yield media_type, {**wrong, SAID: SAID} if isinstance(wrong, dict) else [wrong]

    def _said(self, value: Any, schema: Json, name: str, *, all_: bool) -> Any:
        schema = self._followed(schema)
        if isinstance(value, dict):
            members = schema.get("properties", {})
            return {k: self._said(v, members.get(k, {}), k, all_=all_) for k, v in value.items()}
        if isinstance(value, list):
            return [self._said(each, schema.get("items", {}), name, all_=all_) for each in value]
        if not all_ and name in self.ids:
            return self.ids[name]
        is_narrative = schema.get("x-narrative", False)
        return SAID if isinstance(value, str) and (all_ or is_narrative) else value

    def _followed(self, schema: Json) -> Json:
        """Follow references and leave out null; marks of the way are kept."""
        some = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
        next_ = some[0] if some else schema.get("$ref")
        if next_ is None:
            return schema
        if isinstance(next_, str):
            next_ = self.document["components"]["schemas"][next_.rpartition("/")[2]]
        kept = {"x-narrative": True} if schema.get("x-narrative") else {}
        return self._followed({**next_, **kept})


@pytest.fixture
async def canary_case(business_office: SignedIn) -> Case:
    """A case whose people are the canaries."""
    opened = await post(business_office, "/cases", {"occurred_on": "2016-05-04"})
    path = f"/cases/{opened['id']}/persons"
    child = await post(business_office, path, CANARY)
    return Case(opened["id"], child, child, child)


@pytest.fixture
async def callers(
    owner: asyncpg.Connection,
    sign_in: SignIn,
    business_office: SignedIn,
    canary_case: Case,
    anonymous: httpx.AsyncClient,
) -> Callers:
    """Everybody: nobody, systems and people within and without the case, and every role."""
    inside, outside = [await make_agency(business_office) for _ in range(2)]
    await take_part(business_office, canary_case, inside)
    cast: Callers = {
        "anonymous": anonymous,
        "system inside": await sign_in(agency_id=inside["id"]),
        "system outside": await sign_in(agency_id=outside["id"]),
    }
    for role in ROLES:
        agency = inside["id"] if role in AGENCY_ROLES else None
        caller = cast[role] = await sign_in(role, agency_id=agency)
        await step_up(owner, caller)
        await undertake(caller)
    reviewer = cast["lead_reviewer"]
    await join_team(business_office, canary_case, reviewer, "lead_reviewer")
    return cast


async def walk_all(
    walk: Walk, callers: Callers, document: Json
) -> list[tuple[str, str, int, list[str]]]:
    """Request every operation as every caller; return where a canary was heard."""
    leaks = []
    ordered = sorted(operations(document), key=lambda each: not each[0].startswith("GET"))
    for name, operation in ordered:
        if operation["operationId"] in ("log_out", "delete_session", "change_password"):
            continue
        method, template = name.split(" ")
        if not template.startswith("/v1/"):
            continue
        path = await walk.path_of(template)
        for who, caller in callers.items():
            for sent in requests_of(walk, operation):
                response = await caller.request(method, path, **sent)
                assert response.status_code < 500, (name, who, response.text)
                if found := found_in(heard(response)):
                    leaks.append((name, who, response.status_code, found))
    return leaks


def requests_of(walk: Walk, operation: Json) -> Iterator[dict[str, Any]]:
    """Write the requests of one operation: with bodies, or with a query nobody knows."""
    bodies = [*walk.bodies_of(operation)]
    for media_type, body in bodies:
        yield {"headers": {"If-Match": "*", "Content-Type": media_type}, "json": body}
    if not bodies:
        yield {"headers": {"If-Match": "*"}}
        yield {"headers": {"If-Match": "*"}, "params": {"name": SAID}}


@pytest.mark.duty("X5")
@pytest.mark.duty("7.4")
async def test_no_operation_shows_a_canary_to_anybody_without_a_grant(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    callers: Callers,
    canary_case: Case,
    capfd: pytest.CaptureFixture[str],
) -> None:
    document = (await business_office.get("/openapi.json")).json()
    reviewer, dpo = callers["lead_reviewer"], callers["dpo"]
    asked = await request_grant(reviewer, canary_case, canary_case.child, purpose=SAID)
    await move_grant(dpo, asked, "approved")
    walk = Walk(document, business_office, canary_case)

    leaks = await walk_all(walk, callers, document)
    disclosed = await reviewer.get(f"/persons/{canary_case.child['id']}", headers=under(asked))

    assert leaks == []
    assert found_in(disclosed.text) == ["xanth", "bradaigh", "wycliffe", "xanxan"]
    assert found_in("".join(capfd.readouterr())) == []
    assert found_in(await dumped(owner)) == []
    assert await files_with_canaries(owner) == []


async def dumped(owner: asyncpg.Connection) -> str:
    """Return a full dump of the database, as a backup takes it."""
    name = await owner.fetchval("SELECT current_database()")
    tables = await owner.fetch(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    parts = [str(name)]
    for table in tables:
        rows = await owner.fetch(
            f'SELECT t::text FROM {table["schemaname"]}."{table["tablename"]}" t'
        )
        parts += [row["t"] for row in rows]
    return "\n".join(parts)


async def files_with_canaries(owner: asyncpg.Connection) -> list[str]:
    """Look through every file of the cluster, its write-ahead log and its log among them."""
    await owner.execute("SELECT 1")
    root = Path(os.environ[SHARED])
    needles = [
        text.encode()
        for text in (GIVEN, "Xanthe", FAMILY, "O'Bradaigh", NICKNAME, STREET, "9990001111")
    ]
    return [
        str(path.relative_to(root))
        for path in files_below(root)
        if any(needle in content for content in contents(path) for needle in needles)
    ]


def files_below(root: Path) -> Iterator[Path]:
    """Yield the files below a directory that hold anything."""
    for path in root.rglob("*"):
        try:
            if path.is_file() and path.stat().st_size:
                yield path
        except OSError:
            continue


class _Mapped:
    def __init__(self, content: mmap.mmap) -> None:
        self.content = content

    def __contains__(self, needle: bytes) -> bool:
        return self.content.find(needle) >= 0


def contents(path: Path) -> Iterator[_Mapped]:
    """Map a file into memory; one that went away meanwhile holds nothing."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as all_:
            yield _Mapped(all_)
    except (OSError, ValueError):
        return
