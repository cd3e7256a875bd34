"""When impact is checked, and how long that takes, as data (Framework sections 16, 22 and 23).

Months count from the day an action is verified, or from the day a check was concluded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ImpactRule:
    """One check that follows a verification."""

    months: int
    method: str
    source_kind: str | None = None
    """Only for what was learned from a source of this kind; null for every source."""


AFTER_VERIFICATION = (
    ImpactRule(6, "survey"),
    ImpactRule(12, "sampling"),
    ImpactRule(24, "maca", "case_review"),
)
"""Lessons of case reviews are audited again after two years (duties 15.9 and 16.9)."""
AFTER_RESULT: Mapping[str, int] = MappingProxyType(
    {"too_early": 3, "not_measurable": 3, "partly_embedded": 6}
)
"""Months until a record is checked again, by the result that leaves its impact open."""
NOTICE_DAYS = 30
"""A check is announced so many days before it is due."""
VERIFY_WORKING_DAYS = 10
"""Working days in which a claim of completion is verified."""
RECONSIDER_WORKING_DAYS = 20
"""Working days in which the Board considers a recommendation that did not embed."""
