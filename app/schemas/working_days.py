"""Working days on the wire: the day a period of working days ends on."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.base import Date, Label
from app.schemas.health import Said

MOST = 1000
Days = Annotated[
    int,
    Field(
        ge=-MOST,
        le=MOST,
        description="Working days; negative for days back from it, 0 for the day itself.",
        examples=[15],
        json_schema_extra={"format": "int32"},
    ),
]
From = Annotated[
    Date,
    Field(alias="from", description="The day to count from. It is not counted itself."),
]


class WorkingDaysAsked(BaseModel):
    """A day, and how many working days to count from it."""

    model_config = ConfigDict(extra="forbid")

    start: From
    days: Days


class BankHolidayRead(Said):
    """A bank holiday of England and Wales."""

    on: Annotated[Date, Field(description="The day.", examples=["2017-12-25"])]
    name: Annotated[Label, Field(description="Its name.", examples=["Christmas Day"])]
    is_substitute: Annotated[
        bool, Field(description="Whether it stands for a day on a weekend.", examples=[False])
    ]


class WorkingDaysRead(Said):
    """The day a period of working days ends on."""

    start: From
    days: Days
    due_on: Annotated[
        Date, Field(description="The last of the days counted.", examples=["2017-11-22"])
    ]
    bank_holidays: Annotated[
        list[BankHolidayRead],
        Field(max_length=100, description="Bank holidays that were passed over, earliest first."),
    ]
