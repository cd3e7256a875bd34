"""What the doctor looks at in the database, as the role that answers requests sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address

import asyncpg

from app.access.tokens import hash_of, service_token
from app.bootstrap import OLDEST_VERSION
from app.database import newest_revision
from app.findings import Finding, Verdict, judge
from app.installation import Installation
from app.settings import Settings

TOLERATED_SKEW_S = 2.0
POOLS = 3
"""Pools of an API process: reads, single writes, transactions."""

NO_CONNECTION = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


async def examine_database(
    settings: Settings, installation: Installation, processes: int = 2
) -> list[Finding]:
    """Look at the database as the role that answers requests sees it.

    `processes` share its connections: those that answer requests, and the worker.
    """
    try:
        connection = await asyncpg.connect(installation.app_url, timeout=10)
    except NO_CONNECTION as error:
        sentence = f"The database cannot be reached as its run-time role: {type(error).__name__}."
        remedy = "Check the address, and that `safeguarding migrate` was run."
        return [Finding("database", Verdict.unsafe, sentence, remedy)]
    try:
        facts = dict(await connection.fetchrow(FACTS) or {})
        findings = [*_facts(facts), _connections(facts, POOLS * settings.pool_size, processes)]
        findings.append(await _revision(connection))
        if findings[-1].verdict is Verdict.well:
            findings.append(await _key(connection, installation.secret_key))
        return findings
    finally:
        await connection.close()


FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS version,
    (SELECT string_agg(name, ', ') FROM pg_settings WHERE setting = 'off'
        AND name IN ('fsync', 'full_page_writes', 'synchronous_commit')) AS forgetful,
    current_setting('data_checksums') AS checksums,
    current_setting('archive_mode') AS archiving,
    (SELECT concat_ws(', ',
            CASE WHEN rolsuper THEN 'is a superuser' END,
            CASE WHEN rolbypassrls THEN 'bypasses the policies' END,
            CASE WHEN rolcreaterole OR rolcreatedb THEN 'makes roles or databases' END,
            CASE WHEN EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
                THEN 'is a member of another role' END,
            CASE WHEN EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
                THEN 'owns tables' END)
        FROM pg_roles r WHERE rolname = current_user) AS might,
    (SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND NOT (relrowsecurity AND relforcerowsecurity)) AS unlocked,
    (SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND has_table_privilege(oid, 'TRUNCATE, REFERENCES, TRIGGER')) AS overgranted,
    has_schema_privilege('public', 'CREATE')
        OR has_database_privilege(current_database(), 'CREATE, TEMP') AS creates,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int AS places,
    (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_places,
    host(inet_server_addr()) AS address,
    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS encrypted,
    clock_timestamp() AS now
"""


def _facts(facts: dict[str, object]) -> Iterator[Finding]:
    yield judge(
        "version",
        None if int(str(facts["version"])) >= OLDEST_VERSION else f"is {facts['version']}",
        f"PostgreSQL is {OLDEST_VERSION} or newer.",
        f"PostgreSQL {{}}, and must be {OLDEST_VERSION} or newer.",
        "Upgrade the server.",
    )
    yield judge(
        "durability",
        facts["forgetful"],
        "What was answered with success is on disk.",
        "PostgreSQL may forget what it confirmed: {} is off.",
        "Switch it on in postgresql.conf.",
    )
    yield judge(
        "role",
        facts["might"],
        "The run-time role is bound by every policy.",
        "The run-time role {}.",
        "Give APP_DATABASE_URL the role safeguarding_app, as `safeguarding migrate` makes it.",
    )
    yield judge(
        "locks",
        facts["unlocked"],
        "Every table has its row level security enabled and forced.",
        "Row level security is not enabled and forced on {}.",
        "ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, as the owner.",
    )
    wide = facts["overgranted"] or ("the database or its schema" if facts["creates"] else None)
    yield judge(
        "privileges",
        wide,
        "The run-time role has no right it does not need.",
        "The run-time role may do more than it needs with {}.",
        "Run `safeguarding migrate`, and revoke what was granted by hand.",
        Verdict.wrong,
    )
    yield from _advice(facts)
    yield _clock(facts["now"])


def _advice(facts: dict[str, object]) -> Iterator[Finding]:
    yield judge(
        "checksums",
        facts["checksums"] == "off",
        "PostgreSQL notices damaged pages.",
        "PostgreSQL does not notice damaged pages: data_checksums is off.",
        "Stop it and run pg_checksums --enable.",
        Verdict.advice,
    )
    yield judge(
        "backups",
        facts["archiving"] == "off",
        "PostgreSQL archives its log, so that a backup can be brought up to any moment.",
        "PostgreSQL does not archive its log: what came after the last backup can be lost.",
        "See docs/operations.md, Backups.",
        Verdict.advice,
    )
    address = facts["address"]
    in_clear = address and not facts["encrypted"] and not ip_address(str(address)).is_loopback
    yield judge(
        "database link",
        in_clear,
        "Nobody between here and the database can read along.",
        "The connection to the database is not encrypted.",
        "Add ?sslmode=verify-full to its address, unless the network is private.",
        Verdict.advice,
    )


def _clock(now: object) -> Finding:
    assert isinstance(now, datetime)  # noqa: S101 - a timestamptz of the driver
    skew_s = abs((datetime.now(UTC) - now).total_seconds())
    return judge(
        "clock",
        skew_s > TOLERATED_SKEW_S and f"{skew_s:.0f} s",
        "The clocks of this machine and of the database agree.",
        "The clocks of this machine and of the database differ by {}.",
        "Let both follow a time server.",
        Verdict.wrong,
    )


def _connections(facts: dict[str, object], each: int, processes: int) -> Finding:
    places = int(str(facts["places"]))
    of_role = int(str(facts["role_places"]))
    if of_role >= 0:
        places = min(places, of_role)
    return judge(
        "connections",
        places < each * processes and f"{processes} processes take {each} each",
        f"There are connections for {places // each} processes.",
        f"PostgreSQL has {places} connections for us, and {{}}.",
        "Raise max_connections and the limit of the role, or lower POOL_SIZE.",
        Verdict.wrong,
    )


async def _revision(connection: asyncpg.Connection) -> Finding:
    try:
        found = await connection.fetchval("SELECT version_num FROM migration.alembic_version")
    except asyncpg.PostgresError:
        found = None
    wanted = newest_revision()
    return judge(
        "migrations",
        found != wanted and (found or "none"),
        f"The tables are those of this version ({wanted}).",
        f"The tables are of revision {{}}, and this version works with {wanted}.",
        "Run `safeguarding migrate`.",
    )


async def _key(connection: asyncpg.Connection, secret_key: bytes) -> Finding:
    problem = None
    try:
        hashed = hash_of(service_token(secret_key, "sign-in"))
        await connection.execute("SELECT actor.enter($1, 'me')", hashed)
    except asyncpg.PostgresError as error:
        problem = error.sqlstate or "unknown"
    return judge(
        "secret key",
        problem,
        "SECRET_KEY is the one this database was set up with.",
        "SECRET_KEY is not the one this database was set up with.",
        "Set the key of the first `safeguarding migrate`, or restore credentials.json.",
    )
