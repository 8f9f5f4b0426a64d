"""Rows that fit a schema before and after a migration, made by trial.

A row is put into the database as it is, and what that stored into one as it will be. What the second stored is what
the migration must make of it. No rule of SQLite's is written again here: it says itself what fits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.errors import DatabaseError
from progy.proof.lineage import has_alias, rowid_name
from progy.proof.slots import Slots, Variable
from progy.schema.objects import fold
from progy.sql.names import always_quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from progy.d1.connection import Connection
    from progy.proof.candidates import Value
    from progy.proof.lineage import Lineage, Pair
    from progy.schema.objects import Table

EACH = 8
"""Rows that a table is given."""

_TRIES = 500
"""Rows tried before a table is given up."""


@dataclass(frozen=True)
class Row:
    """A row that fits both schemas."""

    old: Mapping[str, Value]
    """What is stored before, by folded column."""
    new: Mapping[str, Value]
    """What the new schema makes of it, by folded new column, and by "" the rowid, where that is kept."""
    place: tuple[Value, ...]
    """The values of `Pair.place`, before."""
    new_place: tuple[Value, ...]
    """And of `Pair.new_place`, after."""


class Misfit(Exception):  # noqa: N818 - nothing is wrong: a trial has failed
    """A row that one of the schemas refuses, in SQLite's words."""

    def __init__(self, reason: str, *, old: bool) -> None:
        """Keep which of the two schemas it is."""
        super().__init__(reason)
        self.reason = reason
        self.old = old


