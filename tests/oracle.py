"""What the rows of a database must be after a change of its schema, found without the code that is tested.

The new schema is made empty in memory and the old rows are put in, one by one: what SQLite refuses there, a migration
may refuse; what it takes, a migration must bring along.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import apsw

from progy.errors import DatabaseError
from tests import facts
from tests.facts import lower
from tests.real.engine import D1Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Master = list[tuple[str, str, str | None]]
Row = tuple[str, ...]
Rows = dict[str, Counter[Row]]
"""The rows of each table as SQL literals, in the order of `columns`."""

MASTER = (
    "SELECT type AS c0, name AS c1, sql AS c2 FROM sqlite_schema "
    "WHERE substr(name, 1, 4) <> '_cf_' AND name <> 'sqlite_sequence' ORDER BY rowid"
)


class Database(Protocol):
    """A database that can be asked, whatever engine runs it."""

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a statement whose columns are named `c0`, `c1` and so on."""


def quoted(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def master(database: Database) -> Master:
    """The rows of `sqlite_schema`."""
    return [(str(kind), str(name), None if sql is None else str(sql)) for kind, name, sql in database.query(MASTER)]


@dataclass(frozen=True)
class Table:
    """A table as PRAGMAs tell it. Columns by their folded names."""

    name: str
    columns: Mapping[str, str]
    generated: frozenset[str]
    required: frozenset[str]
    with_default: frozenset[str]
    unsteady: frozenset[str]
    """Columns whose default isn't the same each time, and the one that is the rowid."""
    rowid: str | None
    """What to call the rowid where no column is it."""
    autoincrement: bool


@dataclass(frozen=True)
class Renames:
    """What is called otherwise afterwards: `{new table: old table}`, `{(new table, new column): old column}`. Folded."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def old_table(self, new: str, old: Mapping[str, Table]) -> str | None:
        """The old name of a table that stays."""
        if new in self.tables:
            return self.tables[new]
        return new if new in old and new not in self.tables.values() else None

    def old_column(self, table: str, new: str, old: Table) -> str | None:
        """The old name of a column that stays."""
        if (table, new) in self.columns:
            return self.columns[table, new]
        taken = {before for (place, _), before in self.columns.items() if place == table}
        return new if new in old.columns and new not in taken else None


def empty(schema: Master) -> apsw.Connection:
    """A database with that schema, without its triggers."""
    return facts.database(row for row in facts.user_objects(schema) if row[0] != "trigger")


def tables(schema: Master) -> dict[str, Table]:
    """The ordinary tables of a schema by folded name."""
    connection = empty(schema)
    kinds = {name: (kind, wr) for _, name, kind, _, wr, _ in connection.execute("PRAGMA table_list")}
    found = {}
    for name, (kind, without_rowid) in kinds.items():
        if kind == "table" and not name.startswith("sqlite_"):
            found[lower(name)] = _table(connection, name, bool(without_rowid))
    return found


def _table(connection: apsw.Connection, name: str, without_rowid: bool) -> Table:  # noqa: FBT001 - of PRAGMA table_list
    query = 'SELECT name, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)'
    rows = list(connection.execute(query, (name,)))
    columns = {lower(row[0]): row[0] for row in rows}
    keys = [row for row in rows if row[3]]
    indexes = {origin for (origin,) in connection.execute("SELECT origin FROM pragma_index_list(?)", (name,))}
    alias = len(keys) == 1 and not without_rowid and "pk" not in indexes
    free = next((word for word in ("rowid", "oid", "_rowid_") if word not in columns), None)
    return Table(
        name,
        columns,
        frozenset(lower(row[0]) for row in rows if row[4] in {2, 3}),
        frozenset(lower(row[0]) for row in rows if row[1] or (row[3] and (without_rowid or alias))),
        frozenset(lower(row[0]) for row in rows if row[2] is not None and row[2].upper() != "NULL"),
        frozenset(lower(row[0]) for row in rows if (alias and row[3]) or _is_unsteady(row[2])),
        None if without_rowid or alias else free,
        alias and connection.column_metadata("main", name, keys[0][0])[4],
    )


def _is_unsteady(default: str | None) -> bool:
    return default is not None and ("(" in default or "current" in default.lower())


def read(database: Database, table: Table, columns: Iterable[str], *, rowid: bool) -> list[Row]:
    """Rows of a table as SQL literals, those of folded columns and then the rowid."""
    terms = [f"quote({quoted(table.columns[column])})" for column in columns]
    terms += [f"quote({table.rowid})"] if rowid else []
    if not terms:
        return [("",) for _ in database.query(f"SELECT 1 AS c0 FROM {quoted(table.name)}")]
    listed = ", ".join(f"{term} AS c{number}" for number, term in enumerate(terms))
    return [tuple(str(value) for value in row) for row in database.query(f"SELECT {listed} FROM {quoted(table.name)}")]


class NotFittingError(Exception):
    """The rows that are there break the new schema: the migration may abort."""


class MismatchError(Exception):
    """One of the schemas refers to what is no key, and SQLite refuses every row there."""


@dataclass(frozen=True)
class Expected:
    """What the tables that stay must hold afterwards."""

    new: Mapping[str, Table]
    stays: Mapping[str, tuple[tuple[str, ...], bool]]
    """The columns that can be told, and whether the rowid counts."""
    rows: Rows
    sequences: Mapping[str, int]
    """The high-water marks of AUTOINCREMENT, by folded new name."""
    dangling: Counter[str]
    """How many references lead nowhere, by folded new name: as many as before."""

    def count(self) -> int:
        """How many rows there are."""
        return sum(rows.total() for rows in self.rows.values())

    def differences(self, database: Database) -> list[str]:
        """What isn't so in a database."""
        listed = []
        for name, (columns, rowid) in self.stays.items():
            have = Counter(read(database, self.new[name], columns, rowid=rowid))
            if have != self.rows[name]:
                lost, more = self.rows[name] - have, have - self.rows[name]
                listed.append(f"rows of {name} ({', '.join(columns)}): lost {list(lost)}, have instead {list(more)}")
        have_dangling = Counter(lower(str(row[0])) for row in database.query(FOREIGN_KEY_CHECK))
        if have_dangling != self.dangling:
            listed.append(f"references dangle: {dict(have_dangling)}, not {dict(self.dangling)}")
        if self.sequences:
            have_marks = {lower(str(name)): mark for name, mark in database.query(SEQUENCES)}
            listed += [
                f"sqlite_sequence of {name} is {have_marks.get(name)}, not {mark}"
                for name, mark in self.sequences.items()
                if have_marks.get(name) != mark
            ]
        return listed


FOREIGN_KEY_CHECK = 'SELECT "table" AS c0, rowid AS c1, parent AS c2 FROM pragma_foreign_key_check'
SEQUENCES = "SELECT name AS c0, seq AS c1 FROM sqlite_sequence"


def expect(
    database: Database, have: Master, wanted: Master, renames: Renames, backfills: Mapping[tuple[str, str], str]
) -> Expected:
    """What the rows of a database must be after a migration to another schema.

    Args:
        database: The database as it is.
        have: Its schema.
        wanted: The new schema.
        renames: What stays under another name.
        backfills: Constants by folded new table and column.

    Raises:
        NotFittingError: The new schema refuses them.
        MismatchError: SQLite can't tell.
    """
    old, new = tables(have), tables(wanted)
    scratch = empty(wanted)
    stays: dict[str, tuple[tuple[str, ...], bool]] = {}
    rows: Rows = {}
    for name, table in new.items():
        before = renames.old_table(name, old)
        if before is not None:
            _put(scratch, database, old[before], table, renames, backfills)
    try:
        dangling = Counter(lower(str(row[0])) for row in scratch.execute("PRAGMA foreign_key_check"))
    except apsw.SQLError as error:
        raise MismatchError(str(error)) from None
    led_nowhere = _dangling(database, renames, new, old)
    if any(dangling[name] > led_nowhere[name] for name in dangling):
        raise NotFittingError(f"references would dangle: {dict(dangling)}, before {dict(led_nowhere)}")
    reader = _Scratch(scratch)
    for name, table in new.items():
        before = renames.old_table(name, old)
        if before is None:
            continue
        kept = {column for column in table.columns if renames.old_column(name, column, old[before])}
        told = tuple(column for column in table.columns if column in kept or column not in table.unsteady)
        rowid = bool(table.rowid and old[before].rowid)
        stays[name] = (told, rowid)
        rows[name] = Counter(read(reader, table, told, rowid=rowid))
    return Expected(new, stays, rows, _sequences(database, old, new, renames), dangling)


def _dangling(database: Database, renames: Renames, new: Mapping[str, Table], old: Mapping[str, Table]) -> Counter[str]:
    """How many references lead nowhere in the tables that stay, by folded new name."""
    try:
        found = Counter(lower(str(row[0])) for row in database.query(FOREIGN_KEY_CHECK))
    except (DatabaseError, D1Error) as error:
        raise MismatchError(str(error)) from None
    return Counter({name: found[before] for name in new if (before := renames.old_table(name, old)) is not None})


def _put(  # noqa: PLR0913, PLR0917 - all that the rows depend on
    scratch: apsw.Connection,
    database: Database,
    old: Table,
    new: Table,
    renames: Renames,
    backfills: Mapping[tuple[str, str], str],
) -> None:
    name = lower(new.name)
    pairs = [
        (column, before)
        for column in new.columns
        if column not in new.generated and (before := renames.old_column(name, column, old)) is not None
    ]
    rowid = bool(old.rowid and new.rowid)
    filled = {column: value for (table, column), value in backfills.items() if table == name}
    for values in read(database, old, [before for _, before in pairs], rowid=rowid):
        given = dict(zip([column for column, _ in pairs], values, strict=False))
        for column, value in filled.items():
            if given.get(column, "NULL") == "NULL":
                given[column] = value
        for column in [column for column, value in given.items() if value == "NULL"]:
            if column in new.required & new.with_default:
                del given[column]
            elif column in new.required:
                # SQLite would give a rowid of its own instead.
                raise NotFittingError(f"{new.name}.{column} is required, and NULL in {given}")
        names = [quoted(new.columns[column]) for column in given]
        literals = list(given.values())
        if rowid and new.rowid:
            names.append(new.rowid)
            literals.append(values[-1])
        into = f"({', '.join(names)}) VALUES ({', '.join(literals)})" if names else "DEFAULT VALUES"
        try:
            scratch.execute(f"INSERT OR ABORT INTO {quoted(new.name)} {into}")
        except apsw.Error as error:
            raise NotFittingError(f"{new.name} refuses {given}: {error}") from None


def _sequences(
    database: Database, old: Mapping[str, Table], new: Mapping[str, Table], renames: Renames
) -> dict[str, int]:
    if not any(table.autoincrement for table in old.values()):
        return {}
    marks = {lower(str(name)): int(str(mark)) for name, mark in database.query(SEQUENCES)}
    found = {}
    for name, table in new.items():
        before = renames.old_table(name, old)
        if before is not None and before in marks and table.autoincrement and old[before].autoincrement:
            found[name] = marks[before]
    return found


class _Scratch:
    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def query(self, sql: str) -> list[tuple[object, ...]]:
        return list(self._connection.execute(sql))
