"""Changes into statements, in the order in which they can run on rows that are there.

Indexes that go, go first, since a column they use couldn't be dropped otherwise. New tables come before the columns
that refer to them, the tables that are referred to before those that refer to them. Tables that are dropped go last and
the other way round: what refers to a table goes before it, so that no action of a foreign key ever finds a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from progy.diff.changes import (
    AddColumn,
    AlterColumn,
    AlterTable,
    Change,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropColumn,
    DropIndex,
    DropObject,
    DropTable,
)
from progy.errors import UnsupportedChangeError
from progy.plan import render
from progy.schema import canonical
from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from progy.schema.objects import Schema, Table, Trigger, View


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """A statement of a migration, without its semicolon."""

    sql: str
    change: Change | None = None
    """The change it makes, or None when it prepares others."""
    loses: str | None = None
    """What rows or values it deletes, for people; None when it deletes nothing."""


def plan(changes: Sequence[Change], old: Schema, new: Schema) -> list[PlannedStatement]:
    """The statements that make these changes.

    Args:
        changes: What `progy.diff.compare` found between `old` and `new`.
        old: The schema as it is.
        new: The schema as it will be.

    Raises:
        UnsupportedChangeError: There is a change, named in the message, for which there is no safe statement.
    """
    refusals = [(change, why) for change in changes if (why := _refusal(change, new))]
    if refusals:
        raise UnsupportedChangeError(
            "progy can't write a migration for this yet, and wrote nothing:\n"
            + "\n".join(f"  {change}: {why}" for change, why in refusals),
            hint="take the change back, or write the migration by hand: the next run reads it as part of the history",
        )
    created = {fold(change.table.name) for change in changes if isinstance(change, CreateTable)}
    dropped = [change for change in changes if isinstance(change, DropTable)]
    return [
        *_drop_indexes(changes, dropped, old, new),
        *_create_tables([change for change in changes if isinstance(change, CreateTable)], changes),
        *_change_columns(changes),
        *(
            PlannedStatement(render.create_index(change.index), change)
            for change in changes
            if isinstance(change, CreateIndex) and fold(change.index.table) not in created
        ),
        *_drop_tables(dropped),
    ]


def _refusal(change: Change, new: Schema) -> str | None:
    """Why a change has no safe statement, or None when it has."""
    match change:
        case AlterColumn() | AlterTable():
            return "the table would have to be rebuilt"
        case CreateObject() | DropObject():
            return "views, triggers and virtual tables aren't managed"
        case AddColumn():
            return _add_column_refusal(change, new)
        case DropColumn():
            return _drop_column_refusal(change, new)
        case DropTable():
            return _drop_table_refusal(change.table, new)
        case CreateTable() | CreateIndex() | DropIndex():
            return None


def _add_column_refusal(change: AddColumn, new: Schema) -> str | None:
    """What ALTER TABLE ADD COLUMN can't do (sqlite.org/lang_altertable.html), or only to a table without rows."""
    column, table = change.column, change.table
    default = canonical.default(column.default, column.type)
    key = table.primary_key
    if key is not None and fold(column.name) in map(fold, key.columns):
        return "a column of the primary key can't be added in place"
    if column.generated is not None:
        return "a STORED column can't be added in place" if column.generated.stored else None
    if default is not None and default[0] == "expression":
        return f"the default {column.default} isn't a constant, which a table that has rows refuses"
    if column.not_null and default is None:
        return (
            "it is required and has no default for the rows that are there; give it a server default or let it be NULL"
        )
    if change.foreign_key is not None and default is not None:
        return "a column with a reference can't be added with a default; let it be NULL"
    if change.foreign_key is not None and new.table(change.foreign_key.table) is None:
        return f"it refers to {change.foreign_key.table}, which doesn't exist"
    return None


def _drop_column_refusal(change: DropColumn, new: Schema) -> str | None:
    """What ALTER TABLE DROP COLUMN refuses of the table itself. What it refuses else the proof on the shadow shows."""
    name, table = fold(change.column.name), change.table
    if table.primary_key is not None and name in map(fold, table.primary_key.columns):
        return "it belongs to the primary key"
    if any(name in map(fold, (term.sql for term in unique.terms)) for unique in table.uniques):
        return "it belongs to a UNIQUE constraint"
    for child, key in new.referrers(table.name):
        if name in map(fold, key.references):
            return f"{child.name} refers to it"
    return None


