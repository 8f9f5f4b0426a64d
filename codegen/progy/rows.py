"""The way between models and rows: `from_row` and `to_row`, as a `Session` on SQLite goes it, over D1's binding.

D1 gives rows as JSON would have them, and takes what JavaScript has. What a column's values become there is
for its own SQLAlchemy type to say; what the wire does beyond that is put right here.

This module loads SQLAlchemy; `import progy` doesn't load it.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Table, bindparam, exc, inspect
from sqlalchemy import types as sqltypes
from sqlalchemy.orm import Mapper, attributes
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault

from progy.schema.describe import stored_values
from progy.schema.dialect import DIALECT, is_rowid, storage_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.sql.schema import DefaultGenerator

Parameter: TypeAlias = "str | int | float | bytes | None"
"""What D1's `bind` is given."""

Model = TypeVar("Model")

_EXACT = 2**53 - 2
"""The largest integer that a Python Worker can bind: Pyodide makes a BigInt of a greater one, which D1 refuses."""
_ROUNDED = 2**53
"""From here on, JavaScript's numbers don't tell every integer from the next."""
_DIGITS = re.compile(r"-?[0-9]+")
_HELD: dict[str, type] = {"INTEGER": int, "REAL": float, "TEXT": str}
"""What SQLite's driver gives of a column, by its type; of any other it may be anything."""
_WORDS = {int: "integers", float: "numbers", str: "text", bytes: "bytes"}
_ERRORS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, exc.StatementError)
"""What SQLAlchemy's and pydantic's types raise for a value that they don't take."""


def from_row(model: type[Model], row: Mapping[str, object]) -> Model:
    """A model's instance from a row, as a query on D1 gives it.

    Each column is found by its name in the database, and its value read by the column's own type, as a `Session`
    reads it. That it is what the column holds, text or a number, is seen to, and no more is validated; no default is
    used, `__init__` isn't called, and relationships stay unset. What a row has beyond the table's columns, a joined
    table's or a count, is passed over.

    Args:
        model: A class with a table: `class User(SQLModel, table=True)`.
        row: Every column of the table by its name; `SELECT *` gives them. Generated columns may be missing. A BLOB may
            be bytes, a memoryview or D1's list of integers; an INTEGER may also be its digits as text, which is how
            one beyond 2**53 is read: `CAST(n AS TEXT) AS n`.

    Raises:
        TypeError: It is no class with a table of its own, or no row.
        ValueError: A column is missing, or holds what its type can't read, or None where it can't; the message names
            it.
    """
    _check_arguments(model, row)
    columns = _columns_of(model)
    missing = [column.name for column in columns if column.name not in row and not column.generated]
    if missing:
        raise ValueError(f"{model.__name__}: the row has no {', '.join(missing)}; SELECT * gives every column")
    instance: Model = attributes.manager_of_class(model).new_instance()
    found = {column.attribute: column.read(row[column.name]) for column in columns if column.name in row}
    for attribute, value in found.items():
        attributes.set_committed_value(instance, attribute, value)
    # What SQLModel's `__init__` would have noted.
    if isinstance(noted := getattr(instance, "model_fields_set", None), set):
        noted.update(found)
    return instance


def to_row(instance: object) -> dict[str, Parameter]:
    """A model's instance as what D1 stores: the parameters of an INSERT or UPDATE, by the columns' names.

    Each value is written by its column's own type, as a `Session` writes it, so that an INSERT stores what the
    `Session` would. Left out are generated columns, and those with a default in SQL that nobody has set. A default
    that SQLAlchemy calls when it inserts (`Column(default=...)`) is called.

    Args:
        instance: Of a class with a table.

    Returns:
        What D1's `bind` takes. An INTEGER near 2**53 or beyond, which D1 doesn't take, is given as its digits in text:
        the column makes the same number of them.

    Raises:
        TypeError: It is no instance of a class with a table of its own.
        ValueError: A value is none of its column's, or nothing that D1 takes; the message names it.
    """
    if isinstance(instance, type):
        raise TypeError(f"to_row takes an instance, and {instance.__name__} is a class")
    columns = _columns_of(type(instance))
    # What a Session has loaded is all set, and SQLModel doesn't note it.
    everything = attributes.instance_state(instance).has_identity
    noted = getattr(instance, "model_fields_set", vars(instance))
    row: dict[str, Parameter] = {}
    for column in columns:
        value = getattr(instance, column.attribute)
        unset = value is None and not everything and column.attribute not in noted
        if not column.generated and not (unset and column.has_server_default):
            row[column.name] = column.write(value, unset=unset)
    return row


