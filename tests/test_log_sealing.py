"""Sealing the access log: every entry once, in one chain, whoever writes and whoever seals."""

import asyncio
import json
import random

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.access.caller import Caller
from app.jobs.sealing import seal
from app.services.log_sealing import MOST, seal_batch
from app.services.log_verification import verify
from tests.conftest import Server, SignedIn, SignIn
from tests.logs import enter, log_as, seal_all, seqs_of, unsealed
from tests.test_worker import seen, working

LEAVES = "SELECT seq FROM access_log_leaves ORDER BY place"
LOG_ONE = "SELECT actor.log('identity_read', 'x', NULL, NULL, NULL, NULL, NULL, NULL)"


async def sealed(log: asyncpg.Connection) -> list[int]:
    """Return the numbers of sealed entries in the order of their places."""
    return [row["seq"] for row in await log.fetch(LEAVES)]


@pytest.mark.duty("X6")
async def test_six_thousand_entries_are_sealed_in_batches_and_found_whole(
    log: asyncpg.Connection, sealer: Caller, board_member: SignedIn
) -> None:
    await log_as(log, board_member, count=6000)

    await seal_all(sealer, log)

    found = await verify(log, {})
    assert (found.entries, found.batches, found.findings, found.warnings) == (6000, 2, [], [])
    sizes = await log.fetch("SELECT size FROM access_log_heads ORDER BY number")
    assert [row["size"] for row in sizes] == [MOST, 6000 - MOST]
    assert await sealed(log) == list(range(1, 6001))


async def test_each_head_leaves_a_line_that_a_log_elsewhere_can_keep(
    log: asyncpg.Connection, sealer: Caller, board_member: SignedIn
) -> None:
    await log_as(log, board_member, count=3)

    with capture_logs() as lines:
        await seal_all(sealer, log)

    head = await log.fetchval("SELECT encode(head, 'hex') FROM access_log_heads")
    assert lines == [
        {
            "event": "access_log_sealed",
            "log_level": "info",
            "number": 1,
            "size": 3,
            "total": 3,
            "head": head,
        }
    ]


async def test_the_worker_seals_by_itself(
    log: asyncpg.Connection, server: Server, board_member: SignedIn
) -> None:
    await log_as(log, board_member)

    async def is_sealed() -> bool:
        return await unsealed(log) == 0

    async with working(server):
        await seen(is_sealed)


@pytest.mark.duty("X6")
async def test_an_entry_that_commits_late_is_sealed_once_and_collected_last(
    log: asyncpg.Connection,
    sealer: Caller,
    sign_in: SignIn,
    connections: list[asyncpg.Connection],
) -> None:
    """The first to begin writes last, and the lower number commits after the higher is sealed."""
    dpo = await sign_in("dpo")
    early, late = connections[:2]
    first, second = early.transaction(), late.transaction()
    await first.start()
    await early.execute("SELECT pg_current_xact_id()")
    await second.start()
    await enter(late, dpo)
    lower = await late.fetchval(LOG_ONE)
    await enter(early, dpo)
    higher = await early.fetchval(LOG_ONE)
    await first.commit()

    async def one_is_sealed() -> bool:
        await seal(sealer)
        return bool(await sealed(log))

    await seen(one_is_sealed)
    between = await sealed(log)
    collected = (await dpo.get("/access-log/export")).text.splitlines()
    await second.commit()
    await seal_all(sealer, log)
    after = json.loads(collected[-1])["place"]
    rest = (await dpo.get("/access-log/export", params={"after_place": after})).text.splitlines()

    lower_seq, higher_seq = await seqs_of(log, [lower, higher])
    assert between == [higher_seq]
    assert (await sealed(log))[:2] == [higher_seq, lower_seq]
    assert [json.loads(each)["id"] for each in collected] == [str(higher)]
    assert json.loads(rest[0])["id"] == str(lower)
    assert (await verify(log, {})).findings == []


