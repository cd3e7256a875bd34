"""An audit that is on: instrument, questions, roster and responses, arranged behind the API."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest

from app.access.caller import Caller
from app.access.tokens import hash_of
from app.database import Database
from app.installation import Installation
from tests.conftest import Json, SignedIn, SignIn

Within = Callable[[str, str], Caller]
TODAY = datetime.now(ZoneInfo("Europe/London")).date()
QUESTIONS: tuple[Json, ...] = (
    {"code": "1.1"},
    {"code": "1.2", "evidence": "required"},
    {
        "code": "2.1",
        "answer_type": "number",
        "is_mandatory": False,
        "number_rule": '{"unit": "percent", "minimum": 0, "maximum": 100}',
    },
    {"code": "2.2", "answer_type": "yes_no", "is_mandatory": False, "sectors": ["fire"]},
)
"""Two mandatory questions with grades, a number, and one that is put to fire services only."""
WHOLE: list[Json] = [
    {"question": "1.1", "grade": "met"},
    {"question": "1.2", "grade": "partly", "narrative": "Minutes of the board."},
]
"""A return that lacks nothing."""
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
NAMES = {"completed_by": "Safeguarding lead", "signed_off_by": "Chief officer"}


@dataclass(frozen=True, slots=True)
class StagedAudit:
    """An audit and its responses by agency."""

    id: UUID
    instrument_id: UUID
    questions: dict[str, UUID]
    responses: dict[str, UUID]

    def response_of(self, agency: Json) -> str:
        """Return the path of an agency's response."""
        return f"/audit-responses/{self.responses[agency['id']]}"


async def stage_audit(
    owner: asyncpg.Connection,
    *agencies: Json,
    questions: Sequence[Json] = QUESTIONS,
    **members: object,
) -> StagedAudit:
    """Open an audit that asks agencies; `members` are columns of the audit."""
    instrument_id = await _instrument(owner)
    asked = await _questions(owner, instrument_id, questions)
    audit: dict[str, object] = {
        "reference": f"AUDIT-{uuid4().hex[:10]}",
        "title": "Section 11 audit",
        "kind": "section_11",
        "instrument_id": instrument_id,
        "opens_on": TODAY - timedelta(days=30),
        "due_on": TODAY + timedelta(days=30),
        "locks_on": TODAY + timedelta(days=40),
        "status": "open",
    }
    audit_id = await _insert(owner, "audits", audit | members)
    responses = {}
    for agency in agencies:
        entry = {"audit_id": audit_id, "agency_id": UUID(agency["id"]), "duty_basis": "section_11"}
        await _insert(owner, "roster_entries", entry)
        responses[agency["id"]] = await _insert(owner, "audit_responses", entry)
    return StagedAudit(audit_id, instrument_id, asked, responses)


async def _instrument(owner: asyncpg.Connection) -> UUID:
    code = f"I-{uuid4().hex[:10]}"
    scale_id = await _insert(owner, "grade_scales", {"code": code, "version": 1, "title": "Met"})
    for rank, grade in enumerate(("not_met", "partly", "met")):
        value = {"scale_id": scale_id, "code": grade, "label": grade, "rank": rank, "meets": grade}
        await _insert(owner, "grade_values", value)
    instrument = {
        "code": code,
        "version": 1,
        "kind": "section_11",
        "title": "Section 11",
        "grade_scale_id": scale_id,
        "status": "published",
    }
    return await _insert(owner, "instruments", instrument)


async def _questions(
    owner: asyncpg.Connection, instrument_id: UUID, questions: Sequence[Json]
) -> dict[str, UUID]:
    standards: dict[str, UUID] = {}
    found = {}
    for position, question in enumerate(questions, start=1):
        standard = question["code"].partition(".")[0]
        of_instrument = {"instrument_id": instrument_id, "position": position}
        if standard not in standards:
            named = {"code": f"S{standard}", "title": f"Standard {standard}"}
            standards[standard] = await _insert(owner, "standards", of_instrument | named)
        row = of_instrument | {
            "standard_id": standards[standard],
            "text": "How well?",
            "answer_type": "grade",
        }
        found[question["code"]] = await _insert(owner, "questions", row | question)
    return found


async def _insert(owner: asyncpg.Connection, table: str, values: dict[str, Any]) -> UUID:
    names = ", ".join(values)
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    sql = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"
    made: UUID = await owner.fetchval(sql, *values.values())
    return made


async def tag_of(caller: httpx.AsyncClient, path: str) -> dict[str, str]:
    """Return the `If-Match` of what a caller sees now."""
    return {"If-Match": (await caller.get(path)).headers["etag"]}


async def move(caller: SignedIn, path: str, to: str, **members: object) -> httpx.Response:
    """Move a response as it stands."""
    body = {"to": to} | members
    return await caller.post(f"{path}/transitions", json=body, headers={"If-Match": "*"})


async def put_answers(
    caller: SignedIn, path: str, *answers: Json, **more: object
) -> httpx.Response:
    """Write answers of a response as it stands."""
    body = {"answers": list(answers)} | more
    return await caller.put(f"{path}/answers", json=body, headers={"If-Match": "*"})


async def push(caller: SignedIn, audit: StagedAudit, **members: object) -> httpx.Response:
    """Push a whole return."""
    body = {"answers": WHOLE} | NAMES | members
    return await caller.post(f"/audits/{audit.id}/submissions", json=body)


async def send(
    caller: httpx.AsyncClient,
    path: str,
    content: bytes = PDF,
    name: str = "minutes.pdf",
    **form: str,
) -> httpx.Response:
    """Send a file behind an answer."""
    files = {"file": (name, content, "application/octet-stream")}
    return await caller.post(f"{path}/evidence", data=form, files=files)


def token_of(caller: SignedIn) -> str:
    """Return the token that a caller signed in with."""
    return caller.headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
async def audit(owner: asyncpg.Connection, agency: Json, other_agency: Json) -> StagedAudit:
    """An open audit that asks `agency` and `other_agency`."""
    return await stage_audit(owner, agency, other_agency)


@pytest.fixture
async def lead(sign_in: SignIn, agency: Json) -> SignedIn:
    """The named lead of `agency`: fills in."""
    return await sign_in("agency_lead", agency_id=agency["id"])


@pytest.fixture
async def senior(sign_in: SignIn, agency: Json) -> SignedIn:
    """The senior of `agency`: signs off."""
    return await sign_in("agency_senior", agency_id=agency["id"])


@pytest.fixture(scope="session")
async def moderator(sign_in: SignIn) -> SignedIn:
    """A member of the Quality Assurance Sub Group, of none of the agencies here."""
    return await sign_in("qa_member")


@pytest.fixture(scope="session")
async def within(installation: Installation) -> AsyncIterator[Within]:
    """Call from within, as a job does: a token, and the scope it is used for."""
    database = await Database.connect(installation.app_url, 2)
    yield lambda token, scope: Caller(database, hash_of(token), scope, installation.secret_key)
    await database.close()
