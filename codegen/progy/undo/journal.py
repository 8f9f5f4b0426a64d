"""What this machine did to remote databases, and the bookmarks taken before: a file of lines, each a JSON object.

Cloudflare keeps a database's past and no word of what happened in it, and progy's ledger in the database knows its
applies only, and goes back with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from progy.undo.points import Point

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST = 200
"""How many lines are kept, of all databases together."""


class Journal:
    """The file; it is made when the first line is written."""

    def __init__(self, path: Path) -> None:
        """Name the file, in a folder of progy's own."""
        self._path = path

    def points(self, database: str) -> list[Point]:
        """What was done to a database, the oldest first. A line that can't be read isn't there.

        Args:
            database: Its id.

        Raises:
            DatabaseError: The file is there and can't be read.
        """
        return [point for line in self._lines() if (point := _point_of(database, line))]

    def migrations(self, database: str, bookmark: str) -> tuple[str, ...] | None:
        """The migrations that a database had at a bookmark; None where nobody has noted them.

        Args:
            database: Its id.
            bookmark: The bookmark.

        Raises:
            DatabaseError: The file is there and can't be read.
        """
        for entry in map(_entry, reversed(self._lines())):
            if entry and (entry.get("database"), entry.get("bookmark")) == (database, bookmark):
                noted = entry.get("migrations")
                if isinstance(noted, list):
                    return tuple(map(str, noted))
        return None

    def owners(self) -> dict[str, set[str]]:
        """The databases that each bookmark is one of, by their ids.

        Raises:
            DatabaseError: The file is there and can't be read.
        """
        found: dict[str, set[str]] = {}
        for entry in map(_entry, self._lines()):
            if entry and (point := _point(entry)):
                found.setdefault(point.name, set()).add(str(entry.get("database")))
        return found

    def add(
        self,
        database: str,
        point: Point,
        migrations: Sequence[str] | None = None,
        *,
        instead_of: Point | None = None,
    ) -> None:
        """Write a line.

        Args:
            database: The database's id.
            point: The state before what is about to be done.
            migrations: Those that it has in that state, where they are known.
            instead_of: A point that is known better now; its lines go.

        Raises:
            DatabaseError: The file can't be written; it is as it was.
        """
        noted = {} if migrations is None else {"migrations": list(migrations)}
        entry = {"database": database, "at": point.at, "before": point.before, "bookmark": point.name, **noted}
        self._change(database, instead_of, [json.dumps(entry, ensure_ascii=False)])

    def remove(self, database: str, point: Point) -> None:
        """Take a point's lines out: nothing was done after it.

        Raises:
            DatabaseError: The file can't be written; it is as it was.
        """
        self._change(database, point, [])

    def _change(self, database: str, removed: Point | None, added: list[str]) -> None:
        from progy.emit.outputs import write_atomically
        from progy.undo import files

        with files.exclusive(self._path.parent):
            kept = [line for line in self._lines() if not removed or _point_of(database, line) != removed]
            with files.reported(self._path):
                write_atomically(self._path, "".join(f"{line}\n" for line in [*kept, *added][-MOST:]))

    def _lines(self) -> list[str]:
        from progy.undo import files

        with files.reported(self._path):
            try:
                return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
            except FileNotFoundError:
                return []


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _point_of(database: str, line: str) -> Point | None:
    """The point that a line tells of, when it is one of that database."""
    entry = _entry(line)
    return _point(entry) if entry and entry.get("database") == database else None


def _point(entry: dict[str, Any]) -> Point | None:
    match entry:
        case {"bookmark": str(name), "at": str(at), "before": str(before)} if name:
            return Point(name, at, before)
    return None
