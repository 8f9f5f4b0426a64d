"""A table with a column of every type, each also without a value."""

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import JSON, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from progy import ExactDecimal, Json, UnixMillis, UnixSeconds, ValueEnum


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 9


class Settings(BaseModel):
    theme: str
    since: datetime | None = None


class Base(SQLModel, registry=registry()):
    __tablename__: ClassVar[Any]


class Everything(Base, table=True):
    __tablename__ = "everything"

    id: int | None = Field(default=None, primary_key=True)
    label: str = Field(unique=True)
    choice: Literal["a", "b"] | None = Field(default=None, sa_type=Text)
    number: int | None = None
    ratio: float | None = None
    flag: bool | None = None
    data: bytes | None = None
    moment: datetime | None = None
    seconds: datetime | None = Field(default=None, sa_type=UnixSeconds)
    millis: datetime | None = Field(default=None, sa_type=UnixMillis)
    day: date | None = None
    hour: time | None = None
    span: timedelta | None = None
    price: Decimal | None = None
    exact: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    key: UUID | None = None
    colour: Colour | None = None
    short: Colour | None = Field(default=None, sa_type=ValueEnum(Colour))
    level: Level | None = Field(default=None, sa_type=ValueEnum(Level))
    stock: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    numbers: list[int] | None = Field(default=None, sa_type=Json)
    settings: Settings | None = Field(default=None, sa_type=Json(Settings))
    keys: str | None = None
    """A method of dict has its name."""
