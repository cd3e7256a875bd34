"""People of cases: recorded by label, their identity sealed under the key of the case.

Framework section 7.
"""

from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Invalid, UnknownReference
from app.models.cases import Person, PersonKind
from app.models.vault import BlindIndex, CaseKey, SealedIdentity
from app.privacy.crypto import Place, blind_index, new_key, seal
from app.privacy.errors import LabelIdentifies
from app.privacy.people import looked_up_by, registered
from app.privacy.recognition import Certainty, Matcher, recognise
from app.privacy.vault import IDENTITY, Vault
from app.reference.identifiers import is_nhs_number, is_upn
from app.schemas.cases import PersonCreate, PersonUpdate
from app.schemas.identities import Identity
from app.services.casework import vault_of
from app.services.queue import enqueue_rescan
from app.services.records import insert, patch, update

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 3))"
NEXT_NUMBER = """
SELECT (SELECT coalesce(max(number), 0) + 1 FROM persons WHERE case_id = c.id) AS number,
    (SELECT coalesce(array_agg(label), '{}') FROM persons WHERE case_id = c.id) AS labels
FROM cases c WHERE c.id = $1
"""
LOG_RECORDED = "SELECT actor.note('identity_recorded', $1, $2, $3, ARRAY[$3::uuid], $4)"
SEALED_AGAIN = """
UPDATE identities SET sealed = $3, version = $2, updated_at = now() WHERE person_id = $1
RETURNING id
"""
FORGET_BLIND = "DELETE FROM blind_indexes WHERE person_id = $1"


async def add_case_key(db: ActorSession, vault: Vault, case_id: UUID) -> bytes:
    """Make the data key of a new case and return it; kept wrapped, it is nowhere else."""
    key = new_key()
    version, wrapped = await vault.wrap(key, case_id.bytes)
    await insert(db, CaseKey, {"case_id": case_id, "key_version": version, "wrapped": wrapped})
    return key


async def add_person(
    db: ActorSession,
    caller: Caller,
    case_id: UUID,
    body: PersonCreate,
    key: bytes | None = None,
    pointer: str = "",
) -> UUID:
    """Record a person of a case; narratives that named it already are gone through again.

    `key` is that of a case made in this transaction, which the vault cannot see yet, `pointer`
    where the person stands in the request. Raises `UnknownReference`, `Invalid` for a wrong check
    digit, `LabelIdentifies`.
    """
    await db.fetchrow(LOCK, str(case_id))
    found = await db.fetchrow(NEXT_NUMBER, case_id)
    if found is None:
        raise UnknownReference
    sent = body.model_dump(exclude={"identity"}, exclude_unset=True)
    label = sent.get("label") or next_label(body.kind, sent.get("role"), found["labels"])
    refuse_wrong(body.identity, f"{pointer}/identity")
    refuse_identifying(label, body.identity, pointer)
    values = {
        "case_id": case_id,
        "number": found["number"],
        "kind": body.kind,
        "label": label,
        "agency_id": body.agency_id,
        "identity_version": 1,
    }
    person_id = await insert(db, Person, values)
    vault = vault_of(caller)
    key = key or await vault.case_key(case_id)
    place = Place(case_id, person_id, IDENTITY, 1)
    sealed = seal(key, place, body.identity.model_dump(mode="json"))
    of_person = {"case_id": case_id, "person_id": person_id}
    await insert(db, SealedIdentity, of_person | {"version": 1, "sealed": sealed})
    await _index(db, vault, of_person, body.identity)
    await _log_recorded(db, "create_person", case_id, person_id, body.identity)
    await enqueue_rescan(db, case_id)
    return person_id


