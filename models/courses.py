"""What people learn: the courses they take, and how far they are."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Relationship

from models.auth import User
from models.base import Record, now
from progy import Json, UnixSeconds


class Course(Record, table=True):
    """A course that somebody has made."""

    __tablename__ = "courses"

    user_id: str = Field(foreign_key="users.id", description="Who made it.")
    name: str = Field(description="The title to show.")
    created_at: datetime = Field(default_factory=now, sa_type=UnixSeconds, description="When it was made.")

    user: User = Relationship(back_populates="courses")


class CourseProgress(Record, table=True):
    """How far somebody is in a course, as the CLI last reported it."""

    __tablename__ = "courses_progress"

    user_id: str = Field(foreign_key="users.id", description="Who takes the course.")
    course_id: str = Field(
        description="Which course. No foreign key: those that the Worker's `COURSES` names have no row."
    )
    data: dict[str, Any] = Field(sa_type=Json, description="The lessons and exercises done, in the CLI's own format.")
    updated_at: datetime = Field(
        default_factory=now,
        sa_type=UnixSeconds,
        sa_column_kwargs={"onupdate": now},
        description="When the CLI last reported; the newer report wins.",
    )

    user: User = Relationship(back_populates="progress")
