"""Pushing many entries of a chronology at once: all or none, and the same again is no change.

Framework section 16. What was sent is kept as a keyed hash beside each entry, so that a system may
send all that it holds every night.
"""

import hmac
import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Invalid, NotFound, UnresolvedIdentifier
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.chronology import ChronologyPushed, ChronologyWrite, EntryWrite
from app.schemas.narratives import Resolution
from app.services.agency_reports import case_of
from app.services.campaigns import board_day
from app.services.casework import tokenised
from app.services.chronology import first_day, own_agency, wrong_members

TEXTS = ("source", "event", "significance", "practice_comment")
AT_ONCE = 20
"""Entries whose texts are gone through together: what the log takes of one act is bounded."""
TYPES = {
    "happened_on": "date",
    "happened_to": "date",
    "happened_at": "text",
    "precision": "text",
    **dict.fromkeys(TEXTS, "text"),
    "is_withdrawn": "boolean",
}
KNOWN = """
SELECT external_ref, pushed_mac FROM chronology_entries
WHERE agency_id = $1 AND case_review_id = $2 AND external_ref = ANY ($3)
"""
PUT = f"""
INSERT INTO chronology_entries (case_id, case_review_id, agency_id, recorded_by_id, external_ref,
    pushed_mac, {", ".join(TYPES)})
SELECT $1, $2, $3, $4, e.external_ref, decode(e.mac, 'hex'),
    {", ".join(f"e.{name}" for name in TYPES)}
FROM jsonb_to_recordset($5::jsonb) AS e (external_ref text, mac text,
    {", ".join(f"{name} {kind}" for name, kind in TYPES.items())})
ON CONFLICT ON CONSTRAINT chronology_entries_agency_review_ref_key DO UPDATE SET
    pushed_mac = excluded.pushed_mac, {", ".join(f"{name} = excluded.{name}" for name in TYPES)}
RETURNING xmax = 0 AS is_new
"""
Row = dict[str, Any]


async def push_chronology(
    caller: Caller, review_id: UUID, body: ChronologyWrite
) -> ChronologyPushed:
    """Write entries of the caller's agency, each by its reference.

    Raises `NotFound` for a review the caller may not know of, `Forbidden`, `Invalid` with the
    pointer of every entry that is wrong, and `UnresolvedIdentifiers` with every doubtful place.
    """
    refuse_wrong(body.entries)
    said = _by_entry(body)
    async with caller.transaction() as db:
        agency_id = own_agency(db)
        case_id = await case_of(db, review_id)
        if case_id is None:
            raise NotFound
        rows = [
            _row(caller, review_id, n, each, said.get(n, ())) for n, each in enumerate(body.entries)
        ]
        refs = [row["external_ref"] for row in rows]
        known = {r["external_ref"]: r for r in await db.fetch(KNOWN, agency_id, review_id, refs)}
        fresh = {n: row for n, row in enumerate(rows) if not _is_same(row, known)}
        await _tokenise(db, caller, case_id, fresh, said)
        sent = json.dumps([*fresh.values()], ensure_ascii=False)
        done = await db.fetch(PUT, case_id, review_id, agency_id, db.actor.id, sent)
    created = sum(row["is_new"] for row in done)
    return ChronologyPushed(
        created=created, changed=len(done) - created, unchanged=len(rows) - len(done)
    )


def refuse_wrong(entries: Sequence[EntryWrite]) -> None:
    """Refuse entries that cannot be, and references that come twice. Raises `Invalid`."""
    today, seen, wrong = board_day(), set(), []
    for n, entry in enumerate(entries):
        wrong += [f"/entries/{n}/{member}" for member in wrong_members(entry, today)]
        if entry.external_ref in seen:
            wrong.append(f"/entries/{n}/external_ref")
        seen.add(entry.external_ref)
    if wrong:
        raise Invalid.at_each(wrong)


def _by_entry(body: ChronologyWrite) -> dict[int, list[Resolution]]:
    """Return what was said of doubtful places, by entry. Raises `InvalidToken`."""
    found: dict[int, list[Resolution]] = {}
    for each in body.resolutions:
        _, _, number, *rest = [*each.pointer.split("/", 3), "", ""]
        is_text = each.pointer.startswith("/entries/") and rest[0] in TEXTS
        if not (is_text and number.isdecimal() and int(number) < len(body.entries)):
            raise InvalidToken.at("/resolutions")
        found.setdefault(int(number), []).append(each)
    return found


def _row(
    caller: Caller, review_id: UUID, n: int, entry: EntryWrite, said: Iterable[Resolution]
) -> Row:
    """Return an entry as it is stored, but for its texts, with the keyed hash of what was sent."""
    row: Row = entry.model_dump(mode="json")
    row["happened_on"] = first_day(entry.happened_on, entry.precision).isoformat()
    resolved = [each.model_dump(mode="json", exclude={"pointer"}) for each in said]
    places = [each.pointer.removeprefix(f"/entries/{n}/") for each in said]
    content = json.dumps([row, resolved, places], sort_keys=True).encode()
    mac = hmac.digest(caller.key, b"chronology\0" + review_id.bytes + content, sha256)
    return row | {"mac": mac.hex()}


def _is_same(row: Row, known: dict[str, Any]) -> bool:
    """Tell whether an entry was sent just so before."""
    before = known.get(row["external_ref"])
    if before is None or before["pushed_mac"] is None:
        return False
    return hmac.compare_digest(before["pushed_mac"], bytes.fromhex(row["mac"]))


async def _tokenise(
    db: ActorSession,
    caller: Caller,
    case_id: UUID,
    rows: dict[int, Row],
    said: dict[int, list[Resolution]],
) -> None:
    """Replace the people in the texts of entries, some entries at a time; ask about all at once."""
    doubtful: list[UnresolvedIdentifier] = []
    numbers = list(rows)
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        texts = {f"/entries/{n}/{name}": rows[n][name] for n in some for name in TEXTS}
        texts = {pointer: text for pointer, text in texts.items() if text}
        resolutions = [each for n in some for each in said.get(n, ())]
        try:
            done = await tokenised(db, caller, case_id, texts, resolutions)
        except UnresolvedIdentifiers as refusal:
            doubtful += refusal.places
            continue
        for pointer, text in done.texts.items():
            _, _, number, name = pointer.split("/")
            rows[int(number)][name] = text
    if doubtful:
        raise UnresolvedIdentifiers(*doubtful)
