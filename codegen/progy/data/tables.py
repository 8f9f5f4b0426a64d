"""What a database holds: its schema with the texts it was made from, and how many rows each table has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.errors import UsageError
from progy.schema.inspect import schema_from_rows
from progy.schema.objects import fold
from progy.schema.query import SCHEMA_QUERY
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from progy.d1.database import Database
    from progy.schema.objects import Schema

_MOST_COUNTS = 90
"""How many tables one query counts: D1 gives a result 100 columns."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A database's schema, and the CREATE statement of each object as the database keeps it."""

    schema: Schema
    _texts: Mapping[tuple[str, str], str]

    def sql(self, kind: str, name: str) -> str:
        """An object's CREATE statement.

        Args:
            kind: `table` (also for virtual ones), `index`, `view` or `trigger`.
            name: Its name, in any case.
        """
        return self._texts[kind, fold(name)]


def contents(database: Database, *, ignore: Iterable[str] = ()) -> Contents:
    """Read what a database consists of.

    Args:
        database: The database.
        ignore: Names of tables to be left out with what belongs to them, the ledgers say.
    """
    [result] = database.read([SCHEMA_QUERY])
    rows = [(str(kind), str(name), str(table), str(sql)) for kind, name, table, sql in result.rows]
    return Contents(schema_from_rows(rows, ignore=ignore), {(kind, fold(name)): sql for kind, name, _, sql in rows})


def chosen(names: Sequence[str], known: Mapping[str, str], *, database: str) -> frozenset[str]:
    """The folded names of the tables that are named; of all when none is.

    Args:
        names: What the user names.
        known: The names there are, by their folded form.
        database: What messages call the database.

    Raises:
        UsageError: There is none of that name.
    """
    for name in names:
        if fold(name) not in known:
            raise UsageError(f"{database} has no table {name}", hint=_near(name, known.values()))
    return frozenset(map(fold, names)) or frozenset(known)


def _near(name: str, known: Collection[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"it has {', '.join(sorted(known))}" if known else "it has no tables"


def count_rows(database: Database, names: Iterable[str]) -> dict[str, int]:
    """How many rows each table has, by the names given; all counted at one moment."""
    ordered = list(names)
    groups = [ordered[at : at + _MOST_COUNTS] for at in range(0, len(ordered), _MOST_COUNTS)]
    selects = ["SELECT " + ", ".join(f"(SELECT count(*) FROM {quote(name)})" for name in group) for group in groups]  # noqa: S608 - quoted
    results = database.read(selects) if selects else []
    counts = [int(count) for result in results for count in result.rows[0]]
    return dict(zip(ordered, counts, strict=True))
