"""Which tables are meant: by their names, or by patterns with `*`, `?` and `[…]`, whatever the case."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.schema.objects import Schema


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a table is one of those that are named, or fits one of the patterns."""
    folded = fold(name)
    return any(folded == fold(one) or fnmatchcase(folded, fold(one)) for one in patterns)


def names_of(schema: Schema) -> Iterator[str]:
    """The names of the tables, virtual tables and views."""
    for found in (schema.tables, schema.virtual_tables, schema.views):
        yield from (one.name for one in found.values())


def without(schema: Schema, patterns: Sequence[str]) -> Schema:
    """The schema without the tables, virtual tables and views that the patterns mean, and what belongs to them."""
    if not patterns:
        return schema
    return replace(
        schema,
        tables={key: one for key, one in schema.tables.items() if not matches(one.name, patterns)},
        virtual_tables={key: one for key, one in schema.virtual_tables.items() if not matches(one.name, patterns)},
        views={key: one for key, one in schema.views.items() if not matches(one.name, patterns)},
        indexes={key: one for key, one in schema.indexes.items() if not matches(one.table, patterns)},
        triggers={key: one for key, one in schema.triggers.items() if not matches(one.table, patterns)},
    )
