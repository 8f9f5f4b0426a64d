"""The keys of the models' tables, by their DDL: what names one row at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.schema.objects import fold
from progy.schema.parse import parse_index, parse_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.schema.models import Models
    from progy.schema.objects import Term

_Key = tuple[str, tuple["Term", ...]]
"""A table's name, and the key's terms."""


def unique_keys(models: Models) -> dict[str, list[tuple[str, ...]]]:
    """Each table's primary key, then its other unique keys by their columns; a key's columns in the key's order.

    Partial indexes and those over expressions name no row by columns alone, and are left out.
    """
    found: dict[str, dict[tuple[str, ...], None]] = {fold(model.table): {} for model in models.models}
    for table, terms in (*_primary_keys(models.ddl), *sorted(_uniques(models.ddl), key=_columns)):
        if fold(table) in found and all(term.is_column for term in terms):
            found[fold(table)][tuple(term.sql for term in terms)] = None
    return {model.table: list(found[fold(model.table)]) for model in models.models}


def _primary_keys(ddl: Iterable[str]) -> Iterator[_Key]:
    for sql in ddl:
        if sql.startswith("CREATE TABLE ") and (key := parse_table(sql).primary_key) is not None:
            yield parse_table(sql).name, key.terms


def _uniques(ddl: Iterable[str]) -> Iterator[_Key]:
    for sql in ddl:
        if sql.startswith("CREATE TABLE "):
            yield from ((parse_table(sql).name, unique.terms) for unique in parse_table(sql).uniques)
        elif sql.startswith("CREATE UNIQUE INDEX ") and (index := parse_index(sql)).where is None:
            yield index.table, index.terms


def _columns(key: _Key) -> list[str]:
    return [term.sql for term in key[1]]
