"""Evidence files on the wire: what is known of a file behind an answer."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.models.audits import Evidence
from app.pagination import Paging
from app.schemas.answers import INNER, QuestionCode, Sha256
from app.schemas.base import Body, Date, Label, Prose, RecordRead, Redaction
from app.sensitivity import Computed, Level

Description = Annotated[
    Prose | None,
    Field(description="What the file shows.", examples=["Minutes of the board, March."]),
]
ExpiresOn = Annotated[
    Date | None,
    Field(description="Last day it is good for, such as of a policy; null while it is."),
]
Question = Annotated[
    QuestionCode | None,
    Field(description="The question it stands behind; null for the whole response."),
]


class EvidenceForm(Body):
    """What is said of a file that is sent."""

    question: Question = None
    description: Description = None
    expires_on: ExpiresOn = None


def _part(schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a part of a form: one that is empty stays away, and is never null."""
    some = next(branch for branch in schema["anyOf"] if branch.get("type") != "null")
    return {**some, "description": schema["description"]}


FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["file"],
        "properties": {
            "file": {
                "type": "string",
                "format": "binary",
                "description": "The file, under a name that ends as its type does. No personal"
                " data: no name, address or number of a child, relative or practitioner.",
            },
            **{
                name: _part(schema)
                for name, schema in EvidenceForm.model_json_schema()["properties"].items()
            },
        },
    }
}
"""The form of an upload, for the contract: it is read part by part, not by the framework."""


class EvidenceRead(RecordRead, table=Evidence, level=Level.partnership):
    """A file behind an answer."""

    response_id: Annotated[UUID, Field(description="The response.")]
    agency_id: Annotated[UUID, Field(description="The agency.")]
    question: Annotated[
        Question,
        INNER,
        Computed("(SELECT q.code FROM questions q WHERE q.id = t.question_id)"),
    ]
    file_name: Annotated[Label, INNER, Field(description="Its name, made safe.")]
    media_type: Annotated[
        Label, INNER, Field(description="What it is, by its content.", examples=["application/pdf"])
    ]
    size_bytes: Annotated[
        int,
        INNER,
        Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"}, description="Its size."),
    ]
    sha256: Annotated[Sha256, INNER]
    description: Annotated[Description, INNER]
    expires_on: Annotated[date | None, INNER, Field(description="Last day it is good for.")]
    is_expired: Annotated[
        bool,
        INNER,
        Computed(
            "coalesce(t.expires_on < (statement_timestamp() AT TIME ZONE 'Europe/London')::date,"
            " false)"
        ),
        Field(description="Whether that day is over; an expired file is no evidence any more."),
    ]
    scan_result: Annotated[
        Label, INNER, Field(description="`clean`, or `not_scanned` where no scanner is set up.")
    ]
    uploaded_by_id: Annotated[UUID | None, INNER, Field(description="Who sent it.")]
    redactions: Annotated[
        list[Redaction], Field(max_length=50, description="Members withheld from you.")
    ]


class EvidenceFilters(Paging):
    """Query parameters of the list."""
