"""Agencies on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.agencies import (
    Agency,
    AgencyLead,
    DutyBasis,
    IdentifierScheme,
    LeadFunction,
    Sector,
    SuccessionKind,
)
from app.pagination import Matches, Paging
from app.schemas.base import (
    Body,
    Code,
    CreateSchema,
    Date,
    EmailAddress,
    Label,
    PersonName,
    RecordRead,
    UpdateSchema,
)
from app.sensitivity import Computed, Level

Name = Annotated[Label, Field(description="Full name.", examples=["Northamptonshire Police"])]
ShortName = Annotated[Label | None, Field(description="Name in daily use.", examples=["NHFT"])]
AgencySector = Annotated[Sector, Field(description="Kind of agency.", examples=["police"])]
DutyBases = Annotated[
    list[DutyBasis],
    Field(
        max_length=9,
        description="Why it owes the Board an answer: the law, a contract or its own will.",
        examples=[["section_11"]],
    ),
]
IsBoardMember = Annotated[bool, Field(strict=True, description="Whether it sits on the Board.")]
ServesAdults = Annotated[bool, Field(strict=True, description="Whether it also serves adults.")]
AreaId = Annotated[UUID | None, Field(description="Area it works in; null for none in particular.")]
Town = Annotated[Label | None, Field(description="Town of its address.", examples=["Kettering"])]
ValidFrom = Annotated[
    Date | None, Field(description="First day; null if not known.", examples=["2001-04-01"])
]
ValidTo = Annotated[
    Date | None, Field(description="Last day, inclusive; null while it lasts.", examples=[None])
]


class Identifier(Body):
    """An identifier in somebody's register."""

    scheme: Annotated[IdentifierScheme, Field(description="Who gave it.", examples=["urn"])]
    value: Annotated[Code, Field(description="The identifier itself.", examples=["121902"])]
    valid_to: Annotated[
        Date | None,
        Field(description="Last day it meant this agency; null while it does.", examples=[None]),
    ] = None


Identifiers = Annotated[
    list[Identifier],
    Field(max_length=20, description="Identifiers by scheme; each belongs to one agency only."),
]


class Succession(Body):
    """An agency before or after, by one of its identifiers."""

    identifier: Annotated[Identifier, Field(description="Of the other agency.")]
    kind: Annotated[SuccessionKind, Field(description="How one went on in the other.")]
    effective_on: Annotated[
        Date | None, Field(description="Day it took effect; null if not known.")
    ] = None


Predecessors = Annotated[
    list[Succession], Field(max_length=50, description="Agencies this one went on from.")
]


class Neighbour(Body):
    """An agency before or after."""

    agency_id: Annotated[UUID, Field(description="The other agency.")]
    name: Annotated[Label, Field(description="Its name.")]
    kind: Annotated[SuccessionKind, Field(description="How one went on in the other.")]
    effective_on: Annotated[
        Date | None, Field(description="Day it took effect; null if not known.")
    ]


class AgencyCreate(CreateSchema):
    """An agency to record."""

    name: Name
    short_name: ShortName = None
    sector: AgencySector
    duty_bases: DutyBases = []
    is_board_member: IsBoardMember = False
    serves_adults: ServesAdults = False
    area_id: AreaId = None
    town: Town = None
    valid_from: ValidFrom = None
    valid_to: ValidTo = None
    identifiers: Identifiers = []
    predecessors: Predecessors = []


class AgencyUpdate(UpdateSchema):
    """Changes to an agency. `identifiers` and `predecessors`, if sent, replace what was there."""

    name: Name | MISSING = MISSING
    short_name: ShortName | MISSING = MISSING
    sector: AgencySector | MISSING = MISSING
    duty_bases: DutyBases | MISSING = MISSING
    is_board_member: IsBoardMember | MISSING = MISSING
    serves_adults: ServesAdults | MISSING = MISSING
    area_id: AreaId | MISSING = MISSING
    town: Town | MISSING = MISSING
    valid_from: ValidFrom | MISSING = MISSING
    valid_to: ValidTo | MISSING = MISSING
    identifiers: Identifiers | MISSING = MISSING
    predecessors: Predecessors | MISSING = MISSING


def _neighbours(other: str, own: str) -> str:
    return (
        "(SELECT coalesce(json_agg(json_build_object('agency_id', o.id, 'name', o.name,"
        " 'kind', s.kind, 'effective_on', s.effective_on) ORDER BY o.name), '[]')"
        f" FROM agency_successions s JOIN agencies o ON o.id = s.{other} WHERE s.{own} = t.id)"
    )


