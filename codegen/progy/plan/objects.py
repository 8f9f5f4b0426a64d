"""Views, triggers and virtual tables: which have to be out of the way, and how virtual tables are made and changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from progy.diff.changes import CreateObject, DropObject
from progy.plan.model import PlannedStatement
from progy.plan.reasons import Reason
from progy.schema import canonical
from progy.schema.objects import Trigger, View, VirtualTable, fold
from progy.sql.names import literal, quote, unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from progy.diff.changes import Change
    from progy.plan.names import Names
    from progy.schema.objects import Schema
    from progy.sql.tokens import Token

_Object = TypeVar("_Object", View, Trigger)

_KEEP_ROWS = frozenset({"fts5", "rtree", "rtree_i32"})
_CONTENT = re.compile(r"""\bcontent\s*=\s*('(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s,)]*)""", re.IGNORECASE)


class Objects:
    """The views, triggers and virtual tables of a plan."""

    def __init__(self, old: Schema, new: Schema, changes: Sequence[Change], names: Names) -> None:
        """Sort the changes to them."""
        self._old = old
        self._new = new
        self._names = names
        self._go = [change.object for change in changes if isinstance(change, DropObject)]
        self._come = [change.object for change in changes if isinstance(change, CreateObject)]

    def in_the_way(self, moved: set[str], untriggered: set[str]) -> list[View | Trigger]:
        """The views and triggers that have to go before tables change, whether they come back or not.

        Args:
            moved: Folded names of tables that are dropped for a while: RENAME refuses a view or trigger that names
                what isn't there.
            untriggered: Folded names of further tables whose triggers must not fire.
        """
        names = moved | {fold(one.name) for one in self._go if not isinstance(one, Trigger)}
        views = {fold(one.name): one for one in self._go if isinstance(one, View)}
        while found := {
            name: view
            for name, view in self._old.views.items()
            if name not in views and canonical.names(view.sql) & names
        }:
            views |= found
            names |= found.keys()
        triggers = [
            trigger
            for trigger in self._old.triggers.values()
            if fold(trigger.table) in names | untriggered
            or canonical.names(trigger.sql) & names
            or any(one is trigger for one in self._go)
        ]
        return [*triggers, *views.values()]

    def drop(self, away: Sequence[View | Trigger]) -> Iterator[PlannedStatement]:
        """Drop what stands in the way, and virtual tables that go for good."""
        yield from map(_drop, away)
        back = {fold(one.name) for one in self._come if isinstance(one, VirtualTable)}
        yield from (_drop(one) for one in self._go if isinstance(one, VirtualTable) and fold(one.name) not in back)

    def create(self, away: Sequence[View | Trigger], changed: Collection[str]) -> Iterator[PlannedStatement]:
        """Virtual tables, views and triggers: those that were away and stay, and those that come.

        Args:
            away: What was dropped before.
            changed: Folded names of tables whose rows may hold other values, or have other rowids.
        """
        gone = {fold(one.name): one for one in self._go if isinstance(one, VirtualTable)}
        virtual = [one for one in self._come if isinstance(one, VirtualTable)]
        for table in virtual:
            before = gone.get(fold(table.name))
            yield from _change_virtual(before, table, self._names) if before else [_create(table)]
        yield from (_create(view) for view in self._back(away, self._new.views))
        yield from (_refill(table) for table in self._stale(virtual, changed))
        # Last, since a trigger would fire on what comes before.
        yield from (_create(trigger) for trigger in self._back(away, self._new.triggers))

    def _back(self, away: Sequence[View | Trigger], new: Mapping[str, _Object]) -> Iterator[_Object]:
        """Those of one kind that have to be created, in the order in which the schema has them."""
        kind = next(iter(map(type, new.values())), None)
        names = {fold(one.name) for one in (*away, *self._come) if type(one) is kind}
        yield from (one for name, one in new.items() if name in names)

    def _stale(self, virtual: Sequence[VirtualTable], changed: Collection[str]) -> Iterator[VirtualTable]:
        """Full-text indexes of others' rows that are new, or whose texts or rowids the migration may have changed.

        Filling one too often costs time, and one too few corrupts it at the next change of a row.
        """
        new = {fold(table.name) for table in virtual}
        touched = set(changed) | {fold(one.name) for one in (*self._go, *self._come) if isinstance(one, View)}
        while found := {
            name
            for name, view in self._new.views.items()
            if name not in touched and canonical.names(view.sql) & touched
        }:
            touched |= found
        for name, table in self._new.virtual_tables.items():
            content = content_of(table)
            if content and (fold(content) in touched or (name in new and self._has_rows(content))):
                yield table

    def _has_rows(self, content: str) -> bool:
        return self._old.table(content) is not None or fold(content) in self._new.views


def _drop(one: View | Trigger | VirtualTable) -> PlannedStatement:
    kind = {View: "VIEW", Trigger: "TRIGGER", VirtualTable: "TABLE"}[type(one)]
    return PlannedStatement(f"DROP {kind} {quote(one.name)}", _subject(one))


def _create(one: View | Trigger | VirtualTable) -> PlannedStatement:
    return PlannedStatement(one.sql, _subject(one))


def _subject(one: View | Trigger | VirtualTable) -> str:
    return one.table if isinstance(one, Trigger) else one.name


def _change_virtual(old: VirtualTable, new: VirtualTable, names: Names) -> Iterator[PlannedStatement]:
    """A virtual table anew, with the rows that it holds itself."""
    shared = [name for name in columns_of(new) if fold(name) in map(fold, columns_of(old))]
    if not (holds_rows(old) and holds_rows(new) and old.module == new.module and shared):
        yield _drop(old)
        yield _create(new)
        return
    copy = names.fresh(f"progy_new_{new.name}")
    listed = ", ".join(map(quote, [*(["rowid"] if new.module == "fts5" else []), *shared]))
    yield PlannedStatement(_named(new, copy), new.name, Reason.ROWS)
    yield PlannedStatement(f"INSERT INTO {quote(copy)} ({listed}) SELECT {listed} FROM {quote(old.name)}", new.name)
    yield _drop(old)
    yield PlannedStatement(f"ALTER TABLE {quote(copy)} RENAME TO {quote(new.name)}", new.name)


def holds_rows(table: VirtualTable) -> bool:
    """Whether it keeps rows of its own that can be read back, where an index of another table's rows keeps none."""
    return table.module in _KEEP_ROWS and _CONTENT.search(table.sql) is None


def content_of(table: VirtualTable) -> str | None:
    """The table or view whose rows a full-text index is made of; empty when it keeps none; None when it holds them."""
    match = _CONTENT.search(table.sql) if table.module == "fts5" else None
    return unquote(match[1]) if match else None


def _refill(table: VirtualTable) -> PlannedStatement:
    """The statement by which a full-text index reads its content anew (sqlite.org/fts5.html, section 6.9)."""
    name = quote(table.name)
    return PlannedStatement(f"INSERT INTO {name} ({name}) VALUES ({literal('rebuild')})", table.name)


def columns_of(table: VirtualTable) -> list[str]:
    """The names of its columns: the arguments that set no option."""
    found: list[str] = []
    inside = _arguments(table.sql)
    for argument in inside:
        first = argument[0]
        if not any(token.is_operator("=") for token in argument) and not first.text.startswith("+"):
            found.append(unquote(first.text))
        elif first.text == "+" and len(argument) > 1:
            found.append(unquote(argument[1].text))
    return found


def _arguments(sql: str) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens(sql):
        depth += token.is_operator("(") - token.is_operator(")")
        if depth == 1 and token.is_operator(","):
            found.append([])
        elif depth >= 1 and not (depth == 1 and token.is_operator("(")):
            found[-1].append(token)
    return [argument for argument in found if argument]


def _named(table: VirtualTable, name: str) -> str:
    """The CREATE statement under another name."""
    found = list(tokens(table.sql))
    using = next(at for at, token in enumerate(found) if token.is_word("USING"))
    return f"CREATE VIRTUAL TABLE {quote(name)} {table.sql[found[using].start :]}"
