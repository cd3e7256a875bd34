"""Who governs: bodies, memberships, meetings, decisions and priorities (Framework section 13)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record


class BodyKind(StrEnum):
    """What a body is. The Business Office stands among them because it owes reports like one."""

    board = "board"
    executive_group = "executive_group"
    sub_group = "sub_group"
    panel = "panel"
    task_and_finish_group = "task_and_finish_group"
    business_office = "business_office"


class Position(StrEnum):
    """What a member is in a body."""

    chair = "chair"
    vice_chair = "vice_chair"
    member = "member"
    adviser = "adviser"
    observer = "observer"


class MembershipStatus(StrEnum):
    """Where a membership stands; rights come with `active` and go with every other."""

    nominated = "nominated"
    inducting = "inducting"
    active = "active"
    suspended = "suspended"
    ended = "ended"


class MeetingStatus(StrEnum):
    """Where a meeting stands."""

    planned = "planned"
    held = "held"
    minutes_agreed = "minutes_agreed"
    cancelled = "cancelled"


class Presence(StrEnum):
    """Whether a member was there."""

    attended = "attended"
    deputised = "deputised"
    apologies = "apologies"
    absent = "absent"


class DecisionOutcome(StrEnum):
    """What a body decided."""

    agreed = "agreed"
    rejected = "rejected"
    deferred = "deferred"
    noted = "noted"


class DecidedSubject(StrEnum):
    """Kinds of record that a body considers and decides on."""

    actions = "actions"
    assurance_statements = "assurance_statements"
    audit_requests = "audit_requests"
    audits = "audits"
    briefings = "briefings"
    challenge_events = "challenge_events"
    challenges = "challenges"
    commendations = "commendations"
    document_versions = "document_versions"
    documents = "documents"
    external_reviews = "external_reviews"
    findings = "findings"
    impact_checks = "impact_checks"
    memberships = "memberships"
    objectives = "objectives"
    obligations = "obligations"
    priorities = "priorities"
    recommendations = "recommendations"
    themes = "themes"


class PriorityStatus(StrEnum):
    """Where a priority stands."""

    proposed = "proposed"
    adopted = "adopted"
    active = "active"
    retired = "retired"


class GovernanceBody(Record):
    """A body that meets and decides, from one day to another, both inclusive.

    `member_role` and `chair_role` are the roles that an active membership carries.
    """

    __tablename__ = "bodies"

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[BodyKind]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    terms_of_reference: Mapped[str | None]
    quorum: Mapped[int] = mapped_column(SmallInteger, server_default=sql("3"))
    member_role: Mapped[str | None] = mapped_column(ForeignKey("roles.code"), index=True)
    chair_role: Mapped[str | None] = mapped_column(ForeignKey("roles.code"), index=True)
    valid_from: Mapped[date] = mapped_column(server_default=sql("CURRENT_DATE"))
    valid_to: Mapped[date | None]


class Membership(Record):
    """A seat of a person in a body, for an agency or for nobody but the Board."""

    __tablename__ = "memberships"

    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    position: Mapped[Position]
    status: Mapped[MembershipStatus] = mapped_column(server_default=MembershipStatus.nominated)
    valid_from: Mapped[date] = mapped_column(server_default=sql("CURRENT_DATE"))
    valid_to: Mapped[date | None]


class Meeting(Record):
    """A meeting of a body on a day."""

    __tablename__ = "meetings"

    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"))
    held_on: Mapped[date]
    title: Mapped[str]
    place: Mapped[str | None]
    status: Mapped[MeetingStatus] = mapped_column(server_default=MeetingStatus.planned)
    minutes: Mapped[str | None]


class AgendaItem(Record):
    """What a meeting is to consider; `subject` and `record_id` name a record, if it is one."""

    __tablename__ = "agenda_items"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]
    subject: Mapped[DecidedSubject | None]
    record_id: Mapped[UUID | None] = mapped_column(index=True)
    presenter: Mapped[str | None]


class Attendance(Record):
    """Whether a member was at a meeting."""

    __tablename__ = "attendances"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id"))
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    presence: Mapped[Presence]


class BodyDecision(Record):
    """What a body decided in a meeting, or its chair for it until a meeting ratifies that."""

    __tablename__ = "decisions"

    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"))
    meeting_id: Mapped[UUID | None] = mapped_column(ForeignKey("meetings.id"), index=True)
    agenda_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("agenda_items.id"), index=True)
    decided_on: Mapped[date]
    outcome: Mapped[DecisionOutcome]
    text: Mapped[str]
    subject: Mapped[DecidedSubject | None]
    record_id: Mapped[UUID | None] = mapped_column(index=True)
    is_chairs_action: Mapped[bool] = mapped_column(server_default=sql("false"))
    ratified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"), index=True)
    is_consensus: Mapped[bool] = mapped_column(server_default=sql("true"))
    votes_for: Mapped[int | None] = mapped_column(SmallInteger)
    votes_against: Mapped[int | None] = mapped_column(SmallInteger)
    votes_abstained: Mapped[int | None] = mapped_column(SmallInteger)
    dissent: Mapped[str | None]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class Priority(Record):
    """What the Board puts first; a new wording is a new version."""

    __tablename__ = "priorities"

    code: Mapped[str]
    version: Mapped[int] = mapped_column(SmallInteger, server_default=sql("1"))
    title: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[PriorityStatus] = mapped_column(server_default=PriorityStatus.proposed)


class LifecycleMove(Record):
    """A move that PostgreSQL lets through, copied from `app.models.lifecycles`."""

    __tablename__ = "lifecycle_moves"

    subject: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    needs: Mapped[str]


WRITE, GIVE = "governance:write", "board-roles:grant"
BOARD = ("board",)
IS_INDUCTED = "actor.is_inducted(t.user_id)"

MEMBERSHIP_LIFECYCLE = Lifecycle(
    (
        Move("nominated", "inducting", GIVE),
        Move("inducting", "active", GIVE, condition=IS_INDUCTED),
        Move("active", "suspended", GIVE, needs_reason=True),
        Move("suspended", "active", GIVE, condition=IS_INDUCTED),
        *(
            Move(state, "ended", GIVE)
            for state in ("nominated", "inducting", "active", "suspended")
        ),
    )
)
MEETING_LIFECYCLE = Lifecycle(
    (
        Move("planned", "held", WRITE),
        Move("planned", "cancelled", WRITE, needs_reason=True),
        Move("held", "minutes_agreed", WRITE),
    )
)
PRIORITY_LIFECYCLE = Lifecycle(
    (
        Move("proposed", "adopted", WRITE, decided_by=BOARD),
        Move("adopted", "active", WRITE),
        Move("active", "retired", WRITE, decided_by=BOARD),
    )
)
