"""Areas: the places a board answers for, with their beginnings and ends."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record


class AreaKind(StrEnum):
    """What an area is in local government."""

    county = "county"
    district = "district"
    unitary = "unitary"
    metropolitan_district = "metropolitan_district"
    london_borough = "london_borough"
    other = "other"


class Area(Record):
    """A local authority area. `valid_to` is its last day; null while it lasts."""

    __tablename__ = "areas"

    name: Mapped[str]
    kind: Mapped[AreaKind]
    gss_code: Mapped[str | None] = mapped_column(unique=True)
    la_code: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    part_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("areas.id"), index=True)


class AreaSuccession(Record):
    """That one area went on in another."""

    __tablename__ = "area_successions"

    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("areas.id"), index=True)
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("areas.id"), index=True)
