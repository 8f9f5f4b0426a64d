"""One look at a database: its ledgers and its whole schema, at one moment and in one request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from progy.d1.ledger import LedgerRow, Record
from progy.errors import DatabaseError, SqlError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from progy.d1.database import Database, Result
    from progy.d1.ledger import Ledger
    from progy.schema.objects import Schema

_NO_TABLE = "no such table: "


@dataclass(frozen=True)
class Look:
    """What a database had when it was looked at."""

    ledger: Ledger
    rows: tuple[LedgerRow, ...] = ()
    """wrangler's ledger, oldest first."""
    records: tuple[Record, ...] = ()
    """Ours."""
    schema_rows: tuple[tuple[Any, ...], ...] = ()
    """`sqlite_schema`, as `progy.schema.query.SCHEMA_QUERY` gives it."""

    @cached_property
    def schema(self) -> Schema:
        """The schema, without the ledgers.

        Raises:
            ProgyError: SQLite has taken what progy can't read.
        """
        from progy.schema.inspect import schema_from_rows

        return schema_from_rows(self.schema_rows, ignore=self.ledger.tables)

    @cached_property
    def holds_tables(self) -> bool:
        """Whether there is any table besides the ledgers, and so something to lose."""
        from progy.schema.objects import fold

        ledgers = {fold(name) for name in self.ledger.tables}
        return any(kind == "table" and fold(name) not in ledgers for kind, name, *_ in self.schema_rows)

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name, in any case."""
        from progy.schema.objects import fold

        return any(row[0] == "table" and fold(row[1]) == fold(name) for row in self.schema_rows)


def look(database: Database, ledger: Ledger) -> Look:
    """Read ledgers and schema. Nothing is written: a ledger that isn't there is not made.

    Raises:
        DatabaseError: The file can't be read, or is no database.
        CloudflareError: The API can't be reached, or refuses.
    """
    from progy.schema.query import SCHEMA_QUERY

    ledgers = {ledger.table: ledger.rows_sql(), ledger.companion: ledger.records_sql()}
    queries = {"": SCHEMA_QUERY, **ledgers}
    while True:
        try:
            found = dict(zip(queries, database.read(list(queries.values())), strict=True))
        except SqlError as error:
            # SQLite has no way to ask for a table that may not be there: what is missing is left out, and asked again.
            missing = error.message.partition(_NO_TABLE)[2].strip()
            if missing and queries.pop(missing, ""):
                if missing == ledger.table:
                    queries.pop(ledger.companion, "")  # hardly there by itself
                continue
            if "no such column: " in error.message:
                raise _misshapen(database, ledger, queries, error) from None
            raise
        seen = Look(
            ledger,
            tuple(LedgerRow(str(row[0]), str(row[1])) for row in _rows(found.get(ledger.table))),
            tuple(Record(*row) for row in _rows(found.get(ledger.companion))),
            found[""].rows,
        )
        # What was left out may be there after all, or since: both ledgers have to be of one moment.
        if any(row[0] == "view" and row[1] in ledgers for row in found[""].rows):
            raise DatabaseError(
                f"a view has the name of a ledger, {ledger.table} or {ledger.companion}",
                where=database.label,
                hint="look which table migrations_table in the wrangler config should name",
            )
        there = {name: query for name, query in ledgers.items() if name not in queries and seen.has_table(name)}
        if not there:
            return seen
        queries |= there


def _misshapen(database: Database, ledger: Ledger, queries: dict[str, str], error: SqlError) -> DatabaseError:
    """Which of the ledgers has other columns than it should."""
    owners = {ledger.table: "wrangler", ledger.companion: "progy"}
    for table in filter(None, queries):
        try:
            database.read([queries[table]])
        except SqlError as refused:
            return DatabaseError(
                f"the table {table} isn't {owners[table]}'s ledger: {refused.message}",
                where=database.label,
                hint="look at it with: progy execute; wrangler's is named by migrations_table in the wrangler config",
            )
    return DatabaseError(error.message, where=database.label)


def _rows(result: Result | None) -> Sequence[tuple[Any, ...]]:
    return result.rows if result else ()


def read_ledger(path: Path, ledger: Ledger) -> tuple[LedgerRow, ...]:
    """What a local database has, oldest first; nothing when there is no file, which isn't made.

    Raises:
        DatabaseError: The file can't be read, or is no database.
    """
    from progy.d1.local import LocalDatabase

    with LocalDatabase(path) as database:
        return look(database, ledger).rows
