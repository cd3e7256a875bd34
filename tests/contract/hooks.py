"""What the request generator does not know by itself: lines of JSON, and sheets."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Write one JSON value a line."""
    items = value if isinstance(value, list) else [value]
    return "".join(json.dumps(item) + "\n" for item in items).encode()


@schemathesis.serializer(
    "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)
def sheet(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Write whatever was generated: a sheet it is not."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")
