"""Every lifecycle that PostgreSQL guards move by move, by the table of its records."""

from app.lifecycle import Lifecycle
from app.models.governance import MEETING_LIFECYCLE, MEMBERSHIP_LIFECYCLE, PRIORITY_LIFECYCLE

LIFECYCLES: dict[str, Lifecycle] = {
    "memberships": MEMBERSHIP_LIFECYCLE,
    "meetings": MEETING_LIFECYCLE,
    "priorities": PRIORITY_LIFECYCLE,
}
"""Copied to the table `lifecycle_moves` at every migration."""
