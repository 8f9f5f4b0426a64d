"""A SQLite connection that treats a migration as D1 does: one transaction, D1's rules, all or nothing.

What reads SQL is imported where it is needed: a command that finds nothing to do reads none.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import apsw

from progy.errors import DatabaseError, SqlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from progy.d1.database import Result
    from progy.schema.objects import Schema
    from progy.sql.tokens import Statement

BUSY_SECONDS = 5.0
"""How long to wait while another process, `wrangler dev` say, holds the file."""

_PAUSE = 0.05


class Connection:
    """One open database, a file or in memory. A context manager that closes it."""

    def __init__(
        self, path: Path | None = None, *, create: bool = False, strings_in_double_quotes: bool = True
    ) -> None:
        """Open the file, or a database in memory when there is no path.

        Args:
            path: The file.
            create: Whether it is made when it isn't there.
            strings_in_double_quotes: Whether `"x"` is a string where no column has that name, as on D1.

        Raises:
            DatabaseError: There is no such file (and `create` is false), it can't be opened, or it is no database.
        """
        self.path = path
        if path is not None and create:
            with _reported(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create or path is None else 0)
        with _reported(path):
            self._connection = apsw.Connection(str(path) if path else ":memory:", flags=flags)
            try:
                for setting in (apsw.SQLITE_DBCONFIG_DQS_DML, apsw.SQLITE_DBCONFIG_DQS_DDL):
                    self._connection.config(setting, int(strings_in_double_quotes))
                self._connection.set_busy_handler(_wait)
                self._begin(create=create)
            except apsw.Error:
                self._connection.close()
                raise

    def _begin(self, *, create: bool) -> None:
        """Read the header, which tells whether this is a database; a new one gets workerd's mode, WAL."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.pragma("journal_mode", "wal") if create else self._connection.pragma("schema_version")
            except apsw.BusyError:
                # While another process gives a new file its mode SQLite doesn't ask whether to wait.
                if time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def __enter__(self) -> Self:
        """The connection itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it; whatever transaction is open is rolled back."""
        self._connection.close()

    def query(self, sql: str, parameters: Sequence[str | int | float | bytes | None] = ()) -> list[tuple[Any, ...]]:
        """The rows a statement gives.

        Raises:
            DatabaseError: The statement fails.
        """
        with _reported(self.path):
            return list(self._connection.execute(sql, parameters))

    def reads(self, sql: str) -> frozenset[tuple[str, str]]:
        """The folded tables and columns that a SELECT reads. It isn't run.

        Raises:
            DatabaseError: It names what isn't there, or is no SELECT.
        """
        from progy.schema.objects import fold

        found: set[tuple[str, str]] = set()

        def note(action: int, table: str | None, column: str | None, *_: str | None) -> int:
            if action == apsw.SQLITE_READ and table and column:
                found.add((fold(table), fold(column)))
            return apsw.SQLITE_OK

        self._connection.authorizer = note
        try:
            self.query(f"EXPLAIN {sql}")
        finally:
            self._connection.authorizer = None
        return frozenset(found)

    def copy(self) -> Connection:
        """A database in memory that holds what this one holds. Settings and D1's rules don't go with it."""
        other = Connection()
        target = other._connection
        with _reported(self.path), target.backup("main", self._connection, "main") as backup:
            backup.step()
        return other

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name, in any case."""
        return bool(self.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", [name]))

    def schema(self, *, ignore: Iterable[str] = ()) -> Schema:
        """The schema as it is, without D1's own tables and those to be ignored."""
        from progy.schema.inspect import schema_from_rows
        from progy.schema.query import SCHEMA_QUERY

        return schema_from_rows(self.query(SCHEMA_QUERY), ignore=ignore)

    @contextlib.contextmanager
    def transaction(self, *, writing: bool = True) -> Iterator[None]:
        """A transaction, rolled back on any exception.

        Args:
            writing: Whether it holds the write lock from its beginning.

        Raises:
            DatabaseError: The lock can't be had in time, or the commit fails.
            SqlError: A reference that was deferred to the end dangles.
        """
        with _reported(self.path):
            self._connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        try:
            yield
            with _reported(self.path):
                self._commit()
        except BaseException:
            # SQLite rolls back by itself when the disk is full, say.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except apsw.ConstraintError as error:
            # What was deferred is checked now.
            raise SqlError(f"{error} at the end: a row refers to one that isn't there", statement="COMMIT") from None

    def run(self, text: str, *, where: str) -> int:
        """Run the statements of a text under D1's rules, inside a transaction that is open.

        A transaction runs one text: D1's PRAGMAs hold for one request, so the rules begin by switching them off.

        Args:
            text: One or more statements.
            where: The text's name in errors, a file's path say; the statement's line is added.

        Returns:
            How many statements there were.

        Raises:
            SqlError: SQLite or D1's rules refuse a statement. Nothing was undone: the transaction's owner does that.
        """
        return sum(1 for _ in self._run(_split(text, where), where, keep=False))

    def results(self, text: str, *, where: str) -> list[Result]:
        """Run the statements of a text as `run` does, and keep what each gave."""
        return list(self._run(_split(text, where), where, keep=True))

    def results_of(self, statements: Sequence[str], *, where: str) -> list[Result]:
        """Run statements as `results` does. That each is one is taken for granted, and nothing has to be split."""
        return list(self._run([(sql, 1) for sql in statements], where, keep=True))

    def _run(self, statements: Iterable[tuple[str, int]], where: str, *, keep: bool) -> Iterator[Result]:
        from progy.d1 import rules
        from progy.d1.database import Result

        enforced = rules.enforce(self._connection)
        columns: tuple[str, ...] = ()

        def describe(cursor: apsw.Cursor, text: str, bindings: apsw.Bindings | None) -> bool:
            nonlocal columns
            columns = tuple(name for name, _ in cursor.get_description())
            return enforced.trace(cursor, text, bindings)

        try:
            for sql, line in statements:
                cursor = self._connection.cursor()
                if keep:
                    # A statement that gives no row can be asked for its columns before it runs only.
                    cursor.exec_trace = describe
                before = self._connection.total_changes()
                rows: list[tuple[Any, ...]] = []
                try:
                    rows.extend(row for row in cursor.execute(sql) if keep)
                except tuple(_HINTS):  # the file's fault, not the statement's
                    with _reported(self.path):
                        raise
                except apsw.Error as error:
                    raise SqlError(
                        enforced.explain(str(error)),
                        statement=sql,
                        where=f"{where}:{line}",
                    ) from None
                yield Result(columns, tuple(rows), self._connection.total_changes() - before)
        finally:
            rules.release(self._connection)


