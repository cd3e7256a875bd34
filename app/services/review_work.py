"""Work on a review: one way to make, show and change whatever belongs to it (section 16)."""

from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict
from app.models.case_reviews import CaseReview
from app.models.cases import CaseMember, TeamPart
from app.models.review_work import ProcessKind, Reviewer
from app.pagination import Paging
from app.reference.review_types import review_values
from app.schemas.base import ReadSchema
from app.schemas.narratives import NarratedCreate, NarratedUpdate
from app.schemas.review_work import ParallelProcessCreate
from app.schemas.reviewers import ReviewerCreate, ReviewerRead, ReviewerUpdate
from app.services.campaigns import board_day
from app.services.case_reviews import case_of
from app.services.casework import change_narrated, create_narrated, narrate
from app.services.disclosure import show_disclosed
from app.services.nested import page_within
from app.services.reading import read
from app.services.records import changing, creating, insert, patch, update

OF_REVIEW = "t.case_review_id = $4"
JOINED = """
SELECT id FROM case_members
WHERE case_id = $1 AND user_id = $2 AND part = 'lead_reviewer' AND valid_to IS NULL
"""


class AppointmentEnded(Conflict):
    """The appointment has ended: appoint the reviewer anew."""

    code = "appointment_ended"


async def list_of_review(
    caller: Caller, schema: type[ReadSchema], review_id: UUID, filters: Paging
) -> Response:
    """Answer with one page of what belongs to a review. Raises `NotFound`."""
    return await page_within(
        caller, CaseReview, review_id, schema, filters, "t.case_review_id = $3"
    )


async def create_of_review(
    caller: Caller,
    schema: type[ReadSchema],
    review_id: UUID,
    body: NarratedCreate,
    values: dict[str, object] | None = None,
) -> Response:
    """Make what belongs to a review; `values` are further columns. Raises `NotFound`."""
    case_id = await case_of(caller, review_id)
    of_review = {"case_review_id": review_id} | (values or {})
    return await create_narrated(caller, schema, case_id, body, of_review)


async def show_of_review(
    caller: Caller, schema: type[ReadSchema], review_id: UUID, id: UUID
) -> Response:
    """Answer with what belongs to a review; under a grant, with who its people are."""
    return await show_disclosed(caller, schema, id, OF_REVIEW, review_id)


async def change_of_review(
    caller: Caller, schema: type[ReadSchema], review_id: UUID, id: UUID, body: NarratedUpdate
) -> Response:
    """Change what belongs to a review, under `If-Match`. Raises `NotFound`."""
    await read(caller, schema, id, OF_REVIEW, review_id)
    return await change_narrated(caller, schema, id, body)


def usual_pause(body: ParallelProcessCreate) -> dict[str, object]:
    """Return whether a process pauses publication, where nobody said: as is usual for its kind.

    A review that others run does not.
    """
    if "pauses_publication" in body.model_dump():
        return {}
    usual = {each.code: each.pauses_publication for each in review_values().parallel_processes}
    return {"pauses_publication": usual.get(ProcessKind(body.kind).value, False)}


async def appoint(caller: Caller, review_id: UUID, body: ReviewerCreate) -> Response:
    """Appoint who leads a review: who joins the team of the case with it."""
    case_id = await case_of(caller, review_id)
    async with creating(caller, ReviewerRead, [str(review_id), body]) as creation:
        if creation.is_new:
            values = {"starts_on": board_day()} | body.model_dump()
            said = await narrate(creation.db, caller, ReviewerRead, case_id, values)
            of_case = {"case_id": case_id, "case_review_id": review_id}
            of_case["case_member_id"] = await _join(creation.db, case_id, said)
            creation.id = await insert(creation.db, Reviewer, of_case | said)
    return creation.response


async def _join(db: ActorSession, case_id: UUID, appointed: dict[str, Any]) -> UUID:
    row = await db.fetchrow(JOINED, case_id, appointed["user_id"])
    if row is not None:
        found: UUID = row["id"]
        return found
    member = {"case_id": case_id, "user_id": appointed["user_id"], "part": TeamPart.lead_reviewer}
    return await insert(db, CaseMember, member | {"valid_from": appointed["starts_on"]})


async def change_appointment(
    caller: Caller, review_id: UUID, reviewer_id: UUID, body: ReviewerUpdate
) -> Response:
    """Change an appointment; its last day is the reviewer's last in the team of the case.

    Raises `AppointmentEnded` where it is to be taken up again.
    """
    await read(caller, ReviewerRead, reviewer_id, OF_REVIEW, review_id)
    async with changing(caller, ReviewerRead, reviewer_id, body) as changed:
        before, db = changed.before, changed.db
        values = await narrate(db, caller, ReviewerRead, UUID(before["case_id"]), patch(body))
        if "ends_on" in values:
            if values["ends_on"] is None and before["ends_on"] is not None:
                raise AppointmentEnded
            await _leave(db, reviewer_id, values["ends_on"])
        await update(db, Reviewer, reviewer_id, values)
    return changed.response


async def _leave(db: ActorSession, reviewer_id: UUID, ends_on: object) -> None:
    row = await db.fetchrow("SELECT case_member_id FROM case_reviewers WHERE id = $1", reviewer_id)
    if row is not None:
        await update(db, CaseMember, row["case_member_id"], {"valid_to": ends_on})
