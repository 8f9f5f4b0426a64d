"""Snapshots of a local database: copies of its file in a folder of progy's, the last few of them.

A snapshot is one file, and all that is known of it stands in the file's name: its number, the time, and what it was
taken before. It gets that name when it is whole; until then it is a part, which counts for nothing and is removed by
whoever comes next. Numbers say which is the newest: clocks go back.
"""

from __future__ import annotations

import contextlib
import filecmp
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from progy.errors import DatabaseError, UsageError
from progy.undo.ledgers import Applied, applied
from progy.undo.points import SNAPSHOT, Effect, Point, in_words, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from progy.d1.ledger import Ledger
    from progy.d1.local import LocalDatabase

MOST = 10
"""How many are kept."""

MOST_BYTES = 1 << 30
"""How large they may be together."""

_NAME = re.compile(rf"{SNAPSHOT}(?P<number>\d+)\.(?P<date>\d{{8}})T(?P<time>\d{{6}})Z\.(?P<before>.*)\.sqlite")
_BOOKMARK = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){2}-[0-9a-f]{32}")
"""Time Travel's (developers.cloudflare.com/d1/reference/time-travel)."""
_LONGEST = 120
"""Characters of a file's name that say what the snapshot was taken before; some file systems take 143 in all."""

_OWN_TABLES = "name LIKE 'sqlite\\_%' ESCAPE '\\' OR name LIKE '\\_cf\\_%' ESCAPE '\\'"
"""SQLite's and workerd's, which a database has that nobody has put a table into."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    number: int
    point: Point
    path: Path


class Snapshots:
    """The snapshots of one local database; a `progy.undo.points.Undo`."""

    def __init__(
        self, database: LocalDatabase, folder: Path, ledger: Ledger, *, warn: Callable[[str], None] = lambda _: None
    ) -> None:
        """Name the database and the folder; neither is touched yet.

        Args:
            database: The database.
            folder: Where its snapshots lie, and no other database's.
            ledger: The database's ledgers.
            warn: Is told when `checkpoint` makes no snapshot although there is something to lose.
        """
        self._database = database
        self._folder = folder
        self._ledger = ledger
        self._warn = warn

    def checkpoint(self, before: str, migrations: Sequence[str] | None = None) -> Point | None:
        """Take a snapshot of the present state.

        One that says the same of the same state, since what it was taken before has failed, is taken once.

        Args:
            before: What is about to be done, as `Point.before` has it.
            migrations: Isn't needed: the snapshot holds the ledger.

        Returns:
            The point; None when the file isn't there, has no tables, or is too large.

        Raises:
            DatabaseError: It can't be written; nothing half is left.
        """
        del migrations
        if not self._worth():
            return None
        with self._alone():
            point = self._take(before)
            self._forget()
        return point

    def points(self) -> list[Point]:
        """The snapshots there are, the newest first.

        Raises:
            DatabaseError: The folder can't be read.
        """
        return [one.point for one in self._all()]

    def unlisted(self, name: str) -> None:
        """None: a snapshot that isn't there can't be come back to.

        Raises:
            UsageError: It is a bookmark.
        """
        if _BOOKMARK.fullmatch(name):
            raise UsageError(
                f"{name} is a bookmark of a database on Cloudflare, and {self._database.label} has snapshots",
                hint="say which is meant with --remote or --preview",
            )

    def at(self, moment: datetime) -> Point:
        """No snapshot says how things were at a moment.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            f"{self._database.label} has snapshots, and no state of {in_words(moment)} UTC",
            hint="--at is for databases on Cloudflare; choose a snapshot from --list",
        )

    def obstacle(self) -> str | None:
        """Why `checkpoint` would make no snapshot of this database as it is, or None when it would."""
        return self._too_large() if self._has_tables() else f"{self._database.label} has no tables"

    def effect(self, point: Point) -> Effect:
        """The migrations that come off, and those that come back, by the snapshot's own ledger.

        Raises:
            DatabaseError: The snapshot is gone, or either ledger can't be read.
        """
        from progy.d1.local import LocalDatabase

        with LocalDatabase(self._path(point)) as then:
            before = _names(applied(then, self._ledger))
        present = _names(applied(self._database, self._ledger))
        return Effect(
            off=tuple(name for name in present if name not in before),
            back=tuple(name for name in before if name not in present),
        )

    def restore(self, point: Point, saved: Callable[[Point | None], None] = lambda _: None) -> Point | None:
        """Put what the snapshot holds into the database's file, as one transaction.

        The present state is saved first, with the write lock held, so that nothing written comes between.

        Args:
            point: The snapshot.
            saved: Is told the snapshot of the present state, if there is one, before anything is changed.

        Returns:
            The snapshot of the state just before; None when there was nothing, or it is too large.

        Raises:
            DatabaseError: The snapshot is gone, or something can't be written; the database is as it was.
        """
        from progy.undo import files

        with self._alone():
            with files.replacing(self._database.path, self._path(point)) as replace:
                undone = self._take(f"rollback to {point.name}") if self._worth() else None
                saved(undone)
                replace()
            self._forget()
        return undone

    def _worth(self) -> bool:
        """Whether there is something to come back to, and it isn't too large."""
        if not self._has_tables():
            return False
        obstacle = self._too_large()
        if obstacle:
            self._warn(f"no snapshot is taken: {obstacle}")
        return obstacle is None

    def _has_tables(self) -> bool:
        from progy.d1.connection import Connection

        if not self._database.path.exists():
            return False
        query = f"SELECT 1 FROM sqlite_schema WHERE type = 'table' AND NOT ({_OWN_TABLES}) LIMIT 1"  # noqa: S608 - a constant
        with Connection(self._database.path) as connection:
            return bool(connection.query(query))

    def _too_large(self) -> str | None:
        from progy.d1.connection import Connection

        with Connection(self._database.path) as connection:
            ((pages,),) = connection.query("PRAGMA page_count")
            ((page_size,),) = connection.query("PRAGMA page_size")
        if pages * page_size <= MOST_BYTES:
            return None
        size, most = in_bytes(pages * page_size), in_bytes(MOST_BYTES)
        return f"{self._database.label} is {size}: snapshots are limited to {most}"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Work in the folder while nobody else does, without what a process that was killed has left there."""
        from progy.undo import files

        with files.exclusive(self._folder):
            with files.reported(self._folder):
                for left in self._folder.glob("*.part*"):
                    left.unlink()
            yield

    def _take(self, before: str) -> Point:
        """Take the snapshot, in a folder that is locked."""
        from progy.undo import files

        newest = next(iter(self._all()), None)
        number = newest.number + 1 if newest else 1
        part = self._folder / f"{SNAPSHOT}{number}.part"
        try:
            files.copy(self._database.path, part)
            with files.reported(part):
                if newest and newest.point.before == before and filecmp.cmp(part, newest.path, shallow=False):
                    return newest.point
                part.rename(self._folder / _file_name(number, now(), before))
        finally:
            part.unlink(missing_ok=True)
        return self._all()[0].point

    def _forget(self) -> None:
        """Remove the oldest until the others are neither too many nor too large; the newest stays."""
        from progy.undo import files

        total = 0
        with files.reported(self._folder):
            for place, one in enumerate(self._all()):
                total += one.point.size or 0
                if place >= MOST or (place and total > MOST_BYTES):
                    one.path.unlink(missing_ok=True)

    def _path(self, point: Point) -> Path:
        """A snapshot's file.

        Raises:
            DatabaseError: It is gone.
        """
        for one in self._all():
            if one.point.name == point.name:
                return one.path
        raise DatabaseError(
            f"{point.name} is gone", where=str(self._folder), hint=f"the last {MOST} are kept; choose one from --list"
        )

    def _all(self) -> list[_Snapshot]:
        """The newest first."""
        from progy.undo import files

        with files.reported(self._folder):
            if not self._folder.is_dir():
                return []
            found = [one for path in self._folder.iterdir() if (one := _snapshot(path))]
        return sorted(found, key=lambda one: one.number, reverse=True)


def in_bytes(size: int) -> str:
    """A size as people read it: `640 kB`, `1.2 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{max(1, round(size / 1e3))} kB"


def _names(rows: list[Applied]) -> list[str]:
    return [row.name for row in rows]


def _file_name(number: int, at: str, before: str) -> str:
    stamp = at.replace("-", "").replace(":", "").replace(" ", "T")
    while len(quote(before, safe=" ")) > _LONGEST:
        before = before[:-1]
    return f"{SNAPSHOT}{number}.{stamp}Z.{quote(before, safe=' ')}.sqlite"


def _snapshot(path: Path) -> _Snapshot | None:
    """What a file's name says, when it is a snapshot's, and hasn't just been removed."""
    found = _NAME.fullmatch(path.name)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return None
    if not found:
        return None
    number, date, time, before = found.groups()
    at = f"{date[:4]}-{date[4:6]}-{date[6:]} {time[:2]}:{time[2:4]}:{time[4:]}"
    return _Snapshot(int(number), Point(f"{SNAPSHOT}{number}", at, unquote(before), size), path)
