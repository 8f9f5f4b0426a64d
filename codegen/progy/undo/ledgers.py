"""What the two ledgers of a database say, migration by migration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.d1.look import look
from progy.errors import SqlError

if TYPE_CHECKING:
    from progy.d1.database import Database
    from progy.d1.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that a database has."""

    name: str
    at: str
    """UTC, by the database's clock."""
    run: str | None = None
    """The run of progy that applied it; None when another tool did."""
    bookmark: str | None = None
    """What goes back to before that run."""


def applied(database: Database, ledger: Ledger) -> list[Applied]:
    """The migrations that a database has, in the order in which they were applied.

    Raises:
        DatabaseError: A local one can't be read.
        CloudflareError: A remote one can't be read.
    """
    found = look(database, ledger)
    known = {record.name: (record.run, record.bookmark) for record in found.records}
    return [Applied(row.name, row.applied_at, *known.get(row.name, (None, None))) for row in found.rows]


def names(database: Database, ledger: Ledger) -> list[str] | None:
    """The migrations that a database has, by wrangler's ledger alone and in one request; None where that is no ledger.

    Raises:
        DatabaseError: A local one can't be read.
        CloudflareError: A remote one can't be read.
    """
    try:
        [found] = database.read([ledger.rows_sql()])
    except SqlError as error:
        return [] if f"no such table: {ledger.table}" in error.message else None
    return [str(row[0]) for row in found.rows]
