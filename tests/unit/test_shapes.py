"""What JSON text holds, as a type that one can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, Flag, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, Required, TypedDict

import pytest
from pydantic import BaseModel, Field, RootModel, computed_field
from typing_extensions import TypeAliasType

from progy.schema.models import Models
from progy.schema.shapes import shape

if TYPE_CHECKING:
    from tests.conftest import Project


class Level(Enum):
    LOW = 1


class Address(BaseModel):
    town: str
    zip_code: str | None = Field(default=None, alias="zipCode")


class Person(BaseModel):
    name: Annotated[str, Field(max_length=9)]
    home: Address
    level: Level = Level.LOW
    parents: list[Person] = []


class Deep(BaseModel):
    a: dict[str, list[Person]]


class Size(StrEnum):
    S = "s"
    M = "m"


class Access(Flag):
    READ = 1
    WRITE = 2


class Many(Enum):
    A1, A2, A3, A4, A5, A6, A7, A8, A9, B1, B2, B3, B4 = range(13)


class Item(BaseModel):
    sizes: dict[Size, Many]
    secret: str = Field(default="", exclude=True)

    @computed_field
    def heavy(self) -> bool:
        return False


Ids = TypeAliasType("Ids", list[int])
Nested = TypeAliasType("Nested", "int | list[Nested]")


class Tags(RootModel[list[str]]):
    pass


class Options(TypedDict, total=False):
    theme: Required[Literal["dark", "light"]]
    size: int


Odd = TypedDict("Odd", {"is-it": bool, "class": NotRequired[int]})


@dataclass
class Point:
    x: int
    labels: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Address, "{town: str, zipCode?: str | None}"),
        (Address | None, "{town: str, zipCode?: str | None}"),
        (list[Address], "list[{town: str, zipCode?: str | None}]"),
        (
            Person,
            "{name: str, home: {town: str, zipCode?: str | None}, level?: Literal[1], parents?: list[Person]}",
        ),
        (
            Deep,
            "{a: dict[str, list[{name: str, home: {town: str, zipCode?: str | None}, level?: Literal[1], parents?: list[Person]}]]}",
        ),
        (Tags, "list[str]"),
        (list[Access], "list[Access]"),
        (Item, "{sizes: dict[Literal['s', 'm'], Many], heavy: bool}"),
        (dict[str, Ids], "dict[str, list[int]]"),
        (Nested, "int | list[Nested]"),
        (list[Annotated[int, {"not": "hashable"}]], "list[int]"),
        (Options, "{theme: Literal['dark', 'light'], size?: int}"),
        (Odd, "{'is-it': bool, class?: int}"),
        (Point, "{x: int, labels?: list[str]}"),
        (dict[str, int], "dict[str, int]"),
        (dict[str, Any], "dict[str, Any]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (list[int | None], "list[int | None]"),
        (Any, None),
        (dict, None),
        (list, None),
        (None, None),
    ],
)
def test_a_shape(annotation: object, expected: str | None) -> None:
    assert shape(annotation) == expected


def test_names_that_arent_there_stay_as_they_are_written() -> None:
    class Broken(BaseModel):
        x: list[Nowhere]  # type: ignore[name-defined]  # noqa: F821

    class Half(TypedDict):
        x: Nowhere  # type: ignore[name-defined]  # noqa: F821

    assert shape(Broken) == "{x: list[Nowhere]}"
    assert shape(Half) == "{x: Nowhere}"


def test_columns_have_their_shape_and_a_cache_keeps_it(project: Project) -> None:
    project.write(
        "models.py",
        """\
from pydantic import BaseModel
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from progy import Json


class Look(BaseModel):
    dark: bool = False


class User(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    look: Look | None = Field(default=None, sa_type=Json(Look))
    shaped: dict = Field(sa_type=Json(dict[str, Look]))
    counts: dict[str, int] = Field(sa_type=JSON)
    anything: dict = Field(sa_type=JSON)
    name: str
""",
    )
    from progy.schema.load import load

    found = load(project.root)
    assert {column.name: column.shape for column in found.models[0].columns} == {
        "id": None,
        "look": "{dark?: bool}",
        "shaped": "dict[str, {dark?: bool}]",
        "counts": "dict[str, int]",
        "anything": None,
        "name": None,
    }
    assert Models.from_json(found.to_json()) == found
