"""The application: settings in, ASGI out. Nothing happens at import."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from app import docs, openapi, refusals
from app.access.scopes import Scope
from app.access.tokens import derived_key
from app.access.upkeep import upkeep
from app.database import Database
from app.edge import Edge
from app.installation import Installation
from app.lean import LeanReads
from app.privacy.vault import Vault
from app.routers import ROUTERS, health, oauth
from app.settings import Settings

VERSION = "1.0.0"
DESCRIPTION = (
    "The Learning & Improvement Framework of a local safeguarding children board: partner agencies"
    " push what they owe, the Board sees what it knows and how it knows it, and nobody learns who"
    " a child is without a stated, approved, time-limited purpose that is logged."
)


def create_app(settings: Settings, installation: Installation | None = None) -> FastAPI:
    """Build the application. Without an installation it only describes itself."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if installation is None:
            message = "There is no database to serve from."
            raise RuntimeError(message)
        app.state.database = await Database.connect(installation.app_url, settings.pool_size)
        app.state.secret_key = installation.secret_key
        app.state.key = derived_key(installation.secret_key, "cursors")
        app.state.vault = await Vault.connect(
            installation.vault_url, installation.secret_key, installation.keys()
        )
        gc.freeze()
        try:
            async with upkeep(app.state):
                yield
        finally:
            await app.state.vault.close()
            await app.state.database.close()

    app = FastAPI(
        title="safeguarding-api",
        version=VERSION,
        description=DESCRIPTION,
        contact={"name": "The operator of this installation"},
        license_info={"name": "MIT", "url": "https://opensource.org/license/mit"},
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    versioned = APIRouter(prefix="/v1")
    for router in ROUTERS:
        versioned.include_router(router)
    app.include_router(versioned)
    app.include_router(health.router)
    app.include_router(oauth.well_known)
    refusals.install(app)
    openapi.install(app, {str(scope): scope.description for scope in Scope})
    docs.install(app)
    return app


def serve_app(settings: Settings, installation: Installation) -> ASGIApp:
    """Build what a server runs: the application behind its edge."""
    app = create_app(settings, installation)
    return at_the_edge(LeanReads(app, ROUTERS), settings)


def at_the_edge(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Put the edge before an application."""
    return Edge(
        app,
        body_limit=settings.body_limit_bytes,
        upload_limit=settings.upload_limit_bytes,
        is_upload=is_upload,
        body_deadline_s=settings.body_deadline_s,
        hosts=None,
    )


UPLOADS: tuple[Callable[[str, str], bool], ...] = (
    lambda method, path: method == "POST" and path == "/v1/imports",
    lambda _method, path: path.endswith("/evidence"),
    lambda method, path: method == "PUT" and path.endswith("/form"),
)


def is_upload(method: str, path: str) -> bool:
    """Tell whether a request carries a file, to be streamed and not read at once."""
    return any(matches(method, path) for matches in UPLOADS)
