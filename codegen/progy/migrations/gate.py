"""What pending migrations lose on a database: what their text shows, and what only running them shows.

A table dropped and made again is read in the text; whether what replaces it has all its columns, and what the drop does
to rows elsewhere, is seen on a shadow that has the database's schema and no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from progy.d1.connection import Connection
from progy.errors import ProgyError
from progy.migrations.actions import Run, Step, swept
from progy.migrations.losses import Loss, losses, mentions
from progy.migrations.operations import (
    CreateTable,
    Delete,
    DropTable,
    Insert,
    RenameColumn,
    RenameTable,
    Update,
    operation,
)
from progy.schema.objects import fold
from progy.schema.render import create_all
from progy.sql.tokens import UnclosedQuoteError, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from progy.d1.ledger import Ledger
    from progy.migrations.directory import Migration
    from progy.migrations.operations import Operation
    from progy.schema.objects import ForeignKey, Schema, Table


def lost(pending: Sequence[Migration], schema: Schema, ledger: Ledger) -> list[tuple[Migration, Loss]]:
    """What each migration loses, by file and line.

    Args:
        pending: The migrations, in order.
        schema: The schema of the database that lacks them.
        ledger: Its ledger.
    """
    steps = [_steps(migration) for migration in pending]
    deleting = [at for at, found in enumerate(steps) if any(_deletes(one.did) for one in found)]
    runs = _runs(steps[: deleting[-1] + 1], schema, ledger) if deleting else iter(())
    result: list[tuple[Migration, Loss]] = []
    for migration in pending:
        run = next(runs, None)
        before = run.before if run else schema
        found = losses(migration.text, before)
        if run:
            found += lost_in(run, found)
        result += [(migration, loss) for loss in sorted(found, key=lambda loss: loss.line)]
        schema = run.after if run else schema
    return result


def lost_in(run: Run, known: Sequence[Loss]) -> list[Loss]:
    """What a migration loses besides what its text shows.

    Args:
        run: The migration as it was run.
        known: What its text shows, which isn't told again.
    """
    paths = {table.name: _path(run.steps, table.name) for table in run.before.tables.values()}
    stay = {fold(path.names[-1]) for path in paths.values() if path.drop is None}
    found = [
        loss for table in run.before.tables.values() for loss in _left_out(run, table, paths[table.name], stay, known)
    ]
    for at, one in enumerate(run.steps):
        if not _deletes(one.did):
            continue
        for child, key in swept(run, at):
            if not any(loss.by is None and mentions(loss.what, child.name) for loss in known):
                effect = _effect(child, key, certain=isinstance(one.did, (DropTable, Delete)))
                found.append(Loss(one.line, effect, one.did, (child.name,)))
    return found


def _deletes(did: Operation | None) -> TypeGuard[DropTable | Delete | Insert | Update]:
    return isinstance(did, (DropTable, Delete)) or (isinstance(did, (Insert, Update)) and did.replaces)


def run_without_rows(steps: Sequence[Step], shadow: Connection, before: Schema, ledger: Ledger) -> Run:
    """Run what a migration does to the schema.

    Raises:
        SqlError: A statement fails.
    """
    found = []
    for one in steps:
        found.append(one.looked_at(shadow))
        # Without a row there is nothing to be written, and none can be in the way.
        if not isinstance(one.did, (Insert, Update, Delete)):
            with shadow.transaction():
                shadow.run(one.sql, where="a pending migration")
    return Run(tuple(found), before, shadow.schema(ignore=ledger.tables))


def _steps(migration: Migration) -> list[Step]:
    try:
        return [Step(one.line, one.sql, operation(one.sql)) for one in statements(migration.text)]
    except UnclosedQuoteError:
        return []


def _runs(files: Sequence[list[Step]], schema: Schema, ledger: Ledger) -> Iterator[Run]:
    """Each file on what those before it leave, up to one that fails: with it nothing is applied."""
    with Connection() as shadow:
        try:
            with shadow.transaction():
                shadow.query(ledger.create_sql())
                shadow.run("\n;".join(create_all(schema)), where="the database's schema")
            for steps in files:
                run = run_without_rows(steps, shadow, schema, ledger)
                schema = run.after
                yield run
        except ProgyError:
            return


def _left_out(run: Run, table: Table, path: _Path, others: AbstractSet[str], known: Sequence[Loss]) -> Iterator[Loss]:
    """A table, or columns of it, that aren't there any more though no statement drops them by name."""
    if path.drop is None:
        return  # DROP COLUMN is read in the text
    names = path.names
    if any(isinstance(loss.by, DropTable) and {*map(fold, loss.names)} & {*map(fold, names)} for loss in known):
        return
    left = [name for name in reversed(names) if fold(name) not in others]  # by a rename, another may have its name
    now = next((found for name in left if (found := run.after.table(name))), None)
    said = [loss.what for loss in known]
    if now is None:
        if not any(mentions(what, *names) for what in said):
            yield Loss(path.drop.line, f"drops the table {table.name} and its rows", names=tuple(names))
        return
    for column in table.columns:
        called = _called(run.steps, names, column.name)
        if column.generated or any(now.column(name) for name in called):
            continue
        if any(_reads(one, names, called) for one in run.steps):
            continue
        if any(mentions(what, *(f"{name}.{one}" for name in names for one in called)) for what in said):
            continue
        what = f"leaves the column {table.name}.{column.name} and its values out of the new {now.name}"
        yield Loss(path.drop.line, what, names=(f"{table.name}.{column.name}",))


class _Path:
    """What a table is called in the course of a file, and where it is dropped."""

    def __init__(self, name: str) -> None:
        self.names = [name]
        self.drop: Step | None = None


def _path(steps: Sequence[Step], table: str) -> _Path:
    path = _Path(table)
    for one in steps:
        now = fold(path.names[-1])
        if isinstance(one.did, RenameTable) and fold(one.did.table) == now:
            path.names.append(one.did.new)
        elif isinstance(one.did, DropTable) and fold(one.did.table) == now:
            path.drop = one
            break
    return path


def _called(steps: Sequence[Step], tables: Sequence[str], column: str) -> list[str]:
    """What a column is called in the course of a file."""
    names = [column]
    mine = {*map(fold, tables)}
    for did in (one.did for one in steps):
        if isinstance(did, RenameTable) and fold(did.new) in mine:
            mine.add(fold(did.table))
        elif isinstance(did, RenameColumn) and fold(did.table) in mine and fold(did.column) == fold(names[-1]):
            names.append(did.new)
    return names


def _reads(one: Step, tables: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether it copies the column out of its table, under whatever name."""
    if not isinstance(one.did, (Insert, CreateTable)):
        return False
    return bool(one.did.reads & {*map(fold, tables)}) and bool(one.did.words & {*map(fold, columns)})


def _effect(child: Table, key: ForeignKey, *, certain: bool) -> str:
    action = f"(ON DELETE {key.on_delete})"
    deletes, makes = ("deletes", "makes") if certain else ("may delete", "may make")
    match key.on_delete:
        case "CASCADE":
            return f"{deletes} the rows of {child.name} that refer to {key.table} {action}"
        case "SET NULL":
            becomes = "NULL"
        case _:
            becomes = "its default"
    return f"{makes} {child.name}.{', '.join(key.columns)} {becomes} where it refers to {key.table} {action}"
