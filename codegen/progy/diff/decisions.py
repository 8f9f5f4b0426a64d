"""What two schemas alone don't tell: which new name is an old one's, and what rows hold where a value is required.

A user says it, by flag, in the models or when asked. The diff never guesses: what is open is a question.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from progy.diff.questions import Question


@dataclass(frozen=True, slots=True, order=True)
class TableRename:
    """A table that has another name. Names as they are written."""

    old: str
    new: str

    def __str__(self) -> str:
        """What the rename does, for people."""
        return f"rename table {self.old} to {self.new}"


@dataclass(frozen=True, slots=True, order=True)
class ColumnRename:
    """A column that has another name."""

    table: str
    """The table's new name, where that is another one, too."""
    old: str
    new: str

    def __str__(self) -> str:
        """What the rename does, for people."""
        return f"rename column {self.table}.{self.old} to {self.new}"


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is decided of a change. Tables and columns by their new names, folded where they are keys."""

    tables: tuple[TableRename, ...] = ()
    columns: tuple[ColumnRename, ...] = ()
    backfills: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """SQL expressions by folded table and column.

    It may name the table's columns as they were, under their new names. For a new column it gives every row's value;
    for one that stays it fills NULLs, or gives every row's value where it names the column itself.
    """
    new: frozenset[tuple[str, ...]] = frozenset()
    """Folded `(table,)` and `(table, column)` that a user has said are new, and nothing's new name."""
    no_renames: bool = False
    """Whatever isn't named above is a drop and an add."""

    def backfill(self, table: str, column: str) -> str | None:
        """The expression for a column's rows, or None. Both names folded."""
        return self.backfills.get((table, column))

    def answered(self, question: Question, answer: str | None) -> Decisions:
        """The decisions with one more.

        Args:
            question: What was asked.
            answer: The old name, or None for something new, where a rename was asked; the expression where a value.
        """
        from progy.diff.questions import RenamedColumn, RenamedTable
        from progy.schema.objects import fold

        match question:
            case RenamedTable():
                if answer is None:
                    return replace(self, new=self.new | {(fold(question.name),)})
                return replace(self, tables=(*self.tables, TableRename(answer, question.name)))
            case RenamedColumn():
                if answer is None:
                    return replace(self, new=self.new | {(fold(question.table), fold(question.name))})
                return replace(self, columns=(*self.columns, ColumnRename(question.table, answer, question.name)))
            case _:
                key = (fold(question.table), fold(question.name))
                return replace(self, backfills={**self.backfills, key: answer or "NULL"})
