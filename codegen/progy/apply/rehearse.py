"""Pending migrations on a shadow with the remote database's own schema, before anything is sent.

There are no rows on it, so what rows decide isn't seen. What the schema decides is: a column that is there already, a
table that somebody has changed by other means, a statement that D1 refuses. Only a failure that is sure counts; what
else fails here is left to the database.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.apply.applier import is_drift
from progy.d1.connection import Connection
from progy.errors import ApplyError, ProgyError, SqlError
from progy.migrations import step
from progy.schema.render import create_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.ledger import Ledger
    from progy.migrations.directory import Migration
    from progy.schema.objects import Schema

_IN_THE_FILE = re.compile(
    r"syntax error|^incomplete input$|^unrecognized token: |^D1 refuses |^a quote is never closed$|"
    r"^the migration takes its own row "
)
"""What fails on any database."""
_SURE = re.compile(rf"already exists$|^duplicate column name: |{_IN_THE_FILE.pattern}")
_MISSING = re.compile(r"^no such (?:table|column|index|view|trigger): (?!(?:main\.)?sqlite_)|has no column named ")
"""Of SQLite's own tables the shadow has fewer: ANALYZE makes some."""


def rehearse(pending: Sequence[Migration], schema: Schema, ledger: Ledger, where: str, hint: str) -> None:
    """Run migrations on a database that is like another and has no row.

    Args:
        pending: The migrations, in order.
        schema: The schema of the database that lacks them.
        ledger: Its ledgers.
        where: What messages call that database.
        hint: What to do where one would fail because of what the database is.

    Raises:
        ApplyError: One would fail there, whatever the rows are.
    """
    with Connection() as shadow:
        whole = _build(shadow, schema, ledger)
        for migration in pending:
            try:
                step.run(migration, shadow, ledger)
            except SqlError as error:
                if is_drift(error.message) or _SURE.search(error.message) or (whole and _MISSING.search(error.message)):
                    raise ApplyError(
                        f"{error.message}\n{migration.name} would fail on {where}; nothing was sent",
                        statement=error.statement,
                        where=error.where,
                        hint="mend the file" if _IN_THE_FILE.search(error.message) else hint,
                    ) from None
                whole &= _without_rows(migration, shadow, ledger)


def _build(shadow: Connection, schema: Schema, ledger: Ledger) -> bool:
    """Make the schema; whether all of it could be made."""
    whole = True
    for sql in (ledger.create_sql(), ledger.create_companion_sql(), *create_all(schema)):
        try:
            with shadow.transaction():
                shadow.run(sql, where="the database's schema")
        except ProgyError:
            whole = False
    return whole


def _without_rows(migration: Migration, shadow: Connection, ledger: Ledger) -> bool:
    """What a migration does to the schema, for those behind it; whether all of it could be done."""
    try:
        step.run_schema(migration, shadow, ledger)
    except ProgyError:
        return False
    return True
