"""Notifications of incidents: an agency opens a case, its people and a review at once.

One transaction: the case and its key, who the people are, sealed, and what happened, in words that
name none of them. Framework section 16.
"""

from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.models.case_reviews import CaseNotification
from app.privacy.people import registered
from app.privacy.recognition import Matcher
from app.schemas.case_notifications import CaseNotificationCreate
from app.services.campaigns import board_day
from app.services.case_reviews import begin_review, regime_to_begin_under
from app.services.casework import Opened, tokenised, vault_of
from app.services.people import add_case_key, add_person
from app.services.records import insert

OPEN = "SELECT actor.open_notified_case($1) AS id"
NARRATIVES = ("circumstances", "immediate_action")
OF_REVIEW = ("harm", "aware_on", "is_looked_after_child_death", "circumstances")


async def notify(db: ActorSession, caller: Caller, body: CaseNotificationCreate) -> UUID:
    """Open a case for an incident and begin its review; return the notification.

    Raises `Forbidden` where nobody notifies for an agency, `NoRegime`, `LabelIdentifies`,
    `UnresolvedIdentifiers`.
    """
    rules = regime_to_begin_under(board_day(), body.model_dump().get("regime"))
    row = await db.fetchrow(OPEN, body.occurred_on)
    assert row is not None  # noqa: S101 - the function opens or raises
    case_id: UUID = row["id"]
    said = await _told(db, caller, case_id, body)
    values = body.model_dump(exclude={"people", "resolutions", "regime"}) | said
    of_review = {name: values[name] for name in OF_REVIEW}
    of_review |= {"case_id": case_id, "notified_on": board_day()}
    review_id = await begin_review(db, rules, of_review)
    ids = {"case_id": case_id, "case_review_id": review_id, "agency_id": db.actor.agency_id}
    return await insert(db, CaseNotification, ids | values)


async def _told(
    db: ActorSession, caller: Caller, case_id: UUID, body: CaseNotificationCreate
) -> dict[str, str]:
    """Record the people, and return the narratives with tokens for them."""
    vault = vault_of(caller)
    key = await add_case_key(db, vault, case_id)
    for n, person in enumerate(body.people):
        await add_person(db, caller, case_id, person, key, f"/people/{n}")
    people = [registered(n, each.kind, each.identity) for n, each in enumerate(body.people, 1)]
    opened = Opened(key, Matcher(people, tuple(vault.known_words())))
    texts = {f"/{name}": text for name in NARRATIVES if (text := getattr(body, name))}
    done = await tokenised(db, caller, case_id, texts, body.resolutions, opened)
    return {pointer[1:]: text for pointer, text in done.texts.items()}
