"""What the rows of the models' views and virtual tables hold: SQLite says of each column which table's it is."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import dropwhile, pairwise
from typing import TYPE_CHECKING

from progy.errors import ModelError
from progy.schema.models import Model, ModelColumn
from progy.schema.objects import fold
from progy.sql.names import quote, unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    import apsw

    from progy.schema.models import ModelObject, Models
    from progy.sql.tokens import Token

_COMPOUND = ("UNION", "INTERSECT", "EXCEPT")
_OUTER = ("LEFT", "RIGHT", "FULL", "OUTER")
# sqlite.org/lang_aggfunc.html
_AGGREGATES = frozenset(
    {"avg", "count", "group_concat", "max", "min", "string_agg", "sum", "total"}
    | {"json_group_array", "json_group_object", "jsonb_group_array", "jsonb_group_object"}
)


def view_rows(models: Models) -> tuple[Model, ...]:
    """Each view and virtual table as if it were a model, in the order in which they are made.

    They are of no class, so without a name.

    A column that is a table's has that column's type, and may be NULL even where the table's can't, unless the view is
    so plain that this is sure. What an expression gives can be anything, and so can all that a view gives that puts
    several SELECTs together. Of a virtual table's columns only the names are known.

    Raises:
        ModelError: SQLite can't make what the models declare.
    """
    views = [one for one in models.objects if one.kind != "trigger"]
    if not views:
        return ()
    import apsw  # 10 ms

    with contextlib.closing(apsw.Connection(":memory:")) as connection:
        # As on D1: a name in double quotes is a string where nothing is called so.
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 1)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 1)
        triggers = {one.sql for one in models.objects if one.kind == "trigger"}
        try:
            for sql in models.ddl:
                if sql not in triggers:
                    connection.execute(sql)
            columns = {view.name: _columns(connection, view.name) for view in views}
        except apsw.Error as error:
            raise ModelError(f"a view's columns can't be told: {error}") from None
    found: list[Model] = []
    known: dict[str, Model] = {}
    for view in views:
        found.append(_model(view, columns[view.name], models, known))
        if view.kind == "view":
            known[fold(view.name)] = found[-1]
    return tuple(found)


def kinds(models: Models) -> dict[str, str]:
    """What each of `view_rows` is, by its name: a view, or a virtual table."""
    return {one.name: one.kind for one in models.objects}


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


def _model(
    view: ModelObject, columns: list[tuple[str, str | None, str | None]], models: Models, others: Mapping[str, Model]
) -> Model:
    words = list(dropwhile(lambda word: not word.is_word("AS"), tokens(view.sql)))
    read = [others[name] for word in words if (name := fold(unquote(word.text))) in others]
    compound = any(word.is_word(*_COMPOUND) for word in words) or any(_is_unknown(other) for other in read)
    plain = not read and _gives_only_rows(words)
    tables = {fold(model.table): model for model in models.models}
    found = []
    for name, table, origin in columns:
        model = tables.get(fold(table)) if table and not compound else None
        column = model.column(origin) if model and origin else None
        found.append(_column(name, column, plain=plain))
    return Model(view.name, "", "", view.file, view.line, tuple(found), view.description)


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


def _column(name: str, origin: ModelColumn | None, *, plain: bool) -> ModelColumn:
    if origin is None:
        return ModelColumn(name, name, "Any", "Any", nullable=False, optional=False)
    return replace(origin, name=name, nullable=origin.nullable or not plain)


def _is_unknown(view: Model) -> bool:
    return all(column.row_type == "Any" for column in view.columns)
