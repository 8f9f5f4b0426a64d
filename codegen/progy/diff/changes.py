"""The changes that lead from one schema to another, each a small value that can say what it is."""

from __future__ import annotations

from dataclasses import dataclass

from progy.schema.objects import (
    Check,
    Column,
    ForeignKey,
    Index,
    Table,
    Trigger,
    Unique,
    View,
    VirtualTable,
)


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table that is new."""

    table: Table

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"create table {self.table.name}"


@dataclass(frozen=True, slots=True)
class DropTable:
    """A table that is gone."""

    table: Table

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"drop table {self.table.name}"


@dataclass(frozen=True, slots=True)
class AddColumn:
    """A column that is new, with the checks and the reference that come with it."""

    table: Table
    """The table as it will be."""
    column: Column
    checks: tuple[Check, ...] = ()
    foreign_key: ForeignKey | None = None

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"add column {self.table.name}.{self.column.name}"


@dataclass(frozen=True, slots=True)
class DropColumn:
    """A column that is gone."""

    table: Table
    """The table as it was."""
    column: Column

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"drop column {self.table.name}.{self.column.name}"


@dataclass(frozen=True, slots=True)
class AlterColumn:
    """A column that stays and is another: its type, nullability, default, collation or expression."""

    table: Table
    old: Column
    new: Column
    aspects: tuple[str, ...]
    """What differs, each as `default 1 -> 2`."""

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"alter column {self.table.name}.{self.new.name} ({', '.join(self.aspects)})"


@dataclass(frozen=True, slots=True)
class AlterTable:
    """A table that stays and has other keys, constraints or options."""

    old: Table
    new: Table
    aspects: tuple[str, ...]
    """What differs, each as `add check (a > 0)`."""
    uniques: tuple[Unique, ...] = ()
    """The UNIQUE constraints that come, if that is all that differs: unique indexes may stand for them."""

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"alter table {self.new.name} ({', '.join(self.aspects)})"


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """An index that is new, or has come back changed."""

    index: Index

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"create index {self.index.name} on {self.index.table}"


@dataclass(frozen=True, slots=True)
class DropIndex:
    """An index that is gone, or goes to come back changed."""

    index: Index

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"drop index {self.index.name} on {self.index.table}"


@dataclass(frozen=True, slots=True)
class CreateObject:
    """A view, trigger or virtual table that is new, or has come back changed."""

    object: View | Trigger | VirtualTable

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"create {_KINDS[type(self.object)]} {self.object.name}"


@dataclass(frozen=True, slots=True)
class DropObject:
    """A view, trigger or virtual table that is gone, or goes to come back changed."""

    object: View | Trigger | VirtualTable

    def __str__(self) -> str:
        """What the change does, for people."""
        return f"drop {_KINDS[type(self.object)]} {self.object.name}"


_KINDS = {View: "view", Trigger: "trigger", VirtualTable: "virtual table"}

Change = (
    CreateTable
    | DropTable
    | AddColumn
    | DropColumn
    | AlterColumn
    | AlterTable
    | CreateIndex
    | DropIndex
    | CreateObject
    | DropObject
)
