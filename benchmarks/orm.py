"""The ORM version: the same service as FastAPI's and SQLAlchemy's own guides write it.

A session per request, the caller as a dependency, rows as mapped objects, `response_model`, and
whose rows they are as a `WHERE`. No policies: it asks on an administrator's connection, and writes
to copies of the tables without policies and triggers. The models and schemas are the product's.
"""

import json
import operator
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.database import sqlalchemy_url
from app.models.access import Event, IdempotencyKey
from app.models.agencies import AgencyLead
from app.models.audits import MAY_WRITE, Answer, Audit, AuditResponse
from app.models.instruments import GradeValue, Instrument, Question
from app.pagination import Page
from app.schemas.agencies import AgencyLeadCreate, AgencyLeadRead
from app.schemas.audit_responses import AuditResponseRead
from app.schemas.imports import AnswerRow
from app.sensitivity import Level
from benchmarks.moves import moves
from benchmarks.orm_access import Requires, Session, User


def build(url: str, size: int) -> FastAPI:
    """Build the application, with so many connections to the database at an address."""
    engine = create_async_engine(
        sqlalchemy_url(url),
        pool_size=size,
        max_overflow=0,
        connect_args={"server_settings": {"search_path": "orm, public", "timezone": "UTC"}},
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.get("/v1/audit-responses", response_model=Page[AuditResponseRead])(list_responses)
    app.get("/v1/audit-responses/{response_id}", response_model=AuditResponseRead)(read_response)
    app.post("/v1/imports")(push_answers)
    app.post("/v1/agency-leads", status_code=201, response_model=AgencyLeadRead)(create_lead)
    return app


def responses_of(user: User) -> Select[tuple[AuditResponse, Audit]]:
    """Select what the user may see, with the audit that decides what may be done."""
    found = select(AuditResponse, Audit).join(Audit, Audit.id == AuditResponse.audit_id)
    if "audit-responses:all" not in user.capabilities:
        found = found.where(AuditResponse.agency_id == user.agency_id)
    return found


SIMPLE = re.compile(r"t\.(\w+) (<|=) (\d+)")
COMPARE: dict[str, Callable[[int, int], bool]] = {"<": operator.lt, "=": operator.eq}


def holds(condition: str, response: AuditResponse, audit: Audit) -> bool:
    """Tell whether the condition of a move holds. Raises `LookupError` for one not written here."""
    if condition == MAY_WRITE:
        return audit.status in {"open", "grace"}
    found = SIMPLE.fullmatch(condition)
    if found is None:
        raise LookupError(f"The ORM version does not know this condition: {condition}")
    column, sign, number = found.groups()
    return COMPARE[sign](getattr(response, column), int(number))


def shown(response: AuditResponse, audit: Audit, user: User) -> dict[str, Any]:
    """Add what is not a column, and leave out what the user may not see."""
    is_own = response.agency_id == user.agency_id
    members = {
        name: getattr(response, name)
        for name in AuditResponseRead.model_fields
        if name not in {"allowed_transitions", "redactions"}
    }
    members["allowed_transitions"] = [
        move.target
        for move in moves(user.capabilities, is_own=is_own).get(response.status, [])
        if not move.condition or holds(move.condition, response, audit)
    ]
    members["redactions"] = []
    if user.level < Level.agency and not is_own:
        for name in INNER:
            members[name] = None
            members["redactions"].append({"pointer": f"/{name}", "reason": "agency_only"})
    return members


INNER = [
    name
    for name, field in AuditResponseRead.model_fields.items()
    if AuditResponseRead.level_of(field) == Level.agency
]


async def list_responses(
    session: Session,
    user: Annotated[User, Depends(Requires("audit-responses:read"))],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: UUID | None = None,
) -> dict[str, Any]:
    """List responses, newest first."""
    query = responses_of(user).order_by(AuditResponse.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(AuditResponse.id < cursor)
    rows = (await session.execute(query)).all()
    items = [shown(response, audit, user) for response, audit in rows[:limit]]
    return {"items": items, "next_cursor": str(items[-1]["id"]) if len(rows) > limit else None}


async def read_response(
    session: Session,
    user: Annotated[User, Depends(Requires("audit-responses:read"))],
    response_id: UUID,
) -> dict[str, Any]:
    """Read one response."""
    found = await session.execute(responses_of(user).where(AuditResponse.id == response_id))
    row = found.one_or_none()
    if row is None:
        raise HTTPException(404)
    return shown(*row.tuple(), user)


async def create_lead(
    request: Request,
    session: Session,
    user: Annotated[User, Depends(Requires("agency-leads:write"))],
    idempotency_key: Annotated[str, Header()],
    body: AgencyLeadCreate,
) -> AgencyLead:
    """Name a lead, once for each key."""
    if user.agency_id is not None and user.agency_id != body.agency_id:
        raise HTTPException(403)
    operation = f"POST {request.url.path}"
    known = await session.get(IdempotencyKey, (user.id, operation, idempotency_key))
    if known is not None:
        return await session.get_one(AgencyLead, known.record_id)
    lead = AgencyLead(**body.model_dump())
    session.add(lead)
    await session.flush()
    mac = sha256(json.dumps(body.model_dump(mode="json")).encode()).digest()
    session.add(
        IdempotencyKey(
            actor_id=user.id,
            operation=operation,
            key=idempotency_key,
            body_mac=mac,
            record_id=lead.id,
        )
    )
    session.add(
        Event(
            actor_id=user.id,
            action="created",
            subject="agency_leads",
            record_id=lead.id,
            agency_id=lead.agency_id,
        )
    )
    await session.commit()
    return lead


async def push_answers(
    session: Session,
    user: Annotated[User, Depends(Requires("audit-responses:write"))],
    body: list[AnswerRow],
) -> dict[str, Any]:
    """Write answers of the own agency; report the rows that do not fit."""
    audits = await session.scalars(
        select(Audit).where(Audit.reference.in_({row.audit for row in body}))
    )
    targets = {audit.reference: await target_of(session, user, audit) for audit in audits}
    rejected = []
    for number, row in enumerate(body, start=1):
        target = targets.get(row.audit)
        if target is None or row.question not in target.questions or row.grade not in target.grades:
            rejected.append(number)
            continue
        members = row.model_dump(exclude={"audit", "agency", "question"})
        question_id = target.questions[row.question]
        answer = target.answers.get(question_id)
        if answer is None:
            answer = Answer(
                response_id=target.response.id,
                audit_id=target.response.audit_id,
                agency_id=target.response.agency_id,
                question_id=question_id,
            )
            session.add(answer)
            target.answers[question_id] = answer
        for name, value in members.items():
            setattr(answer, name, value)
        answer.answered_by_id = user.id
    await session.commit()
    return {"rows_accepted": len(body) - len(rejected), "rejected": rejected}


@dataclass(frozen=True, slots=True)
class Target:
    """Where the answers of one audit go."""

    response: AuditResponse
    questions: dict[str, UUID]
    grades: set[str]
    answers: dict[UUID, Answer]


async def target_of(session: AsyncSession, user: User, audit: Audit) -> Target | None:
    """Load what answers to an audit are checked against; null if it takes none."""
    response = await session.scalar(
        select(AuditResponse).where(
            AuditResponse.audit_id == audit.id, AuditResponse.agency_id == user.agency_id
        )
    )
    if response is None or audit.status not in {"open", "grace"}:
        return None
    instrument = await session.get_one(Instrument, audit.instrument_id)
    questions = await session.scalars(
        select(Question).where(Question.instrument_id == instrument.id)
    )
    grades = await session.scalars(
        select(GradeValue.code).where(GradeValue.scale_id == instrument.grade_scale_id)
    )
    answers = await session.scalars(select(Answer).where(Answer.response_id == response.id))
    return Target(
        response=response,
        questions={question.code: question.id for question in questions},
        grades={*grades},
        answers={answer.question_id: answer for answer in answers},
    )
