"""Rows as INSERT statements, each as long as D1 allows, and rows that are longer than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from progy.data import order
from progy.data.order import Found
from progy.data.pages import pages, pieces
from progy.schema.objects import fresh
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from progy.d1.database import Database
    from progy.data.pages import Source
    from progy.schema.objects import Schema, Table

LONGEST: Final = 100_000
"""How many bytes a statement may have (Cloudflare's documentation, "D1 limits"; workerd refuses more, too)."""


class Dump:
    """The statements that insert tables' rows.

    A value too large for a statement is put together in a table of its own, and its row takes it from there: so no
    constraint ever sees a part of it.
    """

    def __init__(self, database: Database, schema: Schema) -> None:
        """Begin.

        Args:
            database: Where the rows are.
            schema: What there is, so that the table for large values gets a name that is free.
        """
        self._database = database
        taken: set[str] = set()
        for group in (schema.tables, schema.virtual_tables, schema.indexes, schema.views):
            taken |= group.keys()
        self._large = fresh("progy_large_values", taken)
        self._made = False

    def rows(self, source: Source, tell: Callable[[int], None], table: Table | None = None) -> Iterator[str]:
        """The statements for a table's rows.

        Args:
            source: The table.
            tell: Is told how many rows have been read.
            table: What tells whether it refers to itself: then rows come behind those they refer to.

        Raises:
            ProgyError: The rows can't be read.
        """
        head = f"INSERT INTO {quote(source.name)} ({', '.join(map(quote, source.columns))}) VALUES\n"
        room = LONGEST - len(head.encode()) - len(";")
        waiting: list[str] = []
        length = 0
        for found in self._ordered(source, tell, table):
            written = _written(found)
            size = len(written.encode()) + len(",\n") if written is not None else 0
            if waiting and (written is None or length + size > room):
                yield head + ",\n".join(waiting) + ";"
                waiting, length = [], 0
            if written is None or size > room:
                yield from self._long(source, found, head, room)
            else:
                waiting.append(written)
                length += size
        if waiting:
            yield head + ",\n".join(waiting) + ";"

    def end(self) -> Iterator[str]:
        """What has to follow the last row."""
        if self._made:
            yield f"DROP TABLE {self._large};"

    def _ordered(self, source: Source, tell: Callable[[int], None], table: Table | None) -> Iterator[Found]:
        found = order.links(table, source) if table is not None else []
        rows = self._found(source, tell)
        return order.parents_first(rows, found) if order.is_needed(self._database, source, found) else rows

    def _found(self, source: Source, tell: Callable[[int], None]) -> Iterator[Found]:
        count = 0
        for page in pages(self._database, source):
            count += len(page.rows)
            tell(count)
            yield from (Found(page, at) for at in range(len(page.rows)))

    def _long(self, source: Source, found: Found, head: str, room: int) -> Iterator[str]:
        """The statements for a row that doesn't fit into one: its largest values go before it, one by one."""
        if not self._made:
            yield f"CREATE TABLE {self._large} (id INTEGER PRIMARY KEY, value);"
            self._made = True
        row: list[str] = []
        for column, value in enumerate(found.row):
            if isinstance(value, str):
                row.append(value)
                continue
            yield from self._pieces(source, found, column)
            row.append(self._taken(column, "CAST(value AS TEXT)" if value.kind == "text" else "value"))
        while len(_row(row).encode()) > room:
            column = max(range(len(row)), key=lambda at: len(row[at].encode()))
            yield f"INSERT INTO {self._large} (id, value) VALUES ({column}, {row[column]});"  # noqa: S608 - a literal
            row[column] = self._taken(column, "value")
        yield f"{head}{_row(row)};"
        yield f"DELETE FROM {self._large};"  # noqa: S608 - a name of ours

    def _pieces(self, source: Source, found: Found, column: int) -> Iterator[str]:
        for number, piece in enumerate(pieces(self._database, source, found.page, found.at, column)):
            if number == 0:
                yield f"INSERT INTO {self._large} (id, value) VALUES ({column}, X'{piece}');"  # noqa: S608 - digits
            else:
                # What || gives is a text, whatever it is made of; the bytes stay.
                yield f"UPDATE {self._large} SET value = CAST(value || X'{piece}' AS BLOB) WHERE id = {column};"  # noqa: S608 - digits

    def _taken(self, column: int, value: str) -> str:
        return f"(SELECT {value} FROM {self._large} WHERE id = {column})"  # noqa: S608 - a name of ours


def _written(found: Found) -> str | None:
    """The row as it stands in an INSERT; None when a value of it is too large."""
    literals = [value for value in found.row if isinstance(value, str)]
    return _row(literals) if len(literals) == len(found.row) else None


def _row(literals: list[str]) -> str:
    return f"({', '.join(literals)})"
