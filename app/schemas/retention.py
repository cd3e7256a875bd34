"""Retention, legal holds and destructions on the wire (Framework section 7)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.retention import (
    HOLD_LIFECYCLE,
    OVERRIDE_LIFECYCLE,
    CaseClass,
    CaseRetention,
    HoldReason,
    HoldStatus,
    LegalHold,
    OverrideStart,
    OverrideStatus,
    RetentionExtension,
    RetentionOverride,
)
from app.pagination import Matches, Paging
from app.reference.retention_rules import RetentionCircumstance
from app.schemas.base import (
    WHOLE,
    Code,
    CreateSchema,
    Date,
    Narrative,
    Prose,
    RecordRead,
    Redaction,
    UpdateSchema,
)
from app.schemas.narratives import CaseRecordRead, NarratedCreate
from app.schemas.transitions import AllowedTransitions, CaseTransitionCreate, TransitionCreate
from app.sensitivity import Classified, Computed, Level

INNER, OPEN = Classified(Level.restricted), Classified(Level.partnership)
TODAY = "(now() AT TIME ZONE 'Europe/London')::date"
HELD = "EXISTS (SELECT FROM legal_holds h WHERE h.case_id = t.case_id AND h.status = 'active')"
EXTENDED_UNTIL = "(SELECT max(e.until_on) FROM retention_extensions e WHERE e.case_id = t.case_id)"
DUE_ON = f"coalesce({EXTENDED_UNTIL}, least(t.review_on[1], t.dispose_on))"
OF_DESTRUCTION = (
    "coalesce((SELECT d.status FROM destructions d WHERE d.case_id = t.case_id"
    " AND d.status NOT IN ('refused', 'withdrawn')), '')"
)
STATUS = (
    f"CASE WHEN {OF_DESTRUCTION} IN ('awaiting_key_rotation', 'complete')"
    f" THEN 'identities_destroyed' WHEN {HELD} THEN 'held'"
    f" WHEN {OF_DESTRUCTION} <> '' THEN 'destruction_' || {OF_DESTRUCTION}"
    " WHEN (SELECT c.closed_on FROM cases c WHERE c.id = t.case_id) IS NULL THEN 'active'"
    f" WHEN {EXTENDED_UNTIL} > {TODAY} THEN 'extended'"
    f" WHEN {DUE_ON} <= {TODAY} THEN 'review_due' ELSE 'running' END"
)
"""Where the retention of a case stands: worked out, so that it never says other than holds do."""
STANDINGS = (
    "active running review_due extended held destruction_proposed destruction_approved"
    " identities_destroyed"
)

CaseId = Annotated[UUID, Field(description="The case.")]
RecordClass = Annotated[CaseClass, Field(description="Class of the retention schedule.")]
Circumstances = Annotated[
    list[RetentionCircumstance],
    Field(
        max_length=2,
        description="What makes a stricter rule of the class apply.",
        examples=[["looked_after_child"]],
    ),
]
Standing = Annotated[
    str,
    Field(
        max_length=64,
        pattern=f"^({STANDINGS.replace(' ', '|')})$",
        description="Where it stands, worked out: `active` while the case is open, `review_due`"
        " once its day has come, `held` as long as a legal hold is in force.",
        examples=["running"],
    ),
]
UntilOn = Annotated[Date, Field(description="Day until which it is kept and then looked at again.")]
LastOfYear = "the last of a year, so that it tells no birthday"


class RetentionUpdate(UpdateSchema):
    """The class of a case, confirmed. An empty patch confirms what is on record."""

    record_class: RecordClass | MISSING = MISSING
    circumstances: Circumstances | MISSING = MISSING


class RetentionRead(RecordRead, table=CaseRetention, level=Level.partnership):
    """How long it is kept who the people of a case are; every case has one from its first day."""

    case_id: CaseId
    record_class: RecordClass
    circumstances: Annotated[
        list[RetentionCircumstance] | None,
        INNER,
        Field(max_length=2, description="What makes a stricter rule of the class apply."),
    ]
    classified_by_id: Annotated[
        UUID | None, Field(description="Who confirmed the class; null for nobody yet.")
    ]
    rules: Annotated[
        list[Code] | None,
        INNER,
        Field(max_length=20, description="Rules that apply; the last end of them holds."),
    ]
    review_on: Annotated[
        list[date],
        Field(max_length=50, description=f"Days to look at it again: each {LastOfYear}."),
    ]
    dispose_on: Annotated[
        date | None,
        Field(
            description="Day from which on identities may be destroyed,"
            f" {LastOfYear}; null for no end, or none known yet."
        ),
    ]
    extended_until: Annotated[
        date | None,
        Computed(EXTENDED_UNTIL),
        Field(description="Day until which somebody had it kept; null for none."),
    ]
    due_on: Annotated[
        date | None,
        Computed(DUE_ON),
        Field(description="Next day on which it is looked at; null for none."),
    ]
    status: Annotated[Standing, Computed(STATUS)]
    redactions: Annotated[
        list[Redaction],
        OPEN,
        Field(max_length=20, description="What is withheld from you, and why."),
    ]


class RetentionFilters(Paging):
    """Query parameters of the review queue."""

    case_id: Annotated[UUID | None, Field(description="Only of this case.")] = None
    due_before: Annotated[
        Date | None,
        Matches(f"{DUE_ON} < {{}}"),
        Field(description="Looked at before this day, exclusive."),
    ] = None
    status: Annotated[
        list[Standing],
        Matches(f"{STATUS} = ANY ({{}})"),
        Field(max_length=8, description="Standing in any of these."),
    ] = []


class RetentionExtensionCreate(NarratedCreate):
    """That a case is kept longer, or not yet destroyed, and why."""

    until_on: UntilOn
    reason: Annotated[
        Narrative, Field(description="Why.", examples=["The sibling's case is still open."])
    ]


class RetentionExtensionRead(CaseRecordRead, table=RetentionExtension, level=Level.partnership):
    """That somebody had a case kept until a day."""

    until_on: UntilOn
    reason: Annotated[Narrative, Field(description="Why.")]
    decided_by_id: Annotated[UUID, Field(description="Who decided it.")]


class RetentionOverrideCreate(CreateSchema):
    """An area's own period, in the place of the schedule's. Another person approves it."""

    record_class: RecordClass
    area_id: Annotated[UUID, Field(description="The area.")]
    years: Annotated[int, Field(ge=0, le=200, description="Years."), WHOLE]
    months: Annotated[int, Field(ge=0, le=11, description="Months besides."), WHOLE] = 0
    starts_from: Annotated[OverrideStart, Field(description="The day it counts from.")]
    review_at_years: Annotated[
        list[Annotated[int, Field(ge=1, le=199), WHOLE]],
        Field(max_length=50, description="Years at which it is looked at.", examples=[[10]]),
    ] = []
    reason: Annotated[
        Prose, Field(description="Why, naming nobody.", examples=["Schedule of the council."])
    ]


class RetentionOverrideRead(RecordRead, table=RetentionOverride, level=Level.partnership):
    """An area's own period for a class; stricter rules of the schedule stay beside it."""

    record_class: RecordClass
    area_id: Annotated[UUID, Field(description="The area.")]
    years: Annotated[int, Field(ge=0, le=200, description="Years.")]
    months: Annotated[int, Field(ge=0, le=11, description="Months besides.")]
    starts_from: Annotated[OverrideStart, Field(description="The day it counts from.")]
    review_at_years: Annotated[
        list[Annotated[int, Field(ge=1, le=199)]],
        Field(max_length=50, description="Years at which it is looked at."),
    ]
    reason: Annotated[Prose, Field(description="Why.")]
    status: Annotated[OverrideStatus, Field(description="Where it stands; only `approved` counts.")]
    proposed_by_id: Annotated[UUID, Field(description="Who proposed it.")]
    approved_by_id: Annotated[UUID | None, Field(description="Who approved it; null for nobody.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(OVERRIDE_LIFECYCLE.allowed)]


class RetentionOverrideFilters(Paging):
    """Query parameters of the list."""

    area_id: Annotated[UUID | None, Field(description="Only of this area.")] = None
    status: Annotated[
        list[OverrideStatus], Field(max_length=3, description="Standing in any of these.")
    ] = []


class RetentionOverrideTransitionCreate(TransitionCreate):
    """A move of an area's own period."""

    to: Annotated[OverrideStatus, Field(description="State to move to.", examples=["approved"])]


class LegalHoldCreate(NarratedCreate):
    """That nothing of a case is destroyed until somebody releases it."""

    case_id: CaseId
    hold_reason: Annotated[HoldReason, Field(description="Why.")]
    narrative: Annotated[
        Narrative,
        Field(description="More about it.", examples=["Disclosure is asked for by the inquiry."]),
    ]


class LegalHoldRead(CaseRecordRead, table=LegalHold, level=Level.partnership):
    """That nothing of a case is destroyed for now."""

    hold_reason: Annotated[HoldReason, Field(description="Why.")]
    narrative: Annotated[Narrative, Field(description="More about it.")]
    status: Annotated[HoldStatus, Field(description="Whether it is in force.")]
    placed_by_id: Annotated[UUID, Field(description="Who placed it.")]
    released_by_id: Annotated[UUID | None, Field(description="Who released it; null for nobody.")]
    released_at: Annotated[datetime | None, Field(description="When released; null if not.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(HOLD_LIFECYCLE.allowed)]


class LegalHoldFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[UUID | None, Field(description="Only of this case.")] = None
    hold_reason: Annotated[
        list[HoldReason], Field(max_length=8, description="For any of these reasons.")
    ] = []
    status: Annotated[
        list[HoldStatus], Field(max_length=2, description="Standing in any of these.")
    ] = []


class LegalHoldTransitionCreate(CaseTransitionCreate):
    """The release of a hold."""

    to: Annotated[HoldStatus, Field(description="State to move to.", examples=["released"])]
