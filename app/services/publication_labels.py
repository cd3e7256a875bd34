"""What people are called in one publication: labels by chance, that join it to no other.

Framework section 16.
"""

import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, UnknownReference
from app.models.cases import PersonKind
from app.models.publications import PublicationLabel
from app.privacy.errors import LabelIdentifies
from app.privacy.renditions import Inspector
from app.services.casework import vault_of
from app.services.records import insert

PREFIXES = {
    PersonKind.child: "Child",
    PersonKind.family: "Relative",
    PersonKind.practitioner: "Practitioner",
    PersonKind.other: "Person",
}
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that read as words or figures."""
KIN = frozenset(
    "mother father parent carer stepmother stepfather grandmother grandfather grandparent sibling"
    " brother sister aunt uncle cousin partner".split()
)
"""Words every report has: two that share one are not joined by it."""

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 3))"
SPOKEN_OF = """
SELECT p.id, p.number, p.kind, l.label FROM persons p
LEFT JOIN publication_labels l ON l.person_id = p.id AND l.publication_id = $1
WHERE p.case_id = $2 AND p.number = ANY (actor.spoken_of(
    (SELECT title FROM publications WHERE id = $1),
    (SELECT string_agg(heading || ' ' || text, ' ') FROM publication_sections
     WHERE publication_id = $1)))
ORDER BY p.number
"""
TAKEN = """
SELECT lower(label) AS label FROM persons WHERE case_id = $1
UNION SELECT lower(label) FROM publication_labels WHERE case_id = $1
"""
OF_OTHERS = """
SELECT lower(l.label) AS label FROM publication_labels l
JOIN publications p ON p.id = l.publication_id JOIN publications mine ON mine.id = $1
WHERE l.case_id = mine.case_id
    AND (p.case_review_id, p.kind) IS DISTINCT FROM (mine.case_review_id, mine.kind)
"""
"""Labels in other publications of the case; versions of one are not others."""
CASE_LABELS = "SELECT label FROM persons WHERE case_id = $1"
REMOVE = "DELETE FROM publication_labels WHERE publication_id = $1 AND person_id = ANY ($2::uuid[])"


class LabelShared(Conflict):
    """Another publication of the case has this label, so that the two could be joined."""

    code = "label_shared"


async def inspector_of(db: ActorSession, caller: Caller, case_id: UUID) -> Inspector:
    """Return what looks for the people of a case, as they are registered now."""
    vault = vault_of(caller)
    labels = [row["label"] for row in await db.fetch(CASE_LABELS, case_id)]
    return Inspector(await vault.matcher(case_id), await vault.people(case_id), labels)


async def label_people(db: ActorSession, case_id: UUID, publication_id: UUID) -> None:
    """Give everybody a publication speaks of a label that nothing else of the case has."""
    await db.fetchrow(LOCK, str(case_id))
    spoken_of = await db.fetch(SPOKEN_OF, publication_id, case_id)
    new = [row for row in spoken_of if row["label"] is None]
    taken = {row["label"] for row in await db.fetch(TAKEN, case_id)} if new else set()
    for row in new:
        label = fresh_label(PersonKind(row["kind"]), taken)
        taken.add(label.lower())
        await _put(db, case_id, publication_id, row, label)


async def set_labels(
    db: ActorSession, caller: Caller, publication: dict[str, Any], labels: list[dict[str, Any]]
) -> None:
    """Call people as the editor says.

    Raises `UnknownReference` for somebody of whom it does not speak, `LabelIdentifies`,
    `LabelShared`.
    """
    case_id, publication_id = UUID(publication["case_id"]), UUID(publication["id"])
    await db.fetchrow(LOCK, str(case_id))
    rows = {row["id"]: row for row in await db.fetch(SPOKEN_OF, publication_id, case_id)}
    others = {row["label"] for row in await db.fetch(OF_OTHERS, publication_id)}
    inspector = await inspector_of(db, caller, case_id)
    for n, each in enumerate(labels):
        if each["person_id"] not in rows:
            raise UnknownReference.at(f"/labels/{n}/person_id")
        if inspector.identifies(each["label"]) or " or " in each["label"]:
            raise LabelIdentifies.at(f"/labels/{n}/label")
        if each["label"].lower() in others - KIN:
            raise LabelShared.at(f"/labels/{n}/label")
    await db.fetchrow(REMOVE, publication_id, [each["person_id"] for each in labels])
    for each in labels:
        await _put(db, case_id, publication_id, rows[each["person_id"]], each["label"])


async def _put(
    db: ActorSession, case_id: UUID, publication_id: UUID, person: Any, label: str
) -> None:
    of = {"case_id": case_id, "publication_id": publication_id, "person_id": person["id"]}
    await insert(db, PublicationLabel, of | {"number": person["number"], "label": label})


def fresh_label(kind: PersonKind, taken: Iterable[str]) -> str:
    """Return a label by chance, which tells neither order nor age: one letter, or two."""
    known = set(taken)
    pairs = (first + second for first in LETTERS for second in LETTERS)
    for endings in (LETTERS, [*pairs]):
        free = [f"{PREFIXES[kind]} {ending}" for ending in endings]
        free = [label for label in free if label.lower() not in known]
        if free:
            return secrets.choice(free)
    message = "A case has fewer people than there are labels."
    raise RuntimeError(message)
