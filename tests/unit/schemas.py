"""Schemas that several tests document, made by hand."""

from __future__ import annotations

from progy.docs.catalogue import build
from progy.docs.pages import pages
from progy.schema.models import Model, ModelColumn, Models
from progy.schema.objects import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Term,
    Trigger,
    View,
    VirtualTable,
    fold,
)

USERS = Table(
    "users",
    (
        Column("id", "TEXT", not_null=True),
        Column("email", "TEXT", not_null=True),
        Column("role", "TEXT", not_null=True, default="'member'"),
        Column("created_at", "INTEGER", not_null=True, default="(unixepoch())"),
        Column("invited_by", "TEXT"),
        Column("domain", "TEXT", generated=Generated("substr(email, instr(email, '@') + 1)", stored=False)),
    ),
    PrimaryKey((Term("id"),), inline=True),
    checks=(Check("role IN ('member', 'admin')", name="users_role"),),
    foreign_keys=(ForeignKey(("invited_by",), "users", ("id",), on_delete="SET NULL", inline=True),),
)
SESSIONS = Table(
    "sessions",
    (Column("id", "INTEGER"), Column("user_id", "TEXT", not_null=True), Column("expires_at", "INTEGER")),
    PrimaryKey((Term("id"),), autoincrement=True, inline=True),
    foreign_keys=(ForeignKey(("user_id",), "users", on_delete="CASCADE", deferred=True, inline=True),),
)
TAGS = Table("tags", (Column("name"),))

SCHEMA = Schema(
    tables={"users": USERS, "sessions": SESSIONS, "tags": TAGS},
    virtual_tables={"texts": VirtualTable("texts", "fts5", "CREATE VIRTUAL TABLE texts USING fts5(body)")},
    indexes={
        "users_email": Index("users_email", "users", (Term("email"),), unique=True),
        "users_recent": Index(
            "users_recent",
            "users",
            (Term("created_at", descending=True), Term("lower(email)", is_column=False)),
            where="role = 'admin'",
        ),
    },
    views={"admins": View("admins", "CREATE VIEW admins AS SELECT id FROM users WHERE role = 'admin'")},
    triggers={
        "users_deleted": Trigger(
            "users_deleted",
            "users",
            "CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN\n  DELETE FROM tags;\nEND",
        )
    },
)
MODELS = Models(
    models=(
        Model(
            table="sessions",
            name="Session",
            module="models.auth",
            file="models/auth.py",
            line=40,
            columns=(),
        ),
        Model(
            table="users",
            name="User",
            module="models.auth",
            file="models/auth.py",
            line=12,
            columns=(
                ModelColumn("id", "id", "str", "str", nullable=False, optional=False),
                ModelColumn(
                    *("role", "role", "Role", "str"),
                    nullable=False,
                    optional=True,
                    values=("member", "admin"),
                    description="What they may do.",
                ),
                ModelColumn(
                    *("created_at", "created_at", "datetime", "int"),
                    nullable=False,
                    optional=True,
                    storage="Unix seconds",
                    description="When they joined.",
                ),
            ),
            description="Someone who\nsigns in.\n\nThe row stays when `role` changes.",
        ),
    ),
    ddl=(),
)


def schema_of(*tables: Table) -> Schema:
    """A schema of these tables alone."""
    return Schema(tables={fold(table.name): table for table in tables})


def documented(schema: Schema, models: Models | None = None, *, title: str = "Database") -> dict[str, str]:
    """The pages of a schema."""
    return pages(build(schema, models, title=title))
