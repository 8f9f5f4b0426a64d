"""Indexes: when each one goes and comes, so that names are free, columns can go, and keys stand while needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.changes import CreateIndex, DropIndex
from progy.plan.model import PlannedStatement
from progy.plan.reasons import Reason
from progy.schema import canonical, render
from progy.schema.objects import Index, fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from progy.diff.changes import Change
    from progy.plan.names import Names
    from progy.plan.strategy import TableWork
    from progy.schema.objects import Column, Schema, Table


class Indexes:
    """The indexes of a plan. A table that is rebuilt loses all of its indexes and gets those that it will have."""

    def __init__(
        self, old: Schema, new: Schema, changes: Sequence[Change], work: Mapping[str, TableWork], names: Names
    ) -> None:
        """Sort the changes to indexes."""
        self._old = old
        self._new = new
        self._work = work
        self._names = names
        self._come = _by_table(change.index for change in changes if isinstance(change, CreateIndex))
        self._go = _by_table(change.index for change in changes if isinstance(change, DropIndex))
        said = {fold(index.name) for indexes in self._go.values() for index in indexes}
        # Those of dropped tables go with them, unless something takes the name before.
        self._first = [
            index
            for name, index in old.indexes.items()
            if self._is_taken(index) and (name in said or fold(index.table) not in new.tables)
        ]

    def forget(self, tables: Iterable[str]) -> None:
        """Leave out the indexes of tables that are dropped before all else: they go with them."""
        for table in tables:
            self._go.pop(table, None)
            self._first = [index for index in self._first if fold(index.table) != table]

    def tables(self) -> set[str]:
        """The folded names of the tables whose indexes change."""
        return self._come.keys() | self._go.keys()

    def drop_first(self) -> Iterator[PlannedStatement]:
        """Indexes whose name something else takes before their own table's turn."""
        yield from map(_drop, self._first)

    def left(self, table: str) -> list[Index]:
        """The table's old indexes that haven't gone before its turn."""
        gone = {index.name for index in self._first}
        return [index for index in self._old.indexes_of(table) if index.name not in gone]

    def drop_before(self, table: str) -> Iterator[PlannedStatement]:
        """The table's indexes that have to go before its columns change."""
        yield from (_drop(index) for index in self._of(table) if self._stands_in_the_way(index))

    def drop_behind(self, table: str) -> Iterator[PlannedStatement]:
        """The table's other indexes that go: references may need one until another stands for it."""
        yield from (_drop(index) for index in self._of(table) if not self._stands_in_the_way(index))

    def create(self, table: Table) -> Iterator[PlannedStatement]:
        """The table's indexes that come."""
        work = self._work.get(fold(table.name))
        if work is not None and work.is_rebuilt:
            wanted = self._new.indexes_of(table.name)
        else:
            wanted = self._come.get(fold(table.name), [])
        yield from (PlannedStatement(render.create_index(index), table.name) for index in wanted)
        if work is not None and work.table is not None and not work.is_rebuilt:
            for unique in work.table.uniques:
                name = self._names.fresh("_".join([table.name, *(term.sql for term in unique.terms), "unique"]))
                index = Index(name, table.name, unique.terms, unique=True)
                yield PlannedStatement(render.create_index(index), table.name, Reason.UNIQUE)

    def columns_of_new(self, table: Table) -> list[Column]:
        """The columns of the table that indexes come for."""
        named = {fold(term.sql) for index in self._come.get(fold(table.name), ()) for term in index.terms}
        return [column for column in table.columns if fold(column.name) in named]

    def _of(self, table: str) -> Iterator[Index]:
        """The table's indexes that go by themselves, in its turn."""
        work = self._work.get(table)
        if work is None or not work.is_rebuilt:
            yield from (index for index in self._go.get(table, ()) if not self._is_taken(index))

    def _is_taken(self, index: Index) -> bool:
        """Whether a table, or an index of another table, has its name afterwards."""
        again = self._new.indexes.get(fold(index.name))
        return fold(index.name) in self._new.tables or (again is not None and fold(again.table) != fold(index.table))

    def _stands_in_the_way(self, index: Index) -> bool:
        """Whether it comes back under its name, or a column of it goes."""
        work = self._work.get(fold(index.table))
        gone = {fold(change.column.name) for change in work.dropped} if work else set()
        gone |= {fold(change.old.name) for change in work.altered} if work else set()
        texts = [term.sql if not term.is_column else quote(term.sql) for term in index.terms]
        named = canonical.names(" ".join([*texts, index.where or ""]))
        return fold(index.name) in self._new.indexes or bool(named & gone)


def _by_table(indexes: Iterable[Index]) -> dict[str, list[Index]]:
    found: dict[str, list[Index]] = {}
    for index in indexes:
        found.setdefault(fold(index.table), []).append(index)
    return found


def _drop(index: Index) -> PlannedStatement:
    return PlannedStatement(f"DROP INDEX {quote(index.name)}", index.table)
