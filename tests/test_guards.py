"""Rules no resource test repeats: what every table and every operation must be."""

import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic.fields import FieldInfo
from sqlalchemy.ext.asyncio import create_async_engine

from app.access.roles import CLIENT_SCOPES, ROLES
from app.access.scopes import Capability, Scope
from app.database import sqlalchemy_url
from app.installation import Installation
from app.main import create_app
from app.models import Base
from app.pagination import Matches, Paging
from app.schemas.base import ReadSchema
from app.sensitivity import Level, ShownWhere
from app.settings import Settings

SNAPSHOTS = Path(__file__).parent / "snapshots"
NO_TRAIL = {
    "access_log",  # is a trail itself, and only ever added to
    "access_log_heads",  # the seals of that trail
    "access_log_leaves",
    "answers",  # the submission is the act; one line for each would double every push
    "event_subjects",  # copied from the product
    "events",
    "idempotency_keys",
    "import_rows",
    "imports",
    "lifecycle_moves",  # copied from the code at every migration, like `roles`
    "mail",
    "roles",
    "sign_in_attempts",
    "sign_in_failures",
    "tokens",
    "subscription_states",  # how far a subscription has come
    "transitions",
    "webhook_deliveries",  # each is about an event: a line for it would be one more event
}
"""Tables whose changes leave no line in `events`. This list may only shrink."""


