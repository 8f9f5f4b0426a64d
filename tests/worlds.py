"""A schema as random changes need it: what belongs together is known by a number and survives every rename.

Expressions hold `<7>` for column 7's name, `<t.7>` for the same with its table's name before it, and `<n.7>` for
`NEW.` and the name. The SQL is written here, not by progy, so that neither's mistakes hide the other's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.facts import affinity, lower

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = re.compile(r"<(?:([tn])\.)?(\d+)>")
"""A column in an expression."""


@dataclass(frozen=True)
class Col:
    """A column."""

    uid: int
    name: str
    type: str = ""
    not_null: bool = False
    default: str | None = None
    collation: str | None = None
    generated: str | None = None
    stored: bool = False
    text: bool = False
    """Whether its rows hold texts that no number is."""


@dataclass(frozen=True)
class Term:
    """A column, or an expression, of a key or index."""

    of: int | str
    collation: str | None = None
    descending: bool = False


@dataclass(frozen=True)
class Key:
    """A primary key."""

    terms: tuple[Term, ...]
    inline: bool = False
    autoincrement: bool = False


@dataclass(frozen=True)
class Unique:
    """A UNIQUE constraint."""

    terms: tuple[Term, ...]
    conflict: str | None = None


@dataclass(frozen=True)
class Check:
    """A CHECK constraint."""

    expression: str
    name: str | None = None
    beside: int | None = None


@dataclass(frozen=True)
class Reference:
    """A foreign key. Without `references` it means the parent's primary key."""

    columns: tuple[int, ...]
    table: int
    references: tuple[int, ...]
    implicit: bool = False
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    deferred: bool = False
    inline: bool = False


@dataclass(frozen=True)
class Tab:
    """A table."""

    uid: int
    name: str
    columns: tuple[Col, ...]
    key: Key | None = None
    uniques: tuple[Unique, ...] = ()
    checks: tuple[Check, ...] = ()
    references: tuple[Reference, ...] = ()
    strict: bool = False
    without_rowid: bool = False

    def column(self, uid: int) -> Col | None:
        """The column of that number."""
        return next((column for column in self.columns if column.uid == uid), None)

    def alias(self) -> int | None:
        """The column that is the rowid."""
        if self.key is None or self.without_rowid or len(self.key.terms) != 1:
            return None
        [term] = self.key.terms
        assert isinstance(term.of, int)
        column = self.column(term.of)
        odd = self.key.inline and term.descending
        return term.of if column and column.type.upper() == "INTEGER" and not odd else None

    def referring(self) -> set[int]:
        """The columns of its references."""
        return {uid for reference in self.references for uid in reference.columns}


@dataclass(frozen=True)
class Idx:
    """An index."""

    name: str
    table: int
    terms: tuple[Term, ...]
    unique: bool = False
    where: str | None = None


@dataclass(frozen=True)
class Viw:
    """A view of a table's columns, or of another view."""

    uid: int
    name: str
    source: int
    columns: tuple[int, ...] = ()
    form: int = 0
    where: str | None = None
    joined: int | None = None
    """Another table that it reads."""


@dataclass(frozen=True)
class Trg:
    """A trigger. `log` is the table and the column that its body writes to; without it the body raises."""

    name: str
    on: int
    timing: str
    event: str
    of: int | None = None
    when: str | None = None
    log: tuple[int, int] | None = None


@dataclass(frozen=True)
class Fts:
    """An FTS5 table, of its own content or of a table's columns."""

    name: str
    content: int | None = None
    columns: tuple[int, ...] = ()


