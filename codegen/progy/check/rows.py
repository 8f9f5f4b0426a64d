"""PD6: what works on an empty database, and may fail where there are rows or where a Worker still runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from progy.check.cost import made_tables
from progy.check.findings import Finding
from progy.check.losing import line_of
from progy.migrations.operations import AddColumn, CreateIndex, RenameColumn, RenameTable
from progy.schema import canonical
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.check.replaying import Walked
    from progy.migrations.actions import Step
    from progy.schema.objects import Schema, Table

Terms = tuple[tuple[tuple[str, ...], str, bool], ...]
_TWO_STEPS = "add the new one, let Workers use both, and take the old one away in a later migration"


def row_findings(walked: Walked) -> Iterator[Finding]:
    """What the rules of this module find in a new migration."""
    made = made_tables(walked)
    for one in walked.steps:
        match one.did:
            case CreateIndex() if one.did.unique and not _is_known(walked, one.did):
                yield from _unique(walked, one, one.did)
            case AddColumn() if fold(one.did.table) not in made:
                yield from _added(walked, one, one.did)
            case RenameTable():
                yield from _renamed_table(walked, one, one.did)
            case RenameColumn():
                yield from _renamed_column(walked, one, one.did)
            case _:
                pass
    for name, old in walked.before.tables.items():
        new = walked.after.table(name)
        if new is not None and new != old:
            yield from _required(walked, old, new)
            yield from _constrained(walked, old, new)


def _is_known(walked: Walked, did: CreateIndex) -> bool:
    """Whether the rows satisfy it already: the table is new, or had such an index or constraint."""
    index = walked.after.indexes.get(fold(did.name))
    old = walked.before.table(did.table)
    if index is None or old is None:
        return True
    same = walked.before.indexes.get(fold(did.name))
    return index == same or canonical.terms(index.terms, old) in _unique_terms(walked, old)


def _unique(walked: Walked, one: Step, did: CreateIndex) -> Iterator[Finding]:
    yield Finding(
        "PD601",
        f"{did.name} fails where two rows of {did.table} have the same values",
        walked.source.file,
        one.line,
        hint="look for such rows first, with GROUP BY … HAVING count(*) > 1, and settle them in a migration before it",
        statement=one.sql,
    )


def _required(walked: Walked, old: Table, new: Table) -> Iterator[Finding]:
    for column in old.columns:
        now = new.column(column.name)
        if now and canonical.not_null(now, new) and not canonical.not_null(column, old):
            yield Finding(
                "PD602",
                f"{old.name}.{column.name} becomes required: where a row holds NULL, the migration fails "
                "unless it fills it",
                walked.source.file,
                line_of(walked, old.name),
                hint="give NULLs a value in the same migration: progy gen migration --backfill",
            )


def _constrained(walked: Walked, old: Table, new: Table) -> Iterator[Finding]:
    """Constraints that are new on columns that aren't."""
    names = canonical.columns_of(old)
    checks = {canonical.expression(check.expression, names) for check in old.checks}
    for check in new.checks:
        added_with_its_column = check.column is not None and fold(check.column) not in names
        if canonical.expression(check.expression, names) not in checks and not added_with_its_column:
            yield _violable(walked, old.name, f"CHECK ({check.expression})")
    known = _unique_terms(walked, old)
    for unique in new.uniques:
        columns = [term.sql for term in unique.terms]
        if canonical.terms(unique.terms, new) not in known and set(map(fold, columns)) <= names:
            yield _violable(walked, old.name, f"UNIQUE ({', '.join(columns)})")
    renamed = _renamed_tables(walked)
    references = {
        canonical.foreign_key(replace(key, table=renamed.get(fold(key.table), key.table)), walked.after)[:3]
        for key in old.foreign_keys
    }
    for key in new.foreign_keys:
        is_new = canonical.foreign_key(key, walked.after)[:3] not in references
        if is_new and set(map(fold, key.columns)) <= names:
            yield _violable(walked, old.name, f"FOREIGN KEY ({', '.join(key.columns)}) REFERENCES {key.table}")


def _unique_terms(walked: Walked, old: Table) -> set[Terms]:
    """What the table's whole unique indexes and its UNIQUE constraints are over."""
    found = [one.terms for one in walked.before.indexes_of(old.name) if one.unique and not one.where]
    found += [one.terms for one in old.uniques]
    return {canonical.terms(one, old) for one in found}


def _renamed_tables(walked: Walked) -> dict[str, str]:
    """Each table that goes by another name afterwards, by its folded old one."""
    renames = [one.did for one in walked.steps if isinstance(one.did, RenameTable)]
    return {fold(did.table): did.new for did in renames if _gone(walked.before, walked.after, did.table)}


def _violable(walked: Walked, table: str, constraint: str) -> Finding:
    return Finding(
        "PD603",
        f"{table} gets {constraint}: where a row violates it, the migration fails",
        walked.source.file,
        line_of(walked, table),
        hint="look for such rows first, and settle them in a migration before it",
    )


def _renamed_table(walked: Walked, one: Step, did: RenameTable) -> Iterator[Finding]:
    if _gone(walked.before, walked.after, did.table) and walked.before.table(did.new) is None:
        yield Finding(
            "PD604",
            f"Workers that run still ask for {did.table}, and fail until they are deployed anew",
            walked.source.file,
            one.line,
            hint=f"leave a view called {did.table} behind for those who read, or deploy at once",
            statement=one.sql,
        )


def _gone(before: Schema, after: Schema, table: str) -> bool:
    return before.table(table) is not None and after.table(table) is None and fold(table) not in after.views


def _renamed_column(walked: Walked, one: Step, did: RenameColumn) -> Iterator[Finding]:
    old, new = walked.before.table(did.table), walked.after.table(did.table)
    if old is None or old.column(did.column) is None or (new is not None and new.column(did.column) is not None):
        return
    yield Finding(
        "PD605",
        f"Workers that run still ask for {did.table}.{did.column}, and fail until they are deployed anew",
        walked.source.file,
        one.line,
        hint=_TWO_STEPS,
        statement=one.sql,
    )


def _added(walked: Walked, one: Step, did: AddColumn) -> Iterator[Finding]:
    refusal = _refusal(did)
    if refusal is not None and walked.before.table(did.table) is not None:
        yield Finding(
            "PD606",
            f"{did.table} takes {did.column} only while it has no rows: {refusal}",
            walked.source.file,
            one.line,
            hint="give it a constant default, or let progy gen migration write it, with --backfill",
            statement=one.sql,
        )


def _refusal(did: AddColumn) -> str | None:
    """What SQLite says to this column where there is a row; None when it takes it, or other columns decide."""
    from progy.d1.connection import Connection
    from progy.errors import SqlError

    with Connection() as scratch, scratch.transaction():
        scratch.query("CREATE TABLE scratch (progy_has_a_row)")
        scratch.query("INSERT INTO scratch VALUES (1)")
        try:
            scratch.run(f"ALTER TABLE scratch ADD COLUMN {did.definition}", where="")
        except SqlError as error:
            message = error.message
            return message if message.lower().startswith(("cannot add", "check constraint failed")) else None
    return None
