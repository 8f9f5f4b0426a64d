"""Models made by hand: every form a column can have."""

from __future__ import annotations

from progy.schema.models import Model, ModelColumn, Models

STATUSES = ("draft", "published", "archived", "deleted", "in_review", "rejected", "banned", "in_development")


def column(name: str, row_type: str = "str", **given: object) -> ModelColumn:
    values = {"attribute": name, "annotation": row_type, "nullable": False, "optional": False, **given}
    return ModelColumn(name=name, row_type=row_type, **values)  # type: ignore[arg-type]


USERS = Model(
    table="users",
    name="User",
    module="models.auth",
    file="models/auth.py",
    line=12,
    description="Someone with an account.\n\nMade at the first sign-in.",
    columns=(
        column("id", description="The account's id, given by Better-Auth."),
        column("email"),
        column("email_verified", "int", annotation="bool", optional=True, storage="0 or 1"),
        column(
            "created_at",
            "int",
            annotation="datetime",
            description="When it was made.",
            storage="Unix seconds",
        ),
        column("metadata", annotation="dict", nullable=True, optional=True, storage="JSON text"),
        column("avatar", "bytes", nullable=True, optional=True),
        column("name_length", "int", generated=True),
    ),
)
PACKAGES = Model(
    table="registries_packages",
    name="RegistryPackage",
    module="models.registry",
    file="models/registry.py",
    line=30,
    columns=(
        column("id"),
        column("status", annotation="PackageStatus", values=STATUSES, optional=True, description="Its life."),
        column("level", "int", annotation="Level", values=(1, 2), nullable=True, optional=True),
    ),
)
ODD = Model(
    table="odd",
    name="Odd",
    module="models.odd",
    file="models/odd.py",
    line=1,
    columns=(
        column("id", "int", optional=True),
        column("class", description='A keyword, "quoted".'),
        column("two words", "float", nullable=True, optional=True),
        column("dünn"),
    ),
)
MODELS = Models(models=(ODD, PACKAGES, USERS), ddl=())
