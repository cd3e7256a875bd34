"""An installation: where its server is, its secrets, and how it is brought up to this version."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pydantic import ValidationError

from app.access.roles import AGENCY_ROLES, ROLES, SERVICES
from app.access.tokens import hash_of, service_token
from app.bootstrap import Credentials, bootstrap
from app.database import fetch, migrate_to, sync_reference
from app.models.event_feed import SUBJECTS
from app.models.lifecycles import LIFECYCLES
from app.postgres import EmbeddedServer
from app.privacy.key_state import check_installed, prepare_keys
from app.privacy.keys.provider import KeyProvider, KeyProviderError
from app.privacy.keys.selection import provider_of
from app.reference.governance import governance_rows
from app.reference.schedule_rules import schedule_rows
from app.settings import Settings

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class SetupError(RuntimeError):
    """The set-up is not one to work with; the message is one sentence and holds no secret."""

    @classmethod
    def of(cls, error: ValidationError) -> Self:
        """Name the first member that breaks its schema, and how; not its value."""
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        return cls(f"{name}: {first['msg']}.")


@dataclass(frozen=True, slots=True)
class Installation:
    """What a process needs to know to work: addresses and a key. Null: not known here."""

    app_url: str = field(repr=False)
    vault_url: str = field(repr=False)
    owner_url: str | None = field(repr=False)
    secret_key: bytes = field(repr=False)
    keys: Callable[[], KeyProvider] = field(repr=False)
    """Makes a way to the keeper of the keys of identities, for one event loop."""
    admin_url: str | None = field(default=None, repr=False)
    database: str = "safeguarding"
    credentials: Credentials | None = field(default=None, repr=False)

    async def upgrade(self) -> None:
        """Make database and roles where we may, then tables and reference data of this version.

        Raises SetupError, and BootstrapError.
        """
        if self.admin_url is not None and self.credentials is not None:
            await bootstrap(self.admin_url, self.database, self.credentials)
        if self.owner_url is None:
            raise SetupError("Migrations need DATABASE_URL or OWNER_DATABASE_URL.")
        await migrate_to(self.owner_url)
        await self._refuse_other_key(self.owner_url)
        await sync_reference(self.owner_url, reference_rows(self.secret_key))
        async with self.key_provider() as provider:
            await prepare_keys(self.owner_url, provider)

    async def check_keys(self) -> None:
        """Hold the keys of identities against the database. Raises SetupError."""
        token_hash = hash_of(service_token(self.secret_key, "vault"))
        async with self.key_provider() as provider:
            await check_installed(self.app_url, token_hash, provider)

    @asynccontextmanager
    async def key_provider(self) -> AsyncIterator[KeyProvider]:
        """Give a way to the keeper of keys for the block. Raises SetupError for what it refuses."""
        try:
            provider = self.keys()
            try:
                yield provider
            finally:
                await provider.close()
        except KeyProviderError as error:
            raise SetupError(str(error)) from error

    async def _refuse_other_key(self, owner_url: str) -> None:
        """Keep what was written under one key from being taken over by another."""
        tokens = await fetch(owner_url, "SELECT token_hash FROM tokens WHERE kind = 'service'")
        ours = {hash_of(service_token(self.secret_key, name)) for name in SERVICES}
        if tokens and ours.isdisjoint(row["token_hash"] for row in tokens):
            raise SetupError("SECRET_KEY is not the one this database was set up with.")


def reference_rows(secret_key: bytes) -> list[tuple[str, Sequence[Sequence[object]]]]:
    """Return what every installation holds: roles, services, moves, and subjects of events."""
    roles = [
        (
            code,
            role.title,
            role.description,
            int(role.level),
            sorted(role.capabilities),
            code in AGENCY_ROLES,
        )
        for code, role in ROLES.items()
    ]
    services = [
        (name, hash_of(service_token(secret_key, name)), sorted(grants), FOREVER)
        for name, grants in SERVICES.items()
    ]
    moves = [
        (subject, move.source, move.target, move.needs)
        for subject, lifecycle in LIFECYCLES.items()
        for move in lifecycle.moves
    ]
    subjects = [(table, told.scope, told.path, told.is_shared) for table, told in SUBJECTS.items()]
    return [
        (ROLE_SQL, roles),
        (SERVICE_SQL, services),
        (NO_MOVES_SQL, [()]),
        (MOVE_SQL, moves),
        *governance_rows(),
        *schedule_rows(),
        (NO_SUBJECTS_SQL, [()]),
        (SUBJECT_SQL, subjects),
        (FEED_SQL, [()]),
    ]


ROLE_SQL = """
INSERT INTO roles (code, title, description, level, capabilities, is_of_agency)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code) DO UPDATE SET title = excluded.title, description = excluded.description,
    level = excluded.level, capabilities = excluded.capabilities,
    is_of_agency = excluded.is_of_agency
