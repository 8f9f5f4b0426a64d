"""A table's rows, page by page: so many that a request is neither long nor one of thousands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from progy.data import values
from progy.data.values import LARGE, Large
from progy.errors import DatabaseError
from progy.plan.objects import columns_of
from progy.plan.values import rowid_of
from progy.schema import canonical
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.d1.database import Database
    from progy.schema.objects import Table, VirtualTable

PAGE: Final = 500_000
"""How many bytes of values a page has at most, unless its first row has more."""
_FIRST, _FEWEST, _MOST = 200, 16, 10_000
"""How many rows are looked at for a page: for the first, at least, at most."""
_PIECES = 8
"""How many pieces of a large value are fetched at once."""
_LONGEST_KEY = 20_000
"""In characters; a page after a longer key is found by counting rows."""

Row = list[str | Large]


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from.

    Args:
        name: The table.
        columns: What is read of each row: names of columns, or of the rowid.
        key: Expressions by which the rows are ordered, and no two are the same; empty when there are none.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place among a table's rows: so many behind a key, or behind the beginning."""

    after: tuple[str, ...] = ()
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, one behind the other, and the place of the first."""

    rows: list[Row]
    keys: list[tuple[str, ...]]
    """Each row's key as literals; empty where there is none, or it is long."""
    place: Place

    def next(self) -> Place:
        """The place behind the last row."""
        after = self.keys[-1]
        return Place(after) if after else Place(self.place.after, self.place.skip + len(self.rows))


def source_of(table: Table, *, rowid: bool) -> Source:
    """The rows of a table, without what is generated.

    Args:
        table: The table.
        rowid: Whether rowids are wanted where no column has them.
    """
    columns = tuple(column.name for column in table.columns if column.generated is None)
    alias = next((column.name for column in table.columns if canonical.is_rowid_alias(column, table)), None)
    name = alias or rowid_of(table)
    if name is None and table.without_rowid and table.primary_key:
        terms = table.primary_key.terms
        collations = [f" COLLATE {quote(term.collation)}" if term.collation else "" for term in terms]
        return Source(
            table.name, columns, tuple(quote(term.sql) + one for term, one in zip(terms, collations, strict=True))
        )
    if name is None:
        return Source(table.name, columns, ())
    return Source(table.name, (name, *columns) if rowid and alias is None else columns, (quote(name),))


def source_of_virtual(table: VirtualTable) -> Source:
    """The rows that a full-text or R-tree table holds itself."""
    columns = tuple(columns_of(table))
    if table.module == "fts5":
        return Source(table.name, ("rowid", *columns), ("rowid",))
    return Source(table.name, columns, (quote(columns[0]),))


def pages(database: Database, source: Source) -> Iterator[Page]:
    """The table's rows in the order of the key.

    Raises:
        ProgyError: They can't be read.
    """
    place, limit, width = Place(), _FIRST, len(source.key)
    while True:
        looked_at, fetched = _fetch(database, source, place, limit)
        if not fetched:
            return
        found = [[values.value(one) for one in row] for row in fetched]
        page = Page([row[width:] for row in found], [_key(row[:width]) for row in found], place)
        yield page
        if len(fetched) == looked_at < limit:
            return
        limit = min(limit * 4, _MOST) if len(fetched) == limit else max(len(fetched) * 2, _FEWEST)
        place = page.next()


def pieces(database: Database, source: Source, page: Page, at: int, column: int) -> Iterator[str]:
    """A large value's bytes as hexadecimal digits, in pieces of `LARGE` bytes.

    Args:
        database: The database.
        source: The rows' source.
        page: The page with the row.
        at: Which row of the page.
        column: Which column of the source.

    Raises:
        DatabaseError: The value isn't as large as it was.
    """
    found = page.rows[at][column]
    assert isinstance(found, Large)  # noqa: S101 - the caller has looked
    name = quote(source.columns[column])
    rest = _behind(source, Place(page.place.after, page.place.skip + at), "1")
    if page.keys[at]:
        rest = f" WHERE ({', '.join(source.key)}) = ({', '.join(page.keys[at])})"
    starts = range(1, found.size + 1, LARGE)
    left = found.size
    for first in range(0, len(starts), _PIECES):
        some = (f"hex(substr(CAST({name} AS BLOB), {start}, {LARGE}))" for start in starts[first : first + _PIECES])
        [result] = database.read([f"SELECT {', '.join(some)} FROM {quote(source.name)}{rest}"])  # noqa: S608 - quoted
        for piece in result.rows[0] if result.rows else ():
            left -= len(piece) // 2
            yield piece
    if left:
        raise DatabaseError(
            f"a row of {source.name} has been changed while it was read", hint="run it again when nothing is written"
        )


def _fetch(database: Database, source: Source, place: Place, limit: int) -> tuple[int, list[list[str]]]:
    """How many rows there are up to a limit, and as many of them as fit in a page: up to the one that makes it full."""
    table, columns = quote(source.name), [quote(name) for name in source.columns]
    selected = ", ".join(map(values.expression, [*source.key, *columns]))
    some = _behind(source, place, str(limit))
    sizes = f"SELECT {_sum([*map(values.size, columns)])} AS size FROM {table}{some}"  # noqa: S608 - quoted
    before = "sum(size) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    fitting = f"(SELECT count(*) FROM (SELECT {before} AS size FROM ({sizes})) WHERE ifnull(size, 0) < {PAGE})"  # noqa: S608 - made above
    [looked_at, result] = database.read(
        [
            f"SELECT count(*) FROM (SELECT 1 FROM {table}{some})",  # noqa: S608 - quoted
            f"SELECT {selected} FROM {table}{_behind(source, place, fitting)}",  # noqa: S608 - quoted
        ]
    )
    return int(looked_at.rows[0][0]), [list(row) for row in result.rows]


def _behind(source: Source, place: Place, limit: str) -> str:
    """The clauses that find the rows from a place on."""
    key = ", ".join(source.key)
    where = f" WHERE ({key}) > ({', '.join(place.after)})" if place.after else ""
    order = f" ORDER BY {key}" if key else ""
    return f"{where}{order} LIMIT {limit}" + (f" OFFSET {place.skip}" if place.skip else "")


def _key(found: Row) -> tuple[str, ...]:
    literals = tuple(one for one in found if isinstance(one, str))
    return literals if len(literals) == len(found) and sum(map(len, literals)) < _LONGEST_KEY else ()


def _sum(terms: list[str]) -> str:
    """A sum in parentheses: of 100 columns, one behind the other would be deeper than D1 allows."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({_sum(terms[:half])} + {_sum(terms[half:])})"