def _check_arguments(model: object, row: object) -> None:
    """Raises TypeError for what is no class, and what is no row."""
    if not isinstance(model, type):
        raise TypeError(f"from_row takes a class, and then a row: this is a {type(model).__name__}")
    if row is None:
        raise TypeError(f"{model.__name__}: the row is None, which is what first() gives when there is none")
    if not isinstance(row, Mapping):
        raise TypeError(f"{model.__name__}: a row is a dict, and this a {type(row).__name__}")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, and how its values are read and written."""

    label: str
    """How errors name it: `User.email`."""
    attribute: str
    name: str
    declared: str
    """Its type in SQLite."""
    holds: type
    """What its values are, as SQLite's driver gives them."""
    members: tuple[str | int, ...]
    """Of an enumeration: all values. SQLAlchemy's own type lets any text be stored."""
    nullable: bool
    generated: bool
    has_server_default: bool
    default: Callable[[], object] | None
    """What SQLAlchemy stores when nobody has set it."""
    result: Callable[[Any], object] | None
    bind: Callable[[Any], object] | None

    def read(self, stored: object) -> object:
        """What the instance holds.

        Raises:
            ValueError: It isn't what the column's type stores.
        """
        try:
            value = _as_sqlite_has_it(stored, self.declared)
            self._refuse_misfit(value, stored)
            return self.result(value) if self.result else value
        except _ERRORS as error:
            raise ValueError(f"{self.label}: {_said(error, stored)}") from error

    def write(self, value: object, *, unset: bool) -> Parameter:
        """What D1 is given.

        Raises:
            ValueError: It isn't what the column's type takes, or nothing that D1 takes.
        """
        try:
            value = self.default() if unset and self.default else value
            stored = self.bind(value) if self.bind else value
            parameter = _parameter(stored, self.declared)
            self._refuse_misfit(_as_sqlite_stores_it(parameter, self.declared), value)
            if self.members and parameter is not None and parameter not in self.members:
                raise ValueError(f"{value!r} is not among {', '.join(map(repr, self.members))}")
        except _ERRORS as error:
            raise ValueError(f"{self.label}: {_said(error, value)}") from error
        return parameter

    def _refuse_misfit(self, stored: object, value: object) -> None:
        """Raises ValueError for what the column can't hold, as it is stored; the value is what the user knows."""
        if stored is None:
            if not self.nullable:
                raise ValueError("it is None, and the column NOT NULL")
        elif not isinstance(stored, self.holds):
            raise ValueError(f"the column holds {_WORDS[self.holds]}, not {value!r}")


def _said(error: Exception, value: object) -> str:
    # What decimal's errors say is the name of a class.
    return f"{value!r} is no decimal number" if isinstance(error, InvalidOperation) else str(error)


def _as_sqlite_has_it(value: object, declared: str) -> object:
    """A value of a row, as SQLite's own driver would give it.

    Raises:
        ValueError: An integer that has lost digits on the way.
    """
    match value:
        case list() | memoryview() | bytearray():
            return bytes(value)
        case int() if declared == "REAL":
            return float(value)
        case float() if declared == "INTEGER" and value.is_integer():
            if abs(value) >= _ROUNDED:
                raise ValueError(f"D1 rounds integers beyond 2**53, as {value:.0f} is: select CAST(… AS TEXT)")
            return int(value)
        case str() if declared == "INTEGER" and _DIGITS.fullmatch(value):
            return int(value)
        case _:
            return value