class Filler:
    """Fills tables of two databases.

    Args:
        before: A database of the old schema, without triggers and with foreign keys off.
        after: One of the new schema, likewise.
        lineage: What becomes of what.
        names: Folded old names of the tables to fill.
    """

    def __init__(self, before: Connection, after: Connection, lineage: Lineage, names: Iterable[str]) -> None:
        """Fill nothing yet."""
        self.before = before
        self.after = after
        self.lineage = lineage
        self.pairs = {name: lineage.pair(name) for name in _parents_first(names, lineage)}
        self.rows: dict[str, list[Row]] = {name: [] for name in self.pairs}
        self.refusals: dict[str, str] = {}
        """Why the last row that was tried for a table didn't fit."""
        self._slots = {name: Slots(pair, lineage, self.rows) for name, pair in self.pairs.items()}
        self._rowids = itertools.count(7, 7)

    def fill(self) -> None:
        """Make rows for all tables. What refers to a row that couldn't be made goes again."""
        for name in self.pairs:
            self._slots[name].prepare()
            for number in range(EACH):
                found = self._search(name, number)
                if found is None:
                    break
                self.rows[name].append(found[0])
            if self.rows[name]:
                self.refusals.pop(name, None)
        self._prune()

    def spare(self, name: str) -> dict[Variable, Value] | None:
        """The values of one more row that would fit a table, or None."""
        found = self._search(name, EACH)
        if found is None:
            return None
        self.discard(name, found[0])
        return found[1]

    def combinations(self, name: str) -> Iterable[dict[Variable, Value]]:
        """The values that there are to try in a table, those that belong together at a time."""
        return self._slots[name].combinations()

    def unique(self, name: str) -> list[frozenset[Variable]]:
        """The columns of a table that are unique together, before or after."""
        return self._slots[name].unique()

    def stands_before(self, name: str, values: Mapping[Variable, Value]) -> bool:
        """Whether a row fits the old schema, and its references lead somewhere."""
        pair = self.pairs[name]
        try:
            place, _ = insert_old(self.before, pair, values, {})
        except Misfit:
            return False
        try:
            return dangling(self.before, pair.old) == 0
        finally:
            _delete(self.before, pair.old.name, pair.place, place)

    def discard(self, name: str, row: Row) -> None:
        """Take a row out of both databases that isn't among `rows`."""
        pair = self.pairs[name]
        _delete(self.before, pair.old.name, pair.place, row.place)
        if pair.new is not None:
            _delete(self.after, pair.new.name, pair.new_place, row.new_place)

    def thin(self, names: Iterable[str], keep: int) -> None:
        """Leave tables that many rows, and take out what referred to the others."""
        for name in names:
            for row in self.rows[name][keep:]:
                self.remove(name, row)
        self._prune()

    def _search(self, name: str, number: int) -> tuple[Row, dict[Variable, Value]] | None:
        """A row that is put in, and the values it was made of."""
        slots = self._slots[name]
        going = slots.begin(number)
        for _ in range(_TRIES):
            if not going:
                break
            values = slots.values()
            try:
                return self.insert(self.pairs[name], values), values
            except Misfit as misfit:
                self.refusals[name] = misfit.reason
                going = slots.advance(misfit.reason, old=misfit.old)
        return None

    def insert(self, pair: Pair, values: Mapping[Variable, Value]) -> Row:
        """Put a row into both databases.

        Raises:
            Misfit: It doesn't fit.
        """
        kept = pair.rowid
        rowid: dict[str, Value] = {kept[0]: next(self._rowids)} if kept and not has_alias(pair.old) else {}
        place, old = insert_old(self.before, pair, values, rowid)
        if pair.new is None:
            return Row(old, {}, place, ())
        given = _carried(pair, old, values)
        wanted = [fold(column.name) for column in pair.kept]
        if kept:
            given[kept[1]] = place[0]
            wanted.append(kept[1])
        try:
            new_place, stored = _insert(self.after, pair.new.name, given, pair.new_place, wanted)
        except DatabaseError as error:
            _delete(self.before, pair.old.name, pair.place, place)
            raise Misfit(error.message, old=False) from None
        if kept:
            stored[""] = stored.pop(kept[1])
        return Row(old, stored, place, new_place)

    def remove(self, name: str, row: Row) -> None:
        """Take a row out of both databases."""
        self.discard(name, row)
        self.rows[name].remove(row)

    def dangling(self, name: str) -> tuple[int, int]:
        """How many references of a table's rows lead nowhere, before and after.

        Raises:
            Misfit: A foreign key can't hold at all: what it refers to isn't unique.
        """
        pair = self.pairs[name]
        return dangling(self.before, pair.old), dangling(self.after, pair.new) if pair.new else 0

    def _prune(self) -> None:
        """Remove rows that refer to nothing, until there are none."""
        again = True
        while again:
            again = False
            for name, rows in self.rows.items():
                try:
                    gone = self._lead_nowhere(name)
                except Misfit as misfit:
                    gone = list(rows)
                    self.refusals[name] = misfit.reason
                for row in gone:
                    self.remove(name, row)
                    again = True
                if gone and not rows:
                    self.refusals.setdefault(name, "what it has to refer to couldn't be made")

    def _lead_nowhere(self, name: str) -> list[Row]:
        """The rows of a table whose references dangle, before or after."""
        left = sum(self.dangling(name))
        if not left:
            return []
        pair, rows = self.pairs[name], list(self.rows[name])
        if rowid_name(pair.old) is None or (pair.new and rowid_name(pair.new) is None):
            # SQLite doesn't say which rows. Where they hold on to each other, all of them go.
            return [row for row in rows if self._without(name, row) < left] or rows
        before = _dangling_rowids(self.before, pair.old)
        after = _dangling_rowids(self.after, pair.new) if pair.new else set()
        return [row for row in rows if row.place[0] in before or (row.new_place and row.new_place[0] in after)]

    def _without(self, name: str, row: Row) -> int:
        """How many references of a table would dangle without a row."""
        for database in (self.before, self.after):
            database.query("SAVEPOINT progy_row")
        try:
            self.discard(name, row)
            return sum(self.dangling(name))
        finally:
            for database in (self.before, self.after):
                database.query("ROLLBACK TO progy_row")
                database.query("RELEASE progy_row")


