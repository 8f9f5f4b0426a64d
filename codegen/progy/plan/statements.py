"""Changes into statements, in the order in which they can run on rows that are there.

Indexes that go, go first, since a column they use couldn't be dropped otherwise. New tables come before the columns
that refer to them, the tables that are referred to before those that refer to them. Tables that are dropped go last and
the other way round: what refers to a table goes before it, so that no action of another table ever finds a row.
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
    from collections.abc import Iterable, Mapping, Sequence

    from progy.schema.objects import Index, Schema, Table, Trigger, View


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """A statement of a migration, without its semicolon."""

    sql: str
    change: Change | None = None
    """The change it makes, or None when it prepares others."""
    loses: str | None = None
    """What rows or values it deletes, for people; None when it deletes nothing."""
    why: str | None = None
    """What it is for, where that isn't plain."""


def plan(changes: Sequence[Change], old: Schema, new: Schema) -> list[PlannedStatement]:
    """The statements that make these changes.

    Args:
        changes: What `progy.diff.compare` found between `old` and `new`.
        old: The schema as it is.
        new: The schema as it will be.

    Raises:
        UnsupportedChangeError: There is a change, named in the message, for which there is no safe statement.
    """
    refusals = [(change, why) for change in changes if (why := _refusal(change, changes, old, new))]
    if refusals:
        raise UnsupportedChangeError(
            "progy can't write a migration for this yet, and wrote nothing:\n"
            + "\n".join(f"  {change}: {why}" for change, why in refusals),
            hint="take the change back, or write the migration by hand: the next run reads it as part of the history",
        )
    created = {fold(change.table.name) for change in changes if isinstance(change, CreateTable)}
    dropped = [change for change in changes if isinstance(change, DropTable)]
    early = _drops_come_early(changes, new)
    return [
        *_drop_indexes(changes, dropped, old, new),
        *_drop_tables(dropped if early else []),
        *_create_tables([change for change in changes if isinstance(change, CreateTable)], changes),
        *_change_columns(changes),
        *(
            PlannedStatement(render.create_index(change.index), change)
            for change in changes
            if isinstance(change, CreateIndex) and fold(change.index.table) not in created
        ),
        *_drop_tables([] if early else dropped),
    ]


def _drops_come_early(changes: Iterable[Change], new: Schema) -> bool:
    """Whether an index takes a dropped table's name, so that the tables have to go before indexes come."""
    return any(isinstance(change, DropTable) and fold(change.table.name) in new.indexes for change in changes)


def _refusal(change: Change, changes: Sequence[Change], old: Schema, new: Schema) -> str | None:
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
            early = _drops_come_early(changes, new)
            return _drop_table_refusal(change.table, old, new, early=early)
        case CreateIndex():
            return _create_index_refusal(change.index, changes)
        case CreateTable() | DropIndex():
            return None


def _add_column_refusal(change: AddColumn, new: Schema) -> str | None:
    """What ALTER TABLE ADD COLUMN can't do (sqlite.org/lang_altertable.html), or only to a table without rows."""
    column, table = change.column, change.table
    default = canonical.default(column.default, column.type, strict=table.strict)
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
    if not canonical.takes_its_default(render.column(column, change.checks)):
        return f"its CHECK forbids {column.default or 'NULL'}, which the rows that are there would get"
    return None


def _create_index_refusal(index: Index, changes: Sequence[Change]) -> str | None:
    """A unique index on columns that are new and give all rows the same value."""
    added = {
        fold(change.column.name): change.column
        for change in changes
        if isinstance(change, AddColumn) and fold(change.table.name) == fold(index.table)
    }
    columns = [added.get(fold(term.sql)) for term in index.terms]
    if index.unique and index.where is None and all(one is not None and one.default for one in columns):
        return "every row that is there would get the same default, which a unique index forbids"
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


def _drop_table_refusal(table: Table, old: Schema, new: Schema, *, early: bool) -> str | None:
    if early and any(new.table(child.name) for child, _ in old.referrers(table.name)):
        return "an index takes a dropped table's name while tables that refer to this one stay; do it in two migrations"
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
            taken = fold(index.name) in new.indexes or fold(index.name) in new.tables
            if taken and fold(index.name) not in said:
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
        for drop in _in_order_of_checks([drop for drop in gone if fold(drop.table.name) == name]):
            yield PlannedStatement(
                f"ALTER TABLE {quote(drop.table.name)} DROP COLUMN {quote(drop.column.name)}",
                drop,
                loses=f"the column {drop.table.name}.{drop.column.name} and its values",
            )


def _in_order_of_checks(gone: Sequence[DropColumn]) -> list[DropColumn]:
    """Dropped columns of one table, in an order in which none goes while another's CHECK still names it.

    Where they name each other there is none; SQLite says so when the migration is proven.
    """
    by_name = {fold(drop.column.name): drop for drop in gone}
    before: dict[str, set[str]] = {name: set() for name in by_name}
    for drop in gone:
        name = fold(drop.column.name)
        for check in drop.table.checks:
            if check.column is not None and fold(check.column) == name:
                for other in (canonical.names(check.expression) & by_name.keys()) - {name}:
                    before[other].add(name)
    try:
        return [by_name[name] for name in TopologicalSorter(before).static_order()]
    except CycleError:
        return list(gone)


def _drop_tables(dropped: Sequence[DropTable]) -> Iterable[PlannedStatement]:
    """Dropped tables, those that refer to others first.

    Dropping a table deletes its rows, and what refers to them acts: rows of the same table, or of another in a cycle.
    """
    tables = [change.table for change in dropped]
    by_name = {fold(change.table.name): change for change in dropped}
    ordered = list(reversed(order_by_reference(tables)))
    if _refer_to_each_other(by_name, ordered):
        yield PlannedStatement(
            "PRAGMA defer_foreign_keys = ON", why="The rows refer to each other until all of them are gone"
        )
    for name in ordered:
        change = by_name[name]
        table = quote(change.table.name)
        if any(fold(key.table) == name and key.on_delete == "CASCADE" for key in change.table.foreign_keys):
            guard = quote(f"{change.table.name} goes whole")
            yield PlannedStatement(
                f"CREATE TRIGGER {guard} BEFORE DELETE ON {table} BEGIN SELECT RAISE(IGNORE); END",
                why="So that its rows don't delete each other one by one, which goes ten levels deep only",
            )
        yield PlannedStatement(
            f"DROP TABLE {table}",
            change,
            loses=f"the table {change.table.name} and its rows",
        )


def _refer_to_each_other(dropped: Mapping[str, DropTable], ordered: Sequence[str]) -> bool:
    """Whether some table goes while rows that forbid it are there: in a cycle, or its own."""
    return any(
        fold(key.table) == name and (later != name or key.on_delete == "RESTRICT")
        for at, name in enumerate(ordered)
        for later in ordered[at:]
        for key in dropped[later].table.foreign_keys
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


def _references_among(tables: Sequence[Table]) -> dict[str, set[str]]:
    """For each table the others among them that it refers to. A reference to itself decides nothing."""
    names = {fold(table.name) for table in tables}
    return {
        fold(table.name): {fold(key.table) for key in table.foreign_keys} & names - {fold(table.name)}
        for table in tables
    }
