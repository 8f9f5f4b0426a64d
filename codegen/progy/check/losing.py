"""PD1: what a new migration deletes, above all without saying so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.check.findings import Finding
from progy.migrations.actions import dropped_with, silent
from progy.migrations.losses import losses, mentions
from progy.migrations.operations import (
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    Pragma,
    RenameColumn,
    RenameTable,
    Update,
)
from progy.schema import canonical
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.check.replaying import Walked
    from progy.migrations.actions import Step
    from progy.migrations.losses import Loss
    from progy.schema.objects import Column, ForeignKey, Schema, Table

_GENERATE = "let progy gen migration write it: its rebuilds guard the rows of other tables"
_MARKS = (("drops the table", "PD101"), ("drops the column", "PD102"), ("deletes", "PD103"), ("stores", "PD108"))
_NARROWER = {
    "INTEGER": {"TEXT", "BLOB", "REAL", "NUMERIC"},
    "NUMERIC": {"TEXT", "BLOB"},
    "REAL": {"TEXT", "BLOB"},
}
"""Affinities, and those whose values they can't all hold."""


def loss_findings(walked: Walked) -> Iterator[Finding]:
    """What the rules of this module find in a new migration."""
    yield from _said_or_done(walked)
    yield from _left_out(walked)
    yield from _narrowed(walked)
    for at, one in enumerate(walked.steps):
        if one.schema is None:
            continue
        if isinstance(one.did, DropTable):
            yield from _dropped(walked, at, one.schema, one.did.table)
        elif isinstance(one.did, Insert):
            yield from _replaced(walked, one, one.schema, one.did.table)


def replacing(walked: Walked, table: str) -> Step | None:
    """The statement by which another table takes the name of one that was there, or None when it stays itself."""
    if walked.before.table(table) is None or walked.after.table(table) is None:
        return None
    for one in walked.steps:
        new = one.did.new if isinstance(one.did, RenameTable) else None
        made = one.did.table if isinstance(one.did, CreateTable) else new
        if made is not None and fold(made) == fold(table):
            return one
    return None


def line_of(walked: Walked, table: str) -> int | None:
    """The line where a table is replaced, else of the last statement about it, by the name it has then."""
    replaced = replacing(walked, table)
    if replaced is not None:
        return replaced.line
    lines = [one.line for one in walked.steps if fold(str(getattr(one.did, "table", ""))) == fold(table)]
    return lines[-1] if lines else None


def _said_or_done(walked: Walked) -> Iterator[Finding]:
    for loss in losses(walked.source.text, walked.before):
        if isinstance(loss.by, (Insert, Update)):
            continue  # REPLACE is how data are often written; what it does to other tables is PD107
        yield Finding(
            _code(loss),
            loss.what + _consequences(walked, loss),
            walked.source.file,
            loss.line,
            hint="is that meant? then say why: -- progy: ignore " + _code(loss) + " REASON",
        )


def _code(loss: Loss) -> str:
    match loss.by:
        case DropTable():
            return "PD101"
        case DropColumn():
            return "PD102"
        case Delete():
            return "PD103"
        case _:
            return next((code for beginning, code in _MARKS if loss.what.startswith(beginning)), "PD104")


def _consequences(walked: Walked, loss: Loss) -> str:
    """What a DELETE does to other tables' rows."""
    one = next((one for one in walked.steps if one.line == loss.line and one.did is loss.by), None)
    one = one or next((one for one in walked.steps if one.line == loss.line and one.did == loss.by), None)
    if one is None or one.schema is None or not isinstance(one.did, Delete):
        return ""
    hit = [f"{child.name} ({_fate(key)})" for child, key in silent(one.schema, one.did.table)]
    return f", and with them rows of {', '.join(dict.fromkeys(hit))}" if hit else ""


def _left_out(walked: Walked) -> Iterator[Finding]:
    """Columns that a rebuild written by hand doesn't copy."""
    for name, old in walked.before.tables.items():
        new = walked.after.table(name)
        if new is None or replacing(walked, name) is None:
            continue
        for column in old.columns:
            gone = new.column(column.name) is None and column.generated is None
            if gone and not _is_said(walked, old, column) and not _renamed(walked, column.name):
                yield Finding(
                    "PD102",
                    f"the table that replaces {old.name} has no column {column.name}: its values are lost",
                    walked.source.file,
                    line_of(walked, name),
                    hint="is that meant? then say why: -- progy: ignore PD102 REASON",
                )


