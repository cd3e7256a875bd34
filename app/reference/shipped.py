"""What the files of this package have in common: read once, checked whole, never changed."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

HERE = Path(__file__).parent


class SourceCertainty(StrEnum):
    """How well something about law or practice is known. What is believed is a starting value."""

    document = "document"
    """Read in a source document."""
    public_page = "public_page"
    """Read on a public page."""
    believed = "believed"
    """Believed; to be confirmed locally before anybody relies on it."""


class Shipped(BaseModel):
    """An entry of a shipped file: closed, so that a misspelt member is an error, and frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Value(Shipped):
    """A value of a list, and what it is in words."""

    code: str
    title: str


def read(name: str) -> str:
    """Return the text of a shipped file."""
    return (HERE / name).read_text(encoding="utf-8")


def no_code_twice(codes: Iterable[str]) -> None:
    """Check the codes of a list. Raises `ValueError` if one stands there twice."""
    seen = [*codes]
    if len(set(seen)) < len(seen):
        message = "A code stands in a list twice."
        raise ValueError(message)
