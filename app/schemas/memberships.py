"""Memberships on the wire: seats in bodies, from nomination to end (Framework section 13)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.governance import MEMBERSHIP_LIFECYCLE, Membership, MembershipStatus, Position
from app.pagination import Matches, Paging
from app.schemas.base import CreateSchema, Date, RecordRead
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

IS_INDUCTED = "actor.is_inducted(t.user_id)"

BodyId = Annotated[UUID, Field(description="The body.")]
UserId = Annotated[UUID, Field(description="The person.")]
AgencyId = Annotated[
    UUID | None, Field(description="Agency whose seat it is; null for the chair and lay members.")
]
PositionOf = Annotated[Position, Field(description="What the person is in the body.")]
ValidFrom = Annotated[Date, Field(description="First day of the seat.")]
ValidTo = Annotated[Date | None, Field(description="Last day of the seat; null while it is open.")]
Status = Annotated[
    MembershipStatus, Field(description="Where it stands; rights come with `active` only.")
]


class MembershipCreate(CreateSchema):
    """A nomination to a seat."""

    body_id: BodyId
    user_id: UserId
    agency_id: AgencyId = None
    position: PositionOf
    valid_from: ValidFrom
    valid_to: ValidTo = None


class MembershipRead(RecordRead, table=Membership, level=Level.partnership):
    """A seat of a person in a body."""

    body_id: BodyId
    user_id: UserId
    agency_id: AgencyId
    position: PositionOf
    valid_from: ValidFrom
    valid_to: ValidTo
    status: Status
    is_inducted: Annotated[
        bool,
        Computed(IS_INDUCTED),
        Field(
            description="Whether the person has signed the undertaking that is in force and"
            " acknowledged the present version of every document of the induction."
        ),
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(MEMBERSHIP_LIFECYCLE.allowed)]


class MembershipTransitionCreate(TransitionCreate):
    """A move of a membership."""

    to: Annotated[MembershipStatus, Field(description="State to move to.")]


class MembershipFilters(Paging):
    """Query parameters of the list."""

    body_id: Annotated[UUID | None, Field(description="Only seats in this body.")] = None
    user_id: Annotated[UUID | None, Field(description="Only seats of this person.")] = None
    agency_id: Annotated[UUID | None, Field(description="Only seats of this agency.")] = None
    status: Annotated[
        list[MembershipStatus], Field(max_length=5, description="Any of these states.")
    ] = []
    is_inducted: Annotated[
        bool | None,
        Matches(f"{IS_INDUCTED} = {{}}"),
        Field(description="Only who is inducted on what is in force, or who is not."),
    ] = None
