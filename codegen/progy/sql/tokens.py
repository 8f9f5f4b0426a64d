"""SQLite's tokens, and the statements a text consists of.

The rules are those of SQLite's tokenizer (sqlite.org/lang.html, tokenize.c) and of `sqlite3_complete` for where a
statement ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["name", "quoted", "string", "blob", "number", "parameter", "operator"]

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\n\f\r\ufeff]+ | --[^\n]* | /\*.*?(?:\*/|\Z))
    | (?P<blob>[xX]'[0-9a-fA-F]*')
    | (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\])
    | (?P<number>0[xX][0-9a-fA-F_]+ | (?:\d[\d_]*(?:\.[\d_]*)? | \.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)
    | (?P<name>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<parameter>\?\d* | [:@\#$][A-Za-z0-9_$\x80-\U0010ffff]+)
    | (?P<operator>->> | -> | \|\| | << | >> | <= | >= | == | != | <> | [^'"`\[])
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """One token, with its place in the text. White space and comments are no tokens."""

    kind: Kind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether this is one of these keywords (given in upper case), unquoted, in any case."""
        return self.kind == "name" and self.text.upper() in words

    def is_operator(self, text: str) -> bool:
        """Whether this is that operator or punctuation mark."""
        return self.kind == "operator" and self.text == text


class UnclosedQuoteError(ValueError):
    """A quote that is never closed, at `position` in the text."""

    def __init__(self, position: int) -> None:
        """Keep the position."""
        super().__init__(f"a quote opened at character {position} is never closed")
        self.position = position


def tokens(sql: str) -> Iterator[Token]:
    """The tokens of a text, in order.

    Raises:
        UnclosedQuoteError: A string or quoted name doesn't end.
    """
    position = 0
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if match is None:
            raise UnclosedQuoteError(position)
        kind = match.lastgroup
        if kind != "space":
            yield Token(kind, match.group(), match.start(), match.end())  # type: ignore[arg-type]  # the groups are the kinds
        position = match.end()


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of a text, from its first token to its last, without the semicolon and comments around it."""

    sql: str
    line: int
    """The line of its first token, from 1."""


def statements(sql: str) -> list[Statement]:
    """Split a text into its statements.

    A trigger's body holds semicolons: like `sqlite3_complete`, a CREATE TRIGGER goes on until `; END ;`. Empty
    statements are left out. A last statement without a semicolon counts.

    Raises:
        UnclosedQuoteError: A string or quoted name doesn't end.
    """
    found: list[Statement] = []
    current: list[Token] = []
    line, counted = 1, 0
    for token in tokens(sql):
        if token.is_operator(";") and (not _is_trigger(current) or _trigger_ends(current)):
            if current:
                line, counted = line + sql.count("\n", counted, current[0].start), current[0].start
                found.append(Statement(sql[current[0].start : current[-1].end], line))
            current = []
        else:
            current.append(token)
    if current:
        line += sql.count("\n", counted, current[0].start)
        found.append(Statement(sql[current[0].start : current[-1].end], line))
    return found


def _is_trigger(seen: list[Token]) -> bool:
    words = [token for token in seen[:6] if not token.is_word("EXPLAIN", "QUERY", "PLAN", "TEMP", "TEMPORARY")]
    return len(words) > 1 and words[0].is_word("CREATE") and words[1].is_word("TRIGGER")


def _trigger_ends(seen: list[Token]) -> bool:
    return seen[-1].is_word("END") and seen[-2].is_operator(";")
