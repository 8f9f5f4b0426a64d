"""Drift: a database whose schema isn't what the migrations in its ledger give."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from progy._version import __version__
from progy.errors import ProgyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.look import Look
    from progy.migrations.directory import Migration


def drift(history: Sequence[Migration], found: Look) -> list[str] | None:
    """How a database differs from what its migrations give, each difference in words.

    Args:
        history: The migrations that there are.
        found: The database.

    Returns:
        The differences; None when nobody can say, since a migration's file is gone or can't be replayed.

    Raises:
        ProgyError: A migration's file can't be read.
    """
    migrations = _applied(history, found)
    if migrations is None:
        return None
    from progy.d1.connection import Connection
    from progy.diff.compare import compare
    from progy.migrations.step import replay_schema

    with Connection() as shadow:
        try:
            replay_schema(migrations, shadow, found.ledger)
        except ProgyError:
            return None
        return [str(change) for change in compare(shadow.schema(ignore=found.ledger.tables), found.schema)]


def digest(history: Sequence[Migration], found: Look) -> str:
    """What `drift` depends on, in short: the text of every applied migration, the schema, and progy's version.

    Raises:
        ProgyError: A migration's file can't be read.
    """
    applied = _applied(history, found) or ()
    facts = [__version__, [[one.name, one.checksum] for one in applied], len(found.rows), found.schema_rows]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _applied(history: Sequence[Migration], found: Look) -> list[Migration] | None:
    """The migrations in the ledger, in the order in which they were applied; None when a file is gone."""
    files = {migration.name: migration for migration in history}
    if any(row.name not in files for row in found.rows):
        return None
    return [files[row.name] for row in found.rows]