async def test_an_entry_is_not_sealed_while_an_older_transaction_may_still_add_one(
    log: asyncpg.Connection,
    sealer: Caller,
    board_member: SignedIn,
    connections: list[asyncpg.Connection],
) -> None:
    open_transaction = connections[0].transaction()
    await open_transaction.start()
    await enter(connections[0], board_member)
    await connections[0].execute(LOG_ONE)
    await log_as(log, board_member)

    await seal(sealer)
    during = await sealed(log)
    await open_transaction.commit()
    await seal_all(sealer, log)

    assert during == []
    assert await sealed(log) == [1, 2]


@pytest.mark.duty("X6")
async def test_many_writers_and_three_sealers_make_one_chain_with_each_entry_once(
    log: asyncpg.Connection,
    sealer: Caller,
    board_member: SignedIn,
    connections: list[asyncpg.Connection],
) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    kept: list[object] = []

    async def write(connection: asyncpg.Connection) -> None:
        for _ in range(25):
            transaction = connection.transaction()
            await transaction.start()
            await enter(connection, board_member)
            entries = [await connection.fetchval(LOG_ONE) for _ in range(chance.randint(1, 3))]
            await asyncio.sleep(chance.choice((0, 0, 0.002, 0.03)))
            if chance.random() < 0.2:
                await transaction.rollback()
            else:
                await transaction.commit()
                kept.extend(entries)

    async def keep_sealing() -> None:
        while not done.is_set():
            await seal_batch(sealer)

    done = asyncio.Event()
    sealers = [asyncio.create_task(keep_sealing()) for _ in range(3)]
    await asyncio.gather(*map(write, connections))
    done.set()
    await asyncio.gather(*sealers)
    await seal_all(sealer, log)

    rows = await log.fetch(
        "SELECT t.id FROM access_log_leaves l LEFT JOIN access_log t USING (seq)"
    )
    assert len(rows) == len(kept)
    assert {row["id"] for row in rows} == set(kept)
    heads = await log.fetch("SELECT number, head, previous_head FROM access_log_heads ORDER BY 1")
    assert len(heads) > 1
    assert [row["previous_head"] for row in heads[1:]] == [row["head"] for row in heads[:-1]]
    found = await verify(log, {})
    assert (found.entries, found.findings) == (len(kept), [])


async def test_a_second_sealer_leaves_it_to_the_first(
    log: asyncpg.Connection, sealer: Caller, board_member: SignedIn
) -> None:
    await log_as(log, board_member)

    async with log.transaction():
        await log.execute("SELECT pg_advisory_xact_lock(hashtext('access_log'), 0)")
        meanwhile = await seal_batch(sealer)

    assert meanwhile is None
    await seal_all(sealer, log)
    assert await sealed(log) == [1]


async def test_a_fork_is_refused_by_the_table_itself(
    log: asyncpg.Connection, sealer: Caller, board_member: SignedIn
) -> None:
    await log_as(log, board_member)
    await seal_all(sealer, log)

    with pytest.raises(asyncpg.UniqueViolationError):
        await log.execute(
            "INSERT INTO access_log_heads (number, size, total, first_seq, last_seq, root,"
            " previous_head, head, horizon, sealed_at) SELECT number + 1, size, total + 1,"
            " first_seq, last_seq, root, previous_head, root, horizon, sealed_at"
            " FROM access_log_heads"
        )


async def test_entries_of_a_dump_are_sealed_though_this_server_never_counted_so_far(
    log: asyncpg.Connection, sealer: Caller, board_member: SignedIn
) -> None:
    """A restored log holds numbers of transactions of another server, before and after seals."""
    await log_as(log, board_member)
    await seal_all(sealer, log)
    await log.execute(
        "INSERT INTO access_log (actor_id, actor_kind, act, operation, person_ids, members, xid)"
        " VALUES (uuidv7(), 'person', 'identity_read', 'x', '{}', '{}', 2 ^ 40)"
    )
    await seal_all(sealer, log)
    await log_as(log, board_member)

    await seal_all(sealer, log)

    assert await sealed(log) == [1, 2, 3]
    assert (await verify(log, {})).findings == []
