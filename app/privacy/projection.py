"""The projection is the redaction: what a reader may not see never leaves the database.

For each Read schema the columns are compiled once into a select list in which every field above
the caller's class is null. `caller` is the row of `actor.enter` or `actor.current`, `t` the
record. Own records are read down to the class `agency`; the records of a case down to `restricted`
by its team, and by an agency where they are its own. Narratives show people by their labels; no
class of reader gets identities from here.
"""

from functools import cache
from types import UnionType
from typing import Union, get_args, get_origin

from pydantic.fields import FieldInfo

from app.schemas.base import ReadSchema
from app.sensitivity import Computed, Level, Narrated, NarratedRows, People, ShownWhere

REASONS = {
    Level.partnership: "restricted",
    Level.agency: "agency_only",
    Level.restricted: "restricted",
    Level.identity: "no_disclosure_grant",
    Level.audit: "audit_only",
}
SHOWN = "true"
"""The rule of what every reader of the record is shown."""
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
        if (rule := _rule(schema, field)) != SHOWN:
            expression = f"CASE WHEN {rule} THEN {expression} END"
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
    return [name for name, field in schema.model_fields.items() if _is_narrative(field)]


def _is_narrative(field: FieldInfo) -> bool:
    """Tell whether a field is a narrative, or a narrative or null: the mark stands within then."""
    marks = list(field.metadata)
    if get_origin(field.annotation) in (Union, UnionType):
        for member in get_args(field.annotation):
            marks += getattr(member, "__metadata__", ())
    return any(isinstance(mark, Narrated) for mark in marks)


def _expression(schema: type[ReadSchema], name: str, field: FieldInfo) -> str:
    for mark in field.metadata:
        if isinstance(mark, Computed):
            return mark.sql
        if isinstance(mark, NarratedRows):
            return _rows(mark)
        if isinstance(mark, People):
            return PEOPLE.format(SPOKEN_OF.format(_texts(schema)))
    column = f't."{name}"'
    return _labelled(column) if _is_narrative(field) else column


def _labelled(column: str) -> str:
    """Return a narrative with labels; one that speaks of nobody costs no look at the people."""
    return (
        f"CASE WHEN strpos({column}, '⟦') > 0 THEN actor.render({column}, {LABELS.format(column)})"
        f" ELSE {column} END"
    )


def _texts(schema: type[ReadSchema]) -> str:
    """List every narrative of a record; those in rows of their own come as one text."""
    texts = [f't."{name}"' for name in narrated(schema)]
    for field in schema.model_fields.values():
        for mark in field.metadata:
            if isinstance(mark, NarratedRows):
                joined = ", ".join(f"r.{column}" for column in mark.columns)
                texts.append(
                    f"(SELECT string_agg(concat_ws(' ', {joined}), ' ') FROM {mark.table} r"
                    f" WHERE r.{mark.key} = t.id)"
                )
    return ", ".join(texts)


def _rows(mark: NarratedRows) -> str:
    """Return narratives in rows of their own as a list, with labels."""
    shown = ", ".join(f"'{column}', {_labelled(f'r.{column}')}" for column in mark.columns)
    return (
        f"coalesce((SELECT json_agg(json_build_object({shown}) ORDER BY r.number)"
        f" FROM {mark.table} r WHERE r.{mark.key} = t.id), '[]'::json)"
    )


def _rule(schema: type[ReadSchema], field: FieldInfo) -> str:
    """Return for whom a field is shown: by a rule of its own, or by its class."""
    own = [mark.sql for mark in field.metadata if isinstance(mark, ShownWhere)]
    return f"({own[0]})" if own else visible(schema, schema.level_of(field))


def visible(schema: type[ReadSchema], level: Level) -> str:
    """Say who sees the fields of a class in a record, over `t` and `caller`."""
    if level == Level.identity:
        return "false"
    if level <= Level.partnership:
        return SHOWN
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
    withheld: dict[tuple[str, Level], list[str]] = {}
    for name, field in schema.model_fields.items():
        rule = _rule(schema, field)
        if rule != SHOWN and name != "redactions":
            withheld.setdefault((rule, schema.level_of(field)), []).append(name)
    parts = [
        f"CASE WHEN {rule} THEN '[]'::jsonb ELSE {_pointers(schema, names, level)} END"
        for (rule, level), names in withheld.items()
    ]
    if narrated(schema) and "people" in schema.model_fields:
        seen = _rule(schema, schema.model_fields["people"])
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
