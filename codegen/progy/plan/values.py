"""What rows hold after a change: the copy of a value, a default in place of NULL, a backfill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.diff.questions import MissingValue
from progy.errors import UsageError
from progy.plan.expressions import Expressions
from progy.schema import canonical
from progy.schema.objects import fold
from progy.sql.names import quote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from progy.diff.changes import AddColumn
    from progy.diff.decisions import Decisions
    from progy.schema.objects import Column, Schema, Table

ROWID_NAMES = ("rowid", "oid", "_rowid_")
"""The names that SQLite has for a rowid, where no column has them (sqlite.org/lang_createtable.html)."""


@dataclass
class Values:
    """The values that columns get, and a record of those that aren't plain copies."""

    old: Schema
    """The schema as it is, after the renames."""
    new: Schema
    decisions: Decisions
    notes: list[str] = field(default_factory=list)
    filled: set[tuple[str, str]] = field(default_factory=set)
    computed: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Expressions are over the tables as they are."""
        self._expressions = Expressions(self.old)

    def missing(self, addition: AddColumn) -> MissingValue | None:
        """The question what rows hold in a new column that is required and says nothing for them."""
        column, table = addition.column, addition.table
        key = (fold(table.name), fold(column.name))
        if (
            column.generated is not None
            or not canonical.not_null(column, table)
            or canonical.is_rowid_alias(column, table)
            or canonical.default(column.default, column.type, strict=table.strict) is not None
            or self.decisions.backfill(*key) is not None
        ):
            return None
        return MissingValue(table.name, column.name, column.type, "it is required and has no default")

    def of_new(self, column: Column, table: Table) -> str | None:
        """The expression for a column that is new; None for its default."""
        backfill = self.decisions.backfill(fold(table.name), fold(column.name))
        if backfill is not None:
            self.filled.add((fold(table.name), fold(column.name)))
            self._expressions.reads(backfill, fold(table.name), column.name)
            return backfill
        if canonical.is_rowid_alias(column, table):
            self.filled.add((fold(table.name), fold(column.name)))
            return rowid_of(self.old.tables[fold(table.name)])
        return None

    def of_staying(self, old: Column, new: Column, table: Table) -> str:
        """The expression for a column that stays: its value, with NULLs filled where it becomes required."""
        key = (fold(table.name), fold(new.name))
        plain = reference(self.old.tables[key[0]].name, old.name)
        backfill = self.decisions.backfill(*key)
        if backfill is not None and key in self._expressions.reads(backfill, *key):
            self.filled.add(key)
            self.computed.add(key)
            return backfill
        if canonical.not_null(old, self.old.tables[key[0]]):
            return plain
        fill = backfill if backfill is not None else self._default_for_null(new, table)
        if fill is None:
            return plain
        self.filled.add(key)
        what = "its default" if backfill is None else "the backfill"
        self.notes.append(f"{table.name}.{new.name}: NULL becomes {fill}, {what}")
        return f"coalesce({plain}, {fill})"

    def refuse_misunderstood_backfills(self) -> None:
        """Look at the backfills when all values are made.

        Raises:
            UsageError: One changes no row, or doesn't mean what it seems to.
        """
        for key in sorted(self.decisions.backfills):
            table, column = key
            name = f"{table}.{column}"
            if key not in self.filled:
                raise UsageError(
                    f"the backfill of {name} would change no row: the column is neither new nor becomes required",
                    hint="if a migration that isn't applied has the change already, remove that file first; "
                    "to change rows alone: progy gen migration --empty NAME",
                )
            if key in self.computed:
                self._refuse_computed(table, column, name)

    def _refuse_computed(self, table: str, column: str, name: str) -> None:
        """A value for every row of a column that stays may be set row by row, or while the rows are copied."""
        before = self.old.tables[table]
        if before.primary_key and column in map(fold, before.primary_key.columns):
            raise UsageError(
                f"the backfill of {name} would change a primary key, by which others know the rows",
                hint="do it in a migration by hand, with what refers to the rows: progy gen migration --empty NAME",
            )
        expression = self.decisions.backfills[table, column]
        if any(token.is_word("SELECT") for token in tokens(expression)) and table in canonical.names(expression):
            raise UsageError(
                f"the backfill of {name} reads other rows of its own table, some of which are changed by then",
                hint="do it in a migration by hand: progy gen migration --empty NAME",
            )

    def required(self, old: Column, new: Column, table: Table) -> bool:
        """Whether rows that hold NULL there have no value, since the column becomes required."""
        key = (fold(table.name), fold(new.name))
        becomes = canonical.not_null(new, table) and not canonical.not_null(old, self.old.tables[key[0]])
        return becomes and key not in self.filled

    def _default_for_null(self, new: Column, table: Table) -> str | None:
        if not canonical.not_null(new, table) or new.generated is not None:
            return None
        default = canonical.default(new.default, new.type, strict=table.strict)
        if default is None or default[0] == "refused":
            return None
        return new.default if default[0] == "expression" else default[1]


def reference(table: str, column: str) -> str:
    """A column as an expression. In double quotes SQLite would take a name that is no column for a string."""
    name = quote(column)
    return f"{quote(table)}.{name}" if name.startswith('"') else name


def rowid_of(table: Table) -> str | None:
    """What the table's rowid can be read and written by; None when it has none, or columns have all its names."""
    if table.without_rowid:
        return None
    taken = {fold(column.name) for column in table.columns}
    return next((name for name in ROWID_NAMES if name not in taken), None)
