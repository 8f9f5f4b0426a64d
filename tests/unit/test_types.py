"""A `Session` writes what the DDL declares, and reads back what was written: one case per Python type."""

import enum
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar, Literal, NamedTuple, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy import JSON, ColumnElement, Dialect, Engine, Table, Text, create_engine, literal
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, Session, SQLModel, col, select

import progy
from progy import ExactDecimal, Json, UnixMillis, UnixSeconds, ValueEnum
from progy.schema.ddl import statements
from progy.schema.dialect import storage_type


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 9


class Settings(BaseModel):
    theme: str
    since: datetime | None = None


@dataclass
class Point:
    x: int
    y: int


class Base(SQLModel, registry=registry()):
    __tablename__: ClassVar[Any]


class Everything(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    str_: str | None = None
    literal_: Literal["a", "b"] | None = Field(default=None, sa_type=Text)
    int_: int | None = None
    float_: float | None = None
    bool_: bool | None = None
    bytes_: bytes | None = None
    datetime_: datetime | None = None
    seconds: datetime | None = Field(default=None, sa_type=UnixSeconds)
    millis: datetime | None = Field(default=None, sa_type=UnixMillis)
    date_: date | None = None
    time_: time | None = None
    timedelta_: timedelta | None = None
    decimal_: Decimal | None = None
    exact: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    uuid_: UUID | None = None
    enum_: Colour | None = None
    value_enum: Colour | None = Field(default=None, sa_type=ValueEnum(Colour))
    int_enum: Level | None = Field(default=None, sa_type=ValueEnum(Level))
    stock_json: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    json_: Any = Field(default=None, sa_type=Json, nullable=True)
    list_: list[int] | None = Field(default=None, sa_type=Json)
    model: Settings | None = Field(default=None, sa_type=Json(Settings))
    points: list[Point] | None = Field(default=None, sa_type=Json(list[Point]))


NOW = datetime(2026, 11, 23, 4, 42, 16, 928_084, tzinfo=UTC)


class Case(NamedTuple):
    attribute: str
    value: Any
    declared: str
    """The column's type."""
    kind: str
    """The storage class that `typeof` reports."""
    wire: Any
    """What is stored."""


CASES = [
    Case("str_", "it's", "TEXT", "text", "it's"),
    Case("literal_", "b", "TEXT", "text", "b"),
    Case("int_", 2**53 + 1, "INTEGER", "integer", 2**53 + 1),
    Case("float_", 5.0, "REAL", "real", 5.0),
    Case("bool_", value=True, declared="INTEGER", kind="integer", wire=1),
    Case("bytes_", b"\x00\xff", "BLOB", "blob", b"\x00\xff"),
    Case("datetime_", NOW, "TEXT", "text", "2026-11-23 04:42:16.928084"),
    Case("seconds", NOW.replace(microsecond=0), "INTEGER", "integer", 1_795_408_936),
    Case("millis", NOW.replace(microsecond=928_000), "INTEGER", "integer", 1_795_408_936_928),
    Case("date_", date(2026, 11, 23), "TEXT", "text", "2026-11-23"),
    Case("time_", time(4, 42, 16, 5), "TEXT", "text", "04:42:16.000005"),
    Case("timedelta_", timedelta(days=1, seconds=2), "TEXT", "text", "1970-01-02 00:00:02.000000"),
    Case("decimal_", Decimal("1.5"), "NUMERIC", "real", 1.5),
    Case("exact", Decimal("0.10"), "TEXT", "text", "0.10"),
    Case("uuid_", UUID("12345678123456781234567812345678"), "TEXT", "text", "12345678123456781234567812345678"),
    Case("enum_", Colour.GREEN, "TEXT", "text", "GREEN"),
    Case("value_enum", Colour.GREEN, "TEXT", "text", "g"),
    Case("int_enum", Level.HIGH, "INTEGER", "integer", 9),
    Case("stock_json", {"a": [1]}, "TEXT", "text", '{"a": [1]}'),
    Case("json_", {"a": [1, None]}, "TEXT", "text", '{"a": [1, null]}'),
    Case("json_", 7, "TEXT", "text", "7"),
    Case("list_", [1, 2], "TEXT", "text", "[1, 2]"),
    Case(
        "model",
        Settings(theme="dark", since=NOW),
        "TEXT",
        "text",
        '{"theme": "dark", "since": "2026-11-23T04:42:16.928084Z"}',
    ),
    Case("points", [Point(1, 2)], "TEXT", "text", '[{"x": 1, "y": 2}]'),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for statement in statements([Base.metadata]):
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


def table() -> Table:
    return Base.metadata.tables["everything"]


def row_with(attribute: str, value: Any) -> Everything:  # noqa: ANN401 - whatever the attribute holds
    return Everything(**{attribute: value})


def stored(session: Session, attribute: str, row: Everything) -> tuple[str, Any]:
    query = f"SELECT typeof({attribute}), {attribute} FROM everything WHERE id = ?"
    kind, value = session.connection().exec_driver_sql(query, (row.id,)).one()
    return kind, value


# SQLite has no decimals; that SQLAlchemy writes floats is what the convention says.
@pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("case", CASES)
def test_what_is_written_has_the_declared_type_and_reads_back(engine: Engine, case: Case) -> None:
    assert storage_type(table().columns[case.attribute]) == case.declared
    with Session(engine) as session:
        row = row_with(case.attribute, case.value)
        session.add(row)
        session.flush()
        assert stored(session, case.attribute, row) == (case.kind, case.wire)
        session.expire_all()
        assert getattr(row, case.attribute) == case.value


@pytest.mark.parametrize("attribute", sorted({case.attribute for case in CASES}))
def test_none_is_null_whether_given_or_left_out(engine: Engine, attribute: str) -> None:
    with Session(engine) as session:
        given, left_out = row_with(attribute, None), Everything()
        session.add_all([given, left_out])
        session.flush()
        assert stored(session, attribute, given) == stored(session, attribute, left_out) == ("null", None)
        session.expire_all()
        assert getattr(given, attribute) is None


def test_setting_a_json_column_to_none_makes_it_null(engine: Engine) -> None:
    with Session(engine) as session:
        row = Everything(json_={"a": 1})
        session.add(row)
        session.flush()
        row.json_ = None
        session.flush()
        assert stored(session, "json_", row) == ("null", None)


def test_every_column_has_a_case() -> None:
    assert {case.attribute for case in CASES} == {column.name for column in table().columns} - {"id"}


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("seconds", datetime(2026, 11, 23), "UnixSeconds takes a datetime with a time zone"),  # noqa: DTZ001 - the point
        ("millis", datetime(2026, 11, 23), "UnixMillis takes a datetime with a time zone"),  # noqa: DTZ001 - the point
        ("seconds", 5, "UnixSeconds takes a datetime, not 5"),
        ("exact", 0.1, "ExactDecimal takes a Decimal or an int, not 0.1"),
        ("exact", Decimal("NaN"), "ExactDecimal takes finite numbers"),
        ("value_enum", "blue", "'blue' is not a valid Colour"),
        ("model", {"them": "dark"}, "Field required"),
    ],
)
def test_what_a_column_cannot_hold_is_refused(engine: Engine, attribute: str, value: object, message: str) -> None:
    with Session(engine) as session:
        session.add(row_with(attribute, value))
        with pytest.raises(StatementError, match=message):
            session.flush()


