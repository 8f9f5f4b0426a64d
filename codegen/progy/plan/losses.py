"""What a change deletes, or may change in storing it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.changes import AlterColumn, AlterTable, CreateObject, DropColumn, DropObject, DropTable
from progy.plan.objects import columns_of, content_of, holds_rows
from progy.schema import canonical
from progy.schema.objects import VirtualTable, fold
from progy.sql.names import unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from progy.diff.changes import Change
    from progy.schema.objects import Check, Column, Schema, Table
    from progy.sql.tokens import Token

# From what to what a value may be another one afterwards, and how.
_NARROWER = {
    ("TEXT", "number"): "text that looks like a number becomes one, so that '007' is 7, and other text stays",
    ("BLOB", "number"): "text that looks like a number becomes one, so that '007' is 7, and other text stays",
    ("INTEGER", "REAL"): "integers beyond 2^53 lose digits",
    ("NUMERIC", "REAL"): "integers beyond 2^53 lose digits",
    ("REAL", "TEXT"): "digits behind the fifteenth are lost",
    ("NUMERIC", "TEXT"): "digits behind the fifteenth are lost",
}


def losses(
    changes: Sequence[Change], old: Schema, new: Schema, filled: Collection[tuple[str, str]], named: Mapping[str, str]
) -> Iterator[str]:
    """What is lost, a sentence each, without a subject: `drops the table logs and its rows`.

    Args:
        changes: The changes.
        old: The schema as it is, after the renames.
        new: The schema as it will be.
        filled: Folded tables and columns whose rows get values from somebody who knows what is allowed.
        named: What objects that stand in for others were called, by folded name.
    """
    come = [change.object for change in changes if isinstance(change, CreateObject)]
    back = {fold(one.name) for one in come if isinstance(one, VirtualTable)}
    for change in changes:
        match change:
            case DropTable(table=table):
                yield f"drops the table {named.get(fold(table.name), table.name)} and its rows"
            case DropColumn(table=table, column=column) if column.generated is None:
                name = named.get(f"{fold(table.name)}.{fold(column.name)}", column.name)
                yield f"drops the column {table.name}.{name} and its values"
            case AlterColumn():
                yield from _of_column(change, old)
            case AlterTable():
                yield from _of_storage(change.old, change.new)
                yield from _of_checks(change.old, change.new, filled)
            case DropObject(object=VirtualTable() as table) if content_of(table) == "":
                yield f"drops what the full-text index {table.name} holds, which keeps no text to be filled from"
            case DropObject(object=VirtualTable() as table) if holds_rows(table) and fold(table.name) not in back:
                yield f"drops the table {table.name} and its rows"
            case DropObject(object=VirtualTable() as table) if holds_rows(table):
                yield from _of_virtual(table, new.virtual_tables[fold(table.name)])
            case _:
                pass


def _of_column(change: AlterColumn, old: Schema) -> Iterator[str]:
    if change.old.generated is not None:
        return
    name = f"{change.table.name}.{change.new.name}"
    if change.new.generated is not None:
        yield f"replaces the values of {name} by what it computes"
        return
    before = old.tables[fold(change.table.name)]
    was, becomes = _storage(change.old, before), _storage(change.new, change.table)
    kind = "number" if becomes in {"INTEGER", "REAL", "NUMERIC"} else becomes
    how = _NARROWER.get((was, becomes)) or _NARROWER.get((was, kind))
    if how is not None:
        yield f"stores {name} as {change.new.type or 'no type'} instead of {change.old.type or 'no type'}: {how}"


def _storage(column: Column, table: Table) -> str:
    found = canonical.type_of(column, table)
    return {"INTEGER PRIMARY KEY": "INTEGER", "INT": "INTEGER", "ANY": "BLOB"}.get(found, found)


def _of_storage(old: Table, new: Table) -> Iterator[str]:
    """Columns that store otherwise because STRICT goes: ANY keeps what it is given in a STRICT table only."""
    if old.strict and not new.strict:
        for column in new.columns:
            before = old.column(column.name)
            if before is not None and before.type.upper() == "ANY" == column.type.upper():
                how = _NARROWER["BLOB", "number"]
                yield f"stores {new.name}.{column.name} as ANY of a table that isn't STRICT: {how}"


def _of_checks(old: Table, new: Table, filled: Collection[tuple[str, str]]) -> Iterator[str]:
    """Enumerations, `column IN (…)`, that allow less than before."""
    allowed = {column: values for column, values in map(_enumeration, new.checks) if column}
    for check in old.checks:
        column, values = _enumeration(check)
        gone = [value for value in values if column in allowed and value not in allowed[column]]
        if gone and (fold(new.name), column) not in filled:
            name = f"{new.name}.{column}"
            yield f"no longer allows {', '.join(gone)} in {name}: where a row holds it, the migration aborts"


def only_widens(check: Check, old: Table) -> bool:
    """Whether a CHECK is an enumeration that allows all that an old one allowed, so that no row breaks it."""
    column, values = _enumeration(check)
    return any(column and column == before and set(had) <= set(values) for before, had in map(_enumeration, old.checks))


def _enumeration(check: Check) -> tuple[str, list[str]]:
    """The folded column and the values that a CHECK of the form `column IN (…)` allows; empty for any other."""
    found: list[Token] = list(tokens(check.expression))
    if len(found) < 4 or found[0].kind not in {"name", "quoted"} or not found[1].is_word("IN"):  # noqa: PLR2004 - column, IN and parentheses
        return "", []
    inside = found[3:-1]
    if not found[2].is_operator("(") or any(token.kind not in {"string", "number"} for token in inside[::2]):
        return "", []
    return fold(unquote(found[0].text)), [token.text for token in inside[::2]]


def _of_virtual(old: VirtualTable, new: VirtualTable) -> Iterator[str]:
    kept: Iterable[str] = set(map(fold, columns_of(new))) if holds_rows(new) and old.module == new.module else ()
    for column in columns_of(old):
        if fold(column) not in kept:
            yield f"drops the column {old.name}.{column} and its values"
