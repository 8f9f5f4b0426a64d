"""The check inside a migration: facts counted before and after, which abort it by a name that people can read.

They stand in a table of its own, whose named CHECKs compare them. D1 then says, for example, `CHECK constraint failed:
users would lose rows`, and nothing has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.plan.model import PlannedStatement
from progy.plan.reasons import Reason
from progy.plan.values import reference
from progy.schema import canonical
from progy.schema.objects import fold, fresh
from progy.sql.names import always_quote, literal, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.plan.strategy import TableWork
    from progy.plan.values import Values
    from progy.schema.objects import Schema, Table

_MOST_COUNTS = 20
"""Counts of one expression: D1 allows a depth of 100."""
_MOST_FACTS = 45
"""Facts of one table: each may take two of the 100 columns that D1 allows."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A value counted before the migration changes anything, and perhaps again when it is done."""

    name: str
    complaint: str
    """What is wrong when the fact isn't as it should be: the CHECK's name, which the error shows."""
    before: str
    """A SQL expression."""
    expected: str | None = None
    """What `before` must be, as SQL; None when it is compared with what it is afterwards."""
    after: str | None = None
    relation: str = "="
    """How the value afterwards must stand to the one before."""


def _known(table: Table, schema: Schema) -> Iterator[Fact]:
    """That a table has the columns, indexes and triggers that the history knows, and the same tables refer to it.

    What the history doesn't know a rebuild would drop, and no guard would stand before it.
    """
    yield _listed(
        f"columns of {table.name}",
        f"{table.name} has other columns than its migrations gave it",
        f"SELECT name FROM pragma_table_xinfo({literal(table.name)})",
        [column.name for column in table.columns],
    )
    yield _known_objects(table, schema)
    yield _known_references(table, schema)


def _known_references(table: Table, schema: Schema) -> Fact:
    """That the tables refer to a table that the history knows: what is dropped acts on all that do."""
    name = literal(table.name)
    return _listed(
        f"references to {table.name}",
        f"other tables refer to {table.name} than its migrations know",
        "SELECT DISTINCT child.name FROM sqlite_schema AS child, pragma_foreign_key_list(child.name) AS key"
        f" WHERE child.type = 'table' AND substr(child.name, 1, 4) <> '_cf_' AND key.\"table\" = {name} COLLATE NOCASE",
        list({child.name for child, _ in schema.referrers(table.name)}),
    )


def _known_objects(table: Table, schema: Schema) -> Fact:
    """That a table has the indexes and triggers that the history knows: another trigger would fire."""
    objects = [index.name for index in schema.indexes_of(table.name)]
    objects += [one.name for one in schema.triggers.values() if fold(one.table) == fold(table.name)]
    of_table = f"tbl_name = {literal(table.name)} COLLATE NOCASE AND type <> 'table' AND sql > ''"
    return _listed(
        f"indexes and triggers of {table.name}",
        f"{table.name} has other indexes or triggers than its migrations gave it",
        f"SELECT name FROM sqlite_schema WHERE {of_table}",
        objects,
    )


def _listed(name: str, complaint: str, query: str, expected: list[str]) -> Fact:
    """That a query gives these names."""
    inside = f"(SELECT group_concat(name, ', ') FROM ({query} ORDER BY 1))"
    return Fact(
        name, complaint, inside, expected=literal(", ".join(sorted(expected, key=str.encode))) if expected else "NULL"
    )


def _rows(table: str) -> Fact:
    """That a table keeps the number of its rows."""
    count = f"(SELECT count(*) FROM {quote(table)})"
    return Fact(f"rows of {table}", f"{table} would lose rows", count, after=count)


def _references(table: str, parent: str, old: Schema, after: Table, values: Values) -> Iterator[Fact]:
    """That a table keeps its rows, and its references to another one stay set, but for those that get a value."""
    keys = [key for child, key in old.referrers(parent) if fold(child.name) == fold(table)]
    columns = dict.fromkeys(column for key in keys for column in key.columns)
    kept = [one for one in columns if after.column(one) and (fold(table), fold(one)) not in values.filled]
    for start in range(0, max(len(kept), 1), _MOST_COUNTS):
        part = kept[start : start + _MOST_COUNTS]
        counts = " || ', ' || ".join(["count(*)", *(f"count({reference(table, one)})" for one in part)])
        count = f"(SELECT {counts} FROM {quote(table)})"
        name = f"references of {table}" + (f" from the {start + 1}th" if start else "")
        yield Fact(name, f"{table} would lose rows or references", count, after=count)


def _followers(table: str, old: Schema, new: Schema, values: Values) -> Iterator[Fact]:
    """That tables keep their references to columns whose values change: ON UPDATE may clear them."""
    filled = {column for one, column in values.filled if one == table}
    for child, key in old.referrers(table):
        after = new.table(child.name)
        if after is not None and fold(child.name) != table and filled & set(map(fold, key.references)):
            yield from _references(child.name, table, old, after, values)