@pytest.mark.parametrize(
    ("type_", "wire", "message"),
    [
        (UnixSeconds(), 1_795_408_936_928, "outside the years 1 to 9999 as UnixSeconds"),
        (UnixSeconds(), "2026-11-23", "UnixSeconds reads an integer"),
        (UnixMillis(), 1.5, "UnixMillis reads an integer"),
        (ValueEnum(Colour), "x", "'x' is not a valid Colour"),
    ],
)
def test_what_a_row_should_not_hold_is_refused(type_: TypeEngine[Any], wire: object, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        from_row(type_, wire)


def test_columns_compare_with_values(engine: Engine) -> None:
    with Session(engine) as session:
        row = Everything(seconds=NOW, value_enum=Colour.RED, json_={"a": 1}, model=Settings(theme="dark"))
        session.add(row)
        session.flush()
        found = select(Everything.id).where(
            col(Everything.seconds) <= NOW,
            col(Everything.value_enum).in_([Colour.RED]),
            col(Everything.json_)["a"].as_integer() == 1,
            col(Everything.model)["theme"].as_string() == "dark",
        )
        assert session.exec(found).all() == [row.id]


def test_literals_are_rendered_as_they_are_stored() -> None:
    dialect = sqlite.dialect()
    values: list[ColumnElement[Any]] = [
        literal(NOW, UnixSeconds()),
        literal(Colour.RED, ValueEnum(Colour)),
        literal(Decimal("1.50"), ExactDecimal()),
    ]
    rendered = [str(value.compile(dialect=dialect, compile_kwargs={"literal_binds": True})) for value in values]
    assert rendered == ["1795408936", "'r'", "'1.50'"]


def test_a_value_may_stand_for_its_member() -> None:
    assert to_row(ValueEnum(Colour), "r") == "r"
    assert to_row(ValueEnum(Level), 9) == 9


def test_an_enumeration_of_a_str_subclass_is_stored_as_a_plain_str() -> None:
    class Old(str, enum.Enum):  # noqa: UP042 - people have these
        ONE = "one"

    assert type(to_row(ValueEnum(Old), Old.ONE)) is str
    assert type(to_row(ValueEnum(Level), Level.LOW)) is int


@pytest.mark.parametrize(
    "enumeration",
    [
        enum.Enum("Mixed", {"A": 1, "B": "b"}),
        enum.Enum("Floats", {"A": 1.5}),
        enum.Enum("Bools", {"A": True}),
        enum.IntFlag("Flags", {"A": 1}),
        enum.Enum("Empty", {}),
    ],
)
def test_an_enumeration_that_cannot_be_stored_is_refused(enumeration: type[enum.Enum]) -> None:
    with pytest.raises(TypeError, match=enumeration.__name__):
        ValueEnum(enumeration)


aware = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(aware)
def test_unix_time_keeps_every_moment_to_its_unit(moment: datetime) -> None:
    seconds = from_row(UnixSeconds(), to_row(UnixSeconds(), moment))
    millis = from_row(UnixMillis(), to_row(UnixMillis(), moment))
    assert timedelta(0) <= moment - seconds < timedelta(seconds=1)
    assert timedelta(0) <= moment - millis < timedelta(milliseconds=1)
    assert seconds.tzinfo is millis.tzinfo is UTC


@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda number: abs(number.adjusted()) < 1000))
def test_exact_decimals_come_back_equal(number: Decimal) -> None:
    text = to_row(ExactDecimal(), number)
    assert "E" not in text
    assert from_row(ExactDecimal(), text) == number


