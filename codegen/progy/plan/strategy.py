"""How each table is changed: the cheapest way that loses nothing.

What ALTER TABLE can do in place: sqlite.org/lang_altertable.html; ADD and DROP CONSTRAINT of SQLite 3.53 aren't D1's.
Cost is counted in rows written, by which D1 bills: a rebuild writes each row once, once more for each index, and twice
more when others refer to the table, since dropping it then deletes row by row; a swap writes each row once for all
columns and once for each column that it drops.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.diff.changes import AddColumn, AlterColumn, AlterTable, DropColumn
from progy.plan.order import order_of_drops
from progy.plan.values import ROWID_NAMES
from progy.schema import canonical, render
from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.diff.changes import Change
    from progy.plan.model import Kind
    from progy.schema.objects import Check, Column, ForeignKey, Schema, Table

_MOST_COLUMNS = 100
"""Cloudflare's documentation, "D1 limits"."""


@dataclass
class TableWork:
    """What has to be done to one table that stays."""

    old: Table
    new: Table
    added: list[AddColumn] = field(default_factory=list)
    dropped: list[DropColumn] = field(default_factory=list)
    altered: list[AlterColumn] = field(default_factory=list)
    table: AlterTable | None = None
    kind: Kind = "alter in place"
    why: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's folded name."""
        return fold(self.new.name)

    @property
    def is_rebuilt(self) -> bool:
        """Whether the rows are copied into a new table."""
        return self.kind in {"rebuild", "guarded rebuild"}

    @property
    def has_another_key(self) -> bool:
        """Whether rows may get other rowids, or are found by others."""
        return self.old.primary_key != self.new.primary_key or self.old.without_rowid != self.new.without_rowid

    def replaced(self) -> list[AlterColumn]:
        """Columns computed anew at each reading: they hold nothing, so they are dropped and added."""
        return [change for change in self.altered if _is_computed(change.new)]

    def swapped(self) -> list[AlterColumn]:
        """Columns whose values move to a new one."""
        return [change for change in self.altered if not _is_computed(change.new)]


def work_on_tables(changes: Iterable[Change], old: Schema, new: Schema) -> dict[str, TableWork]:
    """The changes table by table, each with the way that is chosen for it."""
    found: dict[str, TableWork] = {}
    for change in changes:
        if not isinstance(change, AddColumn | DropColumn | AlterColumn | AlterTable):
            continue
        name = fold(change.new.name if isinstance(change, AlterTable) else change.table.name)
        work = found.setdefault(name, TableWork(old.tables[name], new.tables[name]))
        match change:
            case AddColumn():
                work.added.append(change)
            case DropColumn():
                work.dropped.append(change)
            case AlterColumn():
                work.altered.append(change)
            case AlterTable():
                work.table = change
    for work in found.values():
        _choose(work, old, new)
    return found


def _choose(work: TableWork, old: Schema, new: Schema) -> None:
    referred = any(True for schema in (old, new) for _ in schema.referrers(work.name))
    reasons = _against_altering(work, new)
    swaps = work.swapped()
    if not reasons and swaps:
        of_rebuild = 1 + _indexes(work.new, new) + 2 * referred
        of_swap = 1 + len(swaps) + sum(change.column.generated is None for change in work.dropped)
        if of_swap <= of_rebuild:
            work.kind = "column swap"
            work.why = tuple(str(change) for change in swaps)
            return
        reasons = tuple(f"{change}: a rebuild writes less than swapping the columns" for change in swaps)
    if reasons:
        work.kind = "guarded rebuild" if referred else "rebuild"
        work.why = reasons


def _indexes(table: Table, schema: Schema) -> int:
    """How many indexes a table has, those of its keys and constraints among them. The rowid needs none."""
    key = table.primary_key is not None and not any(canonical.is_rowid_alias(one, table) for one in table.columns)
    return len(schema.indexes_of(table.name)) + len(table.uniques) + (key and not table.without_rowid)


