"""What a migration deletes: said by the file itself, or seen in its statements.

A table or column that goes while another takes its name, filled from it, is no loss: so rebuilds and column swaps read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.migrations.operations import (
    AddColumn,
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    RenameColumn,
    RenameTable,
    Update,
    operation,
)
from progy.plan.objects import holds_rows
from progy.schema.objects import fold
from progy.sql.tokens import UnclosedQuoteError, statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from progy.migrations.operations import Operation
    from progy.schema.objects import Schema

_EMPTIES = "drops and makes again, without its rows, the table"

_MARK = re.compile(r"--[ \t]*data loss:[ \t]*(.*?)[ \t\r]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Loss:
    """Rows or values that a migration deletes."""

    line: int
    """Where it is said or done, from 1."""
    what: str
    """`drops the column users.bio and its values`."""
    by: DropTable | DropColumn | Delete | Insert | Update | None = None
    """The statement that does it; None when a comment says it."""
    names: tuple[str, ...] = ()
    """What it is about, by the name it had when the file began and by the one it has then."""


def losses(text: str, schema: Schema | None = None) -> list[Loss]:
    """What a migration deletes, by line.

    Args:
        text: The migration.
        schema: The schema it is run on, where that is known: a generated column has no values of its own.

    Returns:
        What its comments `-- data loss: …` say, and what its statements do that no such comment speaks of.
        A text that can't be split into statements deletes nothing: nobody can run it.
    """
    try:
        found = [(one.line, did) for one in statements(text) if (did := operation(one.sql)) is not None]
    except UnclosedQuoteError:
        return []
    marks = _marks(text)
    done = [loss for loss in _done(found, schema) if not any(_is_about(mark.what, loss) for mark in marks)]
    return sorted([*marks, *done], key=lambda loss: loss.line)


def _marks(text: str) -> list[Loss]:
    """The comments at the top of the file: behind the first statement nobody looks for them."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("--"):
            break
        mark = _MARK.fullmatch(stripped)
        if mark:
            found.append(Loss(number, mark[1] or "not said what"))
    return found


def _is_about(said: str, loss: Loss) -> bool:
    """Whether a comment speaks of what is lost, by a name it has or had: `users`, or `users.bio`.

    Of a table that comes back it may speak by its columns.
    """
    return mentions(said, *loss.names, columns=loss.what.startswith(_EMPTIES))


def mentions(said: str, *names: str, columns: bool = False) -> bool:
    """Whether a comment speaks of one of these tables, or columns as `users.bio`.

    Args:
        said: What the comment says.
        names: The names.
        columns: Whether a table is spoken of by its columns, too.
    """
    behind = r"(?!\w)" if columns else r"(?!\.?\w)"
    choice = "|".join(re.escape(_in_comment(name)) for name in names)
    return re.search(rf"(?<![\w.])(?:{choice}){behind}", _in_comment(said)) is not None


def _in_comment(text: str) -> str:
    """The text as it stands in a comment, which holds no semicolon and is one line; folded."""
    return fold(" ".join(text.replace(";", ",").split()))


def _done(found: Sequence[tuple[int, Operation]], schema: Schema | None) -> Iterable[Loss]:
    """What the statements delete."""
    story = _Story(schema)
    for line, did in found:
        story.tell(line, did)
    for loss, places in story.doubtful:
        if any(story.is_made(place) for place in places):
            continue
        back = isinstance(loss.by, DropTable) and story.is_made(_Place(fold(loss.by.table)))
        yield replace(loss, what=f"{_EMPTIES} {loss.names[0]}") if back else loss


@dataclass(frozen=True, slots=True)
class _Place:
    """Where somebody looks for rows or values: the folded name of a table, and of a column."""

    table: str
    column: str | None = None


