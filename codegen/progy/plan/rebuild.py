"""Changing a table that stays: in place, by a column swap, or by a rebuild that others' rows survive.

Why a rebuild needs guards: foreign keys are always on in D1, so dropping a table deletes its rows, and the actions of
the tables that refer to it fire: CASCADE deletes their rows, SET NULL clears their references, and D1 reports success.
A BEFORE trigger that says RAISE(IGNORE) runs inside the action and keeps the row. References without an action become a
deferred count, which `PRAGMA defer_foreign_keys = OFF` forgets; the facts (`progy.plan.facts`) check them instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from progy.plan.model import PlannedStatement
from progy.plan.order import order_of_drops
from progy.plan.reasons import Reason
from progy.plan.stubs import stub
from progy.plan.values import rowid_of
from progy.schema import canonical, render
from progy.schema.objects import Index, Term, fold, fresh
from progy.sql.names import literal, quote, unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.plan.names import Names
    from progy.plan.strategy import TableWork
    from progy.plan.values import Values
    from progy.schema.objects import Column, ForeignKey, Table

_GUARDS = (("DELETE", {"CASCADE"}, "rows"), ("UPDATE", {"SET NULL", "SET DEFAULT"}, "references"))
"""The event that an action causes in a referring table, the actions, and what a guard against it keeps."""


@dataclass(frozen=True, slots=True)
class Referrer:
    """A table that refers to the one that is rebuilt, as it is at that moment, with its indexes."""

    table: Table
    key: ForeignKey
    indexes: Sequence[Index] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What there is around a table at the moment when it is rebuilt."""

    indexes: Sequence[Index]
    """Its own."""
    referrers: Sequence[Referrer]
    unkeyed: Sequence[ForeignKey]
    """Its references, as they will be, that lead to columns which are no key."""
    missing: Sequence[Table]
    """The tables that it will refer to and that aren't there."""


def alter(work: TableWork, values: Values) -> Iterator[PlannedStatement]:
    """Columns that come, are swapped, and go. Indexes on those that go have gone before."""
    name, table = quote(work.new.name), work.new.name
    taken = {fold(column.name) for one in (work.old, work.new) for column in one.columns}
    swapped = [(change, fresh(f"progy_new_{change.new.name}", taken)) for change in work.swapped()]
    for addition in work.added:
        keys = [addition.foreign_key] if addition.foreign_key else []
        definition = render.column(addition.column, addition.checks, keys)
        yield PlannedStatement(f"ALTER TABLE {name} ADD COLUMN {definition}", table)
    for change, stand_in in swapped:
        definition = render.column(replace(change.new, name=stand_in))
        yield PlannedStatement(
            f"ALTER TABLE {name} ADD COLUMN {definition}", table, Reason.COLUMN.format(change.new.name)
        )
    changed = {fold(change.new.name) for change in work.altered}
    yield from _set(
        [
            *((stand_in, values.of_staying(one.old, one.new, work.new)) for one, stand_in in swapped),
            *_backfills([one for one in work.new.columns if fold(one.name) not in changed], work.new, values),
        ],
        work.new,
    )
    gone = [change.column for change in work.dropped] + [change.old for change in work.altered]
    for column in order_of_drops(gone, work.old) or gone:
        yield PlannedStatement(f"ALTER TABLE {name} DROP COLUMN {quote(column.name)}", table)
    for change, stand_in in swapped:
        sql = f"ALTER TABLE {name} RENAME COLUMN {quote(stand_in)} TO {quote(change.new.name)}"
        yield PlannedStatement(sql, table)
    for change in work.replaced():
        yield PlannedStatement(f"ALTER TABLE {name} ADD COLUMN {render.column(change.new)}", table)


def backfill(columns: Iterable[Column], table: Table, values: Values) -> Iterator[PlannedStatement]:
    """Set columns of a table that stays as it is to their backfills."""
    yield from _set(_backfills(columns, table, values), table)


def _backfills(columns: Iterable[Column], table: Table, values: Values) -> Iterator[tuple[str, str]]:
    """The columns that have a backfill, and the expressions that they are set to."""
    for column in columns:
        if values.decisions.backfill(fold(table.name), fold(column.name)) is None or column.generated is not None:
            continue
        before = values.old.tables[fold(table.name)].column(column.name)
        value = values.of_new(column, table) if before is None else values.of_staying(before, column, table)
        if value is not None:
            yield column.name, value


def _set(columns: Sequence[tuple[str, str]] | Iterator[tuple[str, str]], table: Table) -> Iterator[PlannedStatement]:
    assignments = ", ".join(f"{quote(column)} = {value}" for column, value in columns)
    if assignments:
        yield PlannedStatement(f"UPDATE{_or_abort(table)} {quote(table.name)} SET {assignments}", table.name)


