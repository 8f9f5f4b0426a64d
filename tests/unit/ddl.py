"""A schema from SQL, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.d1.connection import Connection

if TYPE_CHECKING:
    from progy.schema.objects import Schema


def schema_of(ddl: str) -> Schema:
    """What these CREATE statements make under D1's rules."""
    with Connection() as shadow, shadow.transaction():
        shadow.run(ddl, where="test.sql")
        return shadow.schema()
