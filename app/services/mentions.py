"""Where narratives speak of somebody: which records, which members, and whether of others too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from app.access.caller import ActorSession
from app.models import Base
from app.privacy.projection import LABELS

MENTIONS = """
SELECT x.case_id, '{table}' AS subject, x.id AS record_id, m.member,
    sha256(convert_to(m.text, 'UTF8')) AS digest,
    NOT actor.spoken_of(m.text) <@ s.numbers OR m.text LIKE '%⟦m%' AS mentions_others
FROM (SELECT p.case_id, array_agg(p.number::int) AS numbers FROM persons p WHERE p.id = ANY ($1)
    GROUP BY p.case_id) s
JOIN {table} x ON x.case_id = s.case_id
CROSS JOIN LATERAL (VALUES {members}) AS m (member, text)
WHERE actor.spoken_of(m.text) && s.numbers
"""
TEXTS = """
SELECT t.id, m.member, actor.render(m.text, {labels}) AS text,
    sha256(convert_to(m.text, 'UTF8')) AS digest
FROM {table} t CROSS JOIN LATERAL (VALUES {members}) AS m (member, text)
WHERE t.id = ANY ($1) AND m.text IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A narrative as it is now: with labels, and the hash of it with tokens."""

    text: str
    digest: bytes


def narrative_tables() -> Iterator[tuple[Table, list[str]]]:
    """Yield every table that holds narratives of cases, and the names of these columns."""
    for table in Base.metadata.sorted_tables:
        columns = [column.name for column in table.columns if column.info.get("narrative")]
        if columns:
            yield table, columns


async def mentions_of(db: ActorSession, person_ids: list[UUID]) -> list[asyncpg.Record]:
    """Return where narratives speak of these people, and whether of others too.

    Whoever wants all of them asks as the vault's service, which reads every narrative.
    """
    found: list[asyncpg.Record] = []
    for table, columns in narrative_tables():
        sql = MENTIONS.format(table=table.name, members=_members("x", columns))
        found += await db.fetch(sql, person_ids)
    return found


async def passages_at(
    db: ActorSession, places: Iterable[tuple[str, UUID]]
) -> dict[tuple[UUID, str], Passage]:
    """Return narratives of records, each a table and an identifier, by record and member."""
    wanted: dict[str, list[UUID]] = {}
    for subject, record_id in places:
        wanted.setdefault(subject, []).append(record_id)
    found = {}
    for table, columns in narrative_tables():
        for row in await _texts(db, table, columns, wanted.get(table.name, [])):
            found[row["id"], row["member"]] = Passage(row["text"], row["digest"])
    return found


async def _texts(
    db: ActorSession, table: Table, columns: list[str], ids: list[UUID]
) -> list[asyncpg.Record]:
    if not ids:
        return []
    members = _members("t", columns)
    return await db.fetch(
        TEXTS.format(table=table.name, members=members, labels=LABELS.format("m.text")), ids
    )


def _members(alias: str, columns: Iterable[str]) -> str:
    return ", ".join(f"('{column}', {alias}.{column})" for column in columns)
