"""What every table has in common."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import Enum, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ENUM = Enum(
    StrEnum,
    native_enum=False,
    create_constraint=False,
    length=64,
    values_callable=lambda members: [member.value for member in members],
)
"""A value list is text; its CHECK stands in the migration that adds the column."""

NAMES = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


NarrativeText = Annotated[str, mapped_column(Text, info={"narrative": True})]
"""A text about a case in which people stand as tokens: `⟦3⟧` is person 3 of the case."""


class Base(DeclarativeBase):
    """The mapping of Python's types to PostgreSQL's."""

    metadata = NAMES
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(Uuid),
        StrEnum: ENUM,
    }


class Record(Base):
    """A row with an identifier of its own. Ids and times come from the database."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
