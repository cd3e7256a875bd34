"""The verbs of what belongs to a case: as everywhere, with narratives that name nobody.

`create_narrated` and `change_narrated` are `create` and `change` for records with narratives;
`app.services.disclosure` has the way to who the people are. Framework section 7.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import ConcurrentChange, Invalid, UnknownReference
from app.models.vault import MaskedText
from app.privacy.crypto import Place, seal
from app.privacy.errors import InvalidToken
from app.privacy.narratives import People, Tokenised, tokenise
from app.privacy.projection import narrated
from app.privacy.recognition import Matcher
from app.privacy.vault import Vault
from app.schemas.base import ReadSchema
from app.schemas.narratives import NarratedCreate, NarratedUpdate, Resolution
from app.services.records import changing, creating, insert, patch, update

MASK = "identifiers=mask"
"""Preference of a caller that pushes by itself: what is doubtful is masked, not refused."""

PEOPLE = """
SELECT c.narrative_marks AS marks, (SELECT json_agg(json_build_array(p.number, p.label, p.id))
    FROM persons p WHERE p.case_id = c.id)::text AS people
FROM cases c WHERE c.id = $1
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """The key of a case that this transaction has opened, and what finds its people."""

    key: bytes = field(repr=False)
    matcher: Matcher


def vault_of(caller: Caller) -> Vault:
    """Return the vault of the process that answers."""
    assert caller.request is not None  # noqa: S101 - narratives come with requests
    vault: Vault = caller.request.app.state.vault
    return vault


async def create_narrated(
    caller: Caller,
    schema: type[ReadSchema],
    case_id: UUID,
    body: NarratedCreate,
    values: Mapping[str, object] | None = None,
) -> Response:
    """Make a record of a case, once for each idempotency key; `values` are further columns.

    Raises `UnknownReference` for a case the caller may not know of, `UnresolvedIdentifiers`.
    """
    async with creating(caller, schema, [str(case_id), body]) as creation:
        if creation.is_new:
            said = await narrate(creation.db, caller, schema, case_id, body.model_dump())
            made = {"case_id": case_id} | said | dict(values or {})
            creation.id = await insert(creation.db, schema.table, made)
    return creation.response


async def change_narrated(
    caller: Caller, schema: type[ReadSchema], id: UUID, body: NarratedUpdate
) -> Response:
    """Apply a merge patch to a record of a case, under `If-Match`."""
    async with changing(caller, schema, id, body) as changed:
        case_id = UUID(changed.before["case_id"])
        values = await narrate(changed.db, caller, schema, case_id, patch(body))
        await update(changed.db, schema.table, id, values)
    return changed.response


async def narrate(
    db: ActorSession,
    caller: Caller,
    schema: type[ReadSchema],
    case_id: UUID,
    values: dict[str, Any],
) -> dict[str, Any]:
    """Return the members of a body with tokens for people, ready to be stored.

    Raises `UnknownReference`, `UnresolvedIdentifiers`, `InvalidToken`, `ConcurrentChange`.
    """
    sent = [Resolution.model_validate(each) for each in values.pop("resolutions", [])]
    texts = {f"/{name}": values[name] for name in narrated(schema) if values.get(name)}
    done = await tokenised(db, caller, case_id, texts, sent)
    return values | {pointer[1:]: text for pointer, text in done.texts.items()}


async def narrate_text(
    db: ActorSession,
    caller: Caller,
    case_id: UUID,
    pointer: str,
    text: str,
    resolutions: list[Resolution] | None = None,
) -> str:
    """Return one text of a case with tokens for people."""
    done = await tokenised(db, caller, case_id, {pointer: text}, resolutions or [])
    return done.texts[pointer]


async def tokenised(
    db: ActorSession,
    caller: Caller,
    case_id: UUID,
    texts: dict[str, str],
    resolutions: list[Resolution],
    opened: Opened | None = None,
) -> Tokenised:
    """Replace the people of a case in texts; what is masked is kept sealed, in this transaction.

    `opened` is what the vault cannot know of a case that this transaction has opened.
    """
    people = await people_of(db, case_id)
    if not texts:
        if resolutions:
            raise InvalidToken.at("/resolutions")
        return Tokenised()
    vault = vault_of(caller)
    if opened:  # whom nobody could name yet
        people = replace(people, ids={})
    matcher = opened.matcher if opened else await vault.matcher(case_id)
    prefers = (caller.header("prefer") or "").replace(" ", "").lower()
    done = tokenise(texts, matcher, people, resolutions, masks=MASK in prefers)
    await keep_masked(db, vault, case_id, people, done, opened.key if opened else None)
    if done.kept:
        await db.fetchrow(LOG_KEPT, case_id, _members(done.kept))
    return done


LOG_KEPT = "SELECT actor.note('identifier_kept', 'write', $1, NULL, '{}', $2)"


def _members(pointers: Iterable[str]) -> list[str]:
    """Write pointers as the log names members: `/sections/0/text` as `sections.0.text`."""
    return sorted(pointer[1:].replace("/", ".") for pointer in pointers)


async def people_of(db: ActorSession, case_id: UUID) -> People:
    """Return the people of a case by label. Raises `UnknownReference`."""
    row = await db.fetchrow(PEOPLE, case_id)
    if row is None:
        raise UnknownReference
    found = json.loads(row["people"] or "[]")
    return People(
        numbers={label: number for number, label, _ in found},
        ids={number: UUID(person_id) for number, _, person_id in found},
        marks=row["marks"],
    )


async def keep_masked(
    db: ActorSession,
    vault: Vault,
    case_id: UUID,
    people: People,
    done: Tokenised,
    key: bytes | None = None,
) -> None:
    """Seal what was masked, in this transaction; `key` is that of a case opened in it.

    Raises `ConcurrentChange`.
    """
    if not done.masked:
        return
    row = await db.fetchrow(
        "SELECT actor.mark_narratives($1, $2) AS last", case_id, len(done.masked)
    )
    if row is None or row["last"] != people.marks + len(done.masked):
        raise ConcurrentChange
    key = key or await vault.case_key(case_id)
    for number, (kind, text) in enumerate(done.masked, people.marks + 1):
        sealed = seal(key, masked_place(case_id, number), {"text": text})
        await insert(
            db, MaskedText, {"case_id": case_id, "number": number, "kind": kind, "sealed": sealed}
        )


def masked_place(case_id: UUID, number: int) -> Place:
    """Return the place of a masked text."""
    return Place(case_id, case_id, f"masked text {number}", 1)


async def refuse_names(caller: Caller, case_id: UUID | None, pointer: str, text: str) -> None:
    """Refuse a text that is about no case, or must name nobody. Raises `UnresolvedIdentifiers`."""
    matcher = await vault_of(caller).matcher(case_id or NO_CASE)
    done = tokenise({pointer: text}, matcher, People({}, {}, 0), [], masks=False)
    if done.masked or done.texts[pointer] != text:
        raise Invalid.at(pointer)


NO_CASE = UUID(int=0)
"""A case that does not exist: nobody is registered for it."""