def every(base: type[Any]) -> list[type[Any]]:
    """Return all classes below a class."""
    below = base.__subclasses__()
    return below + [each for child in below for each in every(child)]


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The contract."""
    derived: dict[str, Any] = create_app(Settings()).openapi()
    return derived


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return every operation, with method and path."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_every_table_is_locked(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    )

    assert rows == []


async def test_no_policy_lets_everybody_through(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT tablename, policyname FROM pg_policies WHERE 'safeguarding_app' = ANY (roles)"
        " AND (qual = 'true' OR with_check = 'true')"
    )

    assert rows == []


async def test_policies_call_functions_once_for_each_statement(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT tablename, policyname, coalesce(qual, '') || coalesce(with_check, '') AS sql"
        " FROM pg_policies WHERE 'safeguarding_app' = ANY (roles)"
    )

    bare = [
        (row["tablename"], row["policyname"])
        for row in rows
        if re.search(r"(?<!SELECT )actor\.\w+\(", row["sql"])
    ]

    assert bare == []


async def test_definer_functions_have_a_fixed_path_and_are_not_public(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch(
        "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND prosecdef"
        " AND (proconfig IS NULL OR NOT 'search_path=pg_catalog' = ANY (proconfig)"
        " OR pg_get_userbyid(proowner) <> 'safeguarding_policy'"
        " OR has_function_privilege('public', p.oid, 'EXECUTE'))"
    )

    assert rows == []


async def test_no_view_goes_round_the_policies(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND (relkind = 'm'"
        " OR relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false))"
    )

    assert rows == []


async def test_every_change_leaves_a_line(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT relname FROM pg_class c WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'trail_update')"
    )

    assert {row["relname"] for row in rows} == NO_TRAIL


async def test_every_reference_can_be_followed_quickly(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT conrelid::regclass::text AS name, conkey FROM pg_constraint c WHERE contype = 'f'"
        " AND connamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid"
        " AND i.indkey[0] = c.conkey[1])"
    )

    assert [row["name"] for row in rows] in ([], ["role_assignments"])


async def test_migrations_make_what_the_models_describe(installation: Installation) -> None:
    assert installation.owner_url is not None
    engine = create_async_engine(sqlalchemy_url(installation.owner_url))

    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True}), Base.metadata
            )
        )
    await engine.dispose()

    kinds = {"add_table", "remove_table", "add_column", "remove_column", "modify_nullable"}
    assert [d for d in differences if isinstance(d, tuple) and d[0] in kinds] == []


async def test_the_policies_in_force_are_those_that_were_reviewed(
    owner: asyncpg.Connection, request: pytest.FixtureRequest
) -> None:
    rows = await owner.fetch(
        "SELECT tablename, policyname, cmd, array_to_string(roles, ' ') AS roles, qual, with_check"
        " FROM pg_policies WHERE policyname <> 'owner_all' ORDER BY tablename, policyname"
    )
    lines = []
    for row in rows:
        lines.append(f"{row['tablename']}: {row['policyname']} ({row['cmd']} to {row['roles']})")
        lines += [
            f"    {word} {' '.join(row[column].split())}"
            for word, column in (("using", "qual"), ("check", "with_check"))
            if row[column]
        ]
    compare(request, "policies.txt", "\n".join(lines) + "\n")


def compare(request: pytest.FixtureRequest, name: str, text: str) -> None:
    """Compare with a reviewed snapshot; `--update-snapshots` is a human act."""
    path = SNAPSHOTS / name
    if request.config.getoption("--update-snapshots"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_every_operation_names_one_known_scope_or_is_meant_to_be_public(
    document: dict[str, Any],
) -> None:
    public = []
    for name, operation in operations(document):
        scopes = {s for each in operation["security"] for s in each.get("client_credentials", [])}
        if not operation["security"]:
            public.append(name)
        else:
            assert len(scopes) == 1, name
            assert scopes <= set(map(str, Scope)), name
    assert public == sorted(public, key=public.index)
    assert len(public) <= 16, public  # the list of published reports, and each of them, are two


def test_every_member_is_described(document: dict[str, Any]) -> None:
    bare = [
        f"{name}.{member}"
        for name, schema in document["components"]["schemas"].items()
        for member, spec in schema.get("properties", {}).items()
        if "description" not in spec and "$ref" not in spec
    ]

    assert bare == []


def test_every_string_is_bounded(document: dict[str, Any]) -> None:
    bare: list[str] = []

    def walk(where: str, node: object) -> None:
        if isinstance(node, dict):
            bounded = {"maxLength", "enum", "const", "format"} & node.keys()
            if node.get("type") == "string" and not bounded:
                bare.append(where)
            for key, value in node.items():
                walk(f"{where}/{key}", value)
        elif isinstance(node, list):
            for index, value in enumerate(node):
                walk(f"{where}/{index}", value)

    walk("", document["components"]["schemas"])

    assert bare == []


LISTS = {"Roster": "RosterEntry", "Matrix": "AgencyReturn"}
"""What lists hold that are not named after it."""


def listed(filters: type[Paging]) -> str:
    """Return the name of what a list holds, as its filters are named after it."""
    name = filters.__name__.removesuffix("Filters")
    return LISTS.get(name, name)


def test_no_filter_asks_about_what_its_reader_may_not_see() -> None:
    hidden = {
        schema.__name__.removesuffix("Read"): {
            name
            for name, field in schema.model_fields.items()
            if schema.level_of(field) > Level.partnership
        }
        for schema in every(ReadSchema)
    }
    anywhere = set().union(*hidden.values())

    rules = {
        mark.sql
        for schema in every(ReadSchema)
        for field in schema.model_fields.values()
        for mark in field.metadata
        if isinstance(mark, ShownWhere)
    }

    asked = {
        f"{filters.__name__}.{name}"
        for filters in every(Paging)
        for name, field in filters.model_fields.items()
        if name in hidden.get(listed(filters), anywhere) and not _asks_the_rule(field, rules)
    }

    assert asked == set()


def _asks_the_rule(field: FieldInfo, rules: set[str]) -> bool:
    """Tell whether a filter finds only what its reader is shown, by the rule of the member."""
    return any(
        rule in mark.sql for mark in field.metadata if isinstance(mark, Matches) for rule in rules
    )


def test_every_redactable_schema_says_what_it_withholds() -> None:
    silent = [
        schema.__name__
        for schema in every(ReadSchema)
        if "redactions" not in schema.model_fields
        and any(schema.level_of(f) > Level.partnership for f in schema.model_fields.values())
    ]

    assert silent == []


def test_an_agency_system_never_holds_a_capability() -> None:
    assert not {str(each) for each in CLIENT_SCOPES} & {str(each) for each in Capability}
    assert set().union(*(role.capabilities for role in ROLES.values())) <= {
        *map(str, Scope),
        *map(str, Capability),
    }
