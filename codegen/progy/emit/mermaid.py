"""Entity relationship diagrams in mermaid's language, as version 11 and GitHub read it.

mermaid's parser takes few characters in names, and they differ by place; so a name that it wouldn't take is written
with others, and a column then carries its real name as a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.schema.objects import Column, ForeignKey, Schema, Table

MAX_EDGES = 500
"""mermaid's `maxEdges`, which GitHub doesn't let a page raise."""
MAX_CHARACTERS = 50_000
"""mermaid's `maxTextSize`, likewise."""
_NAME_LENGTH = 60
# Neighbours stand below each other, since GitHub shrinks what is wider than a page; closer than mermaid's 140 pixels,
# which are meant for a row. `direction` is known since mermaid 11.5.
_HEAD = ("---", "config:", "  er:", "    nodeSpacing: 30", "---", "erDiagram", "  direction LR")

# A pair of tildes is a generic type to mermaid, in comments too.
_UNQUOTABLE = '"%\\<>#&;~'
_KEY_WORDS = frozenset({"pk", "fk", "uk"})


@dataclass(frozen=True, slots=True)
class Diagram:
    """A diagram's text, and how many references it leaves out because GitHub would refuse the whole."""

    text: str
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Edge:
    child: Table
    key: ForeignKey


def around(schema: Schema, table: Table) -> Diagram:
    """A table with all its columns, and the tables beside it with the columns that join them.

    Args:
        schema: The schema that has the table.
        table: The table in the middle.
    """
    outward = [_Edge(table, key) for key in table.foreign_keys]
    inward = [_Edge(child, key) for child, key in schema.referrers(table.name) if child is not table]
    return _within_limits(schema, [*outward, *inward], centre=table)


def overview(schema: Schema, tables: Sequence[Table]) -> Diagram:
    """Tables without their columns, and every reference from them, to tables outside too.

    Args:
        schema: The schema that has the tables.
        tables: The tables of a group.
    """
    edges = [_Edge(table, key) for table in tables for key in table.foreign_keys]
    return _within_limits(schema, edges, boxes=tables)


def marks(schema: Schema, table: Table, column: Column) -> list[str]:
    """Which keys a column is: `PK` and `FK` also as a part of one, `UK` when its values alone are unique."""
    name = fold(column.name)
    holds = {
        "PK": name in _key(table),
        "FK": any(name in map(fold, key.columns) for key in table.foreign_keys),
        "UK": any(terms == {name} for terms in _uniques(schema, table)),
    }
    return [mark for mark, held in holds.items() if held]


def _within_limits(
    schema: Schema, edges: Sequence[_Edge], *, centre: Table | None = None, boxes: Iterable[Table] = ()
) -> Diagram:
    drawn = min(len(edges), MAX_EDGES)
    while True:
        text = _draw(schema, edges[:drawn], centre=centre, boxes=boxes)
        if len(text) <= MAX_CHARACTERS or drawn == 0:
            return Diagram(text, left_out=len(edges) - drawn)
        drawn = min(drawn - 1, drawn * MAX_CHARACTERS // len(text))


def _draw(schema: Schema, edges: Sequence[_Edge], *, centre: Table | None, boxes: Iterable[Table]) -> str:
    labels = _Labels()
    lines = [*_HEAD]
    lines += [f"  {labels.of(table.name)}" for table in boxes]
    if centre is not None:
        lines += _entity(labels, schema, centre, [column.name for column in centre.columns])
        for neighbour, columns in _neighbours(schema, centre, edges).items():
            lines += _entity(labels, schema, schema.tables[neighbour], columns)
    for edge in edges:
        lines.append(f"  {_relation(labels, schema, edge)}")
    return "\n".join(lines) + "\n"


def _neighbours(schema: Schema, centre: Table, edges: Sequence[_Edge]) -> dict[str, list[str]]:
    """The other tables of the edges by folded name, each with the columns that matter here."""
    wanted: dict[str, set[str]] = {}
    for edge in edges:
        parent = schema.table(edge.key.table)
        if edge.child is not centre:
            wanted.setdefault(fold(edge.child.name), set()).update(map(fold, edge.key.columns))
        elif parent is not None and parent is not centre:
            wanted.setdefault(fold(parent.name), set()).update(map(fold, edge.key.references))
    return {
        name: [column.name for column in table.columns if fold(column.name) in columns | _key(table)]
        for name, columns in wanted.items()
        for table in [schema.tables[name]]
    }


def _key(table: Table) -> set[str]:
    return {fold(name) for name in table.primary_key.columns} if table.primary_key else set()


def _entity(labels: _Labels, schema: Schema, table: Table, columns: Iterable[str]) -> Iterator[str]:
    yield f"  {labels.of(table.name)} {{"
    for name in columns:
        column = table.column(name)
        if column is not None:
            yield f"    {_attribute(schema, table, column)}"
    yield "  }"


def _attribute(schema: Schema, table: Table, column: Column) -> str:
    word = _word(column.name)
    parts = [_type(column.type), word]
    marked = ", ".join(marks(schema, table, column))
    if marked:
        parts.append(marked)
    if word != column.name:
        parts.append(f'"{_quoted(column.name)}"')
    return " ".join(parts)


def _relation(labels: _Labels, schema: Schema, edge: _Edge) -> str:
    columns = [edge.child.column(name) for name in edge.key.columns]
    parent = "||" if all(column is not None and column.not_null for column in columns) else "o|"
    child = "|o" if _is_unique(schema, edge.child, edge.key) else "}o"
    label = _quoted(", ".join(edge.key.columns))
    return f'{labels.of(edge.child.name)} {child}--{parent} {labels.of(edge.key.table)} : "{label}"'


def _is_unique(schema: Schema, table: Table, key: ForeignKey) -> bool:
    """Whether at most one row can have the same values in the key's columns."""
    columns = {fold(name) for name in key.columns}
    return columns == _key(table) or columns in _uniques(schema, table)


def _uniques(schema: Schema, table: Table) -> list[set[str]]:
    """The folded names of the columns of each UNIQUE constraint and each whole unique index."""
    terms = [unique.terms for unique in table.uniques]
    terms += [index.terms for index in schema.indexes_of(table.name) if index.unique and index.where is None]
    return [{fold(term.sql) for term in each} for each in terms if all(term.is_column for term in each)]


class _Labels:
    """One quoted entity name for each table, also where mermaid would take two names for one."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}

    def of(self, table: str) -> str:
        name = fold(table)
        if name not in self._labels:
            label = plain = _quoted(table) or "_"
            number = 1
            while label in self._labels.values():
                number += 1
                label = f"{plain} {number}"
            self._labels[name] = label
        return f'"{self._labels[name]}"'


def _quoted(name: str) -> str:
    """The name as it may stand between double quotes."""
    kept = "".join(letter if letter.isprintable() and letter not in _UNQUOTABLE else "_" for letter in name)
    return _cut(kept.strip())


def _word(name: str) -> str:
    """The name as an attribute's."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not word or word[0].isdigit() or word.lower() in _KEY_WORDS:
        word = f"_{word}"
    return _cut(word)


def _type(name: str) -> str:
    """The declared type as an attribute's; `_` for none."""
    close = re.sub(r"\s*([(),])\s*", r"\1", name)
    if re.fullmatch(r"[A-Za-z]\w*(\(\w+(,\w+)*\))?", close, re.ASCII) and close.lower() not in _KEY_WORDS:
        return _cut(close)
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    return _cut(word if word[:1].isalpha() and word.lower() not in _KEY_WORDS else f"_{word}")


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 3]}___"
