"""The members of a SMART action, and what is worked out of one (Framework section 21).

Individual support is recorded without naming anybody outside the agency: what it says is for that
agency and the Business Office.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.actions import DeliveryType
from app.schemas.base import WHOLE, Date, Label, Prose
from app.sensitivity import Classified, Computed, Level, ShownWhere

TODAY = "(now() AT TIME ZONE 'Europe/London')::date"
RUNS_OR_OWNS = "t.agency_id = caller.agency_id OR 'learning:run' = ANY (caller.grants)"
OF_AGENCY = Classified(Level.agency)
SUPPORT = ShownWhere(f"t.delivery_type <> 'individual_support' OR {RUNS_OR_OWNS}")
OPEN = "t.status IN ('agreed', 'in_progress', 'blocked', 'rejected_back')"
IS_OVERDUE = f"({OPEN} AND t.due_on < {TODAY})"
RAG = (
    "CASE WHEN t.verified_on IS NOT NULL THEN 'blue_complete'"
    f" WHEN t.status = 'blocked' OR {IS_OVERDUE} THEN 'red'"
    " WHEN t.forecast_on > t.due_on OR t.status = 'rejected_back' THEN 'amber'"
    " WHEN t.agreed_on IS NOT NULL AND t.status <> 'cancelled' THEN 'green' END"
)
CHECKED = "SELECT FROM impact_checks c WHERE c.subject = 'actions' AND c.record_id = t.id"
IMPACT_KNOWN = (
    f"EXISTS ({CHECKED} AND c.result IN ('embedded', 'partly_embedded', 'not_embedded')"
    " AND c.status = 'concluded')"
)
BODY = (
    "coalesce((SELECT r.body_id FROM recommendations r WHERE r.id = t.recommendation_id),"
    " (SELECT f.body_id FROM findings f WHERE f.id = t.finding_id))"
)
SOURCE_KIND = (
    "coalesce((SELECT r.source_kind FROM recommendations r WHERE r.id = t.recommendation_id),"
    " (SELECT f.source_kind FROM findings f WHERE f.id = t.finding_id))"
)
AGE = f"(coalesce(t.closed_on, {TODAY}) - coalesce(t.agreed_on, t.created_at::date))"


def count_of(table: str, key: str = "action_id") -> Computed:
    """Count the rows of a table that hang on the action and that the reader sees."""
    return Computed(f"(SELECT count(*)::int FROM {table} n WHERE n.{key} = t.id)")


def whole(description: str, ge: int = 0, le: int | None = None, lt: int | None = None) -> object:
    """Describe a whole number, from 0 unless told otherwise."""
    return Field(
        ge=ge, le=le, lt=lt, json_schema_extra={"format": "int32"}, description=description
    )


COUNTED = 2**31
RecommendationId = Annotated[
    UUID | None, Field(description="Recommendation it carries out; null for another source.")
]
FindingId = Annotated[
    UUID | None, Field(description="Finding it answers at once; null for another source.")
]
AgencyId = Annotated[UUID, Field(description="Agency that does it and reports on it.")]
Title = Annotated[Label, Field(description="Title.", examples=["Follow up missed visits"])]
Specific = Annotated[
    Prose | None,
    Field(
        description="What exactly is done; null in a draft only.",
        examples=["Each missed visit is followed up by a second visit."],
    ),
]
Measurable = Annotated[
    Prose | None,
    Field(
        description="By what it shows, from which value to which; null in a draft only.",
        examples=["Visits followed up within a week: from 60 to 95 of 100."],
    ),
]
Achievable = Annotated[
    Prose | None,
    Field(
        description="With which means, and on what it depends; null in a draft only.",
        examples=["Two posts are filled; the rota allows for it."],
    ),
]
Relevant = Annotated[
    Prose | None,
    Field(
        description="Why it meets the recommendation; null in a draft only.",
        examples=["Missed visits were not noticed in time."],
    ),
]
DueOn = Annotated[
    Date | None,
    Field(
        description="Last day; null in a draft only. Once agreed, a decision of a body moves it."
    ),
]
OwnerId = Annotated[
    UUID | None, Field(description="Person of the agency who answers for it; null in a draft only.")
]
DeputyId = Annotated[
    UUID | None, Field(description="Person of the agency who stands in; null in a draft only.")
]
Delivery = Annotated[DeliveryType, Field(description="How it reaches practice.")]
Percent = Annotated[int, whole("How much of it is done, in percent.", le=100), WHOLE]
ForecastOn = Annotated[
    Date | None, Field(description="Day on which the agency expects it done; null for no forecast.")
]
