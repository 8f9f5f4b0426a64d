"""What a statement of a migration does, as far as rows, tables and columns are concerned.

A reader of the few kinds of statement that matter to a reviewer. It says what stands there and judges nothing; what it
doesn't know (a SELECT, a view) is no operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.schema.objects import fold
from progy.sql.names import unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.sql.tokens import Token

Words = frozenset[str]
"""The names in a statement, unquoted and folded, keywords among them: what it may speak of."""

_NONE: Words = frozenset()


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE TABLE, or CREATE VIRTUAL TABLE."""

    table: str
    words: Words
    reads: Words = _NONE
    """With AS SELECT, the words from its FROM on, where tables are named."""


@dataclass(frozen=True, slots=True)
class DropTable:
    """DROP TABLE."""

    table: str


@dataclass(frozen=True, slots=True)
class RenameTable:
    """ALTER TABLE … RENAME TO."""

    table: str
    new: str


@dataclass(frozen=True, slots=True)
class RenameColumn:
    """ALTER TABLE … RENAME COLUMN."""

    table: str
    column: str
    new: str


@dataclass(frozen=True, slots=True)
class AddColumn:
    """ALTER TABLE … ADD COLUMN, with the column's definition as written, its name included."""

    table: str
    column: str
    definition: str


@dataclass(frozen=True, slots=True)
class DropColumn:
    """ALTER TABLE … DROP COLUMN."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """CREATE INDEX."""

    name: str
    table: str
    unique: bool


@dataclass(frozen=True, slots=True)
class Insert:
    """INSERT or REPLACE. `replaces` is true when a row that is in the way is deleted."""

    table: str
    replaces: bool
    words: Words
    reads: Words = _NONE
    """The words from the first FROM on, where tables are named."""


@dataclass(frozen=True, slots=True)
class Update:
    """UPDATE, of all rows unless `some`. `replaces` as with `Insert`."""

    table: str
    some: bool
    words: Words
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE, of all rows unless `some`."""

    table: str
    some: bool


@dataclass(frozen=True, slots=True)
class Pragma:
    """PRAGMA: its name in lower case, and its value in lower case or None."""

    name: str
    value: str | None

    @property
    def on(self) -> bool:
        """Whether it switches something on."""
        return self.value in {"1", "on", "yes", "true"}


Operation = (
    CreateTable
    | DropTable
    | RenameTable
    | RenameColumn
    | AddColumn
    | DropColumn
    | CreateIndex
    | Insert
    | Update
    | Delete
    | Pragma
)


def operation(sql: str) -> Operation | None:
    """What a statement does; None when it is nothing of that, or its beginning makes no sense.

    Args:
        sql: One statement, without its semicolon.
    """
    found = list(tokens(sql))
    try:
        return _operation(sql, found)
    except IndexError:
        return None


def _operation(sql: str, found: Sequence[Token]) -> Operation | None:
    first = found[0].text.upper()
    match first:
        case "CREATE":
            return _create(found)
        case "DROP" if found[1].is_word("TABLE"):
            return DropTable(_name(found, _behind_if_exists(found, 2))[0])
        case "ALTER" if found[1].is_word("TABLE"):
            return _alter(sql, found)
        case "PRAGMA":
            return _pragma(found)
        case "WITH":
            return _change(found, _main_verb(found))
        case _:
            return _change(found, 0)


def _create(found: Sequence[Token]) -> CreateTable | CreateIndex | None:
    at = 1
    while found[at].is_word("TEMP", "TEMPORARY", "VIRTUAL", "UNIQUE"):
        at += 1
    if found[at].is_word("TABLE"):
        selects = any(token.is_word("SELECT", "WITH", "VALUES") for token in _outer(found))
        table = _name(found, _behind_if_exists(found, at + 1))[0]
        return CreateTable(table, _words(found), _from(found) if selects else _NONE)
    if found[at].is_word("INDEX"):
        name, at = _name(found, _behind_if_exists(found, at + 1))
        return CreateIndex(name, _name(found, at + 1)[0], unique=found[1].is_word("UNIQUE"))
    return None


def _alter(sql: str, found: Sequence[Token]) -> Operation | None:
    table, at = _name(found, 2)
    verb, at = found[at], at + 1
    if verb.is_word("RENAME") and found[at].is_word("TO"):
        return RenameTable(table, unquote(found[at + 1].text))
    if found[at].is_word("COLUMN"):
        at += 1
    column = unquote(found[at].text)
    if verb.is_word("RENAME"):
        return RenameColumn(table, column, unquote(found[at + 2].text))
    if verb.is_word("DROP"):
        return DropColumn(table, column)
    return AddColumn(table, column, sql[found[at].start :]) if verb.is_word("ADD") else None


def _pragma(found: Sequence[Token]) -> Pragma:
    name, at = _name(found, 1)
    value = "".join(token.text for token in found[at:] if token.text not in {"=", "(", ")"})
    return Pragma(fold(name), fold(unquote(value)) if value else None)


def _change(found: Sequence[Token], at: int) -> Insert | Update | Delete | None:
    verb = found[at]
    some = any(token.is_word("WHERE", "LIMIT") for token in _outer(found[at:]))
    if verb.is_word("DELETE"):
        return Delete(_name(found, at + 2)[0], some)
    otherwise = found[at + 1].is_word("OR")
    behind = at + 3 if otherwise else at + 1
    replaces = verb.is_word("REPLACE") or (otherwise and found[at + 2].is_word("REPLACE"))
    if verb.is_word("UPDATE"):
        return Update(_name(found, behind)[0], some, _words(found), replaces)
    if verb.is_word("INSERT", "REPLACE"):
        return Insert(_name(found, behind + 1)[0], replaces, _words(found), _from(found))
    return None


def _main_verb(found: Sequence[Token]) -> int:
    """Where the statement behind a WITH clause begins."""
    outer = _outer(found)
    verb = next((one for one in outer[1:] if one.is_word("SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE")), outer[0])
    return next(at for at, token in enumerate(found) if token.start == verb.start)


def _outer(found: Sequence[Token]) -> list[Token]:
    """The tokens outside of parentheses."""
    depth, kept = 0, []
    for token in found:
        depth += token.is_operator("(")
        if depth == 0:
            kept.append(token)
        depth -= token.is_operator(")")
    return kept


def _behind_if_exists(found: Sequence[Token], at: int) -> int:
    """Behind IF EXISTS and IF NOT EXISTS."""
    if found[at].is_word("IF"):
        return next(place for place in range(at, len(found)) if found[place].is_word("EXISTS")) + 1
    return at


def _name(found: Sequence[Token], at: int) -> tuple[str, int]:
    """The name that stands there, without a database's, and the place behind it."""
    if at + 2 < len(found) and found[at + 1].is_operator("."):
        at += 2
    return unquote(found[at].text), at + 1


def _words(found: Sequence[Token]) -> Words:
    return frozenset(fold(unquote(token.text)) for token in found if token.kind in {"name", "quoted"})


def _from(found: Sequence[Token]) -> Words:
    return _words(found[next((at for at, token in enumerate(found) if token.is_word("FROM")), len(found)) :])
