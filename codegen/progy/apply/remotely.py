"""One migration on Cloudflare's D1: one request, carried out whole or not at all, and once.

A request that got no answer may have been carried out, or may be yet. The migration's row in wrangler's ledger is
written first and is UNIQUE there, so sending it again never does anything twice; and our row beside it says whose
request it was.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from progy.d1.ledger import LOST_ROW
from progy.d1.look import look
from progy.errors import CloudflareError, OutcomeUnknownError, SqlError
from progy.migrations import step
from progy.schema.objects import fold
from progy.sql.tidy import tidied

if TYPE_CHECKING:
    from collections.abc import Callable

    from progy.d1.database import Database
    from progy.d1.ledger import Ledger, Record
    from progy.d1.look import Look
    from progy.migrations.directory import Migration

ATTEMPTS = 5
PAUSE = 1.0
"""Seconds before the second attempt; twice as long before each further one, shortened by chance."""


def request(migration: Migration, ledger: Ledger, record: Record) -> tuple[str, int]:
    """The body of a migration's request, and how many statements of it are the migration's own.

    D1 has tripped over comments that hold a semicolon or stand alone, and over CRLF in a trigger's body: neither is
    sent.

    Raises:
        SqlError: The text can't be split into statements.
        ProgyError: The migration's file can't be read.
    """
    from progy.d1.connection import parse

    statements = parse(migration.text, where=str(migration.path))
    sent = [*step.entering(migration, ledger, record), *(sendable(one.sql) for one in statements)]
    return "\n".join([*sent, ledger.stays_sql(migration.name)]), len(statements)


def sendable(sql: str) -> str:
    """A statement as it is sent, with a semicolon."""
    return tidied(sql, end=";") if any(sign in sql for sign in ("--", "/*", "\r")) else f"{sql};"


def land(
    migration: Migration, database: Database, ledger: Ledger, record: Record, tell: Callable[[str], None]
) -> int | None:
    """Apply a migration.

    Returns:
        How many statements it has; None when another applier had been faster.

    Raises:
        SqlError: A statement fails; nothing of it stays.
        OutcomeUnknownError: Neither an answer came nor can the ledger be read.
        CloudflareError: The API can't be reached, or refuses; nothing was done.
    """
    text, count = request(migration, ledger, record)
    internal = 0
    for attempt in range(ATTEMPTS):
        try:
            database.write(text, where=str(migration.path))
        except SqlError as error:
            meant = _meant(error, migration, ledger)
            if meant is not None:
                raise meant from None
            found = look(database, ledger)
            if not _entered(migration, found):
                raise  # the migration itself writes into the ledger
            return count if _is_ours(record, found) else None
        except OutcomeUnknownError as error:
            last = error
            tell(f"no answer about {migration.name} ({error.message}): looking into the ledger")
            found = _look_after(migration, database, ledger, error)
            if _entered(migration, found):
                return count if _is_ours(record, found) else None
            internal += "internal error" in error.message
            if internal > 1 or (internal and "defer_foreign_keys" in text.lower()):
                raise SqlError(_DANGLES, statement="", where=str(migration.path)) from None
            if attempt + 1 < ATTEMPTS:
                tell(f"{migration.name} isn't there: trying again")
                time.sleep(PAUSE * 2**attempt * random.uniform(0.5, 1))  # noqa: S311 - so that two don't knock in step
        else:
            return count
    raise OutcomeUnknownError(
        f"{migration.name} was sent {ATTEMPTS} times, no answer came, and its row isn't in the ledger: {last.message}",
        where=last.where,
    )


def _look_after(migration: Migration, database: Database, ledger: Ledger, unknown: OutcomeUnknownError) -> Look:
    try:
        return look(database, ledger)
    except CloudflareError as error:
        raise OutcomeUnknownError(
            f"{migration.name} was sent, and nobody can say whether it was applied: {unknown.message}; "
            f"then the ledger couldn't be read: {error.message}",
            where=error.where,
        ) from None


def _entered(migration: Migration, found: Look) -> bool:
    return any(row.name == migration.name for row in found.rows)


def _is_ours(record: Record, found: Look) -> bool:
    """Whether it was our request that applied it."""
    return any(one.name == record.name and one.run == record.run for one in found.records)


def _meant(error: SqlError, migration: Migration, ledger: Ledger) -> SqlError | None:
    """The error as it is told; None when the ledger had the row before."""
    if fold(f"UNIQUE constraint failed: {ledger.table}.name") in fold(error.message):
        return None
    # Of the body's last statement, which asks for the row.
    if LOST_ROW in error.message:
        return SqlError(LOST_ROW, statement="", where=str(migration.path))
    return error


_DANGLES = "D1 says 'internal error', as it does when a reference that was deferred to the end leads nowhere"