def _split(text: str, where: str) -> list[tuple[str, int]]:
    return [(statement.sql, statement.line) for statement in parse(text, where=where)]


def parse(text: str, *, where: str) -> list[Statement]:
    """The statements of a text.

    Raises:
        SqlError: A quote is never closed, or there is a NUL character.
    """
    from progy.sql.tokens import UnclosedQuoteError, statements

    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SqlError("a NUL character, which SQLite takes for the end", statement="", where=f"{where}:{line}")
    try:
        return statements(text)
    except UnclosedQuoteError as error:
        line = text.count("\n", 0, error.position) + 1
        excerpt = text[error.position :].split("\n", 1)[0]
        raise SqlError("a quote is never closed", statement=excerpt, where=f"{where}:{line}") from None


def _wait(attempts: int) -> bool:
    """Whether to try again for a lock. In steps, so that Ctrl-C is heard meanwhile."""
    time.sleep(_PAUSE)
    return attempts * _PAUSE < BUSY_SECONDS


_HINTS: dict[type[apsw.Error], str] = {
    apsw.NotADBError: "move the file away: it is no SQLite database",
    apsw.CorruptError: "move the file away, or restore it from a copy: it is damaged",
    apsw.BusyError: "another process is writing to it; try again when it is done",
    apsw.LockedError: "another process is writing to it; try again when it is done",
    apsw.FullError: "make room on the disk; nothing was changed",
    apsw.IOError: "look at the disk, and at the limit of a file's size; nothing was changed",
    apsw.ReadOnlyError: "make the file and its folder writable",
    apsw.CantOpenError: "look whether the path and its permissions are right",
}


@contextlib.contextmanager
def _reported(path: Path | None) -> Iterator[None]:
    """Turn what SQLite and the file system raise into one error that names the file."""
    try:
        yield
    except apsw.Error as error:
        hint = next((hint for kind, hint in _HINTS.items() if isinstance(error, kind)), None)
        raise DatabaseError(str(error), where=str(path) if path else None, hint=hint) from None
    except UnicodeDecodeError as error:
        raise DatabaseError(f"a text that isn't UTF-8: {error}", where=str(path) if path else None) from None
    except OSError as error:
        raise DatabaseError(error.strerror or str(error), where=str(path) if path else None) from None