@dataclass(frozen=True)
class World:
    """A schema."""

    tables: tuple[Tab, ...] = ()
    indexes: tuple[Idx, ...] = ()
    views: tuple[Viw, ...] = ()
    triggers: tuple[Trg, ...] = ()
    texts: tuple[Fts, ...] = ()
    last: int = 0
    """No number up to this is given again: it was another thing's."""

    def table(self, uid: int) -> Tab | None:
        """The table of that number."""
        return next((table for table in self.tables if table.uid == uid), None)

    def with_table(self, table: Tab) -> World:
        """The world with that table in the place of the one of its number."""
        return replace(self, tables=tuple(table if one.uid == table.uid else one for one in self.tables))

    def named(self) -> list[Tab | Idx | Viw | Trg | Fts]:
        """All that has a name of its own."""
        return [*self.tables, *self.indexes, *self.views, *self.triggers, *self.texts]

    def sources(self) -> list[Tab | Viw]:
        """All that can be selected from."""
        return [*self.tables, *self.views]

    def column(self, uid: int) -> tuple[Tab, Col] | None:
        """The column of that number, with its table."""
        return next(((table, column) for table in self.tables if (column := table.column(uid))), None)

    def names(self) -> set[str]:
        """The folded names that are taken."""
        return {lower(one.name) for one in self.named()}

    def targets(self, table: Tab) -> list[tuple[int, ...]]:
        """What a foreign key to a table may refer to: its key and whatever is unique by the columns' own collations."""
        found = [table.key.terms] if table.key else []
        found += [unique.terms for unique in table.uniques]
        found += [
            index.terms for index in self.indexes if index.table == table.uid and index.unique and not index.where
        ]
        able = [terms for terms in found if _is_target(terms, table) and len({term.of for term in terms}) == len(terms)]
        return [tuple(int(term.of) for term in terms) for terms in able]

    def mended(self) -> World:
        """The world without what names something that is gone, or refers to what isn't unique any more."""
        world = self
        for _ in range(8):
            mended = _mended(world)
            if mended == world:
                break
            world = mended
        return world


def _is_target(terms: tuple[Term, ...], table: Tab) -> bool:
    if table.alias() is not None and table.key is not None and terms == table.key.terms:
        return True
    for term in terms:
        column = table.column(term.of) if isinstance(term.of, int) else None
        if column is None or column.uid in table.referring() or column.generated or column.text:
            return False
        if affinity(column.type) == "BLOB" or (term.collation or "BINARY") != (column.collation or "BINARY"):
            return False
    return True


def marks(*texts: str | None) -> set[int]:
    return {int(uid) for text in texts if text for _, uid in MARK.findall(text)}


def _mended(world: World) -> World:
    tables = tuple(_mended_table(table, world) for table in world.tables)
    world = replace(world, tables=tables)
    alive = {table.uid for table in tables} | {view.uid for view in world.views}
    columns = {column.uid: table.uid for table in tables for column in table.columns}

    def of(table: int, uids: Iterable[int | str]) -> bool:
        return all(columns.get(uid) == table for uid in uids if isinstance(uid, int))

    def whole(terms: Iterable[Term], table: int) -> bool:
        return all(of(table, [term.of] if isinstance(term.of, int) else marks(term.of)) for term in terms)

    is_table = {table.uid for table in tables}
    return replace(
        world,
        indexes=tuple(one for one in world.indexes if whole(one.terms, one.table) and of(one.table, marks(one.where))),
        views=tuple(
            one
            for one in world.views
            if one.source in alive and (one.joined is None or one.joined in alive) and (one.source not in is_table or of(one.source, {*one.columns, *marks(one.where)}))
        ),
        triggers=tuple(
            one
            for one in world.triggers
            if one.on in alive and of(one.on, marks(one.when) | ({one.of} if one.of else set())) and (not one.log or of(*_log(one)))
        ),
        texts=tuple(one for one in world.texts if one.content is None or _has_content(one, world)),
    )  # fmt: skip


def _log(trigger: Trg) -> tuple[int, tuple[int]]:
    assert trigger.log is not None
    return trigger.log[0], (trigger.log[1],)


def _has_content(text: Fts, world: World) -> bool:
    table = world.table(text.content or 0)
    return table is not None and not table.without_rowid and all(table.column(uid) for uid in text.columns)


def _mended_table(table: Tab, world: World) -> Tab:
    own = {column.uid: column for column in table.columns}
    columns = tuple(column for column in table.columns if marks(column.generated) <= own.keys() - {column.uid})
    own = {column.uid: column for column in columns}
    plain = {column.uid for column in columns if not column.generated}
    key = table.key if table.key and all(term.of in plain for term in table.key.terms) else None
    if key and key.autoincrement and replace(table, key=key).alias() is None:
        key = replace(key, autoincrement=False)
    references = []
    for reference in table.references:
        parent = world.table(reference.table)
        if parent is None or not all(uid in plain for uid in reference.columns):
            continue
        if reference.references in world.targets(parent):
            terms = parent.key.terms if parent.key else ()
            to_key = tuple(term.of for term in terms) == reference.references
            references.append(replace(reference, implicit=reference.implicit and to_key))
    return replace(
        table,
        columns=columns,
        key=key,
        uniques=tuple(one for one in table.uniques if all(term.of in own for term in one.terms)),
        checks=tuple(replace(one, beside=one.beside if one.beside in own else None) for one in table.checks if marks(one.expression) <= own.keys()),
        references=tuple(references),
        without_rowid=table.without_rowid and key is not None and not key.autoincrement,
    )  # fmt: skip
