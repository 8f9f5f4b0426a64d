"""The columns of views and virtual tables: SQLite is asked, since no CREATE statement lists them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from progy.docs.catalogue import Column
from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import apsw

    from progy.schema.objects import Schema
    from progy.schema.views import Taken

_HIDDEN = 1
"""What `PRAGMA table_xinfo` says of a virtual table's hidden column (sqlite.org/pragma.html)."""


def columns(schema: Schema, tables: Mapping[str, Sequence[Column]]) -> dict[str, tuple[Column, ...]]:
    """The columns of each view and virtual table, by its folded name; none where SQLite can't tell.

    A view's column that is a table's means the same: it has that column's type, comment and storage. It may be NULL
    even where the table's can't, unless the view is so plain that this is sure.

    Args:
        schema: The schema, with all that views read.
        tables: What is known of the columns of those tables that are documented, by the tables' folded names.
    """
    if not schema.views and not schema.virtual_tables:
        return {}
    from progy.schema.views import empty, taken

    with contextlib.closing(empty()) as connection:
        _make(connection, schema)
        found = {name: _of_virtual(connection, virtual.name) for name, virtual in schema.virtual_tables.items()}
        views = [(view.name, view.sql) for view in schema.views.values() if _works(connection, view.name)]
        for name, each in taken(connection, views).items():
            found[name] = tuple(_of_view(one, tables) for one in each)
    return found


def _make(connection: apsw.Connection, schema: Schema) -> None:
    """Make what can be made: a virtual table may be of a module that isn't here."""
    import apsw

    from progy.schema.render import create_table

    statements = [create_table(table) for table in schema.tables.values()]
    statements += [one.sql for one in schema.virtual_tables.values()]
    statements += [one.sql for one in schema.views.values()]
    for sql in statements:
        with contextlib.suppress(apsw.Error):
            connection.execute(sql)


def _works(connection: apsw.Connection, view: str) -> bool:
    """Whether all that the view reads is there, which SQLite looks at only when it is read."""
    import apsw

    try:
        connection.execute(f"EXPLAIN SELECT * FROM {quote(view)}")  # noqa: S608 - quoted
    except apsw.Error:
        return False
    return True


def _of_view(one: Taken, tables: Mapping[str, Sequence[Column]]) -> Column:
    origins = tables.get(fold(one.table), ()) if one.table else ()
    origin = next((each for each in origins if one.column and fold(each.name) == fold(one.column)), None)
    if origin is None:
        return Column(one.name, "", nullable=True)
    return replace(
        origin,
        name=one.name,
        nullable=origin.nullable or not one.plain,
        default=None,
        generated=None,
        stored=False,
        primary=False,
        unique=False,
    )


def _of_virtual(connection: apsw.Connection, name: str) -> tuple[Column, ...]:
    rows = connection.execute(f"PRAGMA table_xinfo({quote(name)})")
    return tuple(
        Column(column, declared, nullable=not not_null)
        for _, column, declared, not_null, _, _, hidden in rows
        if hidden != _HIDDEN
    )
