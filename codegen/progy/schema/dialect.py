"""SQLite as D1 speaks it: the compiler that turns SQLAlchemy's tables into CREATE TABLE.

The stock SQLite dialect declares `VARCHAR`, `BOOLEAN`, `JSON`, `DATETIME`, `CHAR(32)`: names that give a
column another affinity than its values have, or that a STRICT table refuses. Here a column is TEXT, INTEGER,
REAL, NUMERIC or BLOB, as a `Session` stores its values. What concerns one column (key, reference, CHECK) is
written beside it, so that as few later changes as possible need a table rebuild.

This module loads SQLAlchemy; only `progy.schema.load` and its helpers import it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table, UniqueConstraint, exc
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteDDLCompiler, SQLiteDialect, SQLiteIdentifierPreparer
from sqlalchemy.schema import ColumnCollectionConstraint, DefaultClause

from progy.errors import ModelError
from progy.schema.describe import stored_values
from progy.sql import names
from progy.sql.tokens import UnclosedQuoteError, tokens
from progy.types import ValueEnum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Constraint, ForeignKey, PrimaryKeyConstraint
    from sqlalchemy.schema import CreateColumn
    from sqlalchemy.types import TypeEngine

# What SQLAlchemy's SQLite dialect writes for each type. The first that fits counts: a Float is a Numeric.
_TYPES: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (sqltypes.Boolean, "INTEGER"),
    (sqltypes.Integer, "INTEGER"),
    (sqltypes.Float, "REAL"),
    (sqltypes.Numeric, "NUMERIC"),
    (sqltypes.LargeBinary, "BLOB"),
    (sqltypes.BINARY, "BLOB"),
    (sqltypes.VARBINARY, "BLOB"),
    # SQLAlchemy has it since 2.1.
    *(((sqlite.JSONB, "BLOB"),) if hasattr(sqlite, "JSONB") else ()),
    (sqltypes.JSON, "TEXT"),
    (sqltypes.String, "TEXT"),
    (sqltypes.Uuid, "TEXT"),
    (sqltypes.DateTime, "TEXT"),
    (sqltypes.Date, "TEXT"),
    (sqltypes.Time, "TEXT"),
)
# What a type of the user's calls itself gives an affinity by these parts, in this order
# (sqlite.org/datatype3.html).
_AFFINITIES = (
    ("INT", "INTEGER"),
    ("CHAR", "TEXT"),
    ("CLOB", "TEXT"),
    ("TEXT", "TEXT"),
    ("BLOB", "BLOB"),
    ("REAL", "REAL"),
    ("FLOA", "REAL"),
    ("DOUB", "REAL"),
)
_NUMERIC = frozenset({"INTEGER", "REAL", "NUMERIC"})
_COLLATIONS = frozenset({"BINARY", "NOCASE", "RTRIM"})
_TRUTH = {"true": "1", "false": "0"}

_NUMBER = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|0[xX][0-9a-fA-F]+)")
_CURRENT = re.compile(r"CURRENT_(?:TIMESTAMP|DATE|TIME)", re.IGNORECASE)
_LITERAL = re.compile(rf"{_NUMBER.pattern}|[xX]?'(?:[^']|'')*'|NULL|TRUE|FALSE|{_CURRENT.pattern}", re.IGNORECASE)


class DeclarationError(ModelError):
    """A table declares something that D1 can't hold.

    Args:
        reason: What is wrong, without the table and the column.
        table: The table's name.
        column: The column's name, if it is a column's fault.
        hint: The edit that mends it.
    """

    def __init__(self, reason: str, *, table: str, column: str | None = None, hint: str | None = None) -> None:
        """Keep the names, by which the loader finds class, attribute and line."""
        super().__init__(f"{table}.{column}: {reason}" if column else f"{table}: {reason}", hint=hint)
        self.reason = reason
        self.table = table
        self.column = column


def storage_type(column: Column[Any]) -> str:
    """The type a column is declared with: TEXT, INTEGER, REAL, NUMERIC or BLOB; in a STRICT table also ANY.

    Raises:
        DeclarationError: D1 has no type for it.
    """
    type_ = _undecorated(column.type)
    declared = next((word for known, word in _TYPES if isinstance(type_, known)), None)
    strict = bool(column.table.dialect_options["sqlite"]["strict"])
    if isinstance(type_, sqltypes.UserDefinedType):
        declared = _affinity(str(type_.get_col_spec()), strict=strict)
    if declared is None:
        raise _column_error(column, f"D1 has no type for {column.type!r}")
    if strict and declared == "NUMERIC":
        raise _column_error(
            column,
            "a STRICT table has no type for decimal numbers",
            "Field(sa_type=ExactDecimal), from progy",
        )
    return declared


def is_rowid(column: Column[Any]) -> bool:
    """Whether it is an INTEGER PRIMARY KEY: SQLite's own row number, counted when an INSERT leaves it out."""
    table = column.table
    return (
        list(table.primary_key.columns) == [column]
        and bool(table.dialect_options["sqlite"]["with_rowid"])
        and storage_type(column) == "INTEGER"
    )


