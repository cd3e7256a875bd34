"""Texts that are about no case of ours, and so name nobody (Framework section 7)."""

from collections.abc import Mapping

from app.access.caller import Caller
from app.errors import Invalid
from app.privacy.narratives import People, tokenise
from app.services.casework import NO_CASE, vault_of


async def refuse_names_in(caller: Caller, texts: Mapping[str, str]) -> None:
    """Refuse texts, by their pointers, that name or identify anybody.

    Raises `UnresolvedIdentifiers`, `Invalid`.
    """
    if not texts:
        return
    matcher = await vault_of(caller).matcher(NO_CASE)
    done = tokenise(texts, matcher, People({}, {}, 0), [], masks=False)
    if changed := [pointer for pointer in texts if done.texts[pointer] != texts[pointer]]:
        raise Invalid.at_each(changed)
