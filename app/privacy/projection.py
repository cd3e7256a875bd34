"""The projection is the redaction: what a reader may not see never leaves the database.

For each Read schema the columns are compiled once into a select list in which every field above
the caller's class is null. `caller` is the row of `actor.enter` or `actor.current`, `t` the
record. Own records are read down to the class `agency`; the records of a case down to `restricted`
by its team, and by an agency where they are its own. Narratives show people by their labels; no
class of reader gets identities from here.
"""

from functools import cache

from pydantic.fields import FieldInfo

from app.schemas.base import ReadSchema
from app.sensitivity import Computed, Level, Narrated, People

REASONS = {
    Level.agency: "agency_only",
    Level.restricted: "restricted",
    Level.identity: "no_disclosure_grant",
    Level.audit: "audit_only",
}
LABELS = (
    "(SELECT jsonb_object_agg(p.number, p.label) FROM persons p WHERE p.case_id = t.case_id"
    " AND p.number = ANY (actor.spoken_of({0})))"
)
WITHHELD_PEOPLE = """coalesce((
    SELECT jsonb_agg(jsonb_build_object('pointer', '/people/' || n || '/identity', 'reason',
        CASE WHEN is_erased THEN 'erased' ELSE 'no_disclosure_grant' END) ORDER BY n)
    FROM ({}) spoken_of), '[]'::jsonb)"""
SPOKEN_OF = (
    "SELECT p.id, p.label, p.kind, p.is_erased, row_number() OVER (ORDER BY p.number) - 1 AS n"
    " FROM persons p WHERE p.case_id = t.case_id AND p.number = ANY (actor.spoken_of({}))"
)
PEOPLE = """coalesce((
    SELECT json_agg(json_build_object('id', id, 'label', label, 'kind', kind, 'identity', NULL)
        ORDER BY n)
    FROM ({}) spoken_of), '[]'::json)"""


@cache
def projection(schema: type[ReadSchema]) -> str:
    """Return the select list of a schema, over `t` and `caller`."""
    columns = []
    for name, field in schema.model_fields.items():
        if name == "redactions":
            columns.append(f"{_redactions(schema)} AS redactions")
            continue
        expression = _expression(schema, name, field)
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


def narrated(schema: type[ReadSchema]) -> list[str]:
    """Return the members of a schema that are narratives."""
    return [
        name
        for name, field in schema.model_fields.items()
        if any(isinstance(mark, Narrated) for mark in field.metadata)
    ]


def _expression(schema: type[ReadSchema], name: str, field: FieldInfo) -> str:
    for mark in field.metadata:
        if isinstance(mark, Computed):
            return mark.sql
        if isinstance(mark, Narrated):
            column = f't."{name}"'
            return f"actor.render({column}, {LABELS.format(column)})"
        if isinstance(mark, People):
            return PEOPLE.format(SPOKEN_OF.format(_texts(schema)))
    return f't."{name}"'


def _texts(schema: type[ReadSchema]) -> str:
    return ", ".join(f't."{name}"' for name in narrated(schema))


def _visible(schema: type[ReadSchema], level: Level) -> str:
    if level == Level.identity:
        return "false"
    if level <= Level.partnership:
        return "true"
    columns = schema.table.__table__.columns
    case = "id" if schema.table.__tablename__ == "cases" else "case_id"
    if level < Level.audit and case in columns and (case != "id" or level == Level.restricted):
        rule = (
            "'cases:all' = ANY (caller.grants)"
            f" OR t.{case} = ANY ((SELECT actor.team_cases())::uuid[])"
        )
    else:
        rule = f"caller.level >= {level.value}"
    if level <= Level.restricted and "agency_id" in columns:
        rule = f"{rule} OR t.agency_id = caller.agency_id"
    return f"({rule})"


def _redactions(schema: type[ReadSchema]) -> str:
    """List every member the reader may not see, whether or not it holds a value."""
    withheld: dict[Level, list[str]] = {}
    for name, field in schema.model_fields.items():
        level = schema.level_of(field)
        if level > Level.partnership and name != "redactions":
            withheld.setdefault(level, []).append(name)
    parts = [
        f"CASE WHEN {_visible(schema, level)} THEN '[]'::jsonb"
        f" ELSE {_pointers(schema, names, level)} END"
        for level, names in withheld.items()
    ]
    if narrated(schema) and "people" in schema.model_fields:
        seen = _visible(schema, schema.level_of(schema.model_fields["people"]))
        people = WITHHELD_PEOPLE.format(SPOKEN_OF.format(_texts(schema)))
        parts.append(f"CASE WHEN {seen} THEN {people} ELSE '[]'::jsonb END")
    return " || ".join(parts) or "'[]'::jsonb"


def _pointers(schema: type[ReadSchema], names: list[str], level: Level) -> str:
    """List members that are withheld; of an identity, whether it was destroyed."""
    reason = f"'{REASONS[level]}'"
    if level == Level.identity and "is_erased" in schema.table.__table__.columns:
        reason = f"CASE WHEN t.is_erased THEN 'erased' ELSE {reason} END"
    listed = (f"jsonb_build_object('pointer', '/{name}', 'reason', {reason})" for name in names)
    return f"jsonb_build_array({', '.join(listed)})"