async def change_person(
    db: ActorSession, caller: Caller, before: dict[str, Any], body: PersonUpdate
) -> None:
    """Change a person; an identity is sealed anew, and the one before it is gone."""
    values = patch(body)
    identity = values.pop("identity", None)
    person_id, case_id = UUID(before["id"]), UUID(before["case_id"])
    if identity is not None or "label" in values:
        whole = Identity.model_validate(identity) if identity is not None else None
        if whole is not None:
            refuse_wrong(whole, "/identity")
        refuse_identifying(values.get("label", before["label"]), whole)
    if "label" in values:
        await _refuse_names_of_case(caller, case_id, values["label"])
    if identity is not None:
        values["identity_version"] = before["identity_version"] + 1
    await update(db, Person, person_id, values)
    if identity is not None:
        await _seal_again(db, caller, case_id, person_id, values["identity_version"], identity)


async def _seal_again(
    db: ActorSession,
    caller: Caller,
    case_id: UUID,
    person_id: UUID,
    version: int,
    members: dict[str, Any],
) -> None:
    vault, identity = vault_of(caller), Identity.model_validate(members)
    place = Place(case_id, person_id, IDENTITY, version)
    sealed = seal(await vault.case_key(case_id), place, identity.model_dump(mode="json"))
    if await db.fetchrow(SEALED_AGAIN, person_id, version, sealed) is None:
        raise UnknownReference
    await db.fetchrow(FORGET_BLIND, person_id)
    await _index(db, vault, {"case_id": case_id, "person_id": person_id}, identity)
    await _log_recorded(db, "update_person", case_id, person_id, identity)
    await enqueue_rescan(db, case_id)


async def _index(
    db: ActorSession, vault: Vault, of_person: dict[str, UUID], identity: Identity
) -> None:
    keys = await vault.blind_keys()
    version, key = max(keys.items())
    for kind, value in looked_up_by(identity):
        row = {"kind": kind, "key_version": version, "mac": blind_index(key, kind, value)}
        await insert(db, BlindIndex, of_person | row)


async def _log_recorded(
    db: ActorSession, operation: str, case_id: UUID, person_id: UUID, identity: Identity
) -> None:
    members = [name for name, value in identity.model_dump().items() if value]
    await db.fetchrow(LOG_RECORDED, operation, case_id, person_id, members)


def next_label(kind: PersonKind, role: str | None, taken: list[str]) -> str:
    """Return the next free label: `Child A`, `Mother`, `Health Visitor 2`."""
    if kind is PersonKind.child and role is None:
        labels = (f"Child {_letters(n)}" for n in range(1, 10_000))
    elif kind is PersonKind.family and role is not None:
        labels = (role if n == 1 else f"{role} {n}" for n in range(1, 10_000))
    else:
        name = role or {"family": "Relative", "practitioner": "Practitioner"}.get(kind, "Person")
        labels = (f"{name} {n}" for n in range(1, 10_000))
    return next(label for label in labels if label not in taken)


def _letters(number: int) -> str:
    """Write a number as columns of a sheet are: 1 is A, 27 is AA."""
    text = ""
    while number:
        number, letter = divmod(number - 1, 26)
        text = chr(ord("A") + letter) + text
    return text


def refuse_wrong(identity: Identity, pointer: str) -> None:
    """Refuse identifiers whose check digit or letter is wrong: they would never be found."""
    if identity.nhs_number and not is_nhs_number(identity.nhs_number):
        raise Invalid.at(f"{pointer}/nhs_number")
    if identity.upn and not is_upn(identity.upn):
        raise Invalid.at(f"{pointer}/upn")


def refuse_identifying(label: str, identity: Identity | None, pointer: str = "") -> None:
    """Refuse a label that names the person, or has a word that readers see as another label."""
    people = () if identity is None else (registered(1, "other", identity),)
    spans = recognise(Matcher(people), f"It says {label} here.")
    if " or " in label or any(span.certainty is Certainty.certain for span in spans):
        raise LabelIdentifies.at(f"{pointer}/label")


async def _refuse_names_of_case(caller: Caller, case_id: UUID, label: str) -> None:
    matcher = await vault_of(caller).matcher(case_id)
    if any(s.certainty is Certainty.certain for s in recognise(matcher, f"It says {label} here.")):
        raise LabelIdentifies.at("/label")
