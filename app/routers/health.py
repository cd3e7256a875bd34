"""The service itself: where it is, whether it runs, whether it can answer."""

from fastapi import APIRouter, Request

from app.errors import Unavailable
from app.schemas.health import HealthRead, ServiceRead

router = APIRouter(tags=["service"])


@router.get("/v1")
async def read_service(request: Request) -> ServiceRead:
    """Name the service and where its contract is."""
    return ServiceRead(name=request.app.title, version=request.app.version)


@router.get("/livez")
async def check_liveness() -> HealthRead:
    """Tell whether the process runs. It touches nothing: a failure means, restart it."""
    return HealthRead()


@router.get("/readyz")
async def check_readiness(request: Request) -> HealthRead:
    """Tell whether requests are answered now: the database is there, and of this version."""
    if not await request.app.state.database.is_ready():
        raise Unavailable
    return HealthRead()
