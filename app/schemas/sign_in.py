"""Signing in, on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.models.access import Token
from app.pagination import Paging
from app.schemas.base import Body, CreatedAt, EmailAddress, Id, ReadSchema, Secret
from app.sensitivity import Computed, Level

Email = Annotated[
    EmailAddress, Field(description="E-mail address.", examples=["lead@agency.example"])
]
Password = Annotated[
    Secret, Field(description="The password.", examples=["marsh lantern quietly ninepence"])
]
NewPassword = Annotated[
    str,
    Field(
        min_length=12,
        max_length=128,
        pattern=r"^[^\u0000]+$",
        description="A new password: any characters; hard to guess by what zxcvbn makes of it.",
        examples=["marsh lantern quietly ninepence"],
    ),
]
TotpCode = Annotated[
    str,
    Field(
        min_length=6,
        max_length=6,
        pattern=r"^[0-9]{6}$",
        description="The code the authenticator app shows; good once.",
        examples=["492039"],
    ),
]
RecoveryCode = Annotated[
    str,
    Field(
        min_length=16,
        max_length=19,
        pattern=r"^[A-Za-z2-7]{4}(-?[A-Za-z2-7]{4}){3}$",
        description="One of the codes for a lost authenticator app; good once.",
        examples=["MZXW-6YTB-OI7D-K2LQ"],
    ),
]
OptionalTotpCode = Annotated[
    TotpCode | None, Field(description="Code of the second factor; null for none.")
]
OptionalRecoveryCode = Annotated[
    RecoveryCode | None, Field(description="A recovery code in its place; null for none.")
]
OneTimeToken = Annotated[
    str,
    Field(
        min_length=49,
        max_length=49,
        pattern=r"^sga_[ir]_[A-Za-z0-9_\-]{43}$",
        description="The token of the one-time link.",
        examples=["sga_i_3rYz0mCkq7Qe4vJ1xTnLw9bHs2dFgUo6aPiKyEtRc8M"],
    ),
]
ExpiresAt = Annotated[datetime, Field(description="When it ends, however much it is used (UTC).")]
SteppedUpAt = Annotated[
    datetime | None,
    Field(description="When the second factor was last shown (UTC); null if never."),
]


class LogIn(Body):
    """What proves who somebody is."""

    email: Email
    password: Password
    totp_code: OptionalTotpCode = None
    recovery_code: OptionalRecoveryCode = None


class SessionStarted(BaseModel):
    """A session that has begun."""

    id: Id
    token: Annotated[
        str,
        Field(
            max_length=64,
            pattern=r"^sga_p_[A-Za-z0-9_\-]{43}$",
            description="To be sent as `Authorization: Bearer …`. Shown only now.",
            examples=["sga_p_3rYz0mCkq7Qe4vJ1xTnLw9bHs2dFgUo6aPiKyEtRc8M"],
        ),
    ]
    token_type: Annotated[Literal["Bearer"], Field(description="How the token is sent.")]
    expires_at: ExpiresAt
    idle_minutes: Annotated[
        int, Field(ge=1, le=525_600, description="Minutes without a request after which it ends.")
    ]


class SessionRead(ReadSchema, table=Token, level=Level.partnership):
    """One of one's own sessions."""

    id: Id
    created_at: CreatedAt
    last_seen_at: Annotated[
        datetime, Field(description="When it was last used, to about 20 seconds (UTC).")
    ]
    expires_at: ExpiresAt
    stepped_up_at: SteppedUpAt
    address: Annotated[
        str | None,
        Computed("host(t.address)"),
        Field(
            max_length=45,
            pattern="^[0-9A-Fa-f.:]+$",
            description="Address it was begun from; null if not known.",
            examples=["203.0.113.5"],
        ),
    ]
    is_current: Annotated[
        bool, Computed("t.id = caller.token_id"), Field(description="Whether it is this session.")
    ]


class SessionFilters(Paging):
    """Query parameters of the list."""


class StepUp(Body):
    """The second factor, shown again for what asks for it."""

    totp_code: TotpCode


class SteppedUp(BaseModel):
    """A session in which the second factor was just shown."""

    stepped_up_at: SteppedUpAt


class PasswordChange(Body):
    """A new password, with the one it replaces."""

    current_password: Password
    new_password: NewPassword


class PasswordReset(Body):
    """Whose password was forgotten."""

    email: Email


class NewPasswordByLink(Body):
    """A new password, by a one-time link."""

    token: OneTimeToken
    new_password: NewPassword


class TotpProposal(Body):
    """The wish to sign in with a second factor."""

    current_password: Password


class TotpProposed(BaseModel):
    """A second factor that waits for its first code."""

    provisioning_uri: Annotated[
        str,
        Field(
            max_length=1000,
            pattern="^otpauth://totp/",
            description="For an authenticator app, most often as a QR code. Shown only now.",
            examples=["otpauth://totp/Board:lead%40agency.example?secret=JBSWY3DP&issuer=Board"],
        ),
    ]


class TotpConfirmation(Body):
    """The first code of a second factor."""

    totp_code: TotpCode


class IssuedRecoveryCodes(BaseModel):
    """Codes for the loss of the authenticator app."""

    recovery_codes: Annotated[
        list[RecoveryCode], Field(max_length=10, description="Each good once. Shown only now.")
    ]


class TotpRemoval(Body):
    """The wish to sign in without a second factor."""

    current_password: Password
    totp_code: OptionalTotpCode = None
    recovery_code: OptionalRecoveryCode = None
