"""The timetable: rules, what is owed, what was sent about it (Framework section 23)."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.agencies import LeadFunction
from app.models.base import Record

Reminders = Annotated[
    list[int], mapped_column(ARRAY(SmallInteger), server_default=text("'{30,14,7}'"))
]
Ladder = Annotated[
    list[int], mapped_column(ARRAY(SmallInteger), server_default=text("'{1,10,20}'"))
]
Texts = Annotated[list[str], mapped_column(server_default=text("'{}'"))]


class CountedFrom(StrEnum):
    """Where the months of a rule are counted from."""

    anchor = "anchor"
    last_met = "last_met"


class ObligationStatus(StrEnum):
    """Where an obligation stands. How far it was escalated is itself a state."""

    upcoming = "upcoming"
    due_soon = "due_soon"
    due = "due"
    overdue_1 = "overdue_1"
    overdue_2 = "overdue_2"
    escalated_subgroup = "escalated_subgroup"
    escalated_chair = "escalated_chair"
    met = "met"
    met_late = "met_late"
    waived = "waived"
    cancelled = "cancelled"


class NoticeOutcome(StrEnum):
    """What became of a step: sent, passed over for a later one, or nobody to write to."""

    sent = "sent"
    skipped = "skipped"
    nobody = "nobody"


class ScheduleRule(Record):
    """What has to be delivered, by whom and how often.

    Owed by one body, or by every agency that matches `sectors`, `duty_bases` and `agency_ids`; an
    empty list leaves nobody out. `every_months` is null for what is asked for ad hoc.
    """

    __tablename__ = "schedule_rules"

    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    section: Mapped[str]
    sectors: Mapped[Texts]
    duty_bases: Mapped[Texts]
    agency_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    body_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    in_charge_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"), index=True)
    every_months: Mapped[int | None] = mapped_column(SmallInteger)
    counted_from: Mapped[CountedFrom] = mapped_column(server_default=CountedFrom.anchor)
    anchor_on: Mapped[date]
    opens_before_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("60"))
    grace_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    function: Mapped[LeadFunction] = mapped_column(server_default=LeadFunction.safeguarding)
    reminder_days: Mapped[Reminders]
    escalation_days: Mapped[Ladder]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    valid_from: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))
    valid_to: Mapped[date | None]
    generated_on: Mapped[date | None]


class Obligation(Record):
    """What an agency or a body owes by a day.

    `locks_on` is the last day on which it counts as on time; `next_on` the next day on which the
    clock has something to do, null when there is none.
    """

    __tablename__ = "obligations"

    rule_id: Mapped[UUID | None] = mapped_column(ForeignKey("schedule_rules.id"), index=True)
    kind: Mapped[str]
    title: Mapped[str]
    period: Mapped[str] = mapped_column(server_default=text("''"))
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    body_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"))
    in_charge_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    function: Mapped[LeadFunction] = mapped_column(server_default=LeadFunction.safeguarding)
    reminder_days: Mapped[Reminders]
    escalation_days: Mapped[Ladder]
    subject: Mapped[str | None]
    record_id: Mapped[UUID | None] = mapped_column(index=True)
    source_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    opens_on: Mapped[date]
    due_on: Mapped[date]
    locks_on: Mapped[date]
    met_on: Mapped[date | None]
    met_subject: Mapped[str | None]
    met_record_id: Mapped[UUID | None]
    note: Mapped[str | None]
    next_on: Mapped[date | None]
    status: Mapped[ObligationStatus] = mapped_column(server_default=ObligationStatus.upcoming)


class ObligationNotice(Record):
    """A step of the clock about an obligation: to which roles, never to which addresses."""

    __tablename__ = "obligation_notices"

    obligation_id: Mapped[UUID] = mapped_column(ForeignKey("obligations.id"))
    step: Mapped[str]
    outcome: Mapped[NoticeOutcome]
    planned_on: Mapped[date]
    recorded_on: Mapped[date]
    recipients: Mapped[Texts]


class CalendarFeed(Record):
    """A calendar of what an agency or a body owes, opened with a secret of its own."""

    __tablename__ = "calendar_feeds"

    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    body_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    token_hash: Mapped[bytes]


OPEN = (
    "upcoming",
    "due_soon",
    "due",
    "overdue_1",
    "overdue_2",
    "escalated_subgroup",
    "escalated_chair",
)
"""States of what is still owed, in the order in which the clock moves it on."""
CLOCK, OFFICE, DELIVERS = "jobs:run", "timetable:write", "obligations:write"
IN_CHARGE = (
    "board",
    "executive_group",
    "sub_group",
    "panel",
    "task_and_finish_group",
)

OBLIGATION_LIFECYCLE = Lifecycle(
    (
        *(Move(state, later, CLOCK) for n, state in enumerate(OPEN) for later in OPEN[n + 1 :]),
        *(
            move
            for state in OPEN
            for move in (
                Move(state, "waived", OFFICE, needs_reason=True, decided_by=IN_CHARGE),
                Move(state, "cancelled", OFFICE, needs_reason=True),
            )
        ),
        *(Move(state, "due", OFFICE, needs_reason=True) for state in ("met", "met_late")),
    )
)
"""What is moved to by name. Delivering is an operation of its own."""
DELIVERY = tuple(Move(state, done, DELIVERS) for state in OPEN for done in ("met", "met_late"))
OBLIGATION_MOVES = Lifecycle(OBLIGATION_LIFECYCLE.moves + DELIVERY)
"""Every move that PostgreSQL lets through."""
