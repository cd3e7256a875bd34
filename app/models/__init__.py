"""The tables."""

from app.models import access, agencies, areas, audits, imports, instruments
from app.models.base import Base, Record

__all__ = [
    "Base",
    "Record",
    "access",
    "agencies",
    "areas",
    "audits",
    "imports",
    "instruments",
]
