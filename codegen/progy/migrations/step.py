"""One migration as D1 and wrangler take it: a transaction with its row in the ledger, there whole or not at all.

The applier runs it on a database, the generator on a shadow in memory to learn what a history gives.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from progy.d1.ledger import LOST_ROW
from progy.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.d1.connection import Connection
    from progy.d1.ledger import Ledger, Record
    from progy.migrations.directory import Migration


def run(migration: Migration, connection: Connection, ledger: Ledger, record: Record | None = None) -> int | None:
    """Run a migration, unless the ledger has it.

    Its ledger row goes first: whoever runs the same migration at the same time waits, then finds it done.

    Args:
        migration: The migration.
        connection: The database.
        ledger: Its ledgers.
        record: What our own ledger keeps of it; nothing on a shadow.

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
        for statement in entering(migration, ledger, record):
            connection.query(statement)
        count = connection.run(migration.text, where=where)
        if not ledger.has(connection, migration.name):
            raise SqlError(
                LOST_ROW,
                statement=migration.text.strip(),
            )
    return count


def entering(migration: Migration, ledger: Ledger, record: Record | None) -> list[str]:
    """The statements that enter a migration in the ledgers, in wrangler's first: its row is what there can be once."""
    statements = [ledger.create_sql(), ledger.enter_sql([migration.name])]
    if record is not None:
        statements += [ledger.create_companion_sql(), ledger.record_sql([record])]
    return statements


@contextlib.contextmanager
def _located(where: str) -> Iterator[None]:
    """Name the file in an error that has no place yet."""
    try:
        yield
    except SqlError as error:
        error.where = error.where or where
        raise


def run_schema(migration: Migration, shadow: Connection, ledger: Ledger) -> None:
    """Run what a migration does to the schema, and nothing that it does to rows: for what rows decide on a database.

    Raises:
        SqlError: A statement fails.
        ProgyError: The migration's file can't be read.
    """
    from progy.d1.connection import parse
    from progy.migrations.operations import Delete, Insert, Update, operation

    found = parse(migration.text, where=str(migration.path))
    kept = [one.sql for one in found if not isinstance(operation(one.sql), (Insert, Update, Delete))]
    with shadow.transaction():
        for sql in (ledger.create_sql(), ledger.enter_sql([migration.name])):
            shadow.query(sql)
        shadow.run("\n;".join(kept), where=str(migration.path))


def replay_schema(migrations: Iterable[Migration], shadow: Connection, ledger: Ledger) -> None:
    """Run a history on an empty database for the schema that it gives: what fails for want of rows is run without them.

    Raises:
        SqlError: A statement fails, or D1 would refuse it; file and line say where.
        ProgyError: A file can't be read.
    """
    shadow.query(ledger.create_companion_sql())
    for migration in migrations:
        try:
            run(migration, shadow, ledger)
        except SqlError as error:
            if "constraint failed" not in error.message:
                raise
            run_schema(migration, shadow, ledger)


def replay(migrations: Iterable[Migration], shadow: Connection, ledger: Ledger) -> None:
    """Run a history on an empty database.

    Raises:
        SqlError: A statement fails, or D1 would refuse it; file and line say where.
        ProgyError: A file can't be read.
    """
    for migration in migrations:
        run(migration, shadow, ledger)
