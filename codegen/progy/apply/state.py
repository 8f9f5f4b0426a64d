"""Migrations and database side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from progy.apply.moved import moved
from progy.migrations.directory import leading_number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from progy.d1.look import Look
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
    edited: bool = False
    """Our ledger has it, and its file has changed since."""
    was: str | None = None
    """Pending, though it was applied, under this name."""
    same: bool = False
    """That it is the same file is known by its checksum, and not by its name behind the number alone."""
    half: bool = False
    """Pending, though our ledger has it: somebody took it out of wrangler's."""
    version: str | None = None
    """progy's, which applied it; None where another tool did."""
    bookmark: str | None = None
    """What goes back to before it was applied."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that is probably not as it was meant."""

    what: str
    advice: str
    blocking: bool = False
    """Whether applying would do a migration twice."""

    def __str__(self) -> str:
        """What, and what to do about it."""
        return f"{self.what}: {self.advice}" if self.advice else self.what


@dataclass(frozen=True, slots=True)
class State:
    """What a database has and lacks of a history."""

    entries: tuple[Entry, ...]
    """In the history's order, those without a file at the end."""

    def of(self, state: Literal["applied", "pending", "missing"]) -> list[Entry]:
        """The entries in that state."""
        return [entry for entry in self.entries if entry.state == state]

    def doubts(self, command: Callable[[str], str] = str) -> list[Doubt]:
        """What is probably not as it was meant.

        Args:
            command: Makes of a command one for this database.
        """
        repair = command("progy apply --repair")
        found = [doubt for entry in self.entries if (doubt := _doubt(entry, repair))]
        there = (entry for entry in self.entries if entry.state != "missing")
        numbers = [number for entry in there if (number := leading_number(entry.name)) is not None]
        pending = {leading_number(entry.name) for entry in self.of("pending")}
        twice = [one for one in sorted({*numbers}) if numbers.count(one) > 1 and one in pending]
        found += [
            Doubt(f"several migrations have the number {one}", "progy check --since BRANCH --fix numbers them anew")
            for one in twice
        ]
        return found


def _doubt(entry: Entry, repair: str) -> Doubt | None:
    if entry.state == "missing":
        return Doubt(f"{entry.name} is applied, but its file is gone", "take it back from where it was removed")
    if entry.edited and not entry.half:
        return Doubt(
            f"{entry.name} was edited after it was applied",
            f"take the edit back, and make it a new migration; or, where it changes nothing: {repair}",
        )
    if entry.was:
        what = "is applied already, as" if entry.same else "seems to be applied already, as"
        return Doubt(
            f"{entry.name} {what} {entry.was}",
            f"give it its old name again, or let the ledger know the new one: {repair}"
            + ("" if entry.same else "; if it is another migration, give it a name of its own"),
            blocking=True,
        )
    if entry.half:
        return Doubt(
            f"{entry.name} was applied, but somebody took it out of wrangler's ledger",
            f"enter it again: {repair}",
            blocking=True,
        )
    if entry.out_of_order:
        return Doubt(
            f"{entry.name} is pending, but a later one is applied",
            "it will run behind that; progy check --since BRANCH --fix numbers it anew",
        )
    return None


def compare(migrations: Sequence[Migration], found: Look) -> State:
    """Hold a history against the ledgers: by name, as wrangler does, and by what the files held.

    Raises:
        ProgyError: A migration's file can't be read.
    """
    elsewhere = moved(migrations, found)
    taken = {one.was for one in elsewhere.values()}
    applied = {row.name: row.applied_at for row in found.rows if row.name not in taken}
    records = {record.name: record for record in found.records if record.name not in taken}
    names = {migration.name for migration in migrations}
    last = max((at for at, migration in enumerate(migrations) if migration.name in applied), default=-1)
    entries = []
    for at, migration in enumerate(migrations):
        record = records.get(migration.name)
        edited = record is not None and record.checksum != migration.checksum
        if migration.name in applied:
            entry = Entry(migration.name, "applied", applied[migration.name], edited=edited)
        else:
            entry = Entry(migration.name, "pending", out_of_order=at < last, edited=edited, half=record is not None)
        if record:
            entry = replace(entry, version=record.version, bookmark=record.bookmark)
        if migration.name in elsewhere:
            place = elsewhere[migration.name]
            entry = Entry(migration.name, "pending", was=place.was, same=place.same)
        entries.append(entry)
    entries += [Entry(name, "missing", at) for name, at in applied.items() if name not in names]
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
