"""Answers to requests for information, their moves and their numbers (Framework section 7)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.audits import Transition
from app.models.information_requests import InformationRequestItem, ItemOutcome, SupplyWay
from app.pagination import Paging
from app.schemas.base import WHOLE, Body, Code, Date, Narrative, Redaction
from app.schemas.health import Said
from app.schemas.information_requests import SEES, Asked, OfRequestRead
from app.schemas.narratives import NarratedCreate
from app.schemas.transitions import TransitionRead
from app.sensitivity import Level, Narrated, ShownWhere

ItemAnswer = Annotated[
    Narrative | None,
    Field(
        description="The answer, or why there is none. Null where it went by another way.",
        examples=["Four visits; the records were sent apart."],
    ),
]
Way = Annotated[
    SupplyWay | None,
    Field(description="By which way it was supplied, `here` for the answer alone; else null."),
]
SuppliedOn = Annotated[Date | None, Field(description="Day it was supplied; else null.")]


class ItemAnswerWrite(NarratedCreate):
    """The answer to one item, whole."""

    outcome: Annotated[ItemOutcome, Field(description="What came of it.")]
    answer: ItemAnswer = None
    way: Way = None
    supplied_on: SuppliedOn = None


class InformationRequestItemRead(
    OfRequestRead, table=InformationRequestItem, level=Level.partnership
):
    """One thing that is asked for, and its answer."""

    information_request_id: Annotated[UUID, Field(description="The request.")]
    number: Annotated[
        int,
        Field(ge=1, le=50, json_schema_extra={"format": "int32"}, description="Place, from 1."),
    ]
    asked: Asked
    outcome: Annotated[ItemOutcome | None, Field(description="What came of it; null until then.")]
    answer: Annotated[ItemAnswer, ShownWhere(SEES)]
    way: Way
    supplied_on: SuppliedOn
    answered_by_id: Annotated[UUID | None, Field(description="Who answered; null until then.")]


class InformationRequestItemFilters(Paging):
    """Query parameters of the list."""

    outcome: Annotated[
        list[ItemOutcome], Field(max_length=3, description="With any of these outcomes.")
    ] = []


class RequestTransitionRead(TransitionRead, table=Transition, level=Level.partnership):
    """That a request moved. Who takes no part in the case is not shown the reason."""

    reason: Annotated[
        Narrative | None, Narrated(), ShownWhere(SEES), Field(description="Why, where it was said.")
    ]
    redactions: Annotated[
        list[Redaction], Field(max_length=20, description="What is withheld from you, and why.")
    ]


class SummaryAsked(Body):
    """Query parameters of the numbers."""

    year: Annotated[
        int,
        Field(
            ge=2010,
            le=2100,
            json_schema_extra={"format": "int32"},
            description="Year of the issue.",
            examples=[2017],
        ),
    ]


class RequestCount(Body):
    """How many requests by one gateway came out in one way."""

    gateway: Annotated[Code, Field(description="Legal gateway.", examples=["ca2004_s16H"])]
    outcome: Annotated[
        Code,
        Field(
            description="`supplied`, `part_supplied`, `refused`, `withdrawn`, or `open`.",
            examples=["supplied"],
        ),
    ]
    requests: Annotated[
        int | None,
        Field(
            ge=1,
            lt=2**31,
            json_schema_extra={"format": "int32"},
            description="Requests; null from 1 to 5, unless you see every case.",
        ),
        WHOLE,
    ]


class InformationRequestSummaryRead(Said):
    """Requests that were issued in a year. There are no totals: they would tell small numbers."""

    year: Annotated[
        int,
        Field(ge=2010, le=2100, json_schema_extra={"format": "int32"}, description="The year."),
    ]
    counts: Annotated[
        list[RequestCount],
        Field(max_length=500, description="By gateway and outcome; what never was is left out."),
    ]
    redactions: Annotated[
        list[Redaction],
        Field(max_length=500, description="What is withheld, with the reason `small_number`."),
    ]
