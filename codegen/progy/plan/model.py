"""What a plan is: statements in order, and what a reader has to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from progy.diff.changes import Change
    from progy.diff.decisions import ColumnRename, TableRename

Kind = Literal["rename", "create", "drop", "alter in place", "column swap", "rebuild", "guarded rebuild"]
"""How a table is changed, from the cheapest to the dearest behind the first three.

A *column swap* adds the column anew, copies its values and drops the old one; no table is dropped. A *rebuild* copies
the rows into a new table that takes the old one's place. A *guarded rebuild* is one of a table that others refer to:
dropping the old table would delete or change their rows, and guards keep them.
"""


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """A statement of a migration, without its semicolon."""

    sql: str
    table: str | None = None
    """The table it is about: statements of one table stand together in the file."""
    why: str | None = None
    """What it is for, where that isn't plain."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """How one table is changed, and why so."""

    table: str
    kind: Kind
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The way from one schema to another."""

    renames: tuple[TableRename | ColumnRename, ...] = ()
    """What gets another name, done before everything else."""
    changes: tuple[Change, ...] = ()
    """What changes besides."""
    statements: tuple[PlannedStatement, ...] = ()
    strategies: tuple[Strategy, ...] = ()
    losses: tuple[str, ...] = ()
    """What is deleted or may be changed in being stored: `drops the column users.bio and its values`."""
    notes: tuple[str, ...] = ()
    """What happens to rows without being lost: `users.name: NULL becomes 'x', its default`."""
    filled: frozenset[tuple[str, str]] = frozenset()
    """Folded new tables and columns whose rows get values from a backfill, or from a default in place of NULL."""
    computed: frozenset[tuple[str, str]] = frozenset()
    """Those of `filled` that stay, and of which all rows get another value."""

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.statements)
