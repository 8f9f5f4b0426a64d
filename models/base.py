"""What all tables have in common."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from sqlmodel import Field, SQLModel


def now() -> datetime:
    """This moment, in whole seconds as the columns keep it."""
    return datetime.now(UTC).replace(microsecond=0)


def new_id() -> str:
    """A new row's id: random, so that it tells nothing and can be made anywhere."""
    return str(uuid4())


class Record(SQLModel):
    """A row with an id of its own."""

    # SQLModel declares the name as a method; so typed, a plain string may take its place in the tables.
    __tablename__: ClassVar[Any]

    id: str = Field(default_factory=new_id, primary_key=True, description="A random identifier, never reused.")
