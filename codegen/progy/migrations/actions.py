"""What a dropped or replaced row does to the tables that refer to it, without a word from D1.

Foreign keys are always on: DROP TABLE deletes the table's rows one by one, and each fires what its referrers said with
ON DELETE. A BEFORE trigger that raises IGNORE keeps a referrer's row, and is recognised by what it does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.migrations.operations import CreateTable, Delete, DropTable, Insert, RenameTable, Update
from progy.schema.inspect import schema_from_rows
from progy.schema.objects import fold
from progy.schema.query import SCHEMA_QUERY
from progy.sql.names import unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.connection import Connection
    from progy.migrations.operations import Operation
    from progy.schema.objects import ForeignKey, Schema, Table, Trigger

Referrer = tuple["Table", "ForeignKey"]
"""A table, and its reference to another."""


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of a migration, and what it does."""

    line: int
    sql: str
    did: Operation | None
    schema: Schema | None = None
    """Where it may set off actions: the tables that these reach, with their triggers, as it finds them."""

    def looked_at(self, shadow: Connection) -> Step:
        """The step with what it finds there, where that matters."""
        if isinstance(self.did, (DropTable, Delete)) or (isinstance(self.did, (Insert, Update)) and self.did.replaces):
            return replace(self, schema=_around(shadow, self.did.table))
        return self


@dataclass(frozen=True, slots=True)
class Run:
    """A migration's statements, between the schema it finds and the one it leaves."""

    steps: tuple[Step, ...]
    before: Schema
    after: Schema


def silent(schema: Schema, table: str) -> list[Referrer]:
    """The references to a table whose actions nothing would stop."""
    return [
        (child, key)
        for child, key in schema.referrers(table)
        if key.on_delete in {"CASCADE", "SET NULL", "SET DEFAULT"} and not _is_guarded(schema, child, key)
    ]


def swept(run: Run, at: int) -> list[Referrer]:
    """The references by which rows of other tables are deleted or changed with those that a statement deletes.

    They are those to its table, and to the tables whose rows go with them, unless something stops that. Tables that the
    file makes and doesn't fill, or drops itself, are left out. Empty when the statement deletes no rows.
    """
    one = run.steps[at]
    if one.schema is None or not isinstance(one.did, (DropTable, Delete, Insert, Update)):
        return []
    found: list[Referrer] = []
    reached = [one.did.table] if _may_have_rows(run.steps[:at], one.did.table) else []
    for table in reached:
        for child, key in silent(one.schema, table):
            if fold(child.name) in {*map(fold, reached)} or not _is_hit(run, at, child):
                continue
            found.append((child, key))
            if key.on_delete == "CASCADE":
                reached.append(child.name)
    return found


def dropped_with(run: Run, at: int) -> list[Referrer]:
    """The references from other tables that the DROP TABLE at that step meets: those of tables that stay and have rows.

    Empty when the step is none.
    """
    one = run.steps[at]
    if one.schema is None or not isinstance(one.did, DropTable):
        return []
    table = one.did.table
    if not _may_have_rows(run.steps[:at], table):
        return []  # made by the file itself, as a stand-in say
    return [
        (child, key)
        for child, key in one.schema.referrers(table)
        if fold(child.name) != fold(table) and _is_hit(run, at, child)
    ]


def _is_hit(run: Run, at: int, child: Table) -> bool:
    """Whether it may have rows at that step, and stays."""
    return not _goes_too(run, at, child.name) and _may_have_rows(run.steps[:at], child.name)


def _may_have_rows(before: Sequence[Step], table: str) -> bool:
    """Whether a table was there when the file began, or has been filled by then."""
    filled = any(isinstance(one.did, Insert) and fold(one.did.table) == fold(table) for one in before)
    renamed = any(isinstance(one.did, RenameTable) and fold(one.did.new) == fold(table) for one in before)
    made = any(isinstance(one.did, CreateTable) and fold(one.did.table) == fold(table) for one in before)
    return filled or renamed or not made


def _goes_too(run: Run, at: int, child: str) -> bool:
    """Whether the referring table is dropped, too, further down."""
    later = any(isinstance(one.did, DropTable) and fold(one.did.table) == fold(child) for one in run.steps[at:])
    return later and run.after.table(child) is None


def _is_guarded(schema: Schema, child: Table, key: ForeignKey) -> bool:
    event = "DELETE" if key.on_delete == "CASCADE" else "UPDATE"
    return any(
        _ignores(trigger, event, key) for trigger in schema.triggers.values() if fold(trigger.table) == fold(child.name)
    )


def _ignores(trigger: Trigger, event: str, key: ForeignKey) -> bool:
    """Whether a trigger keeps every row from that event: BEFORE it, unconditionally, RAISE(IGNORE) and nothing else."""
    found = list(tokens(trigger.sql))
    # What stands in quotes is a name, whatever it says.
    words = [token.text.upper() if token.kind in {"name", "operator"} else "" for token in found]
    begin = words.index("BEGIN")
    if words[begin:] != ["BEGIN", "SELECT", "RAISE", "(", "IGNORE", ")", ";", "END"]:
        return False
    head = words[:begin]
    if {"AFTER", "INSTEAD", "WHEN"} & set(head) or event not in head:
        return False
    behind = head.index(event) + 1
    if head[behind] != "OF":
        return True
    columns = {fold(unquote(token.text)) for token in found[behind + 1 : begin]}
    return set(map(fold, key.columns)) <= columns


def _around(shadow: Connection, table: str) -> Schema:
    """The tables that refer to one, or to one whose rows go with it, with their indexes and triggers.

    The whole schema would take long to read.
    """
    found = shadow.query(
        'SELECT DISTINCT child.name, key."table", key.on_delete FROM sqlite_schema AS child, '
        "pragma_foreign_key_list(child.name) AS key WHERE child.type = 'table'"
    )
    reached, near = [fold(table)], set[str]()
    for one in reached:
        for child, parent, action in found:
            if fold(parent) != one:
                continue
            near.add(fold(child))
            if action == "CASCADE" and fold(child) not in reached:
                reached.append(fold(child))
    return schema_from_rows(row for row in shadow.query(SCHEMA_QUERY) if fold(row[2]) in near)
