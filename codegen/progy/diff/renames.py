"""Renames: the old schema as it is once they are done, and the questions where a rename is possible and not decided.

SQLite itself does the renaming, on a database in memory: it rewrites references, indexes, views and triggers, and
so what comes out is what the migration's own ALTER TABLE will give.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.diff.decisions import ColumnRename, TableRename
from progy.diff.questions import RenamedColumn, RenamedTable
from progy.errors import ProgyError, SqlError, UsageError
from progy.schema import canonical
from progy.schema.objects import fold, fresh
from progy.schema.render import create_all
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from progy.diff.decisions import Decisions
    from progy.schema.objects import Column, Schema, Table


_LIKELY = 1 / 3
"""How much two tables have to have in common before a rename is asked for: rather too often than a table dropped."""
_ALIKE = 0.6
"""From which share of the letters two names are alike: `name` and `full_name`."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A schema after its renames."""

    schema: Schema
    statements: tuple[str, ...]
    """The ALTER TABLEs, and DROPs of views and triggers that stand in their way."""
    renames: tuple[TableRename | ColumnRename, ...]
    """The renames that were asked for, tables before columns."""
    stood_in: Mapping[str, str]
    """What tables and columns were called that only make room for others and are dropped later, by the folded name
    that they have now; columns as `table.column`."""


def open_renames(old: Schema, new: Schema, decisions: Decisions) -> list[RenamedTable | RenamedColumn]:
    """What could be a rename and isn't decided. Columns of a table whose own name is open aren't asked for yet."""
    if decisions.no_renames:
        return []
    questions: list[RenamedTable | RenamedColumn] = list(_open_tables(old, new, decisions))
    renamed_from = {fold(rename.new): rename.old for rename in decisions.tables}
    for name, table in sorted(new.tables.items()):
        before = old.table(renamed_from.get(name, table.name))
        if before is not None and (name in renamed_from or not _is_renamed_away(name, decisions)):
            questions += _open_columns(before, table, decisions)
    return questions


def _is_renamed_away(name: str, decisions: Decisions) -> bool:
    return any(fold(rename.old) == name != fold(rename.new) for rename in decisions.tables)


def _open_tables(old: Schema, new: Schema, decisions: Decisions) -> Iterator[RenamedTable]:
    taken = {fold(rename.old) for rename in decisions.tables}
    given = {fold(rename.new) for rename in decisions.tables} | {key[0] for key in decisions.new if len(key) == 1}
    gone = [table for name, table in old.tables.items() if name not in new.tables and name not in taken]
    for name, table in sorted(new.tables.items()):
        if name in old.tables or name in given:
            continue
        likely = sorted(((_likeness(one, table), one.name) for one in gone), key=lambda pair: (-pair[0], pair[1]))
        candidates = tuple(old_name for share, old_name in likely if share >= _LIKELY)
        if candidates:
            yield RenamedTable(table.name, candidates)


def _likeness(one: Table, other: Table) -> float:
    """Which part of the columns of the smaller of two tables the other has, too; enough where their names are alike."""
    mine = {fold(column.name) for column in one.columns}
    theirs = {fold(column.name) for column in other.columns}
    shared = len(mine & theirs) / min(len(mine), len(theirs))
    return max(shared, _LIKELY) if _names_alike(one.name, other.name) else shared


def _open_columns(old: Table, new: Table, decisions: Decisions) -> Iterator[RenamedColumn]:
    table = fold(new.name)
    of_table = [rename for rename in decisions.columns if fold(rename.table) == table]
    taken, given = {fold(one.old) for one in of_table}, {fold(one.new) for one in of_table}
    given |= {key[1] for key in decisions.new if len(key) > 1 and key[0] == table}
    gone = [
        column
        for column in old.columns
        if new.column(column.name) is None and fold(column.name) not in taken and column.generated is None
    ]
    for column in new.columns:
        if old.column(column.name) or fold(column.name) in given or column.generated is not None or not gone:
            continue
        alike = [one for one in gone if _same_affinity(one, column) or _names_alike(one.name, column.name)]
        if alike:
            candidates = sorted(alike, key=lambda one: (not _same_affinity(one, column), old.columns.index(one)))
            yield RenamedColumn(new.name, column.name, tuple(one.name for one in candidates), old.name)


def _same_affinity(one: Column, other: Column) -> bool:
    return canonical.affinity(one.type) == canonical.affinity(other.type)


def _names_alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, fold(one), fold(other)).ratio() >= _ALIKE


def rename(old: Schema, new: Schema, decisions: Decisions) -> Renamed:
    """The old schema with the renames done.

    A table that is dropped while its name goes to another object is renamed out of the way, too.

    Raises:
        UsageError: A rename names what isn't there.
        ProgyError: SQLite refuses a rename.
    """
    tables = _table_steps(old, new, decisions)
    columns = _column_steps(old, new, decisions)
    if not tables and not columns:
        return Renamed(old, (), (), {})
    with Connection() as scratch, scratch.transaction():
        scratch.run(";\n".join(create_all(old)), where="the old schema")
        statements: list[str] = []
        for step in tables:
            sql = f"ALTER TABLE {quote(step.old)} RENAME TO {quote(step.new)}"
            statements += _run(scratch, sql)
        for one in columns:
            sql = f"ALTER TABLE {quote(one.table)} RENAME COLUMN {quote(one.old)} TO {quote(one.new)}"
            statements += _run(scratch, sql)
        schema = scratch.schema()
    stood_in = {fold(step.new): step.old for step in tables if schema.table(step.new) and not new.table(step.new)}
    for one in columns:
        table = new.table(one.table)
        if table is not None and table.column(one.new) is None:
            stood_in[f"{fold(one.table)}.{fold(one.new)}"] = one.old
    return Renamed(schema, tuple(statements), (*decisions.tables, *decisions.columns), stood_in)


