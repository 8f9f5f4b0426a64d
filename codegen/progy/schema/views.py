"""What the rows of the models' views and virtual tables hold: SQLite says of each column which table's it is."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from itertools import dropwhile, pairwise
from typing import TYPE_CHECKING

from progy.errors import ModelError
from progy.schema.models import Model, ModelColumn
from progy.schema.objects import fold
from progy.sql.names import quote, unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import apsw

    from progy.schema.models import Models
    from progy.sql.tokens import Token

_COMPOUND = ("UNION", "INTERSECT", "EXCEPT")
_OUTER = ("LEFT", "RIGHT", "FULL", "OUTER")
# sqlite.org/lang_aggfunc.html
_AGGREGATES = frozenset(
    {"avg", "count", "group_concat", "max", "min", "string_agg", "sum", "total"}
    | {"json_group_array", "json_group_object", "jsonb_group_array", "jsonb_group_object"}
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A column of a view: its name, and the table's column that it gives as it is."""

    name: str
    table: str | None
    """None when an expression gives it, or several SELECTs do."""
    column: str | None
    plain: bool
    """Whether it surely is NULL only where the table's is."""


def view_rows(models: Models) -> tuple[Model, ...]:
    """Each view and virtual table as if it were a model, in the order in which they are made.

    They are of no class, so without a name.

    A column that is a table's has that column's type, and may be NULL even where the table's can't, unless the view is
    so plain that this is sure. What an expression gives can be anything, and so can all that a view gives that puts
    several SELECTs together. Of a virtual table's columns only the names are known.

    Raises:
        ModelError: SQLite can't make what the models declare.
    """
    objects = [one for one in models.objects if one.kind != "trigger"]
    if not objects:
        return ()
    import apsw  # 10 ms

    triggers = {one.sql for one in models.objects if one.kind == "trigger"}
    with contextlib.closing(empty()) as connection:
        try:
            for sql in models.ddl:
                if sql not in triggers:
                    connection.execute(sql)
            found = taken(connection, [(one.name, one.sql) for one in objects if one.kind == "view"])
            for one in objects:
                if one.kind == "virtual table":
                    names = _columns(connection, one.name)
                    found[fold(one.name)] = tuple(Taken(name, None, None, plain=False) for name, _, _ in names)
        except apsw.Error as error:
            raise ModelError(f"a view's columns can't be told: {error}") from None
    tables = {fold(model.table): model for model in models.models}
    columns = {name: tuple(_column(one, tables) for one in each) for name, each in found.items()}
    return tuple(
        Model(one.name, "", "", one.file, one.line, columns[fold(one.name)], one.description) for one in objects
    )


def kinds(models: Models) -> dict[str, str]:
    """What each of `view_rows` is, by its name: a view, or a virtual table."""
    return {one.name: one.kind for one in models.objects}


def empty() -> apsw.Connection:
    """A database in memory that takes names in double quotes as D1 does: as strings where nothing is called so."""
    import apsw

    connection = apsw.Connection(":memory:")
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 1)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 1)
    return connection


def taken(connection: apsw.Connection, views: Iterable[tuple[str, str]]) -> dict[str, tuple[Taken, ...]]:
    """What each view takes from where, by its folded name. No view is read.

    Args:
        connection: The database that has them.
        views: Names and CREATE statements, in the order in which they are made.

    Raises:
        apsw.Error: A view refers to what isn't there.
    """
    found: dict[str, tuple[Taken, ...]] = {}
    for name, sql in views:
        found[fold(name)] = tuple(_taken(sql, _columns(connection, name), found))
    return found


def _columns(connection: apsw.Connection, view: str) -> list[tuple[str, str | None, str | None]]:
    """Each column's name, and the table and the column it comes from. The view isn't read."""
    found: list[tuple[str, str | None, str | None]] = []

    def note(cursor: apsw.Cursor, *_: object) -> bool:
        found.extend((name, table, origin) for name, _, _, table, origin in cursor.description_full)
        return False

    import apsw

    cursor = connection.cursor()
    cursor.exec_trace = note
    with contextlib.suppress(apsw.ExecTraceAbort):
        cursor.execute(f"SELECT * FROM {quote(view)}")  # noqa: S608 - quoted
    return found


def _taken(
    sql: str, columns: list[tuple[str, str | None, str | None]], others: Mapping[str, tuple[Taken, ...]]
) -> Iterator[Taken]:
    words = list(dropwhile(lambda word: not word.is_word("AS"), tokens(sql)))
    read = [others[name] for word in words if (name := fold(unquote(word.text))) in others]
    unknown = any(all(column.table is None for column in other) for other in read)
    compound = unknown or any(word.is_word(*_COMPOUND) for word in words)
    plain = not read and _gives_only_rows(words)
    for name, table, origin in columns:
        yield Taken(name, None if compound else table, None if compound else origin, plain)


def _gives_only_rows(words: list[Token]) -> bool:
    """Whether what a SELECT takes from tables is surely from rows that are there.

    An outer join adds rows of NULLs; so may a SELECT inside another; and an aggregate function, without GROUP BY, makes
    a row of none.
    """
    selects = sum(word.is_word("SELECT") for word in words)
    aggregates = any(
        after.is_operator("(") and fold(unquote(word.text)) in _AGGREGATES for word, after in pairwise(words)
    )
    grouped = any(word.is_word("GROUP") for word in words)
    return selects == 1 and (grouped or not aggregates) and not any(word.is_word(*_OUTER) for word in words)


def _column(one: Taken, tables: Mapping[str, Model]) -> ModelColumn:
    model = tables.get(fold(one.table)) if one.table else None
    origin = model.column(one.column) if model and one.column else None
    if origin is None:
        return ModelColumn(one.name, one.name, "Any", "Any", nullable=False, optional=False)
    return replace(origin, name=one.name, nullable=origin.nullable or not one.plain)
