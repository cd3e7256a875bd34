"""`/shared-learning`: what the Board tells other boards (Framework section 8)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.schemas.shared_learning import SharedLearningFilters, SharedLearningList
from app.services.shared_learning import list_shared_learning

router = APIRouter(tags=["shared-learning"])

Read = Annotated[Caller, Requires(Scope.learning_read)]


@router.get("/shared-learning", response_model=SharedLearningList)
async def read_shared_learning(
    caller: Read, filters: Annotated[SharedLearningFilters, Query()]
) -> Response:
    """List recommendations that the Board accepted and good practice that is shared.

    What was learned from a case is left out until it is released.
    """
    return await list_shared_learning(caller, filters)
