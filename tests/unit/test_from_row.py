"""From a model to what D1 stores, and back from what D1 gives."""

import enum
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from sqlalchemy import JSON, Column, Computed, ForeignKey, Integer, String, Text, func, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, Relationship, Session, SQLModel, create_engine

from progy import Json, UnixSeconds, ValueEnum, from_row, to_row
from tests.everything import VALUES, instances
from tests.unit.test_types import CASES, NOW, Case, Colour, Everything


class Base(SQLModel, registry=registry()):
    __tablename__: ClassVar[Any]


class Team(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    members: list["Member"] = Relationship(back_populates="team")


class Member(Base, table=True):
    __tablename__ = "members"

    id: int | None = Field(default=None, primary_key=True)
    first: str = Field(sa_column_kwargs={"name": "First Name"})
    last: str
    full: str | None = Field(default=None, sa_column=Column(String, Computed("first || last")))
    team_id: int | None = Field(default=None, foreign_key="team.id")
    team: Team | None = Relationship(back_populates="members")


class Defaults(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    plain: str = "field"
    by_database: int | None = Field(default=None, sa_column_kwargs={"server_default": text("(unixepoch())")})
    scalar: int | None = Field(default=None, sa_column_kwargs={"default": 7})
    called: int | None = Field(default=None, sa_column_kwargs={"default": lambda: 8})


class Loose(Base, table=True):
    """What nobody has validated."""

    id: int | None = Field(default=None, primary_key=True)
    text_: Any = Field(sa_column=Column(Text))
    number: Any = Field(sa_column=Column(Integer))
    blob: Any = Field(default=None, sa_column=Column(sqlite.BLOB))
    real: float | None = None


def as_d1_gives_it(row: dict[str, Any]) -> dict[str, Any]:
    """Through JavaScript: bytes are a list, a whole number has no fraction."""
    return {name: _through_javascript(value) for name, value in row.items()}


def _through_javascript(value: object) -> object:
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.attribute)
def test_a_row_holds_what_a_session_stores(case: Case) -> None:
    wire = str(case.wire) if case.attribute == "int_" else case.wire  # 2**53 + 1, which D1 refuses as a number
    row = to_row(Everything(id=1, **{case.attribute: case.value}))
    assert (row[case.attribute], type(row[case.attribute])) == (wire, type(wire))
    assert row.keys() == {"id", *VALUES}


@given(instances())
def test_the_way_to_d1_and_back_changes_nothing(instance: Everything) -> None:
    read = from_row(Everything, as_d1_gives_it(to_row(instance)))
    assert read == instance
    assert {name: type(getattr(read, name)) for name in VALUES} == {
        name: type(getattr(instance, name)) for name in VALUES
    }


@pytest.mark.parametrize("blob", [[0, 255], memoryview(b"\x00\xff"), bytearray(b"\x00\xff"), b"\x00\xff"])
def test_a_blob_may_come_in_any_form(blob: object) -> None:
    row = to_row(Everything(id=1))
    assert from_row(Everything, {**row, "bytes_": blob}).bytes_ == b"\x00\xff"


def test_columns_are_found_by_their_own_names_and_generated_ones_are_not_written() -> None:
    row = {"id": 1, "First Name": "Ada", "last": "L", "full": "AdaL", "team_id": 3}
    member = from_row(Member, row)
    assert (member.first, member.last, member.full, member.team_id) == ("Ada", "L", "AdaL", 3)
    assert to_row(member) == {"id": 1, "First Name": "Ada", "last": "L", "team_id": 3}
    assert from_row(Member, to_row(member)).full is None
    assert member.model_dump() == {"id": 1, "first": "Ada", "last": "L", "full": "AdaL", "team_id": 3}
    assert member.model_fields_set == {"id", "first", "last", "full", "team_id"}


def test_relationships_stay_unset_and_can_be_set() -> None:
    team = from_row(Team, {"id": 3})
    member = from_row(Member, {"id": 1, "First Name": "Ada", "last": "L", "full": "AdaL", "team_id": 3})
    assert (member.team, team.members) == (None, [])
    team.members = [member]
    assert member.team is team
    assert to_row(team) == {"id": 3}


def test_what_a_row_has_beyond_the_columns_is_passed_over() -> None:
    assert to_row(from_row(Team, {"id": 3, "name": "of another table", "count(*)": 5})) == {"id": 3}


def test_a_row_without_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Member: the row has no First Name, team_id; SELECT \* gives every column$"):
        from_row(Member, {"id": 1, "last": "L"})


def test_what_nobody_has_set_is_left_to_the_database_and_to_sqlalchemy() -> None:
    assert to_row(Defaults()) == {"id": None, "plain": "field", "scalar": 7, "called": 8}
    given = Defaults(id=1, by_database=None, scalar=None, called=None)
    assert to_row(given) == {"id": 1, "plain": "field", "by_database": None, "scalar": None, "called": None}
    assert to_row(from_row(Defaults, to_row(given))) == to_row(given)


def test_what_a_session_has_loaded_is_all_set() -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine, [Base.metadata.tables["defaults"]])
    with Session(engine) as session:
        session.add(Defaults(id=1, by_database=5))
        session.commit()
        loaded = session.get_one(Defaults, 1)
        loaded.by_database = None
        session.commit()  # what it holds is expired, and read again
        assert to_row(loaded) == {"id": 1, "plain": "field", "by_database": None, "scalar": 7, "called": 8}
    engine.dispose()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("enum_", "BLUE", "Everything.enum_: 'BLUE' is not among the defined enum values"),
        ("value_enum", "x", "Everything.value_enum: 'x' is not a valid Colour"),
        ("seconds", "2026-11-23", "Everything.seconds: the column holds integers, not '2026-11-23'$"),
        ("int_", 2.0**53, r"Everything.int_: D1 rounds integers beyond 2\*\*53, as 9007199254740992 is"),
        ("json_", "{", "Everything.json_: Expecting property name"),
        ("model", '{"them": 1}', "Everything.model: 1 validation error"),
        ("date_", "yesterday", "Everything.date_: "),
        ("uuid_", "1234", "Everything.uuid_: "),
        ("bytes_", [256], "Everything.bytes_: "),
        ("exact", "much", "Everything.exact: 'much' is no decimal number$"),
        ("int_", "abc", "Everything.int_: the column holds integers, not 'abc'$"),
        ("int_", 1.5, "Everything.int_: the column holds integers, not 1.5$"),
        ("int_", [1], r"Everything.int_: the column holds integers, not \[1\]$"),
        ("str_", 5, "Everything.str_: the column holds text, not 5$"),
        ("str_", [5], r"Everything.str_: the column holds text, not \[5\]$"),
        ("float_", "1.5", "Everything.float_: the column holds numbers, not '1.5'$"),
        ("bool_", "x", "Everything.bool_: the column holds integers, not 'x'$"),
        ("bytes_", "text", "Everything.bytes_: the column holds bytes, not 'text'$"),
        ("bytes_", 5, "Everything.bytes_: the column holds bytes, not 5$"),
        ("date_", 5, "Everything.date_: the column holds text, not 5$"),
        ("json_", 5, "Everything.json_: the column holds text, not 5$"),
    ],
)
def test_what_a_row_should_not_hold_is_refused_by_name(column: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_row(Everything, {**to_row(Everything(id=1)), column: value})


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("enum_", 5, "Everything.enum_: '5' is not among the defined enum values"),
        ("enum_", "BLUE", "Everything.enum_: 'BLUE' is not among 'RED', 'GREEN'$"),
        ("int_", "abc", "Everything.int_: the column holds integers, not 'abc'$"),
        ("int_", 1.5, "Everything.int_: the column holds integers, not 1.5$"),
        ("float_", "much", "Everything.float_: could not convert string to float: 'much'$"),
        ("str_", b"x", "Everything.str_: the column holds text, not b'x'$"),
        ("str_", [1], r"Everything.str_: D1 takes no list: \[1\]$"),
        ("bytes_", 5, "Everything.bytes_: the column holds bytes, not 5$"),
        ("bytes_", [1], r"Everything.bytes_: D1 takes no list: \[1\]$"),
        ("exact", 1.5, "Everything.exact: ExactDecimal takes a Decimal or an int, not 1.5$"),
        ("seconds", NOW.replace(tzinfo=None), "Everything.seconds: UnixSeconds takes a datetime with a"),
        ("model", {"them": 1}, "Everything.model: 1 validation error"),
        ("str_", NOW, "Everything.str_: D1 takes no datetime: datetime.datetime"),
        ("float_", float("inf"), "Everything.float_: D1 takes finite numbers, not inf"),
        ("int_", 2**63, "Everything.int_: 9223372036854775808 is beyond SQLite's 64 bits"),
        ("bytes_", 2**60, "Everything.bytes_: D1 takes no integer as large as 1152921504606846976"),
    ],
)
def test_what_d1_cannot_hold_is_refused_by_name(column: str, value: object, message: str) -> None:
    given: dict[str, Any] = {column: value}
    with pytest.raises(ValueError, match=message):
        to_row(Everything(**given))