def _is_said(walked: Walked, table: Table, column: Column) -> bool:
    """Whether the file says itself, or a statement shows, what becomes of a column's values."""
    found = losses(walked.source.text, walked.before)
    return any(mentions(loss.what, f"{table.name}.{column.name}") for loss in found)


def _renamed(walked: Walked, column: str) -> bool:
    return any(isinstance(one.did, RenameColumn) and fold(one.did.column) == fold(column) for one in walked.steps)


def _narrowed(walked: Walked) -> Iterator[Finding]:
    for name, old in walked.before.tables.items():
        new = walked.after.table(name)
        for column in old.columns if new else ():
            now = new.column(column.name) if new else None
            if now is None or column.generated or now.generated:
                continue
            was, is_ = canonical.affinity(column.type), canonical.affinity(now.type)
            if was in _NARROWER.get(is_, ()) and not _is_said(walked, old, column):
                yield Finding(
                    "PD108",
                    f"{old.name}.{column.name} is {is_} now, which can't hold all that {was} can",
                    walked.source.file,
                    line_of(walked, name),
                    hint="make sure that every value that is there has a form in the new type",
                )


def _dropped(walked: Walked, at: int, schema: Schema, table: str) -> Iterator[Finding]:
    """What DROP TABLE does to the tables that refer to it."""
    one = walked.steps[at]
    referrers = dropped_with(walked, at)
    unstopped = {(child.name, key.columns) for child, key in silent(schema, table)}
    for child, key in referrers:
        if (child.name, key.columns) in unstopped:
            yield Finding(
                "PD105",
                f"DROP TABLE {table} deletes its rows first, and {_effect(child, key)} "
                f"(ON DELETE {key.on_delete}), and D1 reports success",
                walked.source.file,
                one.line,
                hint=_GENERATE,
                statement=one.sql,
            )
    loud = [child.name for child, key in referrers if (child.name, key.columns) not in unstopped]
    if loud and not _is_paid_back(walked, at, table):
        names = ", ".join(dict.fromkeys(loud))
        yield Finding(
            "PD106",
            f"{names} {'refers' if len(set(loud)) == 1 else 'refer'} to {table}: "
            "with a row that does, the migration fails",
            walked.source.file,
            one.line,
            hint=_GENERATE if walked.after.table(table) else f"take the references to {table} away first",
            statement=one.sql,
        )


def _replaced(walked: Walked, one: Step, schema: Schema, table: str) -> Iterator[Finding]:
    if walked.before.table(table) is None:
        return
    for child, key in silent(schema, table):
        yield Finding(
            "PD107",
            f"REPLACE deletes rows of {table} that are in the way, and {_effect(child, key)} "
            f"(ON DELETE {key.on_delete})",
            walked.source.file,
            one.line,
            hint="write INSERT … ON CONFLICT … DO UPDATE, which deletes nothing",
            statement=one.sql,
        )


def _fate(key: ForeignKey) -> str:
    return f"ON DELETE {key.on_delete}"


def _effect(child: Table, key: ForeignKey) -> str:
    """What the action does."""
    columns = ", ".join(key.columns)
    match key.on_delete:
        case "CASCADE":
            return f"with them every row of {child.name} that refers to one"
        case "SET NULL":
            return f"{child.name}.{columns} becomes NULL in every row that refers to one"
        case _:
            return f"{child.name}.{columns} becomes its default in every row that refers to one"


def _is_paid_back(walked: Walked, at: int, table: str) -> bool:
    """Whether what the drop breaks for a moment is whole again, as far as SQLite counts, when the migration ends.

    The count is deferred, and rows come back under the final name, or the count is dropped: then the file answers for
    the references itself.
    """
    if walked.after.table(table) is None:
        return False
    before = [one.did for one in walked.steps[:at]]
    after = [one.did for one in walked.steps[at:]]
    deferred = any(isinstance(did, Pragma) and did.name == "defer_foreign_keys" and did.on for did in before)
    forgotten = any(isinstance(did, Pragma) and did.name == "defer_foreign_keys" and not did.on for did in after)
    again = any(isinstance(did, CreateTable) and fold(did.table) == fold(table) for did in after)
    refilled = any(isinstance(did, Insert) and fold(did.table) == fold(table) for did in after)
    return deferred and (forgotten or (again and refilled))
