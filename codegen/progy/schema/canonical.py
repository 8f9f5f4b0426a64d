"""The form in which two spellings of the same thing are equal. Spelling is never a change."""

from __future__ import annotations

from functools import cache, lru_cache

import apsw

from progy.schema.objects import Column, ForeignKey, Schema, Table, Term, fold
from progy.sql.names import KEYWORDS, literal, unquote
from progy.sql.tokens import Token, tokens

Canonical = tuple[str, ...]

_SAME_OPERATOR = {"==": "=", "!=": "<>"}
_ROWID = frozenset({"rowid", "oid", "_rowid_"})


@lru_cache(maxsize=4096)
def expression(sql: str, columns: frozenset[str]) -> Canonical:
    """An expression's tokens, without regard to case, spaces, comments, quoted names and outer parentheses.

    Args:
        sql: The expression.
        columns: The folded names of the columns it may name. On D1 a text in double quotes that is none of them is a
            string, whose case counts.
    """
    found = _without_parentheses(list(tokens(sql)))
    return tuple(_canonical(token, at, found, columns) for at, token in enumerate(found))


def columns_of(table: Table | None) -> frozenset[str]:
    """The folded names that a table's expressions may name."""
    return frozenset(fold(column.name) for column in table.columns) if table else frozenset()


@lru_cache(maxsize=4096)
def default(sql: str | None, declared: str, *, strict: bool = False) -> Canonical | None:
    """A column's default: the constant it stores, asked of SQLite itself, else the expression. No default is NULL.

    `false` is `0`, `(1)` is `1`, `"a"` is `'a'`, and `'0'` is `0` in an INTEGER column.
    """
    if sql is None:
        return None
    constant = _constant(sql)
    if constant is None:
        return ("expression", *expression(sql, frozenset()))
    try:
        kind, value = _stored(constant, declared, strict=strict)
    except apsw.Error:
        # A STRICT table takes the default and refuses every row that uses it.
        return ("refused", constant)
    return None if kind == "null" else (kind, value)


def _constant(sql: str) -> str | None:
    """The literal that a default consists of, as SQL; None when it is an expression."""
    part = _without_parentheses(list(tokens(sql)))
    sign = ""
    while part and part[0].kind == "operator" and part[0].text in "+-":
        sign = "" if (sign == "-") == (part[0].text == "-") else "-"
        part = part[1:]
    if len(part) != 1:
        return None
    token = part[0]
    if token.kind == "name":
        word = token.text.upper()
        if word in {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"}:
            return None
        # Any other bare word is a string there.
        return sign + word if word in {"NULL", "TRUE", "FALSE"} else sign + literal(token.text)
    if token.kind == "quoted":
        return sign + literal(unquote(token.text))
    return sign + token.text if token.kind in {"number", "string", "blob"} else None


def _stored(constant: str, declared: str, *, strict: bool) -> tuple[str, str]:
    """What a column of that type makes of a literal: its storage class, and itself as SQLite quotes it."""
    connection = _sqlite()
    connection.execute(f"CREATE TABLE t (c {declared} DEFAULT ({constant})){' STRICT' if strict else ''}")
    try:
        connection.execute("INSERT INTO t DEFAULT VALUES")
        [(kind, value)] = connection.execute("SELECT typeof(c), quote(c) FROM t")
    finally:
        connection.execute("DROP TABLE t")
    return str(kind), str(value)


def takes_its_default(column: str) -> bool:
    """Whether a column so defined takes its own default; true as well when that depends on other columns."""
    connection = _sqlite()
    try:
        connection.execute(f"CREATE TABLE t (progy_other, {column})")
    except apsw.Error:
        return True
    try:
        connection.execute("INSERT INTO t (progy_other) VALUES (NULL)")
    except apsw.ConstraintError:
        return False
    finally:
        connection.execute("DROP TABLE t")
    return True


@cache
def _sqlite() -> apsw.Connection:
    return apsw.Connection(":memory:")


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
        sql: Canonical = (fold(term.sql),) if term.is_column else expression(term.sql, columns_of(table))
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


def leads_to_no_key(key: ForeignKey, schema: Schema) -> bool:
    """Whether a reference leads to a missing table, or to columns that are neither primary key nor unique.

    SQLite accepts such a reference and then refuses every row, and even to count what dangles
    (sqlite.org/foreignkeys.html, section 3).
    """
    parent = schema.table(key.table)
    if parent is None:
        return True
    primary = frozenset(map(fold, parent.primary_key.columns)) if parent.primary_key else frozenset()
    wanted = frozenset(map(fold, key.references)) if key.references else primary
    keys = {primary} | {frozenset(fold(term.sql) for term in unique.terms) for unique in parent.uniques}
    keys |= {
        frozenset(fold(term.sql) for term in index.terms)
        for index in schema.indexes_of(parent.name)
        if index.unique and index.where is None
    }
    return not wanted or wanted not in keys or len(wanted) != len(key.columns)


def names(sql: str, *, strings: bool = False) -> set[str]:
    """The folded names that a piece of SQL may mean something by; with `strings` those in single quotes, too."""
    kinds = {"name", "quoted", "string"} if strings else {"name", "quoted"}
    return {
        fold(token.text if token.kind == "name" else unquote(token.text))
        for token in tokens(sql)
        if token.kind in kinds
    }


@lru_cache(maxsize=1024)
def statement(sql: str, known: frozenset[str]) -> Canonical:
    """A CREATE statement of a view, trigger or virtual table, without regard to spaces, comments and names' case.

    Args:
        sql: The statement.
        known: Folded names of tables, views and columns. What else stands in double quotes may be a string, so its
            case counts.
    """
    found = list(tokens(sql))
    return tuple(
        f'"{unquote(token.text)}"'
        if token.kind == "quoted" and fold(unquote(token.text)) not in known
        else _canonical(token, at, found, known)
        for at, token in enumerate(found)
    )


def known_names(*schemas: Schema) -> frozenset[str]:
    """The folded names of the tables, views and columns of some schemas."""
    found: set[str] = set()
    for schema in schemas:
        found |= schema.tables.keys() | schema.virtual_tables.keys() | schema.views.keys() | schema.triggers.keys()
        found |= {fold(column.name) for table in schema.tables.values() for column in table.columns}
    return frozenset(found)


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


def _canonical(token: Token, at: int, around: list[Token], columns: frozenset[str]) -> str:
    """One token. Names are in double quotes, keywords bare and in capitals, strings in single quotes."""
    if token.kind == "name":
        word = token.text.upper()
        return word if word in KEYWORDS else f'"{fold(token.text)}"'
    if token.kind == "quoted":
        name = unquote(token.text)
        if token.text[0] != '"' or _is_name(fold(name), at, around, columns):
            return f'"{fold(name)}"'
        return literal(name)
    if token.kind == "number":
        return _number(token.text)
    return token.text.upper() if token.kind == "blob" else _SAME_OPERATOR.get(token.text, token.text)


def _is_name(name: str, at: int, around: list[Token], columns: frozenset[str]) -> bool:
    """Whether what stands in double quotes is a name: of a column, or by its place, of something else."""
    before = around[at - 1] if at else None
    behind = around[at + 1] if at + 1 < len(around) else None
    return (
        name in columns
        or name in _ROWID
        or (before is not None and (before.is_operator(".") or before.is_word("COLLATE", "AS")))
        or (behind is not None and (behind.is_operator(".") or behind.is_operator("(")))
    )


def _number(text: str) -> str:
    """A numeric literal without the underscores between its digits, and in decimals."""
    plain = text.replace("_", "").lower()
    return str(int(plain, 16)) if plain.startswith("0x") else plain
