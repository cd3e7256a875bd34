"""What the recogniser is given of a case, and what it answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Certainty(StrEnum):
    """How far a span may be trusted, and so what happens to it."""

    certain = "certain"
    """Replaced without asking."""
    likely = "likely"
    """Refused, or masked, until somebody has decided."""
    possible = "possible"
    """Worth a warning."""

    def or_worse(self, other: "Certainty") -> "Certainty":
        """Return the less sure of two."""
        order = list(Certainty)
        return max(self, other, key=order.index)


class SpanKind(StrEnum):
    """What stands at a span."""

    person = "person"
    """A name of a registered person."""
    nhs_number = "nhs_number"
    upn = "upn"
    national_insurance_number = "national_insurance_number"
    date_of_birth = "date_of_birth"
    address = "address"
    postcode = "postcode"
    telephone = "telephone"
    email = "email"
    school = "school"
    local_identifier = "local_identifier"
    """Any registered reference of the case: social care, police, unique reference number."""
    name = "name"
    """A name that nobody is registered under."""


@dataclass(frozen=True, slots=True)
class RegisteredName:
    """One name of a person: a current one, a former one, an alias, or a nickname (given only)."""

    given: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredPerson:
    """A person of the case, with all that could betray them."""

    number: int
    """Of the case; spans answer with it."""
    kind: str
    """child, family, practitioner or other."""
    names: tuple[RegisteredName, ...]
    """The current name first, then aliases, nicknames and former names."""
    dates_of_birth: tuple[date, ...] = ()
    identifiers: tuple[tuple[SpanKind, str], ...] = ()
    """An address is free text, its lines separated by commas."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text that identifies somebody; offsets count characters of the text as given."""

    start: int
    length: int
    kind: SpanKind
    certainty: Certainty
    persons: tuple[int, ...] = ()
    """Numbers, ascending; several where the words fit several; empty where nobody is registered."""

    @property
    def end(self) -> int:
        """Where the text goes on."""
        return self.start + self.length


def found(
    start: int, end: int, kind: SpanKind, certainty: Certainty, persons: Iterable[int] = ()
) -> Span:
    """Return a span from its ends."""
    return Span(start, end - start, kind, certainty, tuple(sorted(set(persons))))
