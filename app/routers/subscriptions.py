"""`/subscriptions`: events sent to a webhook, signed, as far as the subscriber may know of them.

Standard Webhooks 1.0. What is sent names a record and holds nothing of it; docs/events.md.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.errors import TooManySecrets
from app.access.scopes import Scope
from app.errors import responses
from app.models.subscriptions import Subscription
from app.pagination import Page
from app.schemas.subscriptions import (
    ReplayCreate,
    SubscriptionCreate,
    SubscriptionCreated,
    SubscriptionFilters,
    SubscriptionRead,
    SubscriptionSecretCreate,
    SubscriptionSecretFilters,
    SubscriptionSecretIssued,
    SubscriptionSecretRead,
    SubscriptionUpdate,
    WebhookDeliveryFilters,
    WebhookDeliveryRead,
)
from app.services.nested import page_within
from app.services.records import page, remove, show
from app.services.webhooks import (
    change_subscription,
    redeliver,
    replay_events,
    rotate_secret,
    send_test,
    subscribe,
)

router = APIRouter(tags=["subscriptions"])

SubscriptionId = Annotated[UUID, Path(description="The subscription.")]
KeyId = Annotated[UUID, Path(description="The secret.")]
DeliveryId = Annotated[UUID, Path(description="The delivery.")]
Write = Annotated[Caller, Requires(Scope.subscriptions_write)]
WITHIN = "t.subscription_id = $3"
OF_ONE = "t.subscription_id = $4"


@router.get("/subscriptions", response_model=Page[SubscriptionRead])
async def list_subscriptions(
    caller: Write, filters: Annotated[SubscriptionFilters, Query()]
) -> Response:
    """List your own subscriptions, newest first."""
    return await page(caller, SubscriptionRead, filters)


@router.post("/subscriptions", status_code=201, response_model=SubscriptionCreated)
async def create_subscription(caller: Write, body: SubscriptionCreate) -> Response:
    """Have events sent to an address, from now on. The answer shows the secret, this once."""
    return await subscribe(caller, body)


@router.get("/subscriptions/{subscription_id}", response_model=SubscriptionRead)
async def read_subscription(caller: Write, subscription_id: SubscriptionId) -> Response:
    """Read one of your subscriptions."""
    return await show(caller, SubscriptionRead, subscription_id)


@router.patch("/subscriptions/{subscription_id}", response_model=SubscriptionRead)
async def update_subscription(
    caller: Write, subscription_id: SubscriptionId, body: SubscriptionUpdate
) -> Response:
    """Change a subscription, pause it or go on; what happened meanwhile follows."""
    return await change_subscription(caller, subscription_id, body)


@router.delete("/subscriptions/{subscription_id}", status_code=204)
async def delete_subscription(caller: Write, subscription_id: SubscriptionId) -> Response:
    """End a subscription, with its secrets and the record of its deliveries."""
    return await remove(caller, SubscriptionRead, subscription_id)


@router.get("/subscriptions/{subscription_id}/secrets", response_model=Page[SubscriptionSecretRead])
async def list_subscription_secrets(
    caller: Write,
    subscription_id: SubscriptionId,
    filters: Annotated[SubscriptionSecretFilters, Query()],
) -> Response:
    """List the secrets of a subscription, newest first, without what they are."""
    return await page_within(
        caller, Subscription, subscription_id, SubscriptionSecretRead, filters, WITHIN
    )


@router.post(
    "/subscriptions/{subscription_id}/secrets",
    status_code=201,
    response_model=SubscriptionSecretIssued,
    responses=responses(TooManySecrets),
)
async def create_subscription_secret(
    caller: Write, subscription_id: SubscriptionId, body: SubscriptionSecretCreate
) -> Response:
    """Make a new secret; the older one signs beside it for `overlap_hours`. At most two sign."""
    return await rotate_secret(caller, subscription_id, body)


@router.get(
    "/subscriptions/{subscription_id}/secrets/{key_id}", response_model=SubscriptionSecretRead
)
async def read_subscription_secret(
    caller: Write, subscription_id: SubscriptionId, key_id: KeyId
) -> Response:
    """Read one secret of a subscription, without what it is."""
    return await show(caller, SubscriptionSecretRead, key_id, OF_ONE, subscription_id)


@router.post(
    "/subscriptions/{subscription_id}/test", status_code=201, response_model=WebhookDeliveryRead
)
async def test_subscription(caller: Write, subscription_id: SubscriptionId) -> Response:
    """Have a test sent, of type `subscriptions.tested`; follow it among the deliveries."""
    return await send_test(caller, subscription_id)


@router.post("/subscriptions/{subscription_id}/replay", response_model=SubscriptionRead)
async def replay_subscription(
    caller: Write, subscription_id: SubscriptionId, body: ReplayCreate
) -> Response:
    """Have everything sent again from an event or a time on, under the same `webhook-id`s."""
    return await replay_events(caller, subscription_id, body)


@router.get("/subscriptions/{subscription_id}/deliveries", response_model=Page[WebhookDeliveryRead])
async def list_webhook_deliveries(
    caller: Write,
    subscription_id: SubscriptionId,
    filters: Annotated[WebhookDeliveryFilters, Query()],
) -> Response:
    """List the deliveries of the last thirty days, newest first."""
    return await page_within(
        caller, Subscription, subscription_id, WebhookDeliveryRead, filters, WITHIN
    )


@router.get(
    "/subscriptions/{subscription_id}/deliveries/{delivery_id}",
    response_model=WebhookDeliveryRead,
)
async def read_webhook_delivery(
    caller: Write, subscription_id: SubscriptionId, delivery_id: DeliveryId
) -> Response:
    """Read what became of one delivery."""
    return await show(caller, WebhookDeliveryRead, delivery_id, OF_ONE, subscription_id)


@router.post(
    "/subscriptions/{subscription_id}/deliveries/{delivery_id}/redelivery",
    response_model=WebhookDeliveryRead,
)
async def redeliver_webhook(
    caller: Write, subscription_id: SubscriptionId, delivery_id: DeliveryId
) -> Response:
    """Have one delivery sent again, under the same `webhook-id`."""
    return await redeliver(caller, subscription_id, delivery_id)