def _run(scratch: Connection, sql: str) -> list[str]:
    """Run a rename; views and triggers that are broken, and so forbid every rename, are dropped before."""
    done: list[str] = []
    while True:
        try:
            scratch.run(sql, where="renames")
        except SqlError as error:
            broken = _broken(error.message, scratch.schema())
            if broken is None:
                raise ProgyError(
                    f"SQLite refuses {sql}: {error.message}",
                    hint="add the new one, move the values by a migration by hand, and drop the old one",
                ) from None
            scratch.run(broken, where="renames")
            done.append(broken)
        else:
            return [*done, sql]


def _broken(message: str, schema: Schema) -> str | None:
    """The statement that drops the view or trigger which SQLite says it can't read."""
    for kind, found in (("view", schema.views), ("trigger", schema.triggers)):
        for one in found.values():
            if message.startswith(f"error in {kind} {one.name}"):
                return f"DROP {kind.upper()} {quote(one.name)}"
    return None


def _table_steps(old: Schema, new: Schema, decisions: Decisions) -> list[TableRename]:
    """The table renames in an order in which each name is free when it is taken."""
    wanted: dict[str, str] = {}
    for rename_ in decisions.tables:
        if old.table(rename_.old) is None or new.table(rename_.new) is None:
            missing = rename_.old if old.table(rename_.old) is None else rename_.new
            raise UsageError(f"there is no table {missing} to rename", hint="a rename goes OLD:NEW")
        _refuse_twice(rename_.old, rename_.new, wanted)
        wanted[rename_.old] = rename_.new
    names = {*old.tables, *old.views, *old.virtual_tables, *old.indexes, *new.tables, *new.views, *new.indexes}
    dropped = [table.name for name, table in old.tables.items() if name not in {fold(one) for one in wanted}]
    for name in dropped:
        moved_in = any(fold(one) == fold(name) for one in wanted.values())
        # An index takes the name while others still refer to the table.
        waits = fold(name) in new.indexes and any(child.name != name for child, _ in old.referrers(name))
        if moved_in or (new.table(name) is None and waits):
            wanted[name] = fresh(f"progy_old_{name}", names)
    return [TableRename(*pair) for pair in _in_order(wanted, names)]


def _column_steps(old: Schema, new: Schema, decisions: Decisions) -> list[ColumnRename]:
    """The column renames, by the tables' new names, in an order in which each name is free when it is taken."""
    renamed_from = {fold(one.new): one.old for one in decisions.tables}
    by_table: dict[str, dict[str, str]] = {}
    for one in decisions.columns:
        table = new.table(one.table)
        before = table and old.table(renamed_from.get(fold(table.name), table.name))
        if table is None or before is None or not before.column(one.old) or not table.column(one.new):
            raise UsageError(f"there is no column {one.old} in {one.table} to rename to {one.new}")
        _refuse_twice(one.old, one.new, by_table.setdefault(fold(one.table), {}))
        by_table[fold(one.table)][one.old] = one.new
    steps = []
    for name, wanted in sorted(by_table.items()):
        table = new.tables[name]
        before = old.table(renamed_from.get(name, table.name))
        names = {fold(column.name) for one in (table, before) if one for column in one.columns}
        sources = {fold(one) for one in wanted}
        for column in before.columns if before else ():
            if fold(column.name) not in sources and fold(column.name) in {fold(one) for one in wanted.values()}:
                wanted[column.name] = fresh(f"progy_old_{column.name}", names)
        steps += [ColumnRename(table.name, was, becomes) for was, becomes in _in_order(wanted, names)]
    return steps


def _refuse_twice(old: str, new: str, wanted: Mapping[str, str]) -> None:
    """Refuse two new names for one old one, or two old ones for a new one."""
    for was, becomes in wanted.items():
        if fold(was) == fold(old) or fold(becomes) == fold(new):
            raise UsageError(
                f"{was} is said to be {becomes} now, and {old} to be {new}: one of them can't be",
                hint="take one of the flags, or of the models' renamed_from, back",
            )


def _in_order(wanted: dict[str, str], names: set[str]) -> list[tuple[str, str]]:
    """Renames as steps: those whose new name is free first; in a circle, or for a name's case, by a stand-in."""
    waiting = {was: becomes for was, becomes in wanted.items() if was != becomes}
    steps: list[tuple[str, str]] = []
    while waiting:
        taken = {fold(was) for was in waiting}
        free = [was for was, becomes in waiting.items() if fold(becomes) not in taken]
        if free:
            steps.append((free[0], waiting.pop(free[0])))
            continue
        was = next(iter(waiting))
        stand_in = fresh(f"progy_{was}", names)
        steps.append((was, stand_in))
        waiting[stand_in] = waiting.pop(was)
    return steps
