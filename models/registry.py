"""The registry: courses packed for others to install, their versions, and who fetches them."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, true
from sqlmodel import Field, Relationship

from models.auth import User
from models.base import Record, now
from progy import Json, UnixSeconds, ValueEnum


class PackageStatus(StrEnum):
    """Where a package stands between its author's first draft and the public."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"
    DELETED = "deleted"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    BANNED = "banned"
    IN_DEVELOPMENT = "in_development"


class VersionStatus(StrEnum):
    """Whether a version has passed the course guard."""

    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"


class Package(Record, table=True):
    """A course in the registry, whatever its version."""

    __tablename__ = "registries_packages"
    __table_args__ = (
        Index("registry_packages_name_idx", "name", unique=True),
        Index("registry_packages_user_id_idx", "user_id"),
    )

    user_id: str = Field(foreign_key="users.id", description="Its author.")
    name: str = Field(description="The name by which it is installed, with its scope; nobody else's.")
    slug: str = Field(description="The name's form in URLs.")
    description: str | None = Field(default=None, description="What one learns in it, in a sentence or two.")
    status: PackageStatus = Field(
        default=PackageStatus.DRAFT,
        sa_type=ValueEnum(PackageStatus),
        sa_column_kwargs={"server_default": PackageStatus.DRAFT},
        description="Where it stands between a draft and the public.",
    )
    latest_version: str | None = Field(
        default=None, description="The version that is installed when none is asked for."
    )
    is_public: bool | None = Field(
        default=True,
        sa_column_kwargs={"server_default": true()},
        description="Whether others than its author can find it.",
    )
    created_at: dt.datetime = Field(default_factory=now, sa_type=UnixSeconds, description="When the name was taken.")
    updated_at: dt.datetime = Field(
        default_factory=now,
        sa_type=UnixSeconds,
        sa_column_kwargs={"onupdate": now},
        description="When a version came, or anything in this row changed.",
    )

    user: User = Relationship(back_populates="packages")
    versions: list["PackageVersion"] = Relationship(back_populates="package")


class PackageVersion(Record, table=True):
    """One version of a package: an archive in R2, which the course guard looks through before it goes out."""

    __tablename__ = "registries_versions"
    __table_args__ = (Index("registry_versions_pkg_ver_idx", "package_id", "version", unique=True),)

    package_id: str = Field(foreign_key="registries_packages.id", description="What it is a version of.")
    version: str = Field(description="Its number, as semantic versioning has it; once only for a package.")
    storage_key: str = Field(description="The archive's key in R2.")
    size_bytes: int = Field(description="The archive's size, in bytes.")
    checksum: str = Field(description="The archive's hash, which the CLI compares after the download.")
    changelog: str | None = Field(default=None, description="What is new, as its author says, in Markdown.")
    engine_version: str | None = Field(default=None, description="Which versions of the CLI can run it.")
    manifest: dict[str, Any] | None = Field(
        default=None,
        sa_type=Json,
        description="The course's own description of its contents, from the archive.",
    )
    status: VersionStatus = Field(
        default=VersionStatus.PENDING,
        sa_type=ValueEnum(VersionStatus),
        sa_column_kwargs={"server_default": VersionStatus.PENDING},
        description="Whether the guard let it through. Only active ones are given out.",
    )
    status_message: str | None = Field(default=None, description="Why it was rejected, for its author.")
    created_at: dt.datetime = Field(default_factory=now, sa_type=UnixSeconds, description="When it was uploaded.")
    guard: dict[str, Any] | None = Field(
        default=None, sa_type=Json, description="What the course guard found, check by check."
    )

    package: Package = Relationship(back_populates="versions")


class PackageDownload(Record, table=True):
    """One download of one version.

    It outlives what it counts, and so refers to nothing by foreign key.
    """

    __tablename__ = "registries_downloads"

    package_id: str = Field(description="The package that was fetched.")
    version_id: str = Field(description="The version that was fetched.")
    user_id: str | None = Field(default=None, description="Who fetched it, if they were logged in.")
    ip_address: str | None = Field(default=None, description="From where, to count nobody twice.")
    downloaded_at: dt.datetime = Field(default_factory=now, sa_type=UnixSeconds, description="When it was fetched.")


class PackageStats(Record, table=True):
    """How often a package was fetched on one day: what the aggregation workflow makes of the downloads."""

    __tablename__ = "registries_stats"

    package_id: str = Field(description="The package. No foreign key: the figures outlive it.")
    date: dt.date = Field(description="The day, in UTC.")
    downloads_count: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}, description="The downloads of that day."
    )
