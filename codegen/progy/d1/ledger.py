"""wrangler's ledger: the table in which it keeps which migrations a database has.

Its layout is wrangler's own, to the character (4.164, `d1 migrations`), so that either tool goes on where the other
stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.sql.names import always_quote, literal

if TYPE_CHECKING:
    from progy.d1.connection import Connection


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A migration that a database has."""

    name: str
    applied_at: str
    """UTC, as `CURRENT_TIMESTAMP` writes it: `2026-11-23 04:16:50`."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger table of that name; `migrations_table` in the wrangler config."""

    table: str = "d1_migrations"

    def read(self, connection: Connection) -> list[LedgerRow]:
        """What the database has, oldest first; nothing when it has no ledger yet."""
        if not connection.has_table(self.table):
            return []
        rows = connection.query(f"SELECT name, applied_at FROM {always_quote(self.table)} ORDER BY id")  # noqa: S608 - quoted
        return [LedgerRow(str(name), str(applied_at)) for name, applied_at in rows]

    def has(self, connection: Connection, migration: str) -> bool:
        """Whether the database has that migration."""
        return any(row.name == migration for row in self.read(connection))

    def create_sql(self) -> str:
        """The statement that makes the table, unless it is there."""
        return (
            f"CREATE TABLE IF NOT EXISTS {always_quote(self.table)}(\n"
            "\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
            "\t\tname       TEXT UNIQUE,\n"
            "\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n"
            ");"
        )

    def record_sql(self, migration: str) -> str:
        """The statement that enters a migration. Its name is UNIQUE: a second one fails."""
        return f"INSERT INTO {always_quote(self.table)} (name) VALUES ({literal(migration)});"  # noqa: S608 - quoted

    def rename_sql(self, migration: str, new: str) -> str:
        """The statement that gives a migration which is entered another name."""
        return f"UPDATE {always_quote(self.table)} SET name = {literal(new)} WHERE name = {literal(migration)};"  # noqa: S608 - quoted
