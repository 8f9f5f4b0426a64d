"""CREATE statements from SQLAlchemy's tables.

UNIQUE becomes a named unique index, so that dropping it needs no rebuild of the table. This module loads
SQLAlchemy; only `progy.schema.load` imports it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sqlalchemy import Sequence, UniqueConstraint, exc
from sqlalchemy.schema import CreateIndex, CreateTable

from progy.schema.dialect import DIALECT, DeclarationError, has_conflict, storage_type
from progy.schema.taken import Made, Names
from progy.sql.names import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import ForeignKey, ForeignKeyConstraint, MetaData, Table

_MOST_COLUMNS = 100
"""Cloudflare's documentation, "D1 limits"."""


def statements(metadatas: Iterable[MetaData], names: Names | None = None) -> tuple[str, ...]:
    """The CREATE statements of all tables and indexes: the tables by name, each followed by its indexes by name.

    SQLite takes a reference to a table that comes later. No mapper need be configured.

    Args:
        metadatas: What holds the tables.
        names: The names that are taken, if any; those of the tables and indexes are added.

    Raises:
        DeclarationError: A table declares something that D1 can't hold.
    """
    declared = (table for metadata in metadatas for table in metadata.tables.values())
    tables = sorted(declared, key=lambda table: table.name)
    for table in tables:
        _check_table(table)
    found: list[str] = []
    made = [Made("table", table.name) for table in tables]
    for table in tables:
        found.append(_create_table(table))
        for name, sql in sorted(_create_indexes(table)):
            found.append(sql)
            made.append(Made("index", name, table.name))
    names = Names() if names is None else names
    for one in made:
        taken = names.take(one)
        if taken:
            raise DeclarationError(taken, table=one.table or one.name)
    return tuple(found)


def _create_table(table: Table) -> str:
    try:
        sql = str(CreateTable(table).compile(dialect=DIALECT)).strip()
    except exc.CompileError as error:
        raise DeclarationError(str(error.args[0]), table=table.name) from None
    if not sql.startswith("CREATE TABLE "):
        raise DeclarationError(
            "D1 has only ordinary tables: a prefix such as TEMPORARY isn't allowed", table=table.name
        )
    return sql


def _create_indexes(table: Table) -> Iterator[tuple[str, str]]:
    """Name and statement of each of the table's indexes, UNIQUE constraints among them, in any order."""
    prepare = DIALECT.identifier_preparer
    try:
        for index in table.indexes:
            yield unquote(prepare.format_index(index)), str(CreateIndex(index).compile(dialect=DIALECT))
    except exc.CompileError as error:
        raise DeclarationError(str(error.args[0]), table=table.name) from None
    uniques = {
        (_unique_name(constraint), tuple(column.name for column in constraint.columns))
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) and not has_conflict(constraint)
    }
    for name, columns in uniques:
        terms = ", ".join(quote(column) for column in columns)
        yield name, f"CREATE UNIQUE INDEX {quote(name)} ON {quote(table.name)} ({terms})"


def _unique_name(constraint: UniqueConstraint) -> str:
    if constraint.deferrable or constraint.initially:
        raise DeclarationError("only a foreign key can be deferred, not a UNIQUE", table=constraint.table.name)
    # A name may stand for the metadata's naming convention, which may have none for UNIQUE.
    given = constraint.name and DIALECT.identifier_preparer.format_constraint(constraint)
    if given:
        return unquote(given)
    return "_".join((constraint.table.name, *(column.name for column in constraint.columns), "unique"))


def _check_table(table: Table) -> None:
    """Refuse what SQLAlchemy's SQLite dialect would leave out without a word, or SQLite find out too late."""
    if table.schema is not None:
        raise DeclarationError(f"D1 has no schemas, and the table is in {table.schema!r}", table=table.name)
    if getattr(table, "is_view", False):
        raise DeclarationError(
            "SQLAlchemy's views aren't made",
            table=table.name,
            hint=f'View("{table.name}", "SELECT …"), from progy',  # noqa: S608 - a call in Python
        )
    if not table.columns:
        raise DeclarationError("the table has no columns", table=table.name)
    if len(table.columns) > _MOST_COLUMNS:
        raise DeclarationError(
            f"D1 allows {_MOST_COLUMNS} columns a table, and this one has {len(table.columns)}", table=table.name
        )
    for column in table.columns:
        if isinstance(column.default, Sequence) or column.identity is not None:
            raise DeclarationError(
                "D1 has no sequences and no identity columns",
                table=table.name,
                column=column.name,
                hint="an INTEGER PRIMARY KEY counts by itself: `int | None` with Field(primary_key=True)",
            )
    for key in sorted(table.foreign_keys, key=lambda key: (key.parent.name, key.target_fullname)):
        _check_target(key)
    for constraint in sorted(table.foreign_key_constraints, key=lambda key: tuple(key.column_keys)):
        _check_target_is_key(constraint)
    if table.dialect_options["sqlite"]["autoincrement"]:
        _check_autoincrement(table)


def _check_autoincrement(table: Table) -> None:
    key = list(table.primary_key.columns)
    rowid = table.dialect_options["sqlite"]["with_rowid"]
    if len(key) != 1 or not rowid or storage_type(key[0]) != "INTEGER":
        raise DeclarationError(
            "AUTOINCREMENT needs a primary key of one INTEGER column, and no WITHOUT ROWID", table=table.name
        )


def _check_target(key: ForeignKey) -> None:
    """Refuse a reference to a table or column that no model declares, naming the nearest that one does."""
    table, dot, column = key.target_fullname.rpartition(".")
    if not dot:
        raise DeclarationError(
            f"refers to {key.target_fullname}, which isn't a table and a column",
            table=key.parent.table.name,
            column=key.parent.name,
            hint=f'foreign_key="{key.target_fullname}.id"',
        )
    known = key.parent.table.metadata.tables
    try:
        key.column  # noqa: B018 - the lookup is what raises
    except exc.NoReferencedTableError:
        reason = f"refers to {key.target_fullname}, but there is no table {table}"
        near = [f"{name}.{column}" for name in difflib.get_close_matches(table, known, 1)]
    except exc.NoReferencedColumnError:
        reason = f"refers to {key.target_fullname}, but the table {table} has no column {column}"
        columns = known[table].columns.keys()
        keys = known[table].primary_key.columns.keys()
        likely = difflib.get_close_matches(column, columns, 1) or (keys if len(keys) == 1 else [])
        near = [f"{table}.{name}" for name in likely]
    else:
        return
    raise DeclarationError(
        reason,
        table=key.parent.table.name,
        column=key.parent.name,
        hint=f"did you mean {near[0]}?" if near else None,
    )


def _check_target_is_key(constraint: ForeignKeyConstraint) -> None:
    """Refuse a reference to columns that are no key: SQLite would let it pass until the first INSERT."""
    targets = {key.column for key in constraint.elements}
    parent = constraint.referred_table
    keys = [set(parent.primary_key.columns)]
    keys += [set(unique.columns) for unique in parent.constraints if isinstance(unique, UniqueConstraint)]
    keys += [
        set(index.columns)
        for index in parent.indexes
        if index.unique and index.dialect_options["sqlite"]["where"] is None
    ]
    if targets in keys:
        return
    columns = ", ".join(sorted(column.name for column in targets))
    raise DeclarationError(
        f"refers to {parent.name} ({columns}), which is neither its primary key nor unique",
        table=constraint.table.name,
        column=constraint.columns[0].name if len(constraint.columns) == 1 else None,
        hint=f"make {parent.name} ({columns}) unique, or refer to the primary key",
    )
