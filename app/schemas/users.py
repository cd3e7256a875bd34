"""People who may sign in, on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, Field

from app.access.scopes import Scope
from app.models.access import OneTimeLink, Principal, PrincipalKind, Role, RoleAssignment, User
from app.pagination import Matches, Paging
from app.schemas.base import (
    Code,
    CreateSchema,
    Date,
    EmailAddress,
    Id,
    Label,
    PersonName,
    Prose,
    ReadSchema,
    RecordRead,
    UpdateSchema,
)
from app.schemas.sign_in import Email, ExpiresAt, OneTimeToken, SteppedUpAt
from app.sensitivity import Computed, Level

Name = Annotated[PersonName, Field(description="Name of the person.", examples=["A. Officer"])]
AgencyId = Annotated[UUID | None, Field(description="Agency of the person; null for none.")]
IsActive = Annotated[
    bool, Field(strict=True, description="Whether access is on; off from the next request.")
]
Right = Annotated[str, Field(max_length=64, pattern="^[a-z][a-z:-]*$")]
"""A scope or a capability."""
RoleCode = Annotated[Code, Field(description="Code of a role.", examples=["agency_lead"])]
HasSecondFactor = Annotated[
    bool, Field(description="Whether signing in takes a code besides the password.")
]
ValidFrom = Annotated[Date, Field(description="First day.", examples=["2017-04-01"])]
ValidTo = Annotated[
    Date | None, Field(description="Last day, inclusive; null while it lasts.", examples=[None])
]
HOLDS_TODAY = (
    "a.user_id = t.id AND a.valid_from <= current_date"
    " AND coalesce(a.valid_to, 'infinity') >= current_date"
)
SCOPES = ", ".join(f"'{scope}'" for scope in Scope)
LEVELS = ", ".join(f"'{level.name}'" for level in Level)


def _of_principal(column: str) -> str:
    return f"(SELECT p.{column} FROM principals p WHERE p.id = t.id)"


class UserRead(RecordRead, table=User, level=Level.partnership):
    """A person who may sign in."""

    email: Email
    name: Name
    agency_id: Annotated[AgencyId, Computed(_of_principal("agency_id"))]
    is_active: Annotated[IsActive, Computed(_of_principal("is_active"))]
    is_verified: Annotated[bool, Field(description="Whether an invitation was accepted.")]
    has_second_factor: HasSecondFactor
    roles: Annotated[
        list[Code],
        Computed(
            "(SELECT coalesce(json_agg(h.role ORDER BY h.role), '[]')"
            " FROM actor.roles_of(t.id) AS h (role))"
        ),
        Field(max_length=50, description="Codes of the roles held today."),
    ]


class UserUpdate(UpdateSchema):
    """Changes to a person. The e-mail address is part of who it is and never changes."""

    name: Name | MISSING = MISSING
    is_active: IsActive | MISSING = MISSING


class UserFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[
        UUID | None,
        Matches("t.id IN (SELECT p.id FROM principals p WHERE p.agency_id = {})"),
        Field(description="Only people of this agency."),
    ] = None
    role: Annotated[
        list[Code],
        Matches(
            "EXISTS (SELECT FROM actor.roles_of(t.id) AS h (role) WHERE h.role = ANY ({}::text[]))"
        ),
        Field(max_length=50, description="Holding any of these roles today."),
    ] = []
    is_active: Annotated[
        bool | None,
        Matches("t.id IN (SELECT p.id FROM principals p WHERE p.is_active = {})"),
        Field(description="With access, or without."),
    ] = None


class InvitationCreate(CreateSchema):
    """A person to invite."""

    email: Email
    name: Name
    agency_id: AgencyId = None
    roles: Annotated[
        list[Code],
        Field(min_length=1, max_length=20, description="Roles from today.", examples=[["chair"]]),
    ]
    valid_to: Annotated[ValidTo, Field(description="Last day of the roles; null for none.")] = None


class InvitationRead(RecordRead, table=OneTimeLink, level=Level.partnership):
    """An invitation: a link by which a person sets a password, good once for 72 hours."""

    user_id: Annotated[UUID, Field(description="Who was invited.")]
    expires_at: ExpiresAt
    used_at: Annotated[
        datetime | None, Field(description="When it was accepted or made void (UTC).")
    ]


class InvitationIssued(InvitationRead):
    """An invitation that was just sent."""

    invitation_token: Annotated[
        OneTimeToken | None,
        Field(
            description="What the mail holds too. Shown only now, to whoever invites somebody new:"
            " null where the request is repeated, and for a person who has accepted before."
        ),
    ]


class InvitationFilters(Paging):
    """Query parameters of the list."""

    user_id: Annotated[UUID | None, Field(description="Only invitations of this person.")] = None


class RoleRead(RecordRead, table=Role, level=Level.public):
    """A role of the framework, as what it may do."""

    code: RoleCode
    title: Annotated[Label, Field(description="Name of the role.")]
    description: Annotated[Prose, Field(description="What it is for.")]
    capabilities: Annotated[
        list[Right], Field(max_length=100, description="Scopes and capabilities it gives.")
    ]
    is_of_agency: Annotated[
        bool,
        Field(description="Whether it is a role within an agency; others the Board's own give."),
    ]


class RoleFilters(Paging):
    """Query parameters of the list."""


class RoleAssignmentCreate(CreateSchema):
    """A role to give to a person."""

    user_id: Annotated[UUID, Field(description="The person.")]
    role: RoleCode
    valid_from: ValidFrom
    valid_to: ValidTo = None


class RoleAssignmentUpdate(UpdateSchema):
    """When a role ends."""

    valid_to: ValidTo | MISSING = MISSING


class RoleAssignmentRead(RecordRead, table=RoleAssignment, level=Level.partnership):
    """A role of a person, for a time."""

    user_id: Annotated[UUID, Field(description="The person.")]
    role: RoleCode
    valid_from: ValidFrom
    valid_to: ValidTo


class RoleAssignmentFilters(Paging):
    """Query parameters of the list."""

    user_id: Annotated[UUID | None, Field(description="Only roles of this person.")] = None
    role: Annotated[list[Code], Field(max_length=50, description="Any of these roles.")] = []
    valid_on: Annotated[
        Date | None,
        Matches("t.valid_from <= {0} AND coalesce(t.valid_to, 'infinity') >= {0}"),
        Field(description="Held on this day."),
    ] = None


class HeldRole(CreateSchema):
    """A role one holds today."""

    role: RoleCode
    title: Annotated[Label, Field(description="Name of the role.")]
    valid_to: ValidTo


class MeRead(ReadSchema, table=Principal, level=Level.partnership):
    """Who I am, and what I may do."""

    id: Id
    kind: Annotated[
        PrincipalKind, Field(description="`person`, or `client` for an agency's system.")
    ]
    name: Annotated[
        Label | None,
        Computed(
            "coalesce((SELECT u.name FROM users u WHERE u.id = t.id),"
            " (SELECT c.name FROM clients c WHERE c.id = t.id))"
        ),
        Field(description="Name of the person or the system."),
    ]
    email: Annotated[
        EmailAddress | None,
        Computed("(SELECT u.email FROM users u WHERE u.id = t.id)"),
        Field(description="E-mail address; null for a system."),
    ]
    agency_id: Annotated[UUID | None, Field(description="Own agency; null for none.")]
    agency_name: Annotated[
        Label | None,
        Computed("(SELECT g.name FROM agencies g WHERE g.id = t.agency_id)"),
        Field(description="Name of the own agency; null for none."),
    ]
    roles: Annotated[
        list[HeldRole],
        Computed(
            "(SELECT coalesce(json_agg(json_build_object('role', h.role, 'title', r.title,"
            " 'valid_to', (SELECT max(a.valid_to) FROM role_assignments a"
            f" WHERE {HOLDS_TODAY} AND a.role = h.role)) ORDER BY h.role), '[]')"
            " FROM actor.roles_of(t.id) AS h (role) JOIN roles r ON r.code = h.role)"
        ),
        Field(max_length=100, description="Roles held today; a system has none."),
    ]
    scopes: Annotated[
        list[Right],
        Computed(
            "(SELECT json_agg(DISTINCT g ORDER BY g) FROM unnest(caller.grants) AS g"
            f" WHERE g IN ({SCOPES}))"
        ),
        Field(max_length=100, description="Operations I may call, by their scope."),
    ]
    capabilities: Annotated[
        list[Right],
        Computed(
            "(SELECT coalesce(json_agg(DISTINCT g ORDER BY g), '[]')"
            f" FROM unnest(caller.grants) AS g WHERE g NOT IN ({SCOPES}))"
        ),
        Field(max_length=100, description="How far those reach."),
    ]
    clearance: Annotated[
        Literal["public", "partnership", "agency", "restricted", "identity", "audit"],
        Computed(f"(ARRAY[{LEVELS}])[caller.level + 1]"),
        Field(description="The highest class of information I may read."),
    ]
    expires_at: Annotated[
        datetime,
        Computed("(SELECT s.expires_at FROM tokens s WHERE s.id = caller.token_id)"),
        Field(description="When this session or access token ends (UTC)."),
    ]
    stepped_up_at: Annotated[SteppedUpAt, Computed("caller.stepped_up_at")]
    has_second_factor: Annotated[
        HasSecondFactor,
        Computed("coalesce((SELECT u.has_second_factor FROM users u WHERE u.id = t.id), false)"),
    ]
