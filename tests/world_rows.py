"""Rows for a world, and what a user would say of its change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.decisions import ColumnRename, Decisions, TableRename
from tests.facts import affinity, lower
from tests.oracle import Renames, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worlds import Col, Tab, World


def decisions(old: World, new: World) -> Decisions:
    """The renames between two worlds, and nothing else is one."""
    tables, columns = [], []
    for table in new.tables:
        before = old.table(table.uid)
        if before is None:
            continue
        if before.name != table.name:
            tables.append(TableRename(before.name, table.name))
        for column in table.columns:
            was = before.column(column.uid)
            if was is not None and was.name != column.name:
                columns.append(ColumnRename(table.name, was.name, column.name))
    return Decisions(tuple(tables), tuple(columns), no_renames=True)


def renames(decided: Decisions) -> Renames:
    """The same as the oracle wants it."""
    return Renames(
        {lower(one.new): lower(one.old) for one in decided.tables},
        {(lower(one.table), lower(one.new)): lower(one.old) for one in decided.columns},
    )


def rows(old: World, new: World, count: int, *, nulls: str) -> Iterator[str]:
    """INSERT statements for rows of every table, that fit the world as it is and, mostly, as it will be.

    Run them in one transaction: references are checked at its end.

    Args:
        old: The world to fill.
        new: Where it goes: what it requires isn't NULL.
        count: How many rows each table has.
        nulls: Which columns hold NULL in some row: `fit` for those that may, in both; `bold` for all that may now.
            With `dangling`, as with `fit`, and some rows refer to what isn't there.
    """
    yield "PRAGMA defer_foreign_keys = ON"
    logs = {trigger.log[0] for trigger in old.triggers if trigger.log}
    for table in sorted(old.tables, key=lambda one: one.uid not in logs):
        for number in range(1, count + 1):
            yield _insert(table, number, count, old, new, nulls)
        if table.key and table.key.autoincrement:
            name = "'" + table.name.replace("'", "''") + "'"
            if count:
                yield f"UPDATE sqlite_sequence SET seq = seq + 7 WHERE name = {name}"
            else:
                yield f"INSERT INTO sqlite_sequence (name, seq) VALUES ({name}, 9)"
    if nulls == "dangling":
        yield from _lead_astray(old)
    for text in old.texts:
        if text.content is None:
            for number in range(1, count + 1):
                yield f"INSERT INTO {quoted(text.name)} (rowid, body, extra) VALUES ({number * 5}, 'hello {number}', '')"
        else:
            yield f"INSERT INTO {quoted(text.name)} ({quoted(text.name)}) VALUES ('rebuild')"


def _lead_astray(world: World) -> Iterator[str]:
    """Let the last rows refer to nothing, where no constraint is in the way."""
    for table in world.tables:
        for reference in table.references:
            names = [quoted(column.name) for column in table.columns if column.uid in reference.columns]
            sets = ", ".join(f"{name} = 999" for name in names)
            yield f"UPDATE OR IGNORE {quoted(table.name)} SET {sets} WHERE {names[0]} = 9"
    # D1, like SQLite, forgets what was to be checked at the end.
    yield "PRAGMA defer_foreign_keys = OFF"


def _insert(table: Tab, number: int, count: int, old: World, new: World, nulls: str) -> str:  # noqa: PLR0913, PLR0917 - a row depends on them all
    later = new.table(table.uid)
    targets = {uid for one in old.tables for reference in one.references for uid in reference.references}
    values: dict[str, str] = {}
    for column in table.columns:
        if not column.generated:
            after = later.column(column.uid) if later else None
            strict = table.strict or bool(later and later.strict)
            values[column.name] = _value(column, number, after or column, strict=strict)
            if number == 1 and column.uid not in targets and _may_be_null(column, table, new, nulls):
                values[column.name] = "NULL"
    for reference in table.references:
        parent = old.table(reference.table)
        assert parent is not None
        for uid, to in zip(reference.columns, reference.references, strict=True):
            own, target = table.column(uid), parent.column(to)
            assert own is not None
            assert target is not None
            if values[own.name] != "NULL":
                values[own.name] = _value(target, number % count + 1, target, strict=True)
    rowid = next((word for word in ("rowid", "oid") if word not in {lower(name) for name in values}), None)
    if (
        rowid
        and table.alias() is None
        and not table.without_rowid
        and rowid not in {lower(column.name) for column in table.columns}
    ):
        values[rowid] = str(number * 10)
    names = ", ".join(name if name == rowid else quoted(name) for name in values)
    return f"INSERT INTO {quoted(table.name)} ({names}) VALUES ({', '.join(values.values())})"


def _may_be_null(column: Col, table: Tab, new: World, nulls: str) -> bool:
    if column.not_null or (table.key and any(term.of == column.uid for term in table.key.terms)):
        return False
    later = new.table(table.uid)
    after = later.column(column.uid) if later else None
    if nulls == "bold" or later is None or after is None:
        return True
    in_key = later.key is not None and any(term.of == column.uid for term in later.key.terms)
    return not in_key and (not after.not_null or after.default is not None)


def _value(column: Col, number: int, after: Col, *, strict: bool) -> str:
    """A value that no other row of the column has, and that its type takes and, where that can be, its later one."""
    kinds = {affinity(column.type), affinity(after.type)}
    if column.type and affinity(column.type) == "BLOB":
        return f"x'00{number * 3:02x}'"
    if column.text and (kinds == {"TEXT"} or not strict):
        return f"'it''s; größe -- {number}\n'"
    if kinds == {"REAL"}:
        return f"{number * 3}.0"
    return f"'{number * 3}'" if "TEXT" in kinds else str(number * 3)
