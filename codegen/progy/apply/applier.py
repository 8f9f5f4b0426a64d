"""Applying migrations: each one atomic with its rows in the ledgers, each one once."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy._version import __version__
from progy.apply.state import compare
from progy.d1.ledger import Record
from progy.errors import ApplyError, DatabaseError, OutcomeUnknownError, SqlError, UsageError
from progy.migrations import step
from progy.migrations.directory import leading_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from progy.d1.database import Database
    from progy.d1.ledger import Ledger
    from progy.d1.look import Look
    from progy.migrations.directory import Migration


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the applier: what the ledger says of all that it applies."""

    bookmark: str | None = None
    """What goes back to before it: a Time Travel bookmark, or a local snapshot's name."""
    name: str = field(default_factory=lambda: os.urandom(8).hex())
    """Its own: by it an applier knows its rows from those of another."""
    see: str = "progy status"
    """The command that shows the database, for hints."""

    def record(self, migration: Migration) -> Record:
        """What our ledger keeps of a migration that this run applies."""
        return Record(migration.name, migration.checksum, __version__, self.name, self.bookmark)


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that has just been applied."""

    name: str
    statements: int
    seconds: float
    by_another: bool = False
    """Another applier did it, meanwhile."""


def up_to(migrations: list[Migration], name: str | None) -> list[Migration]:
    """The migrations up to that one: its name with or without `.sql`, its number, or its path; all when none is named.

    Raises:
        UsageError: There is none of that name.
    """
    if name is None:
        return migrations
    names = [migration.name for migration in migrations]
    numbered = [one for one in names if name.isdecimal() and leading_number(one) == int(name)]
    paths = [one for one in names if name.endswith(f"/{one}")]
    for wanted in (name, f"{name}.sql", *(numbered if len(numbered) == 1 else ()), *paths):
        if wanted in names:
            return migrations[: names.index(wanted) + 1]
    if numbered:
        raise UsageError(f"several migrations have the number {name}", hint=f"name one: {', '.join(numbered)}")
    raise UsageError(f"no migration is called {name}", hint=f"the last ones are {', '.join(names[-_FEW:]) or 'none'}")


_FEW = 3


def lacking(migrations: Sequence[Migration], found: Look) -> list[Migration]:
    """The migrations that a database with these ledgers lacks, in order."""
    names = {entry.name for entry in compare(migrations, found).of("pending")}
    return [migration for migration in migrations if migration.name in names]


def script(migration: Migration, ledger: Ledger, run: Run) -> str:
    """The SQL that applying a migration runs, as one text."""
    text = migration.text.rstrip()
    entering = step.entering(migration, ledger, run.record(migration))
    # A semicolon at the end may be a comment's.
    body = text if text.endswith(";") and "--" not in text.rpartition("\n")[2] else f"{text}\n;"
    return "\n".join([f"-- {migration.name}\nBEGIN IMMEDIATE;", *entering, body, "COMMIT;\n"])


def apply(
    pending: Sequence[Migration],
    database: Database,
    ledger: Ledger,
    run: Run,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Applied]:
    """Apply migrations, one after another, and give each one when it is done.

    Args:
        pending: What the database lacks, in order.
        database: The database.
        ledger: Its ledgers.
        run: What our ledger says of them.
        tell: Is told what takes time: another attempt, say.

    Raises:
        ApplyError: A statement fails. Its migration is rolled back whole; those given before stay.
        DatabaseError: The file can't be written, or another process holds it too long.
        OutcomeUnknownError: Cloudflare gave no answer, and none about what became of it.
        CloudflareError: The API can't be reached, or refuses.
    """
    done = False
    for migration in pending:
        started = time.monotonic()
        try:
            count = _land(migration, database, ledger, run, tell)
        except SqlError as error:
            raise ApplyError(
                f"{_by_their_names(error.message)}\n{migration.name} was rolled back whole",
                statement=error.statement,
                where=error.where,
                hint=_hint(migration, error, run) + ("; the migrations before it stay applied" if done else ""),
            ) from None
        except DatabaseError as error:
            raise DatabaseError(
                f"{migration.name} wasn't applied: {error.message}", where=error.where, hint=error.hint
            ) from None
        if count is None:
            _same(migration, database, ledger)
        else:
            done = True
        yield Applied(migration.name, count or 0, time.monotonic() - started, by_another=count is None)


def _land(
    migration: Migration, database: Database, ledger: Ledger, run: Run, tell: Callable[[str], None]
) -> int | None:
    """Apply one migration; how many statements it has, or None where another applier was faster."""
    from progy.d1.local import LocalDatabase

    if isinstance(database, LocalDatabase):
        return step.run(migration, database.connection, ledger, run.record(migration))
    from progy.apply.remotely import land

    try:
        return land(migration, database, ledger, run.record(migration), tell)
    except OutcomeUnknownError as error:
        error.hint = f"see with {run.see}; applying again goes on where it stopped, and does nothing twice"
        raise


def _same(migration: Migration, database: Database, ledger: Ledger) -> None:
    """Look whether what another applier has applied is this file.

    Raises:
        ApplyError: It is another one of the same name.
    """
    from progy.d1.look import look

    record = next((one for one in look(database, ledger).records if one.name == migration.name), None)
    if record and record.checksum != migration.checksum:
        raise ApplyError(
            f"another run has just applied a different {migration.name}",
            statement="",
            where=str(migration.path),
            hint="nothing of this file was applied: bring the two branches together, and give it a number of its own",
        )


def _by_their_names(message: str) -> str:
    """The message without the names that tables have while a migration of progy's makes them anew."""
    return re.sub(r"\bprogy_new_(?=\w)", "", message)


def _hint(migration: Migration, error: SqlError, run: Run) -> str:
    if is_drift(error.message):
        return f"nothing was changed; the database isn't what its migrations made: see how with {run.see}"
    if "constraint failed" in error.message and re.search(r"CREATE TABLE \W?progy_(?:check|new_)", migration.text):
        return "nothing was changed; mend the rows, or remove the file and generate it again with --backfill"
    return "nothing was changed; mend the rows or the file, and apply again"


def is_drift(message: str) -> bool:
    """Whether a migration of progy's was stopped by its own check that a table is what its migrations made it."""
    return re.search(r"constraint failed: .* than its migrations (?:gave it|know)\b", message) is not None
