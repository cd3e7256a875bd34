"""Grade scales on the wire: versioned, and never changed once recorded."""

from typing import Annotated

from pydantic import Field

from app.models.instruments import GradeScale, Meets
from app.pagination import Matches, Paging
from app.schemas.base import WHOLE, Body, Code, CreateSchema, Date, Label, RecordRead
from app.sensitivity import Computed, Level

Version = Annotated[int, Field(ge=1, le=9999, description="Version: a number or a year."), WHOLE]
ValidFrom = Annotated[
    Date | None, Field(description="First day; null if not known.", examples=["2015-03-26"])
]
ValidTo = Annotated[
    Date | None, Field(description="Last day, inclusive; null while it lasts.", examples=[None])
]
ScaleCode = Annotated[Code, Field(description="Name of the scale.", examples=["S11_0_3"])]
ScaleTitle = Annotated[Label, Field(description="Title.", examples=["Section 11: 0 to 3"])]
ComparableWith = Annotated[
    list[Code],
    Field(
        max_length=20,
        description="Scales that match this one value by value, in order. No other grades are ever"
        " set side by side.",
        examples=[["S11_RAG"]],
    ),
]


class GradeValueCreate(Body):
    """One grade of a scale. That a question does not apply is never a grade."""

    code: Annotated[Code, Field(description="The grade.", examples=["2"])]
    label: Annotated[Label, Field(description="In words.", examples=["Largely met"])]
    rank: Annotated[
        int, Field(ge=0, le=1000, description="Higher is better, within one scale."), WHOLE
    ]
    meets: Annotated[Meets, Field(description="What it says of a standard.")]


GradeValues = Annotated[
    list[GradeValueCreate], Field(min_length=2, max_length=101, description="Grades, worst first.")
]


class GradeScaleCreate(CreateSchema):
    """A version of a grade scale. It never changes: a correction is a new version."""

    code: ScaleCode
    version: Version
    title: ScaleTitle
    valid_from: ValidFrom = None
    valid_to: ValidTo = None
    comparable_with: ComparableWith = []
    values: GradeValues


class GradeScaleRead(RecordRead, table=GradeScale, level=Level.public):
    """A version of a grade scale."""

    code: ScaleCode
    version: Version
    title: ScaleTitle
    valid_from: ValidFrom
    valid_to: ValidTo
    comparable_with: ComparableWith
    values: Annotated[
        GradeValues,
        Computed(
            "(SELECT json_agg(json_build_object('code', v.code, 'label', v.label, 'rank', v.rank,"
            " 'meets', v.meets) ORDER BY v.rank) FROM grade_values v WHERE v.scale_id = t.id)"
        ),
    ]


class GradeScaleFilters(Paging):
    """Query parameters of the list."""

    code: Annotated[Code | None, Field(description="Versions of this scale.")] = None
    valid_on: Annotated[
        Date | None,
        Matches(
            "coalesce(t.valid_from, '-infinity') <= {0} AND coalesce(t.valid_to, 'infinity') >= {0}"
        ),
        Field(description="In use on this day."),
    ] = None


class ScaleVersion(Body):
    """A version of a grade scale, by name."""

    code: ScaleCode
    version: Version
