"""6 Step Briefings, and who passed them on to whom (Framework section 15)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record
from app.models.findings import SourceKind

PARTS = (
    "what_we_looked_at",
    "why_it_matters",
    "what_worked_well",
    "what_needs_to_change",
    "what_to_do_now",
    "find_out_more",
)
"""The six steps, in order."""


class BriefingStatus(StrEnum):
    """Where a briefing stands."""

    draft = "draft"
    qa_sg_approved = "qa_sg_approved"
    board_received = "board_received"
    released = "released"
    superseded = "superseded"
    archived = "archived"


class ReceiptStatus(StrEnum):
    """How far an agency has come with a briefing."""

    pending = "pending"
    acknowledged = "acknowledged"
    disseminated = "disseminated"
    attested = "attested"


class DisseminationChannel(StrEnum):
    """How a briefing reaches people."""

    six_step_briefing = "six_step_briefing"
    newsletter_bimonthly = "newsletter_bimonthly"
    e_bulletin = "e_bulletin"
    website = "website"
    annual_report = "annual_report"
    training_event = "training_event"
    team_meeting = "team_meeting"
    supervision = "supervision"
    e_learning = "e_learning"
    intranet = "intranet"
    poster = "poster"
    conference = "conference"


class Briefing(Record):
    """What was learned, in six steps that are whole once a sub group has approved them.

    `source_case_id` is the case it was learned from, known to nobody but who works on it;
    `supersedes_id` is the briefing whose place it takes.
    """

    __tablename__ = "briefings"

    title: Mapped[str]
    source_kind: Mapped[SourceKind]
    source_id: Mapped[UUID | None]
    source_title: Mapped[str]
    source_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    what_we_looked_at: Mapped[str | None]
    why_it_matters: Mapped[str | None]
    what_worked_well: Mapped[str | None]
    what_needs_to_change: Mapped[str | None]
    what_to_do_now: Mapped[str | None]
    find_out_more: Mapped[str | None]
    channels: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    spot_check_on: Mapped[date | None]
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("briefings.id"), index=True)
    released_on: Mapped[date | None]
    status: Mapped[BriefingStatus] = mapped_column(server_default=BriefingStatus.draft)


class BriefingFinding(Record):
    """That a briefing tells of a finding."""

    __tablename__ = "briefing_findings"

    briefing_id: Mapped[UUID] = mapped_column(ForeignKey("briefings.id"))
    finding_id: Mapped[UUID] = mapped_column(ForeignKey("findings.id"), index=True)


class BriefingRecommendation(Record):
    """That a briefing tells of a recommendation."""

    __tablename__ = "briefing_recommendations"

    briefing_id: Mapped[UUID] = mapped_column(ForeignKey("briefings.id"))
    recommendation_id: Mapped[UUID] = mapped_column(ForeignKey("recommendations.id"), index=True)


class BriefingReceipt(Record):
    """What an agency with a seat on the Board does with a briefing, by a member who answers for it.

    `responsible_id` is that Board member; `due_on` the day by which the member attests.
    """

    __tablename__ = "briefing_receipts"

    briefing_id: Mapped[UUID] = mapped_column(ForeignKey("briefings.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    responsible_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    due_on: Mapped[date]
    attested_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    attested_on: Mapped[date | None]
    status: Mapped[ReceiptStatus] = mapped_column(server_default=ReceiptStatus.pending)


class BriefingDissemination(Record):
    """That an agency passed a briefing on by a channel, on a day, to so many people."""

    __tablename__ = "briefing_disseminations"

    receipt_id: Mapped[UUID] = mapped_column(ForeignKey("briefing_receipts.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    channel: Mapped[DisseminationChannel]
    reach_headcount: Mapped[int]
    disseminated_on: Mapped[date]
    note: Mapped[str | None]


WRITE, PASS_ON = "briefings:write", "briefing-receipts:write"
QUALITY_ASSURANCE, BOARD = ("quality_assurance",), ("board",)
HAS_SUCCESSOR = (
    "EXISTS (SELECT FROM briefings s WHERE s.supersedes_id = t.id AND s.released_on IS NOT NULL)"
)
IS_CHECKED = (
    "EXISTS (SELECT FROM impact_checks i WHERE i.subject = 'briefings' AND i.record_id = t.id)"
)
IS_OURS = "t.agency_id = caller.agency_id OR t.responsible_id = caller.id"
IS_PASSED_ON = "EXISTS (SELECT FROM briefing_disseminations d WHERE d.receipt_id = t.id)"
MAY_ATTEST = (
    "caller.kind = 'person' AND (t.responsible_id = caller.id"
    " OR t.agency_id = caller.agency_id AND 'audit-responses:sign-off' = ANY (caller.grants))"
)

BRIEFING_LIFECYCLE = Lifecycle(
    (
        Move("draft", "qa_sg_approved", WRITE, decided_by=QUALITY_ASSURANCE),
        Move("qa_sg_approved", "board_received", WRITE, decided_by=BOARD),
        Move("board_received", "released", WRITE),
        Move("released", "superseded", WRITE, condition=HAS_SUCCESSOR),
        Move("released", "archived", WRITE, condition=IS_CHECKED),
    )
)
RECEIPT_LIFECYCLE = Lifecycle(
    (
        Move("pending", "acknowledged", PASS_ON, condition=IS_OURS),
        Move("acknowledged", "disseminated", PASS_ON, condition=f"({IS_OURS}) AND {IS_PASSED_ON}"),
        Move("disseminated", "attested", PASS_ON, condition=MAY_ATTEST),
    )
)
