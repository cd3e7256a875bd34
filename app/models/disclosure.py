"""Undertakings, disclosure grants and look-ups (Framework section 7)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import NarrativeText, Record
from app.models.vault import BlindKind


class GrantStatus(StrEnum):
    """Where a grant stands. That it has ended or is used up is worked out, never a state."""

    requested = "requested"
    approved = "approved"
    refused = "refused"
    revoked = "revoked"
    reviewed = "reviewed"


class Undertaking(Record):
    """That somebody undertook to keep confidential what is disclosed, until `valid_to`."""

    __tablename__ = "undertakings"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    version: Mapped[str]
    valid_to: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE + 365"))


class DisclosureGrant(Record):
    """Leave for one person to see who some people of one case are: for a purpose, for a time.

    `hours` run from the approval; `review_due_on` is the day by which somebody else reviews what
    was done in an emergency, null for others.
    """

    __tablename__ = "disclosure_grants"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    person_ids: Mapped[list[UUID]]
    fields: Mapped[list[str]]
    gateway: Mapped[str]
    purpose: Mapped[NarrativeText]
    necessity: Mapped[NarrativeText]
    proportionality: Mapped[NarrativeText]
    hours: Mapped[int]
    uses_allowed: Mapped[int]
    uses_left: Mapped[int]
    status: Mapped[GrantStatus] = mapped_column(server_default=GrantStatus.requested)
    is_emergency: Mapped[bool] = mapped_column(server_default=text("false"))
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"))
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    starts_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    reviewed_at: Mapped[datetime | None]
    review_due_on: Mapped[date | None]


class PersonLookup(Record):
    """That somebody asked whether a person is known, and why. What was asked is not kept."""

    __tablename__ = "person_lookups"

    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    kind: Mapped[BlindKind]
    gateway: Mapped[str]
    purpose: Mapped[str]


ASK, APPROVE = "disclosure-grants:write", "disclosure-grants:approve"
MINE, OTHERS = "t.requested_by_id = caller.id", "t.requested_by_id <> caller.id"

GRANT_LIFECYCLE = Lifecycle(
    (
        Move("requested", "approved", APPROVE, condition=OTHERS),
        Move("requested", "refused", APPROVE, needs_reason=True, condition=OTHERS),
        Move("requested", "revoked", ASK, condition=MINE),
        Move("approved", "revoked", ASK, condition=MINE),
        Move("approved", "revoked", APPROVE, needs_reason=True, condition=OTHERS),
        Move("approved", "reviewed", APPROVE, needs_reason=True, condition=OTHERS),
        Move("revoked", "reviewed", APPROVE, needs_reason=True, condition=OTHERS),
    )
)
"""Lifecycle 15. The approver changes nothing of what was asked: PostgreSQL sees to that."""
