"""Which table and which column of the old schema is which of the new one, renames included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from progy.diff.decisions import TableRename
from progy.schema import canonical
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from progy.diff.decisions import ColumnRename
    from progy.schema.objects import Column, Index, Schema, Table

_ROWID_NAMES = ("rowid", "_rowid_", "oid")


@dataclass(frozen=True)
class Pair:
    """A table before and after. All names of columns are folded."""

    old: Table
    new: Table | None
    """None when it is dropped."""
    columns: Mapping[str, str]
    """The columns that stay, by their old names."""
    filled: frozenset[str] = frozenset()
    """New names of columns whose rows the migration gives a value, some or all."""
    computed: frozenset[str] = frozenset()
    """Those of `filled` of which no row keeps its value, new columns among them."""

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The columns that stay, by their new names."""
        return {after: before for before, after in self.columns.items()}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The old columns."""
        return tuple(fold(column.name) for column in self.old.columns)

    @cached_property
    def written(self) -> tuple[str, ...]:
        """The new columns that aren't generated."""
        columns = self.new.columns if self.new is not None else ()
        return tuple(fold(column.name) for column in columns if column.generated is None)

    @cached_property
    def kept(self) -> tuple[Column, ...]:
        """The new columns whose values can be told beforehand, but for NULLs that are filled.

        Those that stay, and new ones with a constant default.
        """
        stay = self.sources.keys() - self.computed
        return tuple(
            column
            for column in (self.new.columns if self.new is not None else ())
            if column.generated is None
            and (fold(column.name) in stay or (fold(column.name) not in self.filled and self._is_constant(column)))
        )

    @cached_property
    def rowid(self) -> tuple[str, str] | None:
        """What the rowid is called before and after, where rows keep one that is no column afterwards."""
        if self.new is None:
            return None
        before, after = rowid_name(self.old), rowid_name(self.new)
        return (before, after) if before and after and not has_alias(self.new) else None

    @cached_property
    def place(self) -> tuple[str, ...]:
        """What tells a row from all others before: the rowid's name, or the key's columns."""
        return _identity(self.old)

    @cached_property
    def new_place(self) -> tuple[str, ...]:
        """The same afterwards."""
        return _identity(self.new) if self.new is not None else ()

    def _is_constant(self, column: Column) -> bool:
        """Whether a new column's default is the same at any time."""
        strict = self.new is not None and self.new.strict
        default = canonical.default(column.default, column.type, strict=strict)
        return fold(column.name) not in self.sources and (default is None or default[0] != "expression")


class Lineage:
    """The pairs of two schemas.

    Args:
        old: The schema before.
        new: The schema after.
        renames: Old names and new ones, all at once: two tables may swap theirs.
        filled: Folded new `(table, column)`, as in `Plan.filled`.
        computed: Those of them whose expression is for every row.
    """

    def __init__(
        self,
        old: Schema,
        new: Schema,
        renames: Sequence[TableRename | ColumnRename] = (),
        filled: frozenset[tuple[str, str]] = frozenset(),
        computed: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """Index the renames."""
        self.old = old
        self.new = new
        self._filled = filled
        self._computed = computed
        self._tables: dict[str, str] = {}
        self._columns: dict[str, dict[str, str]] = {}
        for rename in renames:
            if isinstance(rename, TableRename):
                self._tables[fold(rename.old)] = fold(rename.new)
            else:
                self._columns.setdefault(fold(rename.table), {})[fold(rename.old)] = fold(rename.new)
        self.old_indexes = _by_table(old)
        """Indexes by their table's folded name."""
        self.new_indexes = _by_table(new)
        self._sources = {new_name: old_name for old_name, new_name in self._tables.items()}

    def pair(self, name: str) -> Pair:
        """What becomes of the old table of that folded name."""
        old = self.old.tables[name]
        after = _target(name, self._tables)
        new = self.new.tables.get(after) if after is not None else None
        if new is None:
            return Pair(old, None, {})
        renamed = self._columns.get(fold(new.name), {})
        targets = {fold(column.name): _target(fold(column.name), renamed) for column in old.columns}
        columns = {before: after for before, after in targets.items() if after is not None and new.column(after)}
        own = fold(new.name)
        filled = frozenset(column for table, column in self._filled if table == own)
        comes = filled - set(columns.values())
        return Pair(old, new, columns, filled, comes | {column for table, column in self._computed if table == own})

    def source(self, new_name: str) -> str | None:
        """The folded old name of the new table of that folded name; None when it is new."""
        name = self._sources.get(new_name, new_name)
        return name if name in self.old.tables and _target(name, self._tables) == new_name else None


def _by_table(schema: Schema) -> dict[str, list[Index]]:
    found: dict[str, list[Index]] = {}
    for index in schema.indexes.values():
        found.setdefault(fold(index.table), []).append(index)
    return found


def _target(name: str, renames: Mapping[str, str]) -> str | None:
    """The new name of what was called so; None when something else has it now."""
    if name in renames:
        return renames[name]
    return None if name in renames.values() else name


def rowid_name(table: Table) -> str | None:
    """A name by which the rowid can be had; None where there is none, or columns have all of its names."""
    if table.without_rowid:
        return None
    return next((name for name in _ROWID_NAMES if table.column(name) is None), None)


def has_alias(table: Table) -> bool:
    """Whether a column of the table is its rowid."""
    return any(canonical.is_rowid_alias(column, table) for column in table.columns)


def _identity(table: Table) -> tuple[str, ...]:
    rowid = rowid_name(table)
    if rowid is not None:
        return (rowid,)
    return table.primary_key.columns if table.primary_key is not None else ()
