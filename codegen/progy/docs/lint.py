"""What a database's documentation lacks, and what in the schema a reader would stumble over.

The rules about tables, columns and viewpoints; those about keys and indexes are in `progy.docs.lint_keys`. Each says
what it sees: what counts, and what is silenced, is decided above (`progy.check.documentation`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from progy.docs import lint_keys
from progy.docs.remarks import Remark, listed
from progy.schema.canonical import affinity
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from progy.docs.catalogue import Catalogue, Column, Entity
    from progy.docs.lint_settings import LintSettings


def remarks(catalogue: Catalogue, settings: LintSettings, *, viewpoints: bool = False) -> list[Remark]:
    """All that the rules see, in the order of the catalogue.

    Args:
        catalogue: What is looked at. Descriptions are missed only where there are models to hold them.
        settings: What the project asks for.
        viewpoints: Whether the catalogue's viewpoints were declared, and so should have every table.
    """
    tables = [entity for entity in catalogue.entities if entity.kind == "table"]
    found = [*_descriptions(catalogue), *lint_keys.references(catalogue)]
    for entity in tables:
        found += [*_of_table(entity, settings), *_of_columns(entity), *lint_keys.of_table(entity)]
    implied = {name for one in found if one.code == "PD711" for name in (one.table, one.other)}
    found += _unrelated(catalogue, tables, implied)
    found += _several_types(tables)
    if viewpoints:
        shown = {fold(name) for one in catalogue.viewpoints for name in one.tables}
        hint = "add it to the tables of one, or name one in its model's info"
        found += [
            Remark("PD742", f"{one.name} is in no viewpoint", one.name, hint=hint)
            for one in tables
            if fold(one.name) not in shown
        ]
    return found


def _descriptions(catalogue: Catalogue) -> Iterator[Remark]:
    declared = any(entity.model for entity in catalogue.entities)
    for entity in catalogue.entities if declared else ():
        if entity.kind == "table":
            if entity.model is None:
                continue  # nothing declares it, so there is no place for its description
            if not entity.comment:
                hint = f"write a docstring into the class {entity.model}"
                yield Remark("PD701", f"{entity.name} has no description", entity.name, hint=hint)
            for column in entity.columns:
                if not column.comment:
                    what = f"{entity.name}.{column.name} has no description"
                    yield Remark("PD702", what, entity.name, column.name, 'Field(description="…")')
        elif not entity.comment:
            what = f"the {entity.kind} {entity.name} has no description"
            yield Remark("PD703", what, entity.name, hint=_WHERE_DECLARED)
        for trigger in entity.triggers:
            if not trigger.comment:
                what = f"the trigger {trigger.name} on {entity.name} has no description"
                place = (trigger.file, trigger.line) if trigger.file else None
                yield Remark("PD704", what, entity.name, hint=_WHERE_DECLARED, place=place)


_WHERE_DECLARED = 'description="…", where it is declared'


def _of_table(entity: Entity, settings: LintSettings) -> Iterator[Remark]:
    name, number = entity.name, len(entity.columns)
    if number == 1:
        what = f"{name} has a single column, {entity.columns[0].name}"
        yield Remark("PD721", what, name, hint="is something missing, or does it belong to another table?")
    if number > settings.max_columns:
        what = f"{name} has {number} columns, more than {settings.max_columns}"
        yield Remark("PD723", what, name, hint="move what belongs together to a table of its own")
    for wanted in settings.require_columns:
        if entity.column(wanted) is None:
            what = f"{name} has no column {wanted}, which every table should have"
            yield Remark("PD724", what, name, hint=f"add {wanted}")
    for numbered in _numbered(entity.columns):
        what = f"{name} has numbered columns: {listed(numbered, 'and')}"
        yield Remark("PD722", what, name, numbered[0], "a table of their own takes any number, one a row")


_NUMBERED = re.compile(r"(.*[^\d_])_?(\d{1,3})", re.DOTALL)


def _numbered(columns: Sequence[Column]) -> Iterator[list[str]]:
    """Names that differ in a number alone, one behind the other; `address` counts as the one before `address2`."""
    groups: dict[tuple[str, str], dict[int, str]] = {}
    for column in columns:
        match = _NUMBERED.fullmatch(column.name)
        stem, number = (match[1], int(match[2])) if match else (column.name, 1)
        groups.setdefault((fold(stem), affinity(column.type)), {}).setdefault(number, column.name)
    for group in groups.values():
        # `mp3` and `mp4` are no list.
        if min(group) <= 1 and any(after - before == 1 for before, after in pairwise(sorted(group))):
            yield [group[number] for number in sorted(group)]


_NULL_WORD = re.compile(r"""[\s(]*(['"])null\1[\s)]*""", re.IGNORECASE)
_TEXT_WORDS = frozenset({"STRING", "STR", "UUID", "GUID", "PHONE"})
"""Of text that may look like a number: an address never does, whatever `EMAIL` or `URL` means to SQLite."""


def _of_columns(entity: Entity) -> Iterator[Remark]:
    strict = re.search(r"\bSTRICT\b[\s,\w]*\Z", entity.definition[0], re.IGNORECASE) is not None
    for column in entity.columns:
        place = f"{entity.name}.{column.name}"
        if column.default is not None and _NULL_WORD.fullmatch(column.default):
            what = f"the default of {place} is the word NULL, four letters of text"
            yield Remark("PD726", what, entity.name, column.name, "DEFAULT NULL, or no default at all")
        if column.primary and column.nullable:
            what = f"{place} belongs to the primary key and takes NULL, any number of times"
            yield Remark("PD727", what, entity.name, column.name, "NOT NULL: SQLite doesn't imply it")
        word = re.match(r"\w*", column.type)
        if not strict and word and word[0].upper() in _TEXT_WORDS and affinity(column.type) == "NUMERIC":
            what = f"{place} is declared {column.type}, which SQLite doesn't know: text that looks like a number "
            what += "becomes one, and 007 is 7"
            yield Remark("PD728", what, entity.name, column.name, "declare it TEXT")


def _unrelated(catalogue: Catalogue, tables: Sequence[Entity], implied: set[str | None]) -> Iterator[Remark]:
    """Tables outside of all relations, where there are any; of what seems to lack a foreign key that is said."""
    related = {fold(name) for one in catalogue.relations for name in (one.child, one.parent) if one.child != one.parent}
    for entity in tables if related else ():
        if fold(entity.name) not in related and entity.name not in implied:
            what = f"{entity.name} is related to no other table"
            yield Remark("PD714", what, entity.name, hint="declare a foreign key, if it means to refer to one")


_MOMENTS = frozenset({"Unix seconds", "Unix milliseconds", "ISO 8601 text"})


def _several_types(tables: Sequence[Entity]) -> Iterator[Remark]:
    """Columns of one name that hold different things; keys are left out, which every table has of its own kind."""
    by_name: dict[str, dict[str, list[tuple[Entity, Column]]]] = {}
    for entity in tables:
        keys = {fold(name) for one in entity.constraints if one.kind == "FOREIGN KEY" for name in one.columns}
        for column in entity.columns:
            if not column.primary and fold(column.name) not in keys:
                kinds = by_name.setdefault(fold(column.name), {})
                kinds.setdefault(_kind(column), []).append((entity, column))
    for kinds in by_name.values():
        if len(kinds) > 1:
            ordered = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
            told = [
                f"{_shown(kind, places[0][1])} in {listed([entity.name for entity, _ in places])}"
                for kind, places in ordered
            ]
            entity, column = ordered[-1][1][0]
            what = f"{column.name} is {', '.join(told)}"
            yield Remark("PD725", what, entity.name, column.name, "one type for one meaning, or another name")


def _kind(column: Column) -> str:
    if column.storage in _MOMENTS:
        return column.storage
    if column.type.upper().startswith("BOOL"):
        return "INTEGER"
    return affinity(column.type) if column.type else "of no type"


def _shown(kind: str, column: Column) -> str:
    """A kind in words; NUMERIC is hardly ever what stands in the schema."""
    return column.type if kind == "NUMERIC" else kind
