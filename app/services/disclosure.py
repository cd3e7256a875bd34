"""Disclosure: who the people of a record are, for whoever holds a grant and says so.

Two transactions. In the first the grant is used and the reader logged; only once that is on disk
does the second open the vault, which itself shows nobody that is not in the log. Without a log
there are no identities; everything else goes on. Framework section 7.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.errors import (
    DisclosureRefused,
    StepUpRequired,
    Unauthenticated,
    Unavailable,
    UndertakingRequired,
)
from app.refusals import OF_THE_DATABASE, from_database
from app.schemas.base import ReadSchema
from app.schemas.identities import Identity, IdentityField
from app.services.answering import JSON
from app.services.casework import vault_of
from app.services.reading import read, show

HEADER = "disclosure-grant"
DISCLOSES = {"x-discloses": True}
"""Of an operation that takes the header: `openapi_extra=DISCLOSES`."""
OF_THE_CALLER = (Unauthenticated, DisclosureRefused, StepUpRequired, UndertakingRequired)
"""Refusals that say something of the caller. Any other means that nothing could be logged."""
SPEND = "SELECT * FROM actor.spend($1, $2, $3, $4)"


async def show_disclosed(
    caller: Caller, schema: type[ReadSchema], id: UUID, where: str = "true", *args: object
) -> Response:
    """Answer with one record, as `show` does; under a `Disclosure-Grant`, with who its people are.

    Raises `DisclosureRefused`, `StepUpRequired`, `UndertakingRequired`, and `Unavailable` where
    nothing can be logged.
    """
    named = caller.header(HEADER)
    if named is None:
        return await show(caller, schema, id, where, *args)
    body = json.loads(await read(caller, schema, id, where, *args))
    return await disclose(caller, _grant_id(named), body, id)


async def disclose(caller: Caller, grant_id: UUID, body: dict[str, Any], id: UUID) -> Response:
    """Use a grant for one record, log it, and fill in who its people are."""
    members = {UUID(each["id"]): (pointer, each) for pointer, each in _people_in(body)}
    log_id, disclosed, fields = await _spend(caller, grant_id, [*members], id)
    try:
        identities = await vault_of(caller).disclosed(caller, disclosed)
    except OF_THE_DATABASE as error:
        raise Unavailable from error
    filled: list[str] = []
    for person_id in disclosed:
        pointer, member = members[person_id]
        if (identity := identities.get(person_id)) is not None:
            member["identity"] = _granted(identity, fields)
            filled.append(pointer)
    body["redactions"] = [*_redactions(body, filled, fields)]
    headers = {"Cache-Control": "no-store", "Disclosure-Log": str(log_id)}
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, 200, headers, JSON)


async def _spend(
    caller: Caller, grant_id: UUID, person_ids: list[UUID], record_id: UUID
) -> tuple[UUID, list[UUID], list[str]]:
    operation = getattr(caller.request and caller.request.scope.get("endpoint"), "__name__", "read")
    try:
        async with caller.transaction() as db:
            row = await db.fetchrow(SPEND, grant_id, person_ids, operation, record_id)
    except OF_THE_DATABASE as error:
        refusal = from_database(error)
        if isinstance(refusal, OF_THE_CALLER):
            raise refusal from error
        raise Unavailable from error
    if row is None:
        raise DisclosureRefused
    return row["log_id"], row["disclosed"], row["fields"]


def _grant_id(named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        raise DisclosureRefused from None


def _people_in(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find the members of a body that have an identity, with their pointers."""
    if "identity" in body:
        yield "", body
    for n, person in enumerate(body.get("people") or ()):
        yield f"/people/{n}", person


def _granted(identity: Identity, fields: list[str]) -> dict[str, Any]:
    """Return an identity in which what the grant does not cover is null."""
    whole = identity.model_dump(mode="json")
    return {name: value if name in fields else None for name, value in whole.items()}


def _redactions(
    body: dict[str, Any], filled: list[str], fields: list[str]
) -> Iterator[dict[str, str]]:
    """List what is still withheld: other people, and members that the grant does not cover."""
    opened = {f"{pointer}/identity" for pointer in filled}
    for each in body.get("redactions", []):
        if each["pointer"] not in opened:
            reason = each["reason"]
            is_identity = each["pointer"].endswith("/identity") and reason != "erased"
            yield each | {"reason": "out_of_purpose" if is_identity else reason}
    for pointer in filled:
        for name in IdentityField:
            if name not in fields:
                yield {"pointer": f"{pointer}/identity/{name}", "reason": "out_of_purpose"}
