"""What a migration's statements do to the rows of tables that stay, in words.

Copies, of which a rebuilt table is made, are no change of rows: the change of the schema tells of them, and here only
what they fill columns with.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
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
_ALWAYS = (["where", "true"], ["where", "1"], ["where", "1", "=", "1"])
"""Conditions that hold for all rows, which some write so that there is one."""
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
    origins: frozenset[str]
    """The tables of before that the rows come from."""
    comes: bool = False
    """Whether rows come in, which is told unless they only come back; anything else is told of rows that were there."""
    column: str = ""
    """The column that is filled, as it is called by now."""
    value: str = ""
    copies: int | None = None
    """How many copies have to bring the relation's rows back for this to be told; None where that is no matter."""

    def told(self, relation: Relation, origin: str | None) -> str | None:
        """The words, if they are worth telling; `origin` is the table of before that this is, or takes the place of."""
        if (origin in self.origins) == self.comes:
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
    copies = Counter(one.relation for one in reader.noted if one.comes and reader.origin(one.relation) in one.origins)
    told = (
        one.told(after[one.relation], reader.origin(one.relation))
        for one in reader.noted
        if one.relation in after and one.copies in {None, copies[one.relation]}
    )
    return iter(dict.fromkeys(words for words in told if words))


class _Reader:
    def __init__(self, before: Mapping[str, Relation], after: Mapping[str, Relation]) -> None:
        self.noted: list[_Noted] = []
        self._borne = {name: name for name in before}
        """The names that tables of before had or have, with those that they began with."""
        self._before = before
        self._after = after
        self._origins = {name: frozenset({name}) for name in before}
        """The tables that there are by now, with those of before that their rows come from."""
        self._made: set[str] = set()
        self._heirs: dict[str, str] = {}
        """The tables that rows were copied into, by the words of what copied them: what from is one of those."""

    def origin(self, table: str) -> str | None:
        """The table of before that this one is, or in whose place it was made; not if that one is still there."""
        found = self._borne.get(table)
        others = self._origins.keys() - self._made - {table}
        return None if table in self._made and found in map(self._borne.get, others) else found

    def read(self, sql: str) -> None:
        match one := operation(sql):
            case CreateTable():
                self._create(sql, one)
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
                self._note(f"deletes {_how_many(one, list(tokens(sql)))} rows of", one.table)

    def _note(self, words: str, table: str) -> None:
        self.noted.append(_Noted(words, fold(table), self._origins.get(fold(table), frozenset())))

    def _note_coming(self, words: str, table: str, origins: frozenset[str] = frozenset()) -> None:
        self.noted.append(_Noted(words, fold(table), origins, comes=True))

    def _fill(self, table: str, values: Iterable[tuple[str, str]], origins: frozenset[str]) -> None:
        self.noted += [_Noted("fills", fold(table), origins, column=column, value=value) for column, value in values]

    def _create(self, sql: str, one: CreateTable) -> None:
        table = fold(one.table)
        if table in self._origins:  # IF NOT EXISTS
            return
        self._made.add(table)
        self._origins[table] = frozenset()
        if one.reads:
            self._copy("adds rows to", one, list(tokens(sql)))

    def _copy(self, words: str, one: CreateTable | Insert, found: Sequence[Token]) -> frozenset[str]:
        """Take note of a copy into a table that the migration makes; where the rows come from."""
        table = fold(one.table)
        read = one.reads - {table}
        self._heirs |= dict.fromkeys(read, table)
        origins = frozenset[str]().union(*(self._origins.get(name, ()) for name in read))
        self._origins[table] |= origins
        self._note_coming(words, table, origins)
        if _is_partial(found):
            self.noted.append(_Noted("keeps only some rows of", table, origins, copies=1))
        return origins

    def _drop(self, table: str) -> None:
        was = self._before.get(table)
        if table in self._heirs:
            self._move(table, self._heirs[table])
        origins = self._origins.pop(table, frozenset())
        if was and was.kind == "table":
            self.noted.append(_Noted("deletes all rows of", table, origins, copies=0))
        self._made.discard(table)

    def _move(self, table: str, to: str) -> None:
        self.noted = [one._replace(relation=to) if one.relation == table else one for one in self.noted]

    def _rename(self, table: str, new: str) -> None:
        self._move(table, new)
        self._origins[new] = self._origins.pop(table, frozenset())
        if table in self._made:
            self._made = self._made - {table} | {new}
        elif table in self._borne:
            self._borne[new] = self._borne[table]

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
                self._note_coming(_COMMANDS[command], table)
            return
        more = "replaces" if one.replaces else "changes" if one.words >= _UPSERT else ""
        words = f"adds or {more} rows of" if more else "adds rows to"
        if table in self._made and one.reads:
            origins = self._copy(words, one, found)
            self._fill(table, _computed(_copied(found), sql), origins)
        else:
            self._note_coming(words, table)

    def _update(self, sql: str, one: Update) -> None:
        found = list(tokens(sql))
        assigned = _assigned(found)
        if assigned and all(fold(column).startswith(_MEANWHILE) for column, _ in assigned):
            table = fold(one.table)
            self._fill(table, _computed(assigned, sql), self._origins.get(table, frozenset()))
        else:
            self._note(f"changes {_how_many(one, found)} rows of", one.table)


def _command(found: Sequence[Token], table: str) -> str | None:
    """What a full-text index is told: `INSERT INTO posts_search (posts_search) VALUES ('rebuild')`."""
    names = [fold(unquote(one.text)) for one in found]
    if not any(names[at : at + 3] == [table, "(", table] for at in range(len(names))):
        return None
    return next((one.text.strip("'").lower() for one in found if one.kind == "string"), None)


def _how_many(one: Update | Delete, found: Sequence[Token]) -> str:
    words = [each.text.lower() for each in found]
    return "some" if one.some and not any(words[-len(always) :] == always for always in _ALWAYS) else "all"


def _copied(found: Sequence[Token]) -> list[tuple[str, Sequence[Token]]]:
    """The columns that an INSERT from a SELECT names, and what each gets; nothing where it names none."""
    begins = next((at for at, one in enumerate(found) if one.is_word("SELECT")), len(found))
    opened = next((at for at, one in enumerate(found[:begins]) if one.is_operator("(")), begins)
    columns = [unquote(one.text) for one in found[opened:begins] if one.kind in {"name", "quoted"}]
    begins += begins + 1 < len(found) and found[begins + 1].is_word("DISTINCT", "ALL")
    values = list(_by_commas(found[begins + 1 :], "FROM", "UNION"))
    return list(zip(columns, values, strict=True)) if len(columns) == len(values) else []


def _is_partial(found: Sequence[Token]) -> bool:
    """Whether a SELECT leaves rows out; of several, nobody knows what they leave out together."""
    partial = False
    depth = 0
    for one, following in pairwise(found):
        depth += one.is_operator("(") - one.is_operator(")")
        if depth == 0 and one.is_word("UNION"):
            return False
        # `WHERE true` is there so that ON CONFLICT isn't taken for a join's ON.
        is_condition = one.is_word("LIMIT") or (one.is_word("WHERE") and following.text.lower() != "true")
        partial |= depth == 0 and is_condition
    return partial


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
            end = value[-3] if len(value) > 2 and value[-2].is_word("AS") else value[-1]  # noqa: PLR2004 - a value, AS, a name
            text = re.sub(r"\s+", " ", sql[value[0].start : end.end])
            yield column, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
