"""Reviews of others: registered, judged and compared, without names (Framework section 16)."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.errors import Conflict, Invalid, UnknownReference
from app.models.external_reviews import ApplicabilityJudgement, ReviewConflict
from app.schemas.base import CreateSchema, ReadSchema, UpdateSchema
from app.schemas.external_reviews import (
    ApplicabilityJudgementCreate,
    ApplicabilityJudgementRead,
    ExternalReviewCreate,
    ExternalReviewRead,
    ExternalReviewUpdate,
    ReviewConflictCreate,
    ReviewConflictRead,
)
from app.services.campaigns import board_day
from app.services.nameless import refuse_names_in
from app.services.records import change, create, creating, insert, patch, show

TEXTS = ("title", "publisher", "summary", "explanation", "reasons")


class NotYetPublished(Conflict):
    """The day of publication is still to come."""

    code = "not_yet_published"


async def register_review(caller: Caller, body: ExternalReviewCreate) -> Response:
    """Register a review. Raises `UnresolvedIdentifiers` for a name, `NotYetPublished`."""
    if body.published_on > board_day():
        raise NotYetPublished.at("/published_on")
    await refuse_names_in(caller, texts_of(body))
    return await create(caller, ExternalReviewRead, body.model_dump())


async def change_review(caller: Caller, review_id: UUID, body: ExternalReviewUpdate) -> Response:
    """Change what is registered. Raises as `register_review`."""
    sent = patch(body)
    if "published_on" in sent and sent["published_on"] > board_day():
        raise NotYetPublished.at("/published_on")
    await refuse_names_in(caller, texts_of(body))
    return await change(caller, ExternalReviewRead, review_id, body)


async def judge_review(
    caller: Caller, review_id: UUID, body: ApplicabilityJudgementCreate
) -> Response:
    """Record what the sub group holds. Raises `Forbidden` for who does not recommend for it."""
    await show(caller, ExternalReviewRead, review_id)
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, ApplicabilityJudgementRead, [str(review_id), body]) as creation:
        if creation.is_new:
            judged = body.model_dump() | {
                "external_review_id": review_id,
                "decided_by_id": creation.db.actor.id,
                "decided_on": board_day(),
            }
            creation.id = await insert(creation.db, ApplicabilityJudgement, judged)
    return creation.response


async def record_conflict(caller: Caller, review_id: UUID, body: ReviewConflictCreate) -> Response:
    """Record that a review asks for something else. Raises `Invalid` unless it names one other."""
    if (body.conflicts_with_id is None) == (body.recommendation_reference is None):
        raise Invalid.at("/conflicts_with_id")
    if body.conflicts_with_id == review_id:
        raise UnknownReference.at("/conflicts_with_id")
    await show(caller, ExternalReviewRead, review_id)
    await refuse_names_in(caller, texts_of(body))
    values = {"external_review_id": review_id} | body.model_dump()
    async with creating(caller, ReviewConflictRead, [str(review_id), body]) as creation:
        if creation.is_new:
            creation.id = await insert(creation.db, ReviewConflict, values)
    return creation.response


async def change_nameless(
    caller: Caller, schema: type[ReadSchema], id: UUID, body: UpdateSchema
) -> Response:
    """Change a record whose texts name nobody."""
    await refuse_names_in(caller, texts_of(body))
    return await change(caller, schema, id, body)


def texts_of(body: CreateSchema | UpdateSchema) -> Mapping[str, str]:
    """Return the texts of a body that was sent, by their pointers."""
    sent = body.model_dump(exclude_unset=True)
    texts = {f"/{name}": sent[name] for name in TEXTS if sent.get(name)}
    return texts | {f"/topics/{n}": topic for n, topic in enumerate(sent.get("topics") or ())}
