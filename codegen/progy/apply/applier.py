"""Applying migrations: each one atomic with its ledger row, each one once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.apply.state import compare
from progy.errors import ApplyError, DatabaseError, SqlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from progy.d1.connection import Connection
    from progy.d1.ledger import Ledger, LedgerRow
    from progy.migrations.directory import Migration


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that has just been applied."""

    name: str
    statements: int
    seconds: float


def read_ledger(path: Path, ledger: Ledger) -> list[LedgerRow]:
    """What a local database has; nothing when there is no file, which isn't made.

    Raises:
        DatabaseError: The file can't be read, or is no database.
    """
    from progy.d1.connection import Connection

    if not path.exists():
        return []
    with Connection(path) as connection:
        return ledger.read(connection)


def up_to(migrations: list[Migration], name: str | None) -> list[Migration]:
    """The migrations up to that one, which may be named without its `.sql`; all when none is named.

    Raises:
        UsageError: There is none of that name.
    """
    if name is None:
        return migrations
    names = [migration.name for migration in migrations]
    for wanted in (name, f"{name}.sql"):
        if wanted in names:
            return migrations[: names.index(wanted) + 1]
    raise UsageError(f"no migration is called {name}", hint="see the names with: progy status")


def lacking(migrations: Sequence[Migration], rows: Sequence[LedgerRow]) -> list[Migration]:
    """The migrations that a database with this ledger lacks, in order."""
    names = {entry.name for entry in compare(migrations, rows).of("pending")}
    return [migration for migration in migrations if migration.name in names]


def script(migration: Migration, ledger: Ledger, *, create: bool) -> str:
    """The SQL that applying a migration to a local database runs, as one text.

    Args:
        migration: The migration.
        ledger: The ledger it is entered in.
        create: Whether the ledger has to be made first.
    """
    parts = [f"-- {migration.name}\nBEGIN IMMEDIATE;"]
    if create:
        parts.append(ledger.create_sql())
    parts += [ledger.record_sql(migration.name), migration.text.rstrip("\n"), "COMMIT;\n"]
    return "\n".join(parts)


def apply(migrations: Sequence[Migration], connection: Connection, ledger: Ledger) -> Iterator[Applied]:
    """Apply the migrations that the database lacks, one after another, and give each one when it is done.

    Each is one transaction with its ledger row, which goes first: whoever else applies the same migration at the same
    time waits, then finds it done.

    Raises:
        ApplyError: A statement fails. Its migration is rolled back whole; those given before stay.
        DatabaseError: The file can't be written, or another process holds it too long.
    """
    for migration in lacking(migrations, ledger.read(connection)):
        started = time.monotonic()
        where = str(migration.path)
        try:
            with connection.transaction():
                if migration.name in {row.name for row in ledger.read(connection)}:
                    continue  # another applier was faster
                connection.query(ledger.create_sql())
                connection.query(ledger.record_sql(migration.name))
                count = connection.run(migration.text, where=where)
        except SqlError as error:
            raise ApplyError(
                f"{migration.name} failed and was rolled back: {error.message}",
                statement=error.statement,
                where=error.where,
                hint="mend the file and apply again; the migrations before it stay applied",
            ) from None
        except DatabaseError as error:
            raise DatabaseError(
                f"{migration.name} failed and was rolled back: {error.message}",
                where=error.where,
                hint=error.hint,
            ) from None
        yield Applied(migration.name, count, time.monotonic() - started)
