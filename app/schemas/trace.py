"""From a finding to its impact, in one answer (Framework sections 3, 16 and 21 to 23)."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.briefings import Briefing, BriefingStatus
from app.models.governance import BodyDecision, DecisionOutcome
from app.schemas.action_reports import ActionDueChangeRead
from app.schemas.actions import SmartActionRead
from app.schemas.base import WHOLE, Code, Date, Label, Prose, RecordRead
from app.schemas.findings import FindingRead
from app.schemas.health import Said
from app.schemas.impact_checks import ImpactCheckRead
from app.schemas.recommendations import RecommendationRead
from app.schemas.themes import ThemeRead
from app.schemas.transitions import TransitionRead
from app.sensitivity import Computed, Level

MOST = 500
"""Records of one kind in a trace, the earliest first."""
RECEIPTS = "(SELECT count(*)::int FROM briefing_receipts r WHERE r.briefing_id = t.id{})"


class TraceSubject(StrEnum):
    """Where a trace begins, by its table."""

    findings = "findings"
    recommendations = "recommendations"
    actions = "actions"


def _receipts(condition: str = "") -> Computed:
    return Computed(RECEIPTS.format(condition))


def _count(description: str) -> object:
    return Field(ge=0, lt=2**31, json_schema_extra={"format": "int32"}, description=description)


class TracedDecision(RecordRead, table=BodyDecision, level=Level.partnership):
    """What a body decided on a record of the trace."""

    body_id: Annotated[UUID, Field(description="Body that decided.")]
    body_code: Annotated[
        Code,
        Computed("(SELECT b.code FROM bodies b WHERE b.id = t.body_id)"),
        Field(description="Its code.", examples=["board"]),
    ]
    record_id: Annotated[UUID | None, Field(description="The record; null where it named none.")]
    decided_on: Annotated[Date, Field(description="Day of the decision.")]
    outcome: Annotated[DecisionOutcome, Field(description="What it decided.")]
    text: Annotated[Prose, Field(description="The decision.", examples=["Agreed."])]


class TracedBriefing(RecordRead, table=Briefing, level=Level.partnership):
    """A briefing that tells of it, and how many of the receipts you see are in."""

    title: Annotated[Label, Field(description="Title.", examples=["Visits that were missed"])]
    released_on: Annotated[Date | None, Field(description="Day of release; null until then.")]
    status: Annotated[BriefingStatus, Field(description="Where it stands.")]
    receipts: Annotated[int, _receipts(), _count("Receipts asked for."), WHOLE]
    receipts_attested: Annotated[
        int, _receipts(" AND r.status = 'attested'"), _count("Those that are attested."), WHOLE
    ]


class TraceRead(Said):
    """All that hangs together with one record, as you may see it: what you may not see is absent.

    Each list begins with the earliest, and ends after 500.
    """

    subject: Annotated[TraceSubject, Field(description="What the trace begins with.")]
    record_id: Annotated[UUID, Field(description="That record.")]
    findings: Annotated[list[FindingRead], Field(max_length=MOST, description="What was found.")]
    themes: Annotated[
        list[ThemeRead], Field(max_length=MOST, description="Themes that the findings belong to.")
    ]
    recommendations: Annotated[
        list[RecommendationRead], Field(max_length=MOST, description="What was recommended.")
    ]
    actions: Annotated[
        list[SmartActionRead],
        Field(max_length=MOST, description="What is done, with children and counts."),
    ]
    due_date_changes: Annotated[
        list[ActionDueChangeRead], Field(max_length=MOST, description="Last days that were moved.")
    ]
    impact_checks: Annotated[
        list[ImpactCheckRead], Field(max_length=MOST, description="What it changed.")
    ]
    briefings: Annotated[
        list[TracedBriefing], Field(max_length=MOST, description="Briefings that tell of it.")
    ]
    decisions: Annotated[
        list[TracedDecision], Field(max_length=MOST, description="Decisions of bodies on it.")
    ]
    transitions: Annotated[
        list[TransitionRead], Field(max_length=MOST, description="How it all moved.")
    ]
    reopenings: Annotated[
        int, _count("How often a recommendation was reopened because it did not embed."), WHOLE
    ]
