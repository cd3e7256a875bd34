"""Disclosure grants: asked for, told of in an emergency, reviewed (Framework section 7)."""

from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Forbidden, Invalid
from app.models.disclosure import DisclosureGrant
from app.models.vault import BlindKind
from app.privacy.crypto import blind_index, surname_and_date_of_birth
from app.reference.gateways import legal_values
from app.reference.identifiers import is_nhs_number, is_upn
from app.reference.working_days import add_working_days
from app.schemas.disclosure import DisclosureGrantCreate, DisclosureGrantRead, PersonLookupCreate
from app.services.campaigns import board_day
from app.services.casework import narrate, vault_of
from app.services.mail import enqueue_mail
from app.services.records import insert

REVIEW_WITHIN_DAYS = 2
"""Working days within which an emergency is reviewed."""
SUBJECT = "Emergency disclosure: review due by {:%d %B %Y}"
BODY = """\
Somebody has taken an emergency disclosure grant: who some people of a case are is shown to them
for four hours, without prior approval.

Grant: /v1/disclosure-grants/{grant_id}
Review due by: {due:%d %B %Y}

If it should not be, revoke it now. It has to be reviewed in any case.
"""
UNDERTOOK = """
SELECT EXISTS (SELECT FROM undertakings WHERE user_id = (SELECT actor.id())
    AND valid_to >= current_date) AS done
"""


class NoUndertaking(Conflict):
    """Sign the confidentiality undertaking before you ask for a grant."""

    code = "no_undertaking"


async def request_grant(db: ActorSession, caller: Caller, body: DisclosureGrantCreate) -> UUID:
    """Record a request, or take a grant at once in an emergency and tell everybody who approves.

    Raises `NoUndertaking`, `Forbidden`, `UnknownReference`, `UnresolvedIdentifiers`.
    """
    undertook = await db.fetchrow(UNDERTOOK)
    if undertook is None or not undertook["done"]:
        raise NoUndertaking
    if db.actor.kind != "person":
        raise Forbidden
    refuse_unknown_gateway(body.gateway)
    values = await narrate(db, caller, DisclosureGrantRead, body.case_id, body.model_dump())
    due = add_working_days(board_day(), REVIEW_WITHIN_DAYS) if body.is_emergency else None
    grant_id = await insert(
        db,
        DisclosureGrant,
        values
        | {
            "requested_by_id": db.actor.id,
            "uses_left": body.uses_allowed,
            "person_ids": sorted(set(body.person_ids)),
            "fields": sorted(set(body.fields)),
            "review_due_on": due,
        },
    )
    if due is not None:
        await _tell_approvers(db, caller, grant_id, due)
    return grant_id


async def _tell_approvers(db: ActorSession, caller: Caller, grant_id: UUID, due: Any) -> None:
    assert caller.request is not None  # noqa: S101 - a person asks by a request
    key = caller.request.app.state.secret_key
    row = await db.fetchrow("SELECT actor.approver_addresses() AS emails")
    for email in row["emails"] if row else []:
        await enqueue_mail(
            db,
            key,
            recipient=email,
            subject=SUBJECT.format(due),
            body=BODY.format(grant_id=grant_id, due=due),
            dedupe_key=f"emergency:{grant_id}:{email}",
        )


def refuse_unknown_gateway(code: str, pointer: str = "/gateway") -> None:
    """Refuse a legal gateway that is none of the register. Raises `Invalid`."""
    if code not in {gateway.code for gateway in legal_values().gateways}:
        raise Invalid.at(pointer)


async def macs_of(caller: Caller, body: PersonLookupCreate) -> tuple[BlindKind, list[bytes]]:
    """Return by what somebody is looked up, and the keyed hash in every generation of keys."""
    kind, value = _sought(body)
    keys = await vault_of(caller).blind_keys()
    return kind, [blind_index(key, kind, value) for key in keys.values()]


def _sought(body: PersonLookupCreate) -> tuple[BlindKind, str]:
    pair = body.family_name is not None and body.date_of_birth is not None
    given = [body.nhs_number is not None, body.upn is not None, pair]
    half = (body.family_name is None) != (body.date_of_birth is None)
    if sum(given) != 1 or half:
        raise Invalid.at("")
    if body.nhs_number is not None:
        if not is_nhs_number(body.nhs_number):
            raise Invalid.at("/nhs_number")
        return BlindKind.nhs_number, body.nhs_number
    if body.upn is not None:
        if not is_upn(body.upn):
            raise Invalid.at("/upn")
        return BlindKind.upn, body.upn
    assert body.family_name is not None  # noqa: S101 - the pair is given
    assert body.date_of_birth is not None  # noqa: S101
    value = surname_and_date_of_birth(body.family_name, body.date_of_birth)
    return BlindKind.surname_and_date_of_birth, value
