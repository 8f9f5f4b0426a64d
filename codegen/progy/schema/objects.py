"""What a schema is: plain values, equal when they say the same.

Names keep the case they were written in; `Schema` is keyed by folded names, since SQLite compares names without regard
to ASCII case. Expressions are SQL text as written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Conflict = Literal["ROLLBACK", "FAIL", "IGNORE", "REPLACE"]
Action = Literal["NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT", "CASCADE"]


@dataclass(frozen=True, slots=True)
class Generated:
    """The expression of a generated column, without its parentheses, and whether its value is stored."""

    expression: str
    stored: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its declared type as written (may be empty), and its constraints but for keys, UNIQUE and CHECK."""

    name: str
    type: str = ""
    not_null: bool = False
    default: str | None = None
    collation: str | None = None
    generated: Generated | None = None
    not_null_conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an index or key: a column or an expression."""

    sql: str
    """The column's name, unquoted, or the expression's text."""
    is_column: bool = True
    collation: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """A primary key. `inline` tells a column constraint from a table constraint: DESC means another thing there."""

    terms: tuple[Term, ...]
    autoincrement: bool = False
    conflict: Conflict | None = None
    name: str | None = field(default=None, compare=False)
    inline: bool = field(default=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The key's columns, in order."""
        return tuple(term.sql for term in self.terms)


@dataclass(frozen=True, slots=True)
class Unique:
    """A UNIQUE constraint. A constraint's name alone is no difference."""

    terms: tuple[Term, ...]
    conflict: Conflict | None = None
    name: str | None = field(default=None, compare=False)
    inline: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint: its expression without the parentheses."""

    expression: str
    name: str | None = field(default=None, compare=False)
    column: str | None = field(default=None, compare=False)
    """The column it is written beside, which DROP COLUMN takes along; None for a table constraint."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key. `references` is empty when it names no columns and so means the parent's primary key."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...] = ()
    on_delete: Action = "NO ACTION"
    on_update: Action = "NO ACTION"
    deferred: bool = False
    name: str | None = field(default=None, compare=False)
    inline: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """An ordinary table."""

    name: str
    columns: tuple[Column, ...]
    primary_key: PrimaryKey | None = None
    uniques: tuple[Unique, ...] = ()
    checks: tuple[Check, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    strict: bool = False
    without_rowid: bool = False

    def column(self, name: str) -> Column | None:
        """The column of that name, in any case, or None."""
        folded = fold(name)
        return next((column for column in self.columns if fold(column.name) == folded), None)

    @property
    def has_conflict(self) -> bool:
        """Whether a constraint says what to do ON CONFLICT, other than to abort."""
        of_key = self.primary_key is not None and self.primary_key.conflict is not None
        of_columns = any(column.not_null_conflict for column in self.columns)
        return of_key or of_columns or any(unique.conflict for unique in self.uniques)


@dataclass(frozen=True, slots=True)
class VirtualTable:
    """A virtual table, FTS5 say: its module and its arguments as written."""

    name: str
    module: str
    sql: str


@dataclass(frozen=True, slots=True)
class Index:
    """An index made by CREATE INDEX. `where` makes it partial."""

    name: str
    table: str
    terms: tuple[Term, ...]
    unique: bool = False
    where: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A view, by its CREATE statement."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger, by its CREATE statement, and the table or view it is on."""

    name: str
    table: str
    sql: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A database's tables, indexes, views and triggers, each by its folded name, in the order they were created."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    virtual_tables: Mapping[str, VirtualTable] = field(default_factory=dict)
    indexes: Mapping[str, Index] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    # By table, made when first asked for: a large schema is asked a thousand times.
    _indexes: dict[str, list[Index]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _referrers: dict[str, list[tuple[Table, ForeignKey]]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def table(self, name: str) -> Table | None:
        """The table of that name, in any case, or None."""
        return self.tables.get(fold(name))

    def indexes_of(self, table: str) -> list[Index]:
        """The table's indexes, by name."""
        if not self._indexes and self.indexes:
            for index in sorted(self.indexes.values(), key=lambda index: fold(index.name)):
                self._indexes.setdefault(fold(index.table), []).append(index)
        return list(self._indexes.get(fold(table), ()))

    def referrers(self, table: str) -> list[tuple[Table, ForeignKey]]:
        """The foreign keys that refer to the table, its own among them, by the referring table's name."""
        if not self._referrers and self.tables:
            pairs = [(child, key) for child in self.tables.values() for key in child.foreign_keys]
            for child, key in sorted(pairs, key=lambda pair: (fold(pair[0].name), pair[1].columns)):
                self._referrers.setdefault(fold(key.table), []).append((child, key))
        return list(self._referrers.get(fold(table), ()))


def fold(name: str) -> str:
    """The form in which two names are the same to SQLite: ASCII letters in lower case, all else as it is."""
    return name.translate(_ASCII_LOWER)


def fresh(name: str, taken: set[str]) -> str:
    """A name that isn't among those taken, which are folded; it is added to them."""
    found, number = name, 1
    while fold(found) in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(fold(found))
    return found


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
