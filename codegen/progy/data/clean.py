"""Every record of some tables deleted, and their schema kept: the statements, for one transaction.

Children come before their parents, so that no action of a reference finds a row. Where references go in a circle it
would: delete more than is meant to be deleted then, fail on a NOT NULL, or run deeper than the ten levels that D1
allows. There triggers keep the actions from acting, and what is left dangling is gone before the transaction ends.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final, NamedTuple

from progy.data.tables import chosen
from progy.errors import UsageError
from progy.plan.names import Names
from progy.plan.objects import content_of, holds_rows
from progy.plan.order import order_by_reference
from progy.schema import canonical
from progy.schema.objects import fold
from progy.sql.names import literal, quote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.schema.objects import Schema, Trigger

MOST_STATEMENTS: Final = 100
"""How many statements Cloudflare takes at once (Cloudflare's documentation, "D1 limits"); locally there is no limit."""

_EVENTS: Final = {"CASCADE": "DELETE", "SET NULL": "UPDATE", "SET DEFAULT": "UPDATE"}
"""What an action does to a row that refers to one that is deleted."""


def tables_of(schema: Schema, names: Sequence[str], *, database: str) -> list[str]:
    """The tables that hold records and are meant.

    A full-text index of another table's rows holds none: it is emptied along with that table.

    Args:
        schema: The database's schema, without what is to be left alone.
        names: What the user names; nothing means all.
        database: What messages call the database.

    Raises:
        UsageError: There is no such table, or another one refers to it and isn't named.
    """
    virtual = {name: one for name, one in schema.virtual_tables.items() if holds_rows(one) or content_of(one) == ""}
    known = {name: one.name for group in (schema.tables, virtual) for name, one in group.items()}
    wanted = chosen(names, known, database=database)
    for name in sorted(wanted & schema.tables.keys()):
        others = {child.name: None for child, _ in schema.referrers(name) if fold(child.name) not in wanted}
        if others:
            flags = " ".join(f"--table {shlex.quote(other)}" for other in others)
            raise UsageError(
                f"{known[name]} can't be cleaned alone: {', '.join(others)} refers to its rows",
                hint=f"clean that, too: {flags}",
            )
    return [known[name] for name in sorted(wanted)]


def plan(schema: Schema, counts: Mapping[str, int]) -> list[str]:
    """The statements that delete every record of some tables, without semicolons.

    AUTOINCREMENT begins anew. Triggers don't fire: what they would write would stay behind.

    Args:
        schema: The database's schema, without what is to be left alone.
        counts: The tables, each with its number of rows.
    """
    return list(_Plan(schema, {fold(name): count for name, count in counts.items()}).statements())


def check_size(statements: Sequence[str]) -> None:
    """Look whether Cloudflare takes so many statements at once.

    Raises:
        UsageError: It doesn't.
    """
    if len(statements) > MOST_STATEMENTS:
        raise UsageError(
            f"cleaning takes {len(statements)} statements, and D1 takes {MOST_STATEMENTS} at once; nothing was deleted",
            hint="clean some tables at a time, those that refer to others first: --table NAME, once for each",
        )


class _Early(NamedTuple):
    """A reference whose parent's rows go before its own, and what an action would do to these meanwhile."""

    child: str
    parent: str
    event: str | None


class _Plan:
    def __init__(self, schema: Schema, counts: Mapping[str, int]) -> None:
        self._schema = schema
        refused = _refused(schema)
        # SQLite would refuse even to find out that such a table is empty.
        cleaned = {name for name, count in counts.items() if count or name not in refused}
        self._virtual = [table for name, table in schema.virtual_tables.items() if name in cleaned]
        self._order = list(
            reversed(order_by_reference(table for name, table in schema.tables.items() if name in cleaned))
        )
        self._early = list(_early(schema, self._order))
        self._names = Names([schema])

    def statements(self) -> Iterator[str]:
        if self._early:
            yield "PRAGMA defer_foreign_keys = ON"
        triggers = [one for one in self._schema.triggers.values() if self._would_fire(one)]
        yield from (f"DROP TRIGGER {quote(one.name)}" for one in triggers)
        yield from self._deletes()
        yield from self._indexes()
        yield from self._sequences()
        yield from (one.sql for one in triggers)

    def _would_fire(self, trigger: Trigger) -> bool:
        """Whether a trigger would fire on rows that go, or on what a guard keeps an action from doing."""
        event = next(token.text.upper() for token in tokens(trigger.sql) if token.is_word("DELETE", "INSERT", "UPDATE"))
        table = fold(trigger.table)
        return (event == "DELETE" and table in self._order) or (event == "UPDATE" and table in self._guarded("UPDATE"))

    def _guarded(self, event: str) -> list[str]:
        """The tables that such an action would come to from other tables, and an UPDATE from themselves, too."""
        found = {
            one.child for one in self._early if one.event == event and (event == "UPDATE" or one.child != one.parent)
        }
        return sorted(found)

    def _deletes(self) -> Iterator[str]:
        updates = {name: self._names.fresh(f"progy_no_update_of_{name}") for name in self._guarded("UPDATE")}
        deletes = {name: self._names.fresh(f"progy_no_delete_of_{name}") for name in self._guarded("DELETE")}
        for event, guards in (("UPDATE", updates), ("DELETE", deletes)):
            for name, guard in guards.items():
                yield _trigger(guard, f"BEFORE {event}", self._name(name), "SELECT RAISE(IGNORE)")
        for name in self._order:
            if name in deletes:
                yield f"DROP TRIGGER {quote(deletes[name])}"
            if any(one.child == one.parent == name and one.event == "DELETE" for one in self._early):
                yield from self._delete_one_by_one(name)
            else:
                yield f"DELETE FROM {self._name(name)}"  # noqa: S608 - quoted
        yield from (f"DROP TRIGGER {quote(guard)}" for guard in updates.values())

    def _delete_one_by_one(self, name: str) -> Iterator[str]:
        """Delete the rows of a table whose rows take those with them that refer to them.

        SQLite comes to each row twice: by the statement and by the action, which runs between the row's BEFORE and
        AFTER triggers. A mark that stands from one to the other tells them apart.
        """
        mark = quote(self._names.fresh("progy_deleting"))
        begin, end = (self._names.fresh(f"progy_{what}_of_{name}") for what in ("begin", "end"))
        table = self._name(name)
        yield f"CREATE TABLE {mark} (is_on)"
        body = f"SELECT RAISE(IGNORE) FROM {mark};\n  INSERT INTO {mark} VALUES (1)"  # noqa: S608 - a name of ours
        yield _trigger(begin, "BEFORE DELETE", table, body)
        yield _trigger(end, "AFTER DELETE", table, f"DELETE FROM {mark}")  # noqa: S608 - a name of ours
        yield f"DELETE FROM {table}"  # noqa: S608 - quoted
        yield from (f"DROP TRIGGER {quote(one)}" for one in (begin, end))
        yield f"DROP TABLE {mark}"

    def _indexes(self) -> Iterator[str]:
        """Virtual tables: those that hold rows, and the full-text indexes of rows that are gone."""
        mine = {fold(table.name) for table in self._virtual}
        gone = {*self._order, *mine}
        views = _views_of(self._schema, gone)
        for name, table in self._schema.virtual_tables.items():
            quoted = quote(table.name)
            content = fold(content_of(table) or "")
            if name in mine and holds_rows(table):
                yield f"DELETE FROM {quoted}"  # noqa: S608 - quoted
            elif name in mine or content in gone:
                yield f"INSERT INTO {quoted} ({quoted}) VALUES ('delete-all')"  # noqa: S608 - quoted
            elif content in views:
                # The view may have rows of other tables still.
                yield f"INSERT INTO {quoted} ({quoted}) VALUES ('rebuild')"  # noqa: S608 - quoted

    def _sequences(self) -> Iterator[str]:
        tables = [self._schema.tables[name] for name in self._order]
        counting = [table.name for table in tables if table.primary_key and table.primary_key.autoincrement]
        if counting:
            yield f"DELETE FROM sqlite_sequence WHERE name IN ({', '.join(map(literal, sorted(counting)))})"  # noqa: S608 - quoted

    def _name(self, name: str) -> str:
        return quote(self._schema.tables[name].name)


def _early(schema: Schema, order: Sequence[str]) -> Iterator[_Early]:
    place = {name: at for at, name in enumerate(order)}
    for parent in order:
        for child, key in schema.referrers(parent):
            if place.get(fold(child.name), -1) >= place[parent]:
                yield _Early(fold(child.name), parent, _EVENTS.get(key.on_delete))


def _refused(schema: Schema) -> set[str]:
    """The tables from which SQLite deletes nothing, since a reference of theirs, or to them, leads to no key."""
    broken = [
        (fold(table.name), fold(key.table))
        for table in schema.tables.values()
        for key in table.foreign_keys
        if canonical.leads_to_no_key(key, schema)
    ]
    return {name for pair in broken for name in pair}


def _views_of(schema: Schema, tables: set[str]) -> set[str]:
    """The folded names of the views that read some tables, or views that do."""
    found: set[str] = set()
    while more := {
        name
        for name, view in schema.views.items()
        if name not in found and canonical.names(view.sql) & (tables | found)
    }:
        found |= more
    return found


def _trigger(name: str, event: str, table: str, body: str) -> str:
    return f"CREATE TRIGGER {quote(name)} {event} ON {table} BEGIN\n  {body};\nEND"
