"""Agency systems that may sign in, on the wire."""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, AfterValidator, BaseModel, Field

from app.access.roles import CLIENT_SCOPES
from app.models.access import AgencySuspension, Client, ClientSecret
from app.pagination import Matches, Paging
from app.schemas.base import WHOLE, CreateSchema, Label, Prose, RecordRead, UpdateSchema
from app.sensitivity import Computed, Level

SECRET_DAYS = 365
"""How long a secret of a system is good, unless another time is asked for."""

OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
GROUP = "[0-9A-Fa-f]{1,4}"
NETWORK = (
    rf"^({OCTET}\.{OCTET}\.{OCTET}\.{OCTET}(/(3[0-2]|[12]?[0-9]))?"
    rf"|({GROUP}(:{GROUP}){{0,6}}::|({GROUP}:){{7}}{GROUP}|::1)"
    r"(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)$"
)
"""An address, or a network with its length. Of IPv6: in full, or ending in `::`."""


def _grantable(scope: str) -> str:
    if scope not in CLIENT_SCOPES:
        raise ValueError("not a scope of an agency system")
    return scope


def network(text: str) -> IPv4Network | IPv6Network:
    """Read an address or a network; bits beyond its length are dropped."""
    return ip_network(text, strict=False)


ClientScope = Annotated[
    str,
    AfterValidator(_grantable),
    Field(
        max_length=64,
        json_schema_extra={"enum": sorted(map(str, CLIENT_SCOPES))},
        description="A scope that a system may be given.",
    ),
]
AgencyId = Annotated[UUID, Field(description="The agency it acts for.")]
Name = Annotated[Label, Field(description="Name of the system.", examples=["Case system, live"])]
Scopes = Annotated[
    list[ClientScope],
    Field(
        min_length=1,
        max_length=50,
        description="What it may do at most.",
        examples=[["audits:read", "audit-responses:read", "audit-responses:write"]],
    ),
]
AllowedAddresses = Annotated[
    list[Annotated[str, Field(max_length=43, pattern=NETWORK, examples=["203.0.113.0/24"])]],
    Field(
        max_length=50,
        description="Addresses and networks it may get access tokens from; empty for any.",
    ),
]
IsActive = Annotated[
    bool, Field(strict=True, description="Whether access is on; off ends its tokens at once.")
]
SecretDays = Annotated[
    int,
    Field(ge=1, le=730, description="Days until the secret expires.", examples=[365]),
    WHOLE,
]
SecretExpiresAt = Annotated[datetime, Field(description="When the secret expires (UTC).")]
PRINTABLE = "^[ -~]*$"
ClientSecretText = Annotated[
    str | None,
    Field(
        max_length=64,
        pattern=r"^sga_c_[A-Za-z0-9_\-]{43}$",
        description="The secret. Shown only now; null where the request is repeated.",
        examples=["sga_c_3rYz0mCkq7Qe4vJ1xTnLw9bHs2dFgUo6aPiKyEtRc8M"],
    ),
]


class ClientCreate(CreateSchema):
    """A system of an agency to register."""

    agency_id: AgencyId
    name: Name
    scopes: Scopes
    allowed_addresses: AllowedAddresses = []
    secret_days: SecretDays = SECRET_DAYS


class ClientUpdate(UpdateSchema):
    """Changes to a system. Narrower scopes and switching off end its access tokens at once."""

    name: Name | MISSING = MISSING
    scopes: Scopes | MISSING = MISSING
    allowed_addresses: AllowedAddresses | MISSING = MISSING
    is_active: IsActive | MISSING = MISSING


class ClientRead(RecordRead, table=Client, level=Level.partnership):
    """A system of an agency. Its identifier is its OAuth `client_id`."""

    agency_id: AgencyId
    name: Name
    scopes: Scopes
    allowed_addresses: AllowedAddresses
    is_active: Annotated[
        IsActive, Computed("(SELECT p.is_active FROM principals p WHERE p.id = t.id)")
    ]


class ClientRegistered(ClientRead):
    """A system that was just registered, with what it signs in with."""

    client_id: Annotated[UUID, Field(description="The OAuth `client_id`: that of the record.")]
    client_secret: ClientSecretText


class ClientFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only systems of this agency.")] = None
    is_active: Annotated[
        bool | None,
        Matches("t.id IN (SELECT p.id FROM principals p WHERE p.is_active = {})"),
        Field(description="With access, or without."),
    ] = None


