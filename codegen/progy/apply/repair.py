"""Mending the ledgers where that is safe: the database's tables and rows are never touched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from progy.apply.drift import drift
from progy.d1.ledger import LedgerRow
from progy.migrations.operations import CreateTable, Delete, DropTable, Insert, Update, operation
from progy.sql.tokens import UnclosedQuoteError, statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.apply.applier import Run
    from progy.apply.state import Entry, State
    from progy.d1.ledger import Ledger, Record
    from progy.d1.look import Look
    from progy.migrations.directory import Migration


@dataclass(frozen=True, slots=True)
class Repair:
    """What can be mended, and what can't."""

    done: tuple[str, ...]
    """Each in words."""
    left: tuple[str, ...]
    """Each in words, with the reason."""
    sql: str
    """All of it, as one text."""


def repair(history: Sequence[Migration], state: State, found: Look, run: Run) -> Repair:
    """What mends a database's ledgers.

    - A renamed file: its row gets the new name, if the two files are the same by checksum, or the schema is as with it.
    - An edited file: its row gets the new checksum, if it has schema statements only and the database has just the
      schema that the history gives with the edit.
    - A migration that is in our ledger and not in wrangler's: it is entered there again, if the schema is as with it.
    - One that another tool applied: it is entered in ours, under the same condition.

    Args:
        history: The migrations that there are.
        state: What `compare` found of them.
        found: The database.
        run: What our ledger says of what is entered.

    Raises:
        ProgyError: A migration's file can't be read.
    """
    differences = drift(history, _mended(state, found))
    files = {migration.name: migration for migration in history}
    known = {record.name for record in found.records}
    mending = _Mending()
    done, left = [], []
    for entry in state.entries:
        if entry.state == "missing":
            left.append(f"{entry.name} is applied, but its file is gone: take it back from where it was removed")
            continue
        what = _what(entry, known=entry.name in known)
        if what is None:
            continue
        migration = files[entry.name]
        reason = _reason(entry, migration, differences)
        if reason:
            left.append(f"{entry.name} {what[0]}: {reason}")
        else:
            mending.take(entry, run.record(migration), known=entry.name in known)
            done.append(f"{entry.name} {what[1]}")
    return Repair(tuple(done), tuple(left), mending.sql(found.ledger) if done else "")


@dataclass
class _Mending:
    """What becomes of the ledgers' rows: few statements, however many rows there are."""

    renamed: dict[str, str] = field(default_factory=dict)
    edited: dict[str, str] = field(default_factory=dict)
    entering: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def take(self, entry: Entry, record: Record, *, known: bool) -> None:
        """Mend what is wrong with an entry."""
        if entry.was:
            self.renamed[entry.was] = entry.name
        elif not known:
            self.records.append(record)
        if entry.edited or (entry.was and not entry.same):
            self.edited[entry.name] = record.checksum
        if entry.half:
            self.entering.append(entry.name)

    def sql(self, ledger: Ledger) -> str:
        """All of it."""
        parts = [ledger.create_companion_sql()]
        if self.renamed:
            parts += ledger.rename_sql(self.renamed)
        if self.edited:
            parts.append(ledger.checksum_sql(self.edited))
        if self.entering:
            parts += [ledger.create_sql(), ledger.enter_sql(self.entering)]
        if self.records:
            parts.append(ledger.record_sql(self.records))
        return "\n".join(parts)


def _what(entry: Entry, *, known: bool) -> tuple[str, str] | None:
    """What is wrong with it, and what is said when that is mended."""
    if entry.was:
        return f"seems to be applied as {entry.was}", f"is the name of {entry.was} now"
    if entry.edited:
        return "was edited after it was applied", "is recorded as it is now"
    if entry.half:
        return "isn't in wrangler's ledger", "is in wrangler's ledger again"
    if entry.state == "applied" and not known:
        return "isn't in progy's ledger", "is in progy's ledger, too"
    return None


def _mended(state: State, found: Look) -> Look:
    """The database with what can be mended in wrangler's ledger, for comparing its schema with the history's."""
    renamed = {entry.was: entry.name for entry in state.entries if entry.was}
    rows = [replace(row, name=renamed.get(row.name, row.name)) for row in found.rows]
    last: str | None = None
    for entry in state.entries:
        if entry.half:
            at = next((at + 1 for at, row in enumerate(rows) if row.name == last), 0)
            rows.insert(at, LedgerRow(entry.name, ""))
        if entry.state == "applied" or entry.half or entry.was:
            last = entry.name
    return replace(found, rows=tuple(rows))


def _reason(entry: Entry, migration: Migration, differences: Sequence[str] | None) -> str | None:
    """Why it isn't safe."""
    if entry.was and entry.same:
        return None
    if differences is None:
        return "nobody can say what the migrations give: a file is gone, or can't be run"
    if differences:
        return f"the database isn't what the migrations give ({differences[0]})"
    if (entry.edited or entry.was) and _changes_rows(migration):
        return "it changes rows, and nobody can say whether the edit would have changed others"
    return None


def _changes_rows(migration: Migration) -> bool:
    try:
        found = [operation(one.sql) for one in statements(migration.text)]
    except UnclosedQuoteError:
        return True
    return any(
        isinstance(did, (Insert, Update, Delete, DropTable)) or (isinstance(did, CreateTable) and did.reads)
        for did in found
    )
