"""A database as SQL that makes it again: on an empty D1, by progy, by wrangler, or by SQLite itself.

Tables come behind those they refer to, and their rows behind them. What would act on rows as they go in, or costs time
with each, comes last: indexes, views, full-text indexes, triggers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from progy.data.dump import Dump
from progy.data.pages import source_of, source_of_virtual
from progy.data.tables import chosen, contents
from progy.plan.objects import content_of, holds_rows
from progy.plan.order import order_by_reference
from progy.schema.objects import fold
from progy.sql.names import literal, quote
from progy.sql.tidy import tidied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from progy.d1.database import Database
    from progy.data.tables import Contents
    from progy.schema.objects import Schema, Table, VirtualTable

BEGINNINGS = ("PRAGMA defer_foreign_keys=ON;", "PRAGMA defer_foreign_keys=TRUE;")
"""How an export begins, ours and wrangler's; only such a file is overwritten."""


class Progress(NamedTuple):
    """How many rows of a table have been read, and whether these are all."""

    table: str
    rows: int
    done: bool = False


@dataclass
class Export:
    """An export of a database, while it is made and afterwards.

    Args:
        database: The database.
        schema: Whether the schema is wanted.
        data: Whether the rows are.
        tables: The tables (or views) that are wanted, with what belongs to them; all when there are none.
        ignore: Tables to be left out, such as ledgers.
        tell: Is told how far it is.
    """

    database: Database
    schema: bool = True
    data: bool = True
    tables: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    tell: Callable[[Progress], None] = lambda _: None
    warnings: list[str] = field(default_factory=list)
    """What isn't in it as it is in the database, a sentence each."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many rows there are of each table."""

    def statements(self) -> Iterator[str]:
        """The statements, each with its semicolon and at most 100,000 bytes long.

        Raises:
            UsageError: There is no such table.
            ProgyError: The database can't be read.
        """
        found = contents(self.database, ignore=self.ignore)
        part = _Part(found, _selected(found.schema, self.tables, self.database.label))
        self.warnings += part.missing()
        yield BEGINNINGS[0]
        if self.schema:
            yield from part.tables()
        dump = Dump(self.database, found.schema)
        if self.data:
            yield from self._rows(part, dump)
        if self.schema:
            yield from part.indexes()
            yield from part.views()
        for table in part.virtual:
            if self.schema:
                yield _text(found.sql("table", table.name))
            if self.data:
                yield from self._virtual(table, found.schema, dump)
        yield from dump.end()
        if self.schema:
            yield from part.triggers()

    def _rows(self, part: _Part, dump: Dump) -> Iterator[str]:
        for table in part.ordered:
            source = source_of(table, rowid=part.needs_rowid(table))
            yield from dump.rows(source, self._read(table.name), table)
            self._done(table.name)
        yield from self._sequences([table for table in part.ordered if _counts(table)])

    def _read(self, name: str) -> Callable[[int], None]:
        self.rows[name] = 0

        def tell(rows: int) -> None:
            self.rows[name] = rows
            self.tell(Progress(name, rows))

        return tell

    def _done(self, name: str) -> None:
        self.tell(Progress(name, self.rows[name], done=True))

    def _sequences(self, tables: list[Table]) -> Iterator[str]:
        """AUTOINCREMENT goes on where it was, also when the last rows are gone."""
        if not tables:
            return
        names = ", ".join(literal(table.name) for table in tables)
        query = f"SELECT quote(name), quote(seq) FROM sqlite_sequence WHERE name IN ({names}) ORDER BY name"  # noqa: S608 - quoted
        [result] = self.database.read([query])
        for name, number in result.rows:
            yield f"DELETE FROM sqlite_sequence WHERE name = {name};"  # noqa: S608 - quoted by SQLite
            yield f"INSERT INTO sqlite_sequence (name, seq) VALUES ({name}, {number});"  # noqa: S608 - quoted by SQLite

    def _virtual(self, table: VirtualTable, schema: Schema, dump: Dump) -> Iterator[str]:
        name = quote(table.name)
        content = content_of(table)
        if table.module == "fts5":
            yield from self._settings(table)
        if holds_rows(table):
            yield from dump.rows(source_of_virtual(table), self._read(table.name))
            self._done(table.name)
        elif content == "":
            self.warnings.append(f"the full-text index {table.name} keeps no text: it is made without its entries")
        elif content is not None and not _is_there(content, schema):
            self.warnings.append(f"the full-text index {table.name} reads {content}, which isn't there: it stays empty")
        elif content is not None:
            yield f"INSERT INTO {name} ({name}) VALUES ('rebuild');"  # noqa: S608 - quoted

    def _settings(self, table: VirtualTable) -> Iterator[str]:
        """What a full-text index has been told since it was made, a `rank` say (sqlite.org/fts5.html, section 6)."""
        name, settings = quote(table.name), quote(f"{table.name}_config")
        query = f"SELECT quote(k), quote(v) FROM {settings} WHERE k <> 'version' ORDER BY k"  # noqa: S608 - quoted
        [result] = self.database.read([query])
        for key, value in result.rows:
            yield f"INSERT INTO {name} ({name}, rank) VALUES ({key}, {value});"  # noqa: S608 - quoted