def has_conflict(constraint: UniqueConstraint) -> bool:
    """Whether a UNIQUE says what to do ON CONFLICT, which an index can't."""
    columns = list(constraint.columns)
    return constraint.dialect_options["sqlite"]["on_conflict"] is not None or (
        len(columns) == 1 and columns[0].dialect_options["sqlite"]["on_conflict_unique"] is not None
    )


class _Refusal(exc.CompileError):
    """Something D1 can't hold, found while a column's constraints were compiled."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class _Preparer(SQLiteIdentifierPreparer):
    """Quotes a name where SQLite needs it: SQLAlchemy's list of keywords is older than SQLite's."""

    def quote(self, ident: str, force: object = None) -> str:
        del force
        return names.quote(ident)


class _Compiler(SQLiteDDLCompiler):
    """CREATE TABLE with a column's constraints beside the column. UNIQUE is left to an index."""

    def visit_create_column(self, create: CreateColumn, *_: object, **__: object) -> str | None:
        column = create.element
        if column.system:
            return None
        try:
            return " ".join(self._specification(column))
        except (exc.CompileError, UnclosedQuoteError) as error:
            raise _column_error(column, _reason(error), getattr(error, "hint", None)) from None

    def create_table_constraints(self, table: Table, *_: object, **__: object) -> str:
        rendered = [
            (constraint.__visit_name__, self.process(constraint))
            for constraint in table.constraints
            if self._is_apart(constraint)
        ]
        return ", \n\t".join(text for _, text in sorted(rendered))

    def define_constraint_deferrability(self, constraint: Constraint) -> str:
        """Refuse what only foreign keys may say, and SQLite reports as a syntax error."""
        if constraint.deferrable is None and constraint.initially is None:
            return ""
        if not isinstance(constraint, ForeignKeyConstraint):
            raise _Refusal("only a foreign key can be deferred")
        return super().define_constraint_deferrability(constraint)

    def get_column_default_string(self, column: Column[Any]) -> str | None:
        if not isinstance(column.server_default, DefaultClause):
            return None
        declared, argument = storage_type(column), column.server_default.arg
        if isinstance(argument, str):
            return _constant(argument, declared, stored_values(column.type))
        text = self.sql_compiler.process(argument, literal_binds=True)
        if _CURRENT.fullmatch(text) and declared in _NUMERIC:
            raise _Refusal(f"{text} is text, and the column {declared}", 'server_default=text("(unixepoch())")')
        return text if _LITERAL.fullmatch(text) or _is_enclosed(text) else f"({text})"

    def _specification(self, column: Column[Any]) -> Iterator[str]:
        yield self.preparer.quote(column.name)
        yield storage_type(column)
        yield from _collation(column.type)
        key = column.table.primary_key
        if list(key.columns) == [column]:
            yield self._primary_key(key, column)
        if not column.nullable and not is_rowid(column):
            yield "NOT NULL" + _on_conflict(column.dialect_options["sqlite"]["on_conflict_not_null"])
        default = self.get_column_default_string(column)
        if default is not None:
            yield f"DEFAULT {default}"
        if column.computed is not None:
            yield self.process(column.computed)
        yield from sorted(self._references(column))
        yield from sorted(self._checks(column))

    def _primary_key(self, key: PrimaryKeyConstraint, column: Column[Any]) -> str:
        conflict = (
            key.dialect_options["sqlite"]["on_conflict"] or column.dialect_options["sqlite"]["on_conflict_primary_key"]
        )
        counting = " AUTOINCREMENT" if column.table.dialect_options["sqlite"]["autoincrement"] else ""
        self.define_constraint_deferrability(key)
        return f"{self._named(key)}PRIMARY KEY{_on_conflict(conflict)}{counting}"

    def _named(self, constraint: Constraint) -> str:
        # A name may stand for the metadata's naming convention, which may have none for this kind.
        name = constraint.name and self.preparer.format_constraint(constraint)
        return f"CONSTRAINT {name} " if name else ""

    def _references(self, column: Column[Any]) -> Iterator[str]:
        for key in column.foreign_keys:
            if key.constraint is not None and len(key.constraint.columns) == 1:
                yield self._reference(key, key.constraint)

    def _reference(self, key: ForeignKey, constraint: ForeignKeyConstraint) -> str:
        table, column = self.preparer.quote(key.column.table.name), self.preparer.quote(key.column.name)
        return (
            f"{self._named(constraint)}REFERENCES {table} ({column})"
            f"{self.define_constraint_match(constraint)}{self.define_constraint_cascades(constraint)}"
            f"{self.define_constraint_deferrability(constraint)}"
        )

    def _checks(self, column: Column[Any]) -> Iterator[str]:
        for constraint in {*column.constraints, *column.table.constraints}:
            if isinstance(constraint, CheckConstraint) and _beside(constraint) is column and self._is_made(constraint):
                yield self.process(constraint)
        if isinstance(column.type, ValueEnum) and column.type.check:
            values = ", ".join(
                names.literal(value) if isinstance(value, str) else str(value) for value in column.type.values
            )
            yield f"CHECK ({self.preparer.quote(column.name)} IN ({values}))"

    def _is_apart(self, constraint: Constraint) -> bool:
        """Whether a table's constraint stands after the columns."""
        if isinstance(constraint, CheckConstraint):
            return _beside(constraint) is None and self._is_made(constraint)
        if isinstance(constraint, UniqueConstraint):
            return has_conflict(constraint)
        return isinstance(constraint, ColumnCollectionConstraint) and len(constraint.columns) > 1

    def _is_made(self, constraint: Constraint) -> bool:
        # As SQLAlchemy's own compiler asks: an Enum or Boolean decides by the dialect whether it has a CHECK.
        return bool(constraint._should_create_for_compiler(self))  # noqa: SLF001


