"""Schema objects as SQL: one column a line, names quoted only where they must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.schema.objects import Check, Column, ForeignKey, Index, PrimaryKey, Schema, Table, Term, Unique


def create_all(schema: Schema) -> Iterator[str]:
    """The statements that make a schema on an empty database, without semicolons."""
    yield from (create_table(table) for table in schema.tables.values())
    yield from (table.sql for table in schema.virtual_tables.values())
    yield from (create_index(index) for index in schema.indexes.values())
    yield from (view.sql for view in schema.views.values())
    yield from (trigger.sql for trigger in schema.triggers.values())


def create_table(table: Table) -> str:
    """The CREATE TABLE statement, without a semicolon.

    References and checks stand where the table has them: DROP COLUMN takes along what stands beside the column.
    """
    lines = [_column_of(column, table) for column in table.columns]
    key = table.primary_key
    if key is not None and not _beside_column(key):
        lines.append(_named(key.name) + f"PRIMARY KEY {_terms(key.terms)}{_conflict(key.conflict)}")
    lines += [_unique(unique) for unique in table.uniques]
    lines += [_check(check) for check in table.checks if check.column is None]
    lines += [_table_reference(found) for found in table.foreign_keys if not found.inline]
    options = [word for word, wanted in (("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)) if wanted]
    body = ",\n".join(f"  {line}" for line in lines)
    return f"CREATE TABLE {quote(table.name)} (\n{body}\n)" + (f" {', '.join(options)}" if options else "")


def create_index(index: Index) -> str:
    """The CREATE INDEX statement, without a semicolon."""
    unique = "UNIQUE " if index.unique else ""
    where = f" WHERE {index.where}" if index.where else ""
    return f"CREATE {unique}INDEX {quote(index.name)} ON {quote(index.table)} {_terms(index.terms)}{where}"


def column(found: Column, checks: Iterable[Check] = (), foreign_keys: Iterable[ForeignKey] = ()) -> str:
    """A column's definition with the checks and references that stand beside it, as ADD COLUMN wants it."""
    return _column(found, key=None, checks=checks, foreign_keys=foreign_keys)


def _column_of(found: Column, table: Table) -> str:
    name = fold(found.name)
    key = table.primary_key
    return _column(
        found,
        key=key if key is not None and _beside_column(key) and fold(key.terms[0].sql) == name else None,
        checks=[check for check in table.checks if check.column is not None and fold(check.column) == name],
        foreign_keys=[key for key in table.foreign_keys if key.inline and fold(key.columns[0]) == name],
    )


def _column(
    found: Column, *, key: PrimaryKey | None, checks: Iterable[Check], foreign_keys: Iterable[ForeignKey]
) -> str:
    parts = [quote(found.name)]
    if found.type:
        parts.append(found.type)
    if key is not None:
        descending = " DESC" if key.terms[0].descending else ""
        autoincrement = " AUTOINCREMENT" if key.autoincrement else ""
        parts.append(f"{_named(key.name)}PRIMARY KEY{descending}{_conflict(key.conflict)}{autoincrement}")
    if found.not_null:
        parts.append(f"NOT NULL{_conflict(found.not_null_conflict)}")
    if found.default is not None:
        parts.append(f"DEFAULT {found.default}")
    if found.collation is not None:
        parts.append(f"COLLATE {quote(found.collation)}")
    if found.generated is not None:
        kind = "STORED" if found.generated.stored else "VIRTUAL"
        parts.append(f"GENERATED ALWAYS AS ({found.generated.expression}) {kind}")
    parts += [_check(check) for check in checks]
    parts += [_named(reference.name) + _references(reference) for reference in foreign_keys]
    return " ".join(parts)


def _beside_column(key: PrimaryKey) -> bool:
    """Whether a key is written beside its column.

    `PRIMARY KEY (id DESC)` is the rowid and `id … PRIMARY KEY DESC` isn't, so a descending key stays where it is.
    """
    return len(key.terms) == 1 and (key.inline or not (key.terms[0].descending or key.terms[0].collation))


def _table_reference(key: ForeignKey) -> str:
    columns = ", ".join(map(quote, key.columns))
    return f"{_named(key.name)}FOREIGN KEY ({columns}) {_references(key)}"


def _references(key: ForeignKey) -> str:
    columns = f" ({', '.join(map(quote, key.references))})" if key.references else ""
    delete = f" ON DELETE {key.on_delete}" if key.on_delete != "NO ACTION" else ""
    update = f" ON UPDATE {key.on_update}" if key.on_update != "NO ACTION" else ""
    deferred = " DEFERRABLE INITIALLY DEFERRED" if key.deferred else ""
    return f"REFERENCES {quote(key.table)}{columns}{delete}{update}{deferred}"


def _unique(unique: Unique) -> str:
    return f"{_named(unique.name)}UNIQUE {_terms(unique.terms)}{_conflict(unique.conflict)}"


def _check(check: Check) -> str:
    return f"{_named(check.name)}CHECK ({check.expression})"


def _terms(terms: Iterable[Term]) -> str:
    return f"({', '.join(map(_term, terms))})"


def _term(term: Term) -> str:
    collation = f" COLLATE {quote(term.collation)}" if term.collation else ""
    descending = " DESC" if term.descending else ""
    return f"{quote(term.sql) if term.is_column else term.sql}{collation}{descending}"


def _named(name: str | None) -> str:
    return f"CONSTRAINT {quote(name)} " if name is not None else ""


def _conflict(conflict: str | None) -> str:
    return f" ON CONFLICT {conflict}" if conflict else ""
