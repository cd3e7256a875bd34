"""Going through the narratives of a case again: a person was recorded whom they name already.

Whoever was unknown when a text was written may stand in it by name until then. What is certain
becomes a token; what is doubtful was resolved by somebody when it was written, and stays.
Framework section 7.
"""

from uuid import UUID

import structlog
from sqlalchemy import Table

from app.access.caller import ActorSession, Caller
from app.privacy.narratives import People, retokenise
from app.privacy.recognition import Matcher
from app.privacy.vault import Vault
from app.services.casework import keep_masked, people_of
from app.services.mentions import narrative_tables

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LOG = "SELECT actor.note('narratives_rescanned', 'rescan', $1, $2, '{}', $3)"


async def rescan(caller: Caller, vault: Vault, case_id: UUID) -> int:
    """Go through every narrative of a case, as the vault's service; return how many changed.

    Each record is a transaction of its own: what is done stays done if the job is cut short.
    """
    matcher = await vault.matcher(case_id)
    changed = 0
    for table, columns in narrative_tables():
        async with caller.transaction() as db:
            ids = [row["id"] for row in await db.fetch(_ids_sql(table), case_id)]
        for record_id in ids:
            async with caller.transaction() as db:
                changed += await _rescan_one(db, vault, matcher, table, columns, case_id, record_id)
    log.info("narratives_rescanned", case=str(case_id), changed=changed)
    return changed


def _ids_sql(table: Table) -> str:
    return f"SELECT id FROM {table.name} WHERE case_id = $1 ORDER BY id"


async def _rescan_one(
    db: ActorSession,
    vault: Vault,
    matcher: Matcher,
    table: Table,
    columns: list[str],
    case_id: UUID,
    record_id: UUID,
) -> int:
    names = ", ".join(columns)
    row = await db.fetchrow(f"SELECT {names} FROM {table.name} WHERE id = $1 FOR UPDATE", record_id)
    if row is None:
        return 0
    people: People = await people_of(db, case_id)
    texts = {column: row[column] for column in columns if row[column]}
    done = retokenise(texts, matcher, people)
    changed = [column for column in texts if done.texts[column] != texts[column]]
    if not changed:
        return 0
    await keep_masked(db, vault, case_id, people, done)
    sets = ", ".join(f"{column} = ${n}" for n, column in enumerate(changed, 2))
    await db.fetchrow(
        f"UPDATE {table.name} SET {sets} WHERE id = $1",
        record_id,
        *(done.texts[column] for column in changed),
    )
    await db.fetchrow(LOG, case_id, record_id, changed)
    return 1
