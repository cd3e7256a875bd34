"""The projection is the redaction: what a reader may not see never leaves the database.

For each Read schema the columns are compiled once into a select list in which every field above
the caller's class is null. `caller` is the row of `actor.enter` or `actor.current`, `t` the
record. Own records are read down to the class `agency`.
"""

from functools import cache

from app.schemas.base import ReadSchema
from app.sensitivity import Computed, Level

REASONS = {
    Level.agency: "agency_only",
    Level.restricted: "restricted",
    Level.identity: "no_disclosure_grant",
    Level.audit: "audit_only",
}


@cache
def projection(schema: type[ReadSchema]) -> str:
    """Return the select list of a schema, over `t` and `caller`."""
    columns = []
    for name, field in schema.model_fields.items():
        if name == "redactions":
            columns.append(f"{_redactions(schema)} AS redactions")
            continue
        computed = [mark.sql for mark in field.metadata if isinstance(mark, Computed)]
        expression = computed[0] if computed else f't."{name}"'
        level = schema.level_of(field)
        if level > Level.partnership:
            expression = f"CASE WHEN {_visible(schema, level)} THEN {expression} END"
        columns.append(f'{expression} AS "{name}"')
    return ", ".join(columns)


@cache
def statement(schema: type[ReadSchema], source: str = "") -> str:
    """Return the sub-select of one record as JSON text, to be followed by its conditions.

    `source` replaces the table, as for a record made in the same statement.
    """
    table = source or f'"{schema.table.__tablename__}"'
    return f"SELECT {projection(schema)} FROM {table} t"


def _visible(schema: type[ReadSchema], level: Level) -> str:
    rule = f"caller.level >= {level.value}"
    if level == Level.agency and "agency_id" in schema.table.__table__.columns:
        rule = f"({rule} OR t.agency_id = caller.agency_id)"
    return rule


def _redactions(schema: type[ReadSchema]) -> str:
    """List every member the reader may not see, whether or not it holds a value."""
    withheld: dict[Level, list[str]] = {}
    for name, field in schema.model_fields.items():
        level = schema.level_of(field)
        if level > Level.partnership:
            withheld.setdefault(level, []).append(name)
    parts = [
        f"CASE WHEN {_visible(schema, level)} THEN '[]'::jsonb"
        f" ELSE '[{_pointers(names, level)}]'::jsonb END"
        for level, names in withheld.items()
    ]
    return " || ".join(parts) or "'[]'::jsonb"


def _pointers(names: list[str], level: Level) -> str:
    return ", ".join(f'{{"pointer": "/{name}", "reason": "{REASONS[level]}"}}' for name in names)
