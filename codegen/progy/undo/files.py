"""SQLite files copied while others use them, and a folder that one process at a time works in.

It brings apsw, and is imported by whoever is about to open a database anyway.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import apsw

from progy.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PATIENCE_SECONDS = 30.0
"""How long to wait for another process: one that copies a gibibyte, say."""

_PAUSE = 0.05

_PAGES = 2048
"""How many pages are copied at once, so that Ctrl-C is heard between: 8 MiB."""


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """A folder of progy's own, made when it isn't there, to work in alone. It ignores itself in git.

    The lock is SQLite's own, which every system takes back from a process that dies.

    Raises:
        DatabaseError: The folder can't be written, or another process works in it too long.
    """
    from progy.emit.outputs import write_atomically

    with reported(folder):
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            write_atomically(ignore, "*\n")
        lock = contextlib.closing(_open(folder / "lock", create=True))
    with lock as connection:
        with reported(folder):
            connection.execute("BEGIN EXCLUSIVE")
        yield


def copy(source: Path, target: Path) -> None:
    """Copy a database, as it is at one moment, into a new file that stands for itself, safely on disk.

    Others may read and write the source meanwhile.

    Raises:
        DatabaseError: The source can't be read, or the target can't be written; it may be there in part.
    """
    with (
        reported(target),
        contextlib.closing(_open(source)) as origin,
        contextlib.closing(_open(target, create=True)) as copied,
    ):
        # Nobody reads the target before it is whole: it needs neither a journal nor the disk's word for every page.
        copied.pragma("journal_mode", "off")
        copied.pragma("synchronous", "off")
        # The transaction keeps the moment: without it, a write by somebody else would make the copy begin anew.
        origin.execute("BEGIN")
        origin.execute("SELECT 1 FROM sqlite_schema").fetchone()  # what begins it is reading
        with copied.backup("main", origin, "main") as backup:
            while not backup.done:
                backup.step(_PAGES)
        # The source's mode came with its first page, and a file in WAL mode makes two others whenever it is opened.
        copied.pragma("journal_mode", "delete")
    with reported(target):
        _to_disk(target)


@contextlib.contextmanager
def replacing(live: Path, source: Path) -> Iterator[Callable[[], None]]:
    """Hold a database's write lock, and put another's content in the place of its own when told to, as one transaction.

    The file stays the file it is: others have it open. They read what it held before, or all of the new.

    Args:
        live: The database; it is made when it isn't there.
        source: The file with the content. Nobody writes to it.

    Yields:
        What replaces the content.

    Raises:
        DatabaseError: Either can't be read, or the lock can't be had; the database is as it was.
    """
    from progy.d1.connection import Connection

    # In WAL mode, which workerd gives every file, others go on reading, and so does whoever saves the present state.
    Connection(live, create=True).close()
    with contextlib.ExitStack() as stack:
        with reported(live):
            target = stack.enter_context(contextlib.closing(_open(live)))
            origin = stack.enter_context(contextlib.closing(_open(source)))
            page_size = target.pragma("page_size")
            if page_size != origin.pragma("page_size"):
                resized = stack.enter_context(_resized(origin, source, page_size))
                origin = stack.enter_context(contextlib.closing(_open(resized)))
            backup = target.backup("main", origin, "main")
            stack.callback(backup.close, force=True)  # what isn't whole by then is rolled back
            backup.step(0)

        def replace() -> None:
            with reported(live):
                while not backup.done:
                    backup.step(_PAGES)
                backup.finish()

        yield replace


@contextlib.contextmanager
def _resized(origin: apsw.Connection, source: Path, page_size: int) -> Iterator[Path]:
    """A copy with pages of another size: in WAL mode a database's can't be changed."""
    path = source.with_name(f"{source.name}.part")
    path.unlink(missing_ok=True)
    try:
        origin.pragma("page_size", page_size)
        # Unlike VACUUM, this keeps the rowids of tables that have no INTEGER PRIMARY KEY.
        origin.execute("VACUUM INTO ?", [str(path)])
        yield path
    finally:
        path.unlink(missing_ok=True)


def _open(path: Path, *, create: bool = False) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_handler(_wait)
    return connection


def _wait(attempts: int) -> bool:
    """Whether to try again for a lock."""
    time.sleep(_PAUSE)
    return attempts * _PAUSE < _PATIENCE_SECONDS


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


_FAULTS: dict[type[apsw.Error], tuple[str, str]] = {
    apsw.FullError: ("the disk is full", "make room on it"),
    apsw.IOError: ("it can't be read or written", "look whether the disk is full"),
    apsw.CantOpenError: ("it can't be opened", "make the file and its folder writable"),
    apsw.ReadOnlyError: ("it can't be written", "make the file and its folder writable"),
    apsw.BusyError: ("another process holds it", "try again when that is done"),
    apsw.LockedError: ("another process holds it", "try again when that is done"),
    apsw.CorruptError: ("it is damaged", "go back to another snapshot, or take another copy of the file"),
    apsw.NotADBError: ("it is damaged", "go back to another snapshot, or take another copy of the file"),
}
"""Messages of our own: SQLite's, when a copy fails, says "not an error"."""


@contextlib.contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into one error that names the path."""
    try:
        yield
    except apsw.Error as error:
        known = (said for kind, said in _FAULTS.items() if isinstance(error, kind))
        message, hint = next(known, (str(error), None))
        raise DatabaseError(message, where=str(path), hint=hint) from None
    except OSError as error:
        raise DatabaseError(
            error.strerror or str(error), where=str(path), hint="make room on the disk, and the folder writable"
        ) from None
