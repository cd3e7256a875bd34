"""Subject access exports: what is held on one person, for that person (Framework section 7).

To put right what is wrong is `PATCH /v1/persons/{person_id}`; an objection is recorded as a legal
hold, `dsar_in_progress`.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import ExportNotOpen, StepUpRequired, UndertakingRequired, responses
from app.models.retention import EXPORT_LIFECYCLE, SubjectExport
from app.pagination import Page
from app.privacy.errors import UnresolvedIdentifiers
from app.schemas.subject_exports import (
    SubjectExportCreate,
    SubjectExportDocument,
    SubjectExportFilters,
    SubjectExportPassageFilters,
    SubjectExportPassageRead,
    SubjectExportPassageUpdate,
    SubjectExportRead,
    SubjectExportTransitionCreate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.casework import refuse_names
from app.services.grants import NoUndertaking
from app.services.nested import page_of_moves, page_within
from app.services.records import change, page, show
from app.services.subject_exports import prepare, show_document, show_passage, with_texts
from app.services.transitions import move

router = APIRouter(tags=["subject-exports"])

ExportId = Annotated[UUID, Path(description="The export.")]
PassageId = Annotated[UUID, Path(description="The passage.")]
Export = Annotated[Caller, Requires(Scope.subject_exports_write)]


@router.get("/subject-exports", response_model=Page[SubjectExportRead])
async def list_subject_exports(
    caller: Export, filters: Annotated[SubjectExportFilters, Query()]
) -> Response:
    """List answers to subject access requests; newest first."""
    return await page(caller, SubjectExportRead, filters)


@router.post(
    "/subject-exports",
    status_code=201,
    response_model=SubjectExportRead,
    responses=responses(NoUndertaking, UnresolvedIdentifiers),
)
async def create_subject_export(caller: Export, body: SubjectExportCreate) -> Response:
    """Prepare to tell a person what is held on them: another person reviews it passage by passage.

    Find the person by look-up first; give all the records that are this person.
    """
    return await prepare(caller, body)


@router.get("/subject-exports/{export_id}", response_model=SubjectExportRead)
async def read_subject_export(caller: Export, export_id: ExportId) -> Response:
    """Read how far an export is."""
    return await show(caller, SubjectExportRead, export_id)


@router.get("/subject-exports/{export_id}/transitions", response_model=Page[TransitionRead])
async def list_subject_export_transitions(
    caller: Export, export_id: ExportId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of an export; newest first."""
    return await page_of_moves(caller, SubjectExport, export_id, filters)


@router.post(
    "/subject-exports/{export_id}/transitions", status_code=201, response_model=TransitionRead
)
async def move_subject_export(
    caller: Export, export_id: ExportId, body: SubjectExportTransitionCreate
) -> Response:
    """Review an export that somebody else prepared, release it for seven days, or withdraw it."""
    if body.reason is not None:
        await refuse_names(caller, None, "/reason", body.reason)
    return await move(caller, SubjectExportRead, EXPORT_LIFECYCLE, export_id, body.to, body.reason)


@router.get("/subject-exports/{export_id}/passages", response_model=Page[SubjectExportPassageRead])
async def list_subject_export_passages(
    caller: Export, export_id: ExportId, filters: Annotated[SubjectExportPassageFilters, Query()]
) -> Response:
    """List what texts say of the person, to decide on each: the redaction queue."""
    within = "t.subject_export_id = $3"
    listed = await page_within(
        caller, SubjectExport, export_id, SubjectExportPassageRead, filters, within
    )
    return await with_texts(caller, listed)


@router.get(
    "/subject-exports/{export_id}/passages/{passage_id}", response_model=SubjectExportPassageRead
)
async def read_subject_export_passage(
    caller: Export, export_id: ExportId, passage_id: PassageId
) -> Response:
    """Read one passage."""
    return await show_passage(caller, export_id, passage_id)


@router.patch(
    "/subject-exports/{export_id}/passages/{passage_id}", response_model=SubjectExportPassageRead
)
async def update_subject_export_passage(
    caller: Export, export_id: ExportId, passage_id: PassageId, body: SubjectExportPassageUpdate
) -> Response:
    """Decide on a passage, as another person than who prepared the export."""
    await show_passage(caller, export_id, passage_id)
    changed = await change(caller, SubjectExportPassageRead, passage_id, body)
    return await with_texts(caller, changed)


@router.get(
    "/subject-exports/{export_id}/document",
    response_model=SubjectExportDocument,
    responses=responses(ExportNotOpen, StepUpRequired, UndertakingRequired),
)
async def read_subject_export_document(caller: Export, export_id: ExportId) -> Response:
    """Fetch what is held on the person: once, within seven days of its release; it is logged.

    It takes the undertaking and a second factor shown within ten minutes, as a disclosure does.
    """
    return await show_document(caller, export_id)