def to_row(type_: TypeEngine[Any], value: object) -> Any:  # noqa: ANN401 - what a row holds
    process = type_.dialect_impl(dialect()).bind_processor(dialect())
    return process(value) if process else value


def from_row(type_: TypeEngine[Any], value: object) -> Any:  # noqa: ANN401 - any value
    process = type_.dialect_impl(dialect()).result_processor(dialect(), None)
    return process(value) if process else value


def dialect() -> Dialect:
    return cast("Dialect", sqlite.dialect())


def test_types_can_be_cached_by_their_arguments() -> None:
    assert ValueEnum(Colour)._static_cache_key == ValueEnum(Colour)._static_cache_key
    assert ValueEnum(Colour)._static_cache_key != ValueEnum(Level)._static_cache_key
    assert Json(Settings)._static_cache_key != Json()._static_cache_key
    assert UnixSeconds()._static_cache_key != UnixMillis()._static_cache_key


def test_importing_progy_loads_no_sqlalchemy() -> None:
    code = "import progy, sys; assert progy.__version__; print(sorted({'sqlalchemy', 'pydantic', 'sqlmodel'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_the_package_offers_what_it_names() -> None:
    assert {name for name in progy.__all__ if not hasattr(progy, name)} == set()
    assert set(progy.__all__) <= set(dir(progy))
    with pytest.raises(AttributeError, match="has no attribute 'Nope'"):
        progy.Nope  # noqa: B018 - the lookup is the test
