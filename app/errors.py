"""Errors as callers see them: problem details (RFC 9457) that never repeat a value that was sent.

Raise the class; `app.refusals` makes the answer. The sentence a caller reads is the docstring.
"""
# ruff: noqa: N818 - an error is named after what went wrong

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import MISSING, BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

PROBLEM_JSON = "application/problem+json"
MAX_ERRORS = 50

Location = Literal["body", "query", "path", "header"]
Code = Annotated[str, Field(max_length=64, pattern="^[a-z][a-z0-9_]*$")]
Sentence = Annotated[str, Field(max_length=300, pattern="^[^\\u0000]+$")]
RequestId = Annotated[
    str, Field(max_length=36, json_schema_extra={"format": "uuid"}, description="The request.")
]


class ProblemError(BaseModel):
    """One place in a request that was refused."""

    model_config = ConfigDict(frozen=True)

    location: Annotated[Location, Field(description="Part of the request.")]
    pointer: Annotated[
        str,
        Field(
            max_length=4096,
            pattern="^[^\\u0000]*$",
            description="JSON Pointer into the body, empty for the whole of it; elsewhere the name"
            " of the parameter. A name that is not in the contract is left out.",
        ),
    ]
    code: Annotated[Code, Field(description="The rule that was broken; stable.")]
    detail: Annotated[Sentence, Field(description="The rule as a sentence.")]


class UnresolvedIdentifier(BaseModel):
    """A place in a narrative that may say who somebody is. Never the text itself."""

    model_config = ConfigDict(frozen=True)

    pointer: Annotated[
        str,
        Field(max_length=200, pattern="^/[a-z0-9_/]+$", description="JSON Pointer to the text."),
    ]
    start: Annotated[
        int,
        Field(
            ge=0,
            le=20_000,
            json_schema_extra={"format": "int32"},
            description="First character, from 0, in Unicode code points of the text as sent.",
        ),
    ]
    length: Annotated[
        int,
        Field(
            ge=1,
            le=20_000,
            json_schema_extra={"format": "int32"},
            description="Characters, in Unicode code points.",
        ),
    ]
    kind: Annotated[Code, Field(description="What it seems to be.")]
    person_ids: Annotated[
        list[Annotated[str, Field(max_length=36, json_schema_extra={"format": "uuid"})]],
        Field(max_length=100, description="People of the case it may mean; empty for none."),
    ]


class Problem(BaseModel):
    """What went wrong. Holds nothing of what was sent."""

    type: Annotated[
        str, Field(max_length=80, pattern="^/problems/", description="Page about this problem.")
    ]
    title: Annotated[
        str,
        Field(max_length=80, pattern="^[^\\u0000]+$", description="The problem in a few words."),
    ]
    status: Annotated[
        int,
        Field(ge=400, le=599, json_schema_extra={"format": "int32"}, description="HTTP status."),
    ]
    code: Annotated[Code, Field(description="The problem for programs; stable.")]
    detail: Annotated[Sentence, Field(description="The problem as a sentence.")]
    instance: Annotated[
        str, Field(max_length=45, pattern="^urn:uuid:", description="The request, as a URN.")
    ]
    request_id: RequestId
    errors: Annotated[
        list[ProblemError],
        Field(max_length=MAX_ERRORS, description="Places that were refused; the first fifty."),
    ]
    identifiers: (
        Annotated[
            list[UnresolvedIdentifier],
            Field(max_length=200, description="Places that may say who somebody is."),
        ]
        | MISSING
    ) = MISSING
    error: (
        Annotated[Code, Field(description="In the words of RFC 6749; of the token endpoint only.")]
        | MISSING
    ) = MISSING
    error_description: (
        Annotated[
            Sentence, Field(description="The same as a sentence; of the token endpoint only.")
        ]
        | MISSING
    ) = MISSING


class ApiError(Exception):
    """The request was refused."""

    status: ClassVar[HTTPStatus]
    code: ClassVar[str]
    title: ClassVar[str]
    detail: ClassVar[str]
    headers: Mapping[str, str] = {}
    """Sent with the answer."""

    def __init_subclass__(cls) -> None:
        """Take the title from the code and the sentence from the docstring."""
        cls.title = cls.code.replace("_", " ").capitalize()
        cls.detail = " ".join((getdoc(cls) or cls.title).split())

    def __init__(self, *errors: ProblemError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.code)
        self.errors = errors[:MAX_ERRORS]
        self.headers = {**self.headers, **(headers or {})}

    @classmethod
    def at(cls, pointer: str, location: Location = "body") -> Self:
        """Refuse one place in the request. The pointer holds names of the contract only."""
        return cls(
            ProblemError(location=location, pointer=pointer, code=cls.code, detail=cls.detail)
        )

    @classmethod
    def at_each(cls, pointers: Iterable[str]) -> Self:
        """Refuse several places in the body; the first fifty are named."""
        return cls(*(error for pointer in pointers for error in cls.at(pointer).errors))

    def problem(self, request_id: str) -> Problem:
        """Describe the refusal of one request."""
        return Problem(
            type=f"/problems/{self.code.replace('_', '-')}",
            title=self.title,
            status=self.status,
            code=self.code,
            detail=self.detail,
            instance=f"urn:uuid:{request_id}",
            request_id=request_id,
            errors=list(self.errors),
        )

    def response(self, request_id: str) -> Response:
        """Answer one request with the refusal."""
        body = self.problem(request_id).model_dump_json().encode()
        return Response(body, self.status, dict(self.headers), PROBLEM_JSON)


class BadRequest(ApiError):
    """The request cannot be read."""

    status, code = HTTPStatus.BAD_REQUEST, "malformed_request"


