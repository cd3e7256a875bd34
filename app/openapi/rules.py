"""What every operation has in common: headers and errors, each with the rule when it applies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app import errors
from app.errors import ApiError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    spec: Json

    def takes(self, *names: str) -> bool:
        """Tell whether one of these parameters is there."""
        return any(one["name"] in names for one in self.spec["parameters"])

    def answers(self, *statuses: str) -> bool:
        """Tell whether one of these is an answer."""
        return any(status in self.spec["responses"] for status in statuses)

    @property
    def is_secured(self) -> bool:
        """Whether a caller must sign in."""
        return bool(self.spec["security"])

    @property
    def has_body(self) -> bool:
        """Whether something is sent in the body."""
        return "requestBody" in self.spec

    @property
    def is_checked(self) -> bool:
        """Whether something is sent that a schema describes."""
        return self.has_body or any(p["in"] in ("path", "query") for p in self.spec["parameters"])

    @property
    def reads_record(self) -> bool:
        """Whether one record is read."""
        content = self.spec["responses"].get("200", {}).get("content", {})
        return self.method == "get" and self.path.endswith("}") and "application/json" in content

    @property
    def changes_record(self) -> bool:
        """Whether a record that was read before is changed."""
        if self.spec.get("x-unconditional"):
            return False
        moves = self.method == "post" and self.path.endswith("}/transitions")
        return moves or self.method in ("patch", "delete")

    @property
    def creates(self) -> bool:
        """Whether sending it twice would make two of something."""
        return (
            self.method == "post"
            and self.is_secured
            and self.answers("201", "202")
            and not self.changes_record
        )


TAG = '"3f2a7c0e9b1d4f6a8c5e7d9b0a1c2e3f"'
REQUEST_HEADERS: dict[str, tuple[Callable[[Operation], bool], Json]] = {
    "If-Match": (
        lambda o: o.changes_record or o.answers("428"),
        {
            "description": "ETag of the record you read, so that no change in between is lost.",
            "required": True,
            "schema": {"type": "string", "maxLength": 1000, "pattern": "^[ -~]+$"},
            "example": TAG,
        },
    ),
    "If-None-Match": (
        lambda o: o.reads_record,
        {
            "description": "ETag of the record you hold; answers 304 if it is still the same.",
            "schema": {"type": "string", "maxLength": 32_768, "pattern": "^.*$"},
            "example": TAG,
        },
    ),
    "Disclosure-Grant": (
        lambda o: bool(o.spec.get("x-discloses")),
        {
            "description": "A disclosure grant of yours, to be shown who the people of the record"
            " are. Each read is a use of it and is logged; `Disclosure-Log` names the entry.",
            "schema": {"type": "string", "format": "uuid"},
            "example": "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650",
        },
    ),
    "Prefer": (
        lambda o: bool(o.spec.get("x-narrates")),
        {
            "description": "`identifiers=mask` has doubtful names masked and kept sealed, where a"
            " person would be asked; for systems that push by themselves (RFC 7240).",
            "schema": {"type": "string", "maxLength": 200, "pattern": "^[ -~]+$"},
            "example": "identifiers=mask",
        },
    ),
    "Idempotency-Key": (
        lambda o: o.creates,
        {
            "description": "Your own name for this request; under it you may send it again for 24"
            " hours.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "example": "return-2017-121902",
        },
    ),
}
"""Headers that an operation takes without declaring them."""

RESPONSE_HEADERS: dict[str, tuple[Callable[[Operation, str], bool], Json]] = {
    "X-Request-Id": (
        lambda _operation, _status: True,
        {
            "description": "Names this request. Quote it in questions.",
            "required": True,
            "schema": {"type": "string", "format": "uuid"},
        },
    ),
    "ETag": (
        lambda o, status: (
            (status in ("200", "304") and o.takes("If-Match", "If-None-Match"))
            or (status == "201" and o.takes("Idempotency-Key"))
        ),
        {
            "description": "Tag of the record as this caller sees it.",
            "schema": {"type": "string", "maxLength": 64, "pattern": '^"[!-~]*"$'},
        },
    ),
    "Location": (
        lambda o, status: status == "201" or (status == "202" and o.is_secured),
        {
            "description": "Path of what was made.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference", "maxLength": 2048},
        },
    ),
    "Disclosure-Log": (
        lambda o, status: status == "200" and o.takes("Disclosure-Grant"),
        {
            "description": "Entry of the access log, where identities were disclosed.",
            "schema": {"type": "string", "format": "uuid"},
        },
    ),
    "Link": (
        lambda o, status: status == "200" and o.takes("cursor"),
        {
            "description": 'The next page, `<…>; rel="next"` (RFC 8288); absent on the last.',
            "schema": {"type": "string", "maxLength": 8192, "pattern": "^<"},
        },
    ),
    "Idempotency-Replayed": (
        lambda o, _status: o.takes("Idempotency-Key"),
        {
            "description": "`true` if an earlier request with this key made the record.",
            "schema": {"type": "string", "enum": ["true"]},
        },
    ),
    "Retry-After": (
        lambda o, status: status == "202" and o.is_secured,
        {
            "description": "Seconds to wait.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 86_400},
        },
    ),
    "WWW-Authenticate": (
        lambda _operation, _status: False,
        {
            "description": "How to sign in (RFC 6750).",
            "schema": {"type": "string", "maxLength": 200, "pattern": "^[A-Z][a-z]+"},
        },
    ),
}
"""Headers of answers, and which success has them; errors name their own."""

ERRORS: tuple[tuple[Callable[[Operation], bool], tuple[type[ApiError], ...]], ...] = (
    (lambda _: True, (errors.BadRequest,)),
    (lambda o: o.takes("cursor"), (errors.InvalidCursor,)),
    (
        lambda o: o.is_secured,
        (errors.Unauthenticated, errors.Forbidden, errors.InsufficientScope),
    ),
    (lambda o: o.method == "patch", (errors.RedactedMemberWrite,)),
    (lambda o: "{" in o.path, (errors.NotFound,)),
    (lambda o: o.is_secured and o.method != "get", (errors.Conflict, errors.ConcurrentChange)),
    (lambda o: o.is_secured and o.has_body, (errors.UnknownReference,)),
    (
        lambda o: o.method == "post" and o.path.endswith("}/transitions"),
        (errors.TransitionNotAllowed,),
    ),
    (
        lambda o: o.takes("Idempotency-Key"),
        (errors.InvalidIdempotencyKey, errors.IdempotencyKeyReused),
    ),
    (lambda o: o.takes("If-Match"), (errors.PreconditionFailed, errors.PreconditionRequired)),
    (
        lambda o: o.has_body,
        (errors.RequestTimeout, errors.PayloadTooLarge, errors.UnsupportedMediaType),
    ),
    (lambda o: o.is_checked, (errors.Invalid,)),
    (
        lambda _: True,
        (
            errors.TooManyRequests,
            errors.HeadersTooLarge,
            errors.Unexpected,
            errors.Unavailable,
        ),
    ),
)
"""Errors that follow from what an operation is; its endpoint names only what it adds."""
