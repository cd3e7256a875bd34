"""Reports of progress, evidence, and new days for actions on the wire (Framework section 21)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.actions import ActionDueChange, ActionEvidence, ActionUpdate
from app.pagination import Paging
from app.schemas.action_fields import OF_AGENCY, RUNS_OR_OWNS, ForecastOn
from app.schemas.base import WHOLE, CreateSchema, Date, Label, Prose, RecordRead, Redaction
from app.sensitivity import Level, ShownWhere

SUPPORT = ShownWhere(
    f"{RUNS_OR_OWNS} OR caller.level >= {Level.agency.value} AND EXISTS (SELECT FROM actions a"
    " WHERE a.id = t.action_id AND a.delivery_type <> 'individual_support')"
)
"""What an agency says of its action: for itself and who moderates; of support for fewer."""
ActionId = Annotated[UUID, Field(description="The action.")]
AgencyId = Annotated[UUID, Field(description="Agency that does it.")]
Reported = Annotated[
    Prose, Field(description="What was done since.", examples=["The rota is in force."])
]
Percent = Annotated[
    int | None,
    Field(
        ge=0,
        le=100,
        json_schema_extra={"format": "int32"},
        description="How much is done, in percent; null where it is as before.",
    ),
    WHOLE,
]
EvidenceTitle = Annotated[
    Label, Field(description="What it is.", examples=["Rota of the first quarter"])
]
Url = Annotated[
    str | None,
    Field(
        max_length=2000,
        pattern=r"^https://[A-Za-z0-9.\-]+(:[0-9]+)?(/[!-~]*)?$",
        description="Address of the page; null for a file.",
        examples=["https://example.org/rota"],
    ),
]
EvidenceId = Annotated[
    UUID | None,
    Field(description="File that the agency sent as evidence of an answer; null for a page."),
]
Note = Annotated[
    Prose | None,
    Field(description="What it shows; null for no note.", examples=["Second visits are planned."]),
]
Redactions = Annotated[
    list[Redaction], Field(max_length=20, description="What is withheld from you, and why.")
]
NewDueOn = Annotated[Date, Field(description="The new last day.")]
DecisionId = Annotated[UUID, Field(description="Decision of the body on this action.")]
Reason = Annotated[Prose, Field(description="Why.", examples=["The new system comes in May."])]


class ActionUpdateCreate(CreateSchema):
    """A report on the action of one's own agency."""

    text: Reported
    percent: Percent = None
    forecast_on: ForecastOn = None


class ActionUpdateRead(RecordRead, table=ActionUpdate, level=Level.partnership):
    """What an agency reported of its action."""

    action_id: ActionId
    agency_id: AgencyId
    text: Annotated[Prose | None, OF_AGENCY, SUPPORT, Field(description="What was done since.")]
    percent: Percent
    forecast_on: ForecastOn
    written_by_id: Annotated[UUID | None, OF_AGENCY, SUPPORT, Field(description="Who reported it.")]
    redactions: Redactions


class ActionUpdateFilters(Paging):
    """Query parameters of the list."""


class ActionEvidenceCreate(CreateSchema):
    """Evidence of the own agency: a page or a file, one of the two."""

    title: EvidenceTitle
    url: Url = None
    evidence_id: EvidenceId = None
    note: Note = None


class ActionEvidenceRead(RecordRead, table=ActionEvidence, level=Level.partnership):
    """What shows that an action was done."""

    action_id: ActionId
    agency_id: AgencyId
    title: Annotated[Label | None, OF_AGENCY, SUPPORT, Field(description="What it is.")]
    url: Annotated[Url, OF_AGENCY, SUPPORT]
    evidence_id: Annotated[EvidenceId, OF_AGENCY, SUPPORT]
    note: Annotated[Note, OF_AGENCY, SUPPORT]
    added_by_id: Annotated[UUID | None, OF_AGENCY, SUPPORT, Field(description="Who added it.")]
    redactions: Redactions


class ActionEvidenceFilters(Paging):
    """Query parameters of the list."""


class ActionDueChangeCreate(CreateSchema):
    """A new last day for an agreed action, by a decision that serves this once."""

    due_on: NewDueOn
    decision_id: DecisionId
    reason: Reason


class ActionDueChangeRead(RecordRead, table=ActionDueChange, level=Level.partnership):
    """That the last day of an action was moved."""

    action_id: ActionId
    from_due_on: Annotated[Date, Field(description="Last day before.")]
    to_due_on: NewDueOn
    decision_id: DecisionId
    reason: Annotated[
        Prose | None,
        OF_AGENCY,
        ShownWhere(
            "EXISTS (SELECT FROM actions a WHERE a.id = t.action_id AND (a.agency_id ="
            " caller.agency_id OR 'learning:run' = ANY (caller.grants)"
            " OR a.delivery_type <> 'individual_support'))"
        ),
        Field(description="Why."),
    ]
    changed_by_id: Annotated[UUID, Field(description="Who recorded it for the body.")]
    redactions: Redactions


class ActionDueChangeFilters(Paging):
    """Query parameters of the list."""
