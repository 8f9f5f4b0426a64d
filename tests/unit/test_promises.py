"""The checker that the tests in Pyodide trust: it accepts what is right, and finds each kind of what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator  # noqa: TC003 - annotations are read at run time
from typing import Any, Generic, Literal, Never, NotRequired, Protocol, TypedDict, TypeVar, overload

import pytest

from tests.real.pyodide_side.promises import Notes, Seen, fields, mismatches

Row = TypeVar("Row")


class Dict(TypedDict):
    a: int
    b: NotRequired[str]


class Loose(TypedDict, total=False):
    a: int


class JsDict(Protocol):
    def keys(self) -> object: ...


class Page(JsDict, Protocol):
    @property
    def size(self) -> int: ...

    @property
    def cursor(self) -> str: ...

    @overload
    def __getitem__(self, key: Literal["size"], /) -> int: ...

    @overload
    def __getitem__(self, key: Literal["cursor"], /) -> str: ...

    def get(self, key: Literal["cursor"], /) -> str | None: ...


class Result(Protocol[Row]):
    @property
    def rows(self) -> list[Row]: ...


class Array(Protocol[Row]):
    def __getitem__(self, index: int, /) -> Row: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Row]: ...

    def to_py(self) -> list[Row]: ...


class Space(Protocol):
    name: str

    @overload
    async def get(self, key: str, /) -> str | None: ...

    @overload
    async def get(self, key: str, kind: Literal["json"], /) -> Dict: ...

    def page(self) -> Page: ...

    def query(self, text: str, /) -> Result[Dict]: ...


class JsonDict(dict[str, object]):
    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Listed(list[Any]):
    def to_py(self) -> list[Any]:
        return list(self)


class Rows(Generic[Row]):
    def __init__(self, rows: object) -> None:
        self.rows = rows


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, int),
        (1, float),
        (1.5, float),
        (None, None),
        (None, str | None),
        ("a", Literal["a", 1]),
        (object(), Any),
        ([1, 2], list[int]),
        ({"a": ["b"]}, dict[str, list[str]]),
        ({"a": 1}, Dict),
        ({"a": 1, "b": "c", "more": 2}, Dict),
        ({}, Loose),
        (JsonDict(size=1, cursor="c"), Page),
        (JsonDict(size=1), Page),
        (Rows([{"a": 1}]), Result[Dict]),
        (Listed([1, 2]), Array[int]),
        (Listed(), Array[int]),
    ],
)
def test_what_is_right(value: object, annotation: object) -> None:
    assert list(mismatches(value, annotation, "it")) == []


@pytest.mark.parametrize(
    ("value", "annotation", "said"),
    [
        (True, int, "it: promised int, seen bool 'True'"),
        (True, float, "it: promised float, seen bool 'True'"),
        (1.5, int, "it: promised int, seen float '1.5'"),
        (None, str, "it: promised str, seen NoneType 'None'"),
        (1, str | None, "it: promised str, seen int '1'"),
        (1, str | bytes | None, "it: promised str | bytes | None, seen int '1'"),
        ({"a": "1"}, Dict | None, "it['a']: promised int, seen str '1'"),
        (True, Literal[1], "it: promised Literal[1], seen bool 'True'"),
        (1, Never, "it: promised Never, seen int '1'"),
        ((1,), list[int], "it: promised list[int], seen tuple '(1,)'"),
        ([1, "a"], list[int], "it[1]: promised int, seen str 'a'"),
        ({"a": {"b": 1}}, dict[str, dict[str, str]], "it['a']['b']: promised str, seen int '1'"),
        ({"b": "c"}, Dict, "it: promised the key 'a' of Dict, seen ['b']"),
        ({"a": "1"}, Loose, "it['a']: promised int, seen str '1'"),
        (Rows([{"a": None}]), Result[Dict], "it.rows[0]['a']: promised int, seen NoneType 'None'"),
        (object(), Result[Dict], "it: promised Result.rows, seen none in object"),
        (JsonDict(size=1, cursor=None), Page, "it.cursor: promised str, seen NoneType 'None'"),
        (Listed(["a"]), Array[int], "it[0]: promised int, seen str 'a'"),
    ],
)
def test_what_is_wrong(value: object, annotation: object, said: str) -> None:
    assert next(mismatches(value, annotation, "it")) == said


def test_a_key_that_no_get_tells_of_has_to_be_there() -> None:
    assert list(mismatches(JsonDict(cursor="c"), Page, "it")) == [
        "it: promised Page.size, seen none in JsonDict",
        "it: promised Page['size'], JsonDict refused: 'size'",
    ]


def test_items_are_looked_at_beside_attributes() -> None:
    class Attributes:
        size = 1
        cursor = "c"

        def keys(self) -> None: ...

        def get(self) -> None: ...

    (first, *_) = mismatches(Attributes(), Page, "it")
    assert first == "it: promised Page['size'], Attributes refused: 'Attributes' object is not subscriptable"


def test_which_keys_are_required() -> None:
    assert {name: required for name, (_, required) in fields(Dict).items()} == {"a": True, "b": False}
    assert {name: required for name, (_, required) in fields(Loose).items()} == {"a": False}


class RealSpace:
    name = "space"

    def __init__(self, found: object) -> None:
        self._found = found

    async def get(self, *_: str) -> object:
        return self._found

    def page(self) -> object:
        return self._found

    def query(self, _: str) -> Rows[object]:
        return Rows(self._found)


def noted(found: object, method: str, *arguments: object) -> tuple[list[str], list[str]]:
    notes = Notes()
    asyncio.run(Seen(RealSpace(found), Space, "space", notes).call(method, *arguments))
    return notes.wrong, notes.untried()


def test_a_call_is_judged_by_the_overload_that_takes_it() -> None:
    assert noted("text", "get", "key") == ([], ["Space.page", "Space.query"])
    assert noted({"a": 1}, "get", "key", "json")[0] == []
    assert noted({"a": 1}, "get", "key")[0] == ["space.get(): promised str, seen dict \"{'a': 1}\""]
    with pytest.raises(TypeError, match="get promises to take no such arguments"):
        noted("text", "get", 1)


def test_what_is_to_be_awaited_is_said() -> None:
    async def late() -> JsonDict:
        return JsonDict(size=1)

    assert noted(late(), "page")[0] == ["space.page(): to be awaited, and it isn't promised"]


def test_generic_results_carry_their_rows() -> None:
    assert noted([{"a": 1}], "query", "SELECT 1")[0] == []
    assert noted([{"a": "1"}], "query", "SELECT 1")[0] == ["space.query().rows[0]['a']: promised int, seen str '1'"]
