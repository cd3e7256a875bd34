"""Who a person of a case is: the members that are sealed, and shown under a grant alone.

Framework section 7.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.schemas.base import TEXT, Body, Date, EmailAddress

Identifying = Annotated[str, Field(min_length=1, max_length=200, pattern=TEXT)]
"""A text that says who a person is. It is sealed before it is stored."""


class NameUse(StrEnum):
    """When a name is or was in use."""

    current = "current"
    former = "former"
    alias = "alias"
    nickname = "nickname"


class IdentityField(StrEnum):
    """What a disclosure grant may cover."""

    names = "names"
    date_of_birth = "date_of_birth"
    date_of_death = "date_of_death"
    nhs_number = "nhs_number"
    upn = "upn"
    national_insurance_number = "national_insurance_number"
    local_identifiers = "local_identifiers"
    addresses = "addresses"
    telephones = "telephones"
    emails = "emails"
    school = "school"


class IdentityName(Body):
    """A name of a person, and when it is in use."""

    use: Annotated[NameUse, Field(description="When it is or was in use.")] = NameUse.current
    given: Annotated[
        Identifying | None,
        Field(description="Given names, separated by blanks; null if unknown.", examples=["Ann"]),
    ] = None
    family: Annotated[
        Identifying | None, Field(description="Family name; null if unknown.", examples=["Example"])
    ] = None


class IdentityAddress(Body):
    """An address of a person."""

    lines: Annotated[
        Identifying,
        Field(description="The address on one line, parts separated by commas; no postcode."),
    ]
    postcode: Annotated[
        Annotated[str, Field(pattern=r"^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$", max_length=8)]
        | None,
        Field(description="Postcode in capitals; null if unknown.", examples=["NN1 1AA"]),
    ] = None


NhsNumber = Annotated[
    Annotated[str, Field(pattern=r"^[0-9]{10}$", max_length=10)] | None,
    Field(
        description="NHS number, ten digits; a wrong check digit is refused. Null if unknown.",
        examples=["9990000026"],
    ),
]
Upn = Annotated[
    Annotated[str, Field(pattern=r"^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$", max_length=13)]
    | None,
    Field(
        description="Unique pupil number; a wrong check letter is refused. Null if unknown.",
        examples=[None],
    ),
]
NationalInsuranceNumber = Annotated[
    Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{6}[A-D]$", max_length=9)] | None,
    Field(
        description="National Insurance number without blanks; null if unknown.", examples=[None]
    ),
]
Telephone = Annotated[
    str,
    Field(
        min_length=5,
        max_length=25,
        pattern=r"^\+?[0-9][0-9 ()\-]{3,23}$",
        examples=["01604 496 0000"],
    ),
]


class Identity(Body):
    """Who a person is. In answers, null where the grant does not cover it, and then listed."""

    names: Annotated[
        list[IdentityName] | None,
        Field(
            max_length=30,
            description="Names; the one in use first.",
            examples=[[{"use": "current", "given": "Ann", "family": "Example"}]],
        ),
    ] = []
    date_of_birth: Annotated[Date | None, Field(description="Date of birth; null if unknown.")] = (
        None
    )
    date_of_death: Annotated[
        Date | None, Field(description="Date of death; null if none.", examples=[None])
    ] = None
    nhs_number: NhsNumber = None
    upn: Upn = None
    national_insurance_number: NationalInsuranceNumber = None
    local_identifiers: Annotated[
        list[Identifying] | None,
        Field(
            max_length=30,
            description="Numbers of agencies' own: social care, police …",
            examples=[[]],
        ),
    ] = []
    addresses: Annotated[
        list[IdentityAddress] | None, Field(max_length=30, description="Addresses.", examples=[[]])
    ] = []
    telephones: Annotated[
        list[Telephone] | None,
        Field(max_length=10, description="Telephone numbers.", examples=[[]]),
    ] = []
    emails: Annotated[
        list[EmailAddress] | None,
        Field(max_length=10, description="E-mail addresses.", examples=[[]]),
    ] = []
    school: Annotated[
        Identifying | None,
        Field(description="School the person goes to; null for none.", examples=[None]),
    ] = None