"""
NO_SUBJECTS_SQL = "DELETE FROM event_subjects"
SUBJECT_SQL = "INSERT INTO event_subjects (subject, scope, path, is_shared) VALUES ($1, $2, $3, $4)"
FEED_SQL = """
UPDATE actor.feed_origins SET origin = last.xact
FROM (SELECT max(xact) AS xact FROM events) last
WHERE last.xact > origin + pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
"""After a move to a server that counts its transactions from lower on."""
NO_MOVES_SQL = "DELETE FROM lifecycle_moves"
MOVE_SQL = """
INSERT INTO lifecycle_moves (subject, from_state, to_state, needs) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
SERVICE_SQL = """
WITH service AS (
    INSERT INTO principals (id, kind) VALUES (md5('service:' || $1)::uuid, 'service')
    ON CONFLICT (id) DO UPDATE SET is_active = true RETURNING id
), gone AS (
    DELETE FROM tokens USING service
    WHERE principal_id = service.id AND token_hash <> $2 RETURNING principal_id
)
INSERT INTO tokens (principal_id, kind, token_hash, scopes, expires_at)
SELECT id, 'service', $2, $3, $4 FROM service
ON CONFLICT (token_hash) DO UPDATE SET scopes = excluded.scopes
"""


@contextmanager
def installed(settings: Settings) -> Iterator[Installation]:
    """Find the server that the settings name, or start the embedded one for the block."""
    if settings.app_database_url is not None:
        yield _named(settings, settings.app_database_url.get_secret_value())
        return
    credentials = Credentials.load_or_create(settings.data_dir / "credentials.json")
    if settings.database_url is not None:
        yield _derived(settings, settings.database_url.get_secret_value(), credentials)
        return
    with EmbeddedServer(settings.data_dir / "postgres") as server:
        yield Installation(
            app_url=server.url("safeguarding_app", credentials.app_password, settings.database),
            vault_url=server.url(
                "safeguarding_vault", credentials.vault_password, settings.database
            ),
            owner_url=server.url(
                "safeguarding_owner", credentials.owner_password, settings.database
            ),
            secret_key=_secret_key(settings, credentials),
            keys=partial(provider_of, settings),
            admin_url=server.admin_url,
            database=settings.database,
            credentials=credentials,
        )


def _named(settings: Settings, app_url: str) -> Installation:
    """Take the addresses as they are; with an administrator's, their roles can be made too."""
    if settings.secret_key is None:
        raise SetupError("With APP_DATABASE_URL, set SECRET_KEY: 64 hexadecimal digits.")
    if settings.vault_database_url is None:
        raise SetupError("With APP_DATABASE_URL, set VAULT_DATABASE_URL, for safeguarding_vault.")
    vault_url = settings.vault_database_url.get_secret_value()
    owner_url, admin_url = (
        url.get_secret_value() if url else None
        for url in (settings.owner_database_url, settings.database_url)
    )
    credentials = None
    if admin_url and owner_url:
        owner, app, vault = (_password(url) for url in (owner_url, app_url, vault_url))
        credentials = Credentials(owner, app, "", vault)
    return Installation(
        app_url=app_url,
        vault_url=vault_url,
        owner_url=owner_url,
        secret_key=_secret_key(settings, None),
        keys=partial(provider_of, settings),
        admin_url=admin_url,
        database=urlsplit(app_url).path.strip("/") or settings.database,
        credentials=credentials,
    )


def _password(url: str) -> str:
    """Return the password in an address, for a role that is still to be made."""
    password = urlsplit(url).password
    if not password:
        raise SetupError("The addresses of owner, application and vault must hold a password.")
    return unquote(password)


def _derived(settings: Settings, admin_url: str, credentials: Credentials) -> Installation:
    return Installation(
        app_url=_as(admin_url, "safeguarding_app", credentials.app_password, settings.database),
        vault_url=_as(
            admin_url, "safeguarding_vault", credentials.vault_password, settings.database
        ),
        owner_url=_as(
            admin_url, "safeguarding_owner", credentials.owner_password, settings.database
        ),
        secret_key=_secret_key(settings, credentials),
        keys=partial(provider_of, settings),
        admin_url=admin_url,
        database=settings.database,
        credentials=credentials,
    )


def _as(url: str, role: str, password: str, database: str) -> str:
    """Return the address with another role and database."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        parts._replace(netloc=f"{role}:{quote(password)}@{host}", path=f"/{database}")
    )


def _secret_key(settings: Settings, credentials: Credentials | None) -> bytes:
    if settings.secret_key is not None:
        text = settings.secret_key.get_secret_value()
    elif credentials is not None:
        text = credentials.secret_key
    else:
        raise SetupError("SECRET_KEY is missing.")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:  # noqa: PLR2004 - 256 bits
        raise SetupError("SECRET_KEY must be 64 hexadecimal digits.")
    return key
