"""`/audit-responses`: what agencies answer to audits, and what moderators make of it.

Framework section 15.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Capability, Scope
from app.errors import Invalid, PreconditionFailed, PreconditionRequired, responses
from app.models.audits import RESPONSE_LIFECYCLE, AuditResponse
from app.pagination import Page
from app.schemas.answers import AnswerFilters, AnswerRead, AnswersWrite, ModerationWrite
from app.schemas.audit_responses import (
    AuditResponseFilters,
    AuditResponseRead,
    AuditResponseTransitionCreate,
    AuditResponseTransitionRead,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.answers import write_answers
from app.services.forms import AuditForm
from app.services.moderation import NotAnswered, NotUnderModeration, effects, moderate
from app.services.nested import page_within
from app.services.records import changing, page, show
from app.services.responses import ResponseNotOpen
from app.services.submissions import ResponseIncomplete
from app.services.transitions import move

router = APIRouter(tags=["audit-responses"])

ResponseId = Annotated[UUID, Path(description="The response.")]
Read = Annotated[Caller, Requires(Scope.audit_responses_read)]
Write = Annotated[Caller, Requires(Scope.audit_responses_write)]
Moderate = Annotated[Caller, Requires(Scope.audit_responses_moderate)]
UNDER_TAG = (PreconditionRequired, PreconditionFailed)


@router.get("/audit-responses", response_model=Page[AuditResponseRead])
async def list_audit_responses(
    caller: Read, filters: Annotated[AuditResponseFilters, Query()]
) -> Response:
    """List responses to audits, newest first: an agency's own, or all for the Board."""
    return await page(caller, AuditResponseRead, filters, everyone=Capability.all_responses)


@router.get("/audit-responses/{response_id}", response_model=AuditResponseRead)
async def read_audit_response(caller: Read, response_id: ResponseId) -> Response:
    """Read one response, and what you may do with it now."""
    return await show(caller, AuditResponseRead, response_id)


@router.get(
    "/audit-responses/{response_id}/transitions", response_model=Page[AuditResponseTransitionRead]
)
async def list_audit_response_transitions(
    caller: Read, response_id: ResponseId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a response, newest first."""
    return await page_within(
        caller,
        AuditResponse,
        response_id,
        AuditResponseTransitionRead,
        filters,
        "t.record_id = $3",
    )


@router.post(
    "/audit-responses/{response_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(ResponseIncomplete),
)
async def move_audit_response(
    caller: Read, response_id: ResponseId, body: AuditResponseTransitionCreate
) -> Response:
    """Move a response to another state; `allowed_transitions` says which you may choose.

    The move to `submitted` is the sign-off of the agency's senior: it keeps the answers as they
    stand, and is refused where somebody else has not worked on them.
    """
    return await move(
        caller,
        AuditResponseRead,
        RESPONSE_LIFECYCLE,
        response_id,
        body.to,
        body.reason,
        effects(body),
    )


@router.get("/audit-responses/{response_id}/answers", response_model=Page[AnswerRead])
async def list_answers(
    caller: Read, response_id: ResponseId, filters: Annotated[AnswerFilters, Query()]
) -> Response:
    """List the answers of a response. Without leave to read them, only what moderators gave."""
    return await page_within(
        caller, AuditResponse, response_id, AnswerRead, filters, "t.response_id = $3"
    )


@router.put(
    "/audit-responses/{response_id}/answers",
    response_model=AuditResponseRead,
    responses=responses(ResponseNotOpen, *UNDER_TAG),
)
async def write_audit_response_answers(
    caller: Write, response_id: ResponseId, body: AnswersWrite
) -> Response:
    """Answer some of the questions; those that are not named stay as they are.

    Under the `ETag` of the response, so that two who fill it in do not overwrite each other
    unseen; `*` takes it as it stands. Answers with the response and its new tag. The first answer
    moves it to `in_progress`.
    """
    async with changing(caller, AuditResponseRead, response_id) as changed:
        form = await AuditForm.load(changed.db, UUID(changed.before["audit_id"]))
        answers, who = body.answers, body.completed_by
        if errors := await write_answers(changed.db, form, response_id, answers, who):
            raise Invalid(*errors)
    return changed.response


@router.put(
    "/audit-responses/{response_id}/moderation",
    response_model=AuditResponseRead,
    responses=responses(NotUnderModeration, NotAnswered, *UNDER_TAG),
)
async def moderate_audit_response(
    caller: Moderate, response_id: ResponseId, body: ModerationWrite
) -> Response:
    """Grade some of the answers beside the agency's own grades, under the response's `ETag`.

    Nobody moderates the own agency. Answers with the response.
    """
    async with changing(caller, AuditResponseRead, response_id) as changed:
        await moderate(changed.db, response_id, body.grades)
    return changed.response
