"""Finds what identifies somebody in a narrative: framework section 7, on confidentiality.

Pure: no database, no settings, no log. `Matcher` knows one case, `recognise` adds the operator's
own recognisers.
"""

from app.privacy.recognition.kinds import (
    Certainty,
    RegisteredName,
    RegisteredPerson,
    Span,
    SpanKind,
)
from app.privacy.recognition.matcher import Matcher
from app.privacy.recognition.plugins import recognise

__all__ = [
    "Certainty",
    "Matcher",
    "RegisteredName",
    "RegisteredPerson",
    "Span",
    "SpanKind",
    "recognise",
]
