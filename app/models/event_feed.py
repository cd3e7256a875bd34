"""What the event feed tells of: records that can be read one by one, and by whom."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


@dataclass(frozen=True, slots=True)
class Told:
    """A table whose changes are events, for whoever holds the scope and sees the record.

    `path` of the resource; null where a record is read within another one. `is_shared`: everybody
    who holds the scope sees every record, so that its deletion is no secret either.
    """

    scope: str
    path: str | None
    is_shared: bool = False


def _told(scope: str, tables: str, *, within: str = "", shared: str = "") -> dict[str, Told]:
    """Describe tables of one scope; those `within` others have no path of their own."""
    return {
        table: Told(
            scope,
            None if table in within.split() else PATHS.get(table, table.replace("_", "-")),
            table in shared.split(),
        )
        for table in f"{tables} {within}".split()
    }


PATHS = {"case_retentions": "retentions", "feedback_items": "feedback"}
"""Paths that are not named after their table."""

SUBJECTS: dict[str, Told] = {
    **_told("areas:read", "areas", shared="areas"),
    **_told("agencies:read", "agencies agency_leads", shared="agencies agency_leads"),
    **_told("instruments:read", "grade_scales instruments"),
    **_told("audits:read", "audits", within="roster_entries"),
    **_told(
        "audit-responses:read",
        "audit_responses submissions evidence lock_exceptions good_practice",
    ),
    **_told("cases:read", "cases persons", within="case_agencies case_members"),
    **_told(
        "case-reviews:read",
        "case_notifications case_reviews publications agency_reports chronology_entries",
        within="case_review_recommendations case_review_decisions case_deadlines case_reviewers"
        " panel_meetings parallel_processes family_contacts review_findings publication_checks"
        " publication_decisions publication_notices publication_withdrawals",
    ),
    **_told("disclosure-grants:read", "disclosure_grants"),
    **_told(
        "retention:read",
        "case_retentions retention_overrides legal_holds destructions",
        within="retention_extensions destruction_approvals",
    ),
    **_told(
        "information-requests:read",
        "information_requests",
        within="information_request_items",
    ),
    **_told(
        "governance:read",
        "bodies decisions meetings memberships objectives officer_briefings priorities"
        " stakeholders",
        within="agenda_items attendances objective_evidence objective_progress",
        shared="agenda_items",
    ),
    **_told(
        "learning:read",
        "actions assurance_statements audit_requests challenge_events challenges commendations"
        " feedback_items feedback_letters findings impact_checks practitioner_forums"
        " recommendations themes",
        within="action_due_changes action_evidence action_updates challenge_exchanges"
        " recommendation_findings theme_findings",
    ),
    **_told("timetable:read", "obligations schedule_rules"),
    **_told("briefings:read", "briefings briefing_receipts", within="briefing_disseminations"),
    **_told("me", "documents", within="document_versions document_acknowledgements"),
    **_told(
        "external-reviews:read",
        "external_reviews",
        within="applicability_judgements review_conflicts",
    ),
}
"""By table. Copied to the table `event_subjects` at every migration."""

UNTOLD = frozenset(
    "access_log access_log_heads agency_suspensions calendar_feeds client_secrets clients"
    " imports one_time_links person_lookups published_reports role_assignments"
    " subject_export_passages subject_exports subscription_secrets subscriptions undertakings"
    " users webhook_deliveries".split()
)
"""What can be read one by one and is no event: who signs in, logs, and what is one's own alone."""


class EventSubject(Base):
    """A row of `SUBJECTS`, for policies and statements."""

    __tablename__ = "event_subjects"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    subject: Mapped[str] = mapped_column(unique=True)
    scope: Mapped[str]
    path: Mapped[str | None]
    is_shared: Mapped[bool]
