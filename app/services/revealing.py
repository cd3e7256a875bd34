"""Answers that show a secret once: when it is made, and never again."""

import json

from fastapi import Response

from app.services.answering import JSON


def revealing(response: Response, **members: str | None) -> Response:
    """Add members to the answer of a record; its tag stays that of the record without them."""
    body = {**json.loads(bytes(response.body)), **members}
    kept = {
        name: response.headers[name]
        for name in ("etag", "location", "idempotency-replayed")
        if name in response.headers
    }
    return Response(json.dumps(body), response.status_code, kept, JSON)
