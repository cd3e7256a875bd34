"""The vocabulary of schemas. There is no bare `str`: the type says what a text may hold."""

import re
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError

from app.models.base import Base, Record
from app.sensitivity import Classified, Level, Narrated, sensitivity

TEXT = r"^[^\u0000]*[^\u0000-\u0020][^\u0000]*$"
"""At least one character that is more than a blank; never U+0000, which cannot be stored."""

Label = Annotated[str, Field(min_length=1, max_length=200, pattern=TEXT)]
"""A short text that names no person."""
Prose = Annotated[str, Field(min_length=1, max_length=20_000, pattern=TEXT)]
"""A longer text that names no person."""
PUBLIC_TEXT = r"^[^\u0000]*$"
"""What is rendered for the public, from narratives."""
Narrative = Annotated[str, Field(min_length=1, max_length=20_000, pattern=TEXT), Narrated()]
"""A text about a case. Whoever is registered for the case is replaced by a label in brackets."""
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
"""An identifier made of letters, digits, points, hyphens and underscores."""
ExternalRef = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
"""The caller's own identifier of a record: printable ASCII without blanks."""
PersonName = Annotated[str, Field(min_length=1, max_length=200, pattern=TEXT)]
"""Name of somebody in office, such as a named lead: never a child, relative or practitioner."""
EmailAddress = Annotated[
    str,
    Field(
        min_length=3,
        max_length=254,
        pattern=r"^[^@\u0000-\u0020\u007f-\u00a0\u2028\u2029]+@[A-Za-z0-9.\-]+$",
    ),
]
Secret = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\u0000]+$")]
"""A secret that is sent once and never read back."""


def _date_text(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise PydanticCustomError("date_format", "A date is written YYYY-MM-DD.")
    if isinstance(value, (int, float)):
        raise PydanticCustomError("date_format", "A date is written YYYY-MM-DD.")
    return value


def _time_text(value: object) -> object:
    if isinstance(value, (int, float)) or (
        isinstance(value, str) and len(value) < len("2017-11-01T00:00Z")
    ):
        raise PydanticCustomError("time_format", "A time is written as RFC 3339 with its offset.")
    return value


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (str, bool)):
        raise PydanticCustomError("int_type", "A whole number is written as a number.")
    return value


WHOLE = BeforeValidator(_whole)
"""Makes an `int` a whole number as JSON has it: 7 or 7.0, but neither "7" nor true. Stands last,
after the bounds."""
Date = Annotated[date, BeforeValidator(_date_text)]
"""A calendar day in the United Kingdom, `YYYY-MM-DD`."""
Time = Annotated[AwareDatetime, BeforeValidator(_time_text)]
"""A moment, RFC 3339 with its offset."""

Id = Annotated[UUID, Field(description="Identifier of the record.")]
CreatedAt = Annotated[datetime, Field(description="When the record was made (UTC).")]
UpdatedAt = Annotated[datetime, Field(description="When the record last changed (UTC).")]


class Body(BaseModel):
    """What a caller sends: closed, so that a misspelt member is an error and not a loss."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class CreateSchema(Body):
    """What makes a record."""


class UpdateSchema(Body):
    """A merge patch: absent leaves as it is, null empties."""


class Redaction(BaseModel):
    """A member that was withheld from this reader."""

    pointer: Annotated[
        str,
        Field(max_length=200, pattern="^/[a-z0-9_/]+$", description="JSON pointer to the member."),
    ]
    reason: Annotated[
        str,
        Field(
            max_length=64,
            pattern="^[a-z_]+$",
            description="Why: `agency_only`, `restricted`, `no_disclosure_grant`, `out_of_purpose`"
            " (the grant does not cover it) or `erased`.",
        ),
    ]


class ReadSchema(BaseModel):
    """What a caller gets. Every member is always there: null if empty, or withheld.

    A subclass names its table and the class of its fields:
    `class AgencyRead(ReadSchema, table=Agency, level=Level.public)`. A field that differs says so
    itself with `Classified`.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)
    table: ClassVar[type[Base]]
    level: ClassVar[Level]

    @classmethod
    def __init_subclass__(
        cls, *, table: type[Base] | None = None, level: Level | None = None, **kwargs: Any
    ) -> None:
        """Keep the table and the class; a schema without them cannot be imported."""
        super().__init_subclass__(**kwargs)
        if table is not None:
            cls.table = table
        if level is not None:
            cls.level = level
        if not hasattr(cls, "table") or not hasattr(cls, "level"):
            message = f"{cls.__name__} names no table or no level."
            raise TypeError(message)

    @classmethod
    def level_of(cls, field: FieldInfo) -> Level:
        """Return the class of a field: its own, or that of the schema."""
        own = [mark.level for mark in field.metadata if isinstance(mark, Classified)]
        return own[0] if own else cls.level

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say the class of every member in the contract."""
        schema = handler(core)
        for name, member in handler.resolve_ref_schema(schema).get("properties", {}).items():
            if name in cls.model_fields and "$ref" not in member:
                member["x-sensitivity"] = sensitivity(cls.level_of(cls.model_fields[name]))
        return schema


class RecordRead(ReadSchema, table=Record, level=Level.public):
    """The members every record has."""

    id: Id
    created_at: CreatedAt
    updated_at: UpdatedAt