def insert_old(
    database: Connection, pair: Pair, values: Mapping[Variable, Value], rowid: Mapping[str, Value]
) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """Put a row into a database of the old schema.

    Returns:
        The values of `Pair.place`, and of its columns as they were stored.

    Raises:
        Misfit: It doesn't fit.
    """
    given = {variable.name: value for variable, value in values.items() if not variable.new}
    try:
        return _insert(database, pair.old.name, {**given, **rowid}, pair.place, pair.names)
    except DatabaseError as error:
        raise Misfit(error.message, old=True) from None


def _carried(pair: Pair, old: Mapping[str, Value], values: Mapping[Variable, Value]) -> dict[str, Value]:
    """What a stored row puts into the columns of the new table; those left out get their defaults."""
    given: dict[str, Value] = {}
    for name in pair.written:
        source, own = pair.sources.get(name), Variable(name, new=True)
        if source is not None and not (name in pair.computed or (name in pair.filled and old[source] is None)):
            given[name] = old[source]
        elif own in values:
            given[name] = values[own]
    return given


def _insert(
    database: Connection, table: str, given: Mapping[str, Value], place: Sequence[str], wanted: Sequence[str]
) -> tuple[tuple[Value, ...], dict[str, Value]]:
    into = f"({_list(given)}) VALUES ({', '.join('?' * len(given))})" if given else "DEFAULT VALUES"
    # OR ABORT goes before what a constraint says of conflicts: nothing is ignored, nothing replaced.
    sql = f"INSERT OR ABORT INTO {always_quote(table)} {into} RETURNING {_list([*place, *wanted])}"
    database.query("SAVEPOINT progy_insert")
    try:
        [stored] = database.query(sql, list(given.values()))
    except BaseException:
        # The row may be there: what failed may have been to read a text that isn't UTF-8.
        database.query("ROLLBACK TO progy_insert")
        raise
    finally:
        database.query("RELEASE progy_insert")
    return tuple(stored[: len(place)]), dict(zip(wanted, stored[len(place) :], strict=True))


def _delete(database: Connection, table: str, place: Sequence[str], values: Sequence[Value]) -> None:
    where = " AND ".join(f"{always_quote(name)} IS ?" for name in place)
    database.query(f"DELETE FROM {always_quote(table)} WHERE {where}", values)  # noqa: S608 - quoted


def dangling(database: Connection, table: Table) -> int:
    """How many references of a table's rows lead nowhere.

    Raises:
        Misfit: A foreign key can't hold at all: what it refers to isn't unique.
    """
    if not table.foreign_keys:
        return 0
    try:
        [(count,)] = database.query("SELECT count(*) FROM pragma_foreign_key_check(?)", [table.name])
    except DatabaseError as error:
        raise Misfit(error.message, old=True) from None
    return int(count)


def _dangling_rowids(database: Connection, table: Table) -> set[Value]:
    return {rowid for (rowid,) in database.query("SELECT rowid FROM pragma_foreign_key_check(?)", [table.name])}


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(always_quote, names))


def _parents_first(names: Iterable[str], lineage: Lineage) -> list[str]:
    """The tables, each behind those it refers to, as far as there is no cycle."""
    wanted = set(names)
    parents: dict[str, list[str]] = {}
    for name in wanted:
        pair = lineage.pair(name)
        found = {fold(key.table) for key in pair.old.foreign_keys}
        after = {lineage.source(fold(key.table)) for key in pair.new.foreign_keys} if pair.new else set()
        parents[name] = sorted((found | {one for one in after if one}) & wanted)
    ordered: dict[str, None] = {}
    seen: set[str] = set()
    for name in sorted(wanted):
        stack = [name]
        while stack:
            top = stack[-1]
            seen.add(top)
            waiting = next((parent for parent in parents[top] if parent not in seen), None)
            if waiting is not None:
                stack.append(waiting)
            else:
                ordered.setdefault(stack.pop())
    return list(ordered)
