"""Every lifecycle that PostgreSQL guards move by move, by the table of its records."""

from app.lifecycle import Lifecycle
from app.models.actions import ACTION_LIFECYCLE
from app.models.assurance import ASSURANCE_LIFECYCLE
from app.models.briefings import BRIEFING_LIFECYCLE, RECEIPT_LIFECYCLE
from app.models.challenge_events import EVENT_LIFECYCLE
from app.models.challenges import CHALLENGE_LIFECYCLE, COMMENDATION_LIFECYCLE
from app.models.documents import DOCUMENT_VERSION_LIFECYCLE
from app.models.feedback import AUDIT_REQUEST_LIFECYCLE, FEEDBACK_LIFECYCLE, LETTER_LIFECYCLE
from app.models.findings import FINDING_LIFECYCLE
from app.models.governance import MEETING_LIFECYCLE, MEMBERSHIP_LIFECYCLE, PRIORITY_LIFECYCLE
from app.models.impact_checks import IMPACT_CHECK_LIFECYCLE
from app.models.recommendations import RECOMMENDATION_LIFECYCLE, THEME_LIFECYCLE
from app.models.timetable import OBLIGATION_MOVES

LIFECYCLES: dict[str, Lifecycle] = {
    "memberships": MEMBERSHIP_LIFECYCLE,
    "meetings": MEETING_LIFECYCLE,
    "priorities": PRIORITY_LIFECYCLE,
    "assurance_statements": ASSURANCE_LIFECYCLE,
    "document_versions": DOCUMENT_VERSION_LIFECYCLE,
    "obligations": OBLIGATION_MOVES,
    "actions": ACTION_LIFECYCLE,
    "impact_checks": IMPACT_CHECK_LIFECYCLE,
    "briefings": BRIEFING_LIFECYCLE,
    "briefing_receipts": RECEIPT_LIFECYCLE,
    "challenge_events": EVENT_LIFECYCLE,
    "challenges": CHALLENGE_LIFECYCLE,
    "commendations": COMMENDATION_LIFECYCLE,
    "feedback_items": FEEDBACK_LIFECYCLE,
    "feedback_letters": LETTER_LIFECYCLE,
    "audit_requests": AUDIT_REQUEST_LIFECYCLE,
    "findings": FINDING_LIFECYCLE,
    "themes": THEME_LIFECYCLE,
    "recommendations": RECOMMENDATION_LIFECYCLE,
}
"""Copied to the table `lifecycle_moves` at every migration."""
