"""What leads from one schema to another: one comparator per kind of object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.changes import (
    AddColumn,
    AlterColumn,
    AlterTable,
    Change,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropColumn,
    DropIndex,
    DropObject,
    DropTable,
)
from progy.schema import canonical
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from progy.schema.objects import (
        Check,
        Column,
        ForeignKey,
        Index,
        PrimaryKey,
        Schema,
        Table,
        Term,
        Trigger,
        Unique,
        View,
        VirtualTable,
    )


def compare(old: Schema, new: Schema) -> list[Change]:
    """The changes from `old` to `new`, sorted by kind and name; empty when they mean the same."""
    changes: list[Change] = []
    changes += [CreateTable(new.tables[name]) for name in _only_in(new.tables, old.tables)]
    for name in sorted(old.tables.keys() & new.tables.keys()):
        changes += compare_tables(old, new, name)
    changes += [DropTable(old.tables[name]) for name in _only_in(old.tables, new.tables)]
    changes += compare_indexes(old, new)
    objects = any((schema.virtual_tables, schema.views, schema.triggers) != ({}, {}, {}) for schema in (old, new))
    known = canonical.known_names(old, new) if objects else frozenset()
    changes += _compare_objects(old.virtual_tables, new.virtual_tables, known)
    changes += _compare_objects(old.views, new.views, known)
    lost = {name for name in old.tables if name not in new.tables}
    kept = {name: trigger for name, trigger in old.triggers.items() if fold(trigger.table) not in lost}
    changes += _compare_objects(kept, new.triggers, known)
    return changes


def compare_tables(old_schema: Schema, new_schema: Schema, name: str) -> list[Change]:
    """The changes to a table that both schemas have: its columns, then its keys, constraints and options."""
    old, new = old_schema.tables[name], new_schema.tables[name]
    if old == new and all(key.references for key in old.foreign_keys):
        # Nothing of it depends on another table. Most tables of a large schema are left as they are.
        return []
    old_columns = {fold(column.name): column for column in old.columns}
    new_columns = {fold(column.name): column for column in new.columns}
    added = [column for key, column in new_columns.items() if key not in old_columns]
    dropped = [column for key, column in old_columns.items() if key not in new_columns]

    checks = _CheckComparison(old, new, added=added, dropped=dropped)
    keys = _ForeignKeyComparison(old_schema, new_schema, name, added=added, dropped=dropped)
    changes: list[Change] = []
    for column in added:
        with_it = checks.with_column.get(fold(column.name), ())
        changes.append(AddColumn(new, column, tuple(with_it), keys.with_column.get(fold(column.name))))
    for key, column in new_columns.items():
        if key in old_columns:
            aspects = _column_aspects(old_columns[key], column, old, new)
            if aspects:
                changes.append(AlterColumn(new, old_columns[key], column, aspects))
    changes += [DropColumn(old, column) for column in dropped]

    gone, come = _uniques_that_differ(old_schema, new_schema, name)
    aspects = (
        *_primary_key_aspects(old, new),
        *(f"drop unique ({_term_names(unique.terms)})" for unique in gone),
        *checks.aspects,
        *keys.aspects,
        *_option_aspects(old, new),
    )
    if aspects or come:
        said = tuple(f"add unique ({_term_names(unique.terms)})" for unique in come)
        indexable = not aspects and all(unique.conflict is None for unique in come)
        changes.append(AlterTable(old, new, (*aspects, *said), tuple(come) if indexable else ()))
    return changes


def compare_indexes(old: Schema, new: Schema) -> list[Change]:
    """The changes to indexes: those of dropped tables go without a word, unless another index takes the name.

    A unique index stands for a UNIQUE constraint on the same columns, and the other way round.
    """
    changes: list[Change] = []
    for name in sorted(old.indexes.keys() | new.indexes.keys()):
        before, after = old.indexes.get(name), new.indexes.get(name)
        if before and after and _is_same_index(before, after, old, new):
            continue
        if before and (after or not _goes_anyway(before, old, new)):
            changes.append(DropIndex(before))
        if after and not _is_constraint_of(after, old, new):
            changes.append(CreateIndex(after))
    return changes


def _goes_anyway(index: Index, old: Schema, new: Schema) -> bool:
    return new.table(index.table) is None or _is_constraint_of(index, new, old)


def _is_constraint_of(index: Index, schema: Schema, own: Schema) -> bool:
    """Whether that schema has a UNIQUE constraint which says the same as this index of `own`, and `own` has not."""
    table, own_table = schema.table(index.table), own.table(index.table)
    if table is None or own_table is None or not index.unique or index.where is not None:
        return False
    key = canonical.terms(index.terms, own_table)
    return key in _unique_constraints(table) and key not in _unique_constraints(own_table)


def _unique_constraints(table: Table) -> set[object]:
    return {canonical.terms(unique.terms, table) for unique in table.uniques if unique.conflict is None}


def _is_same_index(before: Index, after: Index, old: Schema, new: Schema) -> bool:
    if before == after and old.table(before.table) == new.table(after.table):
        return True
    return _index_key(before, old) == _index_key(after, new)


def _index_key(index: Index, schema: Schema) -> object:
    table = schema.table(index.table)
    where = canonical.expression(index.where, canonical.columns_of(table)) if index.where else None
    terms = canonical.terms(index.terms, table)
    return (fold(index.table), index.unique, terms, where)


def _column_aspects(old: Column, new: Column, old_table: Table, new_table: Table) -> tuple[str, ...]:
    aspects = []
    if canonical.type_of(old, old_table) != canonical.type_of(new, new_table) and _types(old, new):
        aspects.append(f"type {old.type or 'none'} -> {new.type or 'none'}")
    was, becomes = canonical.not_null(old, old_table), canonical.not_null(new, new_table)
    if was != becomes:
        aspects.append("NOT NULL added" if becomes else "NOT NULL removed")
    elif old.not_null_conflict != new.not_null_conflict:
        aspects.append("NOT NULL's ON CONFLICT clause")
    if _default(old, old_table) != _default(new, new_table):
        aspects.append(f"default {old.default or 'none'} -> {new.default or 'none'}")
    if canonical.collation(old.collation) != canonical.collation(new.collation):
        aspects.append(f"collation {canonical.collation(old.collation)} -> {canonical.collation(new.collation)}")
    if _generated(old, old_table) != _generated(new, new_table):
        aspects.append("generated expression")
    return tuple(aspects)


def _default(column: Column, table: Table) -> object:
    return canonical.default(column.default, column.type, strict=table.strict)


def _generated(column: Column, table: Table) -> object:
    generated = column.generated
    return generated and (canonical.expression(generated.expression, canonical.columns_of(table)), generated.stored)


def _types(old: Column, new: Column) -> bool:
    """Whether the types are written differently. Where not, another key alone makes them mean another thing."""
    return old.type.upper() != new.type.upper()


def _primary_key_aspects(old: Table, new: Table) -> tuple[str, ...]:
    before, after = old.primary_key, new.primary_key
    if _primary_key(before, old) != _primary_key(after, new) and not _retyped(before, after, old, new):
        return (f"primary key {_written(before)} -> {_written(after)}",)
    if before and after and before.autoincrement != after.autoincrement:
        return ("AUTOINCREMENT added" if after.autoincrement else "AUTOINCREMENT removed",)
    return ()


def _retyped(before: PrimaryKey | None, after: PrimaryKey | None, old: Table, new: Table) -> bool:
    """Whether the key differs by its column's type alone, which is said of the column."""
    if before is None or after is None or _written(before) != _written(after) or len(before.terms) > 1:
        return False
    was, becomes = old.column(before.terms[0].sql), new.column(after.terms[0].sql)
    return was is not None and becomes is not None and _types(was, becomes)


