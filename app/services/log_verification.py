"""Verifying the access log: every leaf, root and head worked out anew from the rows.

What changed inside the database shows by itself. That the newest batches were cut off, or that all
of it was written anew, shows only beside heads that somebody kept elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

import asyncpg

from app.privacy.merkle import head_of, leaf_of, root_of
from app.services.log_sealing import BEFORE_THE_FIRST, COLUMNS, HEAD_COLUMNS, Head, entry_of

MOST_FINDINGS = 100
LATE = timedelta(hours=1)
"""No transaction lasts so long: what is sealed later than this after its time was put in."""

HEADS = f"SELECT {HEAD_COLUMNS} FROM access_log_heads ORDER BY number"
BATCH = f"""
SELECT l.place, l.seq AS sealed_seq, l.leaf, {COLUMNS}
FROM access_log_leaves l LEFT JOIN access_log t ON t.seq = l.seq
WHERE l.place > $1 AND l.place <= $2 ORDER BY l.place
"""
REST = """
SELECT count(*) FILTER (WHERE never) AS never, min(seq) FILTER (WHERE never) AS first,
    count(*) FILTER (WHERE NOT never AND late) AS overdue
FROM (SELECT t.seq, t.seq <= $1 AND t.xid < $2 AS never,
          t.occurred_at < clock_timestamp() - interval '1 minute' AS late
      FROM access_log t
      WHERE NOT EXISTS (SELECT FROM access_log_leaves l WHERE l.seq = t.seq)) unsealed
"""
BEYOND = """
SELECT (SELECT count(*) FROM access_log_leaves WHERE place > $1 OR place < 1) AS leaves,
    (SELECT min(seq) FROM access_log
     WHERE seq > coalesce(pg_sequence_last_value('access_log_seq_seq'), 0)) AS unnumbered
"""
KEPT = "SELECT number, encode(head, 'hex') AS head FROM access_log_heads WHERE number = ANY ($1)"


class Fault(StrEnum):
    """What is wrong with the log."""

    altered = "altered"
    deleted = "deleted"
    inserted = "inserted"
    reordered = "reordered"
    head_altered = "head_altered"
    cut = "cut"
    rewritten = "rewritten"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where: a batch, an entry by its `seq`. Null: not known."""

    fault: Fault
    sentence: str
    batch: int | None = None
    seq: int | None = None


@dataclass(slots=True)
class Verification:
    """What was found, the first first; the first hundred findings."""

    entries: int = 0
    batches: int = 0
    head: str | None = None
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(
        self, fault: Fault, sentence: str, batch: int | None = None, seq: int | None = None
    ) -> None:
        """Add a finding, unless there are too many already."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(fault, sentence, batch, seq))


async def verify(connection: asyncpg.Connection, kept: Mapping[int, str]) -> Verification:
    """Verify the log as the role of the connection sees it, against kept heads by their numbers."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        check = _Check(connection)
        async for row in connection.cursor(HEADS):
            await check.head(Head.of(row))
        await check.rest()
        await check.kept(kept)
    return check.found


