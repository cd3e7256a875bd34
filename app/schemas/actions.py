"""SMART actions on the wire (Framework section 21). Every text names nobody: a name is refused."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.actions import ACTION_LIFECYCLE, ActionStatus, DeliveryType, Rag, SmartAction
from app.pagination import Matches, Paging
from app.schemas.action_fields import (
    AGE,
    BODY,
    COUNTED,
    IMPACT_KNOWN,
    IS_OVERDUE,
    OF_AGENCY,
    RAG,
    SOURCE_KIND,
    SUPPORT,
    Achievable,
    AgencyId,
    Delivery,
    DeputyId,
    DueOn,
    FindingId,
    ForecastOn,
    Measurable,
    OwnerId,
    Percent,
    RecommendationId,
    Relevant,
    Specific,
    Title,
    count_of,
    whole,
)
from app.schemas.base import Code, CreateSchema, Date, Label, RecordRead, Redaction, UpdateSchema
from app.schemas.sources import ShownCaseId
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level


class SmartActionCreate(CreateSchema):
    """An action to draft, for one recommendation or one finding."""

    recommendation_id: RecommendationId = None
    finding_id: FindingId = None
    agency_id: AgencyId
    title: Title
    specific: Specific = None
    measurable: Measurable = None
    achievable: Achievable = None
    relevant: Relevant = None
    due_on: DueOn = None
    owner_id: OwnerId = None
    deputy_id: DeputyId = None
    delivery_type: Delivery = DeliveryType.other


class SmartActionUpdate(UpdateSchema):
    """Changes to a draft; owner and deputy may change as long as the action is open."""

    title: Title | MISSING = MISSING
    specific: Specific | MISSING = MISSING
    measurable: Measurable | MISSING = MISSING
    achievable: Achievable | MISSING = MISSING
    relevant: Relevant | MISSING = MISSING
    due_on: DueOn | MISSING = MISSING
    owner_id: OwnerId | MISSING = MISSING
    deputy_id: DeputyId | MISSING = MISSING
    delivery_type: Delivery | MISSING = MISSING


class SmartActionRead(RecordRead, table=SmartAction, level=Level.partnership):
    """What an agency does about what was found, by when, and whether it changed anything."""

    recommendation_id: RecommendationId
    finding_id: FindingId
    source_subject: Annotated[
        Code | None,
        Field(
            description="What else it comes from, as of a challenge; else null.", examples=[None]
        ),
    ]
    source_record_id: Annotated[
        UUID | None, Field(description="The record it comes from then; else null.")
    ]
    source_case_id: ShownCaseId
    is_released: Annotated[
        bool, Field(description="Whether its source is open to all partners although of a case.")
    ]
    parent_id: Annotated[
        UUID | None, Field(description="Action that did not embed and that it goes on from.")
    ]
    body_id: Annotated[
        UUID | None,
        Computed(BODY),
        Field(description="Body that recommended it, or in charge of the finding; null for none."),
    ]
    source_kind: Annotated[
        Code | None,
        Computed(SOURCE_KIND),
        Field(
            description="Kind of source that it goes back to; null for none that you see.",
            examples=["maca"],
        ),
    ]
    agency_id: AgencyId
    title: Annotated[Label | None, OF_AGENCY, SUPPORT, Field(description="Title.")]
    specific: Annotated[Specific, OF_AGENCY, SUPPORT]
    measurable: Annotated[Measurable, OF_AGENCY, SUPPORT]
    achievable: Annotated[Achievable, OF_AGENCY, SUPPORT]
    relevant: Annotated[Relevant, OF_AGENCY, SUPPORT]
    due_on: DueOn
    first_due_on: Annotated[
        Date | None, Field(description="Last day as first agreed; null until agreed.")
    ]
    slippage_days: Annotated[
        int | None,
        Computed("(t.due_on - t.first_due_on)"),
        whole("Days by which the last day has moved since; null until agreed.", ge=-COUNTED),
    ]
    owner_id: Annotated[OwnerId, OF_AGENCY, SUPPORT]
    deputy_id: Annotated[DeputyId, OF_AGENCY, SUPPORT]
    delivery_type: Delivery
    percent: Percent
    forecast_on: ForecastOn
    rag: Annotated[
        Rag | None,
        Computed(RAG),
        Field(
            description="Red: overdue or blocked; amber: expected late, or sent back; blue:"
            " verified; null for drafts and what was cancelled."
        ),
    ]
    is_overdue: Annotated[
        bool, Computed(f"coalesce({IS_OVERDUE}, false)"), Field(description="Whether it is late.")
    ]
    age_days: Annotated[
        int,
        Computed(AGE),
        whole("Days since it was agreed, or drafted, until it was closed."),
    ]
    update_count: Annotated[int, count_of("action_updates"), whole("Reports of progress.")]
    evidence_count: Annotated[int, count_of("action_evidence"), whole("Pieces of evidence.")]
    due_change_count: Annotated[
        int, count_of("action_due_changes"), whole("How often the last day was moved.")
    ]
    child_count: Annotated[
        int, count_of("actions", "parent_id"), whole("Actions that go on from it.")
    ]
    impact_known: Annotated[
        bool,
        Computed(IMPACT_KNOWN),
        Field(description="Whether a check has found how far it embedded."),
    ]
    agreed_on: Annotated[Date | None, Field(description="Day the Board agreed it; else null.")]
    claimed_by_id: Annotated[
        UUID | None,
        OF_AGENCY,
        SUPPORT,
        Field(description="Who said last that it is done; null until then."),
    ]
    claimed_on: Annotated[Date | None, Field(description="Day of that; null until then.")]
    verified_by_id: Annotated[
        UUID | None, Field(description="Who verified it, of another agency; null until then.")
    ]
    verified_on: Annotated[Date | None, Field(description="Day of that; null until then.")]
    closed_on: Annotated[Date | None, Field(description="Day it was closed; null until then.")]
    status: Annotated[ActionStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(ACTION_LIFECYCLE.allowed)]
    redactions: Annotated[
        list[Redaction], Field(max_length=20, description="What is withheld from you, and why.")
    ]


class SmartActionFilters(Paging):
    """Query parameters of the list: a body's actions, their age, evidence and verification."""

    recommendation_id: Annotated[UUID | None, Field(description="Of this recommendation.")] = None
    finding_id: Annotated[UUID | None, Field(description="Of this finding.")] = None
    parent_id: Annotated[UUID | None, Field(description="That go on from this action.")] = None
    agency_id: Annotated[UUID | None, Field(description="Of this agency.")] = None
    body_id: Annotated[
        UUID | None, Matches(f"{BODY} = {{}}"), Field(description="Recommended by this body.")
    ] = None
    status: Annotated[
        list[ActionStatus], Field(max_length=11, description="In any of these states.")
    ] = []
    delivery_type: Annotated[
        list[DeliveryType], Field(max_length=8, description="Delivered in any of these ways.")
    ] = []
    due_on_before: Annotated[Date | None, Field(description="Due before this day.")] = None
    is_overdue: Annotated[
        bool | None,
        Matches(f"coalesce({IS_OVERDUE}, false) = {{}}"),
        Field(description="Only what is late, or is not."),
    ] = None
    is_verified: Annotated[
        bool | None,
        Matches("(t.verified_on IS NOT NULL) = {}"),
        Field(description="Only what was verified, or was not."),
    ] = None
    has_evidence: Annotated[
        bool | None,
        Matches("EXISTS (SELECT FROM action_evidence e WHERE e.action_id = t.id) = {}"),
        Field(description="Only what has evidence, or has none."),
    ] = None
    impact_known: Annotated[
        bool | None,
        Matches(f"{IMPACT_KNOWN} = {{}}"),
        Field(description="Only those whose impact is known, or is not."),
    ] = None
    age_days_from: Annotated[
        int | None,
        Matches(f"{AGE} >= {{}}"),
        whole("So many days old, or older.", lt=COUNTED),
    ] = None


class ActionTransitionCreate(DecidedTransitionCreate):
    """A move of an action. To agree or cancel it needs a decision of the Board on it."""

    to: Annotated[ActionStatus, Field(description="State to move to.", examples=["agreed"])]
