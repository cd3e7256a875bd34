"""Webhooks on the wire: what is sent where, the secrets that sign it, and what became of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.subscriptions import (
    DeliveryOutcome,
    StopReason,
    Subscription,
    SubscriptionSecret,
    WebhookDelivery,
)
from app.pagination import Paging
from app.schemas.base import (
    WHOLE,
    Code,
    CreateSchema,
    EmailAddress,
    Label,
    RecordRead,
    Time,
    UpdateSchema,
)
from app.schemas.event_feed import EventType, EventTypes
from app.sensitivity import Computed, Level

HOST = r"([A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9\-]{0,61}[A-Za-z0-9]"
LOOPBACK = r"(localhost|127\.0\.0\.1|\[::1\])"
URL = rf"^(https://{HOST}|https?://{LOOPBACK})(:[0-9]{{1,5}})?(/[!-~]*)?$"
"""A host has a name: an address written as a number has none that a certificate could show."""

Url = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=URL,
        description="Where events are sent: `https`, at a name that leads to public addresses. This"
        " machine itself, and `http` there, only where the installation says so.",
        examples=["https://hooks.agency.example/safeguarding"],
    ),
]
Description = Annotated[
    Label | None, Field(description="What it is for.", examples=["Case system, live"])
]
ContactEmail = Annotated[
    EmailAddress | None,
    Field(
        description="Who is told when sending stops by itself; null for the person who subscribed.",
        examples=["integration@agency.example"],
    ),
]
IsActive = Annotated[
    bool,
    Field(
        strict=True,
        description="Whether events are sent. What happens during a pause follows when it ends.",
    ),
]
OverlapHours = Annotated[
    int,
    Field(ge=0, le=168, description="Hours the older secret goes on signing beside the new one."),
    WHOLE,
]
SigningSecret = Annotated[
    str | None,
    Field(
        max_length=64,
        pattern=r"^whsec_[A-Za-z0-9+/]{43}=$",
        description="The secret that signs what is sent (Standard Webhooks). Shown only now; null"
        " where the request is repeated.",
        examples=["whsec_YW4gZXhhbXBsZSBpcyBubyBzZWNyZXQsIGlzIGl0PyE="],
    ),
]
OfSubscription = Annotated[UUID, Field(description="The subscription.")]


class SubscriptionCreate(CreateSchema):
    """Events to be sent."""

    url: Url
    description: Description = None
    event_types: EventTypes
    contact_email: ContactEmail = None


class SubscriptionUpdate(UpdateSchema):
    """Changes to a subscription; a pause and its end."""

    url: Url | MISSING = MISSING
    description: Description | MISSING = MISSING
    event_types: EventTypes | MISSING = MISSING
    contact_email: ContactEmail | MISSING = MISSING
    is_active: IsActive | MISSING = MISSING


class SubscriptionRead(RecordRead, table=Subscription, level=Level.partnership):
    """That events are sent to an address, as far as its owner may know of them by then."""

    agency_id: Annotated[UUID | None, Field(description="Agency of its owner; null for none.")]
    url: Url
    description: Description
    event_types: EventTypes
    contact_email: ContactEmail
    is_active: IsActive
    stopped_because: Annotated[
        StopReason | None,
        Field(
            description="Why sending stopped by itself: the address is `gone` (410), or it was"
            " `failing` for days; null otherwise."
        ),
    ]
    failing_since: Annotated[
        datetime | None,
        Computed("(SELECT s.failing_since FROM subscription_states s WHERE s.id = t.id)"),
        Field(description="Since when nothing has arrived (UTC); null while things arrive."),
    ]


class SubscriptionCreated(SubscriptionRead):
    """A subscription that was just made, with the secret that signs what is sent."""

    secret: SigningSecret


class SubscriptionFilters(Paging):
    """Query parameters of the list."""

    is_active: Annotated[bool | None, Field(description="Active, or paused.")] = None


class SubscriptionSecretCreate(CreateSchema):
    """A new secret, in place of the one there is."""

    overlap_hours: OverlapHours = 24


class SubscriptionSecretRead(RecordRead, table=SubscriptionSecret, level=Level.partnership):
    """A secret of a subscription, without the secret itself."""

    subscription_id: OfSubscription
    expires_at: Annotated[
        datetime | None,
        Computed("nullif(t.expires_at, 'infinity')"),
        Field(description="When it stops signing (UTC); null for the newest."),
    ]


class SubscriptionSecretIssued(SubscriptionSecretRead):
    """A secret that was just made."""

    secret: SigningSecret


class SubscriptionSecretFilters(Paging):
    """Query parameters of the list."""


class ReplayCreate(CreateSchema):
    """From where on everything is sent again: one of the two."""

    from_event_id: Annotated[
        UUID | None, Field(description="The first event; null if it is told by time.")
    ] = None
    from_time: Annotated[
        Time | None,
        Field(
            description="What was written at this moment and later; one or the other event from"
            " just before may come along. Null if the first event is named.",
            examples=["2017-11-01T00:00:00Z"],
        ),
    ] = None


class WebhookDeliveryRead(RecordRead, table=WebhookDelivery, level=Level.partnership):
    """One event on its way to one subscriber. What the subscriber answered is not kept."""

    subscription_id: OfSubscription
    event_id: Annotated[UUID | None, Field(description="The event; null for a test.")]
    type: EventType
    outcome: Annotated[
        DeliveryOutcome,
        Field(
            description="`waiting` for its next attempt; `delivered`; `withheld`, as its subscriber"
            " may not know of it any more; `failed` after the last attempt."
        ),
    ]
    attempts: Annotated[int, Field(ge=0, le=1000, description="How often it was tried.")]
    next_attempt_at: Annotated[
        datetime | None, Field(description="When it is tried next (UTC); null for never.")
    ]
    delivered_at: Annotated[
        datetime | None, Field(description="When it arrived (UTC); null if it has not.")
    ]
    last_status_code: Annotated[
        int | None,
        Field(ge=100, le=599, description="Status of the last answer; null where there was none."),
    ]
    last_duration_ms: Annotated[
        int | None,
        Field(ge=0, le=600_000, description="Milliseconds of the last attempt; null before it."),
    ]
    last_failure: Annotated[
        Code | None,
        Field(
            description="Why the last attempt failed: `status`, `redirect`, `timeout`,"
            " `unreachable`, `address_refused`; null if it did not.",
            examples=["timeout"],
        ),
    ]


class WebhookDeliveryFilters(Paging):
    """Query parameters of the list."""

    outcome: Annotated[
        list[DeliveryOutcome], Field(max_length=4, description="With any of these outcomes.")
    ] = []
