"""PD5: what the whole history gives, and would better not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.check.findings import Finding
from progy.schema import canonical
from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.check.sources import Source
    from progy.schema.objects import ForeignKey, Index, Schema, Table

Places = dict[str, tuple[str, int]]
"""Where tables, by folded name, and columns, as `table.column`, come from: file and line."""


def schema_findings(schema: Schema, sources: Sequence[Source]) -> Iterator[Finding]:
    """What the rules of this module find in the schema that a history gives."""
    places = _places(sources)
    for table in schema.tables.values():
        yield from table_findings(schema, table, places)


def table_findings(schema: Schema, table: Table, places: Mapping[str, tuple[str, int]]) -> Iterator[Finding]:
    """What the rules of this module find in one table.

    Args:
        schema: The schema.
        table: The table, which is in it.
        places: Where tables, by folded name, and columns, as `table.column`, come from: file and line.
    """
    file, line = places.get(fold(table.name), (None, None))
    if table.primary_key is None:
        yield Finding(
            "PD502",
            f"{table.name} has no primary key: its rows can't be told apart or referred to",
            file,
            line,
            hint="give it one",
        )
    for key in table.foreign_keys:
        file, line = places.get(f"{fold(table.name)}.{fold(key.columns[0])}") or (file, line)
        columns = ", ".join(key.columns)
        wrong = _mismatch(schema, key, schema.indexes_of(key.table))
        if wrong:
            yield Finding(
                "PD503",
                f"{table.name} ({columns}) refers to {wrong}: every write that has to look there fails",
                file,
                line,
                hint=f"refer to the primary key of {key.table}, or to columns with a unique index",
            )
        if not _is_indexed(table, key, schema.indexes_of(table.name)):
            yield _unindexed(table, key, file, line)


def _unindexed(table: Table, key: ForeignKey, file: str | None, line: int | None) -> Finding:
    columns = ", ".join(key.columns)
    name = quote("_".join(("ix", table.name, *key.columns)))
    wanted = ", ".join(map(quote, key.columns))
    return Finding(
        "PD501",
        f"{table.name} ({columns}) refers to {key.table} and has no index: each row that goes there, "
        "or whose key changes, reads this whole table",
        file,
        line,
        hint=f"index=True in the model, or CREATE INDEX {name} ON {quote(table.name)} ({wanted});",
    )


def _mismatch(schema: Schema, key: ForeignKey, indexes: Sequence[Index]) -> str | None:
    """What is wrong with what a foreign key refers to, or None."""
    parent = schema.table(key.table)
    if parent is None:
        return f"{key.table}, which isn't there"
    own = parent.primary_key.columns if parent.primary_key else ()
    wanted = tuple(map(fold, key.references or own))
    missing = [name for name in wanted if parent.column(name) is None]
    if missing:
        return f"{key.table}.{missing[0]}, which isn't there"
    if len(wanted) != len(key.columns):
        return f"the key of {parent.name}, which has {len(wanted)} columns"
    if set(wanted) not in _unique_sets(parent, indexes):
        return f"{parent.name} ({', '.join(wanted)}), which is no key of it"
    return None


def _unique_sets(table: Table, indexes: Sequence[Index]) -> list[set[str]]:
    found = [set(map(fold, table.primary_key.columns))] if table.primary_key else []
    found += [{fold(term.sql) for term in unique.terms} for unique in table.uniques]
    whole = [index for index in indexes if index.unique and not index.where and _is_plain(index)]
    return [*found, *({fold(term.sql) for term in index.terms} for index in whole)]


def _is_plain(index: Index) -> bool:
    return all(term.is_column for term in index.terms)


def _is_indexed(table: Table, key: ForeignKey, indexes: Sequence[Index]) -> bool:
    """Whether an index begins with the key's columns, in any order."""
    columns = [fold(name) for name in key.columns]
    lists = [[fold(name) for name in table.primary_key.columns]] if table.primary_key else []
    lists += [[fold(term.sql) for term in unique.terms] for unique in table.uniques]
    for index in indexes:
        if _serves(index, table, columns):
            lists.append([fold(term.sql) if term.is_column else "" for term in index.terms])
    return any(set(found[: len(columns)]) == set(columns) for found in lists)


def _serves(index: Index, table: Table, columns: Sequence[str]) -> bool:
    """Whether the index has every row that is looked for: it isn't partial, or leaves out NULLs only."""
    if not index.where:
        return True
    names = canonical.columns_of(table)
    allowed = [canonical.expression(f"{quote(column)} IS NOT NULL", names) for column in columns]
    return canonical.expression(index.where, names) in allowed


def _places(sources: Sequence[Source]) -> Mapping[str, tuple[str, int]]:
    """Where each table and each column added later was made last."""
    from progy.migrations.operations import AddColumn, CreateTable, RenameTable, operation

    found: Places = {}
    for source in sources:
        for statement in source.statements:
            place = (source.file, statement.line)
            match operation(statement.sql):
                case CreateTable() as did:
                    _forget(found, fold(did.table))
                    found[fold(did.table)] = place
                case AddColumn() as did:
                    found[f"{fold(did.table)}.{fold(did.column)}"] = place
                case RenameTable() as did:
                    _rename(found, fold(did.table), fold(did.new))
                case _:
                    pass
    return found


def _forget(found: Places, table: str) -> None:
    for name in [name for name in found if name.startswith(f"{table}.")]:
        del found[name]


def _rename(found: Places, old: str, new: str) -> None:
    _forget(found, new)
    for name in [name for name in found if name == old or name.startswith(f"{old}.")]:
        found[new + name.removeprefix(old)] = found.pop(name)
