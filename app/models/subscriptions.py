"""Webhooks: who wants to be told of what, where, and what became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Record


class StopReason(StrEnum):
    """Why the installation stopped sending by itself."""

    gone = "gone"
    failing = "failing"


class DeliveryOutcome(StrEnum):
    """What became of a delivery."""

    waiting = "waiting"
    delivered = "delivered"
    withheld = "withheld"
    failed = "failed"


class Subscription(Record):
    """That events are sent to an address, as far as its owner may know of them.

    `scopes`: what its owner held when subscribing; a system keeps no more than that.
    """

    __tablename__ = "subscriptions"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    scopes: Mapped[list[str]]
    url: Mapped[str]
    description: Mapped[str | None]
    event_types: Mapped[list[str]]
    contact_email: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    stopped_because: Mapped[StopReason | None]


class SubscriptionSecret(Record):
    """A secret that signs what is sent, sealed for its subscription. Two sign while one ends."""

    __tablename__ = "subscription_secrets"

    subscription_id: Mapped[UUID] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="CASCADE"), index=True
    )
    sealed: Mapped[bytes] = mapped_column(BYTEA)
    expires_at: Mapped[datetime] = mapped_column(server_default=text("'infinity'"))


class SubscriptionState(Base):
    """How far a subscription has followed the feed; since when nothing has arrived, if so."""

    __tablename__ = "subscription_states"

    id: Mapped[UUID] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True
    )
    after_xact: Mapped[int] = mapped_column(BigInteger)
    after_id: Mapped[UUID]
    failing_since: Mapped[datetime | None]


class WebhookDelivery(Record):
    """One event for one subscription. Its identifier is the `webhook-id` of every attempt.

    `event_id` is null for a test. `next_attempt_at` is null once nothing more is tried.
    """

    __tablename__ = "webhook_deliveries"

    subscription_id: Mapped[UUID] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="CASCADE")
    )
    event_id: Mapped[UUID | None]
    type: Mapped[str]
    outcome: Mapped[DeliveryOutcome] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    delivered_at: Mapped[datetime | None]
    last_status_code: Mapped[int | None]
    last_duration_ms: Mapped[int | None]
    last_failure: Mapped[str | None]
