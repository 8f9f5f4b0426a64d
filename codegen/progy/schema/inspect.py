"""A database's schema, from the rows of its `sqlite_schema`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.errors import ProgyError
from progy.schema.objects import Index, Schema, Table, Trigger, View, VirtualTable, fold
from progy.schema.parse import parse_index, parse_table, parse_virtual_table

if TYPE_CHECKING:
    from collections.abc import Iterable

# The tables that a virtual table keeps its data in; they come and go with it.
_SHADOW_SUFFIXES = {
    "fts5": ("data", "idx", "content", "docsize", "config"),
    "rtree": ("node", "parent", "rowid"),
    "rtree_i32": ("node", "parent", "rowid"),
}


def schema_from_rows(rows: Iterable[tuple[str, str, str, str]], *, ignore: Iterable[str] = ()) -> Schema:
    """The schema that these rows of `SCHEMA_QUERY` describe.

    Args:
        rows: `type, name, tbl_name, sql`.
        ignore: Names of tables that aren't the user's, such as ledgers, with what belongs to them.
    """
    ignored = {fold(name) for name in ignore}
    found = [row for row in rows if fold(row[2]) not in ignored]
    tables: dict[str, Table] = {}
    virtual_tables: dict[str, VirtualTable] = {}
    indexes: dict[str, Index] = {}
    views: dict[str, View] = {}
    triggers: dict[str, Trigger] = {}
    for kind, name, table, sql in found:
        key = fold(name)
        try:
            if kind == "table" and is_virtual(sql):
                virtual_tables[key] = parse_virtual_table(sql)
            elif kind == "table":
                tables[key] = parse_table(sql)
            elif kind == "index":
                indexes[key] = parse_index(sql)
            elif kind == "view":
                views[key] = View(name, sql)
            else:
                triggers[key] = Trigger(name, table, sql)
        except (ValueError, IndexError) as error:
            raise ProgyError(f"progy can't read the {kind} {name}: {error}\n{sql}", hint=_REPORT) from error
    for virtual in virtual_tables.values():
        for suffix in _shadow_suffixes(virtual):
            tables.pop(fold(f"{virtual.name}_{suffix}"), None)
    return Schema(tables, virtual_tables, indexes, views, triggers)


_REPORT = "SQLite has accepted it, so this is a bug in progy: please report it"


def _shadow_suffixes(virtual: VirtualTable) -> Iterable[str]:
    """What the names of the tables behind a virtual table end in. With `content=` FTS5 has no such table of its own.

    Unless it keeps unindexed columns for a text that it doesn't keep (sqlite.org/fts5.html, section 4.4.4).
    """
    elsewhere = virtual.module == "fts5" and _says(virtual, "content") and not _says(virtual, "contentless_unindexed")
    for suffix in _SHADOW_SUFFIXES.get(virtual.module, ()):
        if not (elsewhere and suffix == "content"):
            yield suffix


def _says(virtual: VirtualTable, option: str) -> bool:
    return re.search(rf"[(,]\s*{option}\s*=", virtual.sql, re.IGNORECASE) is not None


def is_virtual(sql: str) -> bool:
    """Whether this CREATE statement, as `sqlite_schema` keeps it, makes a virtual table."""
    return sql[:20].upper() == "CREATE VIRTUAL TABLE"