class InvalidCursor(BadRequest):
    """The cursor belongs to another list, filter or caller, or was changed."""

    code = "invalid_cursor"


class InvalidIdempotencyKey(BadRequest):
    """An idempotency key has 1 to 255 visible ASCII characters."""

    code = "invalid_idempotency_key"


class Unauthenticated(ApiError):
    """Sign in: the request carries no credentials that are valid now."""

    status, code = HTTPStatus.UNAUTHORIZED, "unauthenticated"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class Forbidden(ApiError):
    """You may not do this."""

    status, code = HTTPStatus.FORBIDDEN, "forbidden"


class InsufficientScope(Forbidden):
    """The access token lacks the scope of this operation."""

    code = "insufficient_scope"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


class RedactedMemberWrite(Forbidden):
    """A member that is withheld from you cannot be written by you."""

    code = "redacted_member_write"


class DisclosureRefused(Forbidden):
    """This grant discloses nothing here and now.

    It is not yours, not approved, ended, used up, or of other people.
    """

    code = "disclosure_refused"


class StepUpRequired(Forbidden):
    """Show your second factor again: identities take one that is at most ten minutes old."""

    code = "step_up_required"


class UndertakingRequired(Forbidden):
    """Sign the confidentiality undertaking first."""

    code = "undertaking_required"


class NotFound(ApiError):
    """No such record, or none that you may know of."""

    status, code = HTTPStatus.NOT_FOUND, "not_found"


class MethodNotAllowed(ApiError):
    """The address exists, but not with this method."""

    status, code = HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"


class RequestTimeout(ApiError):
    """The request took too long to arrive."""

    status, code = HTTPStatus.REQUEST_TIMEOUT, "request_timeout"


class Conflict(ApiError):
    """The request contradicts what is on record."""

    status, code = HTTPStatus.CONFLICT, "conflict"


class ConcurrentChange(Conflict):
    """Another request is changing the same records. Try again."""

    code = "concurrent_change"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class IdempotencyKeyReused(Conflict):
    """The idempotency key was used for another request, or its request is still running."""

    code = "idempotency_key_reused"


class UnknownReference(Conflict):
    """The request refers to a record that does not exist, or that you may not know of."""

    code = "unknown_reference"


class IdentitiesDestroyed(Conflict):
    """Who the people of this case are was destroyed; only their labels are left."""

    code = "identities_destroyed"


class LegalHoldInForce(Conflict):
    """A legal hold is in force on the case: nothing of it is destroyed until it is released."""

    code = "legal_hold_in_force"


class DestructionNotDue(Conflict):
    """The case is open, its retention class is not confirmed, or its period is not over."""

    code = "destruction_not_due"


class ExportNotOpen(Conflict):
    """The export is not released, not yours, over after seven days, or was fetched before."""

    code = "export_not_open"


class TransitionNotAllowed(Conflict):
    """The record cannot move to this state from where it stands, or not by you."""

    code = "transition_not_allowed"


class PreconditionFailed(ApiError):
    """The record has changed since you read it. Read it again."""

    status, code = HTTPStatus.PRECONDITION_FAILED, "precondition_failed"


class PayloadTooLarge(ApiError):
    """The body is larger than this operation takes."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"


class UnsupportedMediaType(ApiError):
    """The body is of a type, character set or encoding that this operation does not take."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"


class Invalid(ApiError):
    """The request does not match its schema."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"


class PreconditionRequired(ApiError):
    """Send `If-Match` with the ETag of the record you read."""

    status, code = HTTPStatus.PRECONDITION_REQUIRED, "precondition_required"


class TooManyRequests(ApiError):
    """Too many requests. Wait as long as `Retry-After` says, in seconds."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests"
    headers: Mapping[str, str] = {"Retry-After": "60"}


class TooManyLookUps(TooManyRequests):
    """You have looked up as many people as one may within an hour."""

    code = "too_many_look_ups"
    headers: Mapping[str, str] = {"Retry-After": "3600"}


class HeadersTooLarge(ApiError):
    """The headers are too many or too long."""

    status, code = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"


class Unexpected(ApiError):
    """Something went wrong on our side. Quote the request id when you report it."""

    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected"


class Unavailable(ApiError):
    """The service cannot answer just now. Try again as `Retry-After` says, in seconds."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
    headers: Mapping[str, str] = {"Retry-After": "5"}


class StorageFull(ApiError):
    """There is no room to store this. Nothing was changed."""

    status, code = HTTPStatus.INSUFFICIENT_STORAGE, "storage_full"


COMMON: tuple[type[ApiError], ...] = (
    Unauthenticated,
    Forbidden,
    InsufficientScope,
    NotFound,
    TooManyRequests,
    Unexpected,
    Unavailable,
)
"""What any operation may answer."""

OF_BODIES: tuple[type[ApiError], ...] = (
    BadRequest,
    RequestTimeout,
    PayloadTooLarge,
    UnsupportedMediaType,
    Invalid,
)
"""What any operation with a body may answer besides."""


def responses(*errors: type[ApiError]) -> dict[int | str, dict[str, Any]]:
    """Document errors of an operation, with an example of each, for FastAPI's `responses`."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        response = documented.setdefault(
            error.status.value, {"description": "", "content": {PROBLEM_JSON: content}}
        )
        response["description"] = f"{response['description']} {error.detail}".lstrip()
        response["content"][PROBLEM_JSON]["examples"][error.code] = {
            "summary": error.title,
            "value": error()
            .problem("6f1c9a52-8a55-4d1e-9b0c-2f6f0a3b7c11")
            .model_dump(mode="json"),
        }
    return documented


def problem_schemas() -> dict[str, Any]:
    """Return the schemas that `responses` refers to, for `components.schemas`."""
    _, document = models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = document["$defs"]
    return schemas
