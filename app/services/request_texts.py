"""The texts of requests for information, whoever writes them (Framework section 7).

Somebody who may know of the case writes as everywhere. An agency that is asked about a case it
takes no part in writes unseen: whoever is registered becomes a token, what is doubtful is masked,
and nothing of it is shown to that agency again. So it cannot find out, by naming people and
reading what became of them, who is known in the case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Forbidden, NotFound
from app.privacy.errors import InvalidToken
from app.privacy.narratives import People, tokenise
from app.schemas.narratives import Resolution
from app.services.casework import keep_masked, tokenised, vault_of
from app.services.nameless import refuse_names_in

ABOUT = """
SELECT r.case_id, EXISTS (SELECT FROM cases c WHERE c.id = r.case_id) AS is_seen
FROM information_requests r WHERE r.id = $1
"""
MARKS = "SELECT actor.mark_narratives($1, 0) AS last"


@dataclass(frozen=True, slots=True)
class About:
    """The case that texts are about, null for none, and whether the writer may know of it."""

    case_id: UUID | None
    is_seen: bool = True


async def about(db: ActorSession, request_id: UUID) -> About:
    """Return what a request is about. Raises `NotFound`."""
    row = await db.fetchrow(ABOUT, request_id)
    if row is None:
        raise NotFound
    return About(row["case_id"], row["is_seen"])


async def write_texts(
    db: ActorSession,
    caller: Caller,
    subject: About,
    texts: dict[str, str],
    resolutions: Sequence[Resolution] = (),
) -> dict[str, str]:
    """Return texts, by their pointers, ready to be stored.

    Raises `UnresolvedIdentifiers`, `InvalidToken`, `UnknownReference`, and `Invalid` for a name in
    what is about no case.
    """
    if subject.case_id is not None and subject.is_seen:
        return (await tokenised(db, caller, subject.case_id, texts, [*resolutions])).texts
    if resolutions:
        raise InvalidToken.at("/resolutions")
    if subject.case_id is not None:
        return await _unseen(db, caller, subject.case_id, texts)
    await refuse_names_in(caller, texts)
    return texts


async def _unseen(
    db: ActorSession, caller: Caller, case_id: UUID, texts: dict[str, str]
) -> dict[str, str]:
    """Tokenise texts for a writer who may not know of the case. Raises `Forbidden`."""
    if not texts:
        return texts
    row = await db.fetchrow(MARKS, case_id)
    if row is None or row["last"] is None:
        raise Forbidden
    vault = vault_of(caller)
    numbers = {f"Person {each.number}": each.number for each in await vault.people(case_id)}
    people = People(numbers, {}, row["last"])
    done = tokenise(texts, await vault.matcher(case_id), people, [], masks=True)
    await keep_masked(db, vault, case_id, people, done)
    return done.texts
