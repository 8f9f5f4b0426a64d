"""The way back: what a history's schema was before one of its migrations, as something to migrate to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.migrations.losses import losses
from progy.migrations.step import replay
from progy.schema.models import Models
from progy.schema.objects import fold
from progy.schema.query import SCHEMA_QUERY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.ledger import Ledger
    from progy.migrations.directory import Migration


def models_of(history: Sequence[Migration], ledger: Ledger) -> Models:
    """What would have to be declared for a history to be all there is: its schema as DDL, without classes.

    Raises:
        SqlError: A migration fails.
    """
    with Connection() as shadow:
        replay(history, shadow, ledger)
        schema = shadow.schema(ignore=ledger.tables)
        rows = shadow.query(SCHEMA_QUERY)
    # A trigger needs its table, and what it is on may have been made anew behind it.
    kinds = (schema.tables, schema.virtual_tables, schema.indexes, schema.views, schema.triggers)
    sql = {fold(name): text for _, name, _, text in rows}
    return Models((), tuple(sql[name] for kind in kinds for name in kind))


def gone_for_good(reverted: Sequence[Migration]) -> list[str]:
    """What migrations deleted and no migration brings back, each as a sentence without its full stop."""
    return [f"not undone: {migration.name} {loss.what}" for migration in reverted for loss in losses(migration.text)]
