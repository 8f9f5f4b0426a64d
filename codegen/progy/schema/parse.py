"""CREATE statements, as `sqlite_schema` keeps them, into schema objects.

SQLite has accepted every text that comes here, so this reads and doesn't judge. It is the only reader: PRAGMAs say
nothing of CHECKs, constraint names, collations, DEFERRABLE, ON CONFLICT or generated columns' expressions; the text
says it all, ALTER TABLE keeps it true, and one query fetches it. The tests compare what this reads with what the
PRAGMAs say.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from progy.schema.objects import (
    Action,
    Check,
    Column,
    Conflict,
    ForeignKey,
    Generated,
    Index,
    PrimaryKey,
    Table,
    Term,
    Unique,
    VirtualTable,
)
from progy.sql.names import unquote
from progy.sql.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMN_CONSTRAINT = (
    "CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES",
    "DEFERRABLE", "GENERATED", "AS",
)  # fmt: skip
_TABLE_CONSTRAINT = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


@lru_cache(maxsize=4096)
def parse_table(sql: str) -> Table:
    """Read a CREATE TABLE statement. A schema is read again after each change, and most of it is as it was."""
    return _TableReader(sql).read()


@lru_cache(maxsize=8192)
def parse_index(sql: str) -> Index:
    """Read a CREATE INDEX statement."""
    reader = _Reader(sql)
    reader.expect("CREATE")
    unique = reader.accept("UNIQUE")
    reader.expect("INDEX")
    name = reader.created_name()
    reader.expect("ON")
    table = reader.name()
    terms = reader.terms()
    where = reader.rest() if reader.accept("WHERE") else None
    return Index(name=name, table=table, terms=terms, unique=unique, where=where)


def parse_virtual_table(sql: str) -> VirtualTable:
    """Read a CREATE VIRTUAL TABLE statement, as far as its module's name."""
    reader = _Reader(sql)
    for word in ("CREATE", "VIRTUAL", "TABLE"):
        reader.expect(word)
    name = reader.created_name()
    reader.expect("USING")
    return VirtualTable(name=name, module=reader.name().lower(), sql=sql)


class _Reader:
    """A place in a statement's tokens, and the few steps that every construct is read with."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens = list(tokens(sql))
        self.position = 0

    @property
    def token(self) -> Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def at(self, *words: str) -> bool:
        return self.token is not None and self.token.is_word(*words)

    def at_operator(self, text: str) -> bool:
        return self.token is not None and self.token.is_operator(text)

    def next(self) -> Token:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def accept(self, *words: str) -> bool:
        """Step over these keywords, when all of them come next."""
        following = self.tokens[self.position : self.position + len(words)]
        if len(following) == len(words) and all(
            token.is_word(word) for token, word in zip(following, words, strict=True)
        ):
            self.position += len(words)
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise ValueError(f"expected {word} at character {self._here()} of: {self.sql}")

    def accept_operator(self, text: str) -> bool:
        if self.at_operator(text):
            self.position += 1
            return True
        return False

    def name(self) -> str:
        return unquote(self.next().text)

    def created_name(self) -> str:
        """The name of what is created, without IF NOT EXISTS and the database's name."""
        self.accept("IF", "NOT", "EXISTS")
        name = self.name()
        return self.name() if self.accept_operator(".") else name

    def enclosed(self) -> list[Token]:
        """Step over a parenthesis and what it holds; the tokens inside."""
        self.position += 1
        start, depth = self.position, 1
        while depth:
            token = self.next()
            if token.is_operator("("):
                depth += 1
            elif token.is_operator(")"):
                depth -= 1
        return self.tokens[start : self.position - 1]

    def text(self, part: Sequence[Token]) -> str:
        return self.sql[part[0].start : part[-1].end] if part else ""

    def rest(self) -> str:
        part = self.tokens[self.position :]
        self.position = len(self.tokens)
        return self.text(part)

    def terms(self) -> tuple[Term, ...]:
        return tuple(self._term(part) for part in _split(self.enclosed()))

    def names(self) -> tuple[str, ...]:
        return tuple(unquote(part[0].text) for part in _split(self.enclosed()))

    def _term(self, part: list[Token]) -> Term:
        descending = part[-1].is_word("DESC")
        if part[-1].is_word("ASC", "DESC"):
            part = part[:-1]
        collation = None
        if len(part) > 2 and part[-2].is_word("COLLATE"):  # noqa: PLR2004 - an operand, COLLATE, a name
            collation = unquote(part[-1].text)
            part = part[:-2]
        is_column = len(part) == 1 and part[0].kind in {"name", "quoted", "string"}
        sql = unquote(part[0].text) if is_column else self.text(part)
        return Term(sql=sql, is_column=is_column, collation=collation, descending=descending)

    def _here(self) -> int:
        return self.token.start if self.token else len(self.sql)


