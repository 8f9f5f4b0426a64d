"""Migrations whose files have other names than when they were applied: a merge has numbered them anew, say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.look import Look
    from progy.migrations.directory import Migration


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a file's row in the ledger is."""

    was: str
    """The name it has there."""
    same: bool
    """Whether it is the same file, by checksum; else it is by the name behind the number."""


def moved(migrations: Sequence[Migration], found: Look) -> dict[str, Moved]:
    """The files that were applied under other names, by their names.

    A row belongs to one file. By checksum a file may have a row whose name another file has now, if that isn't what was
    applied; by its name alone only a row that no file has any more.

    Args:
        migrations: The migrations that there are.
        found: The database.

    Raises:
        ProgyError: A migration's file can't be read.
    """
    applied = [row.name for row in found.rows]
    checksums = {record.name: record.checksum for record in found.records}
    files = {migration.name: migration for migration in migrations}
    astray = [name for name in applied if not _is_at_home(files.get(name), checksums.get(name))]
    result: dict[str, Moved] = {}
    if not astray:
        return result
    settled = {*applied} - {*astray}
    looking = [migration for migration in migrations if migration.name not in settled]
    for migration in looking:
        was = next((name for name in astray if checksums.get(name) == migration.checksum), None)
        if was is not None:
            astray.remove(was)
            result[migration.name] = Moved(was, same=True)
    gone = [name for name in astray if name not in files]
    for migration in looking:
        if migration.name in result or migration.name in applied or migration.name in checksums:
            continue
        was = next((name for name in gone if _behind_number(name) == _behind_number(migration.name)), None)
        if was is not None:
            gone.remove(was)
            result[migration.name] = Moved(was, same=False)
    return result


def _is_at_home(file: Migration | None, checksum: str | None) -> bool:
    """Whether the file of a row's name may be what was applied."""
    return file is not None and checksum in {None, file.checksum}


def _behind_number(name: str) -> str:
    """A name without its number, which is what changes when migrations are numbered anew; itself, if it is a number."""
    rest = re.sub(r"\d+", "", name, count=1)
    return rest if re.search(r"\w", rest.removesuffix(".sql")) else name
