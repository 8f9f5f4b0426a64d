"""Taking over a database that has the tables already, and no ledger, or not all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.apply.state import compare
from progy.d1.connection import Connection
from progy.diff.compare import compare as compare_schemas
from progy.migrations.operations import Delete, Insert, Update, operation
from progy.migrations.step import replay_schema
from progy.schema.objects import fold
from progy.sql.tokens import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from progy.apply.applier import Run
    from progy.d1.look import Look
    from progy.diff.changes import Change
    from progy.migrations.directory import Migration
    from progy.schema.objects import Schema

_ROWS = 100
"""How many rows one INSERT enters: a name may have hundreds of bytes, and D1 takes 100,000."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a database has of a history, by its schema."""

    schema: Schema
    """What the history gives."""
    differences: tuple[Change, ...]
    """What leads from the history's schema to the database's."""
    entering: tuple[str, ...]
    """The migrations that its ledger lacks."""
    unchecked: tuple[tuple[Migration, int, str], ...]
    """Which statements of theirs, by line, change which table's rows: rows aren't compared."""
    sql: str
    """What enters them; of no use while there are differences."""


def baseline(migrations: Sequence[Migration], found: Look, run: Run) -> Baseline:
    """Compare a database with what a history gives.

    Args:
        migrations: The history, up to the migration that the database is at.
        found: The database.
        run: What our ledger says of what is entered.

    Raises:
        SqlError: The history can't be run.
    """
    ledger = found.ledger
    with Connection() as shadow:
        replay_schema(migrations, shadow, ledger)
        schema = shadow.schema(ignore=ledger.tables)
    lacking = {entry.name for entry in compare(migrations, found).of("pending")}
    entering = [migration for migration in migrations if migration.name in lacking]
    sql = [ledger.create_sql(), ledger.create_companion_sql()]
    for at in range(0, len(entering), _ROWS):
        part = entering[at : at + _ROWS]
        sql.append(ledger.enter_sql(migration.name for migration in part))
        sql.append(ledger.record_sql(run.record(migration) for migration in part))
    return Baseline(
        schema,
        tuple(compare_schemas(schema, found.schema)),
        tuple(migration.name for migration in entering),
        tuple(_changing_rows(entering)),
        "\n".join(sql),
    )


def _changing_rows(migrations: Sequence[Migration]) -> Iterator[tuple[Migration, int, str]]:
    """The statements that are about rows. Those of progy's own changes to tables, by their names, move rows only."""
    for migration in migrations:
        for one in statements(migration.text):
            did = operation(one.sql)
            if not isinstance(did, (Insert, Update, Delete)):
                continue
            words = did.words if isinstance(did, (Insert, Update)) else frozenset()
            if not any(name.startswith("progy_") for name in (fold(did.table), *words)):
                yield migration, one.line, did.table
