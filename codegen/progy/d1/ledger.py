"""The ledgers: the tables in which a database keeps which migrations it has.

wrangler's has wrangler's own layout, to the character (4.164, `d1 migrations`), so that either tool goes on where the
other stopped. Ours beside it says what wrangler's doesn't: what the file held, who applied it, and the way back. It is
written in the same transaction. A migration that wrangler applied is in wrangler's alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.sql.names import always_quote, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from progy.d1.connection import Connection


LOST_ROW = "the migration takes its own row out of the ledger"
"""What stands in the error of a migration that would run again and again."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A migration that a database has, as wrangler knows it."""

    name: str
    applied_at: str
    """UTC, as `CURRENT_TIMESTAMP` writes it: `2026-11-23 04:16:50`."""


@dataclass(frozen=True, slots=True)
class Record:
    """A migration that a database has, as progy knows it."""

    name: str
    checksum: str
    """Of the file's text, as `progy.migrations.directory` makes it."""
    version: str
    """progy's, which applied it."""
    run: str
    """The same for all that one run applied, and for no other run."""
    bookmark: str | None = None
    """What goes back to before that run: a Time Travel bookmark, or a local snapshot's name."""
    applied_at: str = ""
    """UTC, by the database's clock; it is set by the database."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledgers of a database.

    Args:
        table: wrangler's; `migrations_table` in the wrangler config.
    """

    table: str = "d1_migrations"

    @property
    def companion(self) -> str:
        """Our own table beside wrangler's."""
        return f"progy_{self.table}"

    @property
    def tables(self) -> tuple[str, str]:
        """Both: neither is the user's."""
        return self.table, self.companion

    def has(self, connection: Connection, migration: str) -> bool:
        """Whether the database has that migration."""
        if not connection.has_table(self.table):
            return False
        return bool(connection.query(f"SELECT 1 FROM {always_quote(self.table)} WHERE name = ?", [migration]))  # noqa: S608 - quoted

    def rows_sql(self) -> str:
        """The query for wrangler's rows, `name, applied_at`, oldest first."""
        # UNIQUE lets any number of NULLs in.
        return f"SELECT name, applied_at FROM {always_quote(self.table)} WHERE typeof(name) = 'text' ORDER BY id"  # noqa: S608 - quoted

    def records_sql(self) -> str:
        """The query for our rows, in the order of `Record`'s fields."""
        columns = "name, checksum, version, run, bookmark, applied_at"
        return f"SELECT {columns} FROM {always_quote(self.companion)} ORDER BY rowid"  # noqa: S608 - quoted

    def create_sql(self) -> str:
        """The statement that makes wrangler's table, unless it is there."""
        return (
            f"CREATE TABLE IF NOT EXISTS {always_quote(self.table)}(\n"
            "\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
            "\t\tname       TEXT UNIQUE,\n"
            "\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n"
            ");"
        )

    def create_companion_sql(self) -> str:
        """The statement that makes our table, unless it is there."""
        return (
            f"CREATE TABLE IF NOT EXISTS {always_quote(self.companion)} (\n"
            "    name TEXT NOT NULL PRIMARY KEY,\n"
            "    checksum TEXT NOT NULL,\n"
            "    version TEXT NOT NULL,\n"
            "    run TEXT NOT NULL,\n"
            "    bookmark TEXT,\n"
            "    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP\n"
            ");"
        )

    def enter_sql(self, names: Iterable[str]) -> str:
        """The statement that enters migrations in wrangler's table. A name is UNIQUE there: a second one fails."""
        values = ", ".join(f"({literal(name)})" for name in names)
        return f"INSERT INTO {always_quote(self.table)} (name) VALUES {values};"  # noqa: S608 - quoted

    def stays_sql(self, name: str) -> str:
        """The statement that fails, and so undoes the migration that it ends, if wrangler's table hasn't got it."""
        there = f"EXISTS (SELECT 1 FROM {always_quote(self.table)} WHERE name = {literal(name)})"  # noqa: S608 - quoted
        # Outside a trigger there is no RAISE; but a path that is none is refused by its text.
        return f"SELECT CASE WHEN {there} THEN 1 ELSE json_extract('{{}}', {literal(LOST_ROW)}) END;"

    def record_sql(self, records: Iterable[Record]) -> str:
        """The statement that enters migrations in our table. One that wrangler's no longer has is entered anew."""
        values = ", ".join(
            f"({', '.join(_value(one) for one in (row.name, row.checksum, row.version, row.run, row.bookmark))})"
            for row in records
        )
        columns = "name, checksum, version, run, bookmark"
        return f"INSERT OR REPLACE INTO {always_quote(self.companion)} ({columns}) VALUES {values};"  # noqa: S608 - quoted

    def checksum_sql(self, checksums: Mapping[str, str]) -> str:
        """The statement that gives migrations in our table, by name, other checksums."""
        cases = " ".join(f"WHEN {literal(name)} THEN {literal(checksum)}" for name, checksum in checksums.items())
        names = ", ".join(map(literal, checksums))
        update = f"UPDATE {always_quote(self.companion)} SET checksum = CASE name"  # noqa: S608 - quoted
        return f"{update} {cases} END WHERE name IN ({names});"

    def rename_sql(self, names: Mapping[str, str], *, companion: bool = True) -> list[str]:
        """The statements that give migrations which are entered other names.

        Args:
            names: The new names by the old ones. One may be another's old name.
            companion: Whether our table is there, too.
        """
        cases = " ".join(f"WHEN {literal(_PASSING + old)} THEN {literal(new)}" for old, new in names.items())
        olds = ", ".join(map(literal, names))
        passing = ", ".join(literal(_PASSING + old) for old in names)
        found = []
        for table in self.tables if companion else (self.table,):
            update = f"UPDATE {always_quote(table)} SET name ="  # noqa: S608 - quoted
            # By way of names that nobody has: a name is UNIQUE after each row, not after all of them.
            found.append(f"{update} {literal(_PASSING)} || name WHERE name IN ({olds});")
            found.append(f"{update} CASE name {cases} END WHERE name IN ({passing});")
        return found


_PASSING = "progy renames "


def _value(text: str | None) -> str:
    return "NULL" if text is None else literal(text)
