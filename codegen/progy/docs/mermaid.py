"""Entity relationship diagrams in mermaid's language, as version 11 and GitHub read it.

mermaid's parser takes few characters in names, and they differ by place. Within quotes what it wouldn't take is written
by its number, `#34;`, and drawn as what it is. A column's name can't be quoted: where it would be drawn as another, the
real one stands beside it as a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from progy.docs.catalogue import Catalogue, Column, Entity, Relation

MAX_CHARACTERS = 50_000
"""mermaid's `maxTextSize`, which GitHub doesn't let a page raise."""
_NAME_LENGTH = 60
_READABLE_EDGES = 60  # and far fewer than mermaid's `maxEdges`, 500
_READABLE_BOXES = 40
# Neighbours stand below each other, since GitHub shrinks what is wider than a page; closer than mermaid's 140 pixels,
# which are meant for a row. `direction` is known since mermaid 11.5.
_HEAD = ("---", "config:", "  er:", "    nodeSpacing: 30", "---", "erDiagram", "  direction LR")

# mermaid's own marks, and those of Markdown, formulas and icons, which it draws even in names. A closing underscore is
# enough: without one there is no emphasis.
_MARKS = re.compile(r"[\"%\\<>#&;~*$:]|_(?=_*(?!\w))")
_KEY_WORDS = frozenset({"pk", "fk", "uk"})


@dataclass(frozen=True, slots=True)
class Diagram:
    """A diagram's text, and how many relations it leaves out, which GitHub would refuse or nobody could read."""

    text: str
    left_out: int = 0


def around(catalogue: Catalogue, entity: Entity) -> Diagram:
    """A table with all its columns, and the tables beside it with the columns that join them.

    Where those are more than anybody can read, what refers to the table is left out in part.

    Args:
        catalogue: What is known of the database.
        entity: The table in the middle.
    """
    relations = catalogue.parents(entity.name)
    relations += [one for one in catalogue.children(entity.name) if fold(one.child) != fold(entity.name)]
    boxes = {fold(entity.name): {fold(column.name) for column in entity.columns}}
    most = min(len(relations), _READABLE_EDGES)
    shown = next(count for count in range(most, -1, -1) if _readable(boxes, relations[:count]))
    drawn = _within_limits(catalogue, relations[:shown], boxes)
    return replace(drawn, left_out=drawn.left_out + len(relations) - shown)


def viewpoint(catalogue: Catalogue, tables: Sequence[str]) -> Diagram | None:
    """Some tables with the columns that are keys, and those outside that they refer to, as boxes without columns.

    Where that is more than anybody can read, the tables outside are left out.

    Args:
        catalogue: What is known of the database.
        tables: The tables' names.

    Returns:
        The diagram; None where it would still be too large to be read, or show no relation.
    """
    inside = {fold(name) for name in tables}
    outward = [one for one in catalogue.relations if fold(one.child) in inside]
    within = [one for one in outward if fold(one.parent) in inside]
    chosen = next((found for found in (outward, within) if _readable(inside, found)), None)
    if not chosen:
        return None
    boxes = {
        fold(entity.name): {fold(column.name) for column in entity.columns if marks(catalogue, entity, column)}
        for entity in catalogue.entities
        if fold(entity.name) in inside
    }
    found = _within_limits(catalogue, chosen, boxes, stubs=True)
    return replace(found, left_out=found.left_out + len(outward) - len(chosen))


def _readable(inside: Iterable[str], relations: Sequence[Relation]) -> bool:
    boxes = {*inside, *(fold(name) for one in relations for name in (one.child, one.parent))}
    return len(relations) <= _READABLE_EDGES and len(boxes) <= _READABLE_BOXES


def marks(catalogue: Catalogue, entity: Entity, column: Column) -> list[str]:
    """Which keys a column is: `PK` and `FK` also as a part of one, `UK` when its values alone are unique."""
    name = fold(column.name)
    refers = any(name in map(fold, one.columns) for one in catalogue.parents(entity.name))
    held = {"PK": column.primary, "FK": refers, "UK": column.unique}
    return [mark for mark, holds in held.items() if holds]


def _within_limits(
    catalogue: Catalogue, relations: Sequence[Relation], boxes: Mapping[str, set[str]], *, stubs: bool = False
) -> Diagram:
    """The diagram with as many of the relations as GitHub takes.

    Args:
        catalogue: What is known of the database.
        relations: The relations.
        boxes: The tables that stand there in any case, and which of their columns, by folded names.
        stubs: Whether the other tables have no columns, rather than those that join them.
    """
    drawn = len(relations)
    while True:
        kept = relations[:drawn]
        text = _draw(catalogue, kept, boxes if stubs else {**_neighbours(catalogue, kept, boxes), **boxes})
        if len(text) <= MAX_CHARACTERS or drawn == 0:
            return Diagram(text, left_out=len(relations) - drawn)
        drawn = min(drawn - 1, drawn * MAX_CHARACTERS // len(text))


def _draw(catalogue: Catalogue, relations: Sequence[Relation], boxes: Mapping[str, set[str]]) -> str:
    labels = _Labels()
    lines = [*_HEAD]
    for entity in catalogue.entities:
        if fold(entity.name) in boxes:
            lines += _entity(labels, catalogue, entity, boxes[fold(entity.name)])
    lines += [f"  {_relation(labels, one)}" for one in relations]
    return "\n".join(lines) + "\n"


def _neighbours(
    catalogue: Catalogue, relations: Iterable[Relation], boxes: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """The other tables of the relations, each with the columns that matter here: its key, and what joins."""
    wanted: dict[str, set[str]] = {}
    for one in relations:
        for table, columns in ((one.child, one.columns), (one.parent, one.parent_columns)):
            entity = None if fold(table) in boxes else catalogue.entity(table)
            if entity is not None:
                keys = {fold(column.name) for column in entity.columns if column.primary}
                wanted.setdefault(fold(table), keys).update(map(fold, columns))
    return wanted


def _entity(labels: _Labels, catalogue: Catalogue, entity: Entity, wanted: set[str]) -> Iterator[str]:
    columns = [column for column in entity.columns if fold(column.name) in wanted]
    if not columns:
        yield f"  {labels.of(entity.name)}"
        return
    yield f"  {labels.of(entity.name)} {{"
    for column in columns:
        yield f"    {_attribute(catalogue, entity, column)}"
    yield "  }"


def _attribute(catalogue: Catalogue, entity: Entity, column: Column) -> str:
    word = _word(column.name)
    parts = [_type(column.type), word]
    marked = ", ".join(marks(catalogue, entity, column))
    if marked:
        parts.append(marked)
    if word != column.name or (word.startswith("_") and word.endswith("_")):  # which would be emphasis
        parts.append(f'"{_quoted(column.name)}"')
    return " ".join(parts)


def _relation(labels: _Labels, one: Relation) -> str:
    parent = "o|" if one.optional else "||"
    child = "}o" if one.many else "|o"
    label = _quoted(", ".join(one.columns))
    return f'{labels.of(one.child)} {child}--{parent} {labels.of(one.parent)} : "{label}"'


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
    kept = _cut("".join(letter if letter.isprintable() else "_" for letter in name).strip())
    return _MARKS.sub(lambda mark: f"#{ord(mark[0])};", kept)


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
