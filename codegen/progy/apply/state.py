"""Migrations and database side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from progy.migrations.directory import leading_number

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from progy.d1.ledger import LedgerRow
    from progy.migrations.directory import Migration

_DATES = 10_000
_FEW = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One migration, in the history, in the ledger or in both."""

    name: str
    state: Literal["applied", "pending", "missing"]
    """`missing` is in the ledger and has no file."""
    applied_at: str | None = None
    """UTC; None while it is pending."""
    out_of_order: bool = False
    """Pending, although one behind it is applied: a merge brought it."""


@dataclass(frozen=True, slots=True)
class State:
    """What a database has and lacks of a history."""

    entries: tuple[Entry, ...]
    """In the history's order, those without a file at the end."""

    def of(self, state: Literal["applied", "pending", "missing"]) -> list[Entry]:
        """The entries in that state."""
        return [entry for entry in self.entries if entry.state == state]

    def doubts(self) -> list[str]:
        """What is probably not as it was meant."""
        gone = [f"{entry.name} is applied, but its file is gone" for entry in self.of("missing")]
        late = [f"{entry.name} is pending, but a later one is applied" for entry in self.entries if entry.out_of_order]
        numbers = [number for entry in self.entries if (number := leading_number(entry.name)) is not None]
        twice = [f"several migrations have the number {one}" for one in sorted({*numbers}) if numbers.count(one) > 1]
        return gone + late + twice


def compare(migrations: Sequence[Migration], ledger: Sequence[LedgerRow]) -> State:
    """Hold a history against a ledger, by name, as wrangler does."""
    applied = {row.name: row for row in ledger}
    last = max((at for at, migration in enumerate(migrations) if migration.name in applied), default=-1)
    entries = [
        Entry(migration.name, "applied", applied[migration.name].applied_at)
        if migration.name in applied
        else Entry(migration.name, "pending", out_of_order=at < last)
        for at, migration in enumerate(migrations)
    ]
    names = {migration.name for migration in migrations}
    entries += [Entry(row.name, "missing", row.applied_at) for row in ledger if row.name not in names]
    return State(tuple(entries))


def holes(names: Sequence[str], applied: Collection[str]) -> list[str]:
    """What a history seems to lack: files of applied migrations, and numbers that are left out.

    Numbers as long as dates leave out others by nature.

    Args:
        names: The migrations that there are.
        applied: Those that a database has.
    """
    gone = sorted(set(applied) - set(names))
    numbers = {number for name in (*names, *gone) if (number := leading_number(name)) is not None}
    left_out = set(range(min(numbers), max(numbers))) - numbers if numbers and max(numbers) < _DATES else set()
    return [
        *(f"{name} is applied and its file is gone" for name in gone),
        *(f"there is no migration with the number {number}" for number in sorted(left_out)[:_FEW]),
    ]
