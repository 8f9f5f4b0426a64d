"""Runs a migration on an engine and finds all that is wrong afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from progy.d1.connection import Connection
from progy.diff.questions import MissingValue, UndecidedError
from progy.errors import SqlError
from progy.plan.planner import plan
from tests import facts, oracle
from tests.real.engine import D1Error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from progy.diff.decisions import Decisions
    from progy.plan.model import Plan
    from progy.schema.objects import Schema
    from tests.real.engine import D1Database


class Engine(Protocol):
    """A database to migrate: the shadow, or D1 on workerd."""

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a statement whose columns are named `c0`, `c1` and so on."""

    def migrate(self, text: str) -> str | None:
        """Run a file's text as one transaction.

        Returns:
            What it was refused with; nothing of it stays then.
        """


class Shadow:
    """Progy's own connection, with D1's rules."""

    def __init__(self) -> None:
        """An empty database in memory."""
        self.connection = Connection()

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a statement."""
        return self.connection.query(sql)

    def migrate(self, text: str) -> str | None:
        """Run a file's text as one transaction."""
        try:
            with self.connection.transaction():
                self.connection.run(text, where="migration")
        except SqlError as error:
            return f"{error.message} | {error.statement}"
        return None

    def schema(self) -> Schema:
        """The schema as progy reads it."""
        return self.connection.schema()

    def __enter__(self) -> Self:
        """The engine itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the database."""
        self.connection.__exit__(None, None, None)


class Workerd:
    """D1 on workerd."""

    def __init__(self, database: D1Database) -> None:
        """A database, empty or not."""
        self.database = database

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a statement whose columns are named `c0`, `c1` and so on."""
        return [tuple(row[f"c{number}"] for number in range(len(row))) for row in self.database.query(sql)]

    def migrate(self, text: str) -> str | None:
        """Run a file's text as wrangler sends it: split by wrangler, one batch."""
        try:
            self.database.script(text)
        except D1Error as error:
            return str(error)
        return None


def constant(declared: str) -> str:
    """A value that fits a declared type."""
    kinds = {"INTEGER": "7", "REAL": "1.5", "NUMERIC": "7", "TEXT": "'filled'", "BLOB": "x'00ff'"}
    return kinds[facts.affinity(declared)]


@dataclass
class Result:
    """What became of a case."""

    failures: list[str] = field(default_factory=list)
    kind: str = "right"
    """`right`, `wrong`, or why nothing was to be done: `abort` for rows that break the new schema."""
    rows: int = 0
    text: str = ""
    strategies: tuple[str, ...] = ()

    def fail(self, *what: str) -> Result:
        """The result with something that is wrong."""
        self.failures += what
        self.kind = "wrong" if self.failures else self.kind
        return self


def decided(old: Schema, new: Schema, decisions: Decisions) -> tuple[Plan, Decisions]:
    """A plan, with a constant wherever a value is asked for."""
    for _ in range(3):
        try:
            return plan(old, new, decisions), decisions
        except UndecidedError as error:
            for question in error.questions:
                if not isinstance(question, MissingValue):
                    raise
                decisions = decisions.answered(question, constant(question.type))
    return plan(old, new, decisions), decisions


def judge(  # noqa: PLR0913 - what was to be, and what there is
    engine: Engine,
    wanted: oracle.Master,
    renames: oracle.Renames,
    backfills: Mapping[tuple[str, str], str],
    result: Result,
    *,
    strict: bool = False,
) -> Result:
    """Run the migration, and compare the schema and every row with what they should be.

    Args:
        engine: The database as it was.
        wanted: The new schema.
        renames: What stays under another name.
        backfills: Constants by folded new table and column.
        result: With the migration's text; what is found is added.
        strict: Rows that break the new schema are a failure, too.
    """
    before = oracle.master(engine)
    try:
        expected = oracle.expect(engine, before, wanted, renames, backfills)
    except oracle.MismatchError:
        # SQLite may find out when it prepares a statement, whether there are rows or not.
        expected = None
    except oracle.NotFittingError as error:
        result.kind = "abort"
        refused = engine.migrate(result.text) if result.text else "there is nothing to run"
        if refused is None:
            return result.fail(f"it should have aborted: {error}")
        if oracle.master(engine) != before:
            return result.fail(f"it aborted, and the schema is another: {refused}")
        return result.fail(f"the rows don't fit: {error}; {refused}") if strict else result
    refused = engine.migrate(result.text) if result.text else None
    if refused is not None and expected is not None:
        return result.fail(f"it fails: {refused}")
    if refused is not None:
        result.kind = "mismatch"
        return result if oracle.master(engine) == before else result.fail(f"it aborted halfway: {refused}")
    result.fail(*facts.differences(facts.of(oracle.master(engine)), facts.of(wanted)))
    if expected is not None:
        result.rows = expected.count()
        result.fail(*expected.differences(engine))
    return result
