"""One migration as D1 and wrangler take it: a transaction with its row in the ledger, there whole or not at all.

The applier runs it on a database, the generator on a shadow in memory to learn what a history gives.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from progy.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.d1.connection import Connection
    from progy.d1.ledger import Ledger
    from progy.migrations.directory import Migration


def run(migration: Migration, connection: Connection, ledger: Ledger) -> int | None:
    """Run a migration, unless the ledger has it.

    Its ledger row goes first: whoever runs the same migration at the same time waits, then finds it done.

    Returns:
        How many statements it has; None when the ledger has it already.

    Raises:
        SqlError: A statement fails, or D1 would refuse it; file and line say where. Nothing of it stays.
        DatabaseError: The file can't be written, or another process holds it too long.
        ProgyError: The migration's file can't be read.
    """
    where = str(migration.path)
    with _located(where), connection.transaction():
        if ledger.has(connection, migration.name):
            return None
        connection.query(ledger.create_sql())
        connection.query(ledger.record_sql(migration.name))
        count = connection.run(migration.text, where=where)
        if not ledger.has(connection, migration.name):
            raise SqlError(
                f"it takes its own row out of the ledger {ledger.table}, so it would run again and again",
                statement=migration.text.strip(),
            )
    return count


@contextlib.contextmanager
def _located(where: str) -> Iterator[None]:
    """Name the file in an error that has no place yet."""
    try:
        yield
    except SqlError as error:
        error.where = error.where or where
        raise


def replay(migrations: Iterable[Migration], shadow: Connection, ledger: Ledger) -> None:
    """Run a history on an empty database.

    Raises:
        SqlError: A statement fails, or D1 would refuse it; file and line say where.
        ProgyError: A file can't be read.
    """
    for migration in migrations:
        run(migration, shadow, ledger)
