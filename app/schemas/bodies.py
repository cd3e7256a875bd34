"""Bodies on the wire: the Board, its executive group, sub groups and panels.

Framework section 13.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field

from app.models.governance import BodyKind, GovernanceBody
from app.pagination import Matches, Paging
from app.schemas.base import WHOLE, Code, CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.sensitivity import Computed, Level

ACTIVE = (
    "m.body_id = t.id AND m.status = 'active' AND m.valid_from <= current_date"
    " AND coalesce(m.valid_to, 'infinity') >= current_date"
)
CHAIR = f"(SELECT m.user_id FROM memberships m WHERE {ACTIVE} AND m.position = 'chair' LIMIT 1)"
MEMBERS = f"(SELECT count(*) FROM memberships m WHERE {ACTIVE})"

BodyCode = Annotated[
    Code, Field(description="Short name in addresses.", examples=["neglect_group"])
]
Name = Annotated[Label, Field(description="Name.", examples=["Neglect Task and Finish Group"])]
Kind = Annotated[BodyKind, Field(description="What it is.")]
ParentId = Annotated[UUID | None, Field(description="Body it reports to; null for the Board.")]
TermsOfReference = Annotated[
    Prose | None,
    Field(description="What it is there for.", examples=["To reduce neglect by early help."]),
]
Quorum = Annotated[
    Annotated[int, Field(ge=1, le=100)],
    WHOLE,
    Field(description="Members, or their deputies, without whom it decides nothing."),
]
RoleCode = Annotated[
    Code | None,
    Field(description="Role that goes with a seat; null for none.", examples=["board_member"]),
]
ValidFrom = Annotated[Date, Field(description="First day.")]
ValidTo = Annotated[Date | None, Field(description="Last day; null while it is open.")]


class BodyCreate(CreateSchema):
    """A body to set up."""

    code: BodyCode
    name: Name
    kind: Kind
    parent_id: ParentId = None
    terms_of_reference: TermsOfReference = None
    quorum: Quorum = 3
    member_role: RoleCode = None
    chair_role: RoleCode = None
    valid_from: ValidFrom
    valid_to: ValidTo = None


class BodyUpdate(UpdateSchema):
    """Changes to a body. The rights that go with its seats do not change."""

    name: Name | MISSING = MISSING
    parent_id: ParentId | MISSING = MISSING
    terms_of_reference: TermsOfReference | MISSING = MISSING
    quorum: Quorum | MISSING = MISSING
    valid_to: ValidTo | MISSING = MISSING


class BodyRead(RecordRead, table=GovernanceBody, level=Level.partnership):
    """A body that meets and decides."""

    code: BodyCode
    name: Name
    kind: Kind
    parent_id: ParentId
    terms_of_reference: TermsOfReference
    quorum: Quorum
    member_role: RoleCode
    chair_role: RoleCode
    valid_from: ValidFrom
    valid_to: ValidTo
    chair_id: Annotated[
        UUID | None, Computed(CHAIR), Field(description="Who chairs it; null: vacant.")
    ]
    members: Annotated[int, Computed(MEMBERS), Field(description="Active members today.")]


class BodyFilters(Paging):
    """Query parameters of the list."""

    code: Annotated[Code | None, Field(description="Only the body of this code.")] = None
    kind: Annotated[list[BodyKind], Field(max_length=6, description="Any of these kinds.")] = []
    parent_id: Annotated[UUID | None, Field(description="Only what reports to this body.")] = None
    is_without_chair: Annotated[
        bool | None,
        Matches(f"({CHAIR} IS NULL) = {{}}"),
        Field(description="Only bodies whose chair is vacant, or is not."),
    ] = None


class BodyVacancies(BaseModel):
    """What is vacant in a body today."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)
    is_without_chair: Annotated[bool, Field(description="Whether nobody chairs it.")]
    agencies: Annotated[
        list[UUID],
        Field(
            max_length=1000,
            description="Of the Board: its agencies without an active seat. Of any other: none.",
        ),
    ]
