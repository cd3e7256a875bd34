"""SMART actions, how they go on, and what proves that they were done (Framework section 21)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record


class DeliveryType(StrEnum):
    """How an action reaches practice (duty 15.14)."""

    management_briefing = "management_briefing"
    practitioner_briefing = "practitioner_briefing"
    single_agency_briefing = "single_agency_briefing"
    individual_support = "individual_support"
    training = "training"
    policy_change = "policy_change"
    process_change = "process_change"
    other = "other"


class ActionStatus(StrEnum):
    """Where an action stands."""

    draft = "draft"
    agreed = "agreed"
    in_progress = "in_progress"
    blocked = "blocked"
    completion_claimed = "completion_claimed"
    rejected_back = "rejected_back"
    verified = "verified"
    impact_pending = "impact_pending"
    closed_embedded = "closed_embedded"
    closed_not_embedded = "closed_not_embedded"
    cancelled = "cancelled"


OPEN = (
    ActionStatus.agreed,
    ActionStatus.in_progress,
    ActionStatus.blocked,
    ActionStatus.rejected_back,
)
"""States in which an action is agreed and waits to be done."""


class Rag(StrEnum):
    """How an action is doing at a glance."""

    red = "red"
    amber = "amber"
    green = "green"
    blue_complete = "blue_complete"


class SmartAction(Record):
    """What one agency does about a recommendation, a finding or a commitment it made.

    It has one source: `recommendation_id`, `finding_id`, or `source_subject` and
    `source_record_id`. The database sets `source_case_id` and `is_released` from that source, and
    every `…_on` and `…_by_id` of a move. `first_due_on` is the day that was agreed at first.
    `percent` and `forecast_on` are the agency's latest word.
    """

    __tablename__ = "actions"

    recommendation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("recommendations.id"), index=True
    )
    finding_id: Mapped[UUID | None] = mapped_column(ForeignKey("findings.id"), index=True)
    source_subject: Mapped[str | None]
    source_record_id: Mapped[UUID | None] = mapped_column(index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("actions.id"), index=True)
    source_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    is_released: Mapped[bool] = mapped_column(server_default=text("false"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    title: Mapped[str]
    specific: Mapped[str | None]
    measurable: Mapped[str | None]
    achievable: Mapped[str | None]
    relevant: Mapped[str | None]
    due_on: Mapped[date | None]
    first_due_on: Mapped[date | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    deputy_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    delivery_type: Mapped[DeliveryType] = mapped_column(server_default=DeliveryType.other)
    percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    forecast_on: Mapped[date | None]
    status: Mapped[ActionStatus] = mapped_column(server_default=ActionStatus.draft)
    agreed_on: Mapped[date | None]
    claimed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    claimed_on: Mapped[date | None]
    verified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    verified_on: Mapped[date | None]
    closed_on: Mapped[date | None]


class ActionUpdate(Record):
    """What the owner agency reports of its action."""

    __tablename__ = "action_updates"

    action_id: Mapped[UUID] = mapped_column(ForeignKey("actions.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    text: Mapped[str]
    percent: Mapped[int | None] = mapped_column(SmallInteger)
    forecast_on: Mapped[date | None]
    written_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class ActionDueChange(Record):
    """That a body moved the day on which an agreed action is due."""

    __tablename__ = "action_due_changes"

    action_id: Mapped[UUID] = mapped_column(ForeignKey("actions.id"))
    from_due_on: Mapped[date]
    to_due_on: Mapped[date]
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decisions.id"), unique=True)
    reason: Mapped[str]
    changed_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class ActionEvidence(Record):
    """What shows that an action was done: a page, or a file the agency has sent already."""

    __tablename__ = "action_evidence"

    action_id: Mapped[UUID] = mapped_column(ForeignKey("actions.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    title: Mapped[str]
    url: Mapped[str | None]
    evidence_id: Mapped[UUID | None] = mapped_column(ForeignKey("evidence.id"), index=True)
    note: Mapped[str | None]
    added_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


RUN, WRITE, VERIFY, CHECK = "learning:run", "actions:write", "actions:verify", "impact-checks:write"
BOARD = ("board",)
EDITS = "t.agency_id = caller.agency_id OR 'learning:run' = ANY (caller.grants)"
HAS_EVIDENCE = "EXISTS (SELECT FROM action_evidence e WHERE e.action_id = t.id)"
CLAIMED_BY_OTHERS = "t.claimed_by_id <> caller.id"
OF_CHECKS = "SELECT FROM impact_checks c WHERE c.subject = 'actions' AND c.record_id = t.id"
IS_EMBEDDED = (
    f"EXISTS ({OF_CHECKS} AND c.result = 'embedded')"
    f" AND NOT EXISTS ({OF_CHECKS} AND c.status IN ('scheduled', 'in_progress'))"
)
IS_NOT_EMBEDDED = f"EXISTS ({OF_CHECKS} AND c.result = 'not_embedded')"

ACTION_LIFECYCLE = Lifecycle(
    (
        Move("draft", "agreed", RUN, decided_by=BOARD),
        Move("agreed", "in_progress", WRITE, condition=EDITS),
        Move("in_progress", "blocked", WRITE, needs_reason=True, condition=EDITS),
        Move("blocked", "in_progress", WRITE, condition=EDITS),
        Move("rejected_back", "in_progress", WRITE, condition=EDITS),
        Move("in_progress", "completion_claimed", WRITE, is_own=True, condition=HAS_EVIDENCE),
        Move("completion_claimed", "verified", VERIFY, is_others=True, condition=CLAIMED_BY_OTHERS),
        Move(
            "completion_claimed",
            "rejected_back",
            VERIFY,
            is_others=True,
            needs_reason=True,
            condition=CLAIMED_BY_OTHERS,
        ),
        Move("verified", "impact_pending", CHECK, is_others=True),
        Move("impact_pending", "closed_embedded", CHECK, is_others=True, condition=IS_EMBEDDED),
        Move(
            "impact_pending",
            "closed_not_embedded",
            CHECK,
            is_others=True,
            condition=IS_NOT_EMBEDDED,
        ),
        Move(
            "closed_embedded",
            "closed_not_embedded",
            CHECK,
            is_others=True,
            condition=IS_NOT_EMBEDDED,
        ),
        *(
            Move(state, "cancelled", RUN, needs_reason=True, decided_by=BOARD)
            for state in ("draft", *OPEN)
        ),
    )
)
"""The moves after `verified` are made by impact checks, in the transaction of the check. What was
embedded once and is not any more, as a later check finds, is closed anew."""
