"""Values worth trying in a column: those its constraints speak of, and those at the edges of what SQLite stores.

A column takes more than its type says, so text is tried in numbers and numbers in text: that is where a copy that
converts differs from one that doesn't.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.schema import canonical
from progy.schema.objects import fold
from progy.sql.names import unquote
from progy.sql.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.schema.objects import Column, Index, Table, Term

Value = str | int | float | bytes | None
"""What SQLite stores."""

_LARGE = 2**53 + 1
"""An integer that a REAL can't hold."""

_EDGES: dict[str, tuple[Value, ...]] = {
    "TEXT": ("a", "", "007", " x ", "é", "0", "1.5", "A", b"\x00\x7f", "7"),
    "INTEGER": (1, 0, "x", -1, 2**63 - 1, 1.5, _LARGE, " 7 ", b"\x00\x7f", -(2**63)),
    "REAL": (1.5, 0, 1e300, -1, "x", _LARGE, "007", b"\x00\x7f"),
    "NUMERIC": (1, "007", 1.5, 0, "x", 2**63 - 1, -1, "1e300", "2026-01-31", b"\x00\x7f"),
    "BLOB": (b"\x00\x7f", "", 1, "007", b"", 1.5, " x ", 2**63 - 1),
}
"""By affinity, the plain ones first."""

_KEYS: tuple[Value, ...] = (1, 2, 0, 5, -1, _LARGE, 3, 4, 11, 12, 13)
"""For a rowid, which takes integers only."""

_SHAPES: tuple[Value, ...] = (
    "{}", "[]", "2026-01-31", "2026-01-31 23:59:59", "2026-01-31T23:59:59Z", "a@example.com", "https://example.com/",
    "00000000-0000-4000-8000-000000000000", "a", "aa", "1", 1, 0, 2, 10, 100, 1.5, -1,
)  # fmt: skip
"""For a column with a CHECK that no literal of it satisfies."""

_MANY = 24
"""How many further values a unique column is given."""

_LENGTHS = range(1, 129)


def candidates(column: Column, table: Table, *, unique: bool, texts: Iterable[str]) -> list[Value]:
    """The values to try in a column, the most promising first, none twice.

    Args:
        column: The column.
        table: Its table.
        unique: Whether no two rows may have the same.
        texts: The expressions that say what it may hold: CHECKs, and WHEREs of partial indexes.
    """
    found: list[Value] = []
    texts = list(texts)
    for text in texts:
        found += literals(text)
    if column.default is not None:
        found += literals(column.default)
    if canonical.is_rowid_alias(column, table):
        return _distinct([*(value for value in found if type(value) is int), *_KEYS, *range(1000, 1000 + _MANY)])
    affinity = canonical.affinity(column.type)
    found += _EDGES[affinity]
    if texts:
        found += _SHAPES
    if unique:
        found += [f"u{number}" if affinity in {"TEXT", "BLOB"} else 1000 + number for number in range(_MANY)]
    if not canonical.not_null(column, table):
        found.insert(1, None)
    return _distinct(found)


def expressions_on(table: Table, indexes: Iterable[Index]) -> list[tuple[str, frozenset[str]]]:
    """The expressions that say what a table may hold, each with the folded names of the columns that it names."""
    columns = canonical.columns_of(table)
    found = [check.expression for check in table.checks]
    found += [index.where for index in indexes if index.where is not None]
    return [(text, frozenset(canonical.names(text) & columns)) for text in found]


def literals(expression: str) -> Iterator[Value]:
    """The values that an expression speaks of: its literals, those beside them, and what would match its patterns."""
    found = list(tokens(expression))
    measures = any(token.is_word("LENGTH", "OCTET_LENGTH") for token in found)
    for token in found:
        if token.kind == "string":
            yield from _matching(unquote(token.text))
        elif token.kind == "blob":
            yield bytes.fromhex(token.text[2:-1])
        elif token.kind == "number":
            number = _number(token)
            if measures and number in _LENGTHS:
                yield from ("a" * int(number), "0" * int(number), bytes(int(number)))
            yield from (number, number + 1, number - 1, -number, -number - 1)


def _number(token: Token) -> int | float:
    text = token.text.replace("_", "").lower()
    if text.startswith("0x"):
        return int(text, 16)
    return float(text) if set(text) & set(".e") else min(int(text), 2**63 - 1)


def _matching(text: str) -> Iterator[str]:
    """The text, and what it matches where it is a pattern of LIKE or of GLOB."""
    yield text
    if set(text) & set("%_"):
        yield text.replace("%", "").replace("_", "a")
        yield text.replace("%", "a").replace("_", "a")
    if set(text) & set("*?["):
        one_each = re.sub(r"\[(\^?.[^\]]*)\]", lambda match: "A" if match[1][0] == "^" else match[1][0], text)
        yield one_each.replace("*", "").replace("?", "a")
        yield one_each.replace("*", "a").replace("?", "a")


def _distinct(values: Iterable[Value]) -> list[Value]:
    """The values without repetitions; 1, 1.0 and '1' are three. What SQLite can't hold as an integer is left out."""
    fitting = (value for value in values if type(value) is not int or -(2**63) <= value < 2**63)
    return list({(type(value), value): value for value in fitting}.values())


def unique_columns(table: Table, indexes: Iterable[Index]) -> list[frozenset[str]]:
    """The folded columns of every key, UNIQUE constraint and unique index of a table, those in expressions too."""
    keys = [unique.terms for unique in table.uniques]
    keys += [index.terms for index in indexes if index.unique]
    if table.primary_key is not None:
        keys.append(table.primary_key.terms)
    columns = canonical.columns_of(table)
    return [frozenset[str]().union(*map(_named, terms)) & columns for terms in keys]


def _named(term: Term) -> frozenset[str]:
    return frozenset({fold(term.sql)} if term.is_column else canonical.names(term.sql))