class _Story:
    """A file's tables and columns by the folded names they have at the moment, followed through it."""

    def __init__(self, schema: Schema | None) -> None:
        self.schema = schema
        self.doubtful: list[tuple[Loss, list[_Place]]] = []
        """Losses, each with the places that excuse it when something the file has made is there in the end."""
        self._tables: dict[str, str | None] = {}
        """What a table was called when the file began, as written; None for one that the file made."""
        self._columns: dict[tuple[str, str], str | None] = {}
        """The same for columns."""
        self._gone: set[_Place] = set()
        self._copied: set[str] = set()
        """Tables whose rows have been read into another."""
        self._read: set[tuple[str, str]] = set()
        """Columns whose values have been read into another of the same table."""

    def tell(self, line: int, did: Operation) -> None:
        match did:
            case CreateTable():
                self._tables[fold(did.table)] = None
                self._gone.discard(_Place(fold(did.table)))
                self._copied |= did.reads
            case Insert():
                self._copied |= did.reads - {fold(did.table)}
                self._replace(line, did)
            case Update():
                self._read |= {(fold(did.table), word) for word in did.words}
                self._replace(line, did)
            case RenameTable():
                self._rename_table(did)
            case AddColumn():
                self._columns[fold(did.table), fold(did.column)] = None
                self._gone.discard(_Place(fold(did.table), fold(did.column)))
            case RenameColumn():
                self._rename_column(did)
            case DropTable():
                self._drop_table(line, did)
            case DropColumn():
                self._drop_column(line, did)
            case Delete() if self._was(did.table) is not None and not self._is_derived(did.table):
                rows = "rows" if did.some else "all rows"
                self.doubtful.append((Loss(line, f"deletes {rows} of {did.table}", did, (did.table,)), []))
            case _:
                pass

    def is_made(self, place: _Place) -> bool:
        """Whether, in the end, something is there that the file made."""
        if place in self._gone:
            return False
        if place.column is None or self._was(place.table) is None:
            return self._was(place.table) is None
        return self._columns.get((place.table, place.column), place.column) is None

    def _was(self, table: str) -> str | None:
        return self._tables.get(fold(table), table)

    def _rename_table(self, did: RenameTable) -> None:
        old, new = fold(did.table), fold(did.new)
        was = self._was(did.table)
        self._tables.pop(old, None)
        self._tables[new] = was
        self._columns = {(new if table == old else table, name): at for (table, name), at in self._columns.items()}
        self._read = {(new if table == old else table, name) for table, name in self._read}
        self._copied = {new if table == old else table for table in self._copied}
        for _, places in self.doubtful:
            places[:] = [_Place(new, one.column) if one.column and one.table == old else one for one in places]
        self._gone.add(_Place(old))
        self._gone.discard(_Place(new))

    def _rename_column(self, did: RenameColumn) -> None:
        table, old, new = fold(did.table), fold(did.column), fold(did.new)
        was = self._columns.pop((table, old), did.column)
        self._columns[table, new] = was
        if (table, old) in self._read:
            self._read.add((table, new))
        self._gone.add(_Place(table, old))
        self._gone.discard(_Place(table, new))

    def _drop_table(self, line: int, did: DropTable) -> None:
        table, was = fold(did.table), self._was(did.table)
        self._gone.add(_Place(table))
        self._tables.pop(table, None)
        self._columns = {key: at for key, at in self._columns.items() if key[0] != table}
        if was is not None and not self._is_derived(was):
            places = [_Place(fold(was)), _Place(table)] if table in self._copied else []
            self.doubtful.append((Loss(line, f"drops the table {was} and its rows", did, (was, did.table)), places))

    def _drop_column(self, line: int, did: DropColumn) -> None:
        table, column = fold(did.table), fold(did.column)
        of, was = self._was(did.table), self._columns.pop((table, column), did.column)
        self._gone.add(_Place(table, column))
        if of is None or was is None or self._is_generated(of, was):
            return
        places = [_Place(table, fold(was)), _Place(table, column)] if (table, column) in self._read else []
        names = tuple(f"{a}.{b}" for a in (of, did.table) for b in (was, did.column))
        self.doubtful.append((Loss(line, f"drops the column {names[0]} and its values", did, names), places))

    def _replace(self, line: int, did: Insert | Update) -> None:
        was = self._was(did.table)
        if did.replaces and was is not None and not self._is_derived(was):
            self.doubtful.append((Loss(line, f"may replace rows of {did.table}", did, (was, did.table)), []))

    def _is_derived(self, table: str) -> bool:
        """Whether it has no rows of its own: a view, a virtual table over others, SQLite's own counters."""
        if fold(table) == "sqlite_sequence" or (self.schema is not None and fold(table) in self.schema.views):
            return True
        known = self.schema.virtual_tables.get(fold(table)) if self.schema is not None else None
        return known is not None and not holds_rows(known)

    def _is_generated(self, table: str, column: str) -> bool:
        known = self.schema.table(table) if self.schema is not None else None
        found = known.column(column) if known is not None else None
        return found is not None and found.generated is not None
