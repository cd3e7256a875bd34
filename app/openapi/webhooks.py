"""What the service sends by itself: the webhooks of the contract (Standard Webhooks 1.0)."""

from pydantic.json_schema import models_json_schema

from app.openapi.rules import Json
from app.openapi.schemas import SCHEMAS
from app.schemas.event_feed import WebhookEvent

HEADERS = {
    "webhook-id": (
        "Names the event for this subscription; the same whenever it is sent again.",
        {"type": "string", "format": "uuid", "maxLength": 36},
        "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650",
    ),
    "webhook-timestamp": (
        "When this attempt was made, in seconds since 1970-01-01 (UTC). Refuse what is old.",
        {"type": "string", "maxLength": 20, "pattern": "^[0-9]+$"},
        "1509526800",
    ),
    "webhook-signature": (
        "`v1,` and the HMAC-SHA-256, in base64, of identifier, timestamp and body with points"
        " between; several with blanks between while a secret takes another's place.",
        {
            "type": "string",
            "maxLength": 200,
            "pattern": "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$",
        },
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
}
ANSWERS = {
    "204": "It has arrived; any status from 200 to 299 says so. Every other is tried again.",
    "410": "Nothing more is wanted: the subscription ends.",
}


def describe_webhooks(document: Json) -> None:
    """Add what is sent to subscribers, and its schemas."""
    _, models = models_json_schema(
        [(WebhookEvent, "serialization")], ref_template=SCHEMAS + "{model}"
    )
    document["components"]["schemas"] |= models["$defs"]
    media = {"schema": {"$ref": f"{SCHEMAS}{WebhookEvent.__name__}"}}
    document["webhooks"] = {
        "event": {
            "post": {
                "tags": ["subscriptions"],
                "summary": "Something happened to a record that the subscriber may read.",
                "description": "At least once, in no promised order. Read the record for what it"
                " holds.",
                "operationId": "receive_event",
                "security": [],
                "parameters": [
                    {
                        "name": name,
                        "in": "header",
                        "required": True,
                        "description": text,
                        "schema": schema,
                        "example": example,
                    }
                    for name, (text, schema, example) in HEADERS.items()
                ],
                "requestBody": {"required": True, "content": {"application/json": media}},
                "responses": {
                    status: {"description": description} for status, description in ANSWERS.items()
                },
            }
        }
    }