def _against_altering(work: TableWork, schema: Schema) -> tuple[str, ...]:
    """Why the table can't stay where it is."""
    reasons: list[str] = []
    for addition in work.added:
        why = _against_adding(addition.column, work.new, addition.checks, addition.foreign_key)
        reasons += [f"{addition}: {why}"] if why else []
    odd = [*(addition.column for addition in work.added), *(change.column for change in work.dropped)]
    odd += [change.new for change in work.altered]
    reasons += [f"SQLite adds and drops no column called {one.name}" for one in odd if fold(one.name) in ROWID_NAMES]
    for change in work.altered:
        why = _against_swapping(change, work, schema)
        reasons += [f"{change}: {why}"] if why else []
    gone = [change.column for change in work.dropped] + [change.old for change in work.altered]
    if order_of_drops(gone, work.old) is None:
        reasons.append("the columns that go name each other in their checks")
    if work.table is not None and not work.table.uniques:
        reasons.append(f"{work.table}: SQLite can't change it in place")
    if len(work.old.columns) + len(work.added) + len(work.swapped()) > _MOST_COLUMNS:
        reasons.append(f"D1 allows {_MOST_COLUMNS} columns a table, old and new ones together")
    return tuple(reasons)


def _against_adding(
    column: Column, table: Table, checks: Sequence[Check] = (), reference: ForeignKey | None = None
) -> str | None:
    """What ALTER TABLE ADD COLUMN can't do, or only to a table without rows."""
    key = table.primary_key
    if key is not None and fold(column.name) in map(fold, key.columns):
        return "a column of the primary key can't be added in place"
    if column.generated is not None:
        return "a STORED column can't be added in place" if column.generated.stored else None
    default = canonical.default(column.default, column.type, strict=table.strict)
    if default is None and column.not_null:
        return "it is required, and ADD COLUMN knows no value for the rows but a constant default"
    if default is None:
        forbidden = not canonical.takes_its_default(render.column(column, checks))
        return "its CHECK forbids NULL, which the rows would get" if forbidden else None
    if default[0] == "expression":
        return f"the default {column.default} isn't a constant, which a table with rows refuses"
    if default[0] == "refused" or not canonical.takes_its_default(render.column(column, checks)):
        return f"the column forbids its own default {column.default}, which the rows would get"
    return "ADD COLUMN takes no default beside a reference" if reference is not None else None


def _against_swapping(change: AlterColumn, work: TableWork, schema: Schema) -> str | None:
    """Why a column can't be dropped and added again while its table stays."""
    user = _user_of(fold(change.new.name), work, schema)
    return f"{user} uses it" if user is not None else _against_adding(change.new, work.new)


def _user_of(name: str, work: TableWork, schema: Schema) -> str | None:
    """What of the table, or of others, names a column, so that SQLite wouldn't drop it."""
    for user, names in _users(work, schema):
        if name in names:
            return user
    for column in (*work.old.columns, *work.new.columns):
        if fold(column.name) != name and column.generated and name in canonical.names(column.generated.expression):
            return f"the generated column {column.name}"
    return None


def _users(work: TableWork, schema: Schema) -> Iterator[tuple[str, set[str]]]:
    """What names columns of the table, and the folded names that it may name."""
    for table in (work.old, work.new):
        if table.primary_key is not None:
            yield "the primary key", set(map(fold, table.primary_key.columns))
        yield from (("a UNIQUE constraint", {fold(term.sql) for term in one.terms}) for one in table.uniques)
        yield from (("a CHECK", canonical.names(check.expression)) for check in table.checks)
        yield from (("a reference", set(map(fold, key.columns))) for key in table.foreign_keys)
    for index in schema.indexes_of(work.name):
        texts = [index.where or "", *(quote(term.sql) if term.is_column else term.sql for term in index.terms)]
        yield f"the index {index.name}", canonical.names(" ".join(texts))
    for child, key in schema.referrers(work.name):
        yield f"a reference of {child.name}", set(map(fold, key.references))


def _is_computed(column: Column) -> bool:
    return column.generated is not None and not column.generated.stored
