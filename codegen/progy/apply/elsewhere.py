"""Ledgers under other names: a database whose own one is empty may have its migrations in another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.d1.ledger import Ledger
from progy.errors import SqlError
from progy.migrations.operations import CreateTable, operation
from progy.schema.objects import fold
from progy.sql.tokens import UnclosedQuoteError, statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.database import Database
    from progy.d1.look import Look
    from progy.migrations.directory import Migration
    from progy.sql.tokens import Statement

_LEDGER = re.compile(r"\bname\b.*\bapplied_at\b", re.DOTALL | re.IGNORECASE)
"""How wrangler's ledger, and no other table, is made."""


def elsewhere(history: Sequence[Migration], found: Look, database: Database) -> str | None:
    """The ledger that has some of these very migrations, where the one that should have them is empty.

    Args:
        history: The migrations that there are.
        found: The database.
        database: It is asked what its other ledgers hold, if there are any.

    Raises:
        ProgyError: A migration's file can't be read.
        DatabaseError: The database can't be read.
        CloudflareError: The API can't be reached, or refuses.
    """
    tables = {str(row[1]): str(row[3]) for row in found.schema_rows if row[0] == "table"}
    names = {migration.name for migration in history}
    checksums = {(migration.name, migration.checksum) for migration in history}
    for table, sql in tables.items():
        other = Ledger(table)
        if table in found.ledger.tables or not _LEDGER.search(sql):
            continue
        known = other.companion in tables
        try:
            (rows,) = database.read([other.records_sql() if known else other.rows_sql()])
        except SqlError:
            continue  # no ledger, but a table like one
        if known and any((row[0], row[1]) in checksums for row in rows.rows):
            return table
        if not known and rows.rows and all(row[0] in names for row in rows.rows):
            return table
    return None


def made_already(history: Sequence[Migration], found: Look) -> list[str]:
    """The tables that migrations make and the database has.

    Raises:
        ProgyError: A migration's file can't be read.
    """
    made = {
        fold(did.table)
        for migration in history
        for one in _statements(migration)
        if isinstance(did := operation(one.sql), CreateTable)
    }
    return [table.name for name, table in found.schema.tables.items() if name in made]


def _statements(migration: Migration) -> list[Statement]:
    try:
        return statements(migration.text)
    except UnclosedQuoteError:
        return []
