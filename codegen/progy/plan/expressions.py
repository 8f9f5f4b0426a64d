"""What a backfill's expression reads, asked of SQLite: a word may be a column, a function or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.errors import DatabaseError, UsageError
from progy.sql.names import always_quote

if TYPE_CHECKING:
    from progy.schema.objects import Schema


class Expressions:
    """The tables that expressions are over, without constraints, in memory."""

    def __init__(self, schema: Schema) -> None:
        """Make the tables when the first expression is read."""
        self._schema = schema
        self._scratch: Connection | None = None
        self._read: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}

    def reads(self, expression: str, table: str, column: str) -> frozenset[tuple[str, str]]:
        """The folded tables and columns that an expression over the rows of a table reads.

        Args:
            expression: The expression.
            table: The folded table.
            column: The column that it is for, for errors.

        Raises:
            UsageError: It isn't a value of each row.
        """
        key = (expression, table)
        if key not in self._read:
            self._read[key] = self._ask(expression, table, column)
        return self._read[key]

    def _ask(self, expression: str, table: str, column: str) -> frozenset[tuple[str, str]]:
        scratch = self._scratch = self._scratch or self._made()
        select = f"SELECT {expression} FROM {always_quote(table)}"
        try:
            read = scratch.reads(select)
            [(count,)] = scratch.query(f"SELECT count(*) FROM ({select})")
        except DatabaseError as error:
            raise UsageError(
                f"the backfill of {table}.{column}: {error.message}", hint="a text stands in single quotes: 'draft'"
            ) from None
        if count != _ROWS:
            raise UsageError(
                f"the backfill of {table}.{column} gives one value for all rows together, not one for each",
                hint="an aggregate of other rows stands in a SELECT of its own: (SELECT max(x) FROM t)",
            )
        return read

    def _made(self) -> Connection:
        scratch = Connection(strings_in_double_quotes=False)
        for table in self._schema.tables.values():
            columns = ", ".join(always_quote(column.name) for column in table.columns)
            scratch.query(f"CREATE TABLE {always_quote(table.name)} ({columns})")
            nulls = ", ".join(["NULL"] * len(table.columns))
            rows = ", ".join([f"({nulls})"] * _ROWS)
            scratch.query(f"INSERT INTO {always_quote(table.name)} VALUES {rows}")
        for view in self._schema.views.values():
            scratch.query(view.sql)
        return scratch


_ROWS = 2
"""Enough to tell a value of each row from one of all rows."""
