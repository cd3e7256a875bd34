"""Themes that findings show, and recommendations of sub groups to the Board.

Framework sections 9, 16, 21 and 22. Only the Board accepts; what did not change practice reopens.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record
from app.models.findings import SourceKind


class ThemeStatus(StrEnum):
    """Where a theme stands."""

    open = "open"
    monitored = "monitored"
    closed = "closed"


class RecommendationStatus(StrEnum):
    """Where a recommendation stands."""

    drafted = "drafted"
    recommended_by_sub_group = "recommended_by_sub_group"
    executive_group_supported = "executive_group_supported"
    executive_group_returned = "executive_group_returned"
    accepted = "accepted"
    rejected = "rejected"
    deferred = "deferred"
    actions_agreed = "actions_agreed"
    implemented = "implemented"
    impact_verified = "impact_verified"
    reopened = "reopened"
    closed = "closed"
    superseded = "superseded"


class Theme(Record):
    """What several findings show, followed by a sub group."""

    __tablename__ = "themes"

    title: Mapped[str]
    description: Mapped[str]
    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"))
    priority_id: Mapped[UUID | None] = mapped_column(ForeignKey("priorities.id"), index=True)
    standard: Mapped[str | None]
    status: Mapped[ThemeStatus] = mapped_column(server_default=ThemeStatus.open)


class ThemeFinding(Record):
    """That a finding is evidence of a theme."""

    __tablename__ = "theme_findings"

    theme_id: Mapped[UUID] = mapped_column(ForeignKey("themes.id"))
    finding_id: Mapped[UUID] = mapped_column(ForeignKey("findings.id"), index=True)
    added_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class BoardRecommendation(Record):
    """What a sub group recommends to the Board.

    A national one was recommended elsewhere and enters as recommended. The database sets
    `source_case_id` from the case review it comes from.
    """

    __tablename__ = "recommendations"

    title: Mapped[str]
    text: Mapped[str]
    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"))
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    priority_id: Mapped[UUID | None] = mapped_column(ForeignKey("priorities.id"), index=True)
    source_kind: Mapped[SourceKind]
    source_id: Mapped[UUID | None]
    source_title: Mapped[str]
    source_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    is_national: Mapped[bool] = mapped_column(server_default=false())
    status: Mapped[RecommendationStatus] = mapped_column(
        server_default=RecommendationStatus.drafted
    )
    deferred_until: Mapped[date | None]
    superseded_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("recommendations.id"), index=True
    )
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    is_released: Mapped[bool] = mapped_column(server_default=false())
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    release_decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"), index=True)
    release_reason: Mapped[str | None]


class RecommendationFinding(Record):
    """That a recommendation answers a finding."""

    __tablename__ = "recommendation_findings"

    recommendation_id: Mapped[UUID] = mapped_column(ForeignKey("recommendations.id"))
    finding_id: Mapped[UUID] = mapped_column(ForeignKey("findings.id"), index=True)
    added_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


WRITE, CHECK, CHAIRS_ACTION = (
    "recommendations:write",
    "impact-checks:write",
    "chairs-action:take",
)
BOARD, EXECUTIVE, SUB_GROUP = ("board",), ("executive_group",), ("sub_group", "panel")
OPEN_ACTION = "'agreed', 'in_progress', 'blocked', 'completion_claimed', 'rejected_back'"
DONE_ACTION = "'verified', 'impact_pending', 'closed_embedded'"


def _actions(states: str) -> str:
    return (
        "EXISTS (SELECT FROM actions a WHERE a.recommendation_id = t.id"
        f" AND a.status IN ({states}))"
    )


HAS_ACTIONS = _actions(f"{OPEN_ACTION}, {DONE_ACTION}")
IS_UNDER_WAY = _actions(OPEN_ACTION)
IS_TO_DO = _actions(f"'draft', {OPEN_ACTION}")
IS_DONE = f"{_actions(DONE_ACTION)} AND NOT {IS_TO_DO}"
NEWEST_CHECK = (
    "(SELECT c.result FROM impact_checks c WHERE c.subject = 'recommendations'"
    " AND c.record_id = t.id AND c.status = 'concluded'"
    " ORDER BY c.concluded_on DESC, c.id DESC LIMIT 1)"
)
"""The newest result of a check of the recommendation itself."""
HAS_EMBEDDED = _actions("'closed_embedded'")
EVERY_ACTION = (
    f"{HAS_EMBEDDED} AND NOT EXISTS (SELECT FROM actions a WHERE a.recommendation_id = t.id"
    " AND a.status NOT IN ('closed_embedded', 'closed_not_embedded', 'cancelled'))"
)
"""Every action embedded; one that did not went on as an action that did."""
IS_EMBEDDED = (
    f"CASE WHEN {NEWEST_CHECK} IS NULL THEN {EVERY_ACTION} ELSE {NEWEST_CHECK} = 'embedded' END"
)
HAS_FAILED = _actions("'closed_not_embedded'")
IS_NOT_EMBEDDED = f"(coalesce({NEWEST_CHECK} = 'not_embedded', false) OR {HAS_FAILED})"
VERIFIABLE = ("actions_agreed", "implemented", "impact_verified", "closed")
"""States that a recommendation reopens from, when its impact is not found."""

THEME_LIFECYCLE = Lifecycle(
    (
        Move("open", "monitored", WRITE),
        Move("monitored", "open", WRITE, needs_reason=True),
        Move("open", "closed", WRITE, needs_reason=True),
        Move("monitored", "closed", WRITE, needs_reason=True),
    )
)

RECOMMENDATION_LIFECYCLE = Lifecycle(
    (
        Move("drafted", "recommended_by_sub_group", WRITE, decided_by=SUB_GROUP),
        Move("executive_group_returned", "recommended_by_sub_group", WRITE, decided_by=SUB_GROUP),
        Move("recommended_by_sub_group", "executive_group_supported", WRITE, decided_by=EXECUTIVE),
        Move(
            "recommended_by_sub_group",
            "executive_group_returned",
            WRITE,
            needs_reason=True,
            decided_by=EXECUTIVE,
            decided_as="rejected",
        ),
        Move(
            "recommended_by_sub_group",
            "accepted",
            CHAIRS_ACTION,
            needs_reason=True,
            decided_by=BOARD,
        ),
        *(
            move
            for state in ("executive_group_supported", "deferred")
            for move in (
                Move(state, "accepted", WRITE, decided_by=BOARD),
                Move(
                    state,
                    "rejected",
                    WRITE,
                    needs_reason=True,
                    decided_by=BOARD,
                    decided_as="rejected",
                ),
            )
        ),
        Move(
            "executive_group_supported",
            "deferred",
            WRITE,
            needs_reason=True,
            decided_by=BOARD,
            decided_as="deferred",
        ),
        Move("accepted", "actions_agreed", WRITE, condition=HAS_ACTIONS),
        Move("reopened", "actions_agreed", WRITE, condition=IS_UNDER_WAY),
        Move("actions_agreed", "implemented", WRITE, condition=IS_DONE),
        Move("implemented", "impact_verified", WRITE, condition=IS_EMBEDDED),
        Move("impact_verified", "closed", WRITE),
        *(
            Move(state, "reopened", CHECK, needs_reason=True, condition=IS_NOT_EMBEDDED)
            for state in VERIFIABLE
        ),
        *(
            Move(state, "superseded", WRITE, needs_reason=True)
            for state in ("drafted", "recommended_by_sub_group", "executive_group_returned")
        ),
        *(
            Move(state, "superseded", WRITE, needs_reason=True, decided_by=BOARD)
            for state in (
                "executive_group_supported",
                "accepted",
                "deferred",
                "actions_agreed",
                "implemented",
                "reopened",
            )
        ),
    )
)
"""The executive group is passed over only by who may take chair's action, for a reason, and still
by a decision of the Board. Checks of impact reopen."""