def _as_sqlite_stores_it(parameter: Parameter, declared: str) -> Parameter:
    """What a column's affinity makes of a parameter."""
    match parameter:
        case float() if declared == "INTEGER" and parameter.is_integer():
            return int(parameter)
        case str() if declared == "INTEGER" and _DIGITS.fullmatch(parameter):
            return int(parameter)
        case float() if declared == "TEXT":
            return str(parameter)
        case _:
            return parameter


def _parameter(value: object, declared: str) -> Parameter:
    """A value that SQLite's driver takes, as D1 has to be given it for the same to be stored.

    Raises:
        ValueError: D1 takes no such value.
    """
    match value:
        case None:
            return None
        case int():
            return _integer(int(value), declared)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"D1 takes finite numbers, not {value!r}")
            return float(value)
        case str():
            return str.__str__(value)  # a member of a `str` enumeration is its value
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case _:
            raise ValueError(f"D1 takes no {type(value).__name__}: {value!r}")


def _integer(value: int, declared: str) -> Parameter:
    """D1 makes each number a REAL, which only a column of numbers undoes; of a greater one Pyodide makes a BigInt."""
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} is beyond SQLite's 64 bits")
    if declared == "REAL":
        return float(value)
    if declared == "TEXT":
        return str(value)
    if abs(value) <= _EXACT:
        return value
    if declared not in {"INTEGER", "NUMERIC"}:
        raise ValueError(f"D1 takes no integer as large as {value}, and the column makes none of its digits")
    return str(value)


_tables: WeakKeyDictionary[type, tuple[_Column, ...]] = WeakKeyDictionary()


def _columns_of(model: type) -> tuple[_Column, ...]:
    """The columns of a class's table; looked up once."""
    found = _tables.get(model)
    if found is None:
        mapper: Mapper[Any] | None = inspect(model, raiseerr=False)
        if mapper is None:
            raise TypeError(f"{model.__name__} has no table: is table=True missing?")
        if not isinstance(mapper.local_table, Table) or len(mapper.tables) != 1:
            raise TypeError(f"{model.__name__} isn't kept in one table, and a row is of one")
        with warnings.catch_warnings():
            # That SQLite has no decimals, of which SQLAlchemy warns, is said where columns are explained.
            warnings.simplefilter("ignore", exc.SAWarning)
            found = _tables[model] = tuple(_columns(mapper))
    return found


def _columns(mapper: Mapper[Any]) -> Iterator[_Column]:
    for mapped in mapper.column_attrs:
        column = mapped.columns[0]
        if isinstance(column, Column) and column.table is mapper.local_table:
            type_ = column.type.dialect_impl(DIALECT)
            by_function = type_.bind_expression(bindparam(None)) is not None
            yield _Column(
                label=f"{mapper.class_.__name__}.{mapped.key}",
                attribute=mapped.key,
                name=column.name,
                declared=storage_type(column),
                holds=_holds(column),
                members=stored_values(column.type),
                nullable=bool(column.nullable) or is_rowid(column),
                generated=column.computed is not None,
                has_server_default=column.server_default is not None,
                default=_default(column.default) if column.default is not None else None,
                result=type_.result_processor(DIALECT, None),
                bind=_refuse_function if by_function else type_.bind_processor(DIALECT),
            )


def _holds(column: Column[Any]) -> type:
    type_ = column.type.dialect_impl(DIALECT)
    while isinstance(type_, sqltypes.TypeDecorator):
        type_ = type_.impl_instance
    if isinstance(type_, sqltypes.UserDefinedType):
        return object
    if isinstance(type_, sqltypes.LargeBinary | sqltypes.BINARY | sqltypes.VARBINARY):
        return bytes
    return _HELD.get(storage_type(column), object)


def _default(default: DefaultGenerator) -> Callable[[], object]:
    def value() -> object:
        match default:
            case ScalarElementColumnDefault():
                return default.arg
            case CallableColumnDefault():
                return default.arg(None)  # type: ignore[arg-type]  # the context, which there is only in a Session
            case _:
                raise ValueError("it isn't set, and its default is SQL that SQLAlchemy puts into its own INSERT")

    return value


def _refuse_function(_: object) -> object:
    raise ValueError("it is stored through a function in SQL, which no parameter can call")
