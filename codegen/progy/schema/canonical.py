"""The form in which two spellings of the same thing are equal. Spelling is never a change."""

from __future__ import annotations

import re
from functools import lru_cache

from progy.schema.objects import Column, ForeignKey, Schema, Table, Term, fold
from progy.sql.names import KEYWORDS, unquote
from progy.sql.tokens import Token, tokens

Canonical = tuple[str, ...]

_SAME_OPERATOR = {"==": "=", "!=": "<>"}


@lru_cache(maxsize=4096)
def expression(sql: str) -> Canonical:
    """An expression's tokens, without regard to case, spaces, comments, quoted names and outer parentheses.

    A name in double quotes counts as a name, as it is wherever a column of that name exists.
    """
    return tuple(_canonical(token) for token in _without_parentheses(list(tokens(sql))))


@lru_cache(maxsize=4096)
def default(sql: str | None, declared: str) -> Canonical | None:
    """A column's default: the constant it gives once the column's affinity is applied, else its expression.

    `false` is `0`, `(1)` is `1`, `"a"` is `'a'`, and `'0'` is `0` in an INTEGER column. No default is NULL.
    """
    if sql is None:
        return None
    part = _without_parentheses(list(tokens(sql)))
    sign = ""
    while part and part[0].kind == "operator" and part[0].text in "+-":
        sign = "" if (sign == "-") == (part[0].text == "-") else "-"
        part = part[1:]
    if len(part) != 1:
        return ("expression", *expression(sql))
    token = part[0]
    if token.kind == "name":
        word = token.text.upper()
        if word == "NULL":
            return None
        if word in {"TRUE", "FALSE"}:
            return _stored("number", sign + str(int(word == "TRUE")), declared)
        if word.startswith("CURRENT_"):
            return ("expression", word)
        return _stored("text", token.text, declared)
    if token.kind == "number":
        return _stored("number", sign + token.text, declared)
    if token.kind in {"string", "quoted"} and not sign:
        return _stored("text", unquote(token.text), declared)
    return ("expression", *expression(sql))


@lru_cache(maxsize=1024)
def affinity(declared: str) -> str:
    """The affinity of a declared type, by the five rules of sqlite.org/datatype3.html, section 3.1."""
    name = declared.upper()
    if "INT" in name:
        return "INTEGER"
    if "CHAR" in name or "CLOB" in name or "TEXT" in name:
        return "TEXT"
    if "BLOB" in name or not name:
        return "BLOB"
    if "REAL" in name or "FLOA" in name or "DOUB" in name:
        return "REAL"
    return "NUMERIC"


def type_of(column: Column, table: Table) -> str:
    """What a column's declared type means: its affinity, or in a STRICT table the type itself."""
    if table.strict:
        return column.type.upper()
    if is_rowid_alias(column, table):
        return "INTEGER PRIMARY KEY"
    return affinity(column.type)


def is_rowid_alias(column: Column, table: Table) -> bool:
    """Whether the column is the table's rowid: declared exactly INTEGER, and alone the primary key.

    `INTEGER PRIMARY KEY DESC` beside the column is none, by an old error that SQLite keeps
    (sqlite.org/lang_createtable.html).
    """
    key = table.primary_key
    return (
        key is not None
        and not table.without_rowid
        and len(key.terms) == 1
        and fold(key.terms[0].sql) == fold(column.name)
        and column.type.upper() == "INTEGER"
        and not (key.inline and key.terms[0].descending)
    )


def not_null(column: Column, table: Table) -> bool:
    """Whether the column refuses NULL, which keys of STRICT and WITHOUT ROWID tables and the rowid always do."""
    key = table.primary_key
    if key is not None and fold(column.name) in {fold(name) for name in key.columns}:
        return column.not_null or table.without_rowid or table.strict or is_rowid_alias(column, table)
    return column.not_null


def collation(name: str | None) -> str:
    """A collation's name; none is BINARY."""
    return (name or "BINARY").upper()


def terms(found: tuple[Term, ...], table: Table | None) -> tuple[tuple[Canonical, str, bool], ...]:
    """The terms of an index or key. A column's own collation counts where the term names none."""
    result = []
    for term in found:
        own = term.collation
        if own is None and term.is_column and table is not None:
            column = table.column(term.sql)
            own = column.collation if column else None
        sql: Canonical = (fold(term.sql),) if term.is_column else expression(term.sql)
        result.append((sql, collation(own), term.descending))
    return tuple(result)


def foreign_key(key: ForeignKey, schema: Schema) -> tuple[object, ...]:
    """A foreign key, with the columns it refers to when it leaves them to the parent's primary key."""
    references = key.references
    parent = schema.table(key.table)
    if not references and parent is not None and parent.primary_key is not None:
        references = parent.primary_key.columns
    return (
        tuple(map(fold, key.columns)),
        fold(key.table),
        tuple(map(fold, references)),
        key.on_delete,
        key.on_update,
        key.deferred,
    )


def names(sql: str, *, strings: bool = False) -> set[str]:
    """The folded names that a piece of SQL may mean something by; with `strings` those in single quotes, too."""
    kinds = {"name", "quoted", "string"} if strings else {"name", "quoted"}
    return {
        fold(token.text if token.kind == "name" else unquote(token.text))
        for token in tokens(sql)
        if token.kind in kinds
    }


def statement(sql: str) -> Canonical:
    """A CREATE statement of a view, trigger or virtual table, without regard to spelling."""
    return tuple(_canonical(token) for token in tokens(sql))


def _without_parentheses(part: list[Token]) -> list[Token]:
    while len(part) > 1 and part[0].is_operator("(") and _closes_at(part) == len(part) - 1:
        part = part[1:-1]
    return part


def _closes_at(part: list[Token]) -> int:
    """Where the parenthesis that the part begins with is closed."""
    depth = 0
    for position, token in enumerate(part):
        depth += token.is_operator("(") - token.is_operator(")")
        if depth == 0:
            return position
    return -1


def _canonical(token: Token) -> str:
    if token.kind == "name":
        word = token.text.upper()
        return word if word in KEYWORDS else fold(token.text)
    if token.kind == "quoted":
        return fold(unquote(token.text))
    if token.kind in {"blob", "number"}:
        return token.text.upper()
    return _SAME_OPERATOR.get(token.text, token.text)


def _stored(kind: str, text: str, declared: str) -> Canonical:
    """The constant as a column of that type stores it."""
    target = affinity(declared)
    if kind == "text":
        number = _number(text) if target in {"INTEGER", "NUMERIC", "REAL"} else None
        return ("text", text) if number is None else ("number", number)
    if target == "TEXT":
        return ("text", _real(text) if _is_real(text) else _whole(text))
    return ("number", _number(text) or text)


_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def _number(text: str) -> str | None:
    """A number's value in one spelling, or None when the text is no number to SQLite. Digits may be parted by `_`."""
    plain = text.replace("_", "")
    if "x" in plain.lower():
        return _whole(plain)
    if not _NUMBER.fullmatch(plain):
        return None
    if not _is_real(plain):
        return _whole(plain)
    value = float(plain)
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


_EXACT = 2**53  # beyond it not every whole number is a float


def _is_real(text: str) -> bool:
    return "x" not in text.lower() and any(mark in text for mark in ".eE")


def _real(text: str) -> str:
    return repr(float(text.replace("_", "")))


def _whole(text: str) -> str:
    return str(int(text.replace("_", ""), 0 if "x" in text.lower() else 10))