def _dangling(table: Table, old: Schema, new: Schema) -> Iterator[Fact]:
    """That no more rows of a table refer to nothing than before: the migration switches SQLite's own check off."""
    before = old.table(table.name)
    if before is None or any(canonical.leads_to_no_key(key, new) for key in table.foreign_keys):
        return
    count = f"(SELECT count(*) FROM pragma_foreign_key_check({literal(table.name)}))"
    # What leads to no key can't be counted, and has no rows.
    uncounted = any(canonical.leads_to_no_key(key, old) for key in before.foreign_keys)
    complaint = f"a row of {table.name} would refer to a row that isn't there"
    yield Fact(f"dangling rows of {table.name}", complaint, "0" if uncounted else count, after=count, relation="<=")


def _nulls(table: str, column: str) -> Fact:
    """That a column which becomes required holds no NULL."""
    return Fact(
        f"{table}.{column} without a value",
        f"{table}.{column} is NULL in some rows and becomes required",
        f"(SELECT count(*) FROM {quote(table)} WHERE {reference(table, column)} IS NULL)",
        expected="0",
    )


def facts(
    work: Iterable[TableWork], dropped: Iterable[Table], old: Schema, new: Schema, values: Values
) -> Iterator[Fact]:
    """What has to be known and kept while tables are changed, each fact once.

    Args:
        work: The tables that change.
        dropped: The tables that go, to which nothing may refer that the history doesn't know.
        old: The schema as it is, after the renames.
        new: The schema as it will be.
        values: What rows hold afterwards, with a record of what isn't copied.
    """
    # A value that rows get may be an UPDATE, which fires triggers.
    updated = sorted({table for table, _ in values.filled})
    every = [
        *(_known_references(table, old) for table in dropped),
        *(_known_objects(old.tables[name], old) for name in updated),
        *(fact for name in updated for fact in _followers(name, old, new, values)),
        *(fact for one in work for fact in _of_table(one, old, new, values)),
    ]
    yield from {fact.name: fact for fact in every}.values()


def _of_table(work: TableWork, old: Schema, new: Schema, values: Values) -> Iterator[Fact]:
    if work.kind == "column swap":
        yield _known_objects(work.old, old)
    if not work.is_rebuilt:
        return
    yield from _known(work.old, old)
    yield _rows(work.new.name)
    for column in work.new.columns:
        before = work.old.column(column.name)
        if before is not None and values.required(before, column, work.new):
            yield _nulls(work.new.name, before.name)
    if work.new.foreign_keys:
        yield from _dangling(work.new, old, new)
    for name in dict.fromkeys(child.name for child, _ in old.referrers(work.name)):
        child = new.table(name)
        if child is not None:
            yield from _references(name, work.name, old, child, values) if fold(name) != work.name else ()
            yield from _dangling(child, old, new)


def begin(facts: list[Fact], taken: Iterable[str]) -> Iterator[PlannedStatement]:
    """The statements that make the check's tables and count what is."""
    for name, part in _tables(facts, taken):
        columns = ",\n".join(f"  {line}" for fact in part for line in _columns(fact))
        yield PlannedStatement(f"CREATE TABLE {name} (\n{columns}\n)", name, Reason.CHECKED)
        columns = ", ".join(always_quote(fact.name) for fact in part)
        values = ",\n".join(f"  {fact.before}" for fact in part)
        yield PlannedStatement(f"INSERT INTO {name} ({columns}) SELECT\n{values}", name)


def end(facts: list[Fact], taken: Iterable[str]) -> Iterator[PlannedStatement]:
    """The statements that count again, and take the check's tables away."""
    for name, part in _tables(facts, taken):
        again = ",\n".join(f"  {always_quote(_afterwards(fact))} = {fact.after}" for fact in part if fact.after)
        if again:
            yield PlannedStatement(f"UPDATE {name} SET\n{again}", name)
        yield PlannedStatement(f"DROP TABLE {name}", name)


def _tables(facts: list[Fact], taken: Iterable[str]) -> Iterator[tuple[str, list[Fact]]]:
    names = set(taken)
    for start in range(0, len(facts), _MOST_FACTS):
        yield fresh("progy_check", names), facts[start : start + _MOST_FACTS]


def _columns(fact: Fact) -> Iterator[str]:
    found, complaint = always_quote(fact.name), always_quote(fact.complaint)
    if fact.after is None:
        yield f"{found} CONSTRAINT {complaint} CHECK ({found} IS {fact.expected})"
    else:
        now = always_quote(_afterwards(fact))
        yield found
        yield f"{now} CONSTRAINT {complaint} CHECK ({now} {fact.relation} {found})"


def _afterwards(fact: Fact) -> str:
    return f"{fact.name} afterwards"
