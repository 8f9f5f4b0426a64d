"""Rows of a table that refers to itself, in an order in which each comes behind those it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.d1.database import Database
    from progy.data.pages import Page, Row, Source
    from progy.schema.objects import Table

_MOST_HELD: Final = 100_000
"""How many rows may wait for another at once."""


class Found(NamedTuple):
    """A row, and where it was found."""

    page: Page
    at: int

    @property
    def row(self) -> Row:
        """What it holds."""
        return self.page.rows[self.at]


class Link(NamedTuple):
    """A table's reference to itself: places in a row."""

    columns: tuple[int, ...]
    references: tuple[int, ...]


def links(table: Table, source: Source) -> list[Link]:
    """The table's references to itself."""
    places = {fold(name): at for at, name in enumerate(source.columns)}
    found: list[Link] = []
    for key in table.foreign_keys:
        primary = table.primary_key.columns if table.primary_key else ()
        references = [places[fold(name)] for name in key.references or primary if fold(name) in places]
        columns = [places[fold(name)] for name in key.columns if fold(name) in places]
        if fold(key.table) == fold(table.name) and len(columns) == len(references) == len(key.columns):
            found.append(Link(tuple(columns), tuple(references)))
    return found


def is_needed(database: Database, source: Source, found: Sequence[Link]) -> bool:
    """Whether a row refers to one that comes behind it in the order of the source's key.

    Raises:
        ProgyError: The database can't be read.
    """
    if not found or not source.key:
        return bool(found)
    name = quote(source.name)
    one, other = (", ".join(f"{side}.{key}" for key in source.key) for side in ("parent", "child"))
    tests = []
    for link in found:
        pairs = zip(link.columns, link.references, strict=True)
        same = " AND ".join(
            f"parent.{quote(source.columns[theirs])} = child.{quote(source.columns[ours])}" for ours, theirs in pairs
        )
        both = f"{name} AS child JOIN {name} AS parent ON {same}"
        tests.append(f"SELECT EXISTS (SELECT 1 FROM {both} WHERE ({one}) > ({other}))")  # noqa: S608 - quoted
    return any(result.rows[0][0] for result in database.read(tests))


def parents_first(rows: Iterable[Found], found: Sequence[Link]) -> Iterator[Found]:
    """The rows, each behind those it refers to, as far as that can be.

    What refers to itself in a circle comes last. So does what waits when too many do: references are checked at the end
    of a transaction, and the order matters only where it takes several to insert them all.
    """
    waiting = _Waiting(found)
    remaining = iter(rows)
    for row in remaining:
        yield from waiting.add(row)
        if waiting.count > _MOST_HELD:
            break
    yield from waiting.rest()
    yield from remaining


class _Waiting:
    """The rows that wait for others, by what they wait for."""

    def __init__(self, found: Sequence[Link]) -> None:
        self._links = found
        self._seen: list[set[tuple[object, ...]]] = [set() for _ in found]
        self._rows: dict[tuple[int, tuple[object, ...]], list[Found]] = {}
        self.count = 0

    def add(self, row: Found) -> Iterator[Found]:
        """The row and those that waited for it; nothing when it has to wait itself."""
        free = [row]
        while free:
            one = free.pop()
            missing = self._missing(one.row)
            if missing is not None:
                self._rows.setdefault(missing, []).append(one)
                self.count += 1
                continue
            yield one
            for number, link in enumerate(self._links):
                value = tuple(one.row[place] for place in link.references)
                self._seen[number].add(value)
                freed = self._rows.pop((number, value), [])
                self.count -= len(freed)
                free += reversed(freed)

    def _missing(self, row: Row) -> tuple[int, tuple[object, ...]] | None:
        """What the row refers to and hasn't come yet."""
        for number, link in enumerate(self._links):
            value = tuple(row[place] for place in link.columns)
            own = tuple(row[place] for place in link.references)
            if "NULL" not in value and value != own and value not in self._seen[number]:
                return number, value
        return None

    def rest(self) -> Iterator[Found]:
        """What still waits."""
        for rows in self._rows.values():
            yield from rows
