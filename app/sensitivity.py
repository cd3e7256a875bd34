"""Who a field is for: the six classes of the board's information, and how a schema says them."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Level(IntEnum):
    """Classes of information, from what everyone may read to what only its auditors may."""

    public = 0
    """Published."""
    partnership = 1
    """Names nobody; every partner of the Board may read it."""
    agency = 2
    """One agency's own answers and evidence: that agency, the Business Office, moderators."""
    restricted = 3
    """About a case, without names: its team and the sub group in charge."""
    identity = 4
    """Who a person is: nobody without an approved disclosure grant."""
    audit = 5
    """Who looked at what: information governance and the chair."""


@dataclass(frozen=True, slots=True)
class Classified:
    """Gives a field its class; the contract shows it as `x-sensitivity`."""

    level: Level

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add the class to the field's schema."""
        return {**handler(core), "x-sensitivity": sensitivity(self.level)}


@dataclass(frozen=True, slots=True)
class Narrated:
    """Marks a field as a narrative of a case: people stand in it as tokens, and show as labels."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say in the contract that names are replaced."""
        return {**handler(core), "x-narrative": True}


@dataclass(frozen=True, slots=True)
class NarratedRows:
    """Marks a list of narratives that are rows of a table of their own, in the order of `number`.

    `key` is the column that leads to the record `t`, `columns` are the narratives of each row.
    """

    table: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Marks the list of the people that a record's narratives speak of."""


@dataclass(frozen=True, slots=True)
class ShownWhere:
    """Shows a field where a condition over `t` and `caller` holds, and not by its class alone."""

    sql: str


@dataclass(frozen=True, slots=True)
class Computed:
    """Gives a field its expression; `t` is the record and `caller` is who reads it."""

    sql: str


def sensitivity(level: Level) -> dict[str, str]:
    """Describe a class for the contract: its name, and what a reader below it gets."""
    if level == Level.identity:
        return {"class": level.name, "redaction": "null", "unlock": "disclosure-grant"}
    return {"class": level.name, "redaction": "null" if level > Level.partnership else "none"}