def _primary_key(key: PrimaryKey | None, table: Table) -> object:
    if key is None:
        return None
    terms = canonical.terms(key.terms, table)
    if len(key.terms) == 1:
        column = table.column(key.terms[0].sql)
        if column is not None and canonical.is_rowid_alias(column, table):
            # The rowid has one order and one collation, whatever is written.
            return (terms[0][0], key.conflict)
    return (terms, key.conflict)


def _written(key: PrimaryKey | None) -> str:
    if key is None:
        return "none"
    terms = ", ".join(
        term.sql + (f" COLLATE {term.collation}" if term.collation else "") + (" DESC" if term.descending else "")
        for term in key.terms
    )
    return f"({terms})" + (f" ON CONFLICT {key.conflict}" if key.conflict else "")


def _uniques_that_differ(old_schema: Schema, new_schema: Schema, name: str) -> tuple[list[Unique], list[Unique]]:
    """UNIQUE constraints that go and come, for which the other side has neither a constraint nor a unique index."""
    old, new = old_schema.tables[name], new_schema.tables[name]
    had, has = _all_unique(old_schema, old), _all_unique(new_schema, new)
    gone = [unique for unique in old.uniques if _unique(unique.terms, unique.conflict, old) not in has]
    come = [unique for unique in new.uniques if _unique(unique.terms, unique.conflict, new) not in had]
    return gone, come


def _all_unique(schema: Schema, table: Table) -> set[object]:
    found = {_unique(unique.terms, unique.conflict, table) for unique in table.uniques}
    if table.primary_key is not None:
        found.add(_unique(table.primary_key.terms, None, table))
    for index in schema.indexes_of(table.name):
        if index.unique and index.where is None:
            found.add(_unique(index.terms, None, table))
    return found


def _unique(found: tuple[Term, ...], conflict: str | None, table: Table) -> object:
    # In which order an index goes doesn't change what is unique.
    return (tuple((sql, collation) for sql, collation, _ in canonical.terms(found, table)), conflict)


