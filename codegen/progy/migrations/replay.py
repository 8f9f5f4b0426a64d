"""The schema a history of migrations gives, by running it on a database in memory with D1's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from progy.d1.connection import Connection
    from progy.migrations.directory import Migration


def replay(migrations: Iterable[Migration], shadow: Connection) -> None:
    """Run migrations on the shadow, each a transaction of its own.

    Raises:
        SqlError: A statement fails, or D1 would refuse it; file and line say where.
        ProgyError: A file can't be read.
    """
    for migration in migrations:
        with shadow.transaction():
            shadow.run(migration.text, where=str(migration.path))
