"""The tables."""

from app.models import (
    access,
    access_log,
    agencies,
    agency_reports,
    areas,
    audits,
    case_reviews,
    cases,
    external_reviews,
    imports,
    information_requests,
    instruments,
    publications,
    published_reports,
    retention,
    review_work,
    vault,
)
from app.models.base import Base, Record

__all__ = [
    "Base",
    "Record",
    "access",
    "access_log",
    "agencies",
    "agency_reports",
    "areas",
    "audits",
    "case_reviews",
    "cases",
    "external_reviews",
    "imports",
    "information_requests",
    "instruments",
    "publications",
    "published_reports",
    "retention",
    "review_work",
    "vault",
]