def test_none_is_refused_where_the_column_is_not_null() -> None:
    row = {"id": 1, "First Name": "Ada", "last": "L", "team_id": None}
    assert from_row(Member, row).team_id is None
    with pytest.raises(ValueError, match=r"^Member\.first: it is None, and the column NOT NULL$"):
        from_row(Member, {**row, "First Name": None})
    with pytest.raises(ValueError, match=r"^Member\.last: it is None, and the column NOT NULL$"):
        to_row(from_row(Member, row).model_copy(update={"last": None}))
    # The key is counted by SQLite.
    assert to_row(Member(first="Ada", last="L"))["id"] is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: to_row(Team), "^to_row takes an instance, and Team is a class$"),
        (lambda: from_row(Team(id=1), {}), "^from_row takes a class, and then a row: this is a Team$"),  # type: ignore[arg-type]
        (lambda: from_row({"id": 1}, Team), "^from_row takes a class, and then a row: this is a dict$"),  # type: ignore[arg-type]
        (lambda: from_row(Team, None), r"^Team: the row is None, which is what first\(\) gives when there is none$"),  # type: ignore[arg-type]
        (lambda: from_row(Team, [1]), "^Team: a row is a dict, and this a list$"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_class_no_instance_and_no_row_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_what_nobody_validated_is_stored_as_sqlite_would() -> None:
    class Word(enum.StrEnum):
        ONE = "one"

    row = to_row(Loose(text_=5, number=True, blob=memoryview(b"a"), real=3))
    assert row == {"id": None, "text_": "5", "number": 1, "blob": b"a", "real": 3.0}
    assert [type(value) for value in row.values()] == [type(None), str, int, bytes, float]
    assert type(to_row(Loose(text_=Word.ONE, number=1))["text_"]) is str
    assert from_row(Loose, {**row, "number": "-12", "real": 3}).number == -12


def test_classes_of_sqlalchemy_itself_have_rows_too() -> None:
    class Plain(DeclarativeBase):
        pass

    class Note(Plain):
        __tablename__ = "notes"
        id: Mapped[int] = mapped_column("ID", primary_key=True)
        level: Mapped[Colour] = mapped_column(ValueEnum(Colour))
        at: Mapped[int] = mapped_column(server_default=text("(unixepoch())"))

    assert to_row(Note(id=1, level=Colour.RED)) == {"ID": 1, "level": "r"}
    note = from_row(Note, {"ID": 1, "level": "g", "at": 5})
    assert (note.id, note.level, note.at) == (1, Colour.GREEN, 5)
    assert to_row(note) == {"ID": 1, "level": "g", "at": 5}


def test_what_only_sql_can_store_is_refused() -> None:
    class ByFunction(TypeDecorator[Any]):  # as SQLAlchemy's JSONB is
        impl = JSON
        cache_ok = True

        def bind_expression(self, bindparam: Any) -> Any:  # noqa: ANN401 - as SQLAlchemy has it
            return func.jsonb(bindparam)

    class Binary(Base, table=True):
        id: int = Field(primary_key=True)
        data: Any = Field(default=None, sa_type=ByFunction)

    class Clock(Base, table=True):
        id: int = Field(primary_key=True)
        at: str | None = Field(default=None, sa_column_kwargs={"default": func.now()})

    with pytest.raises(ValueError, match=r"Binary\.data: it is stored through a function in SQL"):
        to_row(Binary(id=1, data={}))
    assert from_row(Binary, {"id": 1, "data": "[1]"}).data == [1]
    with pytest.raises(ValueError, match=r"Clock\.at: it isn't set, and its default is SQL"):
        to_row(Clock(id=1))


def test_a_class_without_a_table_of_its_own_is_refused() -> None:
    class Form(SQLModel):
        id: int

    class Root(DeclarativeBase):
        pass

    class Animal(Root):
        __tablename__ = "animals"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Dog(Animal):
        __tablename__ = "dogs"
        dog_id: Mapped[int] = mapped_column(ForeignKey(Animal.id), primary_key=True)

    for wrong in (Form, int):
        with pytest.raises(TypeError, match=f"{wrong.__name__} has no table: is table=True missing"):
            from_row(wrong, {"id": 1})
    with pytest.raises(TypeError, match="Form has no table"):
        to_row(Form(id=1))
    with pytest.raises(TypeError, match="Dog isn't kept in one table"):
        from_row(Dog, {"id": 1})


def test_a_literal_and_json_columns_are_read() -> None:
    class Choice(Base, table=True):
        id: int = Field(primary_key=True)
        kind: Literal["a", "b"] = Field(sa_type=Text)
        tags: list[str] = Field(sa_type=Json(list[str]))
        old: dict[str, int] | None = Field(default=None, sa_type=JSON)
        when: Any = Field(default=None, sa_type=UnixSeconds)

    row = {"id": 1, "kind": "a", "tags": '["x"]', "old": "null", "when": 1_795_408_936}
    choice = from_row(Choice, row)
    assert (choice.kind, choice.tags, choice.old, choice.when) == ("a", ["x"], None, NOW.replace(microsecond=0))
    assert to_row(choice) == {**row}
