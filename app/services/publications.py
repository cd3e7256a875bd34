"""Drafts of publications: written with people as tokens, rendered with labels of their own.

Framework section 16.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import Invalid, NotFound, UnknownReference
from app.models.publications import Publication, PublicationSection
from app.privacy.quasi_identifiers import lint
from app.privacy.renditions import Place, Rendered, render
from app.reference.regimes import regime
from app.schemas.narratives import Resolution
from app.schemas.publications import PublicationCreate, PublicationUpdate, RenditionRead
from app.services.case_reviews import shown
from app.services.casework import tokenised
from app.services.publication_labels import LOCK, label_people, set_labels
from app.services.records import insert, patch, update

MOST_TEXT = 200_000
"""Characters of a whole publication: what is recognised within the time of one request."""

VERSION = """
SELECT coalesce(max(version), 0) + 1 AS version FROM publications
WHERE case_review_id = $1 AND kind = $2
"""
DRAFT = """
SELECT p.title, p.case_id,
    (SELECT json_agg(json_build_array(s.heading, s.text) ORDER BY s.number)
     FROM publication_sections s WHERE s.publication_id = p.id)::text AS sections,
    (SELECT json_agg(json_build_array(l.number, l.label))
     FROM publication_labels l WHERE l.publication_id = p.id)::text AS labels,
    (SELECT r.hash FROM actor.rendition(p.id) r) AS sha256
FROM publications p WHERE p.id = $1
"""
WARN = "UPDATE publications SET warnings = $2 WHERE id = $1"
FORGET_SECTIONS = "DELETE FROM publication_sections WHERE publication_id = $1"


@dataclass(frozen=True, slots=True)
class Draft:
    """A publication as it stands: its texts by their pointers, rendered, and the hash of it all."""

    case_id: UUID
    texts: dict[str, Rendered]
    sha256: str

    def warnings(self) -> list[Place]:
        """Return what narrows down who somebody is."""
        return [
            Place(pointer, start, length, kind.value)
            for pointer, rendered in self.texts.items()
            for start, length, kind in lint(rendered.text, rendered.labelled)
        ]

    def hash(self) -> str:
        """Return the hash of the rendition, as PostgreSQL has it in `sha256`."""
        whole = "\n\n".join(rendered.text for rendered in self.texts.values())
        return sha256(whole.encode()).hexdigest()

    def rendition(self) -> RenditionRead:
        """Return it as the public would read it, with what narrows down who somebody is."""
        sections = [
            {name: self.texts[f"/sections/{n}/{name}"].text for name in ("heading", "text")}
            for n in range((len(self.texts) - 1) // 2)
        ]
        whole = {"title": self.texts["/title"].text, "sections": sections}
        warnings = [place._asdict() for place in self.warnings()]
        return RenditionRead.model_validate(whole | {"sha256": self.sha256, "warnings": warnings})


async def draft_of(db: ActorSession, publication_id: UUID) -> Draft:
    """Render a publication. Raises `NotFound`."""
    row = await db.fetchrow(DRAFT, publication_id)
    if row is None:
        raise NotFound
    labels = {int(number): label for number, label in json.loads(row["labels"] or "[]")}
    texts = {"/title": render(row["title"], labels)}
    for n, (heading, text) in enumerate(json.loads(row["sections"] or "[]")):
        texts[f"/sections/{n}/heading"] = render(heading, labels)
        texts[f"/sections/{n}/text"] = render(text, labels)
    draft = Draft(row["case_id"], texts, row["sha256"])
    if draft.hash() != draft.sha256:
        raise RuntimeError("The two renderings of a publication differ.")
    return draft


async def create_draft(db: ActorSession, caller: Caller, body: PublicationCreate) -> UUID:
    """Draft the next version of a publication.

    Raises `UnknownReference`, `UnresolvedIdentifiers`, `Invalid` where it is too long.
    """
    try:
        review = await shown(db, body.case_review_id)
    except NotFound:
        raise UnknownReference.at("/case_review_id") from None
    case_id = UUID(review["case_id"])
    values, sections = await _narrated(db, caller, case_id, body.model_dump())
    await db.fetchrow(LOCK, str(case_id))
    last = await db.fetchrow(VERSION, body.case_review_id, body.kind)
    values |= {
        "case_id": case_id,
        "version": 1 if last is None else last["version"],
        "notices_due_on": _notices_due_on(review, body.planned_on),
    }
    publication_id = await insert(db, Publication, values)
    await _write_sections(db, case_id, publication_id, sections)
    await label_people(db, case_id, publication_id)
    await warn(db, publication_id)
    return publication_id


async def change_draft(
    db: ActorSession, caller: Caller, before: dict[str, Any], body: PublicationUpdate
) -> None:
    """Change a draft; what was checked or decided of another text holds no more."""
    case_id, publication_id = UUID(before["case_id"]), UUID(before["id"])
    values, sections = await _narrated(db, caller, case_id, patch(body))
    labels = values.pop("labels", [])
    if "planned_on" in values:
        review = await shown(db, UUID(before["case_review_id"]))
        values["notices_due_on"] = _notices_due_on(review, values["planned_on"])
    await update(db, Publication, publication_id, values)
    if sections:
        await db.fetchrow(FORGET_SECTIONS, publication_id)
        await _write_sections(db, case_id, publication_id, sections)
    if sections or "title" in values:
        await label_people(db, case_id, publication_id)
    if labels:
        await set_labels(db, caller, before, labels)
    if sections or labels or "title" in values:
        await warn(db, publication_id)


async def warn(db: ActorSession, publication_id: UUID) -> None:
    """Keep with a publication what narrows down who somebody is."""
    draft = await draft_of(db, publication_id)
    places = await asyncio.to_thread(draft.warnings)
    await db.fetchrow(WARN, publication_id, as_json(places))


def as_json(places: list[Place]) -> str:
    """Write places for a column."""
    return json.dumps([place._asdict() for place in places])


async def _narrated(
    db: ActorSession, caller: Caller, case_id: UUID, values: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return columns and sections with tokens for people."""
    sent = [Resolution.model_validate(each) for each in values.pop("resolutions", [])]
    sections = values.pop("sections", [])
    texts = {
        f"/sections/{n}/{name}": section[name]
        for n, section in enumerate(sections)
        for name in ("heading", "text")
    }
    if "title" in values:
        texts["/title"] = values["title"]
    if sum(map(len, texts.values())) > MOST_TEXT:
        raise Invalid.at("/sections")
    done = (await tokenised(db, caller, case_id, texts, sent)).texts
    if "title" in values:
        values["title"] = done["/title"]
    return values, [
        {name: done[f"/sections/{n}/{name}"] for name in section}
        for n, section in enumerate(sections)
    ]


async def _write_sections(
    db: ActorSession, case_id: UUID, publication_id: UUID, sections: list[dict[str, str]]
) -> None:
    of: dict[str, object] = {"case_id": case_id, "publication_id": publication_id}
    for number, section in enumerate(sections, 1):
        await insert(db, PublicationSection, of | {"number": number} | section)


def _notices_due_on(review: dict[str, Any], planned_on: date | None) -> date | None:
    clock = regime(review["regime"]).clock("PRE_PUBLICATION")
    return None if planned_on is None else clock.due_on(planned_on)
