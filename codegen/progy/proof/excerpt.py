"""The part of a schema that a migration has to do with, as a database of its own.

What SQLite does to rename a table goes through the whole schema, each time. A proof that runs a migration again and
again would take seconds in a schema of a thousand tables, and takes milliseconds in this part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.d1.connection import Connection, parse
from progy.schema import canonical
from progy.schema.objects import fold
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from progy.schema.objects import Schema, Trigger, View, VirtualTable


@dataclass(frozen=True)
class Excerpt:
    """What of a schema is enough to run a migration, and which of its tables are to have rows."""

    objects: frozenset[str]
    """Folded names of tables, indexes, views and triggers."""
    named: frozenset[str]
    """Those of them that the migration names."""
    touched: frozenset[str]
    """Folded names of the tables whose rows the migration could do something to."""
    filled: frozenset[str]
    """Those, what refers to them, and what these rows have to refer to."""


def excerpt(schema: Schema, text: str) -> Excerpt:
    """The excerpt of a schema for a migration's text.

    Tables that it names, and in turn: what refers to them; what any of these refers to; their indexes and triggers;
    views and triggers that name them; and what those name.
    """
    named, touched = _named_in(text, schema)
    referrers = _referrers(schema)
    near = touched | {child for name in touched for child in referrers.get(name, ())}
    # What a new table's text names, its new references lead to.
    filled = _with_parents(near | (named & schema.tables.keys()), schema)
    objects = _closure(named | filled, schema)
    return Excerpt(frozenset(objects), frozenset(named), frozenset(touched), frozenset(filled))


def build(shadow: Connection, wanted: frozenset[str] | None) -> tuple[Connection, list[str]]:
    """Make an empty database of these objects.

    Args:
        shadow: The database that has them.
        wanted: Folded names, None for all.

    Returns:
        The database without its triggers, and the triggers' statements: rows are put in before them.
    """
    found = shadow.query("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
    virtual = {fold(name) for _, name, sql in found if sql[:20].upper() == "CREATE VIRTUAL TABLE"}
    creates: list[str] = []
    triggers: list[str] = []
    for kind, name, sql in found:
        folded = fold(name)
        if folded.startswith("sqlite_") or (wanted is not None and folded not in wanted):
            continue
        if kind == "table" and any(folded.startswith(f"{one}_") for one in virtual - {folded}):
            continue  # a virtual table makes these by itself
        (triggers if kind == "trigger" else creates).append(sql)
    database = Connection()
    with database.transaction():
        database.run(";\n".join(creates), where="the schema")
    database.query("PRAGMA foreign_keys = OFF")  # D1's rules have switched it on, and rows come in any order
    return database, triggers


def _named_in(text: str, schema: Schema) -> tuple[set[str], set[str]]:
    """The objects that a text names, and the tables that its statements could do something to the rows of.

    A CREATE does nothing to rows, but a unique index may refuse them.
    """
    named: set[str] = set()
    touched: set[str] = set()
    for statement in parse(text, where="the new migration"):
        names = canonical.names(statement.sql, strings=True)
        named |= names
        words = [token.text.upper() for _, token in zip(range(2), tokens(statement.sql), strict=False)]
        if words[0] != "CREATE" or words[1] == "UNIQUE":
            touched |= names
    for name in named & (schema.indexes.keys() | schema.triggers.keys()):
        found = schema.indexes.get(name) or schema.triggers[name]
        named = named | {fold(found.table)}
    everything = _objects(schema).keys() | schema.tables.keys() | schema.indexes.keys()
    return named & everything, touched & schema.tables.keys()


def _objects(schema: Schema) -> Mapping[str, View | Trigger | VirtualTable]:
    """What is kept as its text: views, triggers and virtual tables."""
    return {**schema.views, **schema.triggers, **schema.virtual_tables}


def _referrers(schema: Schema) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, table in schema.tables.items():
        for key in table.foreign_keys:
            found.setdefault(fold(key.table), set()).add(name)
    return found


def _with_parents(near: set[str], schema: Schema) -> set[str]:
    """The tables with those that they refer to; further up only as far as a reference has to be there."""
    found = set(near)
    todo = list(near)
    while todo:
        name = todo.pop()
        table = schema.tables[name]
        for key in table.foreign_keys:
            parent = fold(key.table)
            columns = [table.column(column) for column in key.columns]
            required = all(column is not None and canonical.not_null(column, table) for column in columns)
            if parent in schema.tables and parent not in found and (required or name in near):
                found.add(parent)
                todo.append(parent)
    return found


def _closure(start: set[str], schema: Schema) -> set[str]:
    """The objects that have to be there together."""
    texts = {name: one.sql.translate(_LOWER) for name, one in _objects(schema).items()}
    on = _belongings(schema)
    found = set(start)
    todo = list(start)
    while todo:
        name = todo.pop()
        more = set(on.get(name, ()))
        if name in texts:
            more |= canonical.names(texts[name], strings=True) & (schema.tables.keys() | texts.keys())
        # What a text doesn't contain it doesn't name, and to look is quicker than to read it.
        more |= {other for other, text in texts.items() if name in text and name in canonical.names(text, strings=True)}
        todo += more - found
        found |= more
    return found


def _belongings(schema: Schema) -> dict[str, set[str]]:
    """The indexes and triggers of every table; triggers of views, too."""
    found: dict[str, set[str]] = {}
    for kind in (schema.indexes, schema.triggers):
        for name, one in kind.items():
            found.setdefault(fold(one.table), set()).add(name)
    return found


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
