"""Priorities on the wire: what the Board puts first, version by version (Framework section 9)."""

from typing import Annotated

from pydantic import MISSING, Field

from app.models.governance import PRIORITY_LIFECYCLE, Priority, PriorityStatus
from app.pagination import Paging
from app.schemas.base import Code, CreateSchema, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level

PriorityCode = Annotated[Code, Field(description="Short name, the same in every version.")]
Title = Annotated[Label, Field(description="Title.", examples=["Neglect"])]
Description = Annotated[
    Prose | None,
    Field(description="What is meant, and why; null: nothing.", examples=["Early help for all."]),
]


class PriorityCreate(CreateSchema):
    """A priority to propose; of a code that is there, its next version."""

    code: PriorityCode
    title: Title
    description: Description = None


class PriorityUpdate(UpdateSchema):
    """Changes to a proposal."""

    title: Title | MISSING = MISSING
    description: Description | MISSING = MISSING


class PriorityRead(RecordRead, table=Priority, level=Level.public):
    """What the Board puts first."""

    code: PriorityCode
    version: Annotated[int, Field(description="Version of this code, from 1.")]
    title: Title
    description: Description
    status: Annotated[PriorityStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(PRIORITY_LIFECYCLE.allowed)]


class PriorityTransitionCreate(DecidedTransitionCreate):
    """A move of a priority; to adopt or retire it takes a decision of the Board on it."""

    to: Annotated[PriorityStatus, Field(description="State to move to.")]


class PriorityFilters(Paging):
    """Query parameters of the list."""

    code: Annotated[Code | None, Field(description="Only versions of this code.")] = None
    status: Annotated[
        list[PriorityStatus], Field(max_length=4, description="Any of these states.")
    ] = []