def _or_abort(table: Table) -> str:
    """What overrides a constraint's own ON CONFLICT, which may drop rows or leave them as they are."""
    return " OR ABORT" if table.has_conflict else ""


def rebuild(work: TableWork, around: Surroundings, values: Values, names: Names) -> Iterator[PlannedStatement]:
    """Copy the rows into a new table, drop the old one and give the new one its name."""
    table, referrers = work.new.name, around.referrers
    guards = guard(work.old, referrers, names)
    yield from (PlannedStatement(one.create, table, one.why) for one in guards)
    copy = names.fresh(f"progy_new_{table}")
    yield PlannedStatement(render.create_table(_renamed(work.new, copy)), table)
    keys = [_temporary_key(key, copy if fold(key.table) == work.name else key.table, names) for key in around.unkeyed]
    for index in keys:
        yield PlannedStatement(render.create_index(index), table, Reason.KEY)
    for one in around.missing:
        wanted = [key for key in work.new.foreign_keys if fold(key.table) == fold(one.name)]
        yield PlannedStatement(stub(one, wanted), table, Reason.WILL_BE.format(one.name))
    if referrers or work.new.foreign_keys:
        yield PlannedStatement("PRAGMA defer_foreign_keys = ON", table, Reason.LATER)
    yield _copy_rows(work, copy, values)
    yield from (PlannedStatement(f"DROP TABLE {quote(one.name)}", table) for one in around.missing)
    if not referrers and work.new.foreign_keys:
        # With references deferred SQLite would drop even this table row by row.
        yield PlannedStatement("PRAGMA defer_foreign_keys = OFF", table)
    if _counts(work.old) and _counts(work.new):
        yield _keep_sequence(work.old.name, copy, table)
    if referrers:
        # Row by row SQLite would take them out of each index.
        yield from (PlannedStatement(f"DROP INDEX {quote(one.name)}", table) for one in _spare(around, work))
    yield PlannedStatement(f"DROP TABLE {quote(work.old.name)}", table)
    yield PlannedStatement(f"ALTER TABLE {quote(copy)} RENAME TO {quote(table)}", table)
    if referrers:
        yield PlannedStatement("PRAGMA defer_foreign_keys = OFF", table)
    yield from (PlannedStatement(one.drop, table) for one in guards if one.drop is not None)
    yield from (PlannedStatement(f"DROP INDEX {quote(index.name)}", table) for index in keys)


def _spare(around: Surroundings, work: TableWork) -> Iterator[Index]:
    """The indexes that nobody needs while the table is dropped: neither as a key, nor to find its own rows by."""
    own = [referrer.key for referrer in around.referrers if fold(referrer.table.name) == work.name]
    needed = {fold(name) for key in own for name in key.columns}
    needed |= {fold(name) for referrer in around.referrers for name in referrer.key.references}
    for index in around.indexes:
        if not any(fold(term.sql) in needed for term in index.terms):
            yield index


def _temporary_key(key: ForeignKey, table: str, names: Names) -> Index:
    return Index(names.fresh(f"progy_key_of_{key.table}"), table, tuple(map(Term, key.references)), unique=True)


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands while a table is dropped: a trigger that keeps others' rows, or an index to find them by."""

    create: str
    drop: str | None
    """None when it goes with the table."""
    why: str | None = None


def guard(table: Table, referrers: Sequence[Referrer], names: Names, *, indexed: bool = True) -> list[Guard]:
    """What has to stand while a table is dropped, so that the tables that refer to it keep rows and references.

    Args:
        table: The table that is dropped.
        referrers: Who refers to it.
        names: Names that are free.
        indexed: Whether references get an index: without one SQLite reads all of a referring table for each row.
    """
    found: list[Guard] = []
    for child in {fold(one.table.name): one.table for one in referrers}.values():
        actions = {one.key.on_delete for one in referrers if one.table is child}
        own = fold(child.name) == fold(table.name)
        for event, guarded, what in _GUARDS:
            if actions & guarded:
                name = quote(names.fresh(f"progy_keep_{what}_of_{child.name}"))
                sql = f"CREATE TRIGGER {name} BEFORE {event} ON {quote(child.name)} BEGIN SELECT RAISE(IGNORE); END"
                why = Reason.KEEPS.format(what, child.name, table.name)
                found.append(Guard(sql, None if own else f"DROP TRIGGER {name}", why))
    for one in referrers if indexed else ():
        if not _is_indexed(one, table):
            own = fold(one.table.name) == fold(table.name)
            name = quote(names.fresh(f"progy_index_of_{one.table.name}"))
            terms = ", ".join(_lookup_term(one.table, column, parent) for column, parent in _pairs(one.key, table))
            sql = f"CREATE INDEX {name} ON {quote(one.table.name)} ({terms})"
            why = Reason.FINDS.format(one.table.name, table.name)
            found.append(Guard(sql, None if own else f"DROP INDEX {name}", why))
    return found


