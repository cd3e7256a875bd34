"""The words migrations are written in: `run` and `secure`."""

from collections.abc import Iterable
from textwrap import dedent

from alembic import op

RECORD = """id uuid PRIMARY KEY DEFAULT uuidv7(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()"""
"""The columns every record has."""


def run(sql: str) -> None:
    """Execute statements as they stand, several at once, without parameters."""
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None  # noqa: S101 - a migration always has one
    connection.run_async(lambda driver: driver.execute(dedent(sql)))


def one_of(column: str, values: Iterable[str]) -> str:
    """Write the CHECK of a value list."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return f"CHECK ({column} IN ({allowed}))"


def sees_case(column: str = "case_id") -> str:
    """Say who may know of a case: its team, agencies that take part, and who reviews them all."""
    return (
        "CASE WHEN (SELECT actor.can('cases:all')) THEN true"
        f" ELSE {column} = ANY ((SELECT actor.cases())::uuid[]) END"
    )


def works_on_case(column: str = "case_id") -> str:
    """Say who may read all of a case: its team, and who reviews them all."""
    return (
        "CASE WHEN (SELECT actor.can('cases:all')) THEN true"
        f" ELSE {column} = ANY ((SELECT actor.team_cases())::uuid[]) END"
    )


def secure(
    table: str,
    *,
    reads: str,
    creates: str | None = None,
    changes: str | None = None,
    changed: str | None = None,
    deletes: str | None = None,
    columns: str = "",
    readable: str = "",
    trail: bool = True,
) -> None:
    """Lock a table in the migration that makes it.

    `reads`, `creates`, `changes` and `deletes` are the predicates of its policies; what is not
    given is not granted. `changed` is what a row must satisfy after a change (else `changes`).
    `columns` narrows what may be changed, as in `(status, reason)`, and `readable` what may be
    read, for what the application writes and only others open. `trail` records every
    change in `events`, names of columns only.
    """
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY owner_all ON {table} TO safeguarding_owner USING (true) WITH CHECK (true)",
        f"CREATE POLICY reads ON {table} FOR SELECT TO safeguarding_app USING ({reads})",
        f"GRANT SELECT {readable} ON {table} TO safeguarding_app",
    ]
    if creates:
        statements += [
            f"CREATE POLICY creates ON {table} FOR INSERT TO safeguarding_app"
            f" WITH CHECK ({creates})",
            f"GRANT INSERT ON {table} TO safeguarding_app",
        ]
    if changes:
        statements += [
            f"CREATE POLICY changes ON {table} FOR UPDATE TO safeguarding_app"
            f" USING ({changes}) WITH CHECK ({changed or changes})",
            f"GRANT UPDATE {columns} ON {table} TO safeguarding_app",
        ]
    if deletes:
        statements += [
            f"CREATE POLICY deletes ON {table} FOR DELETE TO safeguarding_app USING ({deletes})",
            f"GRANT DELETE ON {table} TO safeguarding_app",
        ]
    if trail:
        statements += list(_trail(table))
    run(";\n".join(statements))


def _trail(table: str) -> Iterable[str]:
    yield (
        f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION actor.touch()"
    )
    for event, rows in (
        ("INSERT", "NEW TABLE AS after"),
        ("UPDATE", "OLD TABLE AS before NEW TABLE AS after"),
        ("DELETE", "OLD TABLE AS before"),
    ):
        yield (
            f"CREATE TRIGGER trail_{event.lower()} AFTER {event} ON {table} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION actor.trail_{event.lower()}()"
        )


def guard_moves(table: str) -> None:
    """Let the state of a table change by the moves of its lifecycle only, by who may make them."""
    run(
        f"CREATE TRIGGER guard_move BEFORE UPDATE OF status ON {table} FOR EACH ROW"
        " WHEN (current_user = 'safeguarding_app' AND NEW.status IS DISTINCT FROM OLD.status)"
        " EXECUTE FUNCTION actor.guard_move()"
    )


def let_policy_read(table: str, columns: str = "") -> None:
    """Let the definer functions of schema `actor` read a table, or some of its columns."""
    run(
        f"CREATE POLICY looks_up ON {table} FOR SELECT TO safeguarding_policy USING (true);\n"
        f"GRANT SELECT {columns} ON {table} TO safeguarding_policy"
    )


def rescanned(table: str, columns: str) -> None:
    """Let the vault's service go through the narratives of a table again.

    It does when a person of the case is recorded: who was unknown by then is named in them still.
    """
    keeps = "(SELECT actor.can('vault:open'))"
    run(
        f"CREATE POLICY rescans_reads ON {table} FOR SELECT TO safeguarding_app USING ({keeps});\n"
        f"CREATE POLICY rescans ON {table} FOR UPDATE TO safeguarding_app USING ({keeps});\n"
        f"GRANT UPDATE {columns} ON {table} TO safeguarding_app"
    )
