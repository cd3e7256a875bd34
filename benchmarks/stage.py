"""The stage: an installation of our own, loaded, with callers who have signed in."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg

from app.access.roles import CLIENT_SCOPES
from app.access.tokens import hash_of, new_token
from app.installation import Installation, installed
from app.settings import Settings
from benchmarks import loading

ROLES = ("safeguarding_app", "safeguarding_owner", "safeguarding_policy")
"""Roles of the product. They belong to a whole server."""

SAMPLE = 2000
"""Records that are read one by one."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who has signed in; an agency's system, or a person without an agency."""

    token: str
    agency_id: UUID | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A loaded installation."""

    settings: Settings
    installation: Installation
    rows: int
    """Audit responses there are."""
    admin_url: str
    """Address of its database for an administrator, past every policy."""
    business_office: SignedIn
    agency_system: SignedIn
    audit_id: UUID
    """The open round."""
    response_ids: list[UUID]
    """Audit responses from all over the table."""


@contextmanager
def staged(responses: int) -> Iterator[Stage]:
    """Make an installation of so many audit responses; remove every trace after the block."""
    with TemporaryDirectory(prefix="safeguarding-bench-") as directory:
        name = f"bench_{uuid4().hex[:12]}"
        settings = Settings(port=0, data_dir=Path(directory), database=name, smtp_host=None)
        with installed(settings) as installation:
            asyncio.run(_refuse_a_server_in_use(installation))
            try:
                yield asyncio.run(_load(settings, installation, responses, with_answers=True))
            finally:
                asyncio.run(_remove(installation, ROLES))


@contextmanager
def twin(stage: Stage, responses: int) -> Iterator[Stage]:
    """Make another installation of another size on the same server, for the block."""
    settings = stage.settings.model_copy(update={"database": stage.settings.database + "_twin"})
    with installed(settings) as installation:
        try:
            yield asyncio.run(_load(settings, installation, responses, with_answers=False))
        finally:
            asyncio.run(_remove(installation))


async def _load(
    settings: Settings, installation: Installation, responses: int, *, with_answers: bool
) -> Stage:
    await installation.upgrade()
    url = _to_database(_admin_url(installation), installation.database)
    admin = await asyncpg.connect(url)
    try:
        await loading.load(admin, responses, with_answers=with_answers)
        agency_id = await admin.fetchval(
            "SELECT id FROM agencies ORDER BY id OFFSET (SELECT count(*) / 2 FROM agencies) LIMIT 1"
        )
        ids = await admin.fetch(
            f"SELECT id FROM audit_responses ORDER BY hashtext(id::text) LIMIT {SAMPLE}"
        )
        return Stage(
            settings=settings,
            installation=installation,
            rows=await admin.fetchval("SELECT count(*) FROM audit_responses"),
            admin_url=url,
            business_office=await sign_in(admin, None),
            agency_system=await sign_in(admin, agency_id),
            audit_id=await admin.fetchval("SELECT id FROM audits WHERE status = 'open'"),
            response_ids=[row["id"] for row in ids],
        )
    finally:
        await admin.close()


async def sign_in(admin: asyncpg.Connection, agency_id: UUID | None) -> SignedIn:
    """Sign in a manager of the Business Office, or the system of an agency."""
    token = new_token("p" if agency_id is None else "a")
    principal_id = await admin.fetchval(
        "INSERT INTO principals (kind, agency_id) VALUES ($1, $2) RETURNING id",
        "person" if agency_id is None else "client",
        agency_id,
    )
    if agency_id is None:
        await admin.execute(
            "INSERT INTO role_assignments (user_id, role) VALUES ($1, 'bo_manager')", principal_id
        )
    await admin.execute(
        "INSERT INTO tokens (principal_id, kind, token_hash, scopes, expires_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        principal_id,
        "session" if agency_id is None else "access",
        hash_of(token),
        None if agency_id is None else sorted(map(str, CLIENT_SCOPES)),
        datetime.now(UTC) + timedelta(days=1),
    )
    return SignedIn(token, agency_id)


async def _refuse_a_server_in_use(installation: Installation) -> None:
    """Keep away from a server that serves an installation: its roles would get new passwords."""
    admin = await asyncpg.connect(_admin_url(installation))
    try:
        if await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = ANY ($1)", ROLES):
            raise SystemExit("The server of DATABASE_URL serves an installation: use another one.")
    finally:
        await admin.close()


async def _remove(installation: Installation, roles: tuple[str, ...] = ()) -> None:
    admin = await asyncpg.connect(_admin_url(installation))
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {installation.database} WITH (FORCE)")
        for role in roles:
            await admin.execute(f"DROP ROLE IF EXISTS {role}")
    finally:
        await admin.close()


def _admin_url(installation: Installation) -> str:
    if installation.admin_url is None:
        raise SystemExit("The benchmark needs DATABASE_URL, or none of the database addresses.")
    return installation.admin_url


def _to_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
