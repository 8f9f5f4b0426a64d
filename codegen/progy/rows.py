"""The way between models and rows: `from_row` and `to_row`, as a `Session` on SQLite goes it, over D1's binding.

D1 gives rows as JSON would have them, and takes what JavaScript has. What a column's values become there is
for its own SQLAlchemy type to say; what the wire does beyond that is put right here.

This module loads SQLAlchemy; `import progy` doesn't load it.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Table, bindparam, exc, inspect
from sqlalchemy.orm import Mapper, attributes
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault

from progy.schema.dialect import DIALECT, storage_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy.sql.schema import DefaultGenerator

Parameter: TypeAlias = "str | int | float | bytes | None"
"""What D1's `bind` is given."""

Model = TypeVar("Model")

_EXACT = 2**53 - 2
"""The largest integer that a Python Worker can bind: Pyodide makes a BigInt of a greater one, which D1 refuses."""
_ROUNDED = 2**53
"""From here on, JavaScript's numbers don't tell every integer from the next."""
_DIGITS = re.compile(r"-?[0-9]+")


def from_row(model: type[Model], row: Mapping[str, object]) -> Model:
    """A model's instance from a row, as a query on D1 gives it.

    Each column is found by its name in the database, and its value read by the column's own type, as a `Session`
    reads it: nothing is validated, no default is used, `__init__` isn't called, and relationships stay unset. What a
    row has beyond the table's columns, a joined table's or a count, is passed over.

    Args:
        model: A class with a table: `class User(SQLModel, table=True)`.
        row: Every column of the table by its name; `SELECT *` gives them. Generated columns may be missing. A BLOB may
            be bytes, a memoryview or D1's list of integers; an INTEGER may also be its digits as text, which is how
            one beyond 2**53 is read: `CAST(n AS TEXT) AS n`.

    Raises:
        TypeError: The class has no table of its own.
        ValueError: A column is missing, or holds what its type can't read; the message names it.
    """
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
        TypeError: The class has no table of its own, or a value is nothing that D1 takes.
        ValueError: A value is none of its column's; the message names it.
    """
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


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, and how its values are read and written."""

    label: str
    """How errors name it: `User.email`."""
    attribute: str
    name: str
    declared: str
    """Its type in SQLite."""
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
            return self.result(value) if self.result else value
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            raise ValueError(f"{self.label}: {error}") from error

    def write(self, value: object, *, unset: bool) -> Parameter:
        """What D1 is given.

        Raises:
            TypeError: It is nothing that D1 takes.
            ValueError: It isn't what the column's type takes.
        """
        try:
            value = self.default() if unset and self.default else value
            stored = self.bind(value) if self.bind else value
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, exc.StatementError) as error:
            raise ValueError(f"{self.label}: {error}") from error
        return _parameter(stored, self.declared, self.label)


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


def _parameter(value: object, declared: str, label: str) -> Parameter:
    """A value that SQLite's driver takes, as D1 has to be given it for the same to be stored."""
    match value:
        case None:
            return None
        case int():
            return _integer(int(value), declared, label)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{label}: D1 takes finite numbers, not {value!r}")
            return float(value)
        case str():
            return str.__str__(value)  # a member of a `str` enumeration is its value
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case _:
            raise TypeError(f"{label}: D1 takes no {type(value).__name__}: {value!r}")


def _integer(value: int, declared: str, label: str) -> Parameter:
    """D1 makes each number a REAL, which only a column of numbers undoes; of a greater one Pyodide makes a BigInt."""
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{label}: {value} is beyond SQLite's 64 bits")
    if declared == "REAL":
        return float(value)
    if declared == "TEXT":
        return str(value)
    if abs(value) <= _EXACT:
        return value
    if declared not in {"INTEGER", "NUMERIC"}:
        raise ValueError(f"{label}: D1 takes no integer as large as {value}, and the column makes none of its digits")
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
                generated=column.computed is not None,
                has_server_default=column.server_default is not None,
                default=_default(column.default) if column.default is not None else None,
                result=type_.result_processor(DIALECT, None),
                bind=_refuse_function if by_function else type_.bind_processor(DIALECT),
            )


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
