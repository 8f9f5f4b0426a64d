"""A local D1 database: the file that wrangler and workerd use."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from progy.d1.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from progy.d1.database import Result


class LocalDatabase:
    """A local file as a `progy.d1.database.Database`. A context manager that closes it.

    The file is opened when it is first needed. One that isn't there is read as an empty database, and made when
    something is written.
    """

    remote = False

    def __init__(self, path: Path, label: str = "DB (local)") -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: The file.
            label: What messages call the database.
        """
        self.path = path
        self.label = label
        self._reading = False

    def __enter__(self) -> Self:
        """The database itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file, if it was opened."""
        for name in ("connection", "_nothing"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()

    @cached_property
    def connection(self) -> Connection:
        """The open file; it is made when it isn't there.

        Raises:
            DatabaseError: It can't be opened, or is no database.
        """
        # A run that was killed as it began may have left an empty file.
        return Connection(self.path, create=not self.path.exists() or not self.path.stat().st_size)

    @cached_property
    def _nothing(self) -> Connection:
        return Connection()

    @property
    def size(self) -> int:
        """How large the file is, in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self, statements: Sequence[str]) -> list[Result]:
        """Run statements that write nothing, all at one moment.

        Raises:
            SqlError: One is refused.
            DatabaseError: The file can't be read.
        """
        connection = self._readable
        with contextlib.nullcontext() if self._reading else connection.transaction(writing=False):
            return connection.results_of(statements, where=self.label)

    @contextlib.contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Have all reads in the block see the file as it is now, whatever is written to it meanwhile.

        Raises:
            DatabaseError: The file can't be read.
        """
        with self._readable.transaction(writing=False):
            self._reading = True
            try:
                yield
            finally:
                self._reading = False

    @property
    def _readable(self) -> Connection:
        return self.connection if self.path.exists() else self._nothing

    def write(self, text: str, *, where: str) -> None:
        """Run the statements of a text as one transaction, under D1's rules: all or none.

        Raises:
            SqlError: One is refused, and none has an effect.
            DatabaseError: The file can't be written, or another process holds it too long.
        """
        self.execute(text, where=where)

    def execute(self, text: str, *, where: str) -> list[Result]:
        """Do what `write` does, and give what came of each statement.

        Raises:
            SqlError: One is refused, and none has an effect.
            DatabaseError: The file can't be written, or another process holds it too long.
        """
        with self.connection.transaction():
            return self.connection.results(text, where=where)
