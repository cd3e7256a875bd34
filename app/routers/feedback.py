"""`/feedback`, `/you-said-we-did` and `/feedback-letters` (Framework sections 8 and 9)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.feedback import (
    FEEDBACK_LIFECYCLE,
    LETTER_LIFECYCLE,
    FeedbackItem,
    FeedbackLetter,
    FeedbackStatus,
    LetterStatus,
)
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.feedback import (
    FeedbackCreate,
    FeedbackFilters,
    FeedbackRead,
    FeedbackTransitionCreate,
    FeedbackUpdate,
    YouSaidWeDidFilters,
    YouSaidWeDidRead,
)
from app.schemas.feedback_letters import (
    FeedbackLetterCreate,
    FeedbackLetterFilters,
    FeedbackLetterRead,
    FeedbackLetterTransitionCreate,
    FeedbackLetterUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.feedback import draft_letter, record_feedback
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.wording import RecordFixed, reword, step

router = APIRouter(tags=["feedback"])

FeedbackId = Annotated[UUID, Path(description="The feedback.")]
LetterId = Annotated[UUID, Path(description="The letter.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.challenges_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
UNPUBLISHED = (FeedbackStatus.received, FeedbackStatus.considered)
PUBLISHED = "t.status IN ('published', 'closed') AND t.published_on IS NOT NULL"


@router.get("/you-said-we-did", response_model=Page[YouSaidWeDidRead])
async def list_you_said_we_did(
    caller: Read, filters: Annotated[YouSaidWeDidFilters, Query()]
) -> Response:
    """List what people said and what was done about it, newest first."""
    return await page(caller, YouSaidWeDidRead, filters, where=PUBLISHED)


@router.get("/feedback", response_model=Page[FeedbackRead])
async def list_feedback(caller: Read, filters: Annotated[FeedbackFilters, Query()]) -> Response:
    """List feedback, newest first: what your agency gave, and all that is published."""
    return await page(caller, FeedbackRead, filters)


@router.post(
    "/feedback", status_code=201, response_model=FeedbackRead, responses=responses(*OF_TEXTS)
)
async def create_feedback(caller: Write, body: FeedbackCreate) -> Response:
    """Record feedback of users or of an agency, in words that name nobody."""
    return await record_feedback(caller, body)


@router.get("/feedback/{feedback_id}", response_model=FeedbackRead)
async def read_feedback(caller: Read, feedback_id: FeedbackId) -> Response:
    """Read one feedback."""
    return await show(caller, FeedbackRead, feedback_id)


@router.patch(
    "/feedback/{feedback_id}",
    response_model=FeedbackRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_feedback(caller: Write, feedback_id: FeedbackId, body: FeedbackUpdate) -> Response:
    """Say what feedback bears on and what came of it, until that is published."""
    return await reword(caller, FeedbackRead, feedback_id, body, UNPUBLISHED)


@router.get("/feedback/{feedback_id}/transitions", response_model=Page[TransitionRead])
async def list_feedback_transitions(
    caller: Read, feedback_id: FeedbackId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of feedback, newest first."""
    return await page_of_moves(caller, FeedbackItem, feedback_id, filters)


@router.post(
    "/feedback/{feedback_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(*OF_TEXTS),
)
async def move_feedback(
    caller: Read, feedback_id: FeedbackId, body: FeedbackTransitionCreate
) -> Response:
    """Consider feedback, publish what was said and done, or close it."""
    return await step(caller, FeedbackRead, FEEDBACK_LIFECYCLE, feedback_id, body.to, body)


@router.get("/feedback-letters", response_model=Page[FeedbackLetterRead])
async def list_feedback_letters(
    caller: Read, filters: Annotated[FeedbackLetterFilters, Query()]
) -> Response:
    """List letters to agencies, newest first: an agency's own, once they are issued."""
    return await page(caller, FeedbackLetterRead, filters)


@router.post(
    "/feedback-letters",
    status_code=201,
    response_model=FeedbackLetterRead,
    responses=responses(*OF_TEXTS),
)
async def create_feedback_letter(caller: Write, body: FeedbackLetterCreate) -> Response:
    """Draft the letter to an agency about a period: what is on record is put together here."""
    return await draft_letter(caller, body)


@router.get("/feedback-letters/{letter_id}", response_model=FeedbackLetterRead)
async def read_feedback_letter(caller: Read, letter_id: LetterId) -> Response:
    """Read one letter."""
    return await show(caller, FeedbackLetterRead, letter_id)


@router.patch(
    "/feedback-letters/{letter_id}",
    response_model=FeedbackLetterRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_feedback_letter(
    caller: Write, letter_id: LetterId, body: FeedbackLetterUpdate
) -> Response:
    """Change what the Board adds to a draft."""
    return await reword(caller, FeedbackLetterRead, letter_id, body, (LetterStatus.draft,))


@router.get("/feedback-letters/{letter_id}/transitions", response_model=Page[TransitionRead])
async def list_feedback_letter_transitions(
    caller: Read, letter_id: LetterId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a letter, newest first."""
    return await page_of_moves(caller, FeedbackLetter, letter_id, filters)


@router.post(
    "/feedback-letters/{letter_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(*OF_TEXTS),
)
async def move_feedback_letter(
    caller: Read, letter_id: LetterId, body: FeedbackLetterTransitionCreate
) -> Response:
    """Issue a letter, as the Business Office, or acknowledge it, as its agency."""
    return await step(caller, FeedbackLetterRead, LETTER_LIFECYCLE, letter_id, body.to, body)
