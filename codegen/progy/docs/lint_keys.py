"""The rules about references, keys and indexes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.docs.remarks import Remark, kind, listed
from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.docs.catalogue import Catalogue, Column, Entity, Relation
    from progy.schema.objects import Index

_Terms = tuple[tuple[str, str | None, bool], ...]
"""Terms of a key or an index, as they are compared."""


@dataclass(frozen=True, slots=True)
class _Serving:
    """A key or an index that may serve in another's place."""

    terms: _Terms
    what: str
    unique: bool
    stays: bool
    """Whether it is the one to stay when the other is the same."""


def references(catalogue: Catalogue) -> Iterator[Remark]:
    """What is wrong with the references there are, and where one seems to be missing."""
    tables = {fold(entity.name): entity for entity in catalogue.entities if entity.kind == "table"}
    named = _by_singular(tables)
    for entity in tables.values():
        declared = catalogue.parents(entity.name)
        yield from _declared(declared, entity, tables)
        taken = {fold(name) for one in declared for name in one.columns}
        for column in entity.columns:
            parent = None if fold(column.name) in taken else _implied(column, entity, named, tables)
            if parent:
                parent_entity, key = parent
                what = f"{entity.name}.{column.name} seems to refer to {parent_entity.name} ({key.name}), and no "
                yield Remark(
                    "PD711",
                    f"{what}foreign key says so",
                    entity.name,
                    column.name,
                    f'foreign_key="{parent_entity.name}.{key.name}" in the model, '
                    f"or REFERENCES {quote(parent_entity.name)} ({quote(key.name)})",
                    other=parent_entity.name,
                )


def _declared(relations: Sequence[Relation], entity: Entity, tables: Mapping[str, Entity]) -> Iterator[Remark]:
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for one in relations:
        pairs = list(zip(one.columns, one.parent_columns, strict=False))
        which = (fold(one.parent), frozenset((fold(ours), fold(theirs)) for ours, theirs in pairs))
        if which in seen:
            what = f"{entity.name} ({', '.join(one.columns)}) refers to {one.parent} twice over"
            yield Remark("PD712", what, entity.name, one.columns[0], "one foreign key is enough")
        seen.add(which)
        parent = tables.get(fold(one.parent))
        for ours, theirs in pairs:
            column, key = entity.column(ours), parent.column(theirs) if parent else None
            if column and key and kind(column.type) != kind(key.type):
                what = f"{entity.name}.{column.name} is {column.type or 'of no type'} and refers to "
                what += f"{one.parent}.{key.name}, which is {key.type or 'of no type'}"
                yield Remark("PD713", what, entity.name, column.name, "give both the same type")


_SUFFIX = re.compile(r"(.+?)_(?:id|uuid|fk)")


def _implied(
    column: Column, entity: Entity, named: Mapping[str, list[Entity]], tables: Mapping[str, Entity]
) -> tuple[Entity, Column] | None:
    """The table and its key that a column is named after, if its type is that key's; never its own table's."""
    match = _SUFFIX.fullmatch(_snake(column.name))
    if match is None or any(_snake(other.name) == f"{match[1]}_type" for other in entity.columns):
        return None  # `owner_type` beside `owner_id` says of which table each row is
    exact = named.get(match[1], [])
    of_family = [one for name, found in named.items() if name.endswith(f"_{match[1]}") for one in found]
    same_key = [one for one in tables.values() if (key := _key(one)) and fold(key.name) == fold(column.name)]
    for candidates in (exact, of_family, same_key):
        if entity in candidates or len(candidates) > 1:
            return None  # an id of its own, or nobody knows whose
        key = _key(candidates[0]) if candidates else None
        if key is not None:
            return (candidates[0], key) if kind(key.type) == kind(column.type) else None
    return None


def _key(entity: Entity) -> Column | None:
    """A table's primary key of one column."""
    keys = [column for column in entity.columns if column.primary]
    return keys[0] if len(keys) == 1 else None


def _by_singular(tables: Mapping[str, Entity]) -> dict[str, list[Entity]]:
    found: dict[str, list[Entity]] = {}
    for entity in tables.values():
        for name in _singulars(_snake(entity.name)):
            found.setdefault(name, []).append(entity)
    return found


def _singulars(name: str) -> set[str]:
    """The name and what may be its singular: `boxes` gives `boxe` and `box`."""
    endings = (("ies", "y"), ("es", ""), ("s", ""))
    return {name} | {name.removesuffix(end) + new for end, new in endings if name.endswith(end) and name != end}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def of_table(entity: Entity) -> Iterator[Remark]:
    """What is wrong with a table's unique keys and its indexes."""
    for columns, what in _unique_keys(entity):
        empty = [name for name in columns if (column := entity.column(name)) and column.nullable]
        if len(columns) > 1 and empty:
            told = f"{what} of {entity.name} doesn't hold for rows with NULL in {listed(empty, 'or')}"
            hint = "NOT NULL, or unique indexes WHERE it IS NULL and WHERE it IS NOT NULL"
            yield Remark("PD731", f"{told}: to SQLite no two NULLs are the same", entity.name, empty[0], hint)
    for index, other in _redundant(entity):
        told = f"the index {index.name} on {entity.name} is of no use beside {other}"
        yield Remark("PD732", told, entity.name, hint=f"DROP INDEX {quote(index.name)};")


def _unique_keys(entity: Entity) -> Iterator[tuple[Sequence[str], str]]:
    for one in entity.constraints:
        if one.kind == "UNIQUE":
            yield one.columns, one.definition
    for index in entity.indexes:
        if index.unique and index.where is None and all(term.is_column for term in index.terms):
            yield [term.sql for term in index.terms], f"the unique index {index.name}"


def _redundant(entity: Entity) -> Iterator[tuple[Index, str]]:
    """Indexes that begin another one, which serves as well; a unique one only if it is wholly the same.

    Of two that are the same the later by name goes.
    """
    keys = [
        _Serving(tuple((fold(name), None, False) for name in one.columns), one.definition, unique=True, stays=True)
        for one in entity.constraints
        # One with a collation of its own doesn't serve what compares as the column does.
        if one.kind in {"PRIMARY KEY", "UNIQUE"} and " COLLATE " not in one.definition
    ]
    whole = [index for index in entity.indexes if index.where is None]
    for at, index in enumerate(whole):
        mine = _terms(index)
        others = [
            _Serving(_terms(other), other.name, other.unique, stays=(not other.unique, place) < (not index.unique, at))
            for place, other in enumerate(whole)
            if place != at
        ]
        for other in (*keys, *others):
            same = other.terms == mine and other.stays and (other.unique or not index.unique)
            longer = len(other.terms) > len(mine) and other.terms[: len(mine)] == mine and not index.unique
            if same or longer:
                yield index, other.what
                break


def _terms(index: Index) -> _Terms:
    return tuple(
        (fold(term.sql) if term.is_column else f"({term.sql})", fold(term.collation or "") or None, term.descending)
        for term in index.terms
    )
