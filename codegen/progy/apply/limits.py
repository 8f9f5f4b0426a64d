"""What D1 takes in one request, said before anything is sent.

100,000 bytes a statement, 100 statements and 30 seconds a request (developers.cloudflare.com/d1/platform/limits). The
first two can be counted. How long a migration will take can only be guessed at, from the rows that it has to touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.apply.remotely import sendable
from progy.errors import ProgyError, SqlError
from progy.migrations.operations import (
    CreateIndex,
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    RenameTable,
    Update,
    operation,
)
from progy.schema.objects import fold
from progy.sql.names import always_quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.database import Database
    from progy.migrations.directory import Migration
    from progy.schema.objects import Schema
    from progy.sql.tokens import Statement

STATEMENT_BYTES = 100_000
STATEMENTS = 100
SECONDS = 30
LEDGER_STATEMENTS = 5
"""What enters a migration in the ledgers, two CREATE TABLE and two INSERT, and what looks whether it is still there."""

ROWS_A_SECOND = 100_000
"""Rows touched a second. The slowest change there is, a guarded rebuild with dependants, touches 200,000 on a desk
(tests/benchmarks/strategies.py); what Cloudflare's machines do isn't said, so this is half of it."""

SMALL = 20_000_000
"""Bytes. Nothing that is done once to each row of so small a database takes half a minute."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a migration's request is."""

    name: str
    statements: int
    """Its own; the ledgers' come on top."""
    largest: int
    """Bytes of its largest statement."""
    total: int
    """Bytes of all of them."""


def measure(migration: Migration) -> Size:
    """How large a migration's request is.

    Raises:
        SqlError: The text can't be split into statements.
        ProgyError: It is larger than D1 takes; file and line say where.
    """
    try:
        statements = _statements(migration)
    except SqlError as error:
        error.hint = error.hint or "mend the file; nothing was sent"
        raise
    sizes = [len(sendable(one.sql).encode()) - 1 for one in statements]  # the semicolon isn't part of it
    for one, size in zip(statements, sizes, strict=True):
        if size > STATEMENT_BYTES:
            raise ProgyError(
                f"a statement of {size:,} bytes, and D1 takes {STATEMENT_BYTES:,}; nothing was sent",
                where=f"{migration.path}:{one.line}",
                hint="split it: an INSERT of many rows into several",
            )
    if len(statements) + LEDGER_STATEMENTS > STATEMENTS:
        raise ProgyError(
            f"{len(statements)} statements, and D1 takes {STATEMENTS} at once, the ledgers' {LEDGER_STATEMENTS} "
            "included; nothing was sent",
            where=str(migration.path),
            hint="split the file in two; rows go in by INSERTs of many rows each, or by: progy execute --file",
        )
    return Size(migration.name, len(statements), max(sizes, default=0), sum(sizes))


def slow(pending: Sequence[Migration], schema: Schema, database: Database) -> list[str]:
    """Migrations that may not be done in D1's 30 seconds, by the number of rows in the tables they work on.

    Args:
        pending: The migrations.
        schema: The database's.
        database: It is asked for row counts, in one request and only if there is something to be counted.

    Raises:
        CloudflareError: The API can't be reached, or refuses.
    """
    if database.size is not None and database.size < SMALL:
        return []
    work = {one.name: _touched(one, schema) for one in pending}
    names = sorted({name for tables in work.values() for name in tables})
    if not names:
        return []
    rows = dict(zip(names, _counts(names, schema, database), strict=True))
    if database.size is not None:
        # Numbers that aren't counted up, times say, are no measure: there are no more rows than fit.
        rows = {name: min(count, database.size // _SMALLEST_ROW) for name, count in rows.items()}
    found = []
    for name, tables in work.items():
        total = sum(rows[table] for table in tables)
        seconds = total / ROWS_A_SECOND
        if seconds > SECONDS:
            largest = schema.tables[max(tables, key=rows.__getitem__)].name
            found.append(
                f"{name} touches about {total:,} rows, most of them of {largest}: that may take {seconds:,.0f} seconds "
                f"or more, and D1 ends a request after {SECONDS}, which undoes all of it"
            )
    return found


_SMALLEST_ROW = 8
"""Bytes, about."""


def _counts(names: Sequence[str], schema: Schema, database: Database) -> list[int]:
    """About how many rows each table has. The highest rowid is found at once; counting reads, and bills, every row."""
    queries = []
    for name in names:
        table = schema.tables[name]
        rowid = next((one for one in ("rowid", "_rowid_", "oid") if table.column(one) is None), None)
        what = "count(*)" if table.without_rowid or rowid is None else f"coalesce(max({rowid}), 0)"
        queries.append(f"(SELECT {what} FROM {always_quote(table.name)})")  # noqa: S608 - quoted
    counts = database.read([f"SELECT {', '.join(queries[at : at + 50])}" for at in range(0, len(queries), 50)])
    return [max(0, int(count)) for result in counts for count in result.rows[0]]


def _touched(migration: Migration, schema: Schema) -> list[str]:
    """The tables all of whose rows a migration reads or writes: folded names, once for each statement that does."""
    found: list[str] = []
    called: dict[str, str] = {}
    for one in _statements(migration):
        did = operation(one.sql)
        match did:
            case RenameTable():
                called[fold(did.new)] = called.get(fold(did.table), fold(did.table))
            case Insert() | CreateTable():
                found += sorted(did.reads)
            case Update() | Delete() if not did.some:
                found.append(fold(did.table))
            case CreateIndex() | DropTable() | DropColumn():
                found.append(fold(did.table))
            case _:
                pass
    names = [called.get(name, name) for name in found]
    return [name for name in names if name in schema.tables]


def _statements(migration: Migration) -> list[Statement]:
    from progy.d1.connection import parse

    return parse(migration.text, where=str(migration.path))
