"""Areas on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.areas import Area, AreaKind
from app.pagination import Matches, Paging
from app.schemas.base import Body, CreateSchema, Date, Label, RecordRead, UpdateSchema
from app.sensitivity import Computed, Level

GssCode = Annotated[
    str, Field(min_length=9, max_length=9, pattern=r"^[EWSN][0-9]{8}$", examples=["E10000021"])
]
"""A code of the Office for National Statistics."""

Name = Annotated[Label, Field(description="Name.", examples=["Northamptonshire"])]
Kind = Annotated[AreaKind, Field(description="What it is in local government.")]
AreaGssCode = Annotated[
    GssCode | None, Field(description="Code of the Office for National Statistics.")
]
LaCode = Annotated[
    Annotated[str, Field(min_length=3, max_length=3, pattern=r"^[0-9]{3}$")] | None,
    Field(
        description="Code of the Department for Education: of one area at a time, not for ever.",
        examples=["928"],
    ),
]
ValidFrom = Annotated[
    Date | None, Field(description="First day; null if not known.", examples=["1974-04-01"])
]
ValidTo = Annotated[
    Date | None,
    Field(description="Last day, inclusive; null while it lasts.", examples=["2021-03-31"]),
]
PartOfId = Annotated[
    UUID | None, Field(description="Area it is part of, as a district of a county; null for none.")
]
Predecessors = Annotated[
    list[GssCode], Field(max_length=50, description="GSS codes of the areas it went on from.")
]


class AreaNeighbour(Body):
    """An area before or after."""

    area_id: Annotated[UUID, Field(description="The other area.")]
    name: Annotated[Label, Field(description="Its name.")]
    gss_code: Annotated[GssCode | None, Field(description="Its GSS code.")]


class AreaCreate(CreateSchema):
    """An area to record."""

    name: Name
    kind: Kind
    gss_code: AreaGssCode = None
    la_code: LaCode = None
    valid_from: ValidFrom = None
    valid_to: ValidTo = None
    part_of_id: PartOfId = None
    predecessors: Predecessors = []


class AreaUpdate(UpdateSchema):
    """Changes to an area. `predecessors`, if sent, replace what was there."""

    name: Name | MISSING = MISSING
    kind: Kind | MISSING = MISSING
    gss_code: AreaGssCode | MISSING = MISSING
    la_code: LaCode | MISSING = MISSING
    valid_from: ValidFrom | MISSING = MISSING
    valid_to: ValidTo | MISSING = MISSING
    part_of_id: PartOfId | MISSING = MISSING
    predecessors: Predecessors | MISSING = MISSING


def _neighbours(other: str, own: str) -> str:
    return (
        "(SELECT coalesce(json_agg(json_build_object('area_id', o.id, 'name', o.name,"
        " 'gss_code', o.gss_code) ORDER BY o.name), '[]')"
        f" FROM area_successions s JOIN areas o ON o.id = s.{other} WHERE s.{own} = t.id)"
    )


class AreaRead(RecordRead, table=Area, level=Level.public):
    """An area."""

    name: Name
    kind: Kind
    gss_code: AreaGssCode
    la_code: LaCode
    valid_from: ValidFrom
    valid_to: ValidTo
    part_of_id: PartOfId
    predecessors: Annotated[
        list[AreaNeighbour],
        Computed(_neighbours("predecessor_id", "successor_id")),
        Field(max_length=50, description="Areas it went on from."),
    ]
    successors: Annotated[
        list[AreaNeighbour],
        Computed(_neighbours("successor_id", "predecessor_id")),
        Field(max_length=50, description="Areas it went on in."),
    ]


class AreaFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[list[AreaKind], Field(max_length=50, description="Any of these kinds.")] = []
    gss_code: Annotated[GssCode | None, Field(description="With this GSS code.")] = None
    la_code: Annotated[
        LaCode, Field(description="With this code, now or once; `valid_on` tells them apart.")
    ] = None
    part_of_id: Annotated[UUID | None, Field(description="Part of this area.")] = None
    valid_on: Annotated[
        Date | None,
        Matches(
            "coalesce(t.valid_from, '-infinity') <= {0} AND coalesce(t.valid_to, 'infinity') >= {0}"
        ),
        Field(description="Existing on this day."),
    ] = None