class _Check:
    """A walk along the heads. `settled_at`: when a head last sealed all that waited."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.found = Verification()
        self._connection = connection
        self._before = BEFORE_THE_FIRST
        self._settled_at = BEFORE_THE_FIRST.sealed_at

    async def head(self, head: Head) -> None:
        """Check a head and its batch."""
        self._chain(head)
        rows = await self._connection.fetch(BATCH, head.total - head.size, head.total)
        earlier = len(self.found.findings)
        self._entries(head, rows)
        self._order(head, rows)
        if len(self.found.findings) == earlier and _root(rows) != head.root:
            sentence = f"Entries of batch {head.number} were changed together with their hashes."
            self.found.add(Fault.altered, sentence, head.number)
        if head.horizon != self._before.horizon:
            self._settled_at = head.sealed_at
        self._before = head
        self.found.batches += 1
        self.found.entries += len(rows)
        self.found.head = head.head.hex()

    def _chain(self, head: Head) -> None:
        number, before = head.number, self._before
        if number != before.number + 1:
            self.found.add(Fault.deleted, f"Head {before.number + 1} is gone.", before.number + 1)
        elif head.previous_head != before.head or head.total != before.total + head.size:
            sentence = f"Head {number} does not follow the head before it."
            self.found.add(Fault.head_altered, sentence, number)
        if head_of(head.facts()) != head.head:
            self.found.add(Fault.head_altered, f"Head {number} is no hash of what it says.", number)

    def _entries(self, head: Head, rows: list[asyncpg.Record]) -> None:
        """Check entries against their leaves, and places for gaps."""
        places = range(head.total - head.size + 1, head.total + 1)
        for row in rows:
            self._entry(head, row)
        if len(rows) < head.size:
            filled = {row["place"] for row in rows}
            empty = next(place for place in places if place not in filled)
            sentence = f"Place {empty} is empty: an entry of batch {head.number} is gone, and its"
            self.found.add(Fault.deleted, f"{sentence} hash with it.", head.number)

    def _entry(self, head: Head, row: asyncpg.Record) -> None:
        seq, number = row["sealed_seq"], head.number
        if row["seq"] is None:
            self.found.add(Fault.deleted, f"Entry {seq} of batch {number} is gone.", number, seq)
        elif leaf_of(entry_of(row)) != row["leaf"]:
            sentence = f"Entry {seq} is not what was sealed in batch {number}."
            self.found.add(Fault.altered, sentence, number, seq)
        elif self._settled_at - row["occurred_at"] > LATE:
            sentence = f"Entry {seq} of batch {number} was put in long after the time it gives."
            self.found.add(Fault.inserted, sentence, number, seq)

    def _order(self, head: Head, rows: list[asyncpg.Record]) -> None:
        seqs = [row["sealed_seq"] for row in rows]
        if seqs != sorted(seqs):
            sentence = f"The entries of batch {head.number} stand in another order than sealed."
            self.found.add(Fault.reordered, sentence, head.number)

    async def rest(self) -> None:
        """Check what no head seals: it must be new."""
        last = self._before
        unsealed = await self._connection.fetchrow(REST, last.last_seq, last.horizon)
        beyond = await self._connection.fetchrow(BEYOND, last.total)
        if unsealed is None or beyond is None:
            raise RuntimeError("A count has one row.")
        if unsealed["never"]:
            sentence = f"Entry {unsealed['first']} was put in among entries that were sealed."
            self.found.add(Fault.inserted, sentence, seq=unsealed["first"])
        if beyond["unnumbered"] is not None:
            sentence = f"Entry {beyond['unnumbered']} has a number that was never given out."
            self.found.add(Fault.inserted, sentence, seq=beyond["unnumbered"])
        if beyond["leaves"]:
            sentence = f"{beyond['leaves']} hashes belong to no head: heads were cut off."
            self.found.add(Fault.cut, sentence)
        if unsealed["overdue"]:
            self.found.warnings.append(
                f"{unsealed['overdue']} entries older than a minute are not sealed: does a worker"
                " run, and is no transaction left open?"
            )

    async def kept(self, kept: Mapping[int, str]) -> None:
        """Compare with heads that were kept elsewhere."""
        rows = await self._connection.fetch(KEPT, sorted(kept))
        here = {row["number"]: row["head"] for row in rows}
        for number in sorted(kept):
            if number not in here:
                sentence = f"Head {number}, which was kept, is gone: the log was cut."
                self.found.add(Fault.cut, sentence, number)
            elif here[number] != kept[number]:
                sentence = f"Head {number} is not the one that was kept: the log was rewritten."
                self.found.add(Fault.rewritten, sentence, number)


def _root(rows: list[asyncpg.Record]) -> bytes:
    return root_of([row["leaf"] for row in rows])
