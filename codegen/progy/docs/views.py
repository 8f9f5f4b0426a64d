"""The columns of views and virtual tables, and what these read: SQLite is asked, since no statement lists them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from progy.docs.catalogue import Column
from progy.docs.patterns import names_of
from progy.schema.objects import fold
from progy.sql.names import quote, unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import apsw

    from progy.schema.objects import Schema, View, VirtualTable
    from progy.schema.views import Taken

_HIDDEN = 1
"""What `PRAGMA table_xinfo` says of a virtual table's hidden column (sqlite.org/pragma.html)."""


class Known(NamedTuple):
    """What is known of a view or a virtual table."""

    columns: tuple[Column, ...] = ()
    reads: tuple[str, ...] = ()
    """The names of the tables and views whose rows it shows, or is made of."""


def known(schema: Schema, tables: Mapping[str, Sequence[Column]]) -> dict[str, Known]:
    """What is known of each view and virtual table, by its folded name; nothing where SQLite can't tell.

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
        found = {
            name: Known(_of_virtual(connection, virtual.name), _content(virtual, schema))
            for name, virtual in schema.virtual_tables.items()
        }
        reads = {name: _reads(connection, view, schema) for name, view in schema.views.items()}
        working = [(view.name, view.sql) for name, view in schema.views.items() if reads[name] is not None]
        columns = taken(connection, working)
        for name, read in reads.items():
            found[name] = Known(tuple(_of_view(one, tables) for one in columns.get(name, ())), read or ())
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


def _reads(connection: apsw.Connection, view: View, schema: Schema) -> tuple[str, ...] | None:
    """The names of what the view reads and itself speaks of; None where that isn't there.

    SQLite looks for it only when the view is read, and then asks for what other views read, too.
    """
    import apsw

    read: set[str] = set()

    def note(operation: int, table: str | None, *_: object) -> int:
        if operation == apsw.SQLITE_READ and table:
            read.add(fold(table))
        return int(apsw.SQLITE_OK)

    connection.authorizer = note
    try:
        connection.execute(f"EXPLAIN SELECT * FROM {quote(view.name)}")  # noqa: S608 - quoted
    except apsw.Error:
        return None
    finally:
        connection.authorizer = None
    read &= {fold(unquote(token.text)) for token in tokens(view.sql)} - {fold(view.name)}
    return tuple(name for name in names_of(schema) if fold(name) in read)


def _content(virtual: VirtualTable, schema: Schema) -> tuple[str, ...]:
    """The name of the table whose rows a full-text index is made of, if it holds none itself."""
    from progy.plan.objects import content_of

    content = content_of(virtual)
    return tuple(name for name in names_of(schema) if content and fold(name) == fold(content))


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
