"""An installation: where its server is, its secrets, and how it is brought up to this version."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit, urlunsplit

from app.access.roles import ROLES, SERVICES
from app.access.tokens import hash_of, service_token
from app.bootstrap import Credentials, bootstrap
from app.database import migrate_to, sync_reference
from app.postgres import EmbeddedServer
from app.settings import Settings

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Installation:
    """What a process needs to know to work: two addresses and a key. Null: not known here."""

    app_url: str = field(repr=False)
    owner_url: str | None = field(repr=False)
    secret_key: bytes = field(repr=False)
    admin_url: str | None = field(default=None, repr=False)
    database: str = "safeguarding"
    credentials: Credentials | None = field(default=None, repr=False)

    async def upgrade(self) -> None:
        """Make database and roles where we may, then tables and reference data of this version."""
        if self.admin_url is not None and self.credentials is not None:
            await bootstrap(self.admin_url, self.database, self.credentials)
        if self.owner_url is None:
            message = "Migrations need DATABASE_URL or OWNER_DATABASE_URL."
            raise SystemExit(message)
        await migrate_to(self.owner_url)
        await sync_reference(self.owner_url, reference_rows(self.secret_key))


def reference_rows(secret_key: bytes) -> list[tuple[str, Sequence[Sequence[object]]]]:
    """Return what every installation holds: roles, and the services that act by themselves."""
    roles = [
        (code, role.title, role.description, int(role.level), sorted(role.capabilities))
        for code, role in ROLES.items()
    ]
    services = [
        (name, hash_of(service_token(secret_key, name)), sorted(grants), FOREVER)
        for name, grants in SERVICES.items()
    ]
    return [(ROLE_SQL, roles), (SERVICE_SQL, services)]


ROLE_SQL = """
INSERT INTO roles (code, title, description, level, capabilities) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (code) DO UPDATE SET title = excluded.title, description = excluded.description,
    level = excluded.level, capabilities = excluded.capabilities
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
        yield _named(settings)
        return
    credentials = Credentials.load_or_create(settings.data_dir / "credentials.json")
    if settings.database_url is not None:
        yield _derived(settings, settings.database_url.get_secret_value(), credentials)
        return
    with EmbeddedServer(settings.data_dir / "postgres") as server:
        yield Installation(
            app_url=server.url("safeguarding_app", credentials.app_password, settings.database),
            owner_url=server.url(
                "safeguarding_owner", credentials.owner_password, settings.database
            ),
            secret_key=_secret_key(settings, credentials),
            admin_url=server.admin_url,
            database=settings.database,
            credentials=credentials,
        )


def _named(settings: Settings) -> Installation:
    if settings.app_database_url is None or settings.secret_key is None:
        message = "With APP_DATABASE_URL, set SECRET_KEY: 64 hexadecimal digits."
        raise SystemExit(message)
    owner = settings.owner_database_url
    return Installation(
        app_url=settings.app_database_url.get_secret_value(),
        owner_url=owner.get_secret_value() if owner else None,
        secret_key=_secret_key(settings, None),
        database=settings.database,
    )


def _derived(settings: Settings, admin_url: str, credentials: Credentials) -> Installation:
    return Installation(
        app_url=_as(admin_url, "safeguarding_app", credentials.app_password, settings.database),
        owner_url=_as(
            admin_url, "safeguarding_owner", credentials.owner_password, settings.database
        ),
        secret_key=_secret_key(settings, credentials),
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
        message = "SECRET_KEY is missing."
        raise SystemExit(message)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:  # noqa: PLR2004 - 256 bits
        message = "SECRET_KEY must be 64 hexadecimal digits."
        raise SystemExit(message)
    return key