def _term_names(found: tuple[Term, ...]) -> str:
    return ", ".join(term.sql for term in found)


class _CheckComparison:
    """CHECKs: those that come with an added column, and those that need the table altered.

    One that names an added column is written beside that column: SQLite lets a column's CHECK name the others. One that
    was written beside a dropped column goes with it.
    """

    def __init__(self, old: Table, new: Table, *, added: list[Column], dropped: list[Column]) -> None:
        names = {fold(column.name) for column in added}
        gone = {fold(column.name) for column in dropped}
        # DROP COLUMN takes along what is written beside the column, whatever it names.
        staying = [check for check in old.checks if check.column is None or fold(check.column) not in gone]
        remaining = [canonical.expression(check.expression, canonical.columns_of(old)) for check in staying]
        written = dict(zip(remaining, staying, strict=True))
        self.with_column: dict[str, list[Check]] = {}
        aspects: list[str] = []
        for check in new.checks:
            key = canonical.expression(check.expression, canonical.columns_of(new))
            if key in remaining:
                remaining.remove(key)
                continue
            named = [name for name in canonical.names(check.expression) if name in names]
            if named:
                last = max(named, key=[fold(column.name) for column in added].index)
                self.with_column.setdefault(last, []).append(check)
            else:
                aspects.append(f"add check ({check.expression})")
        aspects += [f"drop check ({written[key].expression})" for key in remaining]
        self.aspects = tuple(aspects)


class _ForeignKeyComparison:
    """Foreign keys: the one that comes with an added column, and those that the table would have to be altered for."""

    def __init__(
        self, old_schema: Schema, new_schema: Schema, name: str, *, added: list[Column], dropped: list[Column]
    ) -> None:
        old, new = old_schema.tables[name], new_schema.tables[name]
        names = {fold(column.name) for column in added}
        gone = {fold(column.name) for column in dropped}
        remaining = [canonical.foreign_key(key, old_schema) for key in old.foreign_keys]
        self.with_column: dict[str, ForeignKey] = {}
        comes: list[ForeignKey] = []
        for key in new.foreign_keys:
            value = canonical.foreign_key(key, new_schema)
            if value in remaining:
                remaining.remove(value)
                continue
            column = fold(key.columns[0])
            if len(key.columns) == 1 and column in names and column not in self.with_column:
                self.with_column[column] = key
            else:
                comes.append(key)
        goes: list[ForeignKey] = []
        for key in old.foreign_keys:
            value = canonical.foreign_key(key, old_schema)
            if value in remaining:
                remaining.remove(value)
                if not (key.inline and fold(key.columns[0]) in gone):
                    goes.append(key)
        self.aspects = tuple(_reference_aspects(goes, comes))


def _reference_aspects(goes: list[ForeignKey], comes: list[ForeignKey]) -> Iterator[str]:
    """What is said of the references that go and come; the two of the same columns and table as one."""
    for key in comes:
        before = next((one for one in goes if _reference(one) == _reference(key)), None)
        if before is None:
            yield f"add {_reference(key)}"
        else:
            goes.remove(before)
            was, becomes = _terms_of(before), _terms_of(key)
            differ = [f"{old} -> {new}" for old, new in zip(was, becomes, strict=True) if old != new]
            yield f"{_reference(key)}: {', '.join(differ)}"
    for key in goes:
        yield f"drop {_reference(key)}"


def _reference(key: ForeignKey) -> str:
    return f"foreign key ({', '.join(key.columns)}) to {key.table}"


def _terms_of(key: ForeignKey) -> tuple[str, ...]:
    """All that a reference says besides its columns and its table."""
    columns = f"({', '.join(key.references)})" if key.references else "its primary key"
    deferred = "DEFERRED" if key.deferred else "IMMEDIATE"
    return columns, f"ON DELETE {key.on_delete}", f"ON UPDATE {key.on_update}", deferred


def _option_aspects(old: Table, new: Table) -> tuple[str, ...]:
    aspects = []
    if old.strict != new.strict:
        aspects.append("STRICT added" if new.strict else "STRICT removed")
    if old.without_rowid != new.without_rowid:
        aspects.append("WITHOUT ROWID added" if new.without_rowid else "WITHOUT ROWID removed")
    return tuple(aspects)


def _compare_objects(
    old: Mapping[str, View | Trigger | VirtualTable],
    new: Mapping[str, View | Trigger | VirtualTable],
    known: frozenset[str],
) -> list[Change]:
    changes: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before and after and canonical.statement(before.sql, known) == canonical.statement(after.sql, known):
            continue
        if before:
            changes.append(DropObject(before))
        if after:
            changes.append(CreateObject(after))
    return changes


def _only_in(these: Iterable[str], those: Mapping[str, object]) -> list[str]:
    return sorted(name for name in these if name not in those)