class AgencyRead(RecordRead, table=Agency, level=Level.public):
    """An agency."""

    name: Name
    short_name: ShortName
    sector: AgencySector
    duty_bases: DutyBases
    is_board_member: IsBoardMember
    serves_adults: ServesAdults
    area_id: AreaId
    town: Town
    valid_from: ValidFrom
    valid_to: ValidTo
    identifiers: Annotated[
        Identifiers,
        Computed(
            "(SELECT coalesce(json_agg(json_build_object('scheme', i.scheme, 'value', i.value,"
            " 'valid_to', i.valid_to)"
            " ORDER BY i.scheme, i.value), '[]') FROM agency_identifiers i"
            " WHERE i.agency_id = t.id)"
        ),
    ]
    predecessors: Annotated[
        list[Neighbour],
        Computed(_neighbours("predecessor_id", "successor_id")),
        Field(max_length=1000, description="Agencies this one went on from."),
    ]
    successors: Annotated[
        list[Neighbour],
        Computed(_neighbours("successor_id", "predecessor_id")),
        Field(max_length=1000, description="Agencies this one went on in."),
    ]


class AgencyFilters(Paging):
    """Query parameters of the list."""

    sector: Annotated[list[Sector], Field(max_length=50, description="Any of these sectors.")] = []
    duty_basis: Annotated[
        list[DutyBasis],
        Matches("t.duty_bases && {}::text[]"),
        Field(max_length=50, description="Owing an answer for any of these reasons."),
    ] = []
    is_board_member: Annotated[bool | None, Field(description="Sitting on the Board, or not.")] = (
        None
    )
    identifier: Annotated[
        Code | None,
        Matches("t.id IN (SELECT i.agency_id FROM agency_identifiers i WHERE i.value = {})"),
        Field(description="Known by this identifier, whatever its scheme."),
    ] = None
    without_lead: Annotated[
        LeadFunction | None,
        Matches(
            "NOT EXISTS (SELECT FROM agency_leads l WHERE l.agency_id = t.id AND l.function = {}"
            " AND NOT l.is_deputy AND l.valid_from <= current_date"
            " AND coalesce(l.valid_to, 'infinity') >= current_date)"
        ),
        Field(description="With nobody in office today for this function: a vacancy."),
    ] = None
    valid_on: Annotated[
        Date | None,
        Matches(
            "coalesce(t.valid_from, '-infinity') <= {0} AND coalesce(t.valid_to, 'infinity') >= {0}"
        ),
        Field(description="Existing on this day."),
    ] = None


class AgencyLeadCreate(CreateSchema):
    """A named lead, or a deputy, to record for an agency."""

    agency_id: Annotated[UUID, Field(description="The agency.")]
    function: Annotated[LeadFunction, Field(description="What the lead provides.")]
    name: Annotated[PersonName, Field(description="Name of the officer.", examples=["A. Officer"])]
    post: Annotated[Label | None, Field(description="Post held.")] = None
    email: Annotated[EmailAddress | None, Field(description="Address for reminders.")] = None
    is_deputy: Annotated[bool, Field(strict=True, description="Whether this is the deputy.")] = (
        False
    )
    valid_from: Annotated[Date, Field(description="First day in office.")]
    valid_to: Annotated[
        Date | None, Field(description="Last day in office; null while it lasts.")
    ] = None


class AgencyLeadUpdate(UpdateSchema):
    """Changes to a named lead; `valid_to` ends the office."""

    name: Annotated[PersonName, Field(description="Name of the officer.")] | MISSING = MISSING
    post: Annotated[Label | None, Field(description="Post held.")] | MISSING = MISSING
    email: Annotated[EmailAddress | None, Field(description="Address for reminders.")] | MISSING = (
        MISSING
    )
    is_deputy: (
        Annotated[bool, Field(strict=True, description="Whether this is the deputy.")] | MISSING
    ) = MISSING
    valid_to: Annotated[Date | None, Field(description="Last day in office.")] | MISSING = MISSING


class AgencyLeadRead(RecordRead, table=AgencyLead, level=Level.partnership):
    """A named lead of an agency for one function."""

    agency_id: Annotated[UUID, Field(description="The agency.")]
    function: Annotated[LeadFunction, Field(description="What the lead provides.")]
    name: Annotated[PersonName, Field(description="Name of the officer.")]
    post: Annotated[Label | None, Field(description="Post held.")]
    email: Annotated[EmailAddress | None, Field(description="Address for reminders.")]
    is_deputy: Annotated[bool, Field(description="Whether this is the deputy.")]
    valid_from: Annotated[Date, Field(description="First day in office.")]
    valid_to: Annotated[Date | None, Field(description="Last day in office; null while it lasts.")]


class AgencyLeadFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only leads of this agency.")] = None
    function: Annotated[
        list[LeadFunction], Field(max_length=50, description="Any of these functions.")
    ] = []
    in_office_on: Annotated[
        Date | None,
        Matches("t.valid_from <= {0} AND coalesce(t.valid_to, 'infinity') >= {0}"),
        Field(description="In office on this day."),
    ] = None
