"""Stakeholders and officers on the wire: whom the Board answers to, and what it told them.

Framework section 8. Officers stand here by their post: nobody is named.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.plans import OfficerBriefing, OfficerRecipient, Stakeholder, StakeholderRelation
from app.pagination import Matches, Paging
from app.schemas.base import CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.sensitivity import Level

Name = Annotated[
    Label, Field(description="Name of the body or group.", examples=["Health and Wellbeing Board"])
]
Relation = Annotated[StakeholderRelation, Field(description="How the Board stands to it.")]
AgencyId = Annotated[UUID | None, Field(description="The agency it is; null for none of them.")]
Receives = Annotated[
    Prose, Field(description="What it receives of the Board.", examples=["The annual report."])
]
ReceivesWhen = Annotated[
    Label, Field(description="When it receives that.", examples=["Each year in September"])
]
Recipient = Annotated[OfficerRecipient, Field(description="Who was told, by the post.")]
RecipientTitle = Annotated[
    Label, Field(description="Title of the post.", examples=["Chief Executive"])
]
IsEscalation = Annotated[
    bool, Field(strict=True, description="Whether the Board has escalated something with it.")
]
SentOn = Annotated[Date, Field(description="Day it was sent.")]
Text = Annotated[
    Prose, Field(description="What was said.", examples=["Waits for assessments have grown."])
]
Answer = Annotated[
    Prose | None,
    Field(description="What came back; null for nothing yet.", examples=["Two posts are added."]),
]
RespondedOn = Annotated[Date | None, Field(description="Day it came back; null for nothing yet.")]


class StakeholderCreate(CreateSchema):
    """A stakeholder to put on the map."""

    name: Name
    relation: Relation
    agency_id: AgencyId = None
    receives: Receives
    receives_when: ReceivesWhen


class StakeholderUpdate(UpdateSchema):
    """Changes to a stakeholder."""

    name: Name | MISSING = MISSING
    relation: Relation | MISSING = MISSING
    agency_id: AgencyId | MISSING = MISSING
    receives: Receives | MISSING = MISSING
    receives_when: ReceivesWhen | MISSING = MISSING


class StakeholderRead(RecordRead, table=Stakeholder, level=Level.partnership):
    """Whom the Board answers to or works with, and what they receive of it."""

    name: Name
    relation: Relation
    agency_id: AgencyId
    receives: Receives
    receives_when: ReceivesWhen


class StakeholderFilters(Paging):
    """Query parameters of the list."""

    relation: Annotated[
        list[StakeholderRelation], Field(max_length=6, description="Any of these relations.")
    ] = []
    agency_id: Annotated[UUID | None, Field(description="Only this agency.")] = None


class OfficerBriefingCreate(CreateSchema):
    """What the chair told an officer. It is not worded anew afterwards."""

    recipient: Recipient
    recipient_title: RecipientTitle
    is_escalation: IsEscalation = False
    sent_on: SentOn
    text: Text


class OfficerBriefingUpdate(UpdateSchema):
    """What came back."""

    response: Answer | MISSING = MISSING
    responded_on: RespondedOn | MISSING = MISSING


class OfficerBriefingRead(RecordRead, table=OfficerBriefing, level=Level.partnership):
    """What the chair told an officer, and what came back."""

    recipient: Recipient
    recipient_title: RecipientTitle
    is_escalation: IsEscalation
    sent_on: SentOn
    text: Text
    response: Answer
    responded_on: RespondedOn


class OfficerBriefingFilters(Paging):
    """Query parameters of the list."""

    recipient: Annotated[
        list[OfficerRecipient], Field(max_length=5, description="Any of these recipients.")
    ] = []
    is_escalation: Annotated[
        bool | None, Field(description="Only what was escalated, or what was not.")
    ] = None
    is_answered: Annotated[
        bool | None,
        Matches("(t.responded_on IS NOT NULL) = {}"),
        Field(description="Only what was answered, or what waits for an answer."),
    ] = None
    sent_on_from: Annotated[Date | None, Field(description="Sent on this day or later.")] = None
    sent_on_before: Annotated[Date | None, Field(description="Sent before this day.")] = None