class SecretCreate(CreateSchema):
    """A new secret for a system, in place of the one it has."""

    secret_days: SecretDays = SECRET_DAYS
    overlap_hours: Annotated[
        int,
        Field(
            ge=0,
            le=720,
            description="Hours the older secret goes on working; 0 ends it at once.",
        ),
        WHOLE,
    ] = 24


class SecretRead(RecordRead, table=ClientSecret, level=Level.partnership):
    """A secret of a system, without the secret itself."""

    client_id: Annotated[UUID, Field(description="The system.")]
    expires_at: SecretExpiresAt
    last_used_at: Annotated[
        datetime | None, Field(description="When it last got an access token (UTC).")
    ]
    revoked_at: Annotated[datetime | None, Field(description="When it was revoked (UTC).")]


class SecretIssued(SecretRead):
    """A secret that was just made."""

    client_secret: ClientSecretText


class SecretFilters(Paging):
    """Query parameters of the list."""


class AgencySuspensionCreate(CreateSchema):
    """An agency to keep out."""

    agency_id: Annotated[UUID, Field(description="The agency.")]
    reason: Annotated[
        Prose, Field(max_length=2000, description="Why.", examples=["Credentials were stolen."])
    ]


class AgencySuspensionRead(RecordRead, table=AgencySuspension, level=Level.partnership):
    """That nobody of an agency may sign in, nor its systems, until this is deleted."""

    agency_id: Annotated[UUID, Field(description="The agency.")]
    reason: Annotated[Prose, Field(description="Why.")]


class AgencySuspensionFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only this agency.")] = None


class AccessTokenIssued(BaseModel):
    """An access token (RFC 6749, section 5.1)."""

    access_token: Annotated[
        str,
        Field(
            max_length=64,
            pattern=r"^sga_a_[A-Za-z0-9_\-]{43}$",
            description="To be sent as `Authorization: Bearer …`. Shown only now.",
            examples=["sga_a_3rYz0mCkq7Qe4vJ1xTnLw9bHs2dFgUo6aPiKyEtRc8M"],
        ),
    ]
    token_type: Annotated[Literal["Bearer"], Field(description="How the token is sent.")]
    expires_in: Annotated[
        int, Field(ge=1, le=31_536_000, description="Seconds it is good for.", examples=[900])
    ]
    scope: Annotated[
        str,
        Field(
            max_length=2000,
            pattern=PRINTABLE,
            description="The scopes it carries, with blanks between.",
            examples=["audit-responses:write audits:read"],
        ),
    ]
    secret_expires_at: SecretExpiresAt


class TokenRequest(BaseModel):
    """What an agency system sends for an access token, as a form (RFC 6749, section 4.4.2)."""

    grant_type: Annotated[
        Literal["client_credentials"], Field(description="The only way there is.")
    ]
    scope: (
        Annotated[
            str,
            Field(
                max_length=2000,
                pattern=PRINTABLE,
                description="Scopes asked for, with blanks between; all if absent.",
                examples=["audits:read audit-responses:write"],
            ),
        ]
        | MISSING
    ) = MISSING
    client_id: (
        Annotated[UUID, Field(description="The client, unless it authenticates by `Basic`.")]
        | MISSING
    ) = MISSING
    client_secret: (
        Annotated[
            str,
            Field(
                max_length=512,
                pattern=PRINTABLE,
                description="Its secret, unless it authenticates by `Basic`.",
                examples=["sga_c_3rYz0mCkq7Qe4vJ1xTnLw9bHs2dFgUo6aPiKyEtRc8M"],
            ),
        ]
        | MISSING
    ) = MISSING


Address = Annotated[str, Field(max_length=2000, json_schema_extra={"format": "uri"})]
Names = Annotated[
    list[Annotated[str, Field(max_length=64, pattern="^[a-z][a-z:_-]*$")]], Field(max_length=100)
]


class AuthorizationServer(BaseModel):
    """How an agency system gets its access token (RFC 8414)."""

    issuer: Annotated[Address, Field(description="Address of this service.")]
    token_endpoint: Annotated[Address, Field(description="Where access tokens are issued.")]
    grant_types_supported: Annotated[Names, Field(description="Ways to ask.")]
    response_types_supported: Annotated[
        Names, Field(description="Always empty: nobody is sent to a page of ours.")
    ]
    token_endpoint_auth_methods_supported: Annotated[
        Names, Field(description="Ways to authenticate.")
    ]
    scopes_supported: Annotated[Names, Field(description="Scopes a system may be given.")]
    service_documentation: Annotated[Address, Field(description="The API reference.")]
