"""Sealing the access log: entries that nobody can join any more get a place, a leaf and a head.

What is hashed is what the API shows: `entry_of` of a row is an entry as `GET /v1/access-log` has
it, without `place` and `proof`; `Head.facts` a head as `GET /v1/access-log/heads` has it, without
`id` and `head`.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

import asyncpg

from app.access.caller import ActorSession, Caller
from app.privacy.merkle import NOTHING, head_of, leaf_of, root_of

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
MOST = 4096
"""Entries in one batch: its leaves are read again for every proof."""
MEMBERS = (
    "id seq occurred_at actor_id actor_kind actor_agency_id act operation case_id record_id"
    " grant_id person_ids members found salt"
).split()
COLUMNS = ", ".join(f"t.{name}" for name in MEMBERS)
FACTS = "number size total first_seq last_seq root previous_head sealed_at".split()
HEAD_COLUMNS = ", ".join((*FACTS, "horizon", "head"))
ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(hashtext('access_log'), 0) AS is_ours"
LAST_HEAD = f"SELECT {HEAD_COLUMNS} FROM access_log_heads ORDER BY number DESC LIMIT 1"
# A transaction below `xmin` has ended; so has one whose number this server has not reached yet,
# since its entry came with a dump of another. What is not sealed yet is beyond the last head by
# its own number or by that of its transaction: numbers of ours, which stand in the text, since as
# parameters they would make PostgreSQL expect a third of the log.
WAITING = f"""
SELECT {COLUMNS}, now.at, now.xmin FROM access_log t CROSS JOIN (
    SELECT clock_timestamp() AS at, pg_snapshot_xmin(seen)::text::bigint AS xmin,
        pg_snapshot_xmax(seen)::text::bigint AS xmax
    FROM pg_current_snapshot() AS seen OFFSET 0) now
WHERE (t.seq > {{0}} OR t.xid >= {{1}}) AND (t.xid < now.xmin OR t.xid >= now.xmax)
    AND NOT EXISTS (SELECT FROM access_log_leaves l WHERE l.seq = t.seq)
ORDER BY t.seq LIMIT {MOST + 1}
"""
ADD_HEAD = f"""
INSERT INTO access_log_heads ({HEAD_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
ADD_LEAVES = """
INSERT INTO access_log_leaves (place, seq, leaf)
SELECT $1 + n, seq, leaf
FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS sealed (seq, leaf, n)
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The seal of a batch. `horizon`: what older transactions wrote is sealed."""

    number: int = 0
    size: int = 0
    total: int = 0
    first_seq: int = 0
    last_seq: int = 0
    root: bytes = b""
    previous_head: bytes = b""
    sealed_at: datetime = LONG_AGO
    horizon: int = 0
    head: bytes = NOTHING

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """Read a head from its row."""
        return cls(**{name: row[name] for name in cls.__slots__})

    def facts(self) -> dict[str, object]:
        """Return what the head is a hash of."""
        return {name: plain(getattr(self, name)) for name in FACTS}


BEFORE_THE_FIRST = Head()


async def seal_batch(caller: Caller) -> Head | None:
    """Seal the entries that wait, in their order; null where there are none, or others do it.

    A second sealer finds the lock taken; were there no lock, its head would break a constraint.
    """
    async with caller.transaction() as db:
        lock = await db.fetchrow(ONE_AT_A_TIME)
        if lock is None or not lock["is_ours"]:
            return None
        row = await db.fetchrow(LAST_HEAD)
        last = Head.of(row) if row else BEFORE_THE_FIRST
        waiting = await db.fetch(WAITING.format(last.last_seq, last.horizon))
        return await _seal(db, last, waiting) if waiting else None


async def _seal(db: ActorSession, last: Head, waiting: list[asyncpg.Record]) -> Head:
    batch = waiting[:MOST]
    seqs = [row["seq"] for row in batch]
    leaves = [leaf_of(entry_of(row)) for row in batch]
    unsigned = Head(
        number=last.number + 1,
        size=len(batch),
        total=last.total + len(batch),
        first_seq=seqs[0],
        last_seq=max(seqs[-1], last.last_seq),
        root=root_of(leaves),
        previous_head=last.head,
        sealed_at=batch[0]["at"],
        horizon=batch[0]["xmin"] if len(waiting) <= MOST else last.horizon,
    )
    head = replace(unsigned, head=head_of(unsigned.facts()))
    await db.fetchrow(ADD_HEAD, *(getattr(head, name) for name in HEAD_COLUMNS.split(", ")))
    await db.fetchrow(ADD_LEAVES, last.total, seqs, leaves)
    return head


def entry_of(row: asyncpg.Record) -> dict[str, object]:
    """Return an entry as it is hashed and shown."""
    return {name: plain(row[name]) for name in MEMBERS}


def plain(value: object) -> object:
    """Return a value as JSON has it: times in UTC to the microsecond, bytes in hexadecimal."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID):
        return str(value)
    return [plain(each) for each in value] if isinstance(value, list) else value