def _pairs(key: ForeignKey, parent: Table) -> list[tuple[str, Column | None]]:
    """The columns of a reference, each with the column it refers to."""
    references = key.references or (parent.primary_key.columns if parent.primary_key else ())
    columns = [parent.column(name) for name in references]
    return list(zip(key.columns, [*columns, *[None] * len(key.columns)], strict=False))


def _lookup_term(child: Table, name: str, parent: Column | None) -> str:
    # SQLite compares by the collation of the column that is referred to.
    column = child.column(name)
    own = canonical.collation(column.collation if column else None)
    wanted = canonical.collation(parent.collation if parent else None)
    return quote(name) + (f" COLLATE {wanted}" if own != wanted else "")


def _is_indexed(referrer: Referrer, parent: Table) -> bool:
    """Whether an index, a key or a constraint of the referring table begins with the reference's columns."""
    table = referrer.table
    wanted = {
        (fold(column), canonical.collation(other.collation if other else None))
        for column, other in _pairs(referrer.key, parent)
    }
    lists = [index.terms for index in referrer.indexes if index.where is None]
    lists += [unique.terms for unique in table.uniques]
    lists += [table.primary_key.terms] if table.primary_key else []
    for terms in lists:
        beginning = canonical.terms(terms[: len(wanted)], table)
        if {(sql[0], collation) for sql, collation, _ in beginning if len(sql) == 1} == wanted:
            return True
    return False


def _copy_rows(work: TableWork, copy: str, values: Values) -> PlannedStatement:
    columns: list[str] = []
    expressions: list[str] = []
    for column in work.new.columns:
        if column.generated is not None:
            continue
        before = work.old.column(column.name)
        value = values.of_staying(before, column, work.new) if before else values.of_new(column, work.new)
        if value is not None:
            columns.append(quote(column.name))
            expressions.append(value)
    rowid, rowid_there = rowid_of(work.old), rowid_of(work.new)
    if rowid and rowid_there and not any(canonical.is_rowid_alias(column, work.new) for column in work.new.columns):
        columns.insert(0, rowid_there)
        expressions.insert(0, rowid)
    if not columns:
        # Nothing is carried over, and still each row is one of the new table.
        first = next(column for column in work.new.columns if column.generated is None)
        columns, expressions = [quote(first.name)], [first.default or "NULL"]
    into, what = (
        f"INSERT{_or_abort(work.new)} INTO {quote(copy)} ({', '.join(columns)})",
        f"SELECT {', '.join(expressions)}",
    )
    return PlannedStatement(f"{into}\n{what}\nFROM {quote(work.old.name)}", work.new.name)


def _keep_sequence(old: str, copy: str, table: str) -> PlannedStatement:
    both = f"{literal(old)}, {literal(copy)}"
    return PlannedStatement(
        f"UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM sqlite_sequence WHERE name IN ({both}))"
        f" WHERE name = {literal(copy)}",
        table,
        Reason.COUNTER,
    )


def _counts(table: Table) -> bool:
    return table.primary_key is not None and table.primary_key.autoincrement


def _renamed(table: Table, name: str) -> Table:
    """The table under another name, which its references to itself and its expressions use, too.

    RENAME gives both the name that the table has in the end.
    """
    old = fold(table.name)
    keys = tuple(replace(key, table=name) if fold(key.table) == old else key for key in table.foreign_keys)
    checks = tuple(replace(check, expression=_requalified(check.expression, old, name)) for check in table.checks)
    columns = tuple(
        replace(
            column, generated=replace(column.generated, expression=_requalified(column.generated.expression, old, name))
        )
        if column.generated
        else column
        for column in table.columns
    )
    return replace(table, name=name, columns=columns, checks=checks, foreign_keys=keys)


def _requalified(expression: str, old: str, name: str) -> str:
    """An expression in which `old.column` is `name.column`."""
    found = list(tokens(expression))
    for token, behind in reversed(list(pairwise(found))):
        if behind.is_operator(".") and token.kind in {"name", "quoted"} and fold(unquote(token.text)) == old:
            expression = expression[: token.start] + quote(name) + expression[token.end :]
    return expression
