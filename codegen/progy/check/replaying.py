"""The whole history on the shadow, and new files statement by statement, with the schema each one finds."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.check.findings import Finding
from progy.d1.connection import Connection
from progy.errors import ProgyError, SqlError
from progy.migrations import step
from progy.migrations.actions import Run, Step
from progy.migrations.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from progy.check.sources import Source
    from progy.d1.ledger import Ledger
    from progy.schema.objects import Schema


@dataclass(frozen=True, slots=True)
class Walked(Run):
    """A new file that works."""

    source: Source


@dataclass(frozen=True, slots=True)
class Replayed:
    """A history that was run."""

    walked: tuple[Walked, ...]
    schema: Schema | None
    """What it gives; None when a file failed."""
    failure: Finding | None = None
    unrun: int = 0
    """How many files stand behind the one that failed."""


def replay(sources: Sequence[Source], new: frozenset[str], ledger: Ledger) -> Replayed:
    """Run a history on an empty database with D1's rules, as far as it works.

    Args:
        sources: The history, in order.
        new: The names of the migrations to be looked at statement by statement.
        ledger: The ledger.
    """
    walked: list[Walked] = []
    with Connection() as shadow:
        for at, source in enumerate(sources):
            before = shadow.schema(ignore=ledger.tables) if source.migration.name in new else None
            steps = _walk(source, shadow) if before is not None else ()
            try:
                step.run(source.migration, shadow, ledger)
            except ProgyError as error:
                return Replayed(tuple(walked), None, _failure(error, source), len(sources) - at - 1)
            if before is not None:
                walked.append(Walked(steps, before, shadow.schema(ignore=ledger.tables), source))
        return Replayed(tuple(walked), shadow.schema(ignore=ledger.tables))


def _failure(error: ProgyError, source: Source) -> Finding:
    _, _, line = (error.where or "").rpartition(":")
    return Finding(
        "PD201",
        error.message,
        source.file,
        int(line) if line.isdecimal() else None,
        hint=error.hint,
        statement=error.statement or None if isinstance(error, SqlError) else None,
    )


class _TakenBackError(Exception):
    """Ends a transaction that is to leave nothing."""


@contextlib.contextmanager
def _taken_back(shadow: Connection) -> Iterator[None]:
    """A transaction that leaves nothing."""
    with contextlib.suppress(_TakenBackError), shadow.transaction():
        yield
        raise _TakenBackError


def _walk(source: Source, shadow: Connection) -> tuple[Step, ...]:
    """Run a file one statement at a time, take it back, and tell what each statement found."""
    steps = [Step(statement.line, statement.sql, operation(statement.sql)) for statement in source.statements]
    # What fails is told by the run that counts.
    with contextlib.suppress(SqlError), _taken_back(shadow):
        for at, one in enumerate(steps):
            steps[at] = one.looked_at(shadow)
            shadow.run(one.sql, where=source.file)
    return tuple(steps)