class _Part:
    """What of a schema is exported."""

    def __init__(self, found: Contents, names: frozenset[str]) -> None:
        """Take what has these folded names, or belongs to a table that has."""
        self.contents = found
        self._names = names
        schema = found.schema
        self.ordered = [schema.tables[name] for name in order_by_reference(schema.tables.values()) if name in names]
        self.virtual = [table for name, table in schema.virtual_tables.items() if name in names]
        # A reference may lead to a unique index, and without it SQLite refuses rows on both sides.
        referred = {fold(key.table) for table in schema.tables.values() for key in table.foreign_keys}
        mine = [index for index in schema.indexes.values() if fold(index.table) in names]
        self._keys = [index for index in mine if index.unique and not index.where and fold(index.table) in referred]
        self._indexes = [index for index in mine if index not in self._keys]

    def tables(self) -> Iterator[str]:
        yield from (_text(self.contents.sql("table", table.name)) for table in self.ordered)
        yield from (_text(self.contents.sql("index", index.name)) for index in self._keys)

    def indexes(self) -> Iterator[str]:
        yield from (_text(self.contents.sql("index", index.name)) for index in self._indexes)

    def views(self) -> Iterator[str]:
        views = self.contents.schema.views
        yield from (_text(view.sql) for name, view in views.items() if name in self._names)

    def triggers(self) -> Iterator[str]:
        for trigger in self.contents.schema.triggers.values():
            if fold(trigger.table) in self._names:
                yield _text(trigger.sql)

    def needs_rowid(self, table: Table) -> bool:
        """Whether a full-text index knows the table's rows by their rowids."""
        virtual = self.contents.schema.virtual_tables.values()
        return any(fold(content_of(one) or "") == fold(table.name) for one in virtual)

    def missing(self) -> list[str]:
        """The tables that those which are exported refer to, and that aren't."""
        found = {
            f"{table.name} refers to {key.table}, which isn't exported: it has to be there before"
            for table in self.ordered
            for key in table.foreign_keys
            if fold(key.table) not in self._names
        }
        return sorted(found)


def _selected(schema: Schema, tables: tuple[str, ...], label: str) -> frozenset[str]:
    groups = (schema.tables, schema.virtual_tables, schema.views)
    return chosen(tables, {name: one.name for group in groups for name, one in group.items()}, database=label)


def _is_there(content: str, schema: Schema) -> bool:
    return any(fold(content) in group for group in (schema.tables, schema.virtual_tables, schema.views))


def _counts(table: Table) -> bool:
    return table.primary_key is not None and table.primary_key.autoincrement


def _text(sql: str) -> str:
    """A CREATE statement as D1 takes it over HTTP, too: its splitter trips over comments, and over CR in triggers."""
    return tidied(sql, end=";") if "--" in sql or "/*" in sql or "\r" in sql else f"{sql};"
