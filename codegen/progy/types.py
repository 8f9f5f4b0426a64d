"""Column types for models: how values that SQLite has no type for are stored in a D1 database.

This module loads SQLAlchemy; `import progy` doesn't load it. Models take the types from the package:

    from progy import UnixSeconds

    class Session(SQLModel, table=True):
        expires_at: datetime = Field(sa_type=UnixSeconds)

A value that the column can't hold is refused when it is bound, with a `TypeError` or `ValueError` that
SQLAlchemy wraps in a `StatementError`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import JSON, Integer, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _UnixTime(TypeDecorator[datetime]):
    """A moment as the whole number of units since 1970-01-01T00:00:00Z.

    Only aware datetimes go in: a naive one would mean another moment on a machine in another time zone. UTC
    comes out. What is finer than the unit is cut off, towards the past, by integer arithmetic.
    """

    impl = Integer
    cache_ok = True
    unit: ClassVar[timedelta]

    def process_bind_param(self, value: object, dialect: Dialect) -> int | None:
        """The moment as an integer.

        Raises:
            TypeError: It is no datetime.
            ValueError: It has no time zone.
        """
        del dialect
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise TypeError(f"{type(self).__name__} takes a datetime, not {value!r}")
        if value.utcoffset() is None:
            raise ValueError(f"{type(self).__name__} takes a datetime with a time zone, such as datetime.now(UTC)")
        return (value - _EPOCH) // self.unit

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        """The integer as an aware datetime in UTC.

        Raises:
            TypeError: The column holds no integer.
            ValueError: The moment lies outside the years 1 to 9999.
        """
        del dialect
        if value is None:
            return None
        if not isinstance(value, int):
            raise TypeError(f"{type(self).__name__} reads an integer, not {value!r}")
        try:
            return _EPOCH + value * self.unit
        except OverflowError:
            raise ValueError(
                f"{value} lies outside the years 1 to 9999 as {type(self).__name__}: is it in another unit?"
            ) from None


class UnixSeconds(_UnixTime):
    """A datetime, stored as INTEGER: whole seconds since 1970-01-01T00:00:00Z.

    Takes aware datetimes and gives them back in UTC; a fraction of a second is cut off.
    """

    cache_ok = True
    unit = timedelta(seconds=1)


class UnixMillis(_UnixTime):
    """A datetime, stored as INTEGER: whole milliseconds since 1970-01-01T00:00:00Z.

    JavaScript's `Date.now()` counts so. Takes aware datetimes and gives them back in UTC; a fraction of a
    millisecond is cut off.
    """

    cache_ok = True
    unit = timedelta(milliseconds=1)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal, stored as TEXT in plain notation, digit by digit: `1.50` stays `1.50`.

    SQL compares and sorts it as text; `CAST(price AS REAL)` gives a number to reckon with.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """The number as text.

        Raises:
            TypeError: It is neither a Decimal nor an int: a float isn't exact.
            ValueError: It is infinite or not a number.
        """
        del dialect
        if value is None:
            return None
        if not isinstance(value, Decimal | int):
            raise TypeError(f"ExactDecimal takes a Decimal or an int, not {value!r}")
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError(f"ExactDecimal takes finite numbers, not {value!r}")
        return format(number, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """The text as a Decimal with the digits it was stored with."""
        del dialect
        return None if value is None else Decimal(value)


class ValueEnum(TypeDecorator[Enum]):
    """An enumeration, stored by value: TEXT when the values are strings, INTEGER when they are integers.

    SQLAlchemy's own `Enum`, which SQLModel gives a plain annotation, stores the members' names.

    Args:
        enum_class: The enumeration.
        check: Whether the column gets a CHECK that lets in only its values; another value then changes the
            table.

    Raises:
        TypeError: The values are neither all strings nor all integers, or it is a Flag, whose combinations
            aren't members.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def __init__(self, enum_class: type[Enum], check: bool = False) -> None:  # noqa: FBT001, FBT002 - the documented call
        """Choose the storage by the values."""
        values = [member.value for member in enum_class]
        if issubclass(enum_class, Flag) or not values:
            raise TypeError(f"{enum_class.__name__}: ValueEnum takes an enumeration with members, and no Flag")
        super().__init__()
        if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            self.impl = Integer()
        elif not all(isinstance(value, str) for value in values):
            raise TypeError(f"{enum_class.__name__}: ValueEnum takes values that are all str or all int")
        self.enum_class = enum_class
        self.check = check

    @property
    def values(self) -> tuple[str | int, ...]:
        """The values as they are stored, in the order of the class."""
        return tuple(_plain(member.value) for member in self.enum_class)

    def process_bind_param(self, value: Enum | str | int | None, dialect: Dialect) -> str | int | None:
        """The member's value. A value of the enumeration may stand for its member.

        Raises:
            ValueError: It is no member, nor the value of one.
        """
        del dialect
        return None if value is None else _plain(self.enum_class(value).value)

    def process_result_value(self, value: str | int | None, dialect: Dialect) -> Enum | None:
        """The member with the stored value.

        Raises:
            ValueError: No member has it.
        """
        del dialect
        return None if value is None else self.enum_class(value)


class Json(TypeDecorator[Any]):
    """Anything that JSON can say, stored as TEXT.

    None is stored as NULL, where SQLAlchemy's `JSON` stores the text `null` unless told otherwise. Changes
    inside a dict, a list or a model aren't noticed: assign a new one.

    Args:
        shape: What the JSON means: a pydantic model, a dataclass, `list[Item]`, whatever pydantic takes.
            Values are validated on the way in, and come out as that. None: dicts, lists, strings, numbers and
            booleans as they are. With a shape, a query for a part of the value says its type:
            `column["theme"].as_string()`.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, shape: Any = None) -> None:  # noqa: ANN401 - any annotation that pydantic takes
        """Keep the shape. Its validator is built when first needed: the shape may name classes to come."""
        super().__init__(none_as_null=True)
        self.shape = shape
        self._adapter: TypeAdapter[Any] | None = None

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401 - any JSON
        """The value in JSON's own terms.

        Raises:
            ValidationError: It hasn't the shape.
        """
        del dialect
        if value is None or self.shape is None:
            return value
        adapter = self._validator()
        return adapter.dump_python(adapter.validate_python(value), mode="json", by_alias=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401 - any JSON
        """The value in the shape it has.

        Raises:
            ValidationError: What is stored hasn't the shape.
        """
        del dialect
        return value if value is None or self.shape is None else self._validator().validate_python(value)

    def _validator(self) -> TypeAdapter[Any]:
        if self._adapter is None:
            from pydantic import TypeAdapter

            self._adapter = TypeAdapter(self.shape)
        return self._adapter


def _plain(value: str | int) -> str | int:
    """The value without the subclass that `class Status(str, Enum)` may give it."""
    return str(value) if isinstance(value, str) else int(value)
