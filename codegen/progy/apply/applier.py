"""Applying migrations: each one atomic with its ledger row, each one once."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.apply.state import compare
from progy.errors import ApplyError, DatabaseError, SqlError, UsageError
from progy.migrations import step
from progy.migrations.directory import leading_number

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
    """The migrations up to that one, named with or without its `.sql`, or by its number; all when none is named.

    Raises:
        UsageError: There is none of that name.
    """
    if name is None:
        return migrations
    names = [migration.name for migration in migrations]
    numbered = [one for one in names if name.isdecimal() and leading_number(one) == int(name)]
    for wanted in (name, f"{name}.sql", *(numbered if len(numbered) == 1 else ())):
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
    text = migration.text.rstrip()
    parts += [ledger.record_sql(migration.name), text if text.endswith(";") else f"{text}\n;", "COMMIT;\n"]
    return "\n".join(parts)


def apply(migrations: Sequence[Migration], connection: Connection, ledger: Ledger) -> Iterator[Applied]:
    """Apply the migrations that the database lacks, one after another, and give each one when it is done.

    Raises:
        ApplyError: A statement fails. Its migration is rolled back whole; those given before stay.
        DatabaseError: The file can't be written, or another process holds it too long.
    """
    done = False
    for migration in lacking(migrations, ledger.read(connection)):
        started = time.monotonic()
        try:
            count = step.run(migration, connection, ledger)
        except SqlError as error:
            raise ApplyError(
                f"{_by_their_names(error.message)}\n{migration.name} was rolled back whole",
                statement=error.statement,
                where=error.where,
                hint=_hint(migration, error) + ("; the migrations before it stay applied" if done else ""),
            ) from None
        except DatabaseError as error:
            raise DatabaseError(
                f"{migration.name} wasn't applied: {error.message}", where=error.where, hint=error.hint
            ) from None
        if count is not None:
            done = True
            yield Applied(migration.name, count, time.monotonic() - started)


def _by_their_names(message: str) -> str:
    """The message without the names that tables have while a migration of progy's makes them anew."""
    return re.sub(r"\bprogy_new_(?=\w)", "", message)


def _hint(migration: Migration, error: SqlError) -> str:
    if re.search(r"constraint failed: .* than its migrations (?:gave it|know)\b", error.message):
        return (
            "nothing was changed; the database isn't what its migrations made: see how with progy diff migrations local"
        )
    if "constraint failed" in error.message and re.search(r"CREATE TABLE \W?progy_(?:check|new_)", migration.text):
        return "nothing was changed; mend the rows, or remove the file and generate it again with --backfill"
    return "nothing was changed; mend the rows or the file, and apply again"
