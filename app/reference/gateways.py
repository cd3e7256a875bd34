"""Legal gateways for sharing information, and the words of data protection law around them.

Every request, answer, disclosure and export names its gateway (Framework section 7). What the law
demands is a starting value to be confirmed locally: see `certainty`.
"""

import json
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Self

from pydantic import model_validator

from app.reference.review_types import regime_codes
from app.reference.shipped import Shipped, SourceCertainty, Value, no_code_twice, read


class GatewayUser(StrEnum):
    """Who may ask for information, or give it, by a gateway."""

    board = "board"
    safeguarding_partners = "safeguarding_partners"
    national_panel = "national_panel"
    child_death_review_partners = "child_death_review_partners"
    agencies = "agencies"


class GatewayCompliance(StrEnum):
    """Whether who is asked by this gateway must comply."""

    must = "must"
    must_unless_unreasonable = "must_unless_unreasonable"
    may = "may"


class LegalGateway(Value):
    """A legal ground for sharing information.

    `valid_from` and `valid_to` are inclusive; null where no bound is known. One that is not yet
    `is_in_force` is listed, and never offered.
    """

    statute: str
    used_by: tuple[GatewayUser, ...]
    compliance: GatewayCompliance
    is_in_force: bool
    valid_from: date | None
    valid_to: date | None
    regimes: tuple[str, ...]
    certainty: SourceCertainty

    def is_valid_on(self, day: date) -> bool:
        """Tell whether it may be named for an act of this day."""
        begun = self.valid_from is None or self.valid_from <= day
        return self.is_in_force and begun and (self.valid_to is None or day <= self.valid_to)


class LegalWord(Value):
    """A condition of data protection law or of the common law of confidence."""

    note: str | None


class LegalValues(Shipped):
    """Everything in the file of gateways."""

    gateways: tuple[LegalGateway, ...]
    article_6: tuple[LegalWord, ...]
    article_9: tuple[LegalWord, ...]
    dpa_schedule_1: tuple[LegalWord, ...]
    common_law_confidence: tuple[LegalWord, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for name in type(self).model_fields:
            no_code_twice(value.code for value in getattr(self, name))
        return self


@cache
def legal_values() -> LegalValues:
    """Return the gateways and the value lists that go with them."""
    file: dict[str, Any] = json.loads(read("legal_gateways.json"))
    for entry in file["gateways"]:
        if entry["regimes"] == "all":
            entry["regimes"] = regime_codes()
    return LegalValues.model_validate_json(json.dumps(file))


def gateway(code: str) -> LegalGateway:
    """Return a gateway. Raises `KeyError`."""
    return {each.code: each for each in legal_values().gateways}[code]


def gateways_on(day: date, user: GatewayUser | None = None) -> list[LegalGateway]:
    """Return the gateways that may be named for an act of a day, by one kind of user or any."""
    return [
        each
        for each in legal_values().gateways
        if each.is_valid_on(day) and (user is None or user in each.used_by)
    ]