def _drop_table_refusal(table: Table, new: Schema) -> str | None:
    referrers = sorted({child.name for child, _ in new.referrers(table.name)})
    if referrers:
        return f"{', '.join(referrers)} still refers to it"
    # SQLite would drop it, and whatever names it would fail from then on.
    objects: list[View | Trigger] = [*new.views.values(), *new.triggers.values()]
    naming = [one.name for one in objects if fold(table.name) in canonical.names(one.sql)]
    # The content table of FTS5 stands in a string.
    naming += [
        one.name for one in new.virtual_tables.values() if fold(table.name) in canonical.names(one.sql, strings=True)
    ]
    return f"{', '.join(sorted(naming))} still names it" if naming else None


def _drop_indexes(
    changes: Sequence[Change], dropped: Sequence[DropTable], old: Schema, new: Schema
) -> Iterable[PlannedStatement]:
    """Indexes that go by themselves, and those of dropped tables whose names other indexes take before."""
    for change in changes:
        if isinstance(change, DropIndex):
            yield PlannedStatement(f"DROP INDEX {quote(change.index.name)}", change)
    said = {fold(change.index.name) for change in changes if isinstance(change, DropIndex)}
    for drop in dropped:
        for index in old.indexes_of(drop.table.name):
            if fold(index.name) in new.indexes and fold(index.name) not in said:
                yield PlannedStatement(f"DROP INDEX {quote(index.name)}")


def _create_tables(created: Sequence[CreateTable], changes: Sequence[Change]) -> Iterable[PlannedStatement]:
    """Each new table, those it refers to before it, with its indexes behind it."""
    indexes: dict[str, list[CreateIndex]] = {}
    for change in changes:
        if isinstance(change, CreateIndex):
            indexes.setdefault(fold(change.index.table), []).append(change)
    by_name = {fold(change.table.name): change for change in created}
    for name in order_by_reference([change.table for change in created]):
        yield PlannedStatement(render.create_table(by_name[name].table), by_name[name])
        for index in indexes.get(name, ()):
            yield PlannedStatement(render.create_index(index.index), index)


def _change_columns(changes: Sequence[Change]) -> Iterable[PlannedStatement]:
    """Table by table: columns that come, then columns that go, so that a table is never left without one."""
    added = [change for change in changes if isinstance(change, AddColumn)]
    gone = [change for change in changes if isinstance(change, DropColumn)]
    tables = [change.table for change in added] + [change.table for change in gone]
    for name in dict.fromkeys(fold(table.name) for table in tables):
        for addition in added:
            if fold(addition.table.name) == name:
                keys = [addition.foreign_key] if addition.foreign_key else []
                definition = render.column(addition.column, addition.checks, keys)
                yield PlannedStatement(f"ALTER TABLE {quote(addition.table.name)} ADD COLUMN {definition}", addition)
        for drop in gone:
            if fold(drop.table.name) == name:
                yield PlannedStatement(
                    f"ALTER TABLE {quote(drop.table.name)} DROP COLUMN {quote(drop.column.name)}",
                    drop,
                    loses=f"the column {drop.table.name}.{drop.column.name} and its values",
                )


def _drop_tables(dropped: Sequence[DropTable]) -> Iterable[PlannedStatement]:
    """Dropped tables, those that refer to others first. In a cycle the checks wait for the end of the transaction."""
    tables = [change.table for change in dropped]
    by_name = {fold(change.table.name): change for change in dropped}
    if _has_cycle(tables):
        yield PlannedStatement("PRAGMA defer_foreign_keys = ON")
    for name in reversed(order_by_reference(tables)):
        change = by_name[name]
        yield PlannedStatement(
            f"DROP TABLE {quote(change.table.name)}",
            change,
            loses=f"the table {change.table.name} and its rows",
        )


def order_by_reference(tables: Sequence[Table]) -> list[str]:
    """The tables' folded names, each behind those it refers to as far as no cycle forbids it, else by name."""
    waiting = _references_among(tables)
    ordered: list[str] = []
    while waiting:
        ready = sorted(name for name, parents in waiting.items() if not parents & waiting.keys())
        # In a cycle one has to come first: the first by name.
        for name in ready or [min(waiting)]:
            ordered.append(name)
            del waiting[name]
    return ordered


def _has_cycle(tables: Sequence[Table]) -> bool:
    sorter = TopologicalSorter(_references_among(tables))
    try:
        sorter.prepare()
    except CycleError:
        return True
    return False


def _references_among(tables: Sequence[Table]) -> dict[str, set[str]]:
    """For each table the others among them that it refers to. A reference to itself decides nothing."""
    names = {fold(table.name) for table in tables}
    return {
        fold(table.name): {fold(key.table) for key in table.foreign_keys} & names - {fold(table.name)}
        for table in tables
    }
