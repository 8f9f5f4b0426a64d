"""What a migration's statements do to the rows of tables that stay, in words.

Copies, of which a rebuilt table is made, are no change of rows: the change of the schema tells of them, and here only
what they fill columns with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from progy.migrations.operations import (
    CreateTable,
    Delete,
    DropTable,
    Insert,
    RenameColumn,
    RenameTable,
    Update,
    operation,
)
from progy.schema.objects import fold
from progy.sql.names import unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from progy.sql.tokens import Token

_MEANWHILE = "progy_new_"
"""What progy calls a column until it takes the place of another begins so."""
_UPSERT = frozenset({"on", "conflict", "do", "update"})
_COMMANDS = {"rebuild": "rebuilds", "delete-all": "deletes all rows of"}
"""What a full-text index is told to do that matters to a reader (sqlite.org/fts5.html, section 6)."""
_LONGEST = 80
"""Characters of an expression."""


class Relation(NamedTuple):
    """What rows are in, or seem to be."""

    name: str
    kind: Literal["table", "virtual table", "view"]


class _Noted(NamedTuple):
    """What a statement does."""

    words: str
    relation: str
    """Its folded name, as it is by now."""
    column: str = ""
    """The column that is filled, as it is called by now."""
    value: str = ""
    copy: bool = False
    """Whether this is done to a copy that is being made. Of a table of before it adds no rows."""

    def told(self, relation: Relation, *, rebuilt: bool) -> str | None:
        if self.copy and rebuilt != bool(self.column):
            return None
        filled = f".{self.column} with {self.value}" if self.column else ""
        return f"{self.words} {relation.name}{filled}"


def row_changes(
    statements: Iterable[str], before: Mapping[str, Relation], after: Mapping[str, Relation]
) -> Iterator[str]:
    """What the statements do to rows, each thing once.

    Args:
        statements: A migration's.
        before: The tables and views that there are before it, by their folded names.
        after: Those that there are behind it.
    """
    reader = _Reader(before, after)
    for sql in statements:
        reader.read(sql)
    told = (
        one.told(after[one.relation], rebuilt=one.relation in reader.known)
        for one in reader.noted
        if one.relation in after
    )
    return iter(dict.fromkeys(words for words in told if words))


class _Reader:
    def __init__(self, before: Mapping[str, Relation], after: Mapping[str, Relation]) -> None:
        self.noted: list[_Noted] = []
        self.known = {*before}
        """The names of the tables of before: one that the migration makes under such a name is a rebuilt one."""
        self._before = before
        self._after = after
        self._made: set[str] = set()
        self._heirs: dict[str, str] = {}
        """The tables that rows were copied into, by the words of what copied them: what from is one of those."""

    def read(self, sql: str) -> None:
        match one := operation(sql):
            case CreateTable():
                self._made.add(fold(one.table))
                self._inherit(one)
            case DropTable():
                self._drop(fold(one.table))
            case RenameTable():
                self._rename(fold(one.table), fold(one.new))
            case RenameColumn():
                self._rename_column(one)
            case Insert():
                self._insert(sql, one)
            case Update():
                self._update(sql, one)
            case Delete():
                self._note(f"deletes {'some' if one.some else 'all'} rows of", one.table)

    def _note(self, words: str, table: str, *, copy: bool = False) -> None:
        self.noted.append(_Noted(words, fold(table), copy=copy))

    def _fill(self, table: str, values: Iterable[tuple[str, str]], *, copy: bool) -> None:
        self.noted += [_Noted("fills", fold(table), column, value, copy) for column, value in values]

    def _inherit(self, one: CreateTable | Insert) -> None:
        self._heirs |= dict.fromkeys(one.reads, fold(one.table))

    def _drop(self, table: str) -> None:
        was = self._before.get(table)
        if table in self._heirs:
            self._move(table, self._heirs[table])
        elif was and was.kind == "table":
            self._note("deletes all rows of", table)
        self._made.discard(table)

    def _move(self, table: str, to: str) -> None:
        self.noted = [one._replace(relation=to) if one.relation == table else one for one in self.noted]

    def _rename(self, table: str, new: str) -> None:
        self._move(table, new)
        for names in (self.known, self._made):
            if table in names:
                names.add(new)

    def _rename_column(self, renamed: RenameColumn) -> None:
        was = (fold(renamed.table), fold(renamed.column))
        self.noted = [
            one._replace(column=renamed.new) if (one.relation, fold(one.column)) == was else one for one in self.noted
        ]

    def _insert(self, sql: str, one: Insert) -> None:
        table = fold(one.table)
        found = list(tokens(sql))
        known = self._after.get(table) or self._before.get(table)
        if known and known.kind == "virtual table" and (command := _command(found, table)):
            if command in _COMMANDS:
                self._note(_COMMANDS[command], table)
            return
        self._inherit(one)
        copy = table in self._made and bool(one.reads)
        if copy:
            self._fill(table, _computed(_copied(found), sql), copy=True)
        more = "replaces" if one.replaces else "changes" if one.words >= _UPSERT else ""
        self._note(f"adds or {more} rows of" if more else "adds rows to", table, copy=copy)

    def _update(self, sql: str, one: Update) -> None:
        assigned = _assigned(list(tokens(sql)))
        if assigned and all(fold(column).startswith(_MEANWHILE) for column, _ in assigned):
            self._fill(one.table, _computed(assigned, sql), copy=False)
        else:
            self._note(f"changes {'some' if one.some else 'all'} rows of", one.table)


def _command(found: Sequence[Token], table: str) -> str | None:
    """What a full-text index is told: `INSERT INTO posts_search (posts_search) VALUES ('rebuild')`."""
    names = [fold(unquote(one.text)) for one in found]
    if not any(names[at : at + 3] == [table, "(", table] for at in range(len(names))):
        return None
    return next((one.text.strip("'").lower() for one in found if one.kind == "string"), None)


def _copied(found: Sequence[Token]) -> list[tuple[str, Sequence[Token]]]:
    """The columns that an INSERT from a SELECT names, and what each gets; nothing where it names none."""
    begins = next((at for at, one in enumerate(found) if one.is_word("SELECT")), len(found))
    opened = next((at for at, one in enumerate(found[:begins]) if one.is_operator("(")), begins)
    columns = [unquote(one.text) for one in found[opened:begins] if one.kind in {"name", "quoted"}]
    values = list(_by_commas(found[begins + 1 :], "FROM"))
    return list(zip(columns, values, strict=True)) if len(columns) == len(values) else []


def _assigned(found: Sequence[Token]) -> list[tuple[str, Sequence[Token]]]:
    """The columns that an UPDATE sets, and to what; nothing where it sets several at once."""
    begins = next((at for at, one in enumerate(found) if one.is_word("SET")), len(found))
    each = list(_by_commas(found[begins + 1 :], "FROM", "WHERE", "RETURNING"))
    if not all(len(one) > 2 and one[1].is_operator("=") for one in each):  # noqa: PLR2004 - a name, =, a value
        return []
    return [(unquote(one[0].text), one[2:]) for one in each]


def _by_commas(found: Iterable[Token], *ends: str) -> Iterator[Sequence[Token]]:
    """What stands between the commas that are in no parentheses, until one of the words."""
    part: list[Token] = []
    depth = 0
    for one in found:
        if depth == 0 and one.is_word(*ends):
            break
        depth += one.is_operator("(") - one.is_operator(")")
        if depth == 0 and one.is_operator(","):
            yield part
            part = []
        else:
            part.append(one)
    yield part


def _computed(values: Iterable[tuple[str, Sequence[Token]]], sql: str) -> Iterator[tuple[str, str]]:
    """The columns that get more than another column's value, with the expression."""
    for column, value in values:
        if not all(one.kind in {"name", "quoted"} or one.is_operator(".") for one in value):
            text = re.sub(r"\s+", " ", sql[value[0].start : value[-1].end])
            yield column, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
