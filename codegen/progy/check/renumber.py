"""Giving new migrations the next free numbers, where a merge has put two in one place."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from progy.check.history import top, twice
from progy.d1.look import read_ledger
from progy.errors import DatabaseError, ProgyError
from progy.migrations.directory import leading_number, order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from progy.d1.ledger import Ledger


def renames(here: Sequence[str], elsewhere: Sequence[str]) -> list[tuple[str, str]]:
    """Which files or folders directly in the directory get which names.

    What moves goes behind everything else and keeps its order: the first that stands in the wrong place, and every
    migration behind it that may move, since it may build on it.

    Args:
        here: The migrations' names, in order.
        elsewhere: Those of the branch to compare with, which stay as they are.
    """
    fixed = set(elsewhere)
    free = [name for name in here if name not in fixed]
    numbers = [number for name in {*here, *elsewhere} if (number := leading_number(name)) is not None]
    wrong = [name for name in free if _is_wrong(name, here, elsewhere)]
    if not wrong:
        return []
    moving = list(dict.fromkeys(top(name) for name in free if order(name) >= order(wrong[0])))
    stuck = {top(name) for name in fixed}
    found = []
    following = max(numbers) + 1
    for old in moving:
        if old not in stuck and leading_number(old) is not None:
            found.append((old, _numbered(old, following)))
            following += 1
    return found


def rename(folder: Path, found: Sequence[tuple[str, str]], database: Path, ledger: Ledger) -> set[str]:
    """Rename files or folders, and in the local database's ledger those that it has: all of it or nothing.

    Args:
        folder: The directory of migrations.
        found: The old and the new names.
        database: The local database's file, which needn't exist.
        ledger: Its ledger.

    Returns:
        The old names that the ledger had.

    Raises:
        ProgyError: There is something of that name, the directory can't be written, or the ledger has both names.
        DatabaseError: The database can't be read or written.
    """
    try:
        rows = _rows(found, [row.name for row in read_ledger(database, ledger)])
        with _renamed(folder, found):
            if rows:
                _enter(rows, database, ledger)
    except DatabaseError as error:
        raise DatabaseError(f"nothing was renamed: {error.message}", where=error.where, hint=error.hint) from None
    return {top(old) for old, _ in rows}


def _rows(found: Sequence[tuple[str, str]], applied: Sequence[str]) -> list[tuple[str, str]]:
    """The old and new names of the migrations that the ledger has: what lies in a renamed folder, too."""
    becomes = dict(found)
    rows = [(name, becomes[top(name)] + name.removeprefix(top(name))) for name in applied if top(name) in becomes]
    for old, new in rows:
        if new in applied:
            raise ProgyError(
                f"nothing was renamed: {old} would be called {new}, and the local database has both applied",
                hint="see them with: progy status",
            )
    return rows


def _enter(rows: Sequence[tuple[str, str]], database: Path, ledger: Ledger) -> None:
    from progy.d1.connection import Connection

    with Connection(database) as connection, connection.transaction():
        for statement in ledger.rename_sql(dict(rows), companion=connection.has_table(ledger.companion)):
            connection.query(statement)


@contextlib.contextmanager
def _renamed(folder: Path, found: Sequence[tuple[str, str]]) -> Iterator[None]:
    """Rename files or folders, and back on any exception."""
    done: list[tuple[Path, Path]] = []
    try:
        for old, new in found:
            _rename(folder, old, new)
            done.append((folder / old, folder / new))
        yield
    except BaseException:
        for before, after in reversed(done):
            after.rename(before)
        raise


def _rename(folder: Path, old: str, new: str) -> None:
    if (folder / new).exists():
        raise ProgyError(f"{old} can't be called {new}: there is one already", where=str(folder))
    try:
        (folder / old).rename(folder / new)
    except OSError as error:
        raise ProgyError(f"can't be renamed to {new}: {error.strerror}", where=str(folder / old)) from None


def _is_wrong(name: str, here: Sequence[str], elsewhere: Sequence[str]) -> bool:
    """Whether it shares its number with one that stays or comes first, or stands before one of the other branch."""
    if any(order(one) > order(name) and top(one) != top(name) for one in elsewhere):
        return True
    names = sorted({*here, *elsewhere}, key=order)
    group = twice(names).get(leading_number(name) or 0, []) if leading_number(name) is not None else []
    others = [one for one in group if top(one) != top(name)]
    return any(one in elsewhere or order(one) < order(name) for one in others)


def _numbered(name: str, number: int) -> str:
    """The name with another number, as wide as the old one."""
    return re.sub(r"\d+", lambda old: f"{number:0{len(old[0])}d}", name, count=1)