class D1Dialect(SQLiteDialect):
    """SQLite as D1 speaks it, to compile with: it has no driver."""

    supports_statement_cache = True
    ddl_compiler = _Compiler
    preparer = _Preparer


DIALECT = D1Dialect()


def _undecorated(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type that the dialect stores by: a variant for SQLite, under any decorators."""
    found = type_.dialect_impl(DIALECT)
    while isinstance(found, sqltypes.TypeDecorator):
        found = found.impl_instance
    return found


def _affinity(name: str, *, strict: bool) -> str:
    """The word for the affinity of whatever a type of the user's calls itself."""
    folded = name.upper()
    if folded == "ANY" and strict:
        return "ANY"
    return next((word for part, word in _AFFINITIES if part in folded), "NUMERIC" if folded else "BLOB")


def _collation(type_: TypeEngine[Any]) -> Iterator[str]:
    plain = _undecorated(type_)
    if isinstance(plain, sqltypes.String) and plain.collation:
        collation = plain.collation.upper()
        if collation not in _COLLATIONS:
            raise _Refusal(f"D1 has no collation {plain.collation}, only BINARY, NOCASE and RTRIM")
        yield f"COLLATE {collation}"


def _beside(constraint: CheckConstraint) -> Column[Any] | None:
    """The column that a CHECK stands beside: the one it was given to, or the only one it names."""
    if isinstance(constraint.parent, Column):
        return constraint.parent
    columns = list(constraint.columns)
    alone = len(columns) == 1 and constraint.dialect_options["sqlite"]["on_conflict"] is None
    return columns[0] if alone else None


def _on_conflict(conflict: str | None) -> str:
    return f" ON CONFLICT {conflict}" if conflict else ""


def _constant(value: str, declared: str, allowed: tuple[str | int, ...]) -> str:
    """A server default that was given as a string: a number beside a number's type, else a string."""
    if allowed and value not in map(str, allowed):
        known = ", ".join(repr(str(item)) for item in allowed)
        raise _Refusal(f"no member is stored as the server default {str(value)!r}", f"one of {known}")
    if declared in _NUMERIC:
        if _NUMBER.fullmatch(value):
            return str(value)
        if declared == "INTEGER" and value.lower() in _TRUTH:
            return _TRUTH[value.lower()]
        raise _Refusal(f"the server default {value!r} is no number", f"an expression is text({value!r})")
    if _CURRENT.fullmatch(value):
        raise _Refusal(f"the server default {value!r} would be a string", f"server_default=text({value!r})")
    return names.literal(value)


def _is_enclosed(sql: str) -> bool:
    """Whether one pair of parentheses is around the whole."""
    depth = 0
    for token in list(tokens(sql)):  # all of them, to find a quote that is never closed
        depth += token.is_operator("(") - token.is_operator(")")
        if depth == 0:
            return token.start > 0 and token.end == len(sql.rstrip())
    return False


def _reason(error: Exception) -> str:
    # A CompileError's text ends in a paragraph on where to read on, which its first argument hasn't.
    return str(error.args[0]).partition("\n")[0]


def _column_error(column: Column[Any], reason: str, hint: str | None = None) -> DeclarationError:
    return DeclarationError(reason, table=column.table.name, column=column.name, hint=hint)