class _TableReader(_Reader):
    """The reader of CREATE TABLE, which collects constraints as it meets them, beside columns and after them."""

    def __init__(self, sql: str) -> None:
        super().__init__(sql)
        self.columns: list[Column] = []
        self.primary_key: PrimaryKey | None = None
        self.uniques: list[Unique] = []
        self.checks: list[Check] = []
        self.foreign_keys: list[ForeignKey] = []

    def read(self) -> Table:
        self.expect("CREATE")
        self.expect("TABLE")
        name = self.created_name()
        self.position += 1  # (
        while not self.at_operator(")"):
            if self.columns and self.at(*_TABLE_CONSTRAINT):
                self._table_constraint()
            else:
                self._column()
            self.accept_operator(",")
        self.position += 1
        strict = without_rowid = False
        while self.token is not None:
            strict = self.accept("STRICT") or strict
            without_rowid = self.accept("WITHOUT", "ROWID") or without_rowid
            self.accept_operator(",")
        return Table(
            name=name,
            columns=tuple(self.columns),
            primary_key=self.primary_key,
            uniques=tuple(self.uniques),
            checks=tuple(self.checks),
            foreign_keys=tuple(self.foreign_keys),
            strict=strict,
            without_rowid=without_rowid,
        )

    def _column(self) -> None:
        name = self.name()
        declared = self._type()
        not_null = False
        not_null_conflict: Conflict | None = None
        default: str | None = None
        collation: str | None = None
        generated: Generated | None = None
        constraint: str | None = None
        while not self.at_operator(",") and not self.at_operator(")"):
            if self.accept("CONSTRAINT"):
                constraint = self.name()
                continue
            if self.accept("NOT", "NULL"):
                not_null, not_null_conflict = True, self._conflict()
            elif self.accept("NULL"):
                self._conflict()
            elif self.accept("DEFAULT"):
                default = self._default()
            elif self.accept("COLLATE"):
                collation = self.name()
            elif self.accept("GENERATED", "ALWAYS", "AS") or self.accept("AS"):
                generated = self._generated()
            else:
                self._key_or_check(name, constraint)
            constraint = None
        self.columns.append(Column(name, declared, not_null, default, collation, generated, not_null_conflict))

    def _key_or_check(self, column: str, constraint: str | None) -> None:
        """A column constraint that the table keeps."""
        if self.accept("PRIMARY", "KEY"):
            descending = self._descending()
            conflict = self._conflict()
            terms = (Term(column, descending=descending),)
            autoincrement = self.accept("AUTOINCREMENT")
            self.primary_key = PrimaryKey(terms, autoincrement, conflict, constraint, inline=True)
        elif self.accept("UNIQUE"):
            self.uniques.append(Unique((Term(column),), self._conflict(), constraint, inline=True))
        elif self.accept("CHECK"):
            self.checks.append(Check(self.text(self.enclosed()), constraint, column))
            self._conflict()
        elif self.accept("REFERENCES"):
            self.foreign_keys.append(self._reference((column,), constraint, inline=True))
        elif self.at("DEFERRABLE") or self.at("NOT"):
            # Beside a column this may stand apart from the reference it speaks of.
            self.foreign_keys[-1] = replace(self.foreign_keys[-1], deferred=self._deferred())
        else:
            raise ValueError(f"unknown column constraint at character {self._here()} of: {self.sql}")

    def _table_constraint(self) -> None:
        constraint = self.name() if self.accept("CONSTRAINT") else None
        if self.accept("PRIMARY", "KEY"):
            autoincrement = any(token.is_word("AUTOINCREMENT") for token in self._peek_enclosed())
            terms = tuple(
                self._term([token for token in part if not token.is_word("AUTOINCREMENT")])
                for part in _split(self.enclosed())
            )
            self.primary_key = PrimaryKey(terms, autoincrement, self._conflict(), constraint)
        elif self.accept("UNIQUE"):
            terms = self.terms()
            self.uniques.append(Unique(terms, self._conflict(), constraint))
        elif self.accept("CHECK"):
            self.checks.append(Check(self.text(self.enclosed()), constraint))
            self._conflict()
        elif self.accept("FOREIGN", "KEY"):
            columns = self.names()
            self.expect("REFERENCES")
            self.foreign_keys.append(self._reference(columns, constraint, inline=False))

    def _peek_enclosed(self) -> list[Token]:
        start = self.position
        inside = self.enclosed()
        self.position = start
        return inside

    def _type(self) -> str:
        start = self.position
        while self.token is not None and (
            self.token.kind in {"quoted", "string"} or (self.token.kind == "name" and not self.at(*_COLUMN_CONSTRAINT))
        ):
            self.position += 1
        if self.position > start and self.at_operator("("):
            self.enclosed()
        return self.text(self.tokens[start : self.position])

    def _default(self) -> str:
        start = self.position
        if self.at_operator("("):
            self.enclosed()
        else:
            if self.at_operator("+") or self.at_operator("-"):
                self.position += 1
            self.position += 1
        return self.text(self.tokens[start : self.position])

    def _generated(self) -> Generated:
        expression = self.text(self.enclosed())
        stored = self.accept("STORED")
        self.accept("VIRTUAL")
        return Generated(expression, stored)

    def _reference(self, columns: tuple[str, ...], constraint: str | None, *, inline: bool) -> ForeignKey:
        table = self.name()
        references = self.names() if self.at_operator("(") else ()
        actions: dict[str, Action] = {}
        while True:
            if self.accept("ON"):
                event = self.next().text.upper()
                actions[event] = self._action()
            elif self.accept("MATCH"):
                self.position += 1  # SQLite reads MATCH and ignores it
            else:
                break
        return ForeignKey(
            columns=columns,
            table=table,
            references=references,
            on_delete=actions.get("DELETE", "NO ACTION"),
            on_update=actions.get("UPDATE", "NO ACTION"),
            deferred=self._deferred(),
            name=constraint,
            inline=inline,
        )

    def _deferred(self) -> bool:
        negated = self.accept("NOT", "DEFERRABLE")
        deferrable = not negated and self.accept("DEFERRABLE")
        deferred = self.accept("INITIALLY", "DEFERRED") and deferrable
        self.accept("INITIALLY", "IMMEDIATE")
        return deferred

    def _action(self) -> Action:
        words = [self.next().text.upper()]
        if words[0] in {"SET", "NO"}:
            words.append(self.next().text.upper())
        return cast("Action", " ".join(words))

    def _descending(self) -> bool:
        descending = self.accept("DESC")
        self.accept("ASC")
        return descending

    def _conflict(self) -> Conflict | None:
        if not self.accept("ON", "CONFLICT"):
            return None
        word = self.next().text.upper()
        return None if word == "ABORT" else cast("Conflict", word)  # ABORT is what happens without a word


def _split(part: list[Token]) -> list[list[Token]]:
    """The parts between commas that stand in no further parenthesis."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in part:
        if token.is_operator("("):
            depth += 1
        elif token.is_operator(")"):
            depth -= 1
        if depth == 0 and token.is_operator(","):
            parts.append([])
        else:
            parts[-1].append(token)
    return [found for found in parts if found]
